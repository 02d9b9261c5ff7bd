"""An answer: a text, and what of the collection each of its claims rests on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.display.answer import answer_bundle
from mmrag_jupyter.display.answer_parts import Reference, Reply
from mmrag_jupyter.display.cards import Options
from mmrag_jupyter.display.markdown import parsed
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.listening import stretch_of
from mmrag_jupyter.search.terms import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from PIL.Image import Image

    from mmrag_jupyter.answers.citations import Citation
    from mmrag_jupyter.display.answer_parts import State
    from mmrag_jupyter.display.prose import Node
    from mmrag_jupyter.search.hits import Hits, Part

_EDGE = 300  # pixels of a picture's shorter side that its thumbnail wants
_COLUMNS = ("key", "item", "part", "page", "quote", "modality", "title", "source")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answer:
    """An answer to a question, which shows itself in a cell.

    Attributes
    ----------
    text
        The answer; `[1]` cites the citation with that key, `~~[9]~~` is a citation that was
        struck, since nothing was retrieved under its number.
    citations
        What it cites: `key`, `item`, `part`, `page`, `quote`, `image`, `source`.
    hits
        All that was retrieved for it.
    model
        What wrote it; "" where it was extracted: quoted as it stands, with nothing added.
    state
        "complete", "stopped" (the text as far as it came), or "unsupported" (the collection
        has nothing to say of the question).
    cached
        Whether the text was kept from an earlier time.
    timings
        Seconds by step: "retrieval", "writing" (the model's own), "answer" (all else).
    prompt
        What the model was given, "" where there is none.
    """

    question: str
    text: str
    citations: tuple[Citation, ...]
    hits: Hits
    model: str = ""
    state: State = "complete"
    cached: bool = False
    notices: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    prompt: str = ""
    options: Options = field(default_factory=Options)
    others: int = 0
    prose: tuple[Node, ...] | None = None

    @property
    def extracted(self) -> bool:
        """Whether it is made of quotes alone, without a language model."""
        return not self.model

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        count = len(self.citations)
        return f"<Answer: {count} citation{'' if count == 1 else 's'} for {self.question!r}>"

    def to_pandas(self) -> pd.DataFrame:
        """Return the citations as a dataframe: key, item, part, page, quote, and so on."""
        import pandas as pd

        rows = [[getattr(one, name) for name in _COLUMNS] for one in self.citations]
        return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"page": "Int64"})

    def with_notices(self, *notices: str) -> Answer:
        """Return the same answer with more lines to be said with it."""
        return replace(self, notices=(*notices, *self.notices))

    def reply(self) -> Reply:
        """Return what the display draws of it."""
        return Reply(
            question=self.question,
            text=self.text,
            prose=parsed(self.text) if self.prose is None else self.prose,
            references=tuple(_reference(one) for one in self.citations),
            model=self.model,
            state=self.state,
            cached=self.cached,
            quoted=self.prose is not None,
            others=self.others,
            terms=words(self.question),
            notices=self.notices,
            seconds=self.timings,
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return answer_bundle(self.reply(), options=self.options)


def _reference(citation: Citation) -> Reference:
    passage = citation.passage
    part = passage.part
    return Reference(
        key=citation.key,
        item=citation.item,
        part=citation.part,
        title=citation.title,
        quote=citation.quote,
        place=passage.place,
        fields=passage.fields,
        picture=partial(_opened, passage.shown_by) if passage.shown_by is not None else None,
        source=str(Media(path=part.source)) if part.source is not None else "",
        sound=stretch_of(part),
        page=part.page,
        start=part.start,
        end=part.end,
    )


def _opened(part: Part) -> Image:
    image = part.opened(edge=_EDGE)
    if image is None:  # pragma: no cover - whoever asks knows that there is one
        raise SourceError(f"{part.id} has no picture.")
    return image
