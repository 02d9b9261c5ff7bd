from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest

from mmrag_jupyter.sources.walk import Files, walk


def untold(_):
    """Say nothing."""


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def found(folder):
    files, problems = walk(folder, untold)
    return [one.relative for one in files], {one.source: one.reason for one in problems}


def test_files_come_in_the_order_of_their_paths_with_size_and_time(tmp_path):
    make(tmp_path, "b.png", "a/z.png", "a/b/c.png")
    files, problems = walk(tmp_path, untold)
    assert [one.relative for one in files] == ["a/b/c.png", "a/z.png", "b.png"]
    assert problems == []
    assert files[0].path == tmp_path / "a/b/c.png"
    assert files[0].size == len("a/b/c.png")
    assert files[0].mtime_ns == (tmp_path / "a/b/c.png").stat().st_mtime_ns


def test_hidden_files_and_folders_are_left_out(tmp_path):
    make(tmp_path, ".hidden.png", ".folder/a.png", "shown.png")
    assert found(tmp_path) == (["shown.png"], {})


def test_a_hidden_folder_can_be_walked_when_named(tmp_path):
    make(tmp_path, ".photos/a.png")
    assert found(tmp_path / ".photos") == (["a.png"], {})


def test_links_that_lead_nowhere_are_problems(tmp_path):
    make(tmp_path, "a.png")
    (tmp_path / "dead.png").symlink_to("gone.png")
    (tmp_path / "self.png").symlink_to("self.png")
    files, problems = found(tmp_path)
    assert files == ["a.png"]
    assert problems == {
        "dead.png": "a link to 'gone.png', which is not there",
        "self.png": "a link that leads to itself",
    }


def test_links_to_a_folder_above_are_problems_and_each_file_is_found_once(tmp_path):
    make(tmp_path, "in/a.png")
    (tmp_path / "in/up").symlink_to(tmp_path)
    (tmp_path / "in/here").symlink_to(".")
    (tmp_path / "in/far_up").symlink_to("/")
    files, problems = found(tmp_path)
    assert files == ["in/a.png"]
    assert set(problems) == {"in/up", "in/here", "in/far_up"}
    assert set(problems.values()) == {"a link to a folder that it is in itself"}


def test_a_file_is_known_by_its_own_path_and_not_by_that_of_a_link(tmp_path):
    make(tmp_path, "z/real.png")
    (tmp_path / "a_link.png").symlink_to("z/real.png")
    (tmp_path / "a_folder").symlink_to("z")
    assert found(tmp_path) == (["z/real.png"], {})


def test_links_that_lead_outside_are_followed_once(tmp_path):
    make(tmp_path, "outside/a.png", "outside/deep/b.png")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "one").symlink_to(tmp_path / "outside")
    (inside / "two").symlink_to(tmp_path / "outside")
    (inside / "three.png").symlink_to(tmp_path / "outside/a.png")
    assert found(inside) == (["one/a.png", "one/deep/b.png"], {})


def test_two_folders_that_link_to_each_other_end(tmp_path):
    make(tmp_path, "a/x.png", "b/y.png")
    (tmp_path / "a/to_b").symlink_to("../b")
    (tmp_path / "b/to_a").symlink_to("../a")
    assert found(tmp_path) == (["a/x.png", "b/y.png"], {})


def test_pipes_are_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert found(tmp_path) == ([], {})


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path, monkeypatch):
    make(tmp_path, "shut/a.png", "open/b.png")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert found(tmp_path) == (["open/b.png"], {"shut": "Permission denied"})


def test_names_that_are_not_utf8_can_be_shown_and_still_opened(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.png"
    try:
        Path(os.fsdecode(raw)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (one,), problems = walk(tmp_path, untold)
    assert problems == []
    one.relative.encode()
    assert one.relative.startswith("caf")
    assert one.path.read_bytes() == b"x"


def test_a_deep_tree_is_walked(tmp_path):
    folder = tmp_path
    for _ in range(300):
        folder /= "d"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(b"x")
    assert len(found(tmp_path)[0]) == 1


class Counted:
    """An entry of a folder that counts how often it is looked at."""

    looks = 0

    def __init__(self, entry):
        self._entry = entry

    def __getattr__(self, name):
        return getattr(self._entry, name)

    def stat(self, *, follow_symlinks=True):
        Counted.looks += 1
        return self._entry.stat(follow_symlinks=follow_symlinks)


class Listing:
    """What `os.scandir` gives, of other entries."""

    def __init__(self, entries):
        self._entries = entries

    def __enter__(self):
        return self._entries

    def __exit__(self, *_):
        pass


class Heaped:
    """An entry of a folder that there is not."""

    def __init__(self, number):
        self.name = f"note{number:07}.txt"
        self.path = f"/heap/{self.name}"

    def is_file(self, *, follow_symlinks):  # noqa: ARG002
        return True

    def stat(self, *, follow_symlinks):  # noqa: ARG002
        return SimpleNamespace(st_size=300, st_mtime_ns=1_700_000_000_000_000_001)


def test_each_folder_is_listed_once_and_each_file_looked_at_once(tmp_path, monkeypatch):
    make(tmp_path, "a.png", "in/b.png", "in/c.png", ".hidden")
    (tmp_path / "link.png").symlink_to("in/b.png")
    scandir, listed = os.scandir, []

    def counting(path):
        listed.append(str(path))
        with scandir(path) as entries:
            return Listing(iter(list(map(Counted, entries))))

    Counted.looks = 0
    monkeypatch.setattr(os, "scandir", counting)
    assert found(tmp_path)[0] == ["a.png", "in/b.png", "in/c.png"]
    assert listed == [str(tmp_path), str(tmp_path / "in")]
    assert Counted.looks == 3


def test_a_walk_keeps_little_of_a_file(monkeypatch):
    count = 20_000
    monkeypatch.setattr(os, "scandir", lambda _: Listing(map(Heaped, range(count))))
    walk(Path("/heap"), untold)
    tracemalloc.start()
    files, _ = walk(Path("/heap"), untold)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(files) == count
    # A name, a size and a time; a list of objects with whole paths took 450.
    assert peak / count < 250


def test_a_walk_tells_how_many_files_it_has_found(monkeypatch):
    told = []
    monkeypatch.setattr(os, "scandir", lambda _: Listing(map(Heaped, range(1000))))
    walk(Path("/heap"), told.append)
    assert told == sorted(set(told))
    assert len(told) >= 10
    assert told[-1] <= 1000


def test_a_file_is_found_once_by_its_own_link_and_by_that_of_its_folder(tmp_path):
    make(tmp_path / "outside", "x.png", "y.png", ".hidden.png")
    make(tmp_path / "top", "z.png")
    (tmp_path / "top/a.png").symlink_to(tmp_path / "outside/x.png")
    (tmp_path / "top/again.png").symlink_to(tmp_path / "outside/x.png")
    (tmp_path / "top/b").symlink_to(tmp_path / "outside")
    (tmp_path / "top/h.png").symlink_to(tmp_path / "outside/.hidden.png")
    names, problems = found(tmp_path / "top")
    assert names == ["a.png", "b/y.png", "h.png", "z.png"]
    assert problems == {}


def test_a_time_of_another_age_is_taken():
    files = Files("/heap/")
    files.add("far.txt", 1, 2**64)
    files.add("near.txt", 1, 5)
    assert [one.mtime_ns for one in files] == [2**63 - 1, 5]
    assert [one.place for one in files] == ["/heap/far.txt", "/heap/near.txt"]
