"""A stretch of a recording, as cards carry it: decoded once, when it is first drawn or heard."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.display.waves import levels, waveform
from mmrag_jupyter.items import Sound

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from mmrag_jupyter.display.waves import Levels

RATE = 16_000  # samples a second: speech needs no more, and a notebook has room for no more

# However long a stretch is, no more of it is decoded for a picture of what it sounds like.
LONGEST = 60.0  # seconds
# What is shown beside it, so that its edges are seen.
_BESIDE = 0.25
_LEAST_BESIDE, _MOST_BESIDE = 0.2, 3.0  # seconds


class _Around(NamedTuple):
    """A stretch with what lies beside it, and where in the recording that begins (seconds)."""

    sound: Sound
    begin: float


class Stretch:
    """Some of a recording, from `start` to `end`, in seconds.

    Parameters
    ----------
    read
        Decodes the recording from one second to another, at `RATE`; what it raises is shown
        in place of the sound.
    part
        The number of the part that it is, among the item's, from 0.
    outline
        Returns how loud the whole stretch is, for its picture; without it the sound is
        decoded for that, at most `LONGEST` of it.
    """

    def __init__(
        self,
        start: float,
        end: float,
        read: Callable[[float, float], Sound],
        *,
        part: int = 0,
        outline: Callable[[], Levels] | None = None,
    ) -> None:
        self.start, self.end = start, max(end, start)
        self.part = part
        self._read = read
        self._outline = outline

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start

    def sound(self, most: float = LONGEST) -> Sound:
        """Return its sound, or the first `most` seconds of that."""
        if min(most, self.seconds) > LONGEST:
            return self._read(self.start, min(self.end, self.start + most))
        sound, begin = self._around
        first = round((self.start - begin) * sound.rate)
        last = round((min(self.end, self.start + most) - begin) * sound.rate)
        return Sound(sound.samples[first : max(last, first + 1)], sound.rate)

    def picture(self) -> Image:
        """Return its waveform, with a little of what lies beside it, its edges marked."""
        if self._outline is not None:
            return waveform(self._outline())
        sound, begin = self._around
        length = max(sound.seconds, 1 / sound.rate)
        within = (self.start - begin) / length, (self.end - begin) / length
        return waveform(levels(sound.samples), within)

    @cached_property
    def _around(self) -> _Around:
        end = min(self.end, self.start + LONGEST)
        beside = min(max(_BESIDE * (end - self.start), _LEAST_BESIDE), _MOST_BESIDE)
        begin = max(self.start - beside, 0.0)
        return _Around(self._read(begin, end + beside), begin)
