"""Words find texts in every script, and nothing in a text is taken for a command."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_rows import fill, image, item, text

from mmrag_jupyter.store import Store
from mmrag_jupyter.store.lexical import folded, match_expression

TEXTS = {
    "english": "fresh orange juice",
    "chinese": "新鮮橙汁",
    "japanese": "りんごジュース",
    "ligature": "ﬁsh and Ｃｈｉｐｓ",  # noqa: RUF001 - wide letters, as Japanese texts have them
    "french": "Crème brûlée",
    "hindi": "हिन्दी भाषा",
    "hebrew": "שלום עולם",
    "thai": "ภาษาไทย",
    "nul": "a\0b zero",
    "joined": "foo_bar-baz",
}


@pytest.fixture
def texts(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        writer.put([item(name, text(words)) for name, words in TEXTS.items()], {}, source="rows")
    return store


def found(store, words, k=10):
    return [row.item_id for row in store.parts(store.lexical(words, k)[0].tolist())]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Orange", "english"),
        ("橙汁", "chinese"),
        ("橙", "chinese"),
        ("ジュース", "japanese"),
        ("fish", "ligature"),
        ("chips", "ligature"),
        ("creme BRULEE", "french"),
        ("हिन्दी", "hindi"),
        ("עולם", "hebrew"),
        ("ไทย", "thai"),
        ("zero", "nul"),
        ("bar", "joined"),
        ("baz?!", "joined"),
    ],
)
def test_a_word_finds_its_text(texts, words, name):
    assert found(texts, words) == [name]


@pytest.mark.parametrize("words", ["", "  ", '"', "*", "🍊", "汁橙", "absent", "(((", "\ud800"])
def test_what_is_no_word_finds_nothing(texts, words):
    assert found(texts, words) == []


@settings(deadline=None, max_examples=80)
@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_no_text_is_an_error(words):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE texts USING fts5(text, content='')")
    expression = match_expression(words)
    if expression:
        db.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (expression,)).fetchall()
    db.close()


def test_a_very_long_query_is_answered(texts):
    assert "english" in found(texts, "orange " + "word " * 300_000)
    assert "english" in found(texts, "orange " + " ".join(f"w{n}" for n in range(5000)))


def test_better_matches_come_first_and_k_bounds_them(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        words = ["red shoe", "red", "red hat red", "blue hat", "green"]
        words += [f"other {n}" for n in range(9)]
        writer.put([item(one, text(one)) for one in words], {}, source="rows")
    assert found(store, "red shoe")[0] == "red shoe"
    parts, scores = store.lexical("red shoe", 2)
    assert len(parts) == len(scores) == 2
    assert scores[0] > scores[1] > 0


def test_pictures_with_a_caption_are_found_by_modality(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        caption = image("p", path="/p.jpg")
        both = item("both", text("a lemon"), caption)
        writer.put([both, item("other", text("lemon pie"))], {}, source="rows")
    assert store.lexical("lemon", 5, store.select(modality=["image"]))[0].tolist() == []
    assert store.lexical("lemon", 5, store.select(ids=["other"]))[0].tolist() == [3]


BREAK = [
    "DROP TABLE texts",
    "DELETE FROM texts_data",
    "DELETE FROM texts_config",
]


@pytest.mark.parametrize("statement", BREAK)
def test_a_damaged_index_of_words_is_made_anew_and_said(store, statement):
    fill(store)
    store.close()
    db = sqlite3.connect(store.folder / "records.sqlite")
    with db:
        db.execute(statement)
    db.close()
    with Store.open(store.folder) as again:
        assert found(again, "word7") == ["i7"]
        assert again.notices == ["rebuilt the index of words: it was damaged"]
        again.notices.clear()
        assert found(again, "word8") == ["i8"]
        assert again.notices == []
        with again.writer() as writer:
            writer.delete(["i8"])
        assert found(again, "word8") == []


def test_a_nul_parts_words():
    assert folded("a\0b") == "a b"


def test_a_wide_selection_finds_what_a_narrow_one_of_the_same_items_would(store, monkeypatch):
    colours = ["red", "blue", "red green", "green", "red blue green"]
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        writer.put(
            [item(f"i{at}", text(colours[at % 5]), image("p")) for at in range(300)],
            {},
            source="rows",
        )
    every_third = store.select(ids=[f"i{at}" for at in range(0, 300, 3)])
    asked = [(words, k) for words in ("red", "green blue", "nothing") for k in (3, 40, 500)]
    expected = [store.lexical(words, k, every_third) for words, k in asked]
    # Of very many items the best parts are ranked first, and sifted then.
    monkeypatch.setattr("mmrag_jupyter.store.words._MANY", 0)
    for (words, k), (parts, scores) in zip(asked, expected, strict=True):
        found = store.lexical(words, k, every_third)
        assert found[0].tolist() == parts.tolist()
        assert found[1].tolist() == scores.tolist()
    pictures = every_third.and_also(store.select(modality=["image"]))
    assert store.lexical("red", 5, pictures)[0].tolist() == []
