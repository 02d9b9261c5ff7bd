"""The panel in a real kernel: opened by its command, and asked over its widget's own comm."""

from __future__ import annotations

import uuid

import pytest

PATIENCE = 120  # seconds; a busy machine, never a measure of speed
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def built(kernel):
    found = kernel.ok(
        "from mmrag_jupyter.widgets.panel import STATIC; (STATIC / 'loader.js').is_file()"
    )
    if found.text != "True":
        pytest.skip("the front end is not built (jlpm build in frontend/)")


class Page:
    """A front end that shows a widget, and sends to it over a subshell, as JupyterLab does."""

    def __init__(self, kernel, model):
        self.client = kernel.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.model = model
        self.subshell = self._control("create_subshell_request", {})["subshell_id"]

    def ask(self, verb, *, on_subshell=True, **members):
        asked = uuid.uuid4().hex
        data = {"method": "custom", "content": {"type": verb, "uuid": asked, **members}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.model, "data": data})
        if on_subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        while True:
            got = self.client.get_iopub_msg(timeout=PATIENCE)
            content = got["content"].get("data", {}).get("content", {})
            if got["msg_type"] == "comm_msg" and content.get("uuid") == asked:
                return content["result"], got["buffers"]

    def runs(self, code):
        """Run code on the subshell, beside the cell."""
        message = self.client.session.msg("execute_request", {"code": code, "silent": True})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def close(self):
        self._control("delete_subshell_request", {"subshell_id": self.subshell})
        self.client.stop_channels()

    def _control(self, kind, content):
        self.client.control_channel.send(self.client.session.msg(kind, content))
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["msg_type"] == kind.replace("request", "reply"):
                return reply["content"]


@pytest.fixture
def panel(kernel):
    """Return a page that shows a panel of the current collection."""
    kernel.ok("panel = %mmrag panel jacket")
    shown = Page(kernel, kernel.ok("panel").result[VIEW]["model_id"])
    yield shown
    shown.close()


def asked(words):
    return {"terms": [{"text": words, "sign": 1}]}


def test_the_command_opens_a_panel_that_has_hits_already(kernel):
    ran = kernel.ok("%mmrag panel rain jacket --in products")
    assert set(ran.result) == {VIEW, "text/html", "text/plain"}
    assert ran.text == "Search panel of collection 'products': run the cell to use it."
    assert kernel.ok("_.hits.ids").text == "['A-2']"
    assert kernel.run("%mmrag panel --in nowhere").status == "error"
    assert "%mmrag panel red shoes --in products" in kernel.ok("%mmrag help panel").text


def test_the_page_fetches_the_panel_and_the_next_cell_has_what_it_selects(kernel, panel):
    _, (code, css) = panel.ask("code")
    assert b"mmrag-panel" in bytes(css)
    assert len(code) > 10_000
    found, _ = panel.ask("search", asked=asked("hat"), offset=0, limit=5)
    panel.ask("select", keys=[hit["key"] for hit in found["hits"]])
    assert kernel.ok("panel.selection.to_pandas()['title'].tolist()").text == "['green sun hat']"
    assert kernel.ok("panel.hits.ids").text == "['B 3']"


def test_it_answers_while_a_cell_runs(kernel, panel):
    kernel.ok("import threading; done = threading.Event()")
    sent = kernel.client.execute("done.wait(600)")
    while True:
        begun = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if begun["msg_type"] == "execute_input" and begun["parent_header"]["msg_id"] == sent:
            break
    found, _ = panel.ask("search", asked=asked("shoes"), offset=0, limit=5)
    assert [hit["id"] for hit in found["hits"]] == ["A-1"]
    key, part = found["hits"][0]["key"], found["hits"][0]["part"]
    _, (picture,) = panel.ask("thumbnails", pictures=[{"key": key, "part": part}], size=32)
    assert bytes(picture)[:2] == b"\xff\xd8"
    panel.runs("done.set()")
    while True:
        reply = kernel.client.get_shell_msg(timeout=PATIENCE)
        if reply["parent_header"]["msg_id"] == sent:
            break
    assert reply["content"]["status"] == "ok"


def test_without_a_subshell_it_answers_between_cells(panel):
    found, _ = panel.ask("search", on_subshell=False, asked=asked("hat"), offset=0, limit=5)
    assert [hit["id"] for hit in found["hits"]] == ["B 3"]


def test_figures_stay_with_the_cell_that_draws_them(kernel, panel):
    kernel.ok("%matplotlib inline\nimport matplotlib.pyplot as plt, threading")
    code = (
        "plt.plot([1, 2])\nheard = threading.Event()\nprint('drawn')\nheard.wait(60)\nprint('over')"
    )
    sent = kernel.client.execute(code)
    shown = []

    def reads(what):
        while what not in shown:
            message = kernel.client.get_iopub_msg(timeout=PATIENCE)
            content = message["content"]
            if message["parent_header"].get("msg_id") == sent:
                shown.extend([*content.get("text", "").split(), *content.get("data", {})])

    reads("drawn")
    panel.ask("search", asked=asked("hat"), offset=0, limit=5)
    panel.runs("heard.set()")
    reads("image/png")
    assert shown.index("over") < shown.index("image/png")
