"""What is said in recordings, written down in batches and never twice."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mmrag_jupyter.errors import ModelError, SourceError
from mmrag_jupyter.models.speech import RATE, Said
from mmrag_jupyter.sources.sound import read_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mmrag_jupyter.items import Media, Sound
    from mmrag_jupyter.models.speech import Transcriber
    from mmrag_jupyter.store import Store, Writer

# Stretches that go to the model together, and are kept together: four minutes of sound.
AT_ONCE = 8


class Stretch(NamedTuple):
    """A stretch of a recording, from and to which second, and the hash of its content."""

    media: Media
    start: float
    end: float
    digest: bytes


class Dictation:
    """Has a speech model write down stretches of sound, those that are not kept already.

    Parameters
    ----------
    tell
        Is told what is written down, how many seconds of it are, and of how many.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        transcriber: Transcriber,
        tell: Callable[[str, int, int], None],
    ) -> None:
        self._store = store
        self._writer = writer
        self._transcriber = transcriber
        self._tell = tell

    @property
    def name(self) -> str:
        """The name of the speech model."""
        return self._transcriber.name

    def said(self, own: Sequence[Stretch], coming: Iterator[Stretch]) -> list[Said]:
        """Return what is said in a recording, with times in it.

        Parameters
        ----------
        own
            The recording's stretches, in order.
        coming
            Those of the recordings that come next: they fill up a batch.

        Raises
        ------
        SourceError
            The recording cannot be read.
        ModelError
            The model cannot be had, or fails on it.
        """
        kept = self._kept(own)
        todo = list({one.digest: one for one in own if one.digest not in kept}.values())
        for at in range(0, len(todo), AT_ONCE):
            batch = todo[at : at + AT_ONCE]
            fill = islice(self._missing(coming), AT_ONCE - len(batch))
            kept |= self._written_down(batch, list(fill))
            last = batch[-1]
            self._tell(f"writing down {last.media}", int(last.end), int(own[-1].end))
        return [
            Said(round(start + one.start, 2), round(end + one.start, 2), text)
            for one in own
            for start, end, text in json.loads(kept[one.digest])
        ]

    def _kept(self, stretches: Sequence[Stretch]) -> dict[bytes, str]:
        return self._store.transcripts(self.name, [one.digest for one in stretches])

    def _missing(self, stretches: Iterator[Stretch]) -> Iterator[Stretch]:
        return (one for one in stretches if not self._kept([one]))

    def _written_down(self, batch: Sequence[Stretch], fill: Sequence[Stretch]) -> dict[bytes, str]:
        # A model that cannot be had is told before; what fails then is due to what it hears.
        heard = {one.digest: _sound(one) for one in batch}
        more = {}
        for one in fill:
            with suppress(SourceError, OSError):
                more[one.digest] = _sound(one)
        try:
            new = self._transcribed({**heard, **more})
        except ModelError:
            if not more:
                raise
            # Perhaps another recording is to blame, and will be told so when it is its turn.
            new = self._transcribed(heard)
        # At once: an interrupted load goes on from here.
        self._writer.keep_transcripts(self.name, new)
        return new

    def _transcribed(self, sounds: Mapping[bytes, Sound]) -> dict[bytes, str]:
        said = self._transcriber.transcribe(list(sounds.values()))
        return {
            digest: json.dumps([[one.start, one.end, one.text] for one in own])
            for digest, own in zip(sounds, said, strict=True)
        }


def _sound(stretch: Stretch) -> Sound:
    return read_sound(stretch.media, rate=RATE, start=stretch.start, end=stretch.end)
