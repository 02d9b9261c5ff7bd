"""Measures with their intervals, as a table that is a plot, and single queries below it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.elements import LINE
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import aligned
from mmrag_jupyter.display.values import DASH
from mmrag_jupyter.display.whiskers import whisker

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL = "text-align:left;vertical-align:top;padding:3px 12px 3px 0;white-space:nowrap"
_NAME = "text-align:left;vertical-align:top;padding:3px 14px 3px 0;min-width:5em;max-width:16em"
_TABLE = '<table style="border-collapse:collapse;margin:0 0 8px">'
_TR = f'<tr style="background:none;border-top:1px solid {LINE}">'
# How many rows, and in how many of the columns of measures there are bars.
_CUTS = ((40, 9), (40, 2), (40, 1), (20, 1), (12, 1), (12, 0), (5, 0), (1, 0))
_GLANCE = 5
_NOTICE, _NOTICES = 300, 12


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One measure of one setting and slice, and the 95% interval of its mean.

    `difference` is (mean, low, high) to the first setting, None for itself; `latency` the
    median and the 95th percentile of a query in milliseconds.
    """

    setting: str
    slice: str
    measure: str
    mean: float
    low: float
    high: float
    queries: int
    difference: tuple[float, float, float] | None
    latency: tuple[float, float]


def scores_bundle(
    lines: Sequence[ScoreLine],
    *,
    title: str,
    notices: Sequence[str] = (),
    pages: Sequence[str] = (),
    k: int = 10,
    budget: int = 65536,
) -> dict[str, object]:
    """Return scores as HTML and plain text, at most `budget` bytes in the saved notebook.

    Parameters
    ----------
    pages
        HTML of single queries. First the table is cut to what can be read at a glance, then
        they are left out, the last ones first, and then the rest of the table.
    k
        How many hits the timed queries gave.
    """
    told = [one_line(each, _NOTICE) for each in notices[:_NOTICES]]
    told.append(_legend(lines, k))
    title = one_line(title, 200)
    kept = list(pages)
    while True:
        for rows, bars in _CUTS[: _GLANCE if kept else len(_CUTS)]:
            some = _first_rows(lines, rows)
            inside = _table(some, bars) + _rest(lines, rows) + _worst(kept)
            bundle: dict[str, object] = {
                "text/html": page(title, told, inside),
                "text/plain": plain_page(title, told, _plain(some)),
            }
            if bundle_bytes(bundle) <= budget:
                return bundle
        if not kept:
            return {"text/html": "", "text/plain": ""}
        kept.pop()


def _legend(lines: Sequence[ScoreLine], k: int) -> str:
    said = "Means over the queries with 95% bootstrap intervals"
    if any(line.difference for line in lines):
        said += "; differences to the first setting are over the same queries, in bold where"
        said += " their interval leaves out 0"
    return f"{said}. Time is that of a query of {k} hits, median and 95th percentile."


def _keys(lines: Sequence[ScoreLine]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((line.slice, line.setting) for line in lines))


def _first_rows(lines: Sequence[ScoreLine], rows: int) -> list[ScoreLine]:
    kept = set(_keys(lines)[:rows])
    return [line for line in lines if (line.slice, line.setting) in kept]


def _rest(lines: Sequence[ScoreLine], rows: int) -> str:
    more = len(_keys(lines)) - rows
    return f"<p>… and {more:,} more rows: .to_pandas() has them all</p>" if more > 0 else ""


def _table(lines: Sequence[ScoreLine], bars: int) -> str:
    sliced = any(line.slice for line in lines)
    measures = list(dict.fromkeys(line.measure for line in lines))
    names = [*(["slice"] if sliced else []), "setting", "queries", *measures, "time"]
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in names)
    rows = []
    for part, setting in _keys(lines):
        own = [line for line in lines if (line.slice, line.setting) == (part, setting)]
        by_measure = {line.measure: line for line in own}
        cells = [f'<td style="{_NAME}">{escape(_slice(part))}</td>'] if sliced else []
        cells.append(f'<th style="{_NAME}">{escape(one_line(setting, 80))}</th>')
        cells.append(f'<td style="{_CELL}">{own[0].queries:,}</td>')
        cells += [
            f'<td style="{_CELL}">{_cell(by_measure.get(name), bar=at < bars)}</td>'
            for at, name in enumerate(measures)
        ]
        cells.append(f'<td style="{_CELL}">{_time(own[0])}</td>')
        rows.append(
            f'<tr style="background:none;border-top:1px solid {LINE}">{"".join(cells)}</tr>'
        )
    body = "\n".join(rows)
    return (
        f'<div style="overflow-x:auto">{_TABLE}<thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _slice(name: str) -> str:
    return one_line(name, 80) if name else "all"


def _cell(line: ScoreLine | None, *, bar: bool) -> str:
    if line is None:
        return DASH
    drawn = f"{whisker(line.mean, line.low, line.high)}<br>" if bar else ""
    text = f"<b>{line.mean:.3f}</b><br>{drawn}<small>{_between(line.low, line.high)}</small>"
    if line.difference is None:
        return text
    return f"{text}<br><small>{_difference(*line.difference)}</small>"


def _difference(mean: float, low: float, high: float) -> str:
    if mean == low == high == 0:
        return "same"
    # On lines of their own: five measures side by side are to fit a notebook's cell.
    told = f"{mean:+.3f}" if isnan(low) else f"{mean:+.3f}<br>{low:+.2f} … {high:+.2f}"
    return f"<b>{told}</b>" if low > 0 or high < 0 else told


def _between(low: float, high: float) -> str:
    return "too few" if isnan(low) else f"{low:.2f} … {high:.2f}"


def _time(line: ScoreLine) -> str:
    median, high = line.latency
    if isnan(median):
        return DASH
    return f"{_milliseconds(median)} <small>({_milliseconds(high)})</small>"


def _milliseconds(value: float) -> str:
    if isnan(value):
        return DASH
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"  # noqa: PLR2004 - two digits


def _worst(pages: Sequence[str]) -> str:
    if not pages:
        return ""
    inside = "".join(pages)
    return f"<details><summary>The queries that went worst</summary>{inside}</details>"


def _plain(lines: Sequence[ScoreLine]) -> str:
    sliced = any(line.slice for line in lines)
    measures = list(dict.fromkeys(line.measure for line in lines))
    rows = []
    for part, setting in _keys(lines):
        own = [line for line in lines if (line.slice, line.setting) == (part, setting)]
        by_measure = {line.measure: line for line in own}
        row = [_slice(part)] if sliced else []
        row += [one_line(setting, 40), f"{own[0].queries:,}"]
        for name in measures:
            line = by_measure.get(name)
            row.append(f"{line.mean:.3f} ({_between(line.low, line.high)})" if line else DASH)
        row.append(_milliseconds(own[0].latency[0]))
        rows.append(row)
    names = [*(["slice"] if sliced else []), "setting", "queries", *measures, "median"]
    return aligned(names, rows, [False] * len(names))
