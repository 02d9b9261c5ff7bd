"""Models that are loaded in a background thread, before anybody asks for them.

sentence-transformers alone takes seconds to import, and a model about as long to load: as soon
as a collection is named, that can begin. Whoever needs the model meanwhile waits for the rest
of it. Nothing is said of what goes wrong here: the model is then loaded again by whoever needs
it, who is told. Nothing is fetched from the hub either.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import lazy, memory, named
from mmrag_jupyter.models.cache import snapshot
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.hub import full_name
from mmrag_jupyter.models.importing import parents_first
from mmrag_jupyter.models.truncated import whole_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.spaces import AnyEmbedder, SpaceSpec

# Nobody has asked for it yet: it may take this share of the free memory.
_SHARE = 0.5
# What takes long to import, in an order in which each needs those before it; a query needs all.
_LIBRARIES = ("torch", "transformers", "sklearn", "sentence_transformers", "faiss")
# A pause lies between two steps, and several before the first: what was asked for is shown
# before that, and a script that opens a collection to look into it has ended.
_PAUSE, _FIRST_PAUSES = 0.05, 6

_under_way: set[str] = set()
_starting = threading.Lock()


class Warming:
    """Loads the models of a collection in the background; holds them for as long as it lives.

    Parameters
    ----------
    spaces
        What the collection remembers of its models.
    """

    def __init__(self, spaces: Sequence[SpaceSpec]) -> None:
        self._held: list[AnyEmbedder] = []
        # Two collections of the same model need one thread.
        with _starting:
            whole = dict.fromkeys(map(whole_of, spaces))
            todo = [one for one in whole if one.name not in _under_way and _is_needed(one)]
            _under_way.update(one.name for one in todo)
        self.thread: threading.Thread | None = None
        if todo:
            # No daemon: cut off in the midst of importing torch, Python ends with its complaints.
            self.thread = threading.Thread(target=_load, args=(todo, self._held), name=lazy.THREAD)
            self.thread.start()


def _is_needed(space: SpaceSpec) -> bool:
    """Tell whether a model would have to be loaded, and could be without being fetched."""
    if space.address in {None, named.BUILTIN} or lazy.is_loaded(space.name):
        return False
    return _folder(space) is not None


def _folder(space: SpaceSpec) -> ModelFolder | None:
    """Return the folder of a model that lies here whole, and leaves memory for other things."""
    address, (_, _, commit) = space.address or "", space.name.partition("@")
    try:
        path = Path(address).expanduser()
        found = path if path.is_dir() else snapshot(full_name(address), commit or None)
        folder = read_folder(found) if found is not None else None
        free = memory.available()
    except (ModelError, OSError, RuntimeError, ValueError):
        return None
    if folder is None or (free is not None and memory.estimate(folder) > _SHARE * free):
        return None
    return folder


def _load(spaces: Sequence[SpaceSpec], held: list[AnyEmbedder]) -> None:
    # Whatever goes wrong, whoever needs the model will be told.
    with contextlib.suppress(Exception):
        try:
            pauses = _FIRST_PAUSES
            for work in _steps(spaces, held):
                if _is_leaving(pauses):
                    break
                work()
                pauses = 1
        finally:
            with _starting:
                _under_way.difference_update(one.name for one in spaces)


def _steps(spaces: Sequence[SpaceSpec], held: list[AnyEmbedder]) -> Iterator[Callable[[], object]]:
    """Yield the steps of the work: leaving Python waits for one of them, not for all."""
    yield from (partial(_import, library) for library in _LIBRARIES)
    for space in spaces:
        yield partial(_load_one, space, held)


def _import(library: str) -> None:
    with parents_first():
        importlib.import_module(library)


def _load_one(space: SpaceSpec, held: list[AnyEmbedder]) -> None:
    with contextlib.suppress(Exception):
        found = named.again(space)
        held.append(found)
        if isinstance(found, lazy.LazyModel):
            found.load()


def _is_leaving(pauses: int) -> bool:
    """Wait a moment, and tell whether Python is about to end."""
    main = threading.main_thread()
    for _ in range(pauses):
        # Not joined: until its own end, the lock of the main thread is nobody else's to hold.
        if not main.is_alive():
            break
        time.sleep(_PAUSE)
    return not main.is_alive()
