"""Ask every question in every setting: rankings, and how long each took."""

from __future__ import annotations

import math
import time
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.search import engine, rerank
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.search.roots import located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.evaluation.questions import Question
    from mmrag_jupyter.evaluation.settings import Setting
    from mmrag_jupyter.ingest import Reporter
    from mmrag_jupyter.ingest.spaces import Serving
    from mmrag_jupyter.search.engine import Found


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What one setting found: for each question the ids, best first, and the milliseconds.

    `milliseconds` are those of a query of k hits, without loading models.
    """

    setting: Setting
    rankings: dict[str, list[str]] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The runs of all settings over the same questions, and what went wrong on the way."""

    runs: tuple[Run, ...]
    asked: tuple[Question, ...]
    failed: tuple[str, ...] = ()
    stopped: bool = False


def run(
    questions: Sequence[Question],
    settings: Sequence[Setting],
    *,
    k: int,
    depth: int,
    seed: int,
    reporter: Reporter,
) -> Runs:
    """Ask the questions, each in all settings before the next, so that they stay comparable.

    A question that cannot be asked (its picture is damaged) is left out everywhere. Interrupted
    before one question is done, it raises `KeyboardInterrupt`; later, it returns what is done.

    Parameters
    ----------
    k
        How many hits are timed.
    depth
        How many are ranked; those behind the first k in time that is not counted.
    """
    ways = [_Way(one, k, depth, seed) for one in settings]
    asked: list[Question] = []
    failed: list[str] = []
    reporter.start(f"evaluating {settings[0].collection.name}", len(questions))
    message, stopped = "stopped", False
    try:
        for way in ways:
            way.warm_up(questions)
        for number, question in enumerate(questions, start=1):
            try:
                found = [way.ask(question) for way in ways]
            except SourceError as error:
                failed.append(f"{question.label}: {error}")
            else:
                asked.append(question)
                for way, (ranking, milliseconds) in zip(ways, found, strict=True):
                    way.run.rankings[question.key] = ranking
                    way.run.milliseconds[question.key] = milliseconds
            reporter.advance(number)
        message = ""
    except KeyboardInterrupt:
        stopped = True
        message = f"stopped after {len(asked):,} of {len(questions):,} queries"
        if not asked:
            raise
    finally:
        reporter.finish(message)
    return Runs(tuple(way.run for way in ways), tuple(asked), tuple(failed), stopped)


def query_of(question: Question, setting: Setting, k: int) -> Query:
    """Return what a question asks in a setting."""
    return Query(
        text=question.text,
        images=located(setting.collection.store, question.images),
        sounds=located(setting.collection.store, question.sounds),
        avoid_text=question.avoid,
        k=k,
        modality=frozenset(question.modality),
        weights={**setting.weights, **question.weights},
    )


def search(question: Question, setting: Setting, serving: Serving, k: int) -> Found:
    """Return the `k` best of one question in one setting, as a user would see them."""
    query = query_of(question, setting, k)
    # A reranker reads words: what was asked with pictures keeps its order.
    reranker = setting.rerank if question.text.strip() else None
    return rerank.search(query, setting.collection.store, serving, reranker)


class _Way:
    """One setting at work."""

    def __init__(self, setting: Setting, k: int, depth: int, seed: int) -> None:
        self.run = Run(setting)
        self._setting = setting
        self._store = setting.collection.store
        self._k = k
        self._depth = depth
        self._seed = seed
        self._serving: Serving = {} if setting.chance else setting.collection.serving()
        self._all = sorted(self._store.ids()) if setting.chance else []

    def warm_up(self, questions: Sequence[Question]) -> None:
        """Ask once what is not counted: models are loaded at their first use."""
        if self._setting.chance:
            return
        for wordy in (True, False):
            first = next((one for one in questions if bool(one.text) is wordy), None)
            if first is not None:
                try:
                    self.ask(first)
                except SourceError:
                    continue

    def ask(self, question: Question) -> tuple[list[str], float]:
        """Return the ids, best first, and the milliseconds of the first k; chance takes none."""
        if self._setting.chance:
            # The same for a question whatever stands beside it.
            random = np.random.default_rng([self._seed, zlib.crc32(question.key.encode())])
            order = random.permutation(len(self._all)).tolist()
            return [self._all[at] for at in order[: self._depth]], math.nan
        began = time.perf_counter()
        if self._setting.rerank is None:
            query = query_of(question, self._setting, self._k)
            asked = engine.Search(query, self._store, self._serving)
            first = asked.best(self._k)
            milliseconds = 1000 * (time.perf_counter() - began)
            deep = asked.best(self._depth) if self._depth > self._k else first
        else:
            first = search(question, self._setting, self._serving, self._k)
            milliseconds = 1000 * (time.perf_counter() - began)
            plain = replace(self._setting, rerank=None)
            deep = search(question, plain, self._serving, max(self._depth, self._k))
        ids = {row.item: row.item_id for row in [*first.parts.values(), *deep.parts.values()]}
        # What a user sees first stays first, however much deeper the ranking goes.
        ranked = dict.fromkeys(one.item for one in [*first.items, *deep.items])
        return [ids[item] for item in ranked], milliseconds
