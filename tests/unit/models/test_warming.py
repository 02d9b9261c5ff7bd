"""Models that are loaded before anybody asks for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading

import pandas as pd
import pytest

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import lazy, loading, memory, warming
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.spaces import SpaceSpec

FRAME = pd.DataFrame({"title": ["a red shoe", "a blue cup", "orange juice"]})


@pytest.fixture
def model(tiny_text_folder, tmp_path):
    """Return a folder with a model that no other test has loaded."""
    folder = shutil.copytree(tiny_text_folder, tmp_path / "model")
    (folder / "own.txt").write_text(str(tmp_path))
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "root"


@pytest.fixture
def loads(monkeypatch):
    """Return the names of the threads that loaded a model."""
    seen = []
    load = loading.load

    def watched(folder, **options):
        seen.append(threading.current_thread().name)
        return load(folder, **options)

    monkeypatch.setattr(loading, "load", watched)
    return seen


def made(folder, model, name="shop", **options):
    """Load a collection, and forget it and its model, as a restart does."""
    session = mm.Session(mm.Config(root=str(folder)))
    session.load(FRAME, name, model=model, progress=False, **options).close()
    ended()
    lazy._in_memory.clear()


def opened(folder, name="shop", **options):
    return mm.Session(mm.Config(root=str(folder))).open(name, **options)


def threads():
    return [one for one in threading.enumerate() if one.name == lazy.THREAD]


def ended():
    for one in threads():
        one.join(120)
    assert threads() == []


def test_the_model_of_a_collection_that_was_opened_is_loaded_by_another_thread(
    folder, model, loads
):
    made(folder, model)
    loads.clear()
    collection = opened(folder)
    ended()
    assert loads == [lazy.THREAD]
    assert collection.query("red").ids
    assert loads == [lazy.THREAD]


def test_a_model_of_which_fewer_numbers_are_kept_is_loaded_too_and_once(folder, model, loads):
    made(folder, model, dim=8)
    loads.clear()
    collection = opened(folder)
    ended()
    assert loads == [lazy.THREAD]
    assert collection.query("red", weights={"lexical": 0}).ids
    assert loads == [lazy.THREAD]
    opened(folder)
    assert threads() == []


def test_who_needs_the_model_meanwhile_waits_for_it(folder, model, loads, monkeypatch):
    made(folder, model)
    loads.clear()
    asked, waiting = threading.Event(), threading.Event()
    load = loading.load

    def slow(folder, **options):
        asked.set()
        assert waiting.wait(60)
        return load(folder, **options)

    monkeypatch.setattr(loading, "load", slow)
    collection = opened(folder)
    assert asked.wait(60)
    found = []
    user = threading.Thread(target=lambda: found.append(collection.query("red").ids))
    user.start()
    waiting.set()
    user.join(60)
    ended()
    assert found
    assert found[0]
    assert loads == [lazy.THREAD]


def test_naming_a_collection_in_any_way_begins_it(folder, model, loads):
    made(folder, model)
    for name in (
        lambda session: session.use("shop"),
        lambda session: session.collection("shop").info(),
        lambda session: session.collection("shop").show("0"),
        lambda session: session.load(FRAME, "shop", progress=False),
    ):
        loads.clear()
        session = mm.Session(mm.Config(root=str(folder)))
        name(session)
        ended()
        assert loads == [lazy.THREAD]
        session.collection("shop").close()
        lazy._in_memory.clear()


def test_listing_collections_loads_nothing(folder, model, loads):
    made(folder, model)
    loads.clear()
    session = mm.Session(mm.Config(root=str(folder)))
    assert list(session.list()["name"]) == ["shop"]
    assert threads() == []
    assert loads == []


def test_no_thread_is_started_where_no_model_is_needed(folder):
    made(folder, "builtin")
    opened(folder)
    assert threads() == []


def test_two_collections_of_one_model_load_it_once(folder, model, loads):
    made(folder, model)
    made(folder, model, "other")
    loads.clear()
    session = mm.Session(mm.Config(root=str(folder)))
    held = [session.open("shop"), session.open("other")]
    assert len(threads()) == 1
    ended()
    session.use("other")
    assert threads() == []
    assert loads == [lazy.THREAD]
    assert [len(one) for one in held] == [3, 3]


def test_what_goes_wrong_is_told_to_whoever_needs_the_model_and_only_then(
    folder, model, monkeypatch, capfd
):
    made(folder, model)
    tried = []

    def broken(_, **__):
        tried.append(threading.current_thread().name)
        raise ModelError("the weights are made of cheese")

    monkeypatch.setattr(loading, "load", broken)
    capfd.readouterr()
    collection = opened(folder)
    ended()
    assert tried == [lazy.THREAD]
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ModelError, match="made of cheese"):
        collection.query("red")
    assert len(tried) == 2


def test_an_interrupt_stops_the_waiting_and_not_the_loading(folder, model, loads, monkeypatch):
    made(folder, model)
    loads.clear()
    asked, go = threading.Event(), threading.Event()
    load = loading.load

    def slow(folder, **options):
        asked.set()
        assert go.wait(60)
        return load(folder, **options)

    monkeypatch.setattr(loading, "load", slow)
    monkeypatch.setattr(lazy.Future, "result", interrupted(lazy.Future.result, asked))
    collection = opened(folder)
    with pytest.raises(KeyboardInterrupt):
        collection.query("red")
    go.set()
    ended()
    assert collection.query("red").ids
    assert loads == [lazy.THREAD]


def interrupted(result, asked):
    """Return what waits for a result until somebody in the main thread presses Ctrl-C, once."""
    left = [True]

    def wait(self, timeout=None):
        if threading.current_thread() is threading.main_thread() and left:
            left.clear()
            assert asked.wait(60)
            raise KeyboardInterrupt
        return result(self, timeout)

    return wait


def test_a_model_that_is_gone_is_told_by_the_query(folder, model):
    made(folder, model)
    shutil.rmtree(model)
    collection = opened(folder)
    assert threads() == []
    with pytest.raises(ModelError):
        collection.query("red")


def spec(folder, name="own"):
    return SpaceSpec(name, str(folder), 32, frozenset({"text"}))


def test_a_model_that_would_fill_the_memory_is_not_loaded_unasked(model, monkeypatch):
    need = memory.estimate(read_folder(model))
    monkeypatch.setattr(memory, "available", lambda: int(1.5 * need))
    assert warming.Warming([spec(model)]).thread is None


@pytest.mark.parametrize("address", ["builtin", None, "nobody/has-this", "\0", "~nobody/x"])
def test_what_is_not_here_is_not_fetched(address):
    known = SpaceSpec("other", address, 32, frozenset({"text"}))
    assert warming.Warming([known]).thread is None


def test_leaving_python_meanwhile_is_quick_and_quiet(folder, model):
    made(folder, model)
    code = (
        "import sys, threading, mmrag_jupyter as mm\n"
        f"mm.Session(mm.Config(root={str(folder)!r})).open('shop')\n"
        f"assert any(one.name == {lazy.THREAD!r} for one in threading.enumerate())\n"
        "{wait}"
        "sys.exit(3)"
    )
    # At once, and in the midst of importing torch.
    waiting = "while 'torch' not in sys.modules: threading.Event().wait(0.01)\n"
    for wait in ("", waiting):
        done = subprocess.run(
            [sys.executable, "-c", code.replace("{wait}", wait)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_a_query_finds_all_libraries_imported(folder, model):
    made(folder, model)
    code = (
        "import sys, threading, mmrag_jupyter as mm\n"
        f"shop = mm.Session(mm.Config(root={str(folder)!r})).open('shop')\n"
        f"[one.join() for one in threading.enumerate() if one.name == {lazy.THREAD!r}]\n"
        "before = set(sys.modules)\n"
        "shop.query('red')\n"
        "late = {name.partition('.')[0] for name in sys.modules.keys() - before}\n"
        "print(*sorted(late & {'faiss', 'torch', 'transformers', 'sentence_transformers'}), 'end')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["end"], done.stderr
