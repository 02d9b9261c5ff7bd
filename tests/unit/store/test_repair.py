"""Damage is told with what can be saved; repair saves that, and the next load does the rest."""

from __future__ import annotations

import os
import random
import sqlite3

import numpy as np
import pytest
from store_rows import DIM, digest, fill, numbered, put, units

from mmrag_jupyter.errors import NotFoundError, StoreBusyError, StoreDamagedError
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.noderows import NodeRow

COUNT = 400


@pytest.fixture
def filled(store):
    """A closed store with 400 items; its folder and the vectors of its 800 parts."""
    _, vectors = fill(store, COUNT)
    with store.writer() as writer:
        writer.delete(["i7"])
        writer.set_setting("models", "one")
    store.close()
    return store.folder, vectors


def damaged(folder):
    """Return the one line that opening a damaged store gives."""
    with pytest.raises(StoreDamagedError) as caught:
        Store.open(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert "`%mmrag open things --repair`" in message
    assert "mm.open('things', repair=True)" in message
    return message


def scribble(path, start, length):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(random.Random(start).randbytes(length))


def assert_sound(store, vectors, lost=()):
    """All is there but the items of `lost`, whose vectors are gone and whose hash is forgotten."""
    space = store.spaces()[0].number
    for number in {0, 1, 6, 8, COUNT - 1, *lost} - {7}:
        item_id = f"i{number}"
        known = store.known([item_id])[item_id]
        found = store.nearest(space, vectors[2 * number : 2 * number + 1], 1)[1][0, 0]
        if number in lost:
            assert known.digest == b""
            assert found < 0.999
        else:
            assert known.digest == digest(item_id)
            assert found > 0.999
        assert len(store.lexical(f"word{number}", 3)[0]) == 1


def test_nothing_is_done_to_a_sound_store(filled):
    folder, vectors = filled
    before = (folder / "space-1.vec").read_bytes()
    assert Store.repair(folder) == []
    assert (folder / "space-1.vec").read_bytes() == before
    with Store.open(folder) as store:
        assert len(store) == COUNT - 1
        assert store.spaces()[0].dead == 2
        assert_sound(store, vectors)


def test_there_is_nothing_to_repair_in_an_empty_folder(tmp_path):
    with pytest.raises(NotFoundError):
        Store.repair(tmp_path)


def test_a_store_that_is_written_to_is_not_repaired(store):
    with store.writer(), pytest.raises(StoreBusyError):
        Store.repair(store.folder)


def test_vectors_that_are_cut_off_are_embedded_again(filled):
    folder, vectors = filled
    path = folder / "space-1.vec"
    with path.open("r+b") as file:
        file.truncate(64 + 500 * DIM * 4 + 3)
    message = damaged(folder)
    assert "space-1.vec" in message
    assert "500 of 800 vectors" in message
    (line, words) = Store.repair(folder)
    assert "kept 498 vectors, 300 are embedded again" in line
    assert words == "rebuilt the index of words"
    with Store.open(folder) as store:
        assert_sound(store, vectors, lost=range(250, COUNT))
        space = store.spaces()[0].number
        assert store.parts_without_vector(space, "text")[0] == 501
        with store.writer() as writer:
            more = put(writer, numbered(range(250, COUNT)), [space], seed=4)
        assert store.nearest(space, more[-1:], 1)[1][0, 0] > 0.999
        assert store.parts_without_vector(space, "text") == []
    assert Store.repair(folder) == []


def test_a_missing_vector_file_is_made_anew(filled):
    folder, vectors = filled
    (folder / "space-1.vec").unlink()
    assert "0 vectors that can still be read" in damaged(folder)
    assert "it was missing; kept 0 vectors" in Store.repair(folder)[0]
    with Store.open(folder) as store:
        assert_sound(store, vectors, lost=range(COUNT))


@pytest.mark.parametrize("length", [1, 8, 64])
def test_a_damaged_header_costs_no_vectors(filled, length):
    folder, vectors = filled
    scribble(folder / "space-1.vec", 0, length)
    assert "header" in damaged(folder)
    assert "kept 798 vectors, 0 are embedded again" in Store.repair(folder)[0]
    with Store.open(folder) as store:
        assert_sound(store, vectors)


def test_a_header_that_is_cut_off_is_damage(filled):
    folder, _ = filled
    (folder / "space-1.vec").write_bytes(b"MMRG")
    assert "header is cut off" in damaged(folder)
    assert "kept 0 vectors" in Store.repair(folder)[0]
    Store.open(folder).close()


def test_garbage_among_the_vectors_is_found_by_repair(filled):
    folder, vectors = filled
    scribble(folder / "space-1.vec", 64 + 100 * DIM * 4, 10 * DIM * 4)
    assert "kept 788 vectors, 10 are embedded again" in Store.repair(folder)[0]
    with Store.open(folder) as store:
        assert_sound(store, vectors, lost=range(50, 55))


def test_records_without_a_header_are_saved_whole(filled):
    folder, vectors = filled
    scribble(folder / "records.sqlite", 0, 90)
    before = (folder / "records.sqlite").read_bytes()
    assert "records.sqlite" in damaged(folder)
    lines = Store.repair(folder)
    assert "saved 399 items and 798 parts" in lines[0]
    assert (folder / "records.sqlite.damaged").read_bytes() == before
    with Store.open(folder) as store:
        assert len(store) == COUNT - 1
        assert store.name == "things"
        assert store.setting("models") == "one"
        assert store.items([1])[0].metadata == {"price": 0.0, "name": "n0"}
        assert store.frame().shape == (COUNT - 1, 2)
        assert_sound(store, vectors)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_records_that_are_cut_off_are_saved_as_far_as_they_go(filled, share):
    folder, vectors = filled
    path = folder / "records.sqlite"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(int(size * share))
    assert f"of {size:,} bytes" in damaged(folder)
    assert_repaired(folder, vectors)


@pytest.mark.parametrize("seed", range(6))
def test_records_with_holes_are_saved_around_them(filled, seed):
    folder, vectors = filled
    path = folder / "records.sqlite"
    chance = random.Random(seed)
    for _ in range(3):
        page = chance.randrange(1, path.stat().st_size // 4096)
        scribble(path, page * 4096, 4096)
    assert_repaired(folder, vectors)


def test_records_that_are_all_garbage_leave_an_empty_store(filled):
    folder, _ = filled
    path = folder / "records.sqlite"
    path.write_bytes(os.urandom(path.stat().st_size))
    damaged(folder)
    assert "saved 0 items" in Store.repair(folder)[0]
    with Store.open(folder) as store:
        assert len(store) == 0
        space, vectors = fill(store, 3)
        assert store.nearest(space, vectors[:1], 1)[1][0, 0] > 0.999


def test_empty_records_are_damage(filled):
    folder, _ = filled
    (folder / "records.sqlite").write_bytes(b"")
    assert "empty" in damaged(folder)
    Store.repair(folder)
    with Store.open(folder) as store:
        assert len(store) == 0


def assert_repaired(folder, vectors):
    """What is saved is whole and agrees with itself; a second repair finds nothing to do."""
    lines = Store.repair(folder)
    assert (folder / "records.sqlite.damaged").exists()
    assert all("\n" not in line for line in lines)
    with Store.open(folder) as store:
        assert len(store) == len(store.ids()) == len(store.items(range(1, COUNT + 1)))
        spaces = store.spaces()
        for row in store.items(range(1, COUNT + 1)):
            number = int(row.id[1:])
            parts = store.parts_of([row.item])
            whole = len(parts) == 2
            for part in parts:
                assert part.item_id == row.id
                if spaces and spaces[0].number in store.spaces_of(part.part):
                    found = store.vectors(spaces[0].number, [part.part])
                    assert np.array_equal(found[0], vectors[2 * number + part.number])
                elif spaces:
                    whole = False
            if spaces:
                assert store.known([row.id])[row.id].digest == (digest(row.id) if whole else b"")
        # The next load puts everything again, and all is as it was.
        space, _ = fill(store, COUNT, seed=5)
        again = units(2 * COUNT, seed=5)
        assert len(store) == COUNT
        assert store.part_counts() == {"text": COUNT, "image": COUNT}
        parts, scores = store.nearest(space, again, 1)
        assert (scores > 0.999).all()
        assert len(set(parts[:, 0].tolist())) == 2 * COUNT
        assert len(store.lexical("word399", 3)[0]) == 1
    assert Store.repair(folder) == []


def test_numbers_are_not_used_again_after_a_repair(filled):
    folder, _ = filled
    scribble(folder / "records.sqlite", 0, 16)
    Store.repair(folder)
    with Store.open(folder) as store:
        with store.writer() as writer:
            put(writer, numbered([1000]), [1])
        assert store.find(["i1000"])["i1000"] > COUNT
        assert store.parts_of([store.find(["i1000"])["i1000"]])[0].part > 2 * COUNT


def test_nodes_and_odd_values_are_saved(store):
    fill(store, 2)
    with store.writer() as writer:
        items = numbered([5])
        writer.put(items, {}, source="rows", nodes={"i5": NodeRow("doc", "{}")})
    store.close()
    scribble(store.folder / "records.sqlite", 0, 40)
    Store.repair(store.folder)
    with Store.open(store.folder) as again:
        assert again.nodes([3]) == {3: NodeRow("doc", "{}")}


def test_a_damaged_index_of_words_is_found_by_repair(filled):
    folder, vectors = filled
    db = sqlite3.connect(folder / "records.sqlite")
    with db:
        db.execute("UPDATE texts_data SET block = x'00ff00ff' WHERE id > 10")
    db.close()
    assert Store.repair(folder) == ["rebuilt the index of words"]
    with Store.open(folder) as store:
        assert_sound(store, vectors)


def leaves(path, table):
    """Return the pages that hold a table's rows, in order."""
    db = sqlite3.connect(path)
    try:
        return [
            page
            for (page,) in db.execute(
                "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
                (table,),
            )
        ]
    except sqlite3.OperationalError:
        return pytest.skip("this SQLite cannot tell where its pages are")
    finally:
        db.close()


def test_rows_between_two_holes_are_saved(filled):
    folder, _ = filled
    path = folder / "records.sqlite"
    pages = leaves(path, "parts")
    assert len(pages) > 8
    for page in (pages[2], pages[-3]):
        scribble(path, (page - 1) * 4096, 4096)
    Store.repair(folder)
    with Store.open(folder) as store:
        saved = sum(store.part_counts().values())
    assert 798 * (1 - 4 / len(pages)) < saved < 798


@pytest.mark.parametrize("where", ["header", "items"])
def test_the_log_of_damaged_records_is_not_applied_to_the_saved_ones(store, where):
    fill(store, COUNT)
    store.close()
    page = leaves(store.folder / "records.sqlite", "items")[1] if where == "items" else 1
    left = store.folder.with_name("left")
    left.mkdir()
    with Store.open(store.folder) as again, again.writer() as writer:
        writer.delete(["i399"])
        # As after a kill: the log is there, and nobody has it open.
        for path in store.folder.iterdir():
            if not path.name.endswith("-shm"):
                (left / path.name).write_bytes(path.read_bytes())
    assert (left / "records.sqlite-wal").stat().st_size
    scribble(left / "records.sqlite", (page - 1) * 4096, 4096 if where == "items" else 90)
    Store.repair(left)
    with Store.open(left) as saved:
        assert saved.find(["i0", "i398"]).keys() == {"i0", "i398"}
        if where == "items":
            assert 0 < len(saved) < COUNT - 1
            assert saved.find(["i399"]) == {}
    assert Store.repair(left) == []
