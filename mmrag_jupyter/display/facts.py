"""Facts about a collection, a load or a command, as a small page of names and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.elements import DIM, LINE
from mmrag_jupyter.display.escape import cut, escape, one_line, visible
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import aligned, columns_of, fitted
from mmrag_jupyter.display.values import missing, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CELL = "text-align:left;vertical-align:top;padding:3px 10px 3px 0"
# A path of 200 characters has no place of its own to break at. JupyterLab keeps `break-word` in
# the outputs of notebooks it does not trust, which helps where the columns' widths are given.
_WRAPPED = f"{_CELL};overflow-wrap:break-word"
_ROW = '<tr style="background:none">'
_TABLE = "border-collapse:collapse;margin:0 0 8px"
_GIVEN = "table-layout:fixed;width:100%"

_VALUE = 2000  # characters of one value
_ENTRY = 300  # characters of one cell of the table
_WORD = 30  # characters from which a word may be wider than its column
_ROWS = 20  # rows of the table that are shown at most
_WIDEST = 60  # columns of a terminal that one cell of the table takes


@dataclass(frozen=True, slots=True)
class Grid:
    """A table below the facts: `rows` hold one value for each name in `columns`."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """Names and values that show themselves in a cell; `rows` is what the page says."""

    title: str
    rows: Sequence[tuple[str, object]]
    notices: Sequence[str] = ()
    table: Grid | None = None

    def __repr__(self) -> str:
        return str(self._repr_mimebundle_()["text/plain"])

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, object]:
        return facts_bundle(self.title, self.rows, notices=self.notices, table=self.table)


def facts_bundle(
    title: str,
    rows: Sequence[tuple[str, object]],
    *,
    notices: Sequence[str] = (),
    table: Grid | None = None,
    budget: int = 65536,
) -> dict[str, object]:
    """Return names and values as HTML and plain text; a value may have several lines.

    A long `table` shows its first rows and says how many more there are. Both texts together
    take at most `budget` bytes in the saved notebook.
    """
    title, told = one_line(title, 200), [one_line(each, 300) for each in notices[:20]]
    pairs = [(one_line(name, 60), _lines(value)) for name, value in rows]
    entries = _ROWS
    while True:
        bundle: dict[str, object] = {
            "text/html": page(title, told, _html(pairs) + _grid_html(table, entries)),
            "text/plain": plain_page(title, told, _plain(pairs) + _grid_plain(table, entries)),
        }
        if bundle_bytes(bundle) <= budget:
            return bundle
        if not pairs and not entries:
            return {"text/html": "", "text/plain": ""}
        # Half of everything, again and again: this is only for what nobody would read.
        pairs, entries = pairs[: len(pairs) // 2], entries // 2


def _lines(value: object) -> str:
    if isinstance(value, str):
        return cut(visible(value[: _VALUE + 1]).strip(), _VALUE) or shown(None)
    return shown(value, _VALUE)


def _html(pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return ""
    given, width = "", ""
    if _has_long_words(value for _, value in pairs):
        # The digits and letters of most fonts are some 0.6 em wide.
        given, width = f";{_GIVEN}", f"width:{max(len(name) for name, _ in pairs) * 0.6 + 1:.1f}em;"
    inside = "".join(
        f'{_ROW}<th style="{_CELL};{width}white-space:nowrap;{DIM}">{escape(name)}</th>'
        f'<td style="{_WRAPPED}">{escape(value).replace(chr(10), "<br>")}</td></tr>\n'
        for name, value in pairs
    )
    return f'<table style="{_TABLE}{given}"><tbody>\n{inside}</tbody></table>'


def _plain(pairs: Sequence[tuple[str, str]]) -> str:
    widest = max((columns_of(name) for name, _ in pairs), default=0)
    lines = []
    for name, value in pairs:
        gap = " " * (widest - columns_of(name))
        first, *rest = value.split("\n")
        lines.append(f"  {name}{gap}  {first}".rstrip())
        lines += [f"  {' ' * widest}  {line}".rstrip() for line in rest]
    return "\n".join(lines)


def _grid_html(table: Grid | None, entries: int) -> str:
    if table is None or not table.rows:
        return ""
    names = [escape(one_line(name, 60)) for name in table.columns]
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in names)
    lines = [[shown(each, _ENTRY) for each in row] for row in table.rows[:entries]]
    rows = "".join(
        f'<tr style="border-top:1px solid {LINE}">'
        + "".join(f'<td style="{_WRAPPED}">{escape(each)}</td>' for each in line)
        + "</tr>\n"
        for line in lines
    )
    given = f";{_GIVEN}" if _has_long_words(each for line in lines for each in line) else ""
    rest = _rest(table, entries)
    return (
        f'<div style="overflow-x:auto"><table style="{_TABLE}{given}">'
        f"<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>"
        + (f"<p>{rest}</p>" if rest else "")
    )


def _has_long_words(texts: Iterable[str]) -> bool:
    return any(len(word) > _WORD for text in texts for word in text.split())


def _grid_plain(table: Grid | None, entries: int) -> str:
    if table is None or not table.rows:
        return ""
    rows = [
        ["" if missing(each) else fitted(shown(each, _ENTRY), _WIDEST) for each in row]
        for row in table.rows[:entries]
    ]
    names = [one_line(name, _WIDEST) for name in table.columns]
    rest = _rest(table, entries)
    return "\n" + aligned(names, rows, [False] * len(names)) + (f"\n{rest}" if rest else "")


def _rest(table: Grid, entries: int) -> str:
    more = len(table.rows) - entries
    return f"… and {more:,} more" if more > 0 else ""
