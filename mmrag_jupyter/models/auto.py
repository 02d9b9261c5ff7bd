"""The choice of models where the user has made none.

Pictures, and short texts with them, go to SigLIP 2 B/32 at 256 pixels: with 64 tokens a
picture it is fast on a CPU, it finds more than models of CLIP's size, and its licence is
Apache-2.0. Longer texts go to all-MiniLM-L6-v2: SigLIP reads 64 tokens of a text, this
model 256, which is the length of our chunks; it is small (23M weights, some 90 MB), fast on
a CPU, Apache-2.0, and in many caches already.

Sound goes to LAION's CLAP (HTSAT, unfused: 153M weights): it listens to ten seconds at once,
which is how long our spans are, and knows texts too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import named
from mmrag_jupyter.models.cache import is_offline, snapshot
from mmrag_jupyter.models.spaces import Models

if TYPE_CHECKING:
    from mmrag_jupyter.models.spaces import AnyEmbedder

PICTURES = "google/siglip2-base-patch32-256"
TEXTS = "sentence-transformers/all-MiniLM-L6-v2"

SOUNDS = "laion/clap-htsat-unfused"

_CHANGE = "To change this: %mmrag load … --model NAME_OR_FOLDER"

# Names that the hub did not give: within one process it is not asked twice.
_failed: dict[str, str] = {}


def choose(modalities: frozenset[str], *, long_text: bool) -> Models:
    """Return models for texts, images, pages and sound: from the cache, the hub, or built in.

    `long_text` says that texts are more than captions. Never raises: what cannot be had is
    replaced by the built-in model, and the notice says so.
    """
    tried: dict[str, AnyEmbedder | str] = {}
    by_modality: dict[str, AnyEmbedder] = {}
    # A page shrunk to 256 pixels is no longer read: documents alone are found by their words,
    # and are not worth the download.
    wanted = modalities if "image" in modalities else modalities - {"page"}
    for modality in sorted(wanted):
        for name in _candidates(modality, modalities, long_text=long_text):
            if name not in tried:
                tried[name] = _try(name)
            found = tried[name]
            if not isinstance(found, str):
                by_modality[modality] = found
                break
    missing = wanted.difference(by_modality)
    if "image" in missing:
        by_modality["image"] = named.embedder(named.BUILTIN)
    if "audio" in missing:
        by_modality["audio"] = named.builtin_sound()
    return Models(by_modality, _notice(missing, tried))


def _candidates(modality: str, modalities: frozenset[str], *, long_text: bool) -> list[str]:
    if modality == "audio":
        return [SOUNDS]
    if modality in {"image", "page"}:
        return [PICTURES]
    return [PICTURES, TEXTS] if "image" in modalities and not long_text else [TEXTS]


def _try(name: str) -> AnyEmbedder | str:
    """Return the loaded embedder, or why it cannot be had."""
    if name in _failed:
        return _failed[name]
    is_cached = snapshot(name) is not None
    if not is_cached and is_offline():
        return f"{name} is not in the local cache, and the hub is switched off (HF_HUB_OFFLINE)"
    try:
        found = named.embedder(name)
        # Loads the model, so that it fails here if at all.
        _ = found.dim
    except ModelError as error:
        if not is_cached:
            _failed[name] = str(error)
        return str(error)
    return found


def _notice(missing: frozenset[str], tried: dict[str, AnyEmbedder | str]) -> str:
    if not missing:
        return ""
    why = next(found for found in tried.values() if isinstance(found, str))
    how = ["pictures are compared by colour and layout"] if "image" in missing else []
    if "audio" in missing:
        how.append(f"sound {'' if how else 'is compared '}by its timbre")
    if words := [f"{one}s" for one in ("text", "page") if one in missing]:
        how.append(f"{' and '.join(words)} {'' if how else 'are '}found by their words")
    return f"Built-in model: {', '.join(how)}, since {why}. {_CHANGE}"
