"""The folders that relative picture paths started from when they were loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Media

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mmrag_jupyter.store import Store, Writer

_SETTING = "roots"


def remember(store: Store, writer: Writer, root: str | Path) -> None:
    """Keep a root with the collection, the newest first."""
    roots = dict.fromkeys([str(Path(root).expanduser().resolve()), *_roots(store)])
    writer.set_setting(_SETTING, json.dumps(list(roots)))


def located(store: Store, pictures: Iterable[Media]) -> tuple[Media, ...]:
    """Return pictures with relative paths found where they are, or else below a root.

    So a cell of the dataframe's picture column is a query wherever the notebook lies.
    """
    return tuple(_located(store, picture) for picture in pictures)


def _located(store: Store, picture: Media) -> Media:
    if picture.path is None or picture.path.exists():
        return picture
    below = (Path(root) / picture.path for root in _roots(store))
    return next((Media(path=path) for path in below if path.exists()), picture)


def _roots(store: Store) -> list[str]:
    found: list[str] = json.loads(store.setting(_SETTING) or "[]")
    return found
