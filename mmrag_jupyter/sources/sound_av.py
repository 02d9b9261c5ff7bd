"""Recordings through FFmpeg (PyAV): m4a and aac, and the sound tracks of films."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from av.audio.frame import AudioFrame

    Samples = npt.NDArray[np.float32]

# Packed sound needs some frames before the first that is wanted to sound as it should.
_RUN_UP = 0.2  # seconds


class PackedSound:
    """An open recording, of which FFmpeg decodes the first sound track.

    See `mmrag_jupyter.sources.sound.Opened`.

    Parameters
    ----------
    where
        Its path, or its bytes.

    Raises
    ------
    SourceError
        It is a film without sound.
    """

    def __init__(self, where: str | bytes) -> None:
        import av

        # Only plain files and bytes: FFmpeg would follow an address too.
        place = f"file:{where}" if isinstance(where, str) else io.BytesIO(where)
        self._container = av.open(place, mode="r", metadata_errors="replace")
        streams = self._container.streams.audio
        if not streams:
            self._container.close()
            raise SourceError("has no sound track.")
        self._stream = streams[0]
        self.rate = int(self._stream.codec_context.sample_rate)
        self.channels = int(self._stream.codec_context.channels)
        told = self._stream.duration, self._stream.time_base
        if told[0] and told[1]:
            self.seconds: float | None = float(told[0] * told[1])
        else:
            length = self._container.duration
            self.seconds = length / av.time_base if length else None

    def read(self, start: int, count: int) -> Samples:
        """Return at most `count` samples from number `start` on, mixed to one channel."""
        blocks: list[Samples] = []
        at = None
        for first, samples in self._frames(start / self.rate):
            at = first if at is None else at
            blocks.append(samples)
            if first + len(samples) >= start + count:
                break
        if at is None:
            return np.empty(0, np.float32)
        return np.concatenate(blocks)[max(0, start - at) :][:count]

    def blocks(self, count: int) -> Iterator[Samples]:
        """Yield all samples, in blocks of `count` or a few more."""
        waiting: list[Samples] = []
        for _, samples in self._frames(0.0):
            waiting.append(samples)
            if sum(map(len, waiting)) >= count:
                yield np.concatenate(waiting)
                waiting = []
        if waiting:
            yield np.concatenate(waiting)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _frames(self, start: float) -> Iterator[tuple[int, Samples]]:
        """Yield frames from a little before `start` (seconds) on, each with its first number."""
        import av

        base = self._stream.time_base
        begin = self._stream.start_time or 0
        if base is not None:
            self._container.seek(begin + int(max(0.0, start - _RUN_UP) / base), stream=self._stream)
        # All channels in one plane: a damaged header may claim more of them than PyAV has
        # places for planes, and reading those would end the process.
        resampler = av.AudioResampler(format="flt")
        expected = None
        for frame in self._container.decode(self._stream):
            if expected is None:
                passed = 0.0 if frame.pts is None or base is None else (frame.pts - begin) * base
                expected = round(float(passed) * self.rate)
            for one in resampler.resample(frame):
                samples = _mixed(one)
                yield expected, samples
                expected += len(samples)


def _mixed(frame: AudioFrame) -> Samples:
    found = frame.to_ndarray().reshape(frame.samples, -1)
    mixed: Samples = found.mean(axis=1, dtype=np.float32)
    return mixed
