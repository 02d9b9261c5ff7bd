"""Which share of the true neighbours the search indexes of a collection have to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.values import RECALL_SETTING

if TYPE_CHECKING:
    from mmrag_jupyter.store import Writer


def check(recall: object) -> None:
    """Refuse what is no share.

    Raises
    ------
    SourceError
        It is no number above 0 and up to 1.
    """
    is_number = isinstance(recall, int | float) and not isinstance(recall, bool)
    if recall is not None and not (is_number and 0 < recall <= 1):  # type: ignore[operator]
        raise SourceError(
            f"recall is {recall!r}; give which share of the true neighbours to find, above 0 and "
            "up to 1: 0.99, say, or 1 to compare all vectors."
        )


def remember(store: Store, writer: Writer, recall: float | None) -> None:
    """Keep it with the collection; the indexes are measured again when the writer is closed.

    Raises
    ------
    SourceError
        The collection is searched by an engine elsewhere.
    """
    if recall is None:
        return
    if type(store) is not Store:  # one elsewhere is a subclass
        raise SourceError(
            "recall is for a collection in a folder of its own; this one is searched by the "
            "engine that holds it, by that engine's settings: leave --recall out."
        )
    writer.set_setting(RECALL_SETTING, repr(float(recall)))
