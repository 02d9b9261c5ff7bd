"""Which parts a search elsewhere may return: a test that goes along with the search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.served.conditions import Field, Has, Some, among, both
from mmrag_jupyter.served.rows import PART_FIELDS
from mmrag_jupyter.store.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmrag_jupyter.served.conditions import Test
    from mmrag_jupyter.served.joinwhere import Chosen
    from mmrag_jupyter.served.rows import Row

WORDS = Field("words", PART_FIELDS["words"])
# Among the words of a row, of which none has such a sign.
UNSAID = "#unsaid"
# So many items at most are listed in a test; of more, what is found is looked at.
LISTED = 5_000


def tag(modality: str) -> str:
    """Return what stands among the words of each part whose item has parts of a modality."""
    return f"#{modality}"


def is_mark(word: str) -> bool:
    """Tell whether what stands among the words of a row says something of its item."""
    return word.startswith("#")


@dataclass(frozen=True, slots=True, eq=False)
class ServedSelection(Selection):
    """As `Selection`, with the user's condition as a test and marks that the item must have.

    `rows` are what conditions choose that name columns of joined tables.
    """

    where: Test | None = None
    rows: tuple[Chosen, ...] = ()
    marks: tuple[str, ...] = ()
    counter: Callable[[Test], int] | None = None

    def and_also(self, other: Selection | None) -> Selection:
        """Return what both selections allow."""
        both_plain = super(ServedSelection, self).and_also(other)
        if not isinstance(other, ServedSelection) or not isinstance(both_plain, ServedSelection):
            return both_plain
        return replace(
            both_plain,
            where=both(self.where, other.where),
            rows=(*self.rows, *other.rows),
            marks=(*self.marks, *other.marks),
            counter=self.counter or other.counter,
        )

    def matched(self) -> int | None:
        """Return how many items the condition leaves; None where it leaves all."""
        if self.where is None or self.counter is None:
            return None if self.items is None else len(self.items)
        return self.counter(self.where)


def looked_at(within: Selection | None) -> Callable[[Row], bool] | None:
    """Return what tells of a part's row, with item and record, what no test can; or None."""
    if within is None:
        return None
    rows = within.rows if isinstance(within, ServedSelection) else ()
    items = None
    if within.items is not None and len(within.items) > LISTED:
        items = frozenset(within.items.tolist())
    if not rows and items is None:
        return None
    return lambda row: (
        (items is None or row.number("item") in items) and all(one.allows(row) for one in rows)
    )


def test_of(within: Selection | None) -> Test | None:
    """Return what a part's row is tested for; `looked_at` says what else."""
    if within is None:
        return None
    asked: list[Test] = []
    if within.items is not None and len(within.items) <= LISTED:
        listed = within.items.tolist()
        # No engine's language has a list of nothing.
        asked.append(among("item", "int", listed) if listed else Some(()))
    if within.parts is not None:
        asked.append(among("part", "int", within.parts.tolist()))
    if within.modality is not None:
        asked.append(among("modality", "text", sorted(within.modality)))
    if within.without_text:
        asked.append(Has(WORDS, UNSAID))
    if isinstance(within, ServedSelection):
        asked += [Has(WORDS, mark) for mark in within.marks]
        asked += [within.where] if within.where is not None else []
    return both(*asked)
