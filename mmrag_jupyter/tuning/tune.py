"""Conduct a tuning: examples, a trial on what is held out, a verdict, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from mmrag_jupyter.errors import QueryError, StoppedError, TuningError, did_you_mean
from mmrag_jupyter.evaluation.evaluate import judged
from mmrag_jupyter.ingest import SilentReporter
from mmrag_jupyter.search.adapters import packed
from mmrag_jupyter.store import tuned
from mmrag_jupyter.tuning.asking import DECIDING
from mmrag_jupyter.tuning.examples import examples_of
from mmrag_jupyter.tuning.trial import FOLDS, Learner, try_out
from mmrag_jupyter.tuning.tuning import Tuning
from mmrag_jupyter.tuning.verdict import verdict_of
from mmrag_jupyter.tuning.ways import ways_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmrag_jupyter.display import Options
    from mmrag_jupyter.evaluation.arguments import EvaluateOptions
    from mmrag_jupyter.evaluation.settings import Searched
    from mmrag_jupyter.ingest import Reporter
    from mmrag_jupyter.search.adapters import Adapters
    from mmrag_jupyter.tuning.asking import Trial
    from mmrag_jupyter.tuning.examples import Examples
    from mmrag_jupyter.tuning.verdict import Verdict
    from mmrag_jupyter.tuning.ways import Way


class TuneOptions(TypedDict, total=False):
    """The options of `Collection.tune`, as its docstring tells them."""

    pairs: bool
    feedback: bool
    query: str | None
    image: str | None
    id: str | None
    relevance: str | None
    force: bool
    seed: int
    progress: bool


def tune(
    collection: Searched,
    qrels: object,
    options: TuneOptions,
    *,
    shown: Options,
    reporter: Callable[[], Reporter],
) -> Tuning:
    """Tune a collection; see `Collection.tune`."""
    check(options)
    telling = _Telling(reporter() if options.get("progress", True) else SilentReporter())
    try:
        found, made, facts = _tried(collection, qrels, options, telling)
    except KeyboardInterrupt:
        telling.finish("stopped")
        raise StoppedError("Stopped; the collection is as it was.") from None
    except BaseException:
        telling.finish("failed")
        raise
    telling.finish("")
    if found.applied:
        store = collection.store
        arrays, told = packed(made)
        with store.writer() as writer:
            tuned.keep(store, writer, arrays, {**facts, "adapters": told})
    return replace(found, options=shown)


def _tried(
    collection: Searched, qrels: object, options: TuneOptions, telling: _Telling
) -> tuple[Tuning, Adapters, dict[str, str]]:
    """Return what came of it, what is to serve, and what is to be known of that."""
    pairs, feedback = options.get("pairs", False), options.get("feedback", False)
    if feedback + (pairs or qrels is not None) != 1:
        raise QueryError(
            "Say what to learn from, in one way: judgements (a dataframe with query, id and"
            " relevance), --pairs, or --from feedback."
        )
    seed, force = options.get("seed", 0), options.get("force", False)
    store, serving = collection.store, collection.serving()
    examples = examples_of(judged(collection, qrels, _measured(options)), store, seed)
    # Reading the queries takes time too: what is begun is told before.
    telling.start(f"tuning {collection.name}", None)
    ways = ways_of(store, serving, examples)
    if not ways:
        raise TuningError(_nothing(collection))
    telling.start(f"tuning {collection.name}", _steps(examples, ways))
    learner = Learner(ways, examples, seed, telling)
    trial = try_out(store, serving, learner)
    verdict = verdict_of(trial, learner.by_chance(), seed)
    made: Adapters = {}
    if verdict.gained or force:
        items = frozenset[int]().union(*examples.good, *examples.bad)
        made = learner.learn(np.arange(len(examples.questions)), items)
    found = _report(collection, examples, trial, verdict, made, force=force)
    names = {name for one in made.values() for name in (one.space, one.reader) if name}
    facts = {
        "models": "\n".join(sorted(names)),
        "told": f"{examples.about}, {datetime.now(UTC):%Y-%m-%d}: {_gain(verdict)}",
    }
    return found, made, facts


def check(options: TuneOptions) -> None:
    """Refuse arguments that a tuning does not have: a misspelt one would be passed over.

    Raises
    ------
    QueryError
        There is no such argument, and the nearest is suggested; or the seed is no whole number.
    """
    known = TuneOptions.__annotations__
    for name in options:
        if name not in known:
            near = did_you_mean(name, known) or f" There are {', '.join(known)}."
            raise QueryError(f"tune has no argument {name!r}.{near}")
    seed = options.get("seed", 0)
    if not isinstance(seed, int) or seed < 0:
        raise QueryError(f"seed is {seed!r}; give a whole number from 0 up.")


def undo(collection: Searched, *, shown: Options) -> Tuning:
    """Let the tuning before the last one serve again, or none."""
    store = collection.store
    if not tuned.names(store):
        raise TuningError(f"{collection.name!r} is not tuned: there is nothing to undo.")
    with store.writer() as writer:
        tuned.undo(store, writer)
    left = store.tuned.current()
    now = f"what serves is the tuning before it, on {left.facts['told']}" if left else "none serves"
    return Tuning(
        f"{collection.name}: tuning undone",
        applied=False,
        reason=f"The last tuning is taken back; {now}.",
        options=shown,
    )


class _Telling:
    """Counts steps for a reporter."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._begun = False
        self._done = 0

    def start(self, label: str, total: int | None) -> None:
        self._begun = True
        self._reporter.start(label, total)

    def __call__(self) -> None:
        self._done += 1
        self._reporter.advance(self._done)

    def finish(self, message: str) -> None:
        if self._begun:
            self._reporter.finish(message)


def _steps(examples: Examples, ways: Sequence[Way]) -> int:
    """Return how often a trial and the learning after it tell of themselves, at most."""
    return len(examples.questions) + 4 * len(ways) * (FOLDS + 1)


def _measured(options: TuneOptions) -> EvaluateOptions:
    return {
        "pairs": options.get("pairs", False),
        "feedback": options.get("feedback", False),
        "query": options.get("query"),
        "image": options.get("image"),
        "id": options.get("id"),
        "relevance": options.get("relevance"),
        "seed": options.get("seed", 0),
    }


def _nothing(collection: Searched) -> str:
    counts = collection.store.part_counts()
    if not counts.get("image") and not {*collection.serving()}:
        return (
            f"{collection.name!r} has texts alone, which are found by their words: there is nothing"
            " to tune without a picture or a text model (--text-model, see %mmrag models)."
        )
    return (
        "None of the right items has a part that a tuned query could find: a picture, or a part"
        " with the vector of a model that reads texts."
    )


def _report(
    collection: Searched,
    examples: Examples,
    trial: Trial,
    verdict: Verdict,
    made: Adapters,
    *,
    force: bool,
) -> Tuning:
    notices = [*examples.notices]
    if trial.empty:
        notices.append(
            f"{trial.empty:,} of {len(trial.queries):,} queries found nothing before; rankings that"
            " end early are filled up by chance, so that to find more is not taken for better."
        )
    applied = bool(made)
    if applied and verdict.gained:
        reason = f"Applied: {verdict.reason}."
    elif applied:
        reason = f"Applied because it was forced: {verdict.reason}."
    elif verdict.gained or force:
        reason = (
            "Left as it was: nothing that could be learnt from all of it serves what is held out."
        )
    else:
        reason = f"Left as it was: {verdict.reason}."
    return Tuning(
        f"{collection.name}: tuning on {examples.about}",
        applied=applied,
        reason=reason,
        changes=verdict.changes,
        queries=len(trial.queries),
        pairs=examples.pairs,
        modalities=tuple(made),
        forced=applied and not verdict.gained,
        notices=tuple(notices),
        undo=f"%mmrag tune --undo --in {collection.name}" if applied else "",
    )


def _gain(verdict: Verdict) -> str:
    change = verdict.changes[0]
    return f"{DECIDING} {change.before:.3f} → {change.after:.3f} on held-out queries"
