"""Groups of duplicates, and how they show themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.fields import names_of, title_name
from mmrag_jupyter.display.sections import Section
from mmrag_jupyter.display.values import missing
from mmrag_jupyter.exploring.listed import Listed

if TYPE_CHECKING:
    import pandas as pd

    from mmrag_jupyter.exploring.duplicates import Twins
    from mmrag_jupyter.exploring.shown import Shelf
    from mmrag_jupyter.search.hits import Hits

Kind = Literal["exact", "near"]

_SHOWN = 3  # of a group, in its gallery
_COMPARED = 50  # items of a group whose columns are compared


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Items that are the same or nearly so; the first one is the one to keep.

    Attributes
    ----------
    ids
        The items' ids, the one to keep first.
    kind
        "exact" where all have the same content, else "near".
    similarity
        How alike each is to the first, up to 1.
    """

    ids: tuple[str, ...]
    kind: Kind
    similarity: tuple[float, ...]
    _items: tuple[int, ...]
    _shelf: Shelf

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def rest(self) -> list[str]:
        """The ids of all but the one to keep: `collection.delete(ids=group.rest)`."""
        return list(self.ids[1:])

    @property
    def hits(self) -> Hits:
        """The items, the one to keep first."""
        return self.head(len(self))

    def head(self, n: int) -> Hits:
        """Return the first `n` items."""
        return self._shelf.hits(
            self._items[:n],
            f"{len(self):,} {self.kind} duplicates",
            scores=self.similarity[:n],
            signal="similarity",
            raw=self.similarity[:n],
            reason="similarity {:.3f}",
        )

    @property
    def differs(self) -> list[str]:
        """The columns whose values are not the same in all items of the group."""
        rows = [hit.metadata for hit in self.head(_COMPARED)]
        names = dict.fromkeys(name for row in rows for name in row)
        return [name for name in names if not _all_same([row.get(name) for row in rows])]

    def __repr__(self) -> str:
        return f"<Group: {len(self)} {self.kind} duplicates, {', '.join(self.ids[:3])} ...>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return self.hits._repr_mimebundle_()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Groups(Listed[Group]):
    """Groups of duplicates, the largest first: list-like, and a dataframe; a slice is `Groups`.

    `collection.delete(ids=groups.rest)` leaves the first item of each.
    """

    _noun = "groups"

    _twins: Twins

    def _group(self, number: int) -> Group:
        twins = self._twins
        here = slice(*np.searchsorted(twins.groups, [number, number + 1]).tolist())
        return Group(
            self._ids[here],
            "exact" if twins.exact[here].all() else "near",
            tuple(twins.similarity[here].tolist()),
            tuple(twins.items[here].tolist()),
            self._shelf,
        )

    def _section(self, number: int, group: Group) -> Section:
        names = group.differs
        # What is the same in all tells nothing of them; what differs does.
        cards = group.head(_SHOWN).cards()
        title = title_name(cards, names_of(cards))
        told = {title, *names}
        cards = [
            replace(card, text="", metadata={k: v for k, v in card.metadata.items() if k in told})
            for card in cards
        ]
        cards[:1] = [replace(card, reason="the one to keep") for card in cards[:1]]
        what = f"differ in {', '.join(one_line(name, 30) for name in names[:8])}" if names else (
            "the same in every column"
        )  # fmt: skip
        lowest = "" if group.kind == "exact" else f", down to {min(group.similarity):.3f}"
        return Section(
            f"Group {number}: {len(group):,} {group.kind} duplicates{lowest}",
            cards,
            what,
            len(group),
        )

    @property
    def rest(self) -> list[str]:
        """The ids of all items but the one to keep of each group."""
        frame = self.to_pandas()
        return [str(one) for one in frame.id[~frame.keep]]

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each item: group, id, kind, similarity to the first, keep.

        `collection.delete(ids=frame.id[~frame.keep])` deletes all but the first of each.
        """
        import pandas as pd

        from mmrag_jupyter.store import text_column

        twins = self._twins
        keep = np.diff(twins.groups, prepend=0) > 0
        kinds = np.where(twins.exact, "exact", "near").astype(object)
        # The first is what its group is.
        near = set(twins.groups[~twins.exact].tolist())
        kinds[keep] = ["near" if one in near else "exact" for one in twins.groups[keep].tolist()]
        frame = pd.DataFrame(
            {
                "group": twins.groups,
                "id": text_column(self._ids),
                "kind": kinds,
                "similarity": twins.similarity,
                "keep": keep,
            }
        )
        if len(self) == len(np.unique(twins.groups)):
            return frame
        return frame[frame.group.isin(self._numbers)].reset_index(drop=True)


def _all_same(values: list[object]) -> bool:
    first = values[0]
    if missing(first):
        return all(missing(one) for one in values)
    return all(type(one) is type(first) and one == first for one in values)
