"""A load's report as JSON (`application/vnd.mmrag.report.v1+json`), for a renderer that draws it.

The object has these members; a renderer ignores what it does not know.

- `version`: 1
- `collection`, `source`: texts: the name of what was loaded into, and of what was loaded
- `counts`: an object of whole numbers, in items: `added`, `updated`, `unchanged`, `removed`,
  `failed` (nothing of it could be loaded), `kept` (no longer in the source, and not removed)
- `seconds`: how long the load took
- `notices`: texts
- `total`: how many problems there are; `problems` may be fewer, to keep within the budget
- `problems`: the first of them, a list of objects with
  - `source`: a text: an item's id, a file or a folder
  - `reason`: a text: why it, or something of it, could not be loaded
  - where `source` is only a form of it that can be shown: `key`, the source as it is; empty
    where it is longer than can be kept, or no text that JSON can carry
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.payload import exact
from mmrag_jupyter.display.values import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = 200  # characters of the collection's and of the source's name
_SOURCE, _REASON = 400, 400  # characters of a problem's


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A load as the display needs it.

    `counts` are in items, by the names that the JSON has; `problems` are sources and reasons.
    """

    collection: str
    source: str
    counts: Mapping[str, int]
    seconds: float
    problems: Sequence[tuple[str, str]] = ()
    notices: Sequence[str] = ()


def payload(
    told: Loaded, notices: Sequence[str], problems: Sequence[dict[str, str]]
) -> dict[str, object]:
    """Return the whole object; `problems` are made by `problem`."""
    return {
        "version": 1,
        "collection": json_text(told.collection, _NAME),
        "source": json_text(told.source, _NAME),
        "counts": dict(told.counts),
        "seconds": round(told.seconds, 3) if math.isfinite(told.seconds) else 0.0,
        "notices": list(notices),
        "total": len(told.problems),
        "problems": list(problems),
    }


def problem(source: str, reason: str) -> dict[str, str]:
    """Return one problem."""
    told = {"source": json_text(source, _SOURCE), "reason": json_text(reason, _REASON)}
    return told if told["source"] == source else {**told, "key": exact(source)}
