"""Groups of questions that are counted apart: by a column of theirs, or of what they find."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.display.values import missing
from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.evaluation.frames import SEVERAL
from mmrag_jupyter.sources.plain import as_text

if TYPE_CHECKING:
    from mmrag_jupyter.evaluation.questions import Judgements, Question
    from mmrag_jupyter.store import Store

NONE = "(none)"


def sliced(judgements: Judgements, store: Store, by: str) -> Judgements:
    """Return the questions sliced by a column of theirs, or of the items that they should find.

    Where both have it, that of the judgements goes first. Slices that there are (the two
    directions of pairs) stay in front.

    Raises
    ------
    QueryError
        Neither has such a column; the nearest is suggested.
    """
    if by in judgements.columns:
        return judgements
    own = [column.name for column in store.columns()]
    if by not in own:
        names = [name for name in dict.fromkeys([*judgements.columns, *own]) if name]
        near = did_you_mean(by, names) or f" Known are {', '.join(names) or 'none'}."
        raise QueryError(f"--by {by!r} is no column of the judgements or of the items.{near}")
    wanted = {one for question in judgements.questions for one in question.relevant}
    numbers = store.find(sorted(wanted))
    rows = {row.id: row.metadata.get(by) for row in store.items(list(numbers.values()))}
    questions = tuple(_sliced(question, rows) for question in judgements.questions)
    return replace(judgements, questions=questions)


def _sliced(question: Question, values: dict[str, object]) -> Question:
    found = {
        NONE if missing(values.get(one)) else as_text(values[one]) for one in question.relevant
    }
    name = found.pop() if len(found) == 1 else SEVERAL
    return replace(question, slice=f"{question.slice} · {name}" if question.slice else name)
