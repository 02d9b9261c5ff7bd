"""What is in a collection, in a line and in a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display import Facts, Grid
from mmrag_jupyter.ingest import change, transcribing
from mmrag_jupyter.ingest.spaces import BY_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.store import Store

    Models = Mapping[Modality, str | None]


def summary(name: str, store: Store, models: Models) -> dict[str, object]:
    """Return a collection in a line: its name, items, parts, models and folder."""
    counts = store.part_counts()
    return {
        "name": name,
        "items": len(store),
        "parts": ", ".join(f"{number:,} {name}" for name, number in counts.items() if number),
        "models": ", ".join(f"{key}: {name or BY_WORDS}" for key, name in models.items()),
        "folder": store.place,
    }


def searching(store: Store) -> list[tuple[str, str]]:
    """Return how spaces are searched that are too large to be searched exactly."""
    rows = []
    for one in store.searched():
        found = ""
        if one.facts is not None:
            found = (
                f"finds {one.facts.recall:.1%} of the true neighbours, measured on its own "
                f"vectors ({one.facts.probes:,} of {one.lists:,} lists visited); "
                f"at least {100 * one.target:.6g}% were asked for"
            )
        elif one.target >= 1:
            found = "none: all vectors are compared, as a recall of 1 asks"
        if one.building is not None:
            done, total = one.building
            found = f"{found or 'exact, and slower, until it is there'}; being built "
            found += f"({done / max(1, total):.0%})"
        if found:
            rows.append(("search index", f"{one.name}: {found}"))
    return rows


def page(name: str, store: Store, models: Models, notices: Sequence[str]) -> Facts:
    """Return a page on a collection: items, parts, models, sources, columns, problems."""
    told = summary(name, store, models)
    problems = store.problems()
    unfinished = change.unfinished(store)
    tuned = store.tuned.current()
    speech = transcribing.named(store)
    loaded = "; ".join(f"{row.label} ({row.items:,})" for row in store.sources())
    joined = "; ".join(
        f"{one.label} ({one.rows:,} rows of {one.items:,} items, on {one.by})"
        for one in store.joins.sources()
        if one.rows
    )
    columns = ", ".join(column.name for column in store.columns() if column.role == "column")
    return Facts(
        f"Collection {name}",
        rows=[
            ("items", f"{len(store):,}"),
            ("parts", told["parts"]),
            ("models", told["models"]),
            *searching(store),
            *([("speech", speech)] if speech else []),
            *([("tuned on", tuned.facts.get("told", tuned.name))] if tuned is not None else []),
            *([("reembedding", change.told(store, name, unfinished))] if unfinished else []),
            ("sources", loaded),
            *([("joined", joined)] if joined else []),
            ("columns", columns),
            ("folder", told["folder"]),
            ("problems", f"{len(problems):,}" if problems else "none"),
        ],
        notices=notices,
        table=Grid(("source", "reason"), [(one.source, one.reason) for one in problems]),
    )
