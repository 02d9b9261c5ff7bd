"""Sounds that are made on the spot, for tests of any room."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.speech import Said

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def tone(hertz=440.0, seconds=1.0, rate=RATE, loud=0.3):
    """Return a sine with some overtones, shape (samples,)."""
    at = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * hertz * k * at) / k for k in (1, 2, 3))
    return (loud * wave / 2).astype(np.float32)


def noise(seconds=1.0, rate=RATE, loud=0.2, seed=0):
    made = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return np.clip(loud * made, -1, 1).astype(np.float32)


def quiet(seconds=1.0, rate=RATE):
    return np.zeros(round(seconds * rate), np.float32)


def write(path: Path, samples, rate=RATE, **options):
    """Write samples, (n,) or (n, channels), in the format of the path's suffix; return the path."""
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **options)
    return path


def encoded(samples, rate=RATE, kind="WAV", **options):
    """Return samples as the bytes of a file."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=kind, **options)
    return out.getvalue()


def write_packed(path: Path, samples, rate=RATE, *, picture=False):
    """Write an m4a, or with `picture` a film with this sound track; no sound where None."""
    import av

    with av.open(str(path), "w") as container:
        # All tracks are there before the first is written.
        screen = container.add_stream("mpeg4", rate=10) if picture else None
        track = container.add_stream("aac", rate=rate, layout="mono") if samples is not None else 0
        if screen:
            screen.width = screen.height = 32
            screen.pix_fmt = "yuv420p"
            for _ in range(10):
                grey = np.full((32, 32, 3), 120, np.uint8)
                container.mux(screen.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            container.mux(screen.encode(None))
        if track:
            whole = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
            whole.sample_rate = rate
            waiting = av.AudioFifo()
            waiting.write(whole)
            while (frame := waiting.read(1024, partial=True)) is not None:
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


class ToyTranscriber:
    """Hears in a tone its pitch, and says it as a word; counts what it is given.

    `fails` are the lengths, in whole seconds, of the sounds on which it fails; `batches` says
    how many it was given at once.
    """

    WORDS = ((300, "deep"), (700, "middle"), (1500, "high"), (99_999, "shrill"))

    def __init__(self, name="toy-speech:1", fails=()):
        self.name = name
        self.heard = 0
        self.fails = set(fails)
        self.batches = []

    def transcribe(self, sounds):
        self.batches.append(len(sounds))
        if self.fails & {round(sound.seconds) for sound in sounds}:
            raise ModelError(f"{self.name} failed on {len(sounds)} sounds")
        self.heard += len(sounds)
        return [list(self._said(sound)) for sound in sounds]

    def _said(self, sound):
        """Say a word for each second in which there is a tone."""
        for at in range(0, len(sound.samples), sound.rate):
            second = sound.samples[at : at + sound.rate]
            if np.abs(second).max(initial=0) < 0.05 or len(second) < sound.rate // 4:
                continue
            powers = np.abs(np.fft.rfft(second * np.hanning(len(second))))
            hertz = np.fft.rfftfreq(len(second), 1 / sound.rate)[powers.argmax()]
            word = next(word for most, word in self.WORDS if hertz < most)
            start = at / sound.rate
            yield Said(start, min(start + 1, sound.seconds), f"a {word} voice")
