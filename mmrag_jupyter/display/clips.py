"""Sounds that fit into an output together: lower first, then shorter, then left out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.opus import TYPE, opus
from mmrag_jupyter.display.thumbnails import Gone
from mmrag_jupyter.items import Sound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mmrag_jupyter.display.stretches import Stretch

# Of the room in an output, what sounds may take where there are photos too.
BESIDE_PICTURES = 0.6
_HEAD = f"data:{TYPE};base64,"
# Bits a second: clear, as on the telephone, and still understood.
_BITS = (24_000, 16_000, 11_000, 8_000, 6_000)
_LEAST = 2.0  # seconds; what is shorter tells nothing
_TINY = 0.25  # seconds; by so much a clip may be shorter without that being said
_STEP = 0.5  # seconds
# What Ogg adds to a second, and to a file, in bytes.
_A_SECOND, _A_FILE = 85, 200


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of sound as a data URI, "" where there was no room for it.

    `start` and `end` are the stretch's, in seconds; `until` is where what is kept ends.
    """

    uri: str
    start: float
    end: float
    until: float

    @property
    def is_cut(self) -> bool:
        """Whether it ends before the stretch does."""
        return self.until < self.end - _TINY


class Heard:
    """A stretch that was decoded; what was encoded of it is kept for the next try."""

    def __init__(self, stretch: Stretch, most: float) -> None:
        self.start, self.end = stretch.start, stretch.end
        self._sound = stretch.sound(most)
        self._uris: dict[tuple[int, int], str] = {}

    @property
    def seconds(self) -> float:
        """How much of it there is to hear."""
        return self._sound.seconds

    def clip(self, bits: int, seconds: float) -> Clip:
        """Return its first `seconds`, in about `bits` a second."""
        count = min(round(seconds * self._sound.rate), len(self._sound.samples))
        if (bits, count) not in self._uris:
            some = Sound(self._sound.samples[:count], self._sound.rate)
            text = base64.b64encode(opus(some, bits)).decode("ascii")
            self._uris[bits, count] = _HEAD + text
        # A recording may end before the stretch does by as much as rounding takes.
        whole = count == len(self._sound.samples) and self._sound.seconds > self._told - _TINY
        until = self.end if whole else self.start + count / self._sound.rate
        return Clip(self._uris[bits, count], self.start, self.end, until)

    def blank(self) -> Clip:
        """Return what stands for a clip of which nobody knows the size yet."""
        return Clip(_HEAD, self.start, self.end, self.start)

    def left_out(self) -> Clip:
        """Return what stands in an output without room for it."""
        return Clip("", self.start, self.end, self.start)

    @property
    def _told(self) -> float:
        return self.end - self.start


def heard(stretch: Stretch | None, room: int) -> Heard | Gone | None:
    """Decode as much of a stretch as `room` bytes could hold at the most."""
    if stretch is None:
        return None
    try:
        return Heard(stretch, max(room / _bytes(1.0, _BITS[-1]), _LEAST))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one recording, the rest is shown
        return Gone(one_line(str(error), 160) or type(error).__name__)


def clips(sounds: Sequence[Heard | Gone | None], room: int) -> list[Clip | Gone | None]:
    """Encode sounds so that together they take at most `room` bytes as data URIs.

    All are of one quality, the best at which they are whole; then the long ones are cut, and
    at last those of the last cards left out.
    """
    found = [one for one in sounds if isinstance(one, Heard)]
    made: dict[int, Clip | Gone] = {}
    for bits, most, count in _ways(found, room):
        made = {id(one): _made(one, bits, most) for one in found[:count]}
        taken = sum(len(one.uri) for one in made.values() if isinstance(one, Clip))
        if taken <= room:
            break
    else:
        made = {}
    return [made.get(id(one), one.left_out()) if isinstance(one, Heard) else one for one in sounds]


def _ways(sounds: Sequence[Heard], room: int) -> Iterable[tuple[int, float, int]]:
    """Yield what may fit: bits a second, at most so many seconds of each, of how many sounds."""
    longest = max((one.seconds for one in sounds), default=0.0)
    for bits in _BITS:
        if _all(sounds, bits, longest) <= room:
            yield bits, longest, len(sounds)
    bits = _BITS[-1]
    for count in range(len(sounds), 0, -1):
        some = sounds[:count]
        most = max(one.seconds for one in some)
        while most > _LEAST:
            most = max(most - _STEP, _LEAST)
            if _all(some, bits, most) <= room:
                yield bits, most, count


def _all(sounds: Sequence[Heard], bits: int, most: float) -> int:
    return sum(_bytes(min(one.seconds, most), bits) for one in sounds)


def _bytes(seconds: float, bits: int) -> int:
    """Return about how many bytes of base64 so much sound takes."""
    return len(_HEAD) + int(((bits / 8 + _A_SECOND) * seconds + _A_FILE) * 4 / 3)


def _made(one: Heard, bits: int, most: float) -> Clip | Gone:
    try:
        return one.clip(bits, most)
    except Exception as error:  # noqa: BLE001 - the same
        return Gone(one_line(str(error), 160) or type(error).__name__)
