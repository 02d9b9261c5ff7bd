"""What the service needs to know of a session and its collections, which lie in higher rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store


class Searchable(Protocol):
    """A collection, as far as it is shown and searched here."""

    @property
    def name(self) -> str:
        """What the session calls it."""
        ...

    @property
    def store(self) -> Store:
        """What is kept of it on disk."""
        ...

    def serving(self) -> Serving:
        """Return the space and the embedder of each modality."""
        ...

    def signals(self) -> list[str]:
        """Return the names of the signals that a query can have."""
        ...

    def summary(self) -> Mapping[str, object]:
        """Return the collection in a line: its name, items, parts, models and folder."""
        ...


class Provider(Protocol):
    """The collections of a notebook; `current` is the name of the one that is meant unnamed."""

    current: str | None

    def names(self) -> list[str]:
        """Return the names of the collections."""
        ...

    def collection(self, name: str | None = None) -> Searchable:
        """Return the collection of this name, or the current one."""
        ...


class Alone:
    """One collection, which is all there is."""

    def __init__(self, collection: Searchable) -> None:
        self._collection = collection
        self.current: str | None = collection.name

    def names(self) -> list[str]:
        """Return its name."""
        return [self._collection.name]

    def collection(self, name: str | None = None) -> Searchable:  # noqa: ARG002 - there is one
        """Return it."""
        return self._collection
