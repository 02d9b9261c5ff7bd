"""Put the first hits in the order that a reranker gives them: texts and pages, not photos.

Reranking by a vision model made the retrieval of documents better (79.2 to 83.2) and that of
photos a little worse (74.8 to 74.0; figures of Qwen3-VL-Reranker-2B), so that pictures keep
the places that the other signals gave them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import QueryError, SourceError
from mmrag_jupyter.models import rerank as models
from mmrag_jupyter.search import engine
from mmrag_jupyter.search.build import media_of
from mmrag_jupyter.search.fusion import Contribution
from mmrag_jupyter.sources.images import open_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from mmrag_jupyter.items import Media
    from mmrag_jupyter.models.rerank import Reranker, RerankerLike
    from mmrag_jupyter.search.engine import Found
    from mmrag_jupyter.search.fusion import Fused
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Store

SIGNAL = "rerank"

# So many of the first items are read again: a reranker takes some 20 ms for each on a CPU.
RERANKED = 50
# Of a long document, so many of its passages that matched best.
_PASSAGES = 3
# Pixels of a page's shorter side that a vision model can read.
_EDGE = 1000


def search(query: Query, store: Store, serving: Serving, given: RerankerLike = None) -> Found:
    """Search a store for the `query.k` best items, by a reranker too where one is given.

    Raises
    ------
    ModelError
        The reranker cannot be had, or fails.
    QueryError
        The query has no words that a reranker could read.
    """
    if given is None:
        return engine.run(query, store, serving)
    if not query.text.strip():
        raise QueryError("A reranker reads a text: ask with words, or without --rerank (rerank=).")
    # A wrong name is told before anything is searched.
    reranker = models.reranker(given)
    found = engine.Search(query, store, serving).best(max(query.k, RERANKED))
    first = found.items[:RERANKED]
    texts = [_passages(one, found, store, reranker) for one in first]
    pairs = [(at, part, passage) for at, own in enumerate(texts) for part, passage in own]
    scores = reranker.scores(query.text, [passage for _, _, passage in pairs])
    best: dict[int, tuple[float, int]] = {}
    for (at, part, _), score in zip(pairs, scores.tolist(), strict=True):
        if at not in best or score > best[at][0]:
            best[at] = score, part
    items = [*_ordered(first, best), *found.items[len(first) :]]
    return replace(found, items=items[: query.k])


def _passages(
    one: Fused, found: Found, store: Store, reranker: Reranker
) -> list[tuple[int, str | Image]]:
    """Return what of an item can be read: the passages and pages that matched, best first."""
    wanted = sorted((c for c in one.contributions if c.points > 0), key=lambda c: -c.points)
    rows = [found.parts[part] for part in dict.fromkeys(c.part for c in wanted)]
    read: list[tuple[int, str | Image]] = []
    for row in rows:
        if len(read) == _PASSAGES:
            break
        page = _page(row, store) if reranker.sees and row.modality == "page" else None
        if page is not None:
            read.append((row.part, page))
        elif row.text.strip() and row.modality in {"text", "page"}:
            read.append((row.part, row.text))
    return read


def _page(row: PartRow, store: Store) -> Image | None:
    media: Media | None = media_of(row, store)
    try:
        return open_image(media, edge=_EDGE) if media is not None else None
    except SourceError:
        return None


def _ordered(items: Sequence[Fused], best: dict[int, tuple[float, int]]) -> list[Fused]:
    """Return the items with those that have a score in its order, in the places that they had.

    Each place keeps its fused score, so that scores still fall from hit to hit.
    """
    ranked = sorted(best, key=lambda at: (-best[at][0], at))
    places = iter(sorted(best))
    ordered = list(items)
    for rank, at in enumerate(ranked, start=1):
        place, (score, part) = next(places), best[at]
        # As much as all other signals together: it alone has decided the order.
        points = sum(abs(one.points) for one in items[at].contributions)
        added = Contribution(SIGNAL, rank, points, part, score)
        ordered[place] = replace(
            items[at],
            score=items[place].score,
            contributions=(added, *items[at].contributions),
        )
    return ordered
