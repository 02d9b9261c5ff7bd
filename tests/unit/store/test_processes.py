"""Two processes on one store: the lock, what readers see, and kill -9 in the middle of it."""

from __future__ import annotations

import random
import socket
import threading
import time

import numpy as np
import pytest
import store_child
from store_process import child
from store_rows import digest, fill, numbered, put

from mmrag_jupyter.errors import StoreBusyError
from mmrag_jupyter.store import Store, nearest
from mmrag_jupyter.store.spaces import space_of


def test_the_second_writer_is_told_who_the_first_is(store):
    with child("hold", store.folder) as holder:
        assert holder.hear() == "holding"
        with pytest.raises(StoreBusyError) as caught:
            store.writer()
        message = str(caught.value)
        assert f"process {holder.process.pid} on {socket.gethostname()} since 20" in message
        assert "\n" not in message


def test_a_killed_writer_does_not_block_the_next(store):
    with child("hold", store.folder) as holder:
        assert holder.hear() == "holding"
        holder.kill()
        with store.writer() as writer:
            writer.set_setting("after", "all")
    assert store.setting("after") == "all"


def test_a_second_writer_in_the_same_process_is_told_so(store):
    with (
        Store.open(store.folder) as again,
        store.writer(),
        pytest.raises(StoreBusyError, match="this very process"),
    ):
        again.writer()
    with again.writer():
        pass


def test_a_reader_elsewhere_sees_each_commit(store):
    space, vectors = fill(store, 3)
    with child("serve", store.folder) as reader:
        assert reader.hear() == "open"
        assert reader.ask("ids") == ["i0", "i1", "i2"]
        assert reader.ask("nearest", space, vectors[0].tolist(), 1) == [1]
        with store.writer() as writer:
            more = put(writer, numbered([5]), [space], seed=1)
            assert reader.ask("ids") == ["i0", "i1", "i2", "i5"]
            assert reader.ask("nearest", space, more[0].tolist(), 1) == [7]
            assert reader.ask("lexical", "word5", 3) == [7]
            writer.delete(["i0"])
            assert 1 not in reader.ask("nearest", space, vectors[0].tolist(), 9)


def test_a_reader_elsewhere_survives_a_compaction(store):
    space, vectors = fill(store, 6)
    with child("serve", store.folder) as reader:
        reader.hear()
        assert reader.ask("nearest", space, vectors[11].tolist(), 1) == [12]
        with store.writer() as writer:
            writer.delete(["i0", "i3"])
            writer.compact()
            assert reader.ask("nearest", space, vectors[11].tolist(), 1) == [12]
            more = put(writer, numbered([9]), [space], seed=1)
        assert reader.ask("nearest", space, more[1].tolist(), 1) == [14]


def test_a_compaction_just_before_a_file_is_opened_is_no_trouble(store, monkeypatch):
    space, vectors = fill(store, 6)
    check = nearest.checked
    calls = []

    def compacted_meanwhile(folder, found):
        calls.append(found.generation)
        if len(calls) == 1:
            with Store.open(folder) as other, other.writer() as writer:
                writer.delete(["i0"])
                writer.compact()
        return check(folder, found)

    with Store.open(store.folder) as late:
        monkeypatch.setattr(nearest, "checked", compacted_meanwhile)
        assert late.nearest(space, vectors[11:], 1)[0].tolist() == [[12]]
    assert calls[0] == 0
    assert calls[-1] == 1


def test_a_reader_of_an_older_commit_is_not_given_newer_rows(store):
    space, _ = fill(store, 3)
    with store._readers.snapshot() as db:
        old = space_of(db, space)
        with store.writer() as writer:
            put(writer, numbered([5]), [space], seed=1)
        assert len(store._in_space(space, lambda _, view: view.rows.parts)) == 8
        view = store._views.of(db, old)
        assert len(view.vectors) == len(view.rows.parts) == len(view.rows.flags) == 6


def test_a_space_that_is_dropped_is_gone_elsewhere_too(store):
    space, vectors = fill(store, 2)
    with Store.open(store.folder) as other:
        other.nearest(space, vectors[:1], 1)
        with store.writer() as writer:
            writer.drop_space(space)
        assert other.spaces() == []
        with pytest.raises(KeyError):
            other.nearest(space, vectors[:1], 1)


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_leaves_whole_batches_and_nothing_else(store, seed):
    chance = random.Random(seed)
    store.close()
    committed = -1
    for _ in range(4):
        with child("put", store.folder) as writer:
            for _ in range(chance.randint(1, 6)):
                committed = writer.hear()
            # Not to wait for anything, but to be killed at any point of a commit.
            time.sleep(chance.random() * 0.03)
            said = writer.kill()
            committed = said[-1] if said else committed
        assert_whole(store.folder, committed)


def assert_whole(folder, committed):
    """The batches that were told are there, perhaps one more, and each of them whole."""
    with Store.open(folder) as store:
        batches, rest = divmod(len(store), store_child.BATCH)
        assert rest == 0
        assert committed + 1 <= batches <= committed + 2
        count = batches * store_child.BATCH
        assert store.ids() == [f"i{n}" for n in range(count)]
        assert store.part_counts() == {"text": count, "image": count}
        space = store.spaces()[0].number
        for batch in range(batches):
            vectors = store_child.batch_vectors(batch)
            parts, scores = store.nearest(space, vectors, 1)
            assert (scores > 1 - 1e-5).all()
            assert np.allclose(store.vectors(space, parts[:, 0].tolist()), vectors)
            found = store.parts(parts[:, 0].tolist())
            first = batch * store_child.BATCH
            assert [row.item_id for row in found] == [
                f"i{first + n // 2}" for n in range(len(vectors))
            ]
        for number in (0, count - 1):
            assert len(store.lexical(f"word{number}", 5)[0]) == 1
            assert len(store.vectors_of(space, [digest(f"p{number}")])) == 1


def test_many_threads_read_while_one_writes(store):
    space, vectors = fill(store, 10)
    failures = []
    stop = threading.Event()

    def read():
        try:
            while not stop.is_set():
                parts, scores = store.nearest(space, vectors[:2], 5)
                assert (scores[:, 0] > 1 - 1e-5).all()
                assert len(store.parts(parts[0].tolist())) == 5
                assert len(store.lexical("word3", 3)[0]) == 1
                assert store.select(where="price < 5").count >= 5
                assert len(store.items(list(store.find(["i1"]).values()))) == 1
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10, 25):
        with store.writer() as writer:
            put(writer, numbered([number]), [space], seed=number)
            if number % 5 == 0:
                writer.delete([f"i{number}"])
                writer.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store) == 22
