"""What was learnt of a collection's queries, kept beside its spaces: one small file a tuning.

A file holds plain arrays (safetensors, nothing is unpickled) and some texts that say what they
are. The records name the files in their order: the last one serves, those before it are what an
undo goes back to. A file is written whole before the records name it, and one that they do not
name is nobody's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    import numpy.typing as npt

    from mmrag_jupyter.store.records import Records
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.writer import Writer

    Arrays = Mapping[str, npt.NDArray[np.generic]]

SETTING = "tuned"
PATTERN = "tuned-*.safetensors"
_NUMBERED = re.compile(r"tuned-(\d+)")
_FORMAT = "mmrag_jupyter tuning 1"
# Tunings that an undo can go back to.
_MOST = 8


@dataclass(frozen=True, slots=True, eq=False)
class TunedFile:
    """One tuning: its arrays, and what `facts` say of them."""

    name: str
    arrays: Arrays
    facts: Mapping[str, str]


class TunedReader:
    """The tuning that serves in a collection; read once, and again when another one serves."""

    def __init__(self, store: Records, notices: list[str]) -> None:
        self._store = store
        self._notices = notices
        self._found: TunedFile | None = None
        self._refused = ""

    def current(self) -> TunedFile | None:
        """Return the tuning that serves, or None; one that cannot be read is said, once."""
        kept = names(self._store)
        if not kept or kept[-1] == self._refused:
            return None
        found = self._found
        if found is None or found.name != kept[-1]:
            try:
                found = read(self._store, kept[-1])
            except StoreError as error:
                self.refuse(kept[-1], str(error))
                return None
            self._found = found
        return found

    def refuse(self, name: str, reason: str) -> None:
        """Leave a tuning out of account from now on, and say why."""
        self._refused = name
        self._notices.append(
            f"the tuning of this collection is ignored: {reason}; %mmrag tune --undo removes it"
        )


def names(store: Records) -> list[str]:
    """Return the names of the collection's tunings, the one that serves last."""
    try:
        kept = json.loads(store.setting(SETTING) or "[]")
    except ValueError:
        return []
    own = kept if isinstance(kept, list) else []
    # What the records say is still not a path to anywhere else.
    return [one for one in own if isinstance(one, str) and one == os.path.basename(one)]  # noqa: PTH119


def keep(store: Records, writer: Writer, arrays: Arrays, facts: Mapping[str, str]) -> str:
    """Write a tuning and let it serve; return the name of its file.

    Raises
    ------
    StoreError
        It cannot be written; what served before still does.
    """
    before = names(store)
    data = _packed(arrays, facts)
    taken = [int(found[1]) for found in map(_NUMBERED.match, before) if found]
    # Whoever has read a file of this name has this content: numbers are given again after an undo.
    digest = hashlib.blake2b(data, digest_size=6).hexdigest()
    name = f"tuned-{max(taken, default=0) + 1}-{digest}.safetensors"
    try:
        store.shelf.put(name, data)
    except OSError as error:
        raise StoreError(
            f"What was learnt cannot be written to {store.folder}: {error.strerror or error}."
        ) from error
    _serve(store, writer, [*before, name][-_MOST:])
    return name


def undo(store: Records, writer: Writer) -> bool:
    """Let the tuning before the last one serve, or none; return whether there was one."""
    before = names(store)
    if not before:
        return False
    _serve(store, writer, before[:-1])
    return True


def forget(store: Records, writer: Writer) -> None:
    """Let no tuning serve, and keep none."""
    _serve(store, writer, [])


def drop_unfit(store: Store, writer: Writer, models: Container[str | None]) -> None:
    """Forget the tunings where one was made for a model that serves no more, and say so."""
    kept = names(store)
    fit = [name for name in kept if _fits(store, name, models)]
    if len(fit) == len(kept):
        return
    _serve(store, writer, fit)
    store.notices.append(
        "the tuning of this collection is dropped: it was made for vectors of another model; "
        "%mmrag tune makes one for these"
    )


def read(store: Records, name: str) -> TunedFile:
    """Return a tuning as it was kept.

    Raises
    ------
    StoreError
        The file is gone, damaged or not one of ours.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = store.shelf.get(name)
        arrays = load(data)
        # The library tells what is said of the arrays of files only.
        head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        facts = dict(head.get("__metadata__", {}))
        if facts.pop("format", None) != _FORMAT:
            raise StoreError(f"{name} is not a tuning of this version of mmrag_jupyter")
    except FileNotFoundError:
        raise StoreError(f"{name} is gone") from None
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(f"{name} is damaged ({said[:120]})") from error
    return TunedFile(name, arrays, facts)


def _fits(store: Records, name: str, models: Container[str | None]) -> bool:
    try:
        needed = read(store, name).facts.get("models", "").split("\n")
    except StoreError:
        return True  # said, and left out of account, where it would serve
    return all(one in models for one in needed)


def _serve(store: Records, writer: Writer, kept: list[str]) -> None:
    """Let the last of these serve, and remove the files of all others."""
    writer.set_setting(SETTING, json.dumps(kept))
    store.shelf.keep_only(kept)


def _packed(arrays: Arrays, facts: Mapping[str, str]) -> bytes:
    from safetensors.numpy import save

    whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    return save(whole, metadata={**facts, "format": _FORMAT})
