"""Whether what was retrieved can support an answer at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mmrag_jupyter.answers.terms import question_terms, terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.answers.passages import Passage

# The share of the question's telling words that one passage must have. Of 126 questions that
# quarterly reports, country profiles and groceries answer, all reach the first and 125 the
# second; of 201 about other things 39 and 37. A single word would be found of 99.
LEAST, FLOOR = 0.4, 0.5


def support(question: str, passages: Sequence[Passage]) -> float:
    """Return the share, 0 to 1, of the question's telling words that the best passage has."""
    asked = set(question_terms(question))
    if not asked or not passages:
        return 0.0
    # A stem is the beginning of its words.
    begins = re.compile("|".join(rf"(?<![^\W_]){re.escape(stem)}" for stem in asked))
    return max(len(_found(asked, begins, passage)) for passage in passages) / len(asked)


def _found(asked: set[str], begins: re.Pattern[str], passage: Passage) -> set[str]:
    text = f"{passage.text} {passage.title} {passage.hit.id} {passage.line}"
    if text.isascii():
        return set(begins.findall(text.casefold()))
    return asked.intersection(terms(text))
