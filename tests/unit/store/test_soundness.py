"""What is written over vectors comes to light when it is read, in small and in large spaces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_rows import COUNT, DIM, fill_large, units

from mmrag_jupyter.errors import StoreDamagedError
from mmrag_jupyter.store import Store, faiss_index, vectors
from mmrag_jupyter.store.soundness import are_sound

ROW = DIM * 4
# Rows 1200 to 1214 are in the first 15 of the 30 clusters.
FIRST, LAST = 1200, 1215

OVERWRITTEN = {
    "zeros": bytes(ROW),
    "ones": b"\xff" * ROW,
    "text": b"overwritten with a text of a log"[:ROW],
    "a number": np.float32(1e20).tobytes(),
    "half of it": bytes(ROW // 2),
}


def overwrite(store, data, first=FIRST, last=LAST):
    """Write over the beginning of some rows."""
    with (store.folder / "space-1.vec").open("r+b") as file:
        for row in range(first, last):
            file.seek(vectors.HEADER_BYTES + row * ROW)
            file.write(data)


def assert_told(caught):
    (line,) = str(caught.value).splitlines()
    assert "space-1.vec of collection 'things' holds numbers that are no vectors" in line
    assert "--repair" in line


@settings(deadline=None, max_examples=80)
@given(
    dim=st.sampled_from([8, 64, 512]),
    dtype=st.sampled_from(["float32", "float16"]),
    share=st.floats(0.1, 1),
    data=st.binary(min_size=1, max_size=64),
    at=st.floats(0, 1),
)
def test_vectors_are_sound_and_what_is_written_over_them_is_not(dim, dtype, share, data, at):
    rows = units(20, dim).astype(dtype)
    assert are_sound(rows).all()
    spoilt = bytearray(rows[3].tobytes())
    length = max(8, int(share * len(spoilt)))
    start = int(at * (len(spoilt) - length))
    spoilt[start : start + length] = (data * length)[:length]
    rows[3] = np.frombuffer(spoilt, dtype)
    sound = are_sound(rows)
    assert sound[[*range(3), *range(4, 20)]].all()
    with np.errstate(all="ignore"):
        length = np.linalg.norm(rows[3].astype(np.float64))
    assert sound[3] == (abs(length - 1) <= 0.01)


@pytest.mark.parametrize("data", OVERWRITTEN.values(), ids=OVERWRITTEN)
def test_damage_in_a_large_space_is_told_by_the_query_that_meets_it(large, data):
    store, space, rows = large
    overwrite(store, data)
    with Store.open(store.folder) as again:
        with pytest.raises(StoreDamagedError) as caught:
            again.nearest(space, rows[FIRST + 3][None], 10)
        assert_told(caught)
        # And again: it does not go away by having been told once.
        with pytest.raises(StoreDamagedError):
            again.nearest(space, rows[FIRST + 3][None], 10)


def test_a_query_that_meets_no_damage_is_answered_right(large):
    store, space, rows = large
    overwrite(store, bytes(ROW))
    far = np.array([row for row in range(COUNT) if row % 30 >= 20])
    met = 0
    with Store.open(store.folder) as again:
        for row in far[:40].tolist():
            try:
                parts, scores = again.nearest(space, rows[row][None], 3)
            except StoreDamagedError:
                met += 1
            else:
                assert parts[0][0] == row + 1
                assert np.allclose(scores[0], rows[parts[0] - 1] @ rows[row], atol=1e-5)
    assert met < 20


def test_damage_among_few_allowed_rows_is_told(large):
    store, space, rows = large
    overwrite(store, bytes(ROW))
    with Store.open(store.folder) as again:
        around = again.select(where="price between 1150 and 1300")
        with pytest.raises(StoreDamagedError) as caught:
            again.nearest(space, rows[:1], 3, around)
        assert_told(caught)
        apart = again.select(where="price < 150")
        assert again.nearest(space, rows[:1], 1, apart)[0].tolist() == [[1]]


def test_damage_among_rows_newer_than_the_index_is_told(large):
    store, space, rows = large
    fill_large(store, COUNT, 200)
    overwrite(store, bytes(ROW), COUNT + 20, COUNT + 21)
    with Store.open(store.folder) as again, pytest.raises(StoreDamagedError) as caught:
        again.nearest(space, rows[:1], 3)
    assert_told(caught)


@pytest.mark.parametrize("sample", [1, 48])
@pytest.mark.parametrize("row", [FIRST, COUNT - 1])
def test_no_index_is_built_over_damage(large, monkeypatch, row, sample):
    store, space, rows = large
    monkeypatch.setattr(faiss_index, "_TRAINING_PER_LIST", sample)
    overwrite(store, bytes(ROW), row, row + 1)
    index = store.folder / "space-1.faiss"
    index.unlink()
    with Store.open(store.folder) as again:
        with pytest.raises(StoreDamagedError) as caught:
            again.nearest(space, rows[:1], 3)
        assert_told(caught)
        with again.writer():
            pass
        again.wait_for_indexes()
        (notice,) = [line for line in again.notices if "no vectors" in line]
        assert notice == (
            "the search index of space 'model' could not be built (it holds numbers that are no "
            "vectors): searching goes on without it, exactly but more slowly"
        )
    assert not index.exists()
    assert list(store.folder.glob("*.new")) == []


def test_a_damaged_vector_is_given_out_by_no_other_way(large):
    store, space, _ = large
    overwrite(store, bytes(ROW))
    with Store.open(store.folder) as again:
        (part,) = again.parts([FIRST + 1])
        with pytest.raises(StoreDamagedError) as caught:
            again.vectors(space, [part.part])
        assert_told(caught)
        with pytest.raises(StoreDamagedError):
            again.vectors_of(space, [part.digest])
        assert len(again.vectors(space, [1, 2])) == 2


def test_a_large_space_is_repaired_and_indexed_again(large):
    store, space, rows = large
    overwrite(store, b"\xff" * ROW)
    store.close()
    (line, _) = Store.repair(store.folder)
    assert f"{LAST - FIRST} are embedded again by the next load" in line
    with Store.open(store.folder) as again:
        assert again.nearest(space, rows[:1], 1)[0].tolist() == [[1]]
        assert again.spaces()[0].dead == LAST - FIRST
        with again.writer():
            pass
        again.wait_for_indexes()
        found, _ = again.nearest(space, rows[FIRST : FIRST + 1], 30)
        assert not set(range(FIRST + 1, LAST + 1)) & set(found[0].tolist())
        assert [one for one in again.notices if "is not there yet" not in one] == []
    assert (store.folder / "space-1.faiss").exists()


def test_a_small_space_is_looked_at_as_a_whole_by_its_first_query(large, monkeypatch):
    store, space, rows = large
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", COUNT)
    overwrite(store, bytes(ROW))
    with Store.open(store.folder) as again, pytest.raises(StoreDamagedError):
        again.nearest(space, rows[:1], 1, again.select(ids=["i0"]))


def test_vectors_are_looked_at_once(large, monkeypatch):
    store, space, rows = large
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 2 * COUNT)
    looked = []
    monkeypatch.setattr(
        "mmrag_jupyter.store.soundness.are_sound",
        lambda found: looked.append(len(found)) or are_sound(found),
    )
    with Store.open(store.folder) as again:
        again.nearest(space, rows[:1], 1)
        again.nearest(space, rows[1:2], 1, again.select(where="price > 5"))
        assert sum(looked) == COUNT
        fill_large(again, COUNT, 50)
        again.nearest(space, rows[:1], 1)
        assert sum(looked) == COUNT + 50
