from __future__ import annotations

import os

import numpy as np
import pytest

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.store import Store, tuned

ARRAYS = {"up": np.arange(6, dtype=np.float32).reshape(2, 3)}


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "things", "things") as made:
        yield made


def keep(store, **facts):
    with store.writer() as writer:
        return tuned.keep(store, writer, ARRAYS, {"models": "m:1", **facts})


def files(store):
    return sorted(path.name for path in store.folder.glob("tuned-*"))


def test_what_is_kept_comes_back(store):
    keep(store, told="of old")
    found = store.tuned.current()
    assert np.array_equal(found.arrays["up"], ARRAYS["up"])
    assert found.facts["told"] == "of old"
    assert store.tuned.current() is found


def test_the_last_one_serves_and_undo_goes_back(store):
    names = [keep(store, told=str(at)) for at in range(3)]
    assert files(store) == sorted(names)
    for at in (2, 1, 0):
        assert store.tuned.current().facts["told"] == str(at)
        with store.writer() as writer:
            assert tuned.undo(store, writer)
    assert store.tuned.current() is None
    assert not files(store)
    with store.writer() as writer:
        assert not tuned.undo(store, writer)


def test_only_some_are_kept_to_go_back_to(store):
    for at in range(12):
        keep(store, told=str(at))
    assert len(files(store)) == 8
    assert store.tuned.current().facts["told"] == "11"


def test_another_reader_sees_the_last_commit(store):
    other = Store.open(store.folder)
    assert other.tuned.current() is None
    keep(store, told="now")
    assert other.tuned.current().facts["told"] == "now"
    other.close()


def test_a_full_disk_leaves_what_served(store, monkeypatch):
    keep(store, told="before")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with store.writer() as writer, pytest.raises(StoreError, match="cannot be written"):
        tuned.keep(store, writer, ARRAYS, {"told": "after"})
    monkeypatch.undo()
    assert store.tuned.current().facts["told"] == "before"
    keep(store)
    assert not [name for name in files(store) if name.endswith(".new")]


def test_names_that_lead_elsewhere_are_not_followed(store, tmp_path):
    (tmp_path / "tuned-1.safetensors").write_bytes(b"x")
    with store.writer() as writer:
        writer.set_setting(tuned.SETTING, '["../tuned-1.safetensors", 7]')
    assert tuned.names(store) == []
    with store.writer() as writer:
        writer.set_setting(tuned.SETTING, "{broken")
    assert store.tuned.current() is None


def test_a_model_that_goes_takes_its_tunings_along(store):
    keep(store, models="m:1")
    keep(store, models="m:1\nm:2")
    with store.writer() as writer:
        tuned.drop_unfit(store, writer, {"m:1", "m:2", None})
    assert len(files(store)) == 2
    assert not store.notices
    with store.writer() as writer:
        tuned.drop_unfit(store, writer, {"m:1"})
    assert len(files(store)) == 1
    assert "dropped" in store.notices[0]


def test_a_copy_has_them_and_removal_takes_them(store, tmp_path):
    keep(store, told="here")
    with Store.open(store.copy_to(tmp_path / "copy")) as copied:
        assert copied.tuned.current().facts["told"] == "here"
        copied.remove()
    assert not (tmp_path / "copy").exists()
