"""What a collection has no ears for: why a query found nothing, whatever it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.search.adapters import has_learnt
from mmrag_jupyter.search.query import LEXICAL
from mmrag_jupyter.search.signals import WRITTEN

if TYPE_CHECKING:
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store


def unanswered(query: Query, store: Store, serving: Serving) -> list[str]:
    """Return a line for each kind of question that nothing in the collection can answer."""
    present = set(store.part_counts())
    read = {modality for _, embedder in serving.values() for modality in embedder.modalities}
    told = []
    unread = query.text.strip() and not present & WRITTEN and "text" not in read
    if unread and has_learnt(store):
        told.append("None of these words was among those that the collection was tuned on.")
    elif unread:
        told.append(
            f"Nothing here reads words: there {_alone(present)} alone, and their model knows no "
            f"texts. Ask with {_instead(present)}."
        )
    if query.images and "image" not in present and "image" not in read:
        told.append("There is no picture in this collection that another could be like.")
    if query.sounds and "audio" not in present:
        told.append("There is no recording in this collection that another could be like.")
    signals = {*(present & set(serving)), *({LEXICAL} if present & WRITTEN else ())}
    if signals and not any(query.weights.get(name, 1) for name in signals):
        told.append("Every signal has the weight 0.")
    return told


def _alone(present: set[Modality]) -> str:
    things = [word for one, word in (("image", "pictures"), ("audio", "sound")) if one in present]
    return f"{'is' if things == ['sound'] else 'are'} {' and '.join(things) or 'pictures'}"


def _instead(present: set[Modality]) -> str:
    way = "a picture (--image)"
    if "audio" in present:
        other = " or a picture (--image)" if "image" in present else ""
        way = f"a recording (--audio){other}, have what is said written down (--transcribe)"
    return f"{way}, or load them with a model of %mmrag models"
