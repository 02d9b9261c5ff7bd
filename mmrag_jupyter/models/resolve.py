"""Which models a new collection gets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import auto, named
from mmrag_jupyter.models.base import title
from mmrag_jupyter.models.late import embeds
from mmrag_jupyter.models.spaces import Models

if TYPE_CHECKING:
    from mmrag_jupyter.models.named import ModelLike
    from mmrag_jupyter.models.spaces import AnyEmbedder

_SEES = frozenset({"text", "image"})


def resolve(
    model: ModelLike = None,
    *,
    text_model: ModelLike = None,
    image_model: ModelLike = None,
    page_model: ModelLike = None,
    audio_model: ModelLike = None,
    modalities: frozenset[str],
    long_text: bool = False,
) -> Models:
    """Return the embedders for what a source holds.

    Parameters
    ----------
    model
        `"auto"` (or None), `"builtin"`, a name on the hub, a folder, or an object: an embedder, a
        `SentenceTransformer`, a `MultiVectorEncoder`, a LlamaIndex embedding.
    text_model, image_model, page_model, audio_model
        The same for one modality alone; pages go by `image_model` where they have none.
    modalities
        What is to be embedded: `"text"`, `"image"`, `"page"`, `"audio"`.
    long_text
        Whether texts are more than captions; it guides `"auto"`.

    Raises
    ------
    ModelError
        When a model cannot be had, or does not embed what it is wanted for.
    """
    own = {"text": text_model, "image": image_model, "page": page_model, "audio": audio_model}
    opened: dict[object, AnyEmbedder] = {}
    by_modality: dict[str, AnyEmbedder] = {}
    automatic: set[str] = set()
    for modality in sorted(modalities):
        named_for_it = own[modality]
        given = model if named_for_it is None else named_for_it
        if modality == "page" and named_for_it is None and image_model is not None:
            given = image_model
        if given is None or given == named.AUTO:
            automatic.add(modality)
            continue
        if modality == "audio" and given == named.BUILTIN:
            by_modality[modality] = named.builtin_sound()
            continue
        key = os.fspath(given) if isinstance(given, (str, os.PathLike)) else id(given)
        if key not in opened:
            opened[key] = named.embedder(given)
        if serves(opened[key], modality):
            by_modality[modality] = opened[key]
        elif modality == "audio" and named_for_it is None:
            # Few models of texts and pictures hear; who names one means these.
            automatic.add(modality)
        elif not _words_will_do(modality, given, on_purpose=named_for_it is not None):
            raise _unfit(opened[key], modality)
    notice = _automatic(by_modality, automatic, long_text=long_text)
    return Models(by_modality, notice)


def serves(found: AnyEmbedder, modality: str) -> bool:
    """Tell whether a model embeds parts of a modality.

    A page is a picture that is read, so that a model must know texts too to embed one: by
    their colours alone pages are all alike.
    """
    reads = modality == "page" and embeds(found, "image") and found.modalities >= _SEES
    return reads or embeds(found, modality)


def _words_will_do(kind: str, given: ModelLike, *, on_purpose: bool) -> bool:
    """Tell whether parts may go without a model: those with text are found by their words."""
    return kind in {"text", "page"} and (not on_purpose or given == named.BUILTIN)


def _automatic(
    by_modality: dict[str, AnyEmbedder], modalities: set[str], *, long_text: bool
) -> str:
    """Fill in what is left to the package; return the notice about it."""
    if not modalities:
        return ""
    chosen = auto.choose(frozenset(modalities), long_text=long_text)
    by_modality.update(chosen.by_modality)
    return chosen.notice


def _unfit(found: AnyEmbedder, kind: str) -> ModelError:
    can = " and ".join(sorted(found.modalities))
    if kind in found.modalities:
        can = f"pages and pictures, and reads {kind} as a question only"
    return ModelError(
        f"{title(found)} embeds {can}, not {kind}; name a model for {kind} with "
        f"--{kind}-model NAME_OR_FOLDER (%mmrag models lists some)"
    )
