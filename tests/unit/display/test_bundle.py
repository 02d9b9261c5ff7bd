import base64
import io
import json
import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmrag_jupyter.display import HITS_MIME, Card, Options, Why, hits_bundle
from mmrag_jupyter.display.budget import bundle_bytes

BUDGET = 65536
HOSTILE = (
    "</td></table>--><script>alert(1)</script><img src=x onerror=alert(1)>\"' \x00\u202e\ud800&"
)


def bundle_of(cards, **options):
    return hits_bundle(cards, title="8 hits for shoe in products", options=Options(**options))


def test_a_bundle_has_three_forms_and_none_is_a_widget(product_cards):
    assert set(bundle_of(product_cards(3))) == {HITS_MIME, "text/html", "text/plain"}


def test_eight_hits_with_photos_fit_a_notebook(product_cards, read):
    bundle = bundle_of(product_cards(8))
    assert bundle_bytes(bundle) <= BUDGET
    page = read(bundle["text/html"])
    assert len(page.images) == 8
    sizes = [
        max(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).size) for uri in page.images
    ]
    assert min(sizes) >= 128


def test_a_gallery_card_says_what_it_is(product_cards, read):
    page = read(bundle_of(product_cards(1))["text/html"])
    for said in ("Running shoe 0", "P-000", "price 49.9", "score 1", "words, rank 1", "60%"):
        assert said in page.text
    assert page.alts == ["Product 0"]
    assert page.tags.count("figure") == page.tags.count("figcaption") == 1
    assert page.tags.count("meter") == 2
    assert "mark" in page.tags


@pytest.mark.parametrize(
    ("card", "view"),
    [
        (Card("a", 1, 1.0, picture=lambda: Image.new("RGB", (9, 9))), "gallery"),
        (Card("a", 1, 1.0, metadata={"x": 1, "y": 2}), "table"),
        (Card("a", 1, 1.0, text="short", metadata={"x": 1, "y": 2}), "table"),
        (Card("a", 1, 1.0, text="long " * 100, metadata={"x": 1, "y": 2}), "list"),
        (Card("a", 1, 1.0, text="short", page=2, metadata={"x": 1, "y": 2}), "list"),
        (Card("a", 1, 1.0, text="short"), "list"),
    ],
)
def test_the_view_suits_the_hits(card, view):
    assert bundle_of([card])[HITS_MIME]["view"] == view


@pytest.mark.parametrize("view", ["gallery", "table", "list"])
@pytest.mark.parametrize("pictures", [True, False])
def test_every_view_can_be_asked_for(product_cards, read, view, pictures):
    bundle = bundle_of(product_cards(4, pictures=pictures), view=view)
    page = read(bundle["text/html"])
    assert bundle[HITS_MIME]["view"] == view
    assert len(page.images) == 4 * pictures
    assert all(f"Running shoe {at}" in page.text for at in range(4))


def test_the_file_is_named_where_there_is_a_place_in_it(read):
    paged = Card("a", 1, 1.0, text="x", source="docs/report.pdf", page=3)
    assert "report.pdf · p. 3" in read(bundle_of([paged])["text/html"]).text
    whole = Card("a", 1, 1.0, text="x", source="table:products")
    assert "table:products" not in read(bundle_of([whole])["text/html"]).text


def test_what_does_not_fit_is_said(product_cards, read):
    bundle = bundle_of(product_cards(60))
    data = bundle[HITS_MIME]
    shown = len(data["hits"])
    assert 8 < shown < 60
    assert data["total"] == 60
    said = f"Showing {shown} of 60 hits"
    assert said in read(bundle["text/html"]).text
    assert said in bundle["text/plain"]
    assert f"hits[{shown}:]" in bundle["text/plain"]


def test_pictures_are_opened_only_when_drawn():
    count = 0

    def opened():
        nonlocal count
        count += 1
        return Image.new("RGB", (50, 50), "red")

    cards = [Card(str(at), at + 1, 1.0, picture=opened) for at in range(5000)]
    bundle = bundle_of(cards)
    assert len(bundle[HITS_MIME]["hits"]) <= count < 100


def test_a_picture_that_is_gone_leaves_the_rest(read):
    def gone():
        raise OSError("no file photos/a.jpg")

    cards = [
        Card("a", 1, 1.0, picture=gone),
        Card("b", 2, 0.5, picture=lambda: Image.new("RGB", (90, 60))),
    ]
    bundle = bundle_of(cards)
    page = read(bundle["text/html"])
    assert "picture is gone" in page.text
    assert "no file photos/a.jpg" in page.text
    assert len(page.images) == 1
    first, second = bundle[HITS_MIME]["hits"]
    assert first["thumbnail"] is None
    assert first["problem"] == "no file photos/a.jpg"
    assert second["thumbnail"] == {"image": 0, "width": 90, "height": 60}


def test_nothing_found_is_said_kindly(read):
    bundle = hits_bundle([], title="0 hits for zzz", options=Options())
    assert "No hits." in read(bundle["text/html"]).text
    assert "No hits." in bundle["text/plain"]
    assert bundle[HITS_MIME]["hits"] == []


def test_the_json_tells_all_that_a_renderer_needs(product_cards):
    bundle = hits_bundle(
        product_cards(2), title="2 hits", notices=["Using the built-in model."], options=Options()
    )
    data = json.loads(json.dumps(bundle[HITS_MIME], allow_nan=False))
    assert data["version"] == 1
    assert data["title"] == "2 hits"
    assert data["notices"] == ["Using the built-in model."]
    assert data["columns"][:3] == ["sku", "title", "category"]
    hit = data["hits"][1]
    assert (hit["id"], hit["rank"], hit["score"]) == ("P-001", 2, 0.5)
    assert hit["why"][0] == {"signal": "lexical", "rank": 2, "share": 0.6}
    assert hit["metadata"]["price"] == 50.9
    assert hit["metadata"]["stock"] is None
    assert hit["text"].startswith("A light running shoe")
    assert hit["terms"] == ["waterproof", "wide"]
    assert hit["thumbnail"] == {"image": 1, "width": 640, "height": 480}


def test_the_json_says_which_collection_was_asked():
    assert hits_bundle([], title="t", collection="shop")[HITS_MIME]["collection"] == "shop"
    assert "collection" not in hits_bundle([], title="t")[HITS_MIME]


@pytest.mark.parametrize(
    ("item_id", "shown", "key"),
    [
        ("P-1", "P-1", None),
        ("a\u202eb", "a[U+202E]b", "a\u202eb"),
        ("e\u0301.png", "\u00e9.png", "e\u0301.png"),
        ("x" * 300, "x" * 199 + "\u2026", "x" * 300),
        ("x" * 3000, "x" * 199 + "\u2026", ""),
        ("a\ud800", "a\ufffd", ""),
    ],
)
def test_an_id_that_is_shown_otherwise_travels_as_it_is(item_id, shown, key):
    hit = hits_bundle([Card(item_id, 1, 1.0)], title="t")[HITS_MIME]["hits"][0]
    assert hit["id"] == shown
    assert hit.get("key") == key


def test_columns_that_are_left_out_are_counted():
    wide = [Card(str(n), n + 1, 1.0, metadata={f"c{i}": n for i in range(60)}) for n in range(40)]
    told = hits_bundle(wide, title="t")[HITS_MIME]
    assert 0 < len(told["columns"]) < 60
    assert len(told["columns"]) + told["columns_left_out"] == 60
    few = hits_bundle([Card("a", 1, 1.0, metadata={"b": 1})], title="t")[HITS_MIME]
    assert "columns_left_out" not in few


def test_missing_values_never_read_nan_or_none(read):
    row = {"a": float("nan"), "b": None, "c": 1}
    cards = [Card("x", 1, float("nan"), metadata=row), Card("y", 2, 0.1, metadata=row)]
    for view in ("gallery", "table", "list"):
        bundle = bundle_of(cards, view=view)
        words = re.findall(r"[A-Za-z]+", read(bundle["text/html"]).text + bundle["text/plain"])
        assert not {"nan", "NaN", "None"} & set(words)
        assert bundle[HITS_MIME]["hits"][0]["score"] is None


def test_dollars_are_no_formula(product_cards):
    # MathJax leaves alone what carries these classes.
    assert 'class="mmrag tex2jax_ignore mathjax_ignore"' in bundle_of(product_cards(1))["text/html"]


def test_no_style_needs_what_a_sanitiser_drops(product_cards, read):
    # As found by trying in JupyterLab 4.6, untrusted.
    dropped = ("var(", "object-fit", "inherit", "currentColor", "anywhere", "contents", "url(")
    for view in ("gallery", "table", "list"):
        styles = read(bundle_of(product_cards(3), view=view)["text/html"]).styles
        assert styles
        assert not [style for style in styles for word in dropped if word in style]


def test_huge_rows_fit(read):
    row = {f"column {at}": "cell " * 2000 for at in range(200)}
    cards = [Card(f"row {at}", at + 1, 0.5, metadata=row) for at in range(8)]
    bundle = bundle_of(cards)
    assert bundle_bytes(bundle) <= BUDGET
    assert len(bundle[HITS_MIME]["hits"]) == 8
    assert "200 fields" in read(bundle["text/html"]).text


def test_hostile_text_in_every_field_stays_text(read):
    def broken():
        raise OSError(HOSTILE)

    cards = [
        Card(
            id=HOSTILE + str(at),
            rank=at + 1,
            score=0.5,
            picture=[None, broken, lambda: Image.new("RGB", (20, 20))][at % 3],
            alt=HOSTILE,
            text=HOSTILE * 9,
            terms=(HOSTILE, "script", "amp", "img"),
            metadata={"title": HOSTILE, HOSTILE: HOSTILE, "n": {HOSTILE: [HOSTILE]}},
            why=(Why(HOSTILE, 1, 7.0),),
            source=HOSTILE,
            page=1,
        )
        for at in range(6)
    ]
    for view in ("gallery", "table", "list"):
        bundle = hits_bundle(cards, title=HOSTILE, notices=[HOSTILE], options=Options(view=view))
        page = read(bundle["text/html"])
        assert "<script>alert(1)</script>" in page.text
        assert {why["share"] for hit in bundle[HITS_MIME]["hits"] for why in hit["why"]} <= {1.0}
        json.dumps(bundle, ensure_ascii=False, allow_nan=False).encode()


TEXTS = st.one_of(
    st.text(alphabet=st.characters(), max_size=60),
    st.sampled_from([HOSTILE, "", "x" * 3000, "&" * 2000, "\\" * 500, "word " * 700, "\n" * 300]),
)
VALUES = st.one_of(
    TEXTS, st.none(), st.floats(), st.integers(), st.booleans(), st.dates(),
    st.lists(TEXTS, max_size=2), st.dictionaries(TEXTS, TEXTS, max_size=2),
)  # fmt: skip
PICTURES = st.sampled_from([None, (1, 1), (300, 200), (2000, 3), "gone"])


@st.composite
def any_card(draw, photo, rank):
    kind = draw(PICTURES)

    def picture():
        if kind == "gone":
            raise OSError(HOSTILE)
        return photo(1, (max(kind[0], 8), max(kind[1], 8)))

    return Card(
        id=draw(TEXTS),
        rank=rank,
        score=draw(st.floats()),
        picture=picture if kind else None,
        alt=draw(TEXTS),
        text=draw(TEXTS),
        terms=tuple(draw(st.lists(TEXTS, max_size=2))),
        metadata=draw(st.dictionaries(TEXTS, VALUES, max_size=6)),
        why=tuple(
            draw(st.lists(st.builds(Why, TEXTS, st.integers(1, 9), st.floats()), max_size=2))
        ),
        source=draw(TEXTS),
        page=draw(st.none() | st.integers(1, 99)),
        start=draw(st.none() | st.floats(0, 1e6)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_hits_keep_within_any_budget_and_are_sound(data, photo, read):
    count = data.draw(st.integers(0, 12))
    cards = [data.draw(any_card(photo, at + 1)) for at in range(count)]
    options = Options(
        view=data.draw(st.sampled_from(["auto", "gallery", "table", "list"])),
        budget=data.draw(st.sampled_from([0, 300, 1500, 4000, 20_000, BUDGET])),
        thumbnail=data.draw(st.sampled_from([64, 256])),
    )
    bundle = hits_bundle(
        cards,
        title=data.draw(TEXTS),
        notices=data.draw(st.lists(TEXTS, max_size=3)),
        options=options,
    )
    assert len(bundle["text/html"].encode()) <= options.budget
    if options.budget >= 300:
        assert bundle_bytes(bundle) <= options.budget
    page = read(bundle["text/html"])
    drawn = bundle.get(HITS_MIME, {}).get("hits", [])
    assert len(page.images) == sum(hit["thumbnail"] is not None for hit in drawn)
    json.dumps(bundle, ensure_ascii=False, allow_nan=False).encode()


def test_importing_the_display_loads_nothing_heavy():
    code = "import sys, mmrag_jupyter.display; print({'pandas', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
