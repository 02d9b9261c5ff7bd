"""The session that the Python API and the magics share in one process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Unpack

from mmrag_jupyter.session import Session

if TYPE_CHECKING:
    from mmrag_jupyter.collection import Collection
    from mmrag_jupyter.ingest.arguments import LoadArguments
    from mmrag_jupyter.models import ModelLike


@cache
def default_session() -> Session:
    """Return the session that `mm.load`, `mm.open` and the magics share in one process."""
    return Session()


def load(
    source: object,
    name: str | None = None,
    *,
    store: object = None,
    **options: Unpack[LoadArguments],
) -> Collection:
    """Load a source into a collection of this process's session; see `Session.load`."""
    return default_session().load(source, name, store=store, **options)


def open(  # noqa: A001 - mm.open reads as it should
    name_or_store: object, model: ModelLike = None, *, repair: bool = False
) -> Collection:
    """Open a collection again, after a restart say; see `Session.open`."""
    return default_session().open(name_or_store, model, repair=repair)
