"""The store: what goes in comes out, whole, in order, and after every change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from store_rows import COLUMNS, DIM, digest, fill, image, item, numbered, put, text, units

from mmrag_jupyter.errors import NotFoundError, StoreError
from mmrag_jupyter.items import Column, NewItem, NewPart, Problem
from mmrag_jupyter.store import Known, ProblemRow, SourceRow, Store
from mmrag_jupyter.store.noderows import NodeRow


def test_a_new_store_is_empty(store):
    assert len(store) == 0
    assert store.spaces() == []
    assert store.columns() == []
    assert store.part_counts() == {}
    assert store.name == "things"
    assert store.frame().empty


def test_creating_a_second_store_in_a_folder_is_refused(store):
    with pytest.raises(StoreError, match="already"):
        Store.create(store.folder, "other")


def test_opening_an_empty_folder_says_that_there_is_none(tmp_path):
    with pytest.raises(NotFoundError, match="no collection"):
        Store.open(tmp_path)


def test_opening_finds_everything_again(store):
    space, vectors = fill(store)
    store.close()
    with Store.open(store.folder) as again:
        assert len(again) == 20
        assert again.part_counts() == {"text": 20, "image": 20}
        found = again.spaces()[0]
        assert (found.number, found.name, found.dim, found.rows) == (space, "model", DIM, 40)
        assert again.nearest(space, vectors[7:8], 1)[0].tolist() == [[8]]


def test_a_closed_store_says_so(store):
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.ids()


def test_items_come_back_with_their_metadata_and_index(store):
    fill(store)
    (row,) = store.items([store.find(["i3"])["i3"]])
    assert (row.id, row.source, row.index) == ("i3", "rows", (3,))
    assert row.metadata == {"price": 3.0, "name": "n3"}


def test_rows_come_in_the_order_asked_and_without_those_that_are_gone(store):
    fill(store, 4)
    assert [row.id for row in store.items([4, 99, 1])] == ["i3", "i0"]
    assert [row.part for row in store.parts(np.array([5, 99, 2]))] == [5, 2]
    assert [row.part for row in store.parts_of([3, 1])] == [5, 6, 1, 2]
    assert [row.part for row in store.parts_of(np.array([3, 1]))] == [5, 6, 1, 2]
    assert store.parts_of([]) == []


def test_parts_know_whose_they_are(store):
    fill(store, 4)
    assert store.items_of(np.array([5, 99, 2])) == {5: 3, 2: 1}
    assert store.items_of([]) == {}


def test_whole_items_are_ranked_only_where_one_has_several_texts(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        short, pair = item("a", text("red cup")), item("b", text("red cup"), text("blue pot"))
        pictured = item("c", text("red pot"), image("c.png"))
        writer.put([short, pair, pictured], {}, source="rows")
    assert store.whole_scores("red", [1]) == {}
    assert store.whole_scores("red", [1, 3]) == {}
    assert store.whole_scores("red", [1, 2, 3]).keys() == {1, 2, 3}
    assert store.whole_scores("red", []) == {}


def test_parts_know_their_item_and_place(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        page = NewPart("page", digest("x"), "words", path="/a.pdf", page=2)
        sound = NewPart("audio", digest("y"), start=1.5, end=2.5, blob=b"sound")
        writer.put([item("doc", page, sound)], {}, source="rows")
    first, second = store.parts_of([1])
    assert (first.item_id, first.number, first.modality, first.text) == ("doc", 0, "page", "words")
    assert (first.path, first.page, first.start, first.has_blob) == ("/a.pdf", 2, None, False)
    assert (second.number, second.start, second.end, second.has_blob) == (1, 1.5, 2.5, True)
    assert (first.node_id, second.node_id) == ("doc", "doc#1")
    assert store.blob(second.digest) == b"sound"
    assert store.blob(digest("nothing")) is None


def test_known_ids_and_hashes(store):
    fill(store, 3)
    assert store.known(["i1", "absent"]) == {"i1": Known(digest("i1"), "rows")}
    assert store.ids() == store.ids("rows") == ["i0", "i1", "i2"]
    assert store.ids("another source") == []
    assert store.sources() == [SourceRow("rows", "rows of a test", 3)]


def test_files_are_known_by_size_time_and_hash(store):
    fill(store, 3)
    found = store.file_digests(["/photos/2.jpg", "/photos/9.jpg"])
    assert found == {"/photos/2.jpg": (2, 20, digest("p2"))}


def test_vectors_are_found_by_content(store):
    space, vectors = fill(store)
    found = store.vectors_of(space, [digest("p3"), digest("nothing")])
    assert list(found) == [digest("p3")]
    assert np.array_equal(found[digest("p3")], vectors[7])
    with store.writer() as writer:
        more = put(writer, numbered(range(20, 22)), [space], seed=1)
    assert np.array_equal(store.vectors_of(space, [digest("p21")])[digest("p21")], more[3])
    with store.writer() as writer:
        writer.delete(["i3"])
    assert store.vectors_of(space, [digest("p3"), digest("p4")]).keys() == {digest("p4")}


def test_vectors_of_many_small_commits_are_found_by_content(store):
    space, _ = fill(store, 1)
    given = []
    for number in range(1, 25):
        with store.writer() as writer:
            given.append(put(writer, numbered([number]), [space], seed=number))
        store.vectors_of(space, [digest("p0")])
    for number, vectors in enumerate(given, 1):
        found = store.vectors_of(space, [digest(f"p{number}")])
        assert np.array_equal(found[digest(f"p{number}")], vectors[1])


def test_vectors_of_parts(store):
    space, vectors = fill(store)
    assert np.array_equal(store.vectors(space, [4, 1]), vectors[[3, 0]])
    with pytest.raises(KeyError, match="part 99"):
        store.vectors(space, [99])
    assert store.spaces_of(4) == [space]
    assert store.spaces_of(99) == []


def test_putting_an_id_again_replaces_the_item_and_keeps_its_place(store):
    space, _ = fill(store, 3)
    changed = NewItem("i1", b"new", (text("other words"),), {"price": 9.0, "name": "new"}, (1,))
    with store.writer() as writer:
        vectors = put(writer, [changed], [space], seed=5)
    assert store.ids() == ["i0", "i1", "i2"]
    assert len(store) == 3
    assert store.part_counts() == {"text": 3, "image": 2}
    assert store.known(["i1"])["i1"].digest == b"new"
    assert [row.text for row in store.parts_of([2])] == ["other words"]
    assert store.items([2])[0].metadata == {"price": 9.0, "name": "new"}
    parts, scores = store.nearest(space, vectors, 5)
    assert parts[0, 0] == store.parts_of([2])[0].part
    assert scores[0, 0] == pytest.approx(1, abs=1e-6)
    assert not {3, 4} & set(parts[0].tolist())
    assert store.lexical("word1", 5)[0].tolist() == []
    assert store.lexical("other", 5)[0].tolist() == [7]


def test_update_changes_metadata_and_stamps_and_leaves_parts(store):
    space, vectors = fill(store, 3)
    moved = image("p1", path="/elsewhere/1.jpg", size=7, mtime_ns=8)
    old = numbered([1])[0]
    changed = dataclasses.replace(
        old, digest=b"new", parts=(old.parts[0], moved), metadata={"price": 7.0, "name": None}
    )
    with store.writer() as writer:
        writer.update([changed], source="rows")
    assert store.items([2])[0].metadata == {"price": 7.0, "name": None}
    assert store.known(["i1"])["i1"].digest == b"new"
    assert store.file_digests(["/elsewhere/1.jpg"]) == {"/elsewhere/1.jpg": (7, 8, digest("p1"))}
    assert store.nearest(space, vectors[3:4], 1)[0].tolist() == [[4]]


def test_update_of_an_unknown_item_is_an_error(store):
    fill(store, 1)
    with store.writer() as writer, pytest.raises(NotFoundError, match="'i7'"):
        writer.update(numbered([7]), source="rows")


def test_delete_removes_all_that_belongs_to_an_item(store):
    space, vectors = fill(store)
    with store.writer() as writer:
        assert writer.delete(["i3", "i3", "absent"]) == 1
    assert len(store) == 19
    assert store.part_counts() == {"text": 19, "image": 19}
    assert store.find(["i3"]) == {}
    assert store.lexical("word3", 5)[0].tolist() == []
    found = store.nearest(space, vectors[6:8], 40)[0]
    assert (found >= 0).sum(axis=1).tolist() == [38, 38]
    assert not {7, 8} & set(found.ravel().tolist())
    assert store.file_digests(["/photos/3.jpg"]) == {}
    assert store.spaces_of(7) == []
    with pytest.raises(KeyError):
        store.vectors(space, [7])


def test_numbers_are_never_used_again(store):
    space, _ = fill(store, 2)
    with store.writer() as writer:
        writer.delete(["i1"])
        put(writer, numbered([5]), [space])
    assert store.find(["i5"]) == {"i5": 3}
    assert [row.part for row in store.parts_of([3])] == [5, 6]


def test_a_picture_goes_with_the_last_part_that_shows_it(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        same = image("same", blob=b"bytes")
        writer.put([item("a", same), item("b", same)], {}, source="rows")
        writer.delete(["a"])
        assert store.blob(same.digest) == b"bytes"
        writer.put([item("b", same, text("more"))], {}, source="rows")
        assert store.blob(same.digest) == b"bytes"
        writer.delete(["b"])
        assert store.blob(same.digest) is None


def test_spaces_are_made_once(store):
    with store.writer() as writer:
        first = writer.add_space("model", "old", 4, frozenset({"text"}))
        assert writer.add_space("model", "new", 4, frozenset({"text", "image"})) == first
        with pytest.raises(StoreError, match="4 in this collection"):
            writer.add_space("model", None, 5, frozenset({"text"}))
        second = writer.add_space("other", None, 5, frozenset({"text"}))
    assert [space.number for space in store.spaces()] == [first, second]
    assert store.spaces()[0].address == "new"
    assert store.spaces()[0].modalities == {"text", "image"}


def test_dropping_a_space_takes_its_files_and_leaves_the_others(store):
    space, vectors = fill(store, 3)
    with store.writer() as writer:
        other = writer.add_space("other", None, DIM, frozenset({"text"}))
        writer.put_vectors(other, np.array([1, 3]), vectors[:2])
        writer.drop_space(space)
        assert writer.add_space("third", None, DIM, frozenset({"text"})) > other
    assert [one.name for one in store.spaces()] == ["other", "third"]
    assert not (store.folder / f"space-{space}.vec").exists()
    assert store.nearest(other, vectors[:1], 5)[0].tolist() == [[1, 3, -1, -1, -1]]
    with pytest.raises(KeyError, match="no space"):
        store.nearest(space, vectors[:1], 1)


def test_vectors_of_stored_parts_can_be_added_in_any_order(store):
    _, _ = fill(store, 5)
    vectors = units(5, seed=9)
    with store.writer() as writer:
        late = writer.add_space("late", None, DIM, frozenset({"image"}))
        assert store.parts_without_vector(late, "image") == [2, 4, 6, 8, 10]
        writer.put_vectors(late, np.array([8, 2]), vectors[:2])
        assert store.parts_without_vector(late, "image") == [4, 6, 10]
        writer.put_vectors(late, np.array([4]), vectors[2:3])
        writer.put_vectors(late, np.array([8]), vectors[3:4])
    assert np.array_equal(store.vectors(late, [8, 2, 4]), vectors[[3, 1, 2]])
    parts, scores = store.nearest(late, vectors[3:4], 5)
    assert parts[0, 0] == 8
    assert scores[0, 0] == pytest.approx(1, abs=1e-6)
    assert sorted(parts[0].tolist()) == [-1, -1, 2, 4, 8]
    assert store.vectors_of(late, [digest("p3")])[digest("p3")].tolist() == vectors[3].tolist()
    with store.writer() as writer:
        writer.compact()
    assert np.array_equal(store.vectors(late, [8, 2, 4]), vectors[[3, 1, 2]])
    with store.writer() as writer, pytest.raises(KeyError):
        writer.put_vectors(late, np.array([99]), vectors[:1])


def test_texts_without_words_need_no_vector(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        writer.put([item("a", NewPart("text", digest("")), text("b"))], {}, source="rows")
        space = writer.add_space("m", None, DIM, frozenset({"text"}))
    assert store.parts_without_vector(space, "text") == [2]


def test_compaction_keeps_what_is_alive(store):
    space, vectors = fill(store)
    before = (store.folder / "space-1.vec").stat().st_size
    with store.writer() as writer:
        writer.delete([f"i{n}" for n in range(0, 20, 2)])
        writer.compact()
    (files,) = [list(store.folder.glob("space-*.vec"))]
    assert [file.stat().st_size < before for file in files] == [True]
    found = store.spaces()[0]
    assert (found.rows, found.dead, found.generation) == (20, 0, 1)
    parts, scores = store.nearest(space, vectors[2:3], 40)
    assert parts[0, 0] == 3
    assert scores[0, 0] == pytest.approx(1, abs=1e-6)
    assert np.array_equal(store.vectors(space, [3, 40]), vectors[[2, 39]])
    assert store.vectors_of(space, [digest("p1")]).keys() == {digest("p1")}
    with store.writer() as writer:
        put(writer, numbered([30]), [space])
    assert store.spaces()[0].rows == 22


def test_a_space_that_is_mostly_dead_is_compacted_by_itself(store, monkeypatch):
    monkeypatch.setattr("mmrag_jupyter.store.session._MANY_DEAD", 10)
    space, vectors = fill(store)
    with store.writer() as writer:
        writer.delete([f"i{n}" for n in range(11)])
    assert (store.spaces()[0].rows, store.spaces()[0].dead) == (18, 0)
    assert store.nearest(space, vectors[39:], 1)[0].tolist() == [[40]]


def test_settings_and_problems(store):
    with store.writer() as writer:
        writer.set_setting("models", "one")
        writer.set_setting("models", "two")
        writer.set_setting("of \udcff", "three")
        writer.set_problems("a", [Problem("x.jpg", "broken"), Problem("\udcff.jpg", "gone")])
        writer.set_problems("b", [Problem("y.jpg", "empty")])
        writer.set_problems("b", [])
    assert store.setting("models") == "two"
    assert store.setting("of \udcff") == "three"
    assert store.setting("absent") is None
    assert store.problems() == [ProblemRow("x.jpg", "broken"), ProblemRow("\udcff.jpg", "gone")]


def test_nodes_belong_to_their_items(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        writer.put(
            [item("a", text("x")), item("b", text("y"))], {}, source="rows",
            nodes={"b": NodeRow("doc", '{"k": 1}')},
        )  # fmt: skip
    assert store.nodes([1, 2]) == {2: NodeRow("doc", '{"k": 1}')}
    with store.writer() as writer:
        writer.put([item("b", text("z"))], {}, source="rows")
    assert store.nodes([1, 2]) == {}


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ((np.arange(2), np.ones((2, DIM + 1), np.float32)), "shape"),
        ((np.arange(3), np.ones((2, DIM), np.float32)), "shape"),
        ((np.array([0, 2]), np.ones((2, DIM), np.float32)), "none of the 2 parts"),
        ((np.array([1, 1]), np.ones((2, DIM), np.float32)), "two vectors"),
        ((np.arange(2), np.full((2, DIM), np.nan, np.float32)), "length 1"),
        ((np.arange(2), np.full((2, DIM), 0.5, np.float32)), "length 1"),
    ],
)
def test_vectors_that_do_not_fit_are_refused_and_nothing_is_kept(store, vectors, message):
    space, _ = fill(store, 1)
    with store.writer() as writer:
        with pytest.raises(ValueError, match=message):
            writer.put(numbered([1]), {space: vectors}, source="rows")
        put(writer, numbered([2]), [space])
    assert store.ids() == ["i0", "i2"]
    assert store.spaces()[0].rows == 4


def test_wrong_items_are_refused_and_nothing_is_kept(store):
    fill(store, 1)
    twice = [item("same", text("a")), item("same", text("b"))]
    with store.writer() as writer:
        with pytest.raises(StoreError, match="'same'"):
            writer.put(twice, {}, source="rows")
        with pytest.raises(StoreError, match="'colour'"):
            writer.put([item("x", text("a"), colour="red")], {}, source="rows")
        with pytest.raises(StoreError, match="no source 'absent'"):
            writer.put([item("x", text("a"))], {}, source="absent")
        with pytest.raises(ValueError, match="digest"):
            writer.put([NewItem("x", b"", (NewPart("text", b"short", "a"),))], {}, source="rows")
    assert store.ids() == ["i0"]


def test_a_closed_writer_says_so(store):
    writer = store.writer()
    writer.close()
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        writer.set_setting("a", "b")


def test_too_many_columns_are_refused(store):
    with store.writer() as writer, pytest.raises(StoreError, match="900 columns"):
        writer.add_source("wide", "wide", [Column(f"c{n}", "int") for n in range(901)])
    assert store.columns() == []


def test_two_columns_of_one_name_are_refused(store):
    with store.writer() as writer, pytest.raises(StoreError, match="'a'"):
        writer.add_source("k", "k", [Column("a", "int"), Column("a", "str")])


def test_a_copy_has_everything_and_its_own_life(store, tmp_path):
    space, vectors = fill(store)
    with Store.open(store.copy_to(tmp_path / "copy")) as copy:
        assert copy.ids() == store.ids()
        assert copy.nearest(space, vectors[5:6], 1)[0].tolist() == [[6]]
        assert copy.lexical("word4", 3)[0].tolist() == [9]
        with copy.writer() as writer:
            writer.delete(["i1"])
    assert len(store) == 20
    with pytest.raises(StoreError, match="already"):
        store.copy_to(tmp_path / "copy")


def test_removing_leaves_other_files_alone(store):
    fill(store)
    (store.folder / "notes.txt").write_text("mine")
    store.remove()
    assert [path.name for path in store.folder.iterdir()] == ["notes.txt"]
    assert not Store.exists(store.folder)


def test_removing_takes_an_empty_folder_with_it(store):
    fill(store)
    store.remove()
    assert not store.folder.exists()


def test_a_closed_store_leaves_no_log_behind(store):
    fill(store)
    store.close()
    names = {path.name for path in store.folder.iterdir()}
    assert names == {"lock", "records.sqlite", "space-1.vec"}


def test_columns_of_sources_are_merged(store):
    with store.writer() as writer:
        writer.add_source("a", "a", [Column("n", "int", "int64"), Column("d", "date")])
        writer.add_source("b", "b", [Column("n", "float", "float64"), Column("d", "str", "str")])
        writer.add_source("c", "c", COLUMNS[1:])
    kinds = {column.name: column.kind for column in store.columns()}
    assert kinds == {"n": "float", "d": "any", "price": "float", "name": "str"}
