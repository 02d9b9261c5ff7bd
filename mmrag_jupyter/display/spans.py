"""What matched in a recording: heat along its waveform, and its best spans to be heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmrag_jupyter.display.clips import Clip, clips, heard
from mmrag_jupyter.display.elements import sound
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.fields import clock
from mmrag_jupyter.display.marks import snippet
from mmrag_jupyter.display.waves import BESIDE, coloured
from mmrag_jupyter.display.why import score_text, signal_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from PIL.Image import Image

    from mmrag_jupyter.display.stretches import Stretch
    from mmrag_jupyter.display.thumbnails import Gone

LINES = 8
_PLAYED = 3  # spans, the best
_TEXT = 240  # characters of what is said
_STEPS = 8  # of heat: few colours make a small picture
_COLD = np.array([104, 110, 180], np.float32)
_HOT = np.array([214, 0, 96], np.float32)


class SpanLine(NamedTuple):
    """A span as it is told: how well it does (0 to 1), its scores, what is said, its sound."""

    share: float
    scores: Sequence[tuple[str, float]]
    text: str
    stretch: Stretch


def drawn(
    loud: npt.NDArray[np.float32], seconds: float, spans: Sequence[tuple[float, float, float]]
) -> Image:
    """Return the waveform of a recording of so many `seconds`, coloured where spans are.

    `spans` are from when to when, in seconds, and how warm, from 0 to 1.
    """
    middles = (np.arange(len(loud)) + 0.5) * seconds / max(len(loud), 1)
    colours = [BESIDE] * len(loud)
    for start, end, share in sorted(spans, key=lambda one: one[2]):
        warm = round(min(max(share, 0.0), 1.0) * _STEPS) / _STEPS
        red, green, blue = np.rint(_COLD + warm * (_HOT - _COLD)).astype(int).tolist()
        # Of a long recording a bar is longer than a span.
        within = (middles >= start) & (middles <= end)
        if not within.any():
            within[np.abs(middles - (start + end) / 2).argmin()] = True
        for at in np.flatnonzero(within).tolist():
            colours[at] = red, green, blue
    return coloured(loud, colours)


def told(lines: Sequence[SpanLine], room: int) -> list[Clip | Gone | None]:
    """Return the sounds of the first few lines, in at most `room` bytes."""
    return clips([heard(line.stretch, room) for line in lines[:_PLAYED]], room)


def html(
    lines: Sequence[SpanLine], sounds: Sequence[Clip | Gone | None], terms: tuple[str, ...]
) -> str:
    """Return the spans, one below the other, the first ones with their `sounds`."""
    drawn_lines = []
    for at, line in enumerate(lines[:LINES]):
        player = sound(sounds[at], 260, placed=True) if at < len(sounds) else ""
        said = f"<div>{snippet(line.text, terms, _TEXT)}</div>" if line.text else ""
        drawn_lines.append(
            f'<div style="margin:0 0 10px"><b>{spot(line)}</b> '
            f'<meter value="{line.share:.2f}"></meter> '
            f"<small>{escape(scores(line))}</small>{said}{player}</div>"
        )
    rest = len(lines) - LINES
    more = f"<p><small>… and {rest:,} more spans.</small></p>" if rest > 0 else ""
    return "".join(drawn_lines) + more


def plain(lines: Sequence[SpanLine]) -> str:
    """Return the spans as lines of text."""
    return "\n".join(
        f"  {spot(line)}  {scores(line)}  {one_line(line.text, 60)}".rstrip()
        for line in lines[:LINES]
    )


def spot(line: SpanLine) -> str:
    """Return from when to when a span is."""
    return f"{clock(line.stretch.start)}-{clock(line.stretch.end)}"


def scores(line: SpanLine) -> str:
    """Return what the signals say of a span."""
    return ", ".join(f"{signal_name(name)} {score_text(score)}" for name, score in line.scores)
