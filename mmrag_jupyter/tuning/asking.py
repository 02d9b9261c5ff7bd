"""Ask held-out queries before and after, and measure what they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.evaluation.measures import measure
from mmrag_jupyter.search.engine import Search
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.store import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.evaluation.questions import Question
    from mmrag_jupyter.search.adapters import Adapters
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store

    Values = npt.NDArray[np.float64]
    Items = npt.NDArray[np.int64]
    Rankings = Mapping[str, Sequence[Sequence[int]]]
    Qrels = Mapping[str, Mapping[str, float]]

MEASURES = ("nDCG@10", "recall@10", "MRR")
DECIDING = MEASURES[0]
# Hits that are looked at; a right one further down counts as not found.
DEPTH = 100
# A short ranking is filled up by chance, so many times over.
_DRAWS, _FEW_DRAWS = 16, 4
# Other queries whose rankings a query's own is set against.
_OTHERS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What was found among some items: by measure, a value for each query, before and after."""

    before: Mapping[str, Values]
    after: Mapping[str, Values]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """The queries that were held out, and what they found.

    Attributes
    ----------
    unseen, whole
        Among the items that nothing was learnt from, and among all.
    own
        Shape (n,): by how much more nDCG@10 rises among the unseen in a query's own ranking than
        in those of other queries, measured by what is right for it. A map that favours some
        items whatever is asked raises both.
    empty
        How many queries found nothing before.
    """

    queries: tuple[str, ...]
    unseen: Pool
    whole: Pool
    own: Values
    empty: int


class Asking:
    """Asks queries before and after, among unseen items and among all."""

    def __init__(self, store: Store, serving: Serving, seed: int) -> None:
        self._store = store
        self._serving = serving
        self._seed = seed
        self._all = np.array(store.numbers(), np.int64)
        self._found: dict[tuple[str, bool], dict[str, list[list[int]]]] = {
            (pool, turned): {} for pool in ("unseen", "whole") for turned in (False, True)
        }
        self._folds: list[list[Question]] = []
        self._empty = 0

    def begin(self) -> None:
        """Begin a fold: its queries are asked with what was learnt from the same examples."""
        self._folds.append([])

    def ask(self, question: Question, adapters: Adapters, unseen: Items) -> None:
        """Ask a query four times: before and after, among the unseen items and among all."""
        number = sum(map(len, self._folds))
        self._folds[-1].append(question)
        for pool, items in (("unseen", unseen), ("whole", self._all)):
            base = Selection(items=items) if pool == "unseen" else None
            for turned in (False, True):
                ranking = self._search(question, base, adapters if turned else {})
                self._empty += pool == "unseen" and not (turned or ranking)
                # The same draws before and after, so that they make no difference of their own.
                filled = _filled(ranking, items, [self._seed, number])
                self._found[pool, turned][question.key] = filled

    def trial(self) -> Trial:
        """Return what was found so far."""
        ids = {row.item: row.id for row in self._store.items(self._all.tolist())}
        questions = [one for fold in self._folds for one in fold]
        qrels = {one.key: one.judged for one in questions}
        made = {place: _means(found, qrels, ids) for place, found in self._found.items()}
        pools = {pool: Pool(made[pool, False], made[pool, True]) for pool in ("unseen", "whole")}
        own = self._beyond_others(pools["unseen"], qrels, ids)
        queries = tuple(one.key for one in questions)
        return Trial(queries, pools["unseen"], pools["whole"], own, self._empty)

    def _search(self, question: Question, base: Selection | None, adapters: Adapters) -> list[int]:
        query = Query(
            text=question.text,
            avoid_text=question.avoid,
            k=DEPTH,
            modality=frozenset(question.modality),
            weights=question.weights,
        )
        found = Search(query, self._store, self._serving, base, adapters=adapters).best(DEPTH)
        return [one.item for one in found.items]

    def _beyond_others(self, pool: Pool, qrels: Qrels, ids: Mapping[int, str]) -> Values:
        """Return how much more each query's own ranking gains than those of others do."""
        others = [own for fold in self._folds for own in self._others(fold)]
        judged = {
            f"{at} {other}": qrels[key] for at, (key, some) in enumerate(others) for other in some
        }
        gains = pool.after[DECIDING] - pool.before[DECIDING]
        for turned, sign in ((False, 1), (True, -1)):
            found = self._found["unseen", turned]
            rankings = {
                f"{at} {other}": found[other][:_FEW_DRAWS]
                for at, (_, some) in enumerate(others)
                for other in some
            }
            values = iter(_means(rankings, judged, ids)[DECIDING].tolist())
            for at, (_, some) in enumerate(others):
                if some:
                    gains[at] += sign * sum(next(values) for _ in some) / len(some)
        alone = np.array([not some for _, some in others])
        return np.where(alone, 0.0, gains)

    def _others(self, fold: Sequence[Question]) -> list[tuple[str, list[str]]]:
        """Return for each query of a fold some others that have nothing right in common with it."""
        random = np.random.default_rng([self._seed, len(fold)])
        right = {one.key: frozenset(one.relevant) for one in fold}
        found = []
        for one in fold:
            apart = [key for key, items in right.items() if not items & right[one.key]]
            chosen = random.permutation(len(apart))[:_OTHERS].tolist()
            found.append((one.key, [apart[at] for at in chosen]))
        return found


def _means(found: Rankings, qrels: Qrels, ids: Mapping[int, str]) -> dict[str, Values]:
    """Return each measure of each query, in the order of `qrels`, as a mean over the draws."""
    totals = {name: np.zeros(len(qrels)) for name in MEASURES}
    draws = min((len(rankings) for rankings in found.values()), default=0)
    for draw in range(draws):
        rankings = {
            key: [ids[item] for item in rankings[draw] if item in ids]
            for key, rankings in found.items()
        }
        for name, own in measure(rankings, qrels, MEASURES).items():
            totals[name] += own.values / draws
    return totals


def _filled(ranking: list[int], items: Items, seed: list[int]) -> list[list[int]]:
    """Fill a ranking up to `DEPTH` by chance, `_DRAWS` times.

    A ranking that ends early finds nothing where one by chance would find something: to find
    more is not to be taken for finding better.
    """
    missing = DEPTH - len(ranking)
    rest = np.setdiff1d(items, ranking)
    if missing <= 0 or not len(rest):
        return [ranking[:DEPTH]] * _DRAWS
    random = np.random.default_rng(seed)
    draws = (random.permutation(rest)[:missing] for _ in range(_DRAWS))
    return [[*ranking, *draw.tolist()] for draw in draws]
