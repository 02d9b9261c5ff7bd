"""A hit as the display draws it: its picture or waveform, its text, what tells it from others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter import display
from mmrag_jupyter.display.fields import clock
from mmrag_jupyter.display.shots import Shot
from mmrag_jupyter.errors import SourceError, StoreError
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.listening import stretch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL.Image import Image

    from mmrag_jupyter.display.stretches import Stretch
    from mmrag_jupyter.search.hits import Hit
    from mmrag_jupyter.search.parts import Part

# Pixels of a page's shorter side, for its thumbnail and for a small one below another.
_SHOWN, _SMALL = 256, 64


def card(
    hit: Hit, terms: tuple[str, ...], whole: Stretch | None = None, *, all_of_it: bool = False
) -> display.Card:
    """Return a hit to be drawn, the words of `terms` marked.

    Where `all_of_it` is meant and not what matched, `whole` is its recording from beginning to
    end, if it has one.
    """
    part, sound = hit.picture, hit.recording
    heard = whole
    if heard is None and sound is not None:
        heard = stretch_of(sound, hit.number_of(sound))
    first = hit.parts[0] if hit.parts else None
    place = whole or first
    title = next((v for v in hit.metadata.values() if isinstance(v, str) and v), hit.id)
    return display.Card(
        id=hit.id,
        rank=hit.rank,
        score=hit.score,
        picture=_picture(part, heard),
        alt=_alt(part, heard, title),
        text=_said(sound, hit.parts) or hit.text,
        terms=terms,
        metadata=hit.metadata,
        why=tuple(display.Why(why.signal, why.rank, abs(why.share)) for why in hit.why),
        source=_source(hit, sound if whole is not None else first),
        page=first.page if first is not None else None,
        sheets=tuple(_sheets(hit, part)),
        start=place.start if place is not None else None,
        end=place.end if place is not None else None,
        part=hit.number_of(shown) if (shown := part or sound) is not None else 0,
        reason=hit.reason,
        joined=tuple((one.origin, one.matched, one.total) for one in hit.joined if one.matched),
        voice=_voice(hit.parts, hit.id),
        sound=heard,
        said=_all_said(hit) if all_of_it else (),
    )


def _source(hit: Hit, part: Part | None) -> str:
    """Return the file of a part, or what the item came with: a dataframe by its name alone."""
    if part is not None and part.source is not None:
        return str(Media(path=part.source))
    return hit.source.removeprefix("table:")


def is_picture(part: Part) -> bool:
    """Tell whether a part is a picture or a page that somebody could open."""
    if part.modality not in {"image", "page"}:
        return False
    try:
        return part._media() is not None  # noqa: SLF001
    except StoreError:
        # It is one, and whoever opens it is told why that cannot be.
        return True


def _sheets(hit: Hit, shown: Part | None) -> Iterator[display.Sheet]:
    """Yield the pages that matched beside the one that is shown."""
    for number in hit.pages:
        part = hit.page(number) if shown is None or number != shown.page else None
        if part is not None:
            yield display.Sheet(number, _shot(part, _SMALL))


def _picture(part: Part | None, heard: Stretch | None) -> Callable[[], Image] | Shot | None:
    """Return what opens the picture of a hit: its own, or the waveform of what is heard."""
    if part is not None:
        return _shot(part, _SHOWN)
    return heard.picture if heard is not None else None


def _alt(part: Part | None, heard: Stretch | None, title: str) -> str:
    if part is None and heard is not None:
        return f"waveform of {title}, {clock(heard.start)}-{clock(heard.end)}"
    return part.text if part is not None and part.text else title


def _said(sound: Part | None, parts: Sequence[Part]) -> str:
    """Return what is said in a stretch of sound, where it is one that matched."""
    return sound.text if sound is not None and any(sound.id == one.id for one in parts) else ""


def _all_said(hit: Hit) -> tuple[display.Said, ...]:
    """Return the texts of an item in their order: its own, what is said in it, joined rows."""
    written = [part for part in hit.parts if part.text]
    if len(written) == 1 and written[0].start is None:
        return ()  # it is shown as it is
    # What is said was written down after the rows that were there.
    written.sort(key=lambda one: (bool(one.origin), one.start or 0.0))
    return tuple(
        display.Said(one.text, one.start, one.end, one.page, voice=_voice([one], hit.id))
        for one in written
    )


def _voice(parts: Sequence[Part], item_id: str) -> display.Voice | None:
    """Return the row of a joined table whose text, or else picture, stands for a hit."""
    said = next((part for part in parts if part.text), parts[0] if parts else None)
    if said is None or not said.origin:
        return None
    known = {said.text, said.row, item_id}
    facts = {
        name: value
        for name, value in said.metadata.items()
        # One star of the row 1 is no id.
        if str(value) not in known or not (isinstance(value, str) or _is_id(name))
    }
    return display.Voice(said.origin, said.row, facts)


def _is_id(name: str) -> bool:
    return name.casefold().endswith("id")


def _shot(part: Part, drawn: int) -> Shot:
    """Return what opens the picture of a part; a page is drawn at `drawn` pixels."""
    if part.modality == "page":
        # It has no pixels of its own: it is drawn as large as its picture is shown.
        return Shot(part.digest, lambda _: _opened(part, drawn), lambda: None)
    return Shot(part.digest, partial(_opened, part), part.size)


def _opened(part: Part, edge: int) -> Image:
    image = part.opened(edge=edge)
    if image is None:  # pragma: no cover - is_picture has asked
        raise SourceError(f"{part.id} has no picture.")
    return image
