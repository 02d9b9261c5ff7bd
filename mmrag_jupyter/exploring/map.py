"""A collection as a map: its items in two dimensions, near to their like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from mmrag_jupyter.display.chart import Chart, Mark, chart_bundle
from mmrag_jupyter.display.thumbnails import Picture, opened
from mmrag_jupyter.errors import SourceError, StoreError
from mmrag_jupyter.exploring.scatter import INSTALL, Hover, Scatter, has_scatter, scatter
from mmrag_jupyter.exploring.shown import labelled
from mmrag_jupyter.search import build

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from PIL.Image import Image

    from mmrag_jupyter.exploring.colours import Colouring
    from mmrag_jupyter.exploring.shown import Shelf
    from mmrag_jupyter.search.hits import Hits, Part
    from mmrag_jupyter.store import ItemRow, Snapshot

_EDGE = 192  # pixels of a picture under the pointer
_STEP = 3  # of the steps of a thumbnail
_TEXT = 300


@dataclass(frozen=True, eq=False, repr=False)
class Map:
    """Items laid out in two dimensions, so that those that are alike lie near each other.

    Shows itself as a picture; in a notebook, with jupyter-scatter, also as a widget to zoom,
    hover over and select in.

    Attributes
    ----------
    ids
        The ids of the items on it.
    selection
        The items selected in the widget, as `query` returns them.
    """

    title: str
    notices: tuple[str, ...]
    ids: tuple[str, ...]
    color: str
    _items: tuple[int, ...]
    _xy: npt.NDArray[np.float32]
    _colouring: Colouring
    _rows: tuple[ItemRow, ...]
    _snapshot: Snapshot
    _pictures: bool
    _shelf: Shelf

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<Map: {self.title}>"

    @property
    def has_widget(self) -> bool:
        """Whether what draws the widget is installed."""
        return has_scatter()

    @property
    def widget(self) -> Any:  # noqa: ANN401 - a widget of another library
        """The map as a widget: zoom, hover, and select with the lasso.

        Raises
        ------
        MissingError
            jupyter-scatter is not installed.
        """
        return self._scatter.widget

    @property
    def selection(self) -> Hits:
        """The items selected in the widget; none where it was never shown."""
        # Looked for among the attributes: to ask must not make a widget.
        at = self._scatter.selected if "_scatter" in self.__dict__ else []
        return self._shelf.hits(
            [self._items[one] for one in at],
            f"{len(at):,} of {len(self):,} items selected on the map",
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return the items' own columns and index behind the columns id, x and y.

        Where the items have columns of these names themselves, the map's are called `map_id`,
        `map_x`, `map_y`. Columns of pictures are left out.
        """
        frame = self._snapshot.frame(pictures=False)
        added: dict[str, Any] = {"id": list(self.ids), "x": self._xy[:, 0], "y": self._xy[:, 1]}
        return labelled(frame, added, "map_")

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        notices = list(self.notices)
        if not self.has_widget:
            notices.append(f"to zoom, hover over and select in the map: {INSTALL}")
        return chart_bundle(
            self._chart, title=self.title, notices=notices, budget=self._shelf.options.budget
        )

    @cached_property
    def _chart(self) -> Chart:
        marks = tuple(Mark(one.colour, one.label, one.count) for one in self._colouring.entries)
        by = f", coloured by {self.color}" if self.color else ""
        alt = f"{self.title}: {len(self):,} points{by}"
        return Chart(self._xy, self._colouring.codes, marks, self.color, alt)

    @cached_property
    def _scatter(self) -> Scatter:
        return scatter(
            self._chart, Hover(self._shelf.texts(self._rows), self._preview, self._pictures)
        )

    def _preview(self, at: int) -> str:
        if not 0 <= at < len(self._items):
            return ""
        try:
            if not self._pictures:
                return self._shelf.hits([self._items[at]], "")[0].text[:_TEXT]
            part = build.picture_of(self._items[at], self._shelf.store)
        except (StoreError, IndexError):  # deleted meanwhile
            return ""
        found = opened(partial(_opened, part), _EDGE) if part is not None else None
        return found.uri(_STEP) if isinstance(found, Picture) else ""


def _opened(part: Part) -> Image:
    image = part.opened(edge=_EDGE)
    if image is None:
        raise SourceError(f"{part.id} has no picture.")
    return image
