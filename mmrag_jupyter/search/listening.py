"""Recordings as the display takes them: stretches that are decoded when they are shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.display.stretches import RATE, Stretch
from mmrag_jupyter.display.waves import BARS
from mmrag_jupyter.errors import SourceError, StoreError
from mmrag_jupyter.sources.outline import outline
from mmrag_jupyter.sources.sound import opened, read_sound

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.items import Media, Sound
    from mmrag_jupyter.search.parts import Part

_USUAL = 10.0  # seconds of a part that does not say where it ends


def stretch_of(part: Part | None, number: int = 0) -> Stretch | None:
    """Return the sound of a part, or None where it has none; `number` counts the item's parts."""
    if part is None or part.modality != "audio":
        return None
    start = part.start or 0.0
    end = part.end if part.end is not None else start + _USUAL
    return Stretch(start, end, partial(read, part), part=number)


def whole_stretch(parts: Sequence[Part]) -> Stretch | None:
    """Return the whole recording that an item's parts are of, the first where there are several."""
    heard = [part for part in parts if part.modality == "audio"]
    if not heard:
        return None
    first = heard[0]
    end = max(one.end or 0.0 for one in heard if one.source == first.source)
    try:
        with opened(recording(first)) as sound:
            end = sound.seconds or end
    except (SourceError, StoreError):
        pass  # told where it is to be seen and heard
    return Stretch(
        0.0, end or _USUAL, partial(read, first), part=parts.index(first),
        outline=partial(_outline, first),
    )  # fmt: skip


def _outline(part: Part) -> npt.NDArray[np.float32]:
    levels, _ = outline(recording(part), BARS)
    return levels


def recording(part: Part) -> Media:
    """Return where the recording of a part is.

    Raises
    ------
    SourceError
        It is nowhere.
    """
    media = part.recording
    if media is None:
        raise SourceError(f"The recording of {part.id} is not kept, and was no file.")
    return media


def read(part: Part, start: float, end: float) -> Sound:
    """Decode some of the recording that a part is of.

    Raises
    ------
    SourceError
        It is gone, or no longer readable.
    """
    return read_sound(recording(part), rate=RATE, start=start, end=end)
