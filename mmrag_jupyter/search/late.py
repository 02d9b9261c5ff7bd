"""A query in a space with many vectors a part: the tokens to be found, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.models.late import pooled, tokens
from mmrag_jupyter.search.feedback import DISLIKED_STRENGTH, LIKED_STRENGTH, NOBODY
from mmrag_jupyter.search.vectors import AVOID_STRENGTH
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.store import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Media
    from mmrag_jupyter.models.late import LateEmbedder
    from mmrag_jupyter.search.feedback import Judged
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.store import Store

    Matrix = npt.NDArray[np.float32]

# A picture has hundreds of tokens, and time grows with each: so many tell what it shows.
MOST_TOKENS = 64


@dataclass(frozen=True, slots=True, eq=False)
class TokenQuery:
    """Tokens to search a space with; `avoid` where only things to avoid fit it."""

    question: Question
    avoid: bool = False


def token_query(
    query: Query,
    embedder: LateEmbedder,
    store: Store,
    space: int,
    like_parts: Sequence[int],
    *,
    judged: Judged = NOBODY,
) -> TokenQuery | None:
    """Embed a query once for one space; None where nothing of it can be expressed there.

    What is wanted counts 1 in all, each thing alike and each token of it alike, so that the
    score of a part is a mean of cosines; what is avoided counts against it.

    Parameters
    ----------
    like_parts
        The parts of the items that the results should be like; those without tokens in this
        space are passed over.
    judged
        The parts of the items that the user has found good or bad.
    """
    wanted = _embed(embedder, [query.text] if query.text.strip() else [], query.images)
    wanted += _stored(store, space, like_parts)
    avoided = _embed(embedder, query.avoid_text, query.avoid_images)
    liked = [one for parts in judged.liked_parts() for one in _stored(store, space, parts)]
    disliked = [one for parts in judged.disliked_parts() for one in _stored(store, space, parts)]
    found = [
        *_weighed(wanted, 1.0),
        *_weighed(liked, LIKED_STRENGTH),
        *_weighed(avoided, -AVOID_STRENGTH),
        *_weighed(disliked, -DISLIKED_STRENGTH),
    ]
    if not found:
        return None
    avoid = not (wanted or liked)
    weights = np.concatenate([weight for _, weight in found])
    question = Question(np.concatenate([own for own, _ in found]), -weights if avoid else weights)
    return TokenQuery(question, avoid)


def _embed(embedder: LateEmbedder, texts: Sequence[str], images: Sequence[Media]) -> list[Matrix]:
    found = tokens(embedder, "text", list(texts), query=True)
    if images and "image" in embedder.modalities:
        opened = [open_image(image) for image in images]
        found += tokens(embedder, "image", opened, query=True)
    return [_few(one) for one in found]


def _stored(store: Store, space: int, parts: Sequence[int]) -> list[Matrix]:
    own = store.tokens.of_parts(space, parts)
    return [_few(np.concatenate(own))] if own else []


def _few(found: Matrix) -> Matrix:
    return pooled(found, len(found) / MOST_TOKENS) if len(found) > MOST_TOKENS else found


def _weighed(things: Sequence[Matrix], strength: float) -> list[tuple[Matrix, Matrix]]:
    """Return the tokens of each thing with their weights, which sum up to `strength` in all."""
    return [
        (own, np.full(len(own), strength / len(things) / len(own), np.float32)) for own in things
    ]
