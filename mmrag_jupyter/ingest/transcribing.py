"""Which speech model writes down the recordings of a collection, remembered with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.speech import transcriber

if TYPE_CHECKING:
    from mmrag_jupyter.models.speech import Transcriber, TranscriberLike
    from mmrag_jupyter.store import Store, Writer

_SETTING = "transcriber"
NONE = "none"


def choose(store: Store, given: TranscriberLike | None) -> Transcriber | None:
    """Return the speech model that a load asks for, or else the one that the collection has.

    Raises
    ------
    ModelError
        It cannot be had, or was given as an object and must be given again.
    """
    if given is not None:
        return None if given == NONE else transcriber(given)
    kept: dict[str, str | None] = json.loads(store.setting(_SETTING) or "{}")
    if not kept:
        return None
    if kept["address"] is None:
        raise ModelError(
            f"the recordings of this collection are written down by {kept['name']}, which was "
            "given as an object: give it again with --transcribe (transcribe=), or 'none' to go "
            "on without"
        )
    found = transcriber(kept["address"])
    if found.name != kept["name"]:
        raise ModelError(
            f"the recordings of this collection are written down by {kept['name']}, but "
            f"{kept['address']} is now {found.name}; add --transcribe {kept['address']} to write "
            "all down anew, or --transcribe none"
        )
    return found


def named(store: Store) -> str:
    """Return the name of the speech model that the collection has, or ""."""
    kept: dict[str, str] = json.loads(store.setting(_SETTING) or "{}")
    return kept.get("name", "")


def remember(writer: Writer, found: Transcriber | None) -> None:
    """Keep which speech model the collection has."""
    kept = {} if found is None else {"name": found.name, "address": _address(found)}
    writer.set_setting(_SETTING, json.dumps(kept))


def _address(found: Transcriber) -> str | None:
    address = getattr(found, "address", None)
    return str(address) if address is not None else None
