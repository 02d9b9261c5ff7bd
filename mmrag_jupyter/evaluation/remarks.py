"""What has to be said with figures, so that they are read as what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError
from mmrag_jupyter.evaluation.measures import cutoff
from mmrag_jupyter.evaluation.questions import counted, some
from mmrag_jupyter.evaluation.running import query_of
from mmrag_jupyter.search.unanswered import unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.evaluation.questions import Judgements, Question
    from mmrag_jupyter.evaluation.running import Run
    from mmrag_jupyter.evaluation.settings import Searched, Setting

_BLIND = (
    "no model here knows both texts and pictures, so that the one cannot find the other without"
    " words; %mmrag models lists some that do"
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
        learnable = "image" in set().union(*blind)
        tune = ", and %mmrag tune --pairs can learn words for pictures" if learnable else ""
        return [f"{said} ({', '.join(ways)}): {_BLIND}{tune}."]
    setting = run.setting
    query = query_of(none[0], setting, 1)
    why = unanswered(query, setting.collection.store, setting.collection.serving())
    return [f"{said}: {some(one.label for one in none)}.", *why]


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
