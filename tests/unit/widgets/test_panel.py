"""The panel as Python sees it: what it shows, what is selected, and what a notebook keeps."""

from __future__ import annotations

import json

import ipywidgets
import numpy as np
import pandas as pd
import pytest

from mmrag_jupyter.errors import MmragError, WhereError
from mmrag_jupyter.widgets import panel as panels
from mmrag_jupyter.widgets.panel import STATIC, Panel

BUILT = pytest.mark.skipif(
    not (STATIC / "loader.js").is_file(),
    reason="the front end is not built (jlpm build in frontend/)",
)


class Browser:
    """The other side of a widget: sends messages, and keeps what comes back."""

    def __init__(self, panel):
        self.panel = panel
        self.got = []
        panel.send = lambda content, buffers=None: self.got.append((content, buffers))

    def sends(self, verb, *, buffers=(), **question):
        self.panel._handle_custom_msg({"type": verb, "uuid": "u", **question}, list(buffers))
        answer, data = self.got[-1]
        assert answer["type"] == "answer", answer
        return answer["result"], data

    def searches(self, *words, offset=0, limit=4, **asked):
        terms = [{"text": word, "sign": 1} for word in words]
        return self.sends("search", asked={"terms": terms, **asked}, offset=offset, limit=limit)[0]


@pytest.fixture
def static(monkeypatch, tmp_path):
    """Stand in for the built front end, which Python does not look into."""
    for name in ("loader.js", "panel.js", "panel.css"):
        (tmp_path / name).write_text(f"/* {name} */")
    monkeypatch.setattr(panels, "STATIC", tmp_path)


@pytest.fixture
def panel(shop, static):  # noqa: ARG001
    made = shop.panel()
    yield made
    made.close()


@pytest.fixture
def browser(panel):
    return Browser(panel)


def test_hits_are_there_before_a_page_has_asked(panel, products):
    assert panel.hits.ids == list(products["sku"])
    assert len(panel.selection) == 0
    assert list(panel.selection.to_pandas().columns)[-3:] == ["rank", "score", "why"]


def test_the_first_message_to_the_page_names_the_collection(shop, static, monkeypatch):  # noqa: ARG001
    told = []
    opened = ipywidgets.Widget.open

    def note(widget):
        told.append(widget.get_state().get("collection"))
        opened(widget)

    monkeypatch.setattr(ipywidgets.Widget, "open", note)
    shop.panel().close()
    assert shop.name in told


def test_a_panel_can_begin_with_a_query(shop, static):  # noqa: ARG001
    panel = shop.panel("red hat")
    assert panel.hits.ids[0] == "red-hat"
    assert panel.query == {"terms": [{"text": "red hat", "sign": 1}], "where": ""}
    panel.close()


def test_hits_follow_what_the_page_shows_and_grow_with_its_pages(panel, browser):
    changes = []
    panel.observe(lambda change: changes.append(change.new.ids), "hits")
    browser.searches("red hat")
    browser.searches("red hat", offset=4)
    assert [len(ids) for ids in changes] == [4, 8]
    assert panel.hits.ids == changes[1]
    assert panel.hits[0].id == "red-hat"
    browser.searches("red hat", offset=4)
    browser.searches("red hat", offset=100)
    assert len(panel.hits) == 8
    browser.searches("blue hat", weights={"image": 0})
    assert panel.hits[0].id == "blue-hat"
    assert len(panel.hits) == 4


def test_hits_become_a_dataframe_with_its_own_columns(panel, browser, products):
    browser.searches("red hat")
    browser.searches("red hat", offset=4)
    frame = panel.hits.to_pandas()
    assert frame["sku"].tolist() == panel.hits.ids
    assert frame["rank"].tolist() == list(range(1, 9))
    own = products.set_index("sku").loc[frame["sku"], ["title", "price", "added"]]
    pd.testing.assert_frame_equal(
        frame.set_index("sku")[["title", "price", "added"]], own, check_index_type=False
    )


def test_the_filters_are_there_as_a_condition_for_the_next_query(panel, browser, shop):
    hats = {"kind": "values", "column": "kind", "values": ["hat"]}
    browser.searches("red", filters=[hats])
    assert panel.where == "kind == 'hat'"
    assert set(shop.query("red", where=panel.where).ids) == set(panel.hits.ids)


def test_the_selection_follows_and_becomes_a_dataframe(panel, browser):
    chosen = []
    panel.observe(lambda change: chosen.append(change.new.ids), "selection")
    browser.searches("red hat", limit=9)
    keys = [panel.hits.ids[at] for at in (5, 0, 2)]
    told, _ = browser.sends("select", keys=keys)
    assert told == {"selected": 3}
    assert panel.selection.ids == [panel.hits.ids[at] for at in (0, 2, 5)]
    assert panel.selection.to_pandas()["rank"].tolist() == [1, 3, 6]
    browser.sends("select", keys=[])
    assert [len(ids) for ids in chosen] == [3, 0]


def test_a_selection_outlives_the_query_and_knows_items_it_never_saw(panel, browser):
    browser.searches("red hat", limit=1)
    browser.sends("select", keys=["red-hat"])
    browser.searches("blue lamp", limit=1)
    browser.sends("select", keys=["red-hat", "green-shoe", "gone"])
    assert set(panel.selection.ids) == {"red-hat", "green-shoe"}
    frame = panel.selection.to_pandas().set_index("sku")
    assert frame.loc["red-hat", "rank"] == 1
    assert np.isnan(frame.loc["green-shoe", "score"])


def test_items_deleted_since_leave_the_selection_and_break_nothing(panel, browser, shop):
    browser.sends("select", keys=["red-hat", "blue-hat"])
    shop.delete("red-hat")
    assert panel.selection.to_pandas()["sku"].tolist() == ["red-hat", "blue-hat"]
    browser.sends("select", keys=["red-hat", "blue-hat"])
    assert panel.selection.ids == ["blue-hat"]
    assert "red-hat" not in [hit["id"] for hit in browser.searches("red hat")["hits"]]


def test_python_searches_and_selects_as_the_page_does(panel, browser):
    assert panel.search("red hat", where="price < 40").ids[0] == "red-hat"
    assert panel.query == {"terms": [{"text": "red hat", "sign": 1}], "where": "price < 40"}
    assert panel.where == "price < 40"
    assert panel.select("blue-hat", "gone", "green-shoe").ids == ["blue-hat", "green-shoe"]
    content, _ = browser.got[-1]
    assert content == {"type": "event", "event": "selected", "keys": ["blue-hat", "green-shoe"]}
    with pytest.raises(WhereError):
        panel.search(where="prize < 4")
    assert panel.where == "price < 40"


def test_the_page_gets_its_code_from_the_kernel(browser, panel):
    _, (code, css) = browser.sends("code")
    assert (code, css) == (b"/* panel.js */", b"/* panel.css */")
    assert panel._esm == "/* loader.js */"


def test_another_panel_of_the_collection_closes_the_one_before(shop, static):  # noqa: ARG001
    first = shop.panel()
    second = shop.panel()
    assert first.comm is None
    assert second.comm is not None
    assert first.hits.ids
    second.close()


def test_a_page_without_widgets_says_what_to_do(panel):
    data, _ = panel._repr_mimebundle_()
    assert data["text/plain"] == "Search panel of collection 'shop': run the cell to use it."
    assert data["text/html"].startswith("<p>Search panel")
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_name_of_markup_is_shown_as_text(panel):
    panel.set_trait("collection", "<b>")
    assert "&lt;b&gt;" in panel._repr_mimebundle_()[0]["text/html"]


def test_a_front_end_that_was_not_built_is_told_in_a_line(shop, monkeypatch, tmp_path):
    monkeypatch.setattr(panels, "STATIC", tmp_path / "nowhere")
    with pytest.raises(MmragError, match="has not been built"):
        shop.panel()


def test_loads_of_the_session_are_told_to_the_page(session, shop, products, static):  # noqa: ARG001
    panel = shop.panel(loads=session.loads)
    browser = Browser(panel)
    shop.load(products.assign(price=1.0), key="table:shop", text="title", image="photo", id="sku")
    events = [content for content, _ in browser.got if content["type"] == "event"]
    assert events[-1]["loads"][0]["state"] == "finished"
    panel.close()
    count = len(browser.got)
    shop.load(products, key="table:shop", text="title", image="photo", id="sku")
    assert len(browser.got) == count


def test_unknown_options_are_refused(shop, static):  # noqa: ARG001
    with pytest.raises(TypeError):
        Panel(shop, colour="red")


@BUILT
def test_what_a_notebook_keeps_of_a_panel_is_small(shop, capsys):
    panel = shop.panel("red hat")
    browser = Browser(panel)
    browser.searches("red hat", limit=9)
    browser.sends("select", keys=panel.hits.ids)
    state = ipywidgets.Widget.get_manager_state(widgets=[panel, panel.layout])
    assert panel.model_id in state["state"]
    kept = len(json.dumps(state)) + len(json.dumps(panel._repr_mimebundle_()[0]))
    with capsys.disabled():
        print(f"\n  a panel adds {kept:,} bytes to a saved notebook")
    assert kept < 6_000
    panel.close()


@BUILT
def test_scripts_are_small_and_ask_nothing_of_the_network():
    loader = (STATIC / "loader.js").read_text(encoding="utf-8")
    assert len(loader) < 4_000  # `_esm`, which every notebook keeps
    code = (STATIC / "panel.js").read_text(encoding="utf-8")
    assert len(code) < 100_000
    for script in (loader, code, (STATIC / "panel.css").read_text(encoding="utf-8")):
        for word in ("eval(", "new Function", "http://", "https://", "@import"):
            assert word not in script.replace("http://www.w3.org", ""), word
