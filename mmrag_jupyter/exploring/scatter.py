"""The map to move in: jupyter-scatter, with thumbnails that are made when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.display.chart import Chart

INSTALL = "pip install 'mmrag-jupyter[map]'"

_HIGH = 480  # pixels
_NAME = 40
_TAKEN = {"x", "y", "color", "opacity", "size"}
_SIZES = ((500, 9), (5_000, 6), (50_000, 4), (float("inf"), 3))  # pixels, up to so many points
_REACH = 1.06  # what of both directions the widget shows: the points lie from -1 to 1
# Stands where a picture comes a moment later, so that the one before does not stay.
_BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def has_scatter() -> bool:
    """Tell whether jupyter-scatter is installed, without loading it."""
    return find_spec("jscatter") is not None


@dataclass(frozen=True, slots=True, eq=False)
class Hover:
    """What is told of a point under the pointer.

    `texts` are columns of short texts; `preview` returns a data URI of the picture of a point,
    by its place, or, where `pictures` is not set, some text; "" for none.
    """

    texts: Mapping[str, Sequence[str]]
    preview: Callable[[int], str]
    pictures: bool


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """A map as a widget; `widget` is what a notebook displays."""

    _scatter: Any
    widget: Any

    @property
    def selected(self) -> list[int]:
        """The places of the points that are selected in it."""
        return [int(at) for at in self._scatter.selection()]


def scatter(chart: Chart, hover: Hover) -> Scatter:
    """Return a chart as a widget to zoom, hover over and select in.

    Raises
    ------
    MissingError
        jupyter-scatter is not installed.
    """
    if not has_scatter():
        raise MissingError(f"A map to move in needs jupyter-scatter: {INSTALL}.")
    import jscatter
    import pandas as pd

    names = _labels(chart)
    texts = {_own(name): values for name, values in hover.texts.items()}
    colour = _free(one_line(chart.caption, _NAME) or "items", texts)
    frame = pd.DataFrame(
        {
            "__x": _scaled(chart.xy[:, 0], chart.xy),
            "__y": _scaled(chart.xy[:, 1], chart.xy),
            colour: pd.Categorical.from_codes(chart.codes, pd.Index(names)),
            "__preview": _BLANK if hover.pictures else "",
            **texts,
        }
    )
    made = jscatter.Scatter(
        data=frame, x="__x", y="__y", color_by=colour,
        color_map=dict(zip(names, (mark.colour for mark in chart.marks), strict=True)),
        x_scale=(-_REACH, _REACH), y_scale=(-_REACH, _REACH), height=_HIGH, axes=False,
    )  # fmt: skip
    made.size(default=next(size for most, size in _SIZES if len(frame) <= most))
    # The ground of the page shows through, light or dark; the legend stands there too.
    made.background(color="#ffffff00")
    made.legend(False)
    made.tooltip(
        True, properties=[*texts], preview="__preview", preview_image_size="contain",
        preview_type="image" if hover.pictures else "text",
    )  # fmt: skip
    _answer(made.widget, hover.preview)
    return Scatter(made, made.show())


def _answer(widget: Any, preview: Callable[[int], str]) -> None:  # noqa: ANN401
    """Let a widget answer with a preview too when a page asks for what is under the pointer."""
    answer = widget._handle_custom_msg  # noqa: SLF001

    def handle(content: Mapping[str, Any], buffers: object) -> None:
        answer(content, buffers)
        index, kind = content.get("index"), content.get("type")
        if isinstance(index, int) and kind == widget.event_types["TOOLTIP"]:
            found = preview(index)
            if found:
                widget.send({"type": kind, "index": index, "properties": {}, "preview": found})

    # `on_msg` would be the door for it, but the widget has its own handler in that one's place.
    widget._handle_custom_msg = handle  # noqa: SLF001


def _labels(chart: Chart) -> list[str]:
    """Return the labels of the legend, no two alike."""
    names: list[str] = []
    for mark in chart.marks:
        name = one_line(mark.label, _NAME) or "items"
        while name in names:
            name = f"{name} "
        names.append(name)
    return names


def _own(name: str) -> str:
    """Return a column's name so that it is not taken for what jupyter-scatter calls so itself."""
    return f"{name} " if name in _TAKEN or name.startswith("__") else name


def _free(name: str, taken: Mapping[str, object]) -> str:
    while name in taken or name.startswith("__"):
        name = f"{name} " if name in taken else name.lstrip("_") or "items"
    return name


def _scaled(values: npt.NDArray[np.float32], xy: npt.NDArray[np.float32]) -> Any:  # noqa: ANN401
    """Return one direction of points, all of which fit between -1 and 1."""
    import numpy as np

    extent = float(np.ptp(xy, axis=0).max()) or 1.0
    return (values - (values.min() + values.max()) / 2) / extent * 2
