"""When the disk is full, read-only or of another format: one line, and nothing is lost."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from store_process import ENVIRONMENT, child
from store_rows import DIM, fill, numbered, put

from mmrag_jupyter.errors import StoreBusyError, StoreDamagedError, StoreError, WhereError
from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.store import Store, changes, schema, select, vectors


def assert_one_line(caught):
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def change(path, **pragmas):
    db = sqlite3.connect(path)
    for name, value in pragmas.items():
        db.execute(f"PRAGMA {name} = {value}")
    db.close()


def test_a_newer_format_is_refused(store):
    store.close()
    change(store.folder / "records.sqlite", user_version=schema.VERSION + 1)
    with pytest.raises(StoreError, match=rf"format {schema.VERSION + 1}.*upgrade") as caught:
        Store.open(store.folder)
    assert_one_line(caught)
    with pytest.raises(StoreError, match="upgrade"):
        Store.repair(store.folder)


def test_a_database_of_another_program_is_refused(tmp_path):
    db = sqlite3.connect(tmp_path / "records.sqlite")
    with db:
        db.execute("CREATE TABLE settings (a)")
    db.close()
    with pytest.raises(StoreError, match="not made by mmrag_jupyter"):
        Store.open(tmp_path)


def fail_with(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_loses_nothing_and_the_next_put_works(store, monkeypatch, code):
    space, given = fill(store, 3)
    with store.writer() as writer:
        with monkeypatch.context() as patch:
            patch.setattr(vectors, "_write", fail_with(code))
            with pytest.raises(StoreError, match="what was committed is kept") as caught:
                put(writer, numbered([5]), [space])
        assert_one_line(caught)
        assert store.ids() == ["i0", "i1", "i2"]
        more = put(writer, numbered([5]), [space], seed=8)
    assert store.nearest(space, more[:1], 1)[0].tolist() == [[7]]
    assert store.nearest(space, given[:1], 1)[0].tolist() == [[1]]


def test_a_write_that_stops_half_way_is_overwritten_by_the_next(store, monkeypatch):
    space, given = fill(store, 3)
    write = vectors._write

    def half(file, data):
        if len(data) < 16:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[: len(data) // 2])

    with store.writer() as writer:
        with monkeypatch.context() as patch:
            patch.setattr(vectors, "_write", half)
            with pytest.raises(StoreError, match="No space left"):
                put(writer, numbered([5]), [space])
        more = put(writer, numbered([6]), [space], seed=8)
    assert np.array_equal(store.vectors(space, [7, 8, 1]), [*more, given[0]])


def test_vectors_written_in_pieces_are_whole(store, monkeypatch):
    write = vectors._write
    monkeypatch.setattr(vectors, "_write", lambda file, data: write(file, data[:40]))
    space, given = fill(store, 5)
    assert np.array_equal(store.vectors(space, range(1, 11)), given)


@pytest.mark.parametrize("step", ["insert_items", "insert_parts", "append_run"])
def test_an_interrupt_in_the_middle_of_a_put_leaves_nothing_of_it(store, monkeypatch, step):
    space, _ = fill(store, 3)

    def interrupt(*_):
        raise KeyboardInterrupt

    with store.writer() as writer:
        with monkeypatch.context() as patch:
            patch.setattr(changes, step, interrupt)
            with pytest.raises(KeyboardInterrupt):
                put(writer, numbered([1, 5]), [space])
        assert store.ids() == ["i0", "i1", "i2"]
        assert len(store.lexical("word1", 3)[0]) == 1
        more = put(writer, numbered([1, 6]), [space], seed=8)
    assert store.ids() == ["i0", "i1", "i2", "i6"]
    assert store.nearest(space, more[:1], 1)[0].tolist() == [[7]]


LIMITED = """
import resource, sys
from pathlib import Path
import store_rows
from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.store import Store

store = Store.open(Path(sys.argv[1]))
limit = int(sys.argv[2])
space = store.spaces()[0].number
with store.writer() as writer:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    failed = ""
    try:
        store_rows.put(writer, store_rows.numbered(range(100, 4000)), [space])
    except StoreError as error:
        failed = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert "what was committed is kept" in failed, failed
    assert "\\n" not in failed
    assert len(store) == 20
    store_rows.put(writer, store_rows.numbered([7000]), [space])
print(len(store), len(store.lexical("word7000", 3)[0]))
"""


@pytest.mark.parametrize("limit", [30_000, 150_000, 300_000])
def test_files_that_cannot_grow_lose_nothing(store, limit):
    fill(store)
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(store.folder), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.stdout.split() == ["21", "1"], done.stderr
    with Store.open(store.folder) as again:
        assert len(again) == 21
        assert again.spaces()[0].rows == 42


def test_a_database_that_another_program_holds_is_busy(store, monkeypatch):
    monkeypatch.setattr(sqlite3, "connect", short_wait(sqlite3.connect))
    other = sqlite3.connect(store.folder / "records.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.writer() as writer:
        with pytest.raises(StoreBusyError, match="Another program") as caught:
            writer.set_setting("a", "b")
        assert_one_line(caught)
        other.execute("ROLLBACK")
        writer.set_setting("a", "b")
    other.close()
    assert store.setting("a") == "b"


def short_wait(connect):
    return lambda *arguments, **options: connect(*arguments, **{**options, "timeout": 0.05})


@pytest.fixture
def reachable():
    """A store where the user `nobody` can reach it, which the tests' own folders are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with Store.create(folder / "things", "things") as made:
        fill(made, 3)
        yield made
    (folder / "things").chmod(0o755)
    shutil.rmtree(folder)


def make_read_only(folder):
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)


@pytest.mark.skipif(sys.platform != "linux", reason="becomes another user")
def test_a_read_only_folder_can_be_read_and_not_written(reachable):
    reachable.close()
    make_read_only(reachable.folder)
    with child("unprivileged", reachable.folder) as reader:
        assert reader.hear() == ["i0", "i1", "i2"]
        assert len(reader.hear()) == 2
        assert reader.hear() == [3]
        (notice,) = reader.hear()
        assert "open for reading only" in notice
        assert "cannot be written" in reader.hear()


@pytest.mark.skipif(sys.platform != "linux", reason="becomes another user")
def test_a_read_only_folder_with_an_unfinished_log_is_refused(reachable):
    # As after a kill: the log is there, and nobody has it open.
    left = reachable.folder.with_name("left")
    left.mkdir()
    for path in reachable.folder.iterdir():
        if not path.name.endswith("-shm"):
            (left / path.name).write_bytes(path.read_bytes())
    assert (left / "records.sqlite-wal").stat().st_size
    make_read_only(left)
    with child("unprivileged", left) as reader:
        assert "not closed properly" in reader.hear()
    left.chmod(0o755)


def test_creating_where_nothing_can_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        Store.create(tmp_path / "file" / "things", "things")
    assert_one_line(caught)


def test_a_half_made_store_is_no_store(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "replace", fail_with(errno.ENOSPC))
    with pytest.raises(StoreError, match="No space left"):
        Store.create(tmp_path, "things")
    assert not Store.exists(tmp_path)
    monkeypatch.undo()
    Store.create(tmp_path, "things").close()


def test_a_condition_that_takes_too_long_is_stopped(store, monkeypatch):
    fill(store, 200)
    monkeypatch.setattr(select, "_SECONDS", 0.0)
    monkeypatch.setattr(select, "_STEPS_BETWEEN_LOOKS", 10)
    with pytest.raises(WhereError, match="takes longer") as caught:
        store.matching("price > 1")
    assert_one_line(caught)
    monkeypatch.undo()
    assert len(store.matching("price > 1")) == 198


@pytest.mark.parametrize(
    "expression", ["price <", "colour == 1", "(SELECT 1)", "1; DROP TABLE items", "readfile('x')"]
)
def test_a_wrong_condition_is_one_line(store, expression):
    fill(store, 3)
    with pytest.raises(WhereError) as caught:
        store.select(where=expression)
    assert_one_line(caught)
    assert len(store) == 3


def test_damage_found_while_reading_is_said(store):
    fill(store, 300)
    store.close()
    path = store.folder / "records.sqlite"
    with Store.open(store.folder) as again:
        data = bytearray(path.read_bytes())
        data[4096 * 12 :] = os.urandom(len(data) - 4096 * 12)
        path.write_bytes(bytes(data))
        with pytest.raises(StoreDamagedError, match="--repair") as caught:
            again.frame()
        assert_one_line(caught)


def test_a_vector_file_that_another_space_would_need_is_told_apart(store):
    space, _ = fill(store, 3)
    path = vectors.path_of(store.folder, store.spaces()[0])
    vectors.create(path, DIM + 1, "float32")
    with pytest.raises(StoreDamagedError, match=r"space-1\.vec") as caught:
        Store.open(store.folder)
    assert_one_line(caught)
    assert space == 1


@pytest.mark.parametrize("value", [1e20, float("nan"), 0.0])
def test_bytes_written_over_vectors_come_to_light_in_a_query(tmp_path, value):
    rows = np.eye(8, dtype=np.float32)
    with Store.create(tmp_path / "c", "c") as store, store.writer() as writer:
        writer.add_source("s", "s", [])
        space = writer.add_space("m", None, 8, frozenset({"text"}))
        items = [
            NewItem(f"i{at}", bytes(24), [NewPart("text", bytes([at]) * 16, "x")])
            for at in range(8)
        ]
        writer.put(items, {space: (np.arange(8), rows)}, source="s")
    path = tmp_path / "c" / f"space-{space}.vec"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size - 4 * 8)
        file.write(np.full(8, value, np.float32).tobytes())
    with Store.open(tmp_path / "c") as store, pytest.raises(StoreDamagedError, match="--repair"):
        store.nearest(space, rows[:1], 3)
    assert "1 are embedded again" in Store.repair(tmp_path / "c")[0]
