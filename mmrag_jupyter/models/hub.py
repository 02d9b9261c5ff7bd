"""Models by name: from the local cache, else downloaded from the hub."""

from __future__ import annotations

from pathlib import Path

from mmrag_jupyter.errors import ModelError, did_you_mean
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.cache import cached, is_offline, roots, snapshot
from mmrag_jupyter.models.folder import EMBEDDERS, ModelFolder, read_folder

# Seconds to wait for the hub's first answer.
_PATIENCE = 5.0
# Configuration, tokenizers and safetensors; never pickles nor code.
_WANTED = ["*.json", "*.txt", "*.model", "*.jinja", "*.safetensors", "README.md"]
_UNWANTED = ["onnx/*", "openvino/*", "original/*", "open_clip*", "*fp16*", "*/onnx/*"]
# Where sentence-transformers looks for a name without an organisation.
_ORGANISATION = "sentence-transformers"

_NAMES_SHOWN = 5


def obtain(
    name: str, commit: str | None = None, *, sorts: frozenset[str] = EMBEDDERS
) -> ModelFolder:
    """Return the folder of a model of the hub, downloaded if need be and allowed.

    `commit` asks for one revision; else the cached one is taken, or the hub's newest. `sorts`
    is what it may be, as `read_folder` takes them.

    Raises
    ------
    ModelError
        When the model is neither cached nor to be had, or unfit (see `read_folder`).
    """
    full = full_name(name)
    folder = snapshot(full, commit)
    if folder is not None:
        try:
            return read_folder(folder, sorts)
        except ModelError:
            # A download that broke off is completed, if that is possible.
            if is_offline():
                raise
    if is_offline():
        raise ModelError(
            _not_cached(name) if snapshot(full) is None else _other_commit(full, commit)
        )
    return read_folder(download(full, commit), sorts)


def full_name(name: str) -> str:
    """Return the name with its organisation."""
    return name if "/" in name else f"{_ORGANISATION}/{name}"


def download(name: str, commit: str | None = None) -> Path:
    """Bring a model into the local cache, and return its folder.

    Raises
    ------
    ModelError
        When the hub does not answer within seconds, or does not have the model.
    """
    from huggingface_hub import model_info, snapshot_download

    try:
        revision = model_info(name, revision=commit, timeout=_PATIENCE).sha
        return Path(
            snapshot_download(
                name,
                revision=revision,
                allow_patterns=_WANTED,
                ignore_patterns=_UNWANTED,
                etag_timeout=_PATIENCE,
            )
        )
    except Exception as error:
        raise ModelError(f"{name!r} could not be had from the hub: {reason(error)}") from error


def _other_commit(name: str, commit: str | None) -> str:
    return (
        f"the local cache has another revision of {name!r} than {commit}, and the hub is switched "
        "off (HF_HUB_OFFLINE); switch it on, or embed the collection anew with --reembed"
    )


def _not_cached(name: str) -> str:
    known = list(cached())
    near = did_you_mean(name, [*known, "builtin", "auto"])
    shown = ", ".join(known[:_NAMES_SHOWN]) or "no model that embeds"
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return (
        f"there is no model {name!r} in the local cache, and the hub is switched off "
        f"(HF_HUB_OFFLINE).{near} In {roots()[0]}: {shown}{more}; 'builtin' needs no download"
    )
