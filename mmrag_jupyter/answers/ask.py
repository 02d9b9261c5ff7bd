"""From hits to an answer: what conducts the other modules of this room."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.answers import kept
from mmrag_jupyter.answers.answer import Answer
from mmrag_jupyter.answers.citations import citations, misquoted
from mmrag_jupyter.answers.extracted import extracted
from mmrag_jupyter.answers.generate import Writing
from mmrag_jupyter.answers.keys import KeyChecker, checked
from mmrag_jupyter.answers.passages import numbered
from mmrag_jupyter.answers.prompt import ABSENT, Room, as_text, fitting, messages
from mmrag_jupyter.answers.support import FLOOR, LEAST, support
from mmrag_jupyter.display.escape import cut
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.language import ON_CPU
from mmrag_jupyter.search.query import LEXICAL

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from mmrag_jupyter.answers.extract import Similar
    from mmrag_jupyter.answers.kept import Kept
    from mmrag_jupyter.answers.passages import Passage
    from mmrag_jupyter.display.answer_parts import State
    from mmrag_jupyter.models.language import LanguageModel
    from mmrag_jupyter.search.hits import Hits

_READ = 12  # passages that are read, and that a model is given at most
_SHOWN, _MISQUOTED = 80, 3  # characters of a quotation in a notice, and how many

HOW_TO_ADD = f"No language model is set: add --llm hf:{ON_CPU} to have the answer written."


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """How a question is to be answered.

    Attributes
    ----------
    question, hits
        What is asked, and what was retrieved for it.
    model
        What writes the answer; without one it is extracted.
    strict
        Whether to say "not in the collection" where no source has half of the question's
        telling words, and where a written answer cites nothing.
    fresh
        Whether to write again what was written before.
    similar
        How near texts are in meaning to a question, where there is a model for texts.
    answers
        Where written answers are kept.
    retrieval
        Seconds that the retrieval took.
    put
        How the user put the question, where that was made a whole one with what was said
        before.
    """

    question: str
    hits: Hits
    model: LanguageModel | None = None
    strict: bool = False
    fresh: bool = False
    similar: Similar | None = None
    answers: Kept | None = None
    retrieval: float = 0.0
    put: str = ""


def _ignore(_: Answer) -> None:
    pass


class AnswerStream:
    """An answer in the making: iterate over its text as it comes, then take `answer`.

    The pieces joined are the answer's text, but for a repetition that is cut. An interrupt
    while the model writes ends it, and keeps what there is.

    Parameters
    ----------
    done
        Is told the answer when there is one.
    """

    def __init__(self, asking: Asking, done: Callable[[Answer], None] = _ignore) -> None:
        self.question = asking.put or asking.question
        self.model = asking.model.name if asking.model is not None else ""
        self.text = ""
        self._asking = asking
        self._answer: Answer | None = None
        self._done = done
        self._pieces = self._run(time.monotonic())

    def __iter__(self) -> Iterator[str]:
        return (piece for piece in self.with_pauses() if piece)

    def with_pauses(self) -> Iterator[str]:
        """Iterate over the text, and over "" each tenth of a second in which none comes."""
        for piece in self._pieces:
            self.text += piece
            yield piece

    @property
    def answer(self) -> Answer:
        """The whole answer; what is not there yet is awaited.

        Raises
        ------
        ModelError
            The model wrote nothing, and failed.
        """
        for _ in self:
            pass
        if self._answer is None:
            raise ModelError("the answer was given up before there was any; ask again")
        return self._answer

    def stop(self) -> None:
        """Stop the model; the answer is the text as far as it came."""
        self._pieces.close()

    def _run(self, began: float) -> Generator[str]:
        asking = self._asking
        passages = numbered(asking.hits, _READ)
        notice, supported = _supported(asking, passages)
        read_as = f"Read as: {asking.question}" if asking.put not in {"", asking.question} else ""
        base = Answer(
            asking.put or asking.question,
            ABSENT,
            (),
            asking.hits,
            state="unsupported",
            notices=(*(each for each in (read_as, notice) if each), *asking.hits.notices),
            timings={"retrieval": asking.retrieval},
            options=asking.hits.options,
            others=len(passages),
        )
        if not supported:
            self._end(_timed(base, began, 0.0))
            yield ABSENT
        elif asking.model is None:
            answer = _timed(_quoting(base, asking, passages), began, 0.0)
            self._end(answer)
            yield answer.text
        else:
            yield from self._written(base, asking.model, passages, began)

    def _written(
        self, base: Answer, model: LanguageModel, passages: Sequence[Passage], began: float
    ) -> Iterator[str]:
        asking = self._asking
        loaded = time.monotonic()
        try:
            model.load()
        except KeyboardInterrupt:
            answer = _instead(base, asking, passages, f"{model.name} was stopped")
            self._end(_timed(answer, began, 0.0))
            yield answer.text
            return
        loaded = time.monotonic() - loaded
        began += loaded
        base = replace(base, timings={**base.timings, "loading": loaded})
        room = Room(model.tokens, model.pictures, model.count)
        given = fitting(passages, room)
        sent = messages(asking.question, given, room)
        base = replace(base, model=model.name, prompt=as_text(sent))
        name = None if model.identity is None else kept.name_of(model.identity, sent, given)
        before = asking.answers.get(name) if asking.answers and name and not asking.fresh else None
        checker = KeyChecker(frozenset(passage.key for passage in given))
        writing = Writing(model, sent)
        done = _Done(base, asking, given, checker, writing, cached=before is not None)
        out: list[str] = []
        try:
            for piece in [before] if before is not None else writing:
                out.append(checker.feed(piece))
                # A strict answer may yet turn out to rest on nothing.
                yield "" if asking.strict else out[-1]
            out.append(checker.finish())
            text = "".join(out)
            if writing.ended == "repeats":
                text = checked(writing.text, checker.known)[0]
            if not text.strip() and writing.problem:
                raise ModelError(f"{model.name}: {writing.problem}")
            answer = _timed(done.answer(text, passages), began, writing.seconds)
            self._end(answer)
            if before is None and writing.ended == "complete" and name and asking.answers:
                asking.answers.put(name, asking.question, writing.text)
            if asking.strict or not text.strip():
                yield answer.text
            elif out[-1]:
                yield out[-1]
        except GeneratorExit:
            writing.ended = "stopped"
            text = "".join([*out, checker.finish()])
            self._end(_timed(done.answer(text, passages), began, writing.seconds))
            raise

    def _end(self, answer: Answer) -> None:
        self._answer = answer
        self._done(answer)


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    """What is known when a model has written."""

    base: Answer
    asking: Asking
    given: Sequence[Passage]
    checker: KeyChecker
    writing: Writing
    cached: bool

    def answer(self, text: str, passages: Sequence[Passage]) -> Answer:
        """Return the answer that a text is, once its citations and quotations are checked."""
        name = self.base.model
        if not text.strip():
            told = "was stopped" if self.writing.ended == "stopped" else "wrote nothing"
            return _instead(self.base, self.asking, passages, f"{name} {told}")
        cited = self.checker.cited
        absent = text.strip().rstrip(".").casefold() == ABSENT.rstrip(".").casefold()
        if self.asking.strict and not cited:
            withheld = () if absent else (f"{name} cited no source; its answer is withheld.",)
            return self.base.with_notices(*withheld)
        return replace(
            self.base,
            text=text.strip(),
            citations=tuple(citations(text, cited, self.given)),
            state="unsupported" if absent else self._state(),
            cached=self.cached,
            notices=(*self._notices(text, absent=absent), *self.base.notices),
            others=len(self.given) - len(cited),
        )

    def _state(self) -> State:
        return "complete" if self.cached or self.writing.ended == "complete" else "stopped"

    def _notices(self, text: str, *, absent: bool) -> list[str]:
        told = []
        if not self.cached:
            ended = {
                "stopped": "Stopped: this is the text as far as it came.",
                "length": "The model's limit ended the answer early.",
            }.get(self.writing.ended, "")
            problem = f"The answer broke off: {self.writing.problem}."
            told += [ended or (problem if self.writing.problem else ""), self.writing.notice]
        if self.checker.unknown:
            keys = ", ".join(f"[{key}]" for key in self.checker.unknown)
            told.append(f"Struck, since nothing was retrieved under this number: {keys}.")
        wrong = misquoted(text, self.given)
        if wrong:
            some = "; ".join(f"\u201c{cut(one, _SHOWN)}\u201d" for one in wrong[:_MISQUOTED])
            told.append(f"Quoted, but in none of the sources: {some}.")
        if not self.checker.cited and not absent:
            told.append("The answer cites no source, so nothing in it is checked.")
        return [each for each in told if each]


def _quoting(base: Answer, asking: Asking, passages: Sequence[Passage]) -> Answer:
    """Return the answer that is made of quotes."""
    found = extracted(asking.question, passages, asking.similar)
    if not found.citations:
        return base
    return replace(
        base,
        text=found.text,
        citations=found.citations,
        state="complete",
        notices=(*base.notices, HOW_TO_ADD) if asking.model is None else base.notices,
        others=len(passages) - len(found.citations),
        prose=found.prose,
    )


def _instead(base: Answer, asking: Asking, passages: Sequence[Passage], told: str) -> Answer:
    """Return quotes in place of what a model did not write."""
    quoting = _quoting(replace(base, model=""), asking, passages)
    return quoting.with_notices(f"{told}; these are quotes from what was found.")


def _supported(asking: Asking, passages: Sequence[Passage]) -> tuple[str, bool]:
    """Tell what to say about the support of passages, and whether to answer from them at all."""
    if not passages:
        return "", False
    share = support(asking.question, passages)
    if share >= FLOOR:
        return "", True
    few = f"{'None' if share == 0 else 'Few'} of the question's words occur in what was found"
    if _worth_trying(asking, passages, share):
        return f"{few}: it may not answer.", True
    return f"{few}; answer.hits has it.", False


def _worth_trying(asking: Asking, passages: Sequence[Passage], share: float) -> bool:
    """Tell whether passages may answer that lack more than half of the question's words."""
    model = asking.model
    if asking.strict:
        # What a picture shows no words can tell: a model that sees may find it there.
        unread = any(not passage.text for passage in passages)
        return unread and model is not None and model.pictures > 0
    by_meaning = any(why.signal != LEXICAL for hit in asking.hits for why in hit.why)
    # A model that reads knows what words are alike, and when to say that it is not there.
    return by_meaning or share >= LEAST or (model is not None and share > 0)


def _timed(answer: Answer, began: float, writing: float) -> Answer:
    seconds = {"writing": writing} if writing else {}
    own = max(time.monotonic() - began - writing, 0.0)
    return replace(answer, timings={**answer.timings, **seconds, "answer": own})
