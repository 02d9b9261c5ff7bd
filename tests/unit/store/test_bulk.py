"""All of a collection at once: its vectors block by block, its hashes, texts and ids."""

from __future__ import annotations

import numpy as np
import pytest
from store_rows import DIM, digest, fill

from mmrag_jupyter.errors import StoreDamagedError
from mmrag_jupyter.store import Selection, Store
from mmrag_jupyter.store.vectors import HEADER_BYTES

COUNT = 20


@pytest.fixture
def filled(tmp_path):
    """Return a store of items with a text and a picture each, their space and vectors."""
    with Store.create(tmp_path / "c", "c") as store:
        yield store, *fill(store, COUNT)


def test_all_vectors_are_read_in_the_order_of_the_items(filled):
    store, space, vectors = filled
    found = store.matrix(space)
    assert len(found) == 2 * COUNT
    assert found.dim == DIM
    blocks = [found.read(start, start + 7) for start in range(0, len(found), 7)]
    assert np.concatenate(blocks) == pytest.approx(vectors, abs=1e-6)
    assert found.items.tolist() == sorted(found.items.tolist())
    assert [row.item for row in store.parts(found.parts)] == found.items.tolist()


def test_a_selection_chooses_items_and_modality(filled):
    store, space, vectors = filled
    numbers = store.numbers()
    within = Selection(np.array(numbers[3:6], np.int64), None, frozenset({"image"}))
    found = store.matrix(space, within)
    assert found.items.tolist() == numbers[3:6]
    assert found.read(0, 3) == pytest.approx(vectors[7:13:2], abs=1e-6)


def test_vectors_of_what_was_deleted_are_left_out(filled):
    store, space, vectors = filled
    gone = [row.id for row in store.items(store.numbers()[:5])]
    with store.writer() as writer:
        writer.delete(gone)
    found = store.matrix(space)
    assert found.read(0, len(found)) == pytest.approx(vectors[10:], abs=1e-6)
    with store.writer() as writer:
        writer.compact()
    assert store.matrix(space).read(0, 99) == pytest.approx(vectors[10:], abs=1e-6)


def test_what_was_written_over_vectors_is_told(filled):
    store, space, _ = filled
    (path,) = store.folder.glob("space-*.vec")
    with path.open("r+b") as file:
        file.seek(HEADER_BYTES + 4 * DIM * 11)
        file.write(b"\xff" * 4 * DIM)
    found = store.matrix(space)
    assert len(found.read(0, 11)) == 11
    with pytest.raises(StoreDamagedError, match="numbers that are no vectors"):
        found.read(0, len(found))


def test_hashes_texts_ids_and_counts(filled):
    store, _, _ = filled
    numbers = store.numbers()
    items, digests = store.digests("image")
    assert items.tolist() == numbers
    assert digests[4] == digest("p4")
    texts = list(store.texts())
    assert [item for item, _ in texts] == numbers
    known = store.ids_of(numbers)
    assert list(known) == numbers
    assert store.ids_of([*numbers[:2], 10**6]) == {one: known[one] for one in numbers[:2]}
    assert store.item_counts() == {"text": COUNT, "image": COUNT}


def test_a_frame_without_pictures_leaves_their_columns_out(tmp_path):
    import pandas as pd
    from toys import ToyEmbedder, picture

    import mmrag_jupyter as mm

    rows = pd.DataFrame({"photo": [picture("red")], "price": [1.5]})
    session = mm.Session(mm.Config(root=str(tmp_path)))
    made = session.load(rows, "p", image="photo", model=ToyEmbedder(), progress=False)
    snapshot = made.store.snapshot()
    assert snapshot.frame().columns.tolist() == ["photo", "price"]
    assert snapshot.frame(pictures=False).columns.tolist() == ["price"]
    assert snapshot.frame(pictures=False).price.tolist() == [1.5]
