"""Questions from the thumbs that were given in panels."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.evaluation.questions import Judgements, Question, counted, some
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.sources.images import picture_suffixes
from mmrag_jupyter.sources.sound import sound_suffixes

if TYPE_CHECKING:
    from mmrag_jupyter.store import Store


def from_feedback(store: Store) -> Judgements:
    """Return a question for each query that has thumbs: up is relevant, down is not.

    Raises
    ------
    QueryError
        No thumb was given yet.
    """
    judged: dict[str, dict[str, float]] = {}
    for one in store.feedback():
        judged.setdefault(one.query, {})[one.item] = float(one.verdict > 0)
    if not judged:
        raise QueryError(
            f"{store.name!r} has no thumbs yet; give some in %mmrag panel, or give judgements."
        )
    suffixes = picture_suffixes() | sound_suffixes()
    questions, pictured = [], []
    for words, grades in judged.items():
        # The panel keeps the words of a query, what to avoid behind a minus, with commas.
        terms = [term for term in words.split(", ") if term]
        wanted = [term for term in terms if not term.startswith("-")]
        avoided = tuple(term[1:] for term in terms if term.startswith("-") and term[1:])
        if any(PurePath(term).suffix.lower() in suffixes for term in terms):
            pictured.append(words)
        elif wanted:
            text = ", ".join(wanted)
            questions.append(Question(words, shortened(words), grades, text=text, avoid=avoided))
    notices = ["Only hits that somebody looked at have thumbs: this favours what found them."]
    if pictured:
        notices.append(
            f"{counted(len(pictured), 'query', 'queries')} left out, for pictures and recordings"
            f" are not kept with thumbs: {some(pictured)}."
        )
    if not questions:
        raise QueryError(
            f"All thumbs of {store.name!r} are of queries with pictures or recordings, not kept."
        )
    return Judgements(tuple(questions), "thumbs", tuple(notices))
