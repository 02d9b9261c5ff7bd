"""What is asked to measure a collection, and what is known to be right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError, QueryError
from mmrag_jupyter.naming import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mmrag_jupyter.items import Media, Modality
    from mmrag_jupyter.store import Store

_NAMED = 3  # how many offenders a line names


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and the relevance of items for it: above 0 is relevant.

    Attributes
    ----------
    key
        What tells it from the others.
    label
        What a person calls it.
    text, avoid, images, sounds
        What is asked: words, words to avoid, pictures, recordings.
    judged
        The relevance by the items' ids.
    slice
        The group of questions that it is counted with, or "".
    modality, weights
        What limits the search, whatever the settings say: the parts that may answer, and
        signals that may not.
    """

    key: str
    label: str
    judged: Mapping[str, float]
    text: str = ""
    avoid: tuple[str, ...] = ()
    images: tuple[Media, ...] = ()
    slice: str = ""
    modality: frozenset[Modality] = frozenset()
    weights: Mapping[str, float] = field(default_factory=dict)
    sounds: tuple[Media, ...] = ()

    @property
    def relevant(self) -> list[str]:
        """The ids of what should be found."""
        return [one for one, grade in self.judged.items() if grade > 0]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Questions, what is measured by them, and what has to be said of them.

    `columns` are those of the table that they stand in, by which they are sliced already.
    """

    questions: tuple[Question, ...]
    about: str
    notices: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def usable(judgements: Judgements, store: Store) -> Judgements:
    """Return the questions that can be counted, with what was left out, and why, said.

    Raises
    ------
    NotFoundError
        None of the items is in the collection.
    QueryError
        Nothing is judged, or nothing of it is relevant.
    """
    asked = judgements.questions
    named = list(dict.fromkeys(one for question in asked for one in question.judged))
    if not named:
        raise QueryError(f"There is no judgement in {judgements.about} to measure by.")
    known = store.find(named)
    notices = [*judgements.notices]
    unknown = [one for one in named if one not in known]
    if len(unknown) == len(named):
        own = store.ids_from("", 2)
        raise NotFoundError(
            f"None of the {counted(len(named), 'judged item')} is in collection {store.name!r}:"
            f" {some(unknown)}; "
            + (f"the collection's own are such as {some(own)}." if own else "it has no items yet.")
        )
    if unknown:
        notices.append(
            f"{counted(len(unknown), 'judged item')} of {len(named):,} not in the collection"
            f" and ignored: {some(unknown)}."
        )
    if not any(question.relevant for question in asked):
        raise QueryError(
            f"No judgement of {judgements.about} is above 0, so there is nothing to be found;"
            " relevance above 0 means relevant."
        )
    kept = [_known_only(question, known) for question in asked]
    left = tuple(question for question in kept if question.relevant)
    if not left:
        raise NotFoundError(
            f"None of the relevant items is in collection {store.name!r}: {some(unknown)}."
        )
    if len(left) < len(asked):
        missing = [question.label for question in kept if not question.relevant]
        notices.append(
            f"{counted(len(missing), 'query', 'queries')} of {len(asked):,} left out, with nothing"
            f" relevant to be found: {some(missing)}."
        )
    if all(grade > 0 for question in left for grade in question.judged.values()):
        notices.append("All that is judged is relevant; what nobody judged counts as not relevant.")
    return replace(judgements, questions=left, notices=tuple(notices))


def some(names: Iterable[str]) -> str:
    """Return the first of some names, quoted, and that there are more."""
    listed = list(names)
    shown = ", ".join(repr(shortened(name)) for name in listed[:_NAMED])
    return f"{shown}, …" if len(listed) > _NAMED else shown


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun in the right form."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _known_only(question: Question, known: Mapping[str, int]) -> Question:
    if all(one in known for one in question.judged):
        return question
    return replace(
        question, judged={one: grade for one, grade in question.judged.items() if one in known}
    )
