"""Kill a load at any point, or open a collection twice: nothing committed is lost or torn."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import StoreBusyError

ROWS = 400
TESTS = Path(__file__).parents[1]

# The child dies by SIGKILL, which nothing can catch, at the given call of one of the steps
# that a load goes through: embedding, syncing vectors, and each statement of SQLite.
CHILD = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import numpy as np, pandas as pd
import mmrag_jupyter as mm
from toys import ToyEmbedder
from mmrag_jupyter.ingest import reading

step, nth = sys.argv[1], int(sys.argv[2])
calls = 0

def count():
    global calls
    calls += 1
    if calls == nth:
        os.kill(os.getpid(), signal.SIGKILL)

reading.LARGEST_CHUNK = 64
embedder = ToyEmbedder()
if step == "embed":
    embed = embedder.embed_text
    def embed_text(texts, *, query):
        count()
        return embed(texts, query=query)
    embedder.embed_text = embed_text
elif step == "sync":
    fsync = os.fsync
    def counted_fsync(fd):
        count()
        fsync(fd)
        count()
    os.fsync = counted_fsync
else:
    sys.setprofile(lambda frame, event, arg: count() if event == "c_call"
                   and getattr(arg, "__name__", "") in ("execute", "executemany", "commit")
                   else None)

frame = pd.read_pickle({frame!r})
mm.Session(mm.Config(root={root!r})).load(frame, "c", text="title", id="id", model=embedder)
"""


@pytest.fixture
def frame():
    words = ["red", "green", "blue", "shoe", "boot", "hat", "coat", "scarf", "wool", "rain"]
    rng = random.Random(7)
    return pd.DataFrame(
        {
            "id": [f"i{number}" for number in range(ROWS)],
            "title": [f"{number} " + " ".join(rng.choices(words, k=4)) for number in range(ROWS)],
        }
    )


def assert_whole(collection, frame):
    """Assert that every item there is equals its row, and is found by both of its signals."""
    items = collection.items()
    if not len(items):
        return
    expected = frame[frame["id"].isin(items["id"])]
    pd.testing.assert_frame_equal(items.sort_index(), expected)
    for row in expected.sample(min(12, len(expected)), random_state=1).itertuples():
        hit = collection.query(row.title, k=1)[0]
        assert hit.id == row.id
        assert {why.signal: why.rank for why in hit.why} == {"lexical": 1, "text": 1}


@pytest.mark.parametrize(
    ("step", "nth"),
    [("embed", 1), ("embed", 3), ("sync", 1), ("sync", 2), ("sync", 6), ("sync", 9),
     *[("sql", nth) for nth in random.Random(3).sample(range(5, 140), 8)]],
)  # fmt: skip
def test_a_killed_load_keeps_whole_batches_and_goes_on(tmp_path, frame, step, nth):
    frame.to_pickle(tmp_path / "frame.pkl")
    root = tmp_path / "root"
    child = CHILD.format(tests=str(TESTS), frame=str(tmp_path / "frame.pkl"), root=str(root))
    ended = subprocess.run([sys.executable, "-c", child, step, str(nth)], check=False)
    assert ended.returncode == -signal.SIGKILL

    session = mm.Session(mm.Config(root=str(root)))
    if session.names():
        left = session.open("c", model=ToyEmbedder())
        assert_whole(left, frame)
        before = len(left)
    else:
        before = 0
    embedder = ToyEmbedder()
    session.close(root / "c")
    collection = session.open("c", model=embedder) if session.names() else None
    collection = session.load(frame, "c", text="title", id="id", model=embedder)
    assert (collection.last_load.added, len(collection)) == (ROWS - before, ROWS)
    assert embedder.texts == ROWS - before
    assert_whole(collection, frame)


HOLDER = """
import sys
sys.path.insert(0, {tests!r})
import pandas as pd
import mmrag_jupyter as mm
from toys import ToyEmbedder

class Waiting(ToyEmbedder):
    def embed_text(self, texts, *, query):
        print("writing", flush=True)
        sys.stdin.readline()
        return super().embed_text(texts, query=query)

frame = pd.DataFrame({{"id": ["new"], "title": ["brand new thing"]}})
mm.Session(mm.Config(root={root!r})).open("c", model=(e := Waiting())).load(
    frame, key="table:more", text="title", id="id")
print("done", flush=True)
"""


@contextmanager
def writing(root):
    """Give a process that is in the middle of a load, and end it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(tests=str(TESTS), root=str(root))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "writing\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_one_writer_at_a_time_and_readers_see_the_last_commit(tmp_path, frame):
    root = tmp_path / "root"
    session = mm.Session(mm.Config(root=str(root)))
    reader = session.load(frame, "c", text="title", id="id", model=ToyEmbedder())
    with writing(root) as holder:
        with pytest.raises(StoreBusyError, match=str(holder.pid)):
            reader.delete(["i1"])
        assert "new" not in reader.query("brand new thing", k=3).ids
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "done\n"
        assert reader.query("brand new thing", k=1).ids == ["new"]
    assert reader.delete(["i1"]) == 1


def test_the_lock_of_a_killed_writer_does_not_block(tmp_path, frame):
    root = tmp_path / "root"
    session = mm.Session(mm.Config(root=str(root)))
    collection = session.load(frame, "c", text="title", id="id", model=ToyEmbedder())
    with writing(root) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    assert collection.delete(["i1"]) == 1
