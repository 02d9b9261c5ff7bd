"""A small library of sounds, made on the spot: bells, drums, birds, rain, engines, and one walk.

Every sound is the same every time, and nothing is downloaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmrag_jupyter.samples.synths import RATE, SYNTHS, silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    Sound = npt.NDArray[np.float32]

_PEAK = 0.7  # of full scale
_SUFFIXES = ("wav", "flac", "ogg")  # in turn, as in a folder that grew over the years
_PAUSE = 1.6  # seconds between two places of the walk: long enough to part them


class Clip(NamedTuple):
    """One sound as it is written down; `take` is which one of its kind it is."""

    kind: str
    take: int
    title: str
    area: str
    notes: str


# The notes are a recordist's: some name what is heard, and some tell of the day instead.
_CLIPS = (
    Clip("bell", 0, "São Tiago, noon", "town",
        "The large bell of the church. I stood right below the tower, and felt it in my teeth."),
    Clip("bell", 1, "School gate", "town",
        "Hand bell, rung by the caretaker to end the break. Two hundred children just left."),
    Clip("bell", 2, "Goat on the slope", "hills",
        "A small bronze one round the neck of the leading goat, as she turned her head."),
    Clip("drum", 0, "Parade practice", "town",
        "A slow march on the big drum, in the yard of the fire brigade."),
    Clip("drum", 1, "Four hands", "studio",
        "Two brothers on hand drums, no click, one take. Watch the levels at the end."),
    Clip("drum", 2, "Waiting for the singer", "studio",
        "Tom rehearses the fill again and again until she arrives."),
    Clip("bird", 0, "Five in the morning", "hills",
        "The blackbird on the chimney, before any car. Cold hands, but worth it."),
    Clip("bird", 1, "Behind the mill", "river",
        "Something small and quick sings in the reeds. Nobody here knows its name."),
    Clip("bird", 2, "The neighbour's canary", "town",
        "Through the open window, with the coffee on. It answers whistling."),
    Clip("rain", 0, "On the tin roof", "hills",
        "A downpour on the shed. Every drop is heard, and the talking had to wait."),
    Clip("rain", 1, "Umbrella weather", "town",
        "Steady rain on the square, from under the arcade."),
    Clip("rain", 2, "First day of autumn", "river",
        "Light drizzle on leaves, nearly nothing. Turn it up."),
    Clip("engine", 0, "Ferry, lower deck", "river",
        "Diesel of the ferry, idling at the pier. It shook the microphone, so I held it by hand."),
    Clip("engine", 1, "Old tractor", "hills",
        "Started at the third try, as always, and then it would not stop."),
    Clip("engine", 2, "Delivery van", "town",
        "The van that waits below my window every Tuesday with its motor running."),
    Clip("beep", 0, "Lorry in reverse", "town",
        "The warning of a lorry backing into the market hall."),
    Clip("beep", 1, "Supper is ready", "studio",
        "Microwave, five times, as if one had not been standing there."),
    Clip("beep", 2, "Lost phone", "studio",
        "The alarm of somebody's phone below the cushions of the sofa. It took us an hour."),
    Clip("clock", 0, "Waiting room", "town",
        "A wall clock that ticks louder the longer one waits."),
    Clip("clock", 1, "Grandfather", "hills",
        "The tall clock in the hall of the farm, slow and deep."),
    Clip("clock", 2, "On the bedside table", "studio",
        "A cheap alarm clock, very near. One can hear the spring."),
)  # fmt: skip

# What the walk passes: a kind, and which take of it.
_WALK = (("bell", 0), ("bird", 1), ("rain", 1), ("engine", 2), ("clock", 0))
_WALK_NOTES = (
    "From the church to the river and back before the shower: all in one, with pauses to walk."
)


def sounds(folder: str | Path | None = None) -> pd.DataFrame:
    """Return the clips of the library, one a row.

    The columns are recording (its name), title, kind, area, notes (what the recordist wrote),
    seconds and sound. The last row, of kind "walk", is one longer recording of several places.

    Parameters
    ----------
    folder
        Where the files are to lie: `sound` is then the path of a wav, flac or ogg below it,
        made now if it is not there. Without a folder, `sound` is a FLAC, as bytes.
    """
    import pandas as pd

    made = {(clip.kind, clip.take): SYNTHS[clip.kind](clip.take) for clip in _CLIPS}
    rows = []
    for at, clip in enumerate(_CLIPS):
        sound, name = made[clip.kind, clip.take], f"{clip.kind}-{clip.take + 1}"
        suffix = _SUFFIXES[at % len(_SUFFIXES)]
        rows.append(_row(name, clip, sound, folder, suffix))
    walk = Clip("walk", 0, "Sunday walk", "town", _WALK_NOTES)
    rows.append(_row("walk-1", walk, _joined([made[one] for one in _WALK]), folder, "flac"))
    return pd.DataFrame(rows)


def _row(
    name: str, clip: Clip, sound: Sound, folder: str | Path | None, suffix: str
) -> dict[str, object]:
    return {
        "recording": name,
        "title": clip.title,
        "kind": clip.kind,
        "area": clip.area,
        "notes": clip.notes,
        "seconds": round(len(sound) / RATE, 1),
        "sound": _written(_level(sound), name, None if folder is None else Path(folder), suffix),
    }


def _level(sound: Sound) -> Sound:
    return np.asarray(sound * (_PEAK / np.abs(sound).max()), np.float32)


def _joined(parts: Sequence[Sound]) -> Sound:
    pause = silence(_PAUSE)
    pieces = [piece for part in parts for piece in (_level(part), pause)]
    return np.concatenate(pieces[:-1])


def _written(sound: Sound, name: str, folder: Path | None, suffix: str) -> bytes | str:
    import io

    import soundfile

    if folder is None:
        data = io.BytesIO()
        soundfile.write(data, sound, RATE, format="FLAC")
        return data.getvalue()
    path = folder / f"{name}.{suffix}"
    # Two encodings as Ogg are never the same, byte by byte: what is there stays.
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound, RATE)
    return path.as_posix()
