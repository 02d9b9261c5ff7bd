"""Counts of values, column by column, with a bar each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.elements import LINE
from mmrag_jupyter.display.escape import escape, isolated, one_line
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAME = 40
_LABEL = 48
_LINES = (12, 8, 5, 3)  # of a column; fewer where there is no room
_BOX = (
    '<div style="display:inline-block;vertical-align:top;min-width:17em;max-width:24em;'
    f'margin:0 20px 14px 0;border-top:1px solid {LINE};padding-top:4px">'
)
_CELL = "text-align:left;padding:1px 8px 1px 0;overflow-wrap:anywhere"
_NUMBER = "text-align:right;padding:1px 0;white-space:nowrap"


@dataclass(frozen=True, slots=True)
class Tally:
    """The lines of a column: what, and how many; `more` counts those left out already."""

    name: str
    lines: tuple[tuple[str, int], ...]
    total: int
    more: int = 0


def tally_bundle(
    tallies: Sequence[Tally], *, title: str, notices: Sequence[str] = (), budget: int = 65536
) -> dict[str, object]:
    """Return counts as HTML and plain text, within `budget` bytes of the saved notebook."""
    title, told = one_line(title, 200), [one_line(each, 300) for each in notices[:8]]
    shown = list(tallies)
    while True:
        for lines in _LINES:
            left = len(tallies) - len(shown)
            notes = [*told, *([f"{left:,} more columns are not shown here"] * (left > 0))]
            html = "".join(_html(one, lines) for one in shown)
            plain = "\n".join(_plain(one, lines) for one in shown)
            bundle: dict[str, object] = {
                "text/html": page(title, notes, html),
                "text/plain": plain_page(title, notes, plain),
            }
            if bundle_bytes(bundle) <= budget:
                return bundle
        if not shown:
            return {"text/html": "", "text/plain": ""}
        shown = shown[: len(shown) // 2]


def _html(one: Tally, lines: int) -> str:
    most = max((count for _, count in one.lines), default=0)
    rows = "".join(
        f'<tr style="background:none"><td style="{_CELL}">{isolated(one_line(label, _LABEL))}</td>'
        f'<td style="{_NUMBER}"><meter min="0" max="{max(most, 1)}" value="{count}" '
        f'style="width:6em"></meter> {count:,}</td></tr>\n'
        for label, count in one.lines[:lines]
    )
    rest = one.more + max(len(one.lines) - lines, 0)
    more = f"<small>… and {rest:,} more</small>" if rest else ""
    return (
        f"{_BOX}<b><bdi>{escape(one_line(one.name, _NAME))}</bdi></b>"
        f'<table style="border-collapse:collapse;margin:0"><tbody>\n{rows}</tbody></table>{more}'
        "</div>"
    )


def _plain(one: Tally, lines: int) -> str:
    rows = [[one_line(label, _LABEL), f"{count:,}"] for label, count in one.lines[:lines]]
    rest = one.more + max(len(one.lines) - lines, 0)
    more = f"\n… and {rest:,} more" if rest else ""
    return f"\n{aligned([one_line(one.name, _NAME), 'items'], rows, [False, True])}{more}"
