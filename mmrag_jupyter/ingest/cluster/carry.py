"""Pictures and sound that go to the workers by their content, because their files do not."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.ingest.cluster.work import Wanted
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources import passwords
from mmrag_jupyter.sources.images import media_bytes, open_image
from mmrag_jupyter.sources.sound import read_sound

if TYPE_CHECKING:
    from mmrag_jupyter.models.spaces import AnyEmbedder


def must_be_carried(media: Media) -> bool:
    """Tell whether workers could not open it even if they had the file."""
    if media.path is None:
        return media.image is not None or media.url is not None
    # A password is in the environment of this machine alone.
    return media.page is not None and bool(passwords.candidates())


def by_value(wanted: Wanted, embedder: AnyEmbedder) -> Wanted:
    """Return the same part with its picture's or stretch of sound's bytes.

    Raises
    ------
    SourceError
        It cannot be read here either.
    """
    media, part = wanted.media, wanted.part
    if media is None:
        return wanted
    if part.modality == "audio" and part.start is not None and part.end is not None:
        sound = read_sound(media, start=part.start, end=part.end)
        seconds = len(sound.samples) / sound.rate
        part = replace(part, start=0.0, end=seconds, path=None, size=None)
        return Wanted(wanted.key, part, Media(data=_wav(sound.samples, sound.rate)))
    part = replace(part, path=None, size=None)
    if media.page is None:
        return Wanted(wanted.key, part, Media(data=media_bytes(media)))
    drawn = open_image(media, edge=getattr(embedder, "image_edge", None))
    return Wanted(wanted.key, part, Media(data=media_bytes(Media(image=drawn))))


def _wav(samples: object, rate: int) -> bytes:
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="FLOAT")
    return out.getvalue()
