"""Try what is learnt on queries and items that it was not learnt from, by the whole search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.search.remembered import Remembered
from mmrag_jupyter.tuning.asking import Asking
from mmrag_jupyter.tuning.examples import folds_of
from mmrag_jupyter.tuning.related import unrelated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.search.adapters import Adapters
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.tuning.asking import Trial
    from mmrag_jupyter.tuning.examples import Examples
    from mmrag_jupyter.tuning.ways import Way

FOLDS = 5
# More queries than these tell no more, and take their time.
MOST_ASKED = 400


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """Learns from some of the examples in each way; `told` hears of it now and then."""

    ways: Sequence[Way]
    examples: Examples
    seed: int
    told: Callable[[], None]

    def learn(self, queries: npt.NDArray[np.int64], items: frozenset[int]) -> Adapters:
        """Return what some queries and items teach, for each way that they teach something of."""
        found = [
            way.learn(self.examples, queries, items, self.seed, self.told) for way in self.ways
        ]
        return {one.modality: one for one in found if one is not None}

    def by_chance(self) -> float:
        """Return how often labels drawn by chance would say as much, in any of the ways."""
        every = np.arange(len(self.examples.questions))
        items = frozenset[int]().union(*self.examples.good)
        lessons = (way.lesson(self.examples, every, items)[0] for way in self.ways)
        # The more ways there are, the more often one of them is lucky.
        return min(1.0, len(self.ways) * min(unrelated(one, self.seed) for one in lessons))


def try_out(store: Store, serving: Serving, learner: Learner) -> Trial:
    """Hold out each query once, learn from the others, and ask it before and after.

    Whatever was judged for a query that is held out is not learnt from, neither by that query
    nor by another.
    """
    examples = learner.examples
    asking = Asking(store, _remembering(serving), learner.seed)
    every = frozenset(store.numbers())
    for held in folds_of(examples, FOLDS, learner.seed):
        kept = np.setdiff1d(np.arange(len(examples.questions)), held)
        out = frozenset[int]().union(*(examples.judged(at) for at in held))
        learnt = frozenset[int]().union(*(examples.judged(at) for at in kept.tolist())) - out
        adapters = learner.learn(kept, learnt)
        unseen = np.array(sorted(every - learnt), np.int64)
        asking.begin()
        for at in held[: MOST_ASKED // FOLDS]:
            asking.ask(examples.questions[at], adapters, unseen)
            learner.told()
    return asking.trial()


def _remembering(serving: Serving) -> Serving:
    """Return the same embedders, each of which reads a query once."""
    made: dict[int, Remembered] = {}
    return {
        modality: (space, embedder)
        if is_late(embedder)
        else (space, made.setdefault(space, Remembered(embedder)))
        for modality, (space, embedder) in serving.items()
    }
