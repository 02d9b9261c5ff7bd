"""How loud a recording is from beginning to end, however long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.sources.sound import opened, sane

if TYPE_CHECKING:
    import numpy.typing as npt

    from mmrag_jupyter.items import Media
    from mmrag_jupyter.sources.sound import Opened

    Levels = npt.NDArray[np.float32]

# A longer recording is looked into, once for each bar, and not read from end to end.
_READ = 300.0  # seconds
_LOOK = 0.25  # seconds
_BLOCK = 1 << 16  # samples
_FINE = 1 << 9  # samples of which the loudest is kept


def outline(media: Media, bars: int) -> tuple[Levels, float]:
    """Return the loudest of each of `bars` equal pieces of a recording, and its seconds.

    Of the pieces of a long recording only a little is listened to, from their middle.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    with opened(media) as sound:
        if sound.seconds is not None and sound.seconds > _READ:
            return _looked_into(sound, sound.seconds, bars), sound.seconds
        return _read(sound, bars)


def _looked_into(sound: Opened, seconds: float, bars: int) -> Levels:
    count = round(_LOOK * sound.rate)
    starts = (np.arange(bars) + 0.5) * seconds / bars * sound.rate - count / 2
    looks = (sane(sound.read(max(int(start), 0), count)) for start in starts.tolist())
    return np.array([np.abs(look).max(initial=0.0) for look in looks], np.float32)


def _read(sound: Opened, bars: int) -> tuple[Levels, float]:
    fine, count = [np.zeros(1, np.float32)], 0
    for block in sound.blocks(_BLOCK):
        count += len(block)
        loud = np.abs(sane(block))
        fine.append(np.maximum.reduceat(loud, np.arange(0, len(loud), _FINE)))
    whole = np.concatenate(fine[1:] or fine)
    edges = np.linspace(0, len(whole), bars, endpoint=False).astype(np.int64)
    return np.maximum.reduceat(whole, edges), count / sound.rate
