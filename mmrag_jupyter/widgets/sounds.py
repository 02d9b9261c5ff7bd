"""Recordings as a page asks for them: one stretch, encoded, when the user wants to hear it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.opus import TYPE, opus
from mmrag_jupyter.display.stretches import Stretch
from mmrag_jupyter.search.listening import read, stretch_of

if TYPE_CHECKING:
    from mmrag_jupyter.search.hits import Hit
    from mmrag_jupyter.widgets.questions import Hear

_LONGEST = 120.0  # seconds; some 400 kB
_BITS = 24_000  # a second: nothing that speech has is lost


def sound(hit: Hit, question: Hear, data: list[bytes]) -> dict[str, object] | None:
    """Return the sound that is asked for as the wire says it, None where there is none.

    Its bytes are added to `data`.
    """
    number = question.part
    part = hit.parts[number] if number is not None and number < len(hit.parts) else hit.recording
    stretch = stretch_of(part)
    if part is None or stretch is None:
        return None
    if question.start is not None and question.end is not None:
        stretch = Stretch(question.start, question.end, partial(read, part))
    try:
        heard = stretch.sound(_LONGEST)
        made = opus(heard, _BITS)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one recording is told in its place
        return {"problem": one_line(str(error), 200) or type(error).__name__}
    data.append(made)
    return {
        "buffer": len(data) - 1,
        "type": TYPE,
        "start": stretch.start,
        "end": round(stretch.start + heard.seconds, 2),
    }
