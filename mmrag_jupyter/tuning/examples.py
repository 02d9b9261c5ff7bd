"""What a collection is tuned with: texts that were asked, and what is right and wrong for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError, TuningError
from mmrag_jupyter.evaluation.split import split_items, split_queries
from mmrag_jupyter.search.query import LEXICAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.evaluation.questions import Judgements, Question
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store import Store

# Fewer queries tell chance from gain too badly for anything to be changed.
LEAST = 20
_MOST = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Queries by text, and the numbers of the items that are right and wrong for each.

    `about` says where they come from, `notices` what was left out.
    """

    questions: tuple[Question, ...]
    good: tuple[frozenset[int], ...]
    bad: tuple[frozenset[int], ...]
    about: str
    notices: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        """What was asked."""
        return [one.text for one in self.questions]

    @property
    def pairs(self) -> int:
        """How many pairs of a query and a right item there are."""
        return sum(len(one) for one in self.good)

    @property
    def with_words(self) -> bool:
        """Whether the queries are asked by their words too, as a user's are."""
        return any(one.weights.get(LEXICAL, 1) > 0 for one in self.questions)

    def judged(self, query: int) -> frozenset[int]:
        """Return the items that were judged for a query, by its place."""
        return self.good[query] | self.bad[query]

    def may_find(self, modality: Modality) -> bool:
        """Tell whether some query may be answered by parts of a modality."""
        return any(not one.modality or modality in one.modality for one in self.questions)


def examples_of(judgements: Judgements, store: Store, seed: int) -> Examples:
    """Return the examples that judgements hold.

    Raises
    ------
    TuningError
        They are too few, or say the same of every query.
    """
    notices = [*judgements.notices]
    asked = [
        one for one in judgements.questions if one.text.strip() and not (one.images or one.sounds)
    ]
    if left := len(judgements.questions) - len(asked):
        notices.append(
            f"{left:,} queries with pictures or sound are left out: what is tuned is how texts are"
            " read."
        )
    if len(asked) < LEAST:
        raise TuningError(
            f"{judgements.about}: {len(asked):,} queries by text have something right to be found,"
            f" and at least {LEAST} are needed to tell a gain from chance."
        )
    if len(asked) > _MOST:
        notices.append(f"{_MOST:,} of {len(asked):,} queries, drawn by chance (seed {seed}).")
        drawn = np.random.default_rng(seed).choice(len(asked), _MOST, replace=False)
        asked = [asked[at] for at in sorted(drawn.tolist())]
    numbers = store.find(list({item for one in asked for item in one.judged}))
    good = tuple(_items(one, numbers, right=True) for one in asked)
    bad = tuple(_items(one, numbers, right=False) for one in asked)
    if len({*good}) == 1:
        raise TuningError(
            f"{judgements.about}: the same is right for every query, so that there is nothing to"
            " tell apart."
        )
    return Examples(tuple(asked), good, bad, judgements.about, tuple(notices))


def folds_of(examples: Examples, count: int, seed: int) -> list[list[int]]:
    """Return the queries in `count` parts, each of which is once held out.

    Queries that share an item stay together where they can; where nearly all hang together,
    they are drawn one by one, and no item of those held out is learnt from.
    """
    place = {str(at): at for at in range(len(examples.questions))}
    left = {str(at): examples.questions[at].judged for at in place.values()}
    folds = []
    for rest in range(count, 1, -1):
        try:
            held = split_queries(left, 1 / rest, seed).held_out
        except QueryError:
            break
        folds.append([place[one] for one in held])
        left = {one: judged for one, judged in left.items() if one not in {*held}}
    folds.append([place[one] for one in left])
    if len(folds) == count and max(map(len, folds)) <= 2 * len(place) / count:
        return folds
    names: Sequence[str] = list(place)
    folds = []
    for rest in range(count, 1, -1):
        split = split_items(names, 1 / rest, seed)
        folds.append([place[one] for one in split.held_out])
        names = split.learnt
    return [*folds, [place[one] for one in names]]


def _items(question: Question, numbers: dict[str, int], *, right: bool) -> frozenset[int]:
    return frozenset(
        numbers[item]
        for item, grade in question.judged.items()
        if item in numbers and (grade > 0) == right
    )
