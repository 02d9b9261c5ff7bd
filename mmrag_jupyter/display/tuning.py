"""What tuning a collection changed: a sentence, a few facts, and a table of measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.elements import DIM, LINE
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.plain import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL = "text-align:left;vertical-align:top;padding:3px 14px 3px 0"
_TABLE = '<table style="border-collapse:collapse;margin:0 0 8px">'
_ROW = f'<tr style="background:none;border-top:1px solid {LINE}">'
_NAMES = ("measure", "before", "after", "difference", "95% interval", "among")
_SENTENCE, _NOTICE, _NOTICES = 400, 300, 12


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One measure before and after; `difference` is its mean, and the ends of its interval."""

    among: str
    measure: str
    before: float
    after: float
    difference: tuple[float, float, float]

    @property
    def cells(self) -> list[str]:
        """What the table says, in the order of its columns."""
        mean, low, high = self.difference
        return [
            self.measure,
            f"{self.before:.3f}",
            f"{self.after:.3f}",
            f"{mean:+.3f}",
            f"{low:+.3f} … {high:+.3f}",
            self.among,
        ]


def tuning_bundle(
    title: str,
    reason: str,
    facts: Sequence[tuple[str, str]],
    lines: Sequence[ChangeLine],
    *,
    notices: Sequence[str] = (),
    budget: int = 65536,
) -> dict[str, object]:
    """Return a tuning as HTML and plain text; what has to be said goes where bytes run out.

    Parameters
    ----------
    facts
        Names and values, each one short line.
    """
    title, reason = one_line(title, 200), one_line(reason, _SENTENCE)
    pairs = [(one_line(name, 60), one_line(value, 200)) for name, value in facts]
    told = [one_line(each, _NOTICE) for each in notices[:_NOTICES]]
    while True:
        bundle: dict[str, object] = {
            "text/html": page(title, told, _html(reason, pairs, lines)),
            "text/plain": plain_page(title, told, _plain(reason, pairs, lines)),
        }
        if bundle_bytes(bundle) <= budget or not told:
            return bundle
        told.pop()


def _html(reason: str, facts: Sequence[tuple[str, str]], lines: Sequence[ChangeLine]) -> str:
    told = "".join(
        f'<tr style="background:none"><th style="{_CELL};{DIM}">{escape(name)}</th>'
        f'<td style="{_CELL}">{escape(value)}</td></tr>'
        for name, value in facts
    )
    inside = f"<p><b>{escape(reason)}</b></p>"
    inside += f"{_TABLE}<tbody>{told}</tbody></table>" if told else ""
    if not lines:
        return inside
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in _NAMES)
    rows = "\n".join(f"{_ROW}{_cells(line)}</tr>" for line in lines)
    return (
        f'{inside}<div style="overflow-x:auto">{_TABLE}<thead><tr>{head}</tr></thead>'
        f"<tbody>\n{rows}</tbody></table></div>"
    )


def _cells(line: ChangeLine) -> str:
    _, low, high = line.difference
    told = [escape(cell) for cell in line.cells]
    if low > 0 or high < 0:
        told[3:5] = [f"<b>{cell}</b>" for cell in told[3:5]]
    return "".join(f'<td style="{_CELL}">{cell}</td>' for cell in told)


def _plain(reason: str, facts: Sequence[tuple[str, str]], lines: Sequence[ChangeLine]) -> str:
    told = [reason, *(f"{name}: {value}" for name, value in facts)]
    if lines:
        told.append(aligned(list(_NAMES), [line.cells for line in lines], [False] * len(_NAMES)))
    return "\n".join(told)
