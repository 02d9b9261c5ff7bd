"""Recordings through libsndfile: wav, flac, ogg, opus, mp3, aiff and their like."""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.sources.quiet import no_murmurs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]

# What libsndfile says of a stream whose end it does not know.
_ENDLESS = 1 << 62
_RUN_UP = 0.2  # seconds


class PlainSound:
    """An open recording, which libsndfile seeks in; see `mmrag_jupyter.sources.sound.Opened`.

    Parameters
    ----------
    where
        Its path, or its bytes.
    """

    def __init__(self, where: str | bytes) -> None:
        import soundfile

        with no_murmurs():
            file = soundfile.SoundFile(io.BytesIO(where) if isinstance(where, bytes) else where)
        self._file = file
        self._murmurs = file.format == "MP3"
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        frames = int(self._file.frames)
        self.seconds = frames / self.rate if 0 <= frames < _ENDLESS and self.rate else None

    def read(self, start: int, count: int) -> Samples:
        """Return at most `count` samples from number `start` on, mixed to one channel."""
        if start >= self._file.frames:
            return np.empty(0, np.float32)
        # Frames of MP3 borrow from those before them.
        run_up = min(start, int(_RUN_UP * self.rate)) if self._murmurs else 0
        if start:
            with no_murmurs() if self._murmurs else nullcontext():
                self._file.seek(start - run_up)
        # A damaged header may promise more than memory holds; there is no more than it says.
        return self._next(run_up + min(count, self._file.frames - start))[run_up:]

    def blocks(self, count: int) -> Iterator[Samples]:
        """Yield all samples, in blocks of `count`."""
        while len(block := self._next(count)):
            yield block

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _next(self, count: int) -> Samples:
        with no_murmurs() if self._murmurs else nullcontext():
            found = self._file.read(count, dtype="float32", always_2d=True)
        mixed: Samples = found[:, 0] if self.channels == 1 else found.mean(axis=1)
        return mixed
