"""Imports side by side."""

from __future__ import annotations

import builtins
import importlib
import sys
import threading

import pytest

from mmrag_jupyter.models.importing import parents_first

# Imports its own part last, once somebody else has asked for it.
SLOW = """
import threading, sys
sys.modules["gate"].begun.set()
sys.modules["gate"].go.wait(20)
from {name}.part import value
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """Return the name of a package that takes as long to import as a test wants."""
    name = f"slow_{tmp_path.name.replace('-', '_')}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text(SLOW.format(name=name))
    (package / "part.py").write_text(f"import {name}\nvalue = 1\n")
    gate = type(sys)("gate")
    gate.begun, gate.go = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "gate", gate)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name, gate
    for one in [one for one in sys.modules if one.startswith(name)]:
        del sys.modules[one]


def side_by_side(name, gate):
    """Import a package in one thread and a part of it in another; return what they raised."""
    errors = []

    def work(code):
        try:
            exec(code, {})  # noqa: S102 - an import statement, as somebody writes it
        except ImportError as error:
            errors.append(error)

    first = threading.Thread(target=work, args=(f"import {name}",))
    other = threading.Thread(target=work, args=(f"import {name}.part as part; part.value",))
    first.start()
    assert gate.begun.wait(20)
    other.start()
    # Both hold their locks by then, or wait for the package as a whole.
    locks = importlib._bootstrap._blocking_on
    while other.ident not in locks:
        threading.Event().wait(0.01)
    gate.go.set()
    first.join(20)
    other.join(20)
    assert [first.is_alive(), other.is_alive()] == [False, False]
    return errors


def test_a_part_can_be_imported_while_its_package_is(slow):
    with parents_first():
        assert side_by_side(*slow) == []
    assert sys.modules[f"{slow[0]}.part"].value == 1


def test_imports_are_as_they_were_afterwards():
    plain = builtins.__import__
    with parents_first():
        assert builtins.__import__ is not plain
        import xml.dom.minidom
    assert builtins.__import__ is plain
    assert xml.dom.minidom.__name__ == "xml.dom.minidom"


def test_what_is_not_there_is_the_usual_error():
    with parents_first(), pytest.raises(ModuleNotFoundError, match="no_such_package"):
        import no_such_package.part  # noqa: F401


def test_what_others_have_put_around_imports_stays(monkeypatch):
    plain = builtins.__import__
    seen = []
    with parents_first():
        ours = builtins.__import__

        def theirs(*given, **options):
            seen.append(given[0])
            return ours(*given, **options)

        monkeypatch.setattr(builtins, "__import__", theirs)
    assert builtins.__import__ is theirs
    import json  # noqa: F401

    assert seen
    monkeypatch.setattr(builtins, "__import__", plain)
