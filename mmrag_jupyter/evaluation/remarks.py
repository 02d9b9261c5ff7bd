"""What has to be said with figures, so that they are read as what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError
from mmrag_jupyter.evaluation.measures import cutoff
from mmrag_jupyter.evaluation.questions import counted, some
from mmrag_jupyter.evaluation.running import query_of
from mmrag_jupyter.search.unanswered import unanswered
from mmrag_jupyter.sources.images import media_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.evaluation.questions import Judgements, Question
    from mmrag_jupyter.evaluation.running import Run
    from mmrag_jupyter.evaluation.settings import Searched, Setting

_BLIND = (
    "no model here knows both texts and {}, so that the one cannot find the other without words;"
    " %mmrag models lists some that do"
)


def lacking(one: Setting, base: Setting, judgements: Judgements) -> list[str]:
    """Return what to say of relevant items that another collection does not have."""
    if one.collection is base.collection:
        return []
    wanted = list(dict.fromkeys(item for asked in judgements.questions for item in asked.relevant))
    known = one.collection.store.find(wanted)
    missing = [item for item in wanted if item not in known]
    name = one.collection.name
    if len(missing) == len(wanted):
        raise NotFoundError(
            f"{name!r} has none of the {counted(len(wanted), 'relevant item')}: {some(missing)};"
            " only a collection of the same items can be compared."
        )
    if not missing:
        return []
    left = counted(len(missing), "relevant item")
    are = "is not in" if len(missing) == 1 else "are not in"
    return [
        f"{left} of {len(wanted):,} {are} {name!r} and counts there as not found: {some(missing)}."
    ]


def found_nothing(run: Run, asked: Sequence[Question]) -> list[str]:
    """Return what to say where queries found nothing at all."""
    none = [one for one in asked if not run.rankings[one.key]]
    if not none:
        return []
    said = f"{len(none):,} of {counted(len(asked), 'query', 'queries')} found nothing at all"
    seen = {one.modality for one in asked if run.rankings[one.key]}
    blind = {one.modality for one in none if one.modality} - seen
    if blind:
        ways = dict.fromkeys(one.slice.partition(" · ")[0] for one in none)
        kinds = {"sound" if one.sounds or "audio" in one.modality else "pictures" for one in none}
        other = " or ".join(sorted(kinds))
        learnable = blind & {frozenset({"image"}), frozenset({"audio"})}
        tune = f", and %mmrag tune --pairs can learn words for {other}" if learnable else ""
        return [f"{said} ({', '.join(ways)}): {_BLIND.format(other)}{tune}."]
    setting = run.setting
    query = query_of(none[0], setting, 1)
    why = unanswered(query, setting.collection.store, setting.collection.serving())
    return [f"{said}: {some(one.label for one in none)}.", *why]


def found_itself(runs: Sequence[Run], asked: Sequence[Question]) -> list[str]:
    """Return what to say of queries with a picture of the collection that find its own item first.

    Nothing was asked about it, and with nobody's judgement it takes the place of a right one.
    """
    own = {one.key: one.label for run in runs for one in asked if _is_itself(run, one)}
    if not own:
        return []
    queries = "query shows" if len(own) == 1 else "queries show"
    said = (
        f"{len(own):,} {queries} a picture of an item here, which is found first and counts as not"
        f" relevant, since it is not judged: {some(dict.fromkeys(own.values()))}. Without these"
        " items in the collection the figures are fairer to pictures."
    )
    return [said]


def _is_itself(run: Run, asked: Question) -> bool:
    ranking, setting = run.rankings[asked.key], run.setting
    if not (asked.images and ranking) or setting.chance or ranking[0] in asked.judged:
        return False
    store = setting.collection.store
    row = next(iter(store.pictures(list(store.find(ranking[:1]).values())).values()), None)
    [shown, *_] = query_of(asked, setting, 1).images
    return row is not None and row.digest == media_digest(shown)


def tuned(compared: Sequence[Setting]) -> list[str]:
    """Return what to say of collections that may have learnt from what they are asked."""
    collections = {one.collection.name: one.collection for one in compared if not one.chance}
    files = {name: one.store.tuned.current() for name, one in collections.items()}
    return [
        f"{name!r} is tuned ({file.facts.get('told', '')}). Queries that it has learnt from flatter"
        " it: what counts is what %mmrag tune reports of held-out ones."
        for name, file in files.items()
        if file is not None
    ]


def beyond(collection: Searched, names: Sequence[str]) -> list[str]:
    """Return what to say of measures that count more hits than there are items."""
    items = len(collection.store)
    far = [name for name in names if (cutoff(name) or 0) > items]
    if not far:
        return []
    return [f"With {counted(items, 'item')} there are fewer hits than {', '.join(far)} counts."]
