"""Nearest neighbours: exact where they are few, through an index where they are many."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_rows import COUNT, DIM, digest, fill, fill_large, image, item, put, text, units

from mmrag_jupyter.items import NewPart
from mmrag_jupyter.store import Store, faiss_index, flat, index_file, nearest
from mmrag_jupyter.store import vectors as vectors_file


def brute_force(queries, vectors, k, allowed=None):
    """Return the scores and rows that a numpy loop finds, padded with -inf and -1."""
    scores = queries @ vectors.astype(np.float32).T
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(scores, rows, 1)
    rows = np.where(np.isinf(best), -1, rows)
    padding = ((0, 0), (0, k - rows.shape[1]))
    return (
        np.pad(best, padding, constant_values=-np.inf),
        np.pad(rows, padding, constant_values=-1),
    )


@settings(deadline=None, max_examples=60)
@given(
    shape=st.tuples(st.integers(0, 60), st.integers(0, 25)),
    k=st.integers(0, 12),
    share=st.sampled_from([None, 0.0, 0.1, 0.7, 1.0]),
    dtype=st.sampled_from(["float32", "float16"]),
    blocks=st.sampled_from([1, 200, 1 << 25]),
)
def test_the_flat_search_is_what_numpy_finds(shape, k, share, dtype, blocks):
    rows, queries = shape
    vectors = units(rows, seed=rows).astype(dtype)
    asked = units(queries, seed=queries + 100)
    allowed = None if share is None else np.random.default_rng(k).random(rows) < share
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flat, "_BLOCK_BYTES", blocks)
        scores, found = flat.nearest(asked, vectors, k, allowed)
    expected, expected_rows = brute_force(asked, vectors, k, allowed)
    assert np.allclose(scores, expected, atol=1e-5)
    assert np.array_equal(found >= 0, expected_rows >= 0)
    if dtype == "float32":
        assert np.array_equal(found, expected_rows)
    for query, row, score in zip(asked, found, scores, strict=True):
        there = row[row >= 0]
        own = vectors[there].astype(np.float32) @ query
        assert np.allclose(own, score[: len(there)], atol=1e-5)
        assert len(set(there.tolist())) == len(there)


def test_a_query_of_another_shape_is_an_error(store):
    space, vectors = fill(store)
    with pytest.raises(ValueError, match="shape"):
        store.nearest(space, vectors[0], 3)
    with pytest.raises(ValueError, match="shape"):
        store.nearest(space, units(2, DIM + 1), 3)


def test_an_empty_space_finds_nothing(store):
    with store.writer() as writer:
        space = writer.add_space("m", None, DIM, frozenset({"text"}))
    parts, scores = store.nearest(space, units(2), 3)
    assert parts.tolist() == [[-1] * 3] * 2
    assert np.isneginf(scores).all()


def test_filters_come_before_the_search(store):
    space, vectors = fill(store, 50)
    # The query's own neighbours are all excluded, and still k parts come back.
    within = store.select(where="price >= 45", modality=["image"])
    parts, _ = store.nearest(space, vectors[:1], 10, within)
    assert within.count == 5
    assert sorted(parts[0][:5].tolist()) == [92, 94, 96, 98, 100]
    assert parts[0][5:].tolist() == [-1] * 5


def test_items_without_text_are_found_apart(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        space = writer.add_space("m", None, DIM, frozenset({"image", "text"}))
        both = item("both", text("words"), image("1"))
        caption = item("caption", NewPart("image", digest("2"), "a caption"))
        bare = item("bare", image("3"))
        vectors = put(writer, [both, caption, bare], [space])
    within = store.select(modality=["image"], without_text=True)
    assert store.nearest(space, vectors[:1], 4, within)[0].tolist() == [[4, -1, -1, -1]]
    assert within.count == 1
    assert store.lexical("words", 5, within)[0].tolist() == []


def test_a_selection_of_nothing_finds_nothing(store):
    space, vectors = fill(store)
    within = store.select(ids=[])
    assert within.count == 0
    assert store.nearest(space, vectors[:1], 2, within)[0].tolist() == [[-1, -1]]
    assert store.lexical("hello", 2, within)[0].tolist() == []
    assert store.select() is None
    assert store.select(ids=["i1", "absent"]).count == 1
    assert store.select(ids=["i1"], where="price > 5").count == 0
    assert store.select(modality=["audio"]).count == 0
    assert store.select(modality=["audio", "text"]).count == 20


def recall(store, space, vectors, queries, *, within=None, allowed=None):
    """Return the share of the true ten neighbours that are found; scores must be exact."""
    k = 10
    parts, scores = store.nearest(space, queries, k, within)
    expected, rows = brute_force(queries, vectors, k, allowed)
    pairs = zip(parts.tolist(), (rows + 1).tolist(), strict=True)
    shared = [len(set(found) & set(true)) for found, true in pairs]
    exact = np.einsum("ij,ikj->ik", queries, vectors[parts - 1])
    assert np.allclose(scores, exact, atol=1e-5)
    assert (np.diff(scores, axis=1) <= 1e-6).all()
    assert (scores[:, 0] <= expected[:, 0] + 1e-5).all()
    return sum(shared) / (k * len(queries))


def test_a_large_space_gets_an_index_when_it_is_written(large):
    store, space, vectors = large
    assert (store.folder / "space-1.faiss").exists()
    assert recall(store, space, vectors, vectors[:50]) > 0.95
    assert store.notices == []


def test_an_index_is_used_at_all(large, monkeypatch):
    store, space, vectors = large
    monkeypatch.setattr(flat, "nearest", None)
    assert store.nearest(space, vectors[3:4], 1)[0].tolist() == [[4]]


def test_few_allowed_rows_are_searched_exactly(large, monkeypatch):
    store, space, vectors = large
    monkeypatch.setattr(faiss_index.Index, "nearest", None)
    within = store.select(where="price < 150")
    allowed = np.arange(COUNT) < 150
    assert recall(store, space, vectors, vectors[:20], within=within, allowed=allowed) == 1


def test_many_allowed_rows_are_searched_through_the_index(large):
    store, space, vectors = large
    within = store.select(where="price >= 1000")
    allowed = np.arange(COUNT) >= 1000
    found = recall(store, space, vectors, vectors[:50], within=within, allowed=allowed)
    assert found > 0.95


def test_k_results_come_even_where_the_index_finds_fewer(large, monkeypatch):
    store, space, vectors = large
    parts, _ = store.nearest(space, vectors[:2], 2500)
    assert [len(set(row)) for row in parts.tolist()] == [2500, 2500]
    assert (parts > 0).all()
    monkeypatch.setattr(
        faiss_index.Index, "nearest", lambda _, queries, *__: flat.empty(len(queries), 10)
    )
    assert recall(store, space, vectors, vectors[:5]) == 1


def test_rows_newer_than_the_index_are_found_beside_it(large):
    store, space, vectors = large
    before = (store.folder / "space-1.faiss").read_bytes()
    _, more = fill_large(store, COUNT, 200)
    assert (store.folder / "space-1.faiss").read_bytes() == before
    everything = np.concatenate([vectors, more])
    assert recall(store, space, everything, more[:50]) > 0.95
    assert store.nearest(space, more[5:6], 1)[0].tolist() == [[COUNT + 6]]


def test_many_newer_rows_make_a_new_index(large):
    store, space, vectors = large
    before = (store.folder / "space-1.faiss").stat().st_size
    _, more = fill_large(store, COUNT, 1000)
    assert (store.folder / "space-1.faiss").stat().st_size > before
    assert recall(store, space, np.concatenate([vectors, more]), more[:50]) > 0.95


def test_dead_rows_are_not_found_through_the_index(large):
    store, space, vectors = large
    with store.writer() as writer:
        writer.delete([f"i{n}" for n in range(0, COUNT, 3)])
    allowed = np.arange(COUNT) % 3 > 0
    assert store.spaces()[0].dead == COUNT // 3
    assert recall(store, space, vectors, vectors[:50], allowed=allowed) > 0.95


def test_an_index_is_not_used_for_compacted_vectors(large):
    store, space, vectors = large
    assert store.nearest(space, vectors[4:5], 1)[0].tolist() == [[5]]
    with store.writer() as writer:
        writer.delete([f"i{n}" for n in range(0, COUNT, 3)])
        writer.compact()
    assert store.spaces()[0].rows == 2 * COUNT // 3
    assert store.nearest(space, vectors[4:5], 1)[0].tolist() == [[5]]


DAMAGE = {
    "missing": (lambda path: path.unlink(), "is not there yet"),
    "empty": (lambda path: path.write_bytes(b""), "was damaged"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-20_000]), "was damaged"),
    "sizes": (lambda path: flip(path, 300), "was damaged"),
    "count": (lambda path: flip(path, -STAMP_BYTES), "was damaged"),
    "name": (lambda path: flip(path, 16 - STAMP_BYTES), "was of older vectors"),
    "garbage": (lambda path: path.write_bytes(b"IxIV" + bytes(range(256)) * 50), "was damaged"),
}
STAMP_BYTES = index_file._STAMP.size


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(bytes(data))


def overwrite_lists(path):
    data = bytearray(path.read_bytes())
    uid = vectors_file.check_file(path.with_suffix(".vec"), DIM, "float32", COUNT).uid
    lists = COUNT * index_file.read_facts(path, uid).row_bytes
    data[-STAMP_BYTES - lists : -STAMP_BYTES] = b"\x77" * lists
    path.write_bytes(bytes(data))


DAMAGE["rows"] = overwrite_lists, "was damaged"


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_index_that_is_damaged_is_rebuilt_and_said(large, damage):
    store, space, vectors = large
    path = store.folder / "space-1.faiss"
    spoil, reason = DAMAGE[damage]
    with Store.open(store.folder) as other:
        spoil(path)
        assert other.nearest(space, vectors[7:8], 1)[0].tolist() == [[8]]
        (notice,) = other.notices
        assert notice.startswith(f"the search index of space 'model' {reason}: it is built in")
        other.wait_for_indexes()
        assert recall(other, space, vectors, vectors[:50]) > 0.95
        assert other.searched()[0].facts.covered == COUNT
        assert len(other.notices) == 1
    with Store.open(store.folder) as again:
        assert again.nearest(space, vectors[7:8], 1)[0].tolist() == [[8]]
        assert again.notices == []


def test_without_a_place_for_its_index_a_space_is_searched_exactly(large, monkeypatch):
    store, space, vectors = large
    (store.folder / "space-1.faiss").unlink()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(faiss_index, "build", fail)
    for _ in range(2):
        assert recall(store, space, vectors, vectors[:20]) == 1
        store.wait_for_indexes()
    (notice,) = [notice for notice in store.notices if "is not there yet" not in notice]
    assert notice == (
        "the search index of space 'model' could not be built (No space left on device): "
        "searching goes on without it, exactly but more slowly"
    )


def test_an_index_newer_than_the_commit_that_is_read_is_no_trouble(large):
    store, space, vectors = large
    view = store._in_space(space, lambda _, found: found)
    fill_large(store, COUNT, 1000)
    for allowed in (None, np.arange(COUNT) < 2000):
        index = faiss_index.Index.open(store.folder / "space-1.faiss", view.uid, 0.95)
        assert index.facts.covered > len(view.vectors)
        _, rows = index.nearest(vectors[:20], view.vectors, 10, allowed)
        assert rows.max() < (COUNT if allowed is None else 2000)
        assert rows.min() >= 0


def test_a_large_space_of_float16_is_indexed_too(store, monkeypatch):
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 1000)
    monkeypatch.setattr(nearest, "_EXACT_UP_TO", 200)
    vectors = units(2000)
    items = [item(f"i{n}", image(f"p{n}")) for n in range(2000)]
    with store.writer() as writer:
        writer.add_source("rows", "rows", [])
        space = writer.add_space("model", None, DIM, frozenset({"image"}), "float16")
        writer.put(items, {space: (np.arange(2000), vectors)}, source="rows")
    store.wait_for_indexes()
    assert store.searched()[0].facts.covered == 2000
    assert (store.folder / "space-1.vec").stat().st_size == 64 + 2000 * DIM * 2
    assert recall(store, space, vectors.astype(np.float16).astype(np.float32), vectors[:50]) > 0.9


def test_what_a_kill_left_of_an_index_is_cleared_away_but_not_one_in_the_making(large):
    store, *_ = large
    old, young, lost = (
        store.folder / name
        for name in ("space-1.faiss.17.new", "space-1.faiss.ab.new", "space-9.faiss")
    )
    for path in (old, young, lost):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    with store.writer():
        pass
    assert [path.exists() for path in (old, young, lost)] == [False, True, False]
    assert (store.folder / "space-1.faiss").exists()
