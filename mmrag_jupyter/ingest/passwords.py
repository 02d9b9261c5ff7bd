"""Which environment variables hold the passwords of a collection's documents."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import passwords

if TYPE_CHECKING:
    from mmrag_jupyter.store import Store, Writer

_SETTING = "passwords"


def remember(store: Store, writer: Writer, source: str, name: str | None) -> None:
    """Keep the name of the variable with a source; never what the variable holds.

    A variable that is not set is not kept: what was given may be the password itself.
    """
    if name is None or not os.environ.get(name):
        return
    names = _names(store)
    if names.get(source) != name:
        writer.set_setting(_SETTING, json.dumps({**names, source: name}))


def recall(store: Store) -> None:
    """Have the collection's documents opened with the variables that it remembers."""
    for name in _names(store).values():
        try:
            passwords.offer(name)
        except SourceError:
            continue  # written by another hand than ours


def _names(store: Store) -> dict[str, str]:
    found: dict[str, str] = json.loads(store.setting(_SETTING) or "{}")
    return found
