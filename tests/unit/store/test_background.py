"""Caches are built beside what the user does, by one at a time, and ended with the collection."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import store_rows
from filelock import FileLock
from store_rows import COUNT

from mmrag_jupyter.store import Store, faiss_index, headroom
from mmrag_jupyter.store.background import Background


@pytest.fixture
def background():
    made = Background()
    yield made
    made.close()


def never(reason):
    raise AssertionError(reason)


def test_the_same_is_built_once_at_a_time(background, tmp_path):
    gate, runs = threading.Event(), []

    def work(told):
        told(1, 4)
        runs.append(1)
        gate.wait()

    for _ in range(3):
        background.start(tmp_path / "cache", 1, work, never)
    while not runs:
        pass
    assert background.progress(tmp_path / "cache") == (1, 4)
    gate.set()
    background.wait()
    assert runs == [1]
    assert background.progress(tmp_path / "cache") is None


def test_what_another_process_builds_is_left_to_it(background, tmp_path):
    with FileLock(f"{tmp_path / 'cache'}.lock", thread_local=False):
        background.start(tmp_path / "cache", 1, lambda _: never("built twice"), never)
        background.wait()
    assert background.progress(tmp_path / "cache") is None


def test_what_failed_is_tried_again_when_something_has_changed(background, tmp_path):
    reasons = []

    def work(_):
        raise OSError(28, "No space left on device")

    for state in (1, 1, 2):
        background.start(tmp_path / "cache", state, work, reasons.append)
        background.wait()
    assert reasons == ["No space left on device"] * 2


def test_closing_ends_what_is_built(tmp_path):
    background, begun = Background(), threading.Event()

    def work(told):
        while True:
            told(0, 1)
            begun.set()

    background.start(tmp_path / "cache", 1, work, never)
    begun.wait()
    background.close()
    assert background.progress(tmp_path / "cache") is None
    background.start(tmp_path / "cache", 2, work, never)
    assert background.progress(tmp_path / "cache") is None


CHILD = """
import sys
from pathlib import Path
from mmrag_jupyter.store import Store, faiss_index
faiss_index.INDEX_ABOVE = 1000
build = faiss_index.build
def slow(*given):
    while True:
        given[-1](1, 2)
        print("building", flush=True)
faiss_index.build = slow
store = Store.open(Path(sys.argv[1]))
store.searched()
sys.stdin.readline()
if sys.argv[2] == "kill":
    import os
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_process_that_ends_in_the_midst_leaves_the_rest_to_the_next(large, end):
    store, *_ = large
    index = store.folder / "space-1.faiss"
    index.unlink()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store.folder), end],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[3], env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert child.stdout.readline() == "building\n"
    with Store.open(store.folder) as other:
        other.searched()
        other.wait_for_indexes()
        assert not index.exists()  # it is left to the child
    _, errors = child.communicate("\n")
    assert child.returncode == (0 if end == "exit" else -9)
    assert errors == ""
    with Store.open(store.folder) as other:
        other.searched()
        other.wait_for_indexes()
        assert other.searched()[0].facts.covered == COUNT


def test_an_index_larger_than_the_memory_is_told_in_a_line(large, monkeypatch):
    store, space, vectors = large
    (store.folder / "space-1.faiss").unlink()
    monkeypatch.setattr(headroom, "free_bytes", lambda: 1000)
    with Store.open(store.folder) as again:
        assert again.nearest(space, vectors[3:4], 1)[0].tolist() == [[4]]
        again.wait_for_indexes()
        line = again.notices[-1]
        assert "could not be built (it takes 0.0 GB of memory, and 0.0 GB are free)" in line
        assert again.nearest(space, vectors[4:5], 1)[0].tolist() == [[5]]
    assert not (store.folder / "space-1.faiss").exists()


def test_free_memory_is_read_where_the_machine_says_it(tmp_path, monkeypatch):
    said = tmp_path / "meminfo"
    monkeypatch.setattr(headroom, "_MEMINFO", said)
    assert headroom.free_bytes() is None
    said.write_text("MemTotal: 10 kB\nMemAvailable:       7 kB\n")
    assert headroom.free_bytes() == 7 * 1024
    with pytest.raises(MemoryError, match="it takes"):
        headroom.refuse_more_than_free(8000)
    headroom.refuse_more_than_free(7000)
    said.write_text("nonsense")
    headroom.refuse_more_than_free(1 << 60)


FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
import store_rows
from mmrag_jupyter.store import Store, faiss_index, words

# As a full disk, but for this process alone: no file grows any more.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
faiss_index.INDEX_ABOVE, words.INDEX_ABOVE = 1000, 100
vectors = store_rows.units(3000, 64)
with Store.create(Path(sys.argv[1]) / "things", "things") as store:
    with store.writer() as writer:
        writer.add_source("rows", "rows", store_rows.COLUMNS)
        space = writer.add_space("m", None, 64, frozenset({"text"}))
        texts = [store_rows.text(f"word{n} common") for n in range(3000)]
        items = [store_rows.item(f"i{n}", one) for n, one in enumerate(texts)]
        writer.put(items, {space: (np.arange(3000), vectors)}, source="rows")
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
    store.wait_for_indexes()
    print(*store.notices, sep="\\n")
    print(store.nearest(space, vectors[5:6], 1)[0][0, 0], store.lexical("word5", 1)[0][0])
    print(*sorted(path.name for path in store.folder.glob("*.new")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
with Store.open(store.folder) as store:
    store.searched(), store.lexical("word5", 1)
    store.wait_for_indexes()
    print(store.searched()[0].facts.covered, (store.folder / "words.tantivy").exists())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits files as Linux does")
def test_when_the_disk_is_really_full_one_line_says_so_and_the_next_time_it_is_built(tmp_path):
    places = Path(store_rows.__file__).parent, Path(__file__).parents[3]
    helpers = os.pathsep.join(map(str, places))
    child = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": helpers},
    )  # fmt: skip
    *lines, found, drafts, later = child.stdout.splitlines()
    told = sorted(line.split(":")[0] for line in lines)
    assert told[1] == "the search index of space 'm' could not be built (File too large)"
    assert told[0].startswith("the index of words could not be built (")
    assert len(lines) == 2, lines
    assert (found, drafts, later) == ("6 6", "", "3000 True"), child.stderr


def test_a_disk_that_fills_up_leaves_the_index_that_was_there(large, monkeypatch):
    store, space, vectors = large
    before = (store.folder / "space-1.faiss").read_bytes()

    def full(*_):
        raise RuntimeError("Error in write_index: 'ret == size' failed: No space left on device")

    monkeypatch.setattr("faiss.write_index", full)
    monkeypatch.setattr(faiss_index, "BESIDE", 0)
    with Store.open(store.folder) as again:
        monkeypatch.setattr(faiss_index, "is_wanted", lambda *_: True)
        assert again.nearest(space, vectors[3:4], 1)[0].tolist() == [[4]]
        again.wait_for_indexes()
        (line,) = again.notices
        assert "No space left on device): searching goes on" in line
        assert "\n" not in line
    assert (store.folder / "space-1.faiss").read_bytes() == before
    assert list(store.folder.glob("*.new")) == []
