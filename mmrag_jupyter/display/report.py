"""A load's report as a MIME bundle: what it did in numbers, and what it could not load.

The HTML and the plain text show the first problems; the JSON holds as many as there is room for.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from mmrag_jupyter.display.budget import bundle_bytes, saved_bytes
from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.facts import Grid, facts_bundle
from mmrag_jupyter.display.report_payload import payload, problem

if TYPE_CHECKING:
    from mmrag_jupyter.display.report_payload import Loaded

REPORT_MIME = "application/vnd.mmrag.report.v1+json"

_NOTICES, _NOTICE = 20, 300  # how many, and characters of one
_WORDS = 0.4  # the share of the budget that the HTML and the plain text may take
_SMALLEST = 60  # bytes, so that of a million problems only those are looked at that could fit
# Bytes: an object in a list stands two columns deeper, with a comma and a line end. The list's
# own end then has a line too.
_NESTED = 12


def report_bundle(told: Loaded, title: str, *, budget: int = 65536) -> dict[str, object]:
    """Return a report as JSON, HTML and plain text, for a notebook to show and to keep.

    All three together take at most `budget` bytes in the saved notebook: problems that there is
    no room for are left out, which all of them say.
    """
    words = facts_bundle(
        title,
        [("source", told.source), ("seconds", f"{told.seconds:.1f}")],
        notices=told.notices,
        table=Grid(("source", "reason"), told.problems),
        budget=int(budget * _WORDS),
    )
    notices = [one_line(each, _NOTICE) for each in told.notices[:_NOTICES]]
    bare: dict[str, object] = {REPORT_MIME: payload(told, notices, []), **words}
    room = budget - bundle_bytes(bare)
    if room < 0:
        return words
    some = [problem(*each) for each in told.problems[: room // _SMALLEST]]
    sizes = accumulate(saved_bytes(each) + _NESTED for each in some)
    kept = [each for each, total in zip(some, sizes, strict=True) if total <= room - _NESTED]
    return {**bare, REPORT_MIME: payload(told, notices, kept)}
