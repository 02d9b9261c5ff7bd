"""Which models a new collection gets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import auto, named
from mmrag_jupyter.models.base import title
from mmrag_jupyter.models.spaces import Models

if TYPE_CHECKING:
    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.models.named import ModelLike

# What embeds each modality of a collection: a page of a document is a picture.
_KINDS = {"text": "text", "image": "image", "page": "image", "audio": "audio"}


def resolve(
    model: ModelLike = None,
    *,
    text_model: ModelLike = None,
    image_model: ModelLike = None,
    audio_model: ModelLike = None,
    modalities: frozenset[str],
    long_text: bool = False,
) -> Models:
    """Return the embedders for what a source holds.

    Parameters
    ----------
    model
        `"auto"` (or None), `"builtin"`, a name on the hub, a folder, or an object: an embedder, a
        `SentenceTransformer`, a LlamaIndex embedding.
    text_model, image_model, audio_model
        The same for one modality alone.
    modalities
        What is to be embedded: `"text"`, `"image"`, `"page"`, `"audio"`.
    long_text
        Whether texts are more than captions; it guides `"auto"`.

    Raises
    ------
    ModelError
        When a model cannot be had, or does not embed what it is wanted for.
    """
    own = {"text": text_model, "image": image_model, "audio": audio_model}
    opened: dict[object, Embedder] = {}
    by_modality: dict[str, Embedder] = {}
    automatic: set[str] = set()
    for modality in sorted(modalities):
        kind = _KINDS[modality]
        named_for_it = own[kind]
        given = model if named_for_it is None else named_for_it
        if given is None or given == named.AUTO:
            automatic.add(modality)
            continue
        key = os.fspath(given) if isinstance(given, (str, os.PathLike)) else id(given)
        if key not in opened:
            opened[key] = named.embedder(given)
        if kind in opened[key].modalities:
            by_modality[modality] = opened[key]
        elif not _words_will_do(kind, given, on_purpose=named_for_it is not None):
            raise _unfit(opened[key], kind)
    notice = _automatic(by_modality, automatic, long_text=long_text)
    return Models(by_modality, notice)


def _words_will_do(kind: str, given: ModelLike, *, on_purpose: bool) -> bool:
    """Tell whether texts may go without a model: they are always found by their words."""
    return kind == "text" and (not on_purpose or given == named.BUILTIN)


def _automatic(by_modality: dict[str, Embedder], modalities: set[str], *, long_text: bool) -> str:
    """Fill in what is left to the package; return the notice about it."""
    if not modalities:
        return ""
    kinds = frozenset(_KINDS[modality] for modality in modalities)
    if "audio" in kinds:
        raise ModelError(
            "no model for audio is chosen by itself; name one with --audio-model NAME_OR_FOLDER"
        )
    chosen = auto.choose(kinds, long_text=long_text)
    for modality in modalities:
        if _KINDS[modality] in chosen.by_modality:
            by_modality[modality] = chosen.by_modality[_KINDS[modality]]
    return chosen.notice


def _unfit(found: Embedder, kind: str) -> ModelError:
    can = " and ".join(sorted(found.modalities))
    return ModelError(
        f"{title(found)} embeds {can}, not {kind}; name a model for {kind} with "
        f"--{kind}-model NAME_OR_FOLDER (%mmrag models lists some)"
    )
