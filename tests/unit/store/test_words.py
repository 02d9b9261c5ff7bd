"""The words of many texts: through an index of their own, which ranks as FTS5 does."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest
from store_rows import COLUMNS, item, text

from mmrag_jupyter.store import Selection, Store, schema, word_index, words
from mmrag_jupyter.store import session as store_session

COUNT = 600


def sentence(number):
    return f"common word{number} {'rare ' * (number % 7 == 0)}tail{number % 50} Größe東京駅{number}"


def put(store, numbers, sentence=sentence):
    with store.writer() as writer:
        writer.add_source("rows", "rows", COLUMNS)
        items = [item(f"i{n}", text(sentence(n)), price=float(n)) for n in numbers]
        writer.put(items, {}, source="rows")


@pytest.fixture
def many(store, monkeypatch):
    """A store of as many texts as have an index, as the limits are set here."""
    monkeypatch.setattr(words, "INDEX_ABOVE", 100)
    monkeypatch.setattr(words, "_MANY", 20)
    put(store, range(COUNT))
    store.wait_for_indexes()
    return store


@pytest.fixture
def alone(monkeypatch):
    """The index answers, or nothing does: FTS5 is not asked."""
    monkeypatch.setattr(words, "_search", None)


def found(store, query, k=10, within=None, **options):
    return store.lexical(query, k, within, **options)[0].tolist()


def by_fts5(store, monkeypatch, query, k=10, within=None, **options):
    with monkeypatch.context() as patch:
        patch.setattr(words, "INDEX_ABOVE", 10**9)
        return store.lexical(query, k, within, **options)


QUERIES = ("word77", "rare", "tail3 rare", "WORD5 grosse größe", "東京", "東", "駅 tail7", "absent")


@pytest.mark.parametrize("query", QUERIES)
def test_it_ranks_as_fts5_does(many, monkeypatch, query):
    parts, scores = many.lexical(query, COUNT)
    expected, true = by_fts5(many, monkeypatch, query, COUNT)
    assert sorted(parts.tolist()) == sorted(expected.tolist())
    assert (np.diff(scores) <= 0).all()
    # Of those that FTS5 finds equal, the order is nobody's.
    assert np.allclose(
        [true[expected.tolist().index(part)] for part in parts.tolist()], true, atol=0.15
    )


@pytest.mark.usefixtures("alone")
def test_the_index_is_used_and_the_end_of_a_word_may_be_missing(many):
    assert found(many, "word77", 1) == [78]
    assert found(many, "word7", 3) == [8]
    assert set(found(many, "word7", 100, unfinished=True)) == {
        number + 1 for number in range(COUNT) if str(number).startswith("7")
    }
    assert found(many, "absentee", unfinished=True) == []


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("where", "count"), [("price < 15", 15), ("price >= 300", 300)])
def test_k_come_back_whenever_a_selection_has_k(many, where, count):
    within = many.select(where=where)
    parts = found(many, "common", count, within)
    assert sorted(parts) == sorted(int(one) for one in within.items)
    assert found(many, "word3", 5, within) == ([4] if count == 15 else [])


@pytest.mark.usefixtures("alone")
def test_k_come_back_of_the_parts_that_a_condition_leaves_of_few_items(many):
    with many.writer() as writer:
        texts = ["common", "common, with much more to be read beside it"]
        parts = [text(f"{texts[number >= 100]} {number}") for number in range(200)]
        writer.put([item("large", *parts, price=1.0)], {}, source="rows")
    many.wait_for_indexes()
    own = np.arange(COUNT + 1, COUNT + 201)
    # The best hundred are the short ones, and the condition leaves them out.
    within = many.select(where="price = 1").and_also(Selection(parts=own[100:]))
    assert set(found(many, "common", 30, within)) < set(own[100:].tolist())
    assert len(found(many, "common", 30, within)) == 30
    few = Selection(parts=own[95:105], items=many.select(where="price = 1").items)
    assert len(found(many, "common", 30, few)) == 10


@pytest.mark.usefixtures("alone")
def test_removed_texts_are_not_found(many):
    with many.writer() as writer:
        writer.delete([f"i{number}" for number in range(0, COUNT, 2)])
    assert found(many, "word6") == []
    assert len(found(many, "common", 250)) == 250


def test_new_texts_are_found_at_once_and_come_into_the_index(many, monkeypatch):
    stamp = many.folder / word_index.FOLDER / word_index.STAMP
    before = stamp.read_text()
    monkeypatch.setattr(word_index, "build", None)
    put(many, range(COUNT, COUNT + 5))
    assert found(many, f"word{COUNT + 3}", 1) == [COUNT + 4]
    many.wait_for_indexes()
    assert stamp.read_text() != before
    monkeypatch.setattr(words, "_search", None)
    assert found(many, f"word{COUNT + 3}", 1) == [COUNT + 4]
    assert found(many, "word3", 1) == [4]


def test_texts_added_by_a_commit_that_was_not_stamped_are_in_it_once(many, monkeypatch):
    monkeypatch.setattr(word_index, "_stamp", lambda *_: None)
    put(many, range(COUNT, COUNT + 5))
    many.wait_for_indexes()
    monkeypatch.undo()
    monkeypatch.setattr(words, "INDEX_ABOVE", 100)
    found(many, "common")
    many.wait_for_indexes()
    assert found(many, f"word{COUNT + 3}", 5) == [COUNT + 4]
    assert len(word_index.WordIndex(many.folder)) == COUNT + 5


def spoil(path):
    for file in path.iterdir():
        if file.suffix in {".idx", ".term", ".store", ".fast"}:
            file.write_bytes(bytes(file.stat().st_size // 2))


DAMAGE = {
    "missing": shutil.rmtree,
    "stamp": lambda path: (path / word_index.STAMP).write_text("{"),
    "meta": lambda path: (path / "meta.json").write_text("{"),
    "files": spoil,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_index_that_is_damaged_makes_way_for_another(many, monkeypatch, damage):
    DAMAGE[damage](many.folder / word_index.FOLDER)
    with Store.open(many.folder) as again:
        assert found(again, "word77", 1) == [78]
        again.wait_for_indexes()
        found(again, "word77", 1)
        again.wait_for_indexes()
        monkeypatch.setattr(words, "_search", None)
        assert found(again, "word77", 1) == [78]


def test_without_a_place_for_it_words_are_searched_as_before_and_it_is_said_once(
    store, monkeypatch
):
    monkeypatch.setattr(words, "INDEX_ABOVE", 100)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(word_index, "build", fail)
    put(store, range(COUNT))
    for _ in range(2):
        store.wait_for_indexes()
        assert found(store, "word77", 1) == [78]
    (notice,) = store.notices
    assert notice.startswith("the index of words could not be built (No space left on device)")


def test_it_goes_with_the_collection(many):
    many.remove()
    assert not many.folder.exists()


def test_the_log_is_short_again_while_the_index_is_built(store, monkeypatch):
    monkeypatch.setattr(words, "INDEX_ABOVE", 100)
    gate, begun, build = threading.Event(), threading.Event(), word_index.build

    def held(*given):
        begun.set()
        gate.wait()
        build(*given)

    monkeypatch.setattr(word_index, "build", held)
    monkeypatch.setattr(store_session, "_LARGE_LOG", 1 << 12)
    put(store, range(COUNT))
    begun.wait()
    log = store.folder / f"{schema.RECORDS}-wal"
    size = log.stat().st_size
    gate.set()
    store.wait_for_indexes()
    assert size < 1 << 15 < (store.folder / schema.RECORDS).stat().st_size
