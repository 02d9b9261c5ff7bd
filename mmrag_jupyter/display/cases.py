"""Single queries beside their hits: the pictures asked with, and those that were missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.elements import picture
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.thumbnails import Gone, Picture, opened, thumbnails

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

_EDGE, _BOX = 96, (72, 72)
_CELL = "border:0;padding:0 8px 0 0;text-align:left;vertical-align:middle"


def heading(title: str, said: str) -> str:
    """Return what stands over one query: what was asked, and how it went."""
    return (
        f'<p style="margin:12px 0 4px"><b>{escape(one_line(title, 200))}</b>'
        f"<br><small>{escape(one_line(said, 300))}</small></p>"
    )


def row(groups: Sequence[tuple[str, Sequence[tuple[str, Callable[[], Image]]]]]) -> str:
    """Return small pictures in one line, each group behind its label; "" where there is none.

    Parameters
    ----------
    groups
        A label, and the pictures: what each is called, and what opens it. One that cannot be
        opened says why.
    """
    cells = [cell for label, pictures in groups if pictures for cell in _cells(label, pictures)]
    if not cells:
        return ""
    return (
        '<table style="border-collapse:collapse;margin:0 0 8px"><tbody>'
        f'<tr style="background:none">{"".join(cells)}</tr></tbody></table>'
    )


def _cells(label: str, pictures: Sequence[tuple[str, Callable[[], Image]]]) -> list[str]:
    found = [(name, opened(open_it, _EDGE)) for name, open_it in pictures]
    # No room is as small as they get: they are to be recognised, not looked at.
    small = iter(thumbnails([one for _, one in found if isinstance(one, Picture)], 0))
    cells = [f'<td style="{_CELL}"><small>{escape(label)}</small></td>']
    for name, one in found:
        shown = next(small) if isinstance(one, Picture) else one or Gone("there is no picture")
        cells.append(
            f'<td style="{_CELL}">{picture(shown, name, _BOX)}'
            f"<br><small>{escape(one_line(name, 30))}</small></td>"
        )
    return cells
