"""Conduct an evaluation: judgements, questions, settings, runs, result."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mmrag_jupyter.errors import QueryError, StoppedError
from mmrag_jupyter.evaluation.arguments import wanted
from mmrag_jupyter.evaluation.columns import Given
from mmrag_jupyter.evaluation.frames import read, read_pairs
from mmrag_jupyter.evaluation.measures import cutoff
from mmrag_jupyter.evaluation.pairs import from_collection
from mmrag_jupyter.evaluation.questions import counted, some, usable
from mmrag_jupyter.evaluation.remarks import beyond, found_itself, found_nothing, lacking, tuned
from mmrag_jupyter.evaluation.result import Evaluation
from mmrag_jupyter.evaluation.running import run
from mmrag_jupyter.evaluation.settings import Setting, settings
from mmrag_jupyter.evaluation.slices import sliced
from mmrag_jupyter.evaluation.thumbs import from_feedback
from mmrag_jupyter.ingest import SilentReporter
from mmrag_jupyter.search.terms import as_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmrag_jupyter.display import Options
    from mmrag_jupyter.evaluation.arguments import EvaluateOptions, Wanted
    from mmrag_jupyter.evaluation.questions import Judgements
    from mmrag_jupyter.evaluation.settings import CompareLike, Searched
    from mmrag_jupyter.ingest import Reporter

# MRR and MAP look at a ranking as deep as this: to its end where that is cheap.
_SMALL, _DEPTH = 1000, 100


def evaluate(
    collection: Searched,
    qrels: object,
    options: EvaluateOptions,
    *,
    shown: Options,
    reporter: Callable[[], Reporter],
) -> Evaluation:
    """Measure a collection; see `Collection.evaluate`."""
    try:
        return _measured(collection, qrels, options, shown, reporter)
    except KeyboardInterrupt:
        # Of models being loaded, of judgements being read, or of the first query.
        raise StoppedError("Stopped before one query was done; nothing is changed.") from None


def _measured(
    collection: Searched,
    qrels: object,
    options: EvaluateOptions,
    shown: Options,
    reporter: Callable[[], Reporter],
) -> Evaluation:
    asked = wanted(options)
    judgements = judged(collection, qrels, options)
    base = Setting(collection.name, collection, options.get("weights") or {}, options.get("rerank"))
    compared = settings(base, _compared(options.get("compare")))
    missing = [line for one in compared[1:] for line in lacking(one, base, judgements)]
    silent = not options.get("progress", True)
    done = run(
        judgements.questions,
        compared,
        k=asked.k,
        depth=_depth(asked, len(collection.store)),
        seed=asked.seed,
        reporter=SilentReporter() if silent else reporter(),
    )
    if not done.asked:
        raise QueryError(f"None of the queries could be asked: {some(done.failed)}")
    notices = [*judgements.notices, *missing, *tuned(compared)]
    if done.failed:
        left = counted(len(done.failed), "query", "queries")
        notices.append(f"{left} could not be asked: {some(done.failed)}")
    if done.stopped:
        notices.append(
            f"Stopped: {len(done.asked):,} of {len(judgements.questions):,} queries were asked,"
            " and the figures are of these."
        )
    notices += [*found_nothing(done.runs[0], done.asked), *found_itself(done.runs, done.asked)]
    return Evaluation(
        f"{collection.name}: {counted(len(done.asked), 'query', 'queries')} of {judgements.about}",
        asked.measures,
        done.asked,
        done.runs,
        (*notices, *beyond(collection, asked.measures)),
        k=asked.k,
        seed=asked.seed,
        options=shown,
    )


def judged(collection: Searched, qrels: object, options: EvaluateOptions) -> Judgements:
    """Return the questions that an evaluation, or a tuning, of a collection is to use.

    Raises
    ------
    QueryError
        It is not said by what to measure, or in more than one way.
    """
    store = collection.store
    by = str(options["by"]) if options.get("by") is not None else None
    pairs, feedback = options.get("pairs", False), options.get("feedback", False)
    if feedback + (pairs or qrels is not None) != 1:
        raise QueryError(
            "Say by what to measure, in one way: judgements (a dataframe with query, id and"
            " relevance), --pairs, or --from feedback."
        )
    given = Given(
        query=options.get("query"),
        image=options.get("image"),
        audio=options.get("audio"),
        id=options.get("id"),
        relevance=options.get("relevance"),
    )
    if feedback:
        found = from_feedback(store)
    elif pairs and qrels is not None:
        found = read_pairs(qrels, given, store)
    elif pairs:
        found = from_collection(store, given.query, seed=options.get("seed", 0))
    else:
        found = read(qrels, given, store, by)
    found = usable(found, store)
    return sliced(found, store, by) if by is not None else found


def _compared(given: CompareLike | Sequence[CompareLike] | None) -> list[CompareLike]:
    return cast("list[CompareLike]", as_list(given))


def _depth(asked: Wanted, items: int) -> int:
    """Return how many hits of a query the measures look at."""
    cutoffs = [cutoff(name) for name in asked.measures]
    deep = (items if items <= _SMALL else _DEPTH) if None in cutoffs else 0
    return max([deep, asked.k, *(at for at in cutoffs if at is not None)])
