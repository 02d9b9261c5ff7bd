"""Recordings taken apart at their pauses, without holding them in memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources.sound import opened, sane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Media
    from mmrag_jupyter.sources.sound import Opened

    Levels = npt.NDArray[np.float32]
    Run = tuple[int, int]

# CLAP models listen to ten seconds at once, and a hit that begins no more than these before what
# was looked for is quickly heard.
MOST_SECONDS = 10.0
FRAME = 0.02  # seconds
# Within a sentence speakers pause for less; where a span has to be cut, it is at such a pause.
_PAUSE = 0.25  # seconds
# Longer ones are in no span: what comes after is another one.
_SILENCE = 1.0  # seconds
_MARGIN = 0.1  # seconds of a pause that go with the sound beside it
# Quieter than the loud by so much (30 dB), or than any microphone's own noise, is silence.
_QUIETER = 10 ** (-30 / 20)
_SILENT = 10 ** (-70 / 20)
_LOUD = 95  # per cent of the frames are quieter than what counts as loud
# An edge in the second half of a span too long: the quietest place there.
_EARLIEST = 0.5
_SHORTFALL = 0.02  # of the length that the header says; less is rounding, and encoders' padding
_BLOCK = 1  # seconds that are decoded at once, and lost where one of them is damaged


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording taken apart.

    `spans` are the stretches with something to hear, from and to which second; of a silent
    one, its beginning. `problem` says what could not be read of it, or is empty.
    """

    spans: Sequence[tuple[float, float]]
    seconds: float
    rate: int
    channels: int
    silent: bool
    problem: str = ""


def heard(media: Media, tell: Callable[[int, int], None] = lambda _done, _all: None) -> Heard:
    """Take a recording apart at its pauses, into spans of at most `MOST_SECONDS`.

    It is decoded piece by piece, and only the loudness of its frames is kept.

    Parameters
    ----------
    tell
        Is told how many seconds are done, and of how many.

    Raises
    ------
    SourceError
        Nothing of it can be read.
    """
    levels: list[Levels] = []
    problem, told, rate, channels, frames = "", None, 0, 0, 0
    try:
        with opened(media) as sound:
            rate, channels, told = sound.rate, sound.channels, sound.seconds
            for level in _levels(sound):
                levels.append(level)
                frames += len(level)
                done = int(FRAME * frames)
                tell(done, max(done, int(told or 0)))
    except SourceError as error:
        if not levels:
            raise
        read = FRAME * frames
        problem = f"{str(error).removesuffix('.')} beyond its first {read:.1f} seconds."
    every = np.concatenate(levels) if levels else np.empty(0, np.float32)
    if not len(every):
        raise SourceError(f"{media} has no sound.")
    read = len(every) * FRAME
    if not problem and told is not None and told - read > max(1.0, _SHORTFALL * told):
        problem = f"{media} is cut short: it has {read:.1f} of {told:.1f} seconds."
    seconds = read if told is None or problem else told
    runs = _runs(every)
    spans = [(a * FRAME, min(b * FRAME, seconds)) for a, b in _packed(every, runs)]
    if not spans:
        spans = [(0.0, min(seconds, MOST_SECONDS))]
    rounded = [(round(start, 2), round(end, 4)) for start, end in spans]
    return Heard(rounded, seconds, rate, channels, not runs, problem)


def _levels(sound: Opened) -> Iterator[Levels]:
    """Yield the root mean square of each frame, a block of frames at a time."""
    size = max(1, round(FRAME * sound.rate))
    rest = np.empty(0, np.float32)
    for block in sound.blocks(_BLOCK * sound.rate):
        samples = np.concatenate([rest, sane(block)])
        whole = len(samples) // size * size
        frames, rest = samples[:whole].reshape(-1, size), samples[whole:]
        yield np.sqrt(np.mean(np.square(frames), axis=1, dtype=np.float32))
    if len(rest):
        yield np.sqrt(np.mean(np.square(rest), keepdims=True, dtype=np.float32))


def _runs(levels: Levels) -> list[Run]:
    """Return the runs of frames between pauses; (first, last + 1) each."""
    floor = max(_SILENT, _QUIETER * float(np.percentile(levels, _LOUD)))
    loud = np.flatnonzero(levels >= floor)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > _PAUSE / FRAME)
    firsts = loud[np.concatenate([[0], breaks + 1])]
    lasts = loud[np.concatenate([breaks, [len(loud) - 1]])]
    return list(zip(firsts.tolist(), (lasts + 1).tolist(), strict=True))


def _packed(levels: Levels, runs: Sequence[Run]) -> list[Run]:
    """Join neighbouring runs into spans, cut those that are too long, and widen them a little."""
    most, apart = round(MOST_SECONDS / FRAME), round(_SILENCE / FRAME)
    margin = round(_MARGIN / FRAME)
    most -= 2 * margin
    joined: list[Run] = []
    for start, end in (piece for run in runs for piece in _cut(levels, run, most)):
        if joined and start - joined[-1][1] <= apart and end - joined[-1][0] <= most:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    if not joined:
        return []
    # Of a short pause between two, each has a half.
    halves = [(before[1] + after[0]) // 2 for before, after in pairwise(joined)]
    return [
        (max(start - margin, earliest), min(end + margin, latest))
        for (start, end), earliest, latest in zip(
            joined, [0, *halves], [*halves, len(levels)], strict=True
        )
    ]


def _cut(levels: Levels, run: Run, most: int) -> Iterator[Run]:
    """Cut a run that is too long, at its quietest places."""
    start, end = run
    while end - start > most:
        first = start + int(_EARLIEST * most)
        cut = first + int(np.argmin(levels[first : start + most]))
        yield start, cut
        start = cut
    yield start, end
