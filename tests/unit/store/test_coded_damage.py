"""Coded columns that are damaged, missing or of another day are never believed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from coded_items import COUNT, agrees, put, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.store import Store, coded, coded_columns, epochs, schema


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x10" + path.read_bytes()[1:]),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(path.read_bytes()[:-100] + bytes(100)),
        lambda path: path.write_bytes(os.urandom(3000)),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
def test_a_damaged_file_is_told_and_made_anew(many, damage, opened):
    path = many.folder / coded.FILE
    with Store.open(many.folder) as store:
        if opened:
            agrees(store, "price < 3")
        damage(path)
        agrees(store)
        store.wait_for_indexes()
        agrees(store, "price < 4")  # it is begun by now
        store.wait_for_indexes()
        assert store.notices == [
            "the cache of columns was damaged: it is made anew in the background"
        ]
        assert coded.CodedFile(store.folder).mark.covered == COUNT


@settings(max_examples=40, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_believed(whole, at, bit):
    folder, content = whole
    place = int(at * len(content))
    flipped = bytes([content[place] ^ 1 << bit])
    (folder / coded.FILE).write_bytes(content[:place] + flipped + content[place + 1 :])
    with Store.open(folder) as store:
        agrees(store)


@pytest.mark.parametrize("covered", [COUNT - 1, COUNT - 100])
def test_what_it_says_of_itself_is_checked(whole, covered):
    folder, content = whole
    assert content.count(f", {COUNT}]".encode()) == 2  # the mark, and the range
    (folder / coded.FILE).write_bytes(
        content.replace(f", {COUNT}]".encode(), f", {covered}]".encode(), 1)
    )
    with Store.open(folder) as store:
        agrees(store)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A collection with a cache, and what is in its file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coded_columns, "INDEX_ABOVE", 100)
        with Store.create(tmp_path_factory.mktemp("whole") / "things", "things") as store:
            put(store, range(COUNT))
            store.wait_for_indexes()
            yield store.folder, (store.folder / coded.FILE).read_bytes()


def test_records_of_another_day_are_not_answered_from_it(many, tmp_path):
    folder = many.folder
    many.close()
    # The records alone are put back, and as many items are added as there were.
    kept = tmp_path / "kept.sqlite"
    with (
        closing(sqlite3.connect(folder / schema.RECORDS)) as db,
        closing(sqlite3.connect(kept)) as copy,
    ):
        db.backup(copy)
    with Store.open(folder) as store:
        put(store, range(COUNT, COUNT + 50))
        store.wait_for_indexes()
        agrees(store)
    for path in folder.glob(f"{schema.RECORDS}*"):
        path.unlink()
    shutil.copyfile(kept, folder / schema.RECORDS)
    with Store.open(folder) as store:
        agrees(store)
        with store.writer() as writer:
            writer.put(rows(range(COUNT, COUNT + 50), price=lambda _: 1.0), {}, source="rows")
            agrees(store, "price == 1", "price < 10")


def test_a_folder_that_cannot_be_written_is_told_once(many, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(coded, "write", full)
    (many.folder / coded.FILE).unlink()
    for price in range(3):
        agrees(many, f"price == {price}")
        many.wait_for_indexes()
    (line,) = many.notices
    assert line == (
        "the cache of columns could not be made (No space left on device): conditions go on "
        "without it, but new ones more slowly"
    )


@pytest.mark.parametrize("count", [3, 600])
def test_a_mark_holds_until_items_change(store, count):
    def state(ask, *rest):
        with store._readers.snapshot() as db:
            return ask(db, *rest)

    assert state(epochs.current) is None
    put(store, range(3))
    mark = state(epochs.current)
    assert mark.covered == 3
    with store.writer() as writer:
        for number in range(count):
            writer.put(rows([10 + number]), {}, source="rows")
    # So many commits are not remembered, and what they added to is not known then.
    assert state(epochs.holds, mark) == (count == 3)
    later = state(epochs.current)
    assert state(epochs.holds, later)
    assert not state(epochs.holds, later._replace(covered=10_000))
    assert not state(epochs.holds, later._replace(name=7))
    with store.writer() as writer:
        writer.delete(["i1"])
    assert not state(epochs.holds, later)
