"""Spaces with many vectors a part: written, deleted, compacted, copied, and saved from damage."""

from __future__ import annotations

import shutil
import sqlite3

import numpy as np
import pytest
from store_rows import digest, fill

from mmrag_jupyter.errors import StoreDamagedError, StoreError
from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.store import Question, Store, tokens, tokens_writing

DIM = 8


def tokens_of(number):
    """Return the tokens of item `number`: more or fewer, and never those of another."""
    rng = np.random.default_rng(number)
    found = rng.standard_normal((3 + number % 5, DIM)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def items(numbers):
    return [NewItem(f"i{n}", digest(f"i{n}"), [NewPart("page", digest(f"p{n}"))]) for n in numbers]


def put(writer, space, numbers):
    numbers = list(numbers)
    own = [tokens_of(number) for number in numbers]
    writer.put(items(numbers), {space: (np.arange(len(own)), own)}, source="rows")


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "c", "c") as store:
        with store.writer() as writer:
            writer.add_source("rows", "rows", ())
            space = writer.add_space("late", None, DIM, frozenset({"text", "page"}), late=True)
            put(writer, space, range(20))
        yield store


def has(store, number, space=1):
    """Tell whether a part is there with its own tokens, by hash and by search."""
    key = digest(f"p{number}")
    found = store.tokens.of_digests(space, [key]).get(key)
    if found is None:
        return False
    assert np.allclose(found, tokens_of(number), atol=2e-3)
    own = tokens_of(number)
    parts, scores = store.tokens.nearest(
        space, Question(own, np.full(len(own), 1 / len(own), np.float32)), 1
    )
    assert store.parts(parts.tolist())[0].item_id == f"i{number}"
    assert scores[0] == pytest.approx(1, abs=1e-2)
    return True


def all_there(store, numbers, space=1):
    return [number for number in range(30) if has(store, number, space)] == list(numbers)


def test_tokens_come_back_as_they_were(store):
    assert all_there(store, range(20))
    space = store.spaces()[0]
    assert (space.token_dim, space.dim) == (DIM, tokens.FEW * DIM)
    assert space.token_rows == sum(len(tokens_of(number)) for number in range(20))
    assert [len(one) for one in store.tokens.of_parts(1, [3, 1])] == [5, 3]
    assert store.tokens.of_parts(1, [999]) == []


def test_they_are_kept_as_float16_and_a_few_beside_them(store):
    rows = store.spaces()[0].token_rows
    assert (store.folder / "space-1.tok").stat().st_size == 64 + rows * DIM * 2
    assert (store.folder / "space-1.vec").stat().st_size == 64 + 20 * tokens.FEW * DIM * 2


def test_a_second_load_is_seen_and_the_order_of_ordinals_does_not_matter(store):
    with store.writer() as writer:
        own = [tokens_of(21), tokens_of(20)]
        writer.put(items([20, 21]), {1: (np.array([1, 0]), own)}, source="rows")
    assert all_there(store, range(22))


def test_what_is_deleted_is_not_found(store):
    with store.writer() as writer:
        writer.delete(["i3", "i19"])
    assert all_there(store, [n for n in range(19) if n != 3])


def test_an_item_that_is_stored_again_has_its_new_tokens(store):
    with store.writer() as writer:
        again = NewItem("i4", digest("new"), [NewPart("page", digest("p25"))])
        writer.put([again], {1: (np.array([0]), [tokens_of(25)])}, source="rows")
    assert not has(store, 4)
    key = digest("p25")
    assert np.allclose(store.tokens.of_digests(1, [key])[key], tokens_of(25), atol=2e-3)


def test_a_compaction_leaves_no_dead_tokens(store):
    with store.writer() as writer:
        writer.delete([f"i{n}" for n in range(0, 20, 2)])
        writer.compact()
    rows = sum(len(tokens_of(number)) for number in range(1, 20, 2))
    assert store.spaces()[0].token_rows == rows
    assert sorted(path.name for path in store.folder.glob("space-*")) == [
        "space-1.1.tok",
        "space-1.1.vec",
    ]
    assert all_there(store, range(1, 20, 2))
    with store.writer() as writer:
        put(writer, 1, [24])
    assert all_there(store, [*range(1, 20, 2), 24])


def test_tokens_of_parts_that_were_stored_without_come_later(store):
    with store.writer() as writer:
        writer.put(items([22]), {}, source="rows")
        missing = store.parts_without_vector(1, "page")
        writer.put_vectors(1, np.array(missing), [tokens_of(22)])
    assert all_there(store, [*range(20), 22])


def test_a_copy_and_a_reopened_collection_have_them(store, tmp_path):
    store.copy_to(tmp_path / "copy")
    with Store.open(tmp_path / "copy") as copy:
        assert all_there(copy, range(20))


def test_a_dropped_space_leaves_nothing(store):
    with store.writer() as writer:
        writer.drop_space(1)
    assert not list(store.folder.glob("space-*"))
    with sqlite3.connect(store.folder / "records.sqlite") as db:
        assert db.execute("SELECT count(*) FROM spans").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM tokens").fetchone() == (0,)


def test_a_removed_collection_leaves_nothing(store):
    store.remove()
    assert not store.folder.exists()


def test_an_unfinished_write_is_overwritten_by_the_next(store, monkeypatch):
    class KilledError(Exception):
        pass

    def killed(*_):
        raise KilledError

    with store.writer() as writer:
        with monkeypatch.context() as patch:
            patch.setattr(tokens_writing.changes, "append_run", killed)
            with pytest.raises(KilledError):
                put(writer, 1, [27, 28])
        before = (store.folder / "space-1.tok").stat().st_size
        put(writer, 1, [20])
    assert (store.folder / "space-1.tok").stat().st_size == before
    assert all_there(store, range(21))


def test_tokens_that_do_not_fit_are_refused_and_nothing_is_kept(store):
    wrong = [np.ones((3, 5), np.float32), np.ones(DIM, np.float32), np.empty((0, DIM))]
    with store.writer() as writer:
        for own in wrong:
            with pytest.raises(ValueError, match="for space 'late'"):
                writer.put(items([20]), {1: (np.array([0]), [own])}, source="rows")
        broken = tokens_of(20)
        broken[0, 0] = np.inf
        with pytest.raises(ValueError, match="not finite"):
            writer.put(items([20]), {1: (np.array([0]), [broken])}, source="rows")
    assert len(store) == 20
    assert all_there(store, range(20))


def test_a_space_of_one_vector_a_part_is_no_space_of_many(store):
    with store.writer() as writer, pytest.raises(StoreError, match="give it another name"):
        writer.add_space("late", None, DIM, frozenset({"page"}))


def test_a_collection_without_such_spaces_knows_nothing_of_them(tmp_path):
    with Store.create(tmp_path / "plain", "plain") as plain:
        fill(plain, 3)
        with sqlite3.connect(plain.folder / "records.sqlite") as db:
            names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
        assert not names & {"tokens", "spans"}
        assert plain.spaces()[0].token_dim == 0


@pytest.mark.parametrize("harm", ["missing", "cut", "header"])
def test_a_damaged_file_is_told_and_what_can_be_read_is_saved(store, harm):
    path = store.folder / "space-1.tok"
    store.close()
    size = path.stat().st_size
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        with path.open("r+b") as file:
            file.truncate(size // 2)
    else:
        with path.open("r+b") as file:
            file.write(b"\0" * 64)
    with pytest.raises(StoreDamagedError, match="damaged"):
        Store.open(store.folder)
    lines = Store.repair(store.folder)
    assert any("tokens" in line for line in lines)
    with Store.open(store.folder) as repaired:
        kept = [number for number in range(20) if has(repaired, number)]
        expected = {"missing": [], "header": list(range(20))}.get(harm)
        assert kept == expected if expected is not None else 0 < len(kept) < 20
        # What was lost is written again, after what was kept.
        missing = repaired.parts_without_vector(1, "page")
        assert len(missing) == 20 - len(kept)
        numbers = [int(row.item_id[1:]) for row in repaired.parts(missing)]
        with repaired.writer() as writer:
            writer.put_vectors(1, np.array(missing), [tokens_of(n) for n in numbers])
        assert all_there(repaired, range(20))


def test_garbage_over_tokens_costs_those_parts_alone(store):
    path = store.folder / "space-1.tok"
    store.close()
    with path.open("r+b") as file:
        file.seek(64 + 10 * DIM * 2)
        file.write(b"\x7c\x7c" * DIM)
    Store.repair(store.folder)
    with Store.open(store.folder) as repaired:
        assert sum(has(repaired, number) for number in range(20)) == 19


def test_lost_records_are_saved_with_their_tokens(store):
    records = store.folder / "records.sqlite"
    store.close()
    with sqlite3.connect(records) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(records.read_bytes())
    data[:100] = b"\0" * 100
    records.write_bytes(data)
    for suffix in ("-wal", "-shm"):
        records.with_name(records.name + suffix).unlink(missing_ok=True)
    Store.repair(store.folder)
    with Store.open(store.folder) as repaired:
        assert all_there(repaired, range(20))


def test_a_reader_goes_on_while_the_file_is_compacted(store, tmp_path):
    other = Store.open(store.folder)
    assert has(other, 5)
    with store.writer() as writer:
        writer.delete(["i1"])
        writer.compact()
    assert has(other, 5)
    assert not has(other, 1)
    other.close()
    shutil.rmtree(tmp_path / "c")


def test_few_vectors_stand_for_many():
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((tokens.FEW, DIM)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    many = np.repeat(centres, 4, axis=0)
    found = tokens_writing.few_of(many) * np.sqrt(tokens.FEW)
    assert (found @ centres.T).max(axis=0).min() > 0.99
    assert np.linalg.norm(tokens_writing.few_of(many)) == pytest.approx(1, abs=1e-5)
    one = tokens_writing.few_of(centres[:1])
    assert one.shape == (tokens.FEW, DIM)
    assert np.isfinite(tokens_writing.few_of(np.stack([centres[0], -centres[0]]))).all()
