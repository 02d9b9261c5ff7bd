"""The sounds themselves: each function returns one take of its kind, shape (samples,) float32.

A take differs from the others of its kind as recordings do: in pitch, pace, loudness and noise.
Levels are those of the synthesis, and not made even.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Sound = npt.NDArray[np.float32]
    Wide = npt.NDArray[np.float64]

RATE = 16_000  # samples a second
_SEED = 20
_SECONDS = 3.0
_HUM = 0.002  # of the quietest room
# The partials of a church bell, as multiples of its strike note, from the hum note upwards.
_PARTIALS = (0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.66, 3.0, 4.2)


def silence(seconds: float) -> Sound:
    """Return nothing to be heard."""
    return np.zeros(round(seconds * RATE), np.float32)


def bell(take: int) -> Sound:
    """Return strokes of a bell: a large one, a hand bell, a small one."""
    note, period, fall = ((220.0, 1.5, 1.1), (740.0, 0.45, 0.5), (1180.0, 0.7, 0.35))[take]
    random, made = _random("bell", take), _room("bell", take)
    for start in np.arange(0.05, _SECONDS - 0.2, period):
        late = start + random.normal(0, 0.02)
        at = _times(_SECONDS - late)
        stroke = sum(
            np.sin(2 * np.pi * note * partial * at + random.uniform(0, 6.28))
            * np.exp(-at * partial**0.7 / fall)
            / (1 + index)
            for index, partial in enumerate(_PARTIALS)
        )
        _add(made, stroke * random.uniform(0.8, 1.0), late)
    return made.astype(np.float32)


def drum(take: int) -> Sound:
    """Return a rhythm on a skin: a big drum, hand drums, a tom."""
    low, period, fall = ((58.0, 0.75, 0.22), (170.0, 0.19, 0.07), (105.0, 0.3, 0.13))[take]
    random, made = _random("drum", take), _room("drum", take)
    for beat, start in enumerate(np.arange(0.05, _SECONDS - 0.2, period)):
        at = _times(0.6)
        pitch = low * random.uniform(0.97, 1.03) * (1.5 if take == 1 and beat % 3 == 2 else 1.0)  # noqa: PLR2004 - the second of the hand drums
        swept = 2 * np.pi * (pitch * at + pitch * 0.03 * (1 - np.exp(-at / 0.03)))
        skin = np.sin(swept) * np.exp(-at / fall)
        slap = random.standard_normal(len(at)) * np.exp(-at / 0.008) * 0.4
        _add(made, (skin + slap) * (1.0 if beat % 4 == 0 else random.uniform(0.5, 0.8)), start)
    return made.astype(np.float32)


def bird(take: int) -> Sound:
    """Return phrases of whistled notes: a blackbird, something quick, a canary."""
    low, length, pause = ((1900.0, 0.16, 0.10), (4300.0, 0.05, 0.03), (2900.0, 0.09, 0.05))[take]
    random, made = _random("bird", take), _room("bird", take)
    start = 0.1
    while start < _SECONDS - 0.4:
        at = _times(length * random.uniform(0.7, 1.4))
        share = at / at[-1]
        pitch = low * random.uniform(0.85, 1.3) * (1 + random.uniform(-0.25, 0.25) * share)
        pitch = pitch + 120 * np.sin(2 * np.pi * 35 * at)
        note = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.sin(np.pi * share) ** 0.6
        _add(made, note * random.uniform(0.5, 1.0), start)
        start += len(at) / RATE + pause * (6.0 if random.random() < 0.15 else 1.0)  # noqa: PLR2004
    return made.astype(np.float32)


def rain(take: int) -> Sound:
    """Return rain: drumming on tin, steady, a drizzle."""
    loud, drops, ring = ((0.30, 60, 900.0), (0.25, 25, 2600.0), (0.08, 12, 3400.0))[take]
    random = _random("rain", take)
    hiss = random.standard_normal(len(_times(_SECONDS)))
    # The difference of neighbours is louder the higher it is, as the hiss of drops is.
    made = loud * (hiss - 0.6 * np.roll(hiss, 1)) * (1 + 0.15 * _drift(random, 3))
    for start in random.uniform(0, _SECONDS - 0.05, round(drops * _SECONDS)):
        at = _times(0.03)
        drop = np.sin(2 * np.pi * ring * random.uniform(0.7, 1.4) * at) * np.exp(-at / 0.006)
        _add(made, drop * random.uniform(0.1, 0.6), float(start))
    return made.astype(np.float32)


def engine(take: int) -> Sound:
    """Return an engine that idles: of a ferry, of a tractor, of a van."""
    turns, rough = ((23.0, 0.25), (14.0, 0.5), (31.0, 0.15))[take]
    random = _random("engine", take)
    speed = turns * (1 + 0.02 * _drift(random, 4))
    phase = 2 * np.pi * np.cumsum(speed) / RATE
    hum = sum(np.sin(k * phase + k) / k**0.9 for k in range(1, 24))
    noise = np.convolve(random.standard_normal(len(phase)), np.ones(24) / 24, "same")
    stroke = np.clip(np.sin(phase), 0, 1) ** 4
    made = hum * (0.6 + rough * stroke) + 3 * rough * noise * (0.4 + stroke)
    return np.asarray(made, np.float32)


def beep(take: int) -> Sound:
    """Return the signal of a device: of a lorry, of a kitchen, of a telephone."""
    pitch, length, period = ((1250.0, 0.45, 0.9), (2000.0, 0.28, 0.55), (2700.0, 0.07, 0.14))[take]
    made = _room("beep", take)
    for start in np.arange(0.1, _SECONDS - period, period):
        at = _times(length)
        tone = np.sin(2 * np.pi * pitch * at) + 0.25 * np.sin(6 * np.pi * pitch * at)
        _add(made, tone * np.clip(50 * np.minimum(at, at[-1] - at), 0, 1), start)
    return made.astype(np.float32)


def clock(take: int) -> Sound:
    """Return ticking: of a wall clock, of a tall one, of an alarm clock."""
    period, ring, fall = ((0.5, 2400.0, 0.010), (1.0, 900.0, 0.035), (0.25, 3600.0, 0.006))[take]
    random, made = _random("clock", take), _room("clock", take)
    for beat, start in enumerate(np.arange(0.1, _SECONDS - 0.1, period)):
        at = _times(0.08)
        pitch = ring * (1.0 if beat % 2 else 1.15)
        tick = np.sin(2 * np.pi * pitch * at) + 0.6 * random.standard_normal(len(at))
        _add(made, tick * np.exp(-at / fall), start)
    return made.astype(np.float32)


SYNTHS: dict[str, Callable[[int], Sound]] = {
    one.__name__: one for one in (bell, drum, bird, rain, engine, beep, clock)
}


def _random(kind: str, take: int) -> np.random.Generator:
    # One for each clip: another clip more does not change the others.
    return np.random.default_rng([_SEED, take, *kind.encode()])


def _times(seconds: float) -> Wide:
    return np.arange(round(seconds * RATE)) / RATE


def _room(kind: str, take: int) -> Wide:
    """Return the noise of a place in which nothing is heard yet."""
    random = _random(f"room of {kind}", take)
    return _HUM * random.standard_normal(len(_times(_SECONDS)))


def _drift(random: np.random.Generator, knots: int) -> Wide:
    """Return something that moves slowly between -1 and 1."""
    at = np.linspace(0, knots, len(_times(_SECONDS)))
    return np.interp(at, np.arange(knots + 1), random.uniform(-1, 1, knots + 1))


def _add(made: Wide, sound: Wide, start: float) -> None:
    first = max(round(start * RATE), 0)
    part = sound[: len(made) - first]
    made[first : first + len(part)] += part
