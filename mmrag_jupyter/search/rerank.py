"""Put the first hits in the order that a reranker gives them: texts and pages, not photos.

Reranking by a vision model made the retrieval of documents better (79.2 to 83.2) and that of
photos a little worse (74.8 to 74.0; figures of Qwen3-VL-Reranker-2B), so that pictures keep
the places that the other signals gave them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    from mmrag_jupyter.models.rerank import RerankerLike
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
# So many pages are drawn at once, at some 4 MB each.
_AT_ONCE = 8


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
    passages = [
        passage
        for at, one in enumerate(first)
        for passage in _passages(at, one, found, store, sees=reranker.sees)
    ]
    best: dict[int, tuple[float, int]] = {}
    for start in range(0, len(passages), _AT_ONCE):
        some = passages[start : start + _AT_ONCE]
        read = [(one, content) for one in some if (content := _content(one))]
        scores = reranker.scores(query.text, [content for _, content in read]).tolist()
        for (one, _), score in zip(read, scores, strict=True):
            if one.item not in best or score > best[one.item][0]:
                best[one.item] = score, one.part
    items = [*_ordered(first, best), *found.items[len(first) :]]
    return replace(found, items=items[: query.k])


@dataclass(frozen=True, slots=True)
class _Passage:
    """What is read of a part: the page that it is on as a picture, or else a text.

    `item` is the place of its item among the first ones.
    """

    item: int
    part: int
    text: str
    media: Media | None = None


def _passages(at: int, one: Fused, found: Found, store: Store, *, sees: bool) -> list[_Passage]:
    """Return what of an item can be read: the passages and pages that matched, best first."""
    wanted = sorted((c for c in one.contributions if c.points > 0), key=lambda c: -c.points)
    rows = [found.parts[part] for part in dict.fromkeys(c.part for c in wanted)]
    read: dict[object, _Passage] = {}
    for row in rows:
        page = store.page(row.item, row.page) if row.page is not None else None
        if sees and page is not None:
            read.setdefault(page.page, _Passage(at, row.part, row.text, media_of(page, store)))
        elif text := _text(row, store):
            read.setdefault(text, _Passage(at, row.part, text))
    return list(read.values())[:_PASSAGES]


def _text(row: PartRow, store: Store) -> str:
    """Return what a part says, or what stands on the page that it shows."""
    if row.modality == "page" and not row.text.strip():
        here = (one for one in store.parts_of([row.item]) if one.page == row.page)
        return "\n".join(one.text for one in here if one.text.strip())
    return row.text if row.modality in {"text", "page"} and row.text.strip() else ""


def _content(passage: _Passage) -> str | Image:
    """Return a page drawn, or the text where it cannot be drawn."""
    if passage.media is None:
        return passage.text
    try:
        return open_image(passage.media, edge=_EDGE)
    except SourceError:
        return passage.text


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
