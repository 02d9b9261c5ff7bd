"""Which items and parts a search may return."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.items import Modality

    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Restrictions on a search, all of which a part must meet; None restricts nothing.

    `items` and `parts` are sorted item and part numbers, shape (n,) int64. `without_text`
    leaves out every item of which some part carries text.
    """

    items: npt.NDArray[np.int64] | None = None
    parts: npt.NDArray[np.int64] | None = None
    modality: frozenset[Modality] | None = None
    without_text: bool = False
    _counted: Callable[[Selection], int] | None = field(default=None, repr=False)

    def and_also(self, other: Selection | None) -> Selection:
        """Return what both selections allow."""
        if other is None:
            return self
        return replace(
            self,
            items=_both(self.items, other.items),
            parts=_both(self.parts, other.parts),
            modality=self.modality & other.modality
            if self.modality is not None and other.modality is not None
            else self.modality or other.modality,
            without_text=self.without_text or other.without_text,
            _counted=self._counted or other._counted,  # noqa: SLF001 - of the same class
        )

    @property
    def count(self) -> int:
        """How many items have a part that may be returned.

        Raises
        ------
        ValueError
            The selection was not made by a store, which alone knows.
        """
        if self._counted is None:
            raise ValueError("only a selection made by Store.select knows how many items it has")
        return self._counted(self)

    def matched(self) -> int | None:
        """Return how many items the condition leaves; None where it leaves all."""
        return None if self.items is None else len(self.items)


def _both(one: Numbers | None, other: Numbers | None) -> Numbers | None:
    if one is None or other is None:
        return other if one is None else one
    import numpy as np

    return np.intersect1d(one, other, assume_unique=True)
