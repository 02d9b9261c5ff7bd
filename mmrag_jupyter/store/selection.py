"""Which items and parts a search may return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.items import Modality


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
    _counted: Callable[[Selection], int] = field(default=lambda _: 0, repr=False)

    @property
    def count(self) -> int:
        """How many items have a part that may be returned."""
        return self._counted(self)
