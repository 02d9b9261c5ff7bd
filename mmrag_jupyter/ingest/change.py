"""A change of models: which serve once every part has its new vector, and how far that is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.items import as_written
from mmrag_jupyter.store import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store import Store, Writer


@dataclass(frozen=True, slots=True)
class Change:
    """The models that a collection is to have (None: by words alone), and those that are `new`.

    `source` is the key of the source being loaded. Until the change is made, the models that
    the collection had find its parts.
    """

    after: Mapping[Modality, str | None]
    new: Sequence[str]
    source: str


def begin(writer: Writer, change: Change) -> None:
    """Remember a change, so that it is known for unfinished if it is interrupted."""
    writer.set_setting(UNFINISHED, json.dumps(asdict(change)))


def end(writer: Writer) -> None:
    """Forget the change: it is made, or given up."""
    writer.set_setting(UNFINISHED, "{}")


def unfinished(store: Store) -> Change | None:
    """Return the change that was begun and not made, or None."""
    kept = json.loads(store.setting(UNFINISHED) or "{}")
    return Change(**kept) if kept else None


def told(store: Store, name: str, change: Change) -> str:
    """Return in a line how many parts lack their new vector, and the command that goes on."""
    spaces = {space.name: space for space in store.spaces() if space.name in change.new}
    counts = store.part_counts()
    missing = total = 0
    addresses: dict[Modality, str] = {}
    for modality, model in change.after.items():
        if model in spaces:
            missing += len(store.parts_without_vector(spaces[model].number, modality))
            total += counts.get(modality, 0)
            addresses[modality] = spaces[model].address or "MODEL"
    options = [f"--{modality}-model {address}" for modality, address in addresses.items()]
    if len(set(addresses.values())) == 1:
        options = [f"--model {next(iter(addresses.values()))}"]
    return (
        f"{missing:,} of {total:,} parts have no vector of {' and '.join(spaces)} yet, until then "
        f"the models above serve; go on with %mmrag load {_source(change.source)} … --in {name} "
        f"{' '.join(options)} --reembed"
    )


def _source(key: str) -> str:
    """Return a source as a command names it."""
    kind, _, rest = key.partition(":")
    if kind == "path":
        path = as_written(Path(rest))
        return f'"{path}"' if " " in path else path
    return rest if kind == "table" and rest.isidentifier() else "SOURCE"
