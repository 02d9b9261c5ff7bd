"""What a collection has no ears for: why a query found nothing, whatever it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.search.query import LEXICAL
from mmrag_jupyter.search.signals import WRITTEN

if TYPE_CHECKING:
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store


def unanswered(query: Query, store: Store, serving: Serving) -> list[str]:
    """Return a line for each kind of question that nothing in the collection can answer."""
    present = set(store.part_counts())
    read = {modality for _, embedder in serving.values() for modality in embedder.modalities}
    told = []
    if query.text.strip() and not present & WRITTEN and "text" not in read:
        told.append(
            "Nothing here reads words: there are pictures alone, and their model knows no texts. "
            "Ask with a picture (--image), or load them with a model of %mmrag models."
        )
    if query.images and "image" not in present and "image" not in read:
        told.append("There is no picture in this collection that another could be like.")
    signals = {*(present & set(serving)), *({LEXICAL} if present & WRITTEN else ())}
    if signals and not any(query.weights.get(name, 1) for name in signals):
        told.append("Every signal has the weight 0.")
    return told
