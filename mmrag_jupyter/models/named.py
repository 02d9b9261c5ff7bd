"""From whatever `model=` was given to an embedder."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from mmrag_jupyter.errors import ModelError, did_you_mean
from mmrag_jupyter.models.base import MODALITIES
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.hub import full_name, obtain
from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.models.late_model import LateModel
from mmrag_jupyter.models.lazy import shared
from mmrag_jupyter.models.remote_address import is_remote
from mmrag_jupyter.models.sentence import SentenceEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.embeddings.base import BaseEmbedding
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

    from mmrag_jupyter.models.spaces import AnyEmbedder, SpaceSpec

    ModelLike: TypeAlias = (
        str
        | os.PathLike[str]
        | AnyEmbedder
        | SentenceTransformer
        | MultiVectorEncoder
        | BaseEmbedding
        | None
    )

BUILTIN = "builtin"
AUTO = "auto"

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def embedder(given: ModelLike, known: Sequence[SpaceSpec] = ()) -> AnyEmbedder:
    """Return the embedder for a name, a folder or an object.

    A named model is not loaded yet; its folder has been examined. What a collection knows
    of it (`known`) need not be found out by loading it.

    Raises
    ------
    ModelError
        When there is no such model, or it is unfit.
    """
    if isinstance(given, (str, os.PathLike)):
        return _by_name(os.fspath(given), known, is_path=not isinstance(given, str))
    return _by_object(given)


def again(space: SpaceSpec) -> AnyEmbedder:
    """Return the embedder that a space was made with, not loaded yet.

    Raises
    ------
    ModelError
        When it was given as an object, is gone, or has changed since.
    """
    if space.address is None:
        raise ModelError(
            f"the model {space.name} was given as an object, which cannot be found again by "
            "its name; give it again: %mmrag open NAME --model VARIABLE, or "
            "mm.open(name, model=...)"
        )
    if space.address == BUILTIN:
        found = builtin_sound() if "audio" in space.modalities else _builtin()
    else:
        _, _, commit = space.name.partition("@")
        found = _by_name(space.address, (space,), is_path=False, commit=commit or None)
    if found.name != space.name:
        raise ModelError(
            f"the collection was made with {space.name}, but {space.address} is now "
            f"{found.name}; embed it anew: %mmrag load … --model {space.address} --reembed"
        )
    return found


def _builtin() -> AnyEmbedder:
    from mmrag_jupyter.models.builtin import BuiltinEmbedder

    return BuiltinEmbedder()


def builtin_sound() -> AnyEmbedder:
    """Return the built-in embedder of sound."""
    from mmrag_jupyter.models.builtin_sound import BuiltinSound

    return BuiltinSound()


def _by_name(
    text: str, known: Sequence[SpaceSpec], *, is_path: bool, commit: str | None = None
) -> AnyEmbedder:
    if text == BUILTIN and not is_path:
        return _builtin()
    if is_remote(text) and not is_path:
        from mmrag_jupyter.models.remote import embedder as on_server

        return on_server(text, known)
    path, is_file, is_folder = _on_disk(text)
    if is_file:
        raise ModelError(f"{text!r} is a file; name the folder that holds the model")
    if is_folder:
        folder = read_folder(path.absolute())
        name, address = folder.fingerprint(), str(folder.path)
    elif is_path or not _HUB_NAME.fullmatch(text) or text.startswith((".", "~")):
        raise ModelError(f"there is no model folder {text!r}{did_you_mean(text, [BUILTIN, AUTO])}")
    else:
        folder = obtain(text, commit)
        address = full_name(text)
        name = f"{address}@{folder.path.name}"
    space = next((space for space in known if space.name == name), None)
    dim, modalities = (space.dim, space.modalities) if space else (None, None)
    kind = LateModel if folder.is_late else SentenceEmbedder
    return shared(kind(folder, name=name, address=address, dim=dim, modalities=modalities))


def _on_disk(text: str) -> tuple[Path, bool, bool]:
    """Return the path that a text may be, and whether that is a file or a folder."""
    try:
        path = Path(text).expanduser()
        return path, path.is_file(), bool(text) and path.is_dir()
    except (OSError, RuntimeError):
        # Too long for a path, or of a user whom this computer does not know.
        return Path(text), False, False


def _by_object(given: object) -> AnyEmbedder:
    if isinstance(given, type):
        raise ModelError(f"model= got the class {given.__name__}; give an object of it")
    # Whoever has such an object has imported its library; nothing is imported to look.
    sentences = sys.modules.get("sentence_transformers")
    if sentences is not None and isinstance(given, sentences.SentenceTransformer):
        return SentenceEmbedder.of_object(given)
    if sentences is not None and isinstance(given, sentences.MultiVectorEncoder):
        return LateModel.of_object(given)
    llama = sys.modules.get("llama_index.core.base.embeddings.base")
    if llama is not None and isinstance(given, llama.BaseEmbedding):
        from mmrag_jupyter.models.llama import LlamaEmbedder

        return LlamaEmbedder(given)
    return _checked_object(given)


def _checked_object(given: object) -> AnyEmbedder:
    kind = type(given).__name__
    missing = [name for name in ("name", "dim", "modalities") if not hasattr(given, name)]
    modalities = frozenset(getattr(given, "modalities", ()))
    missing += [f"embed_{one}" for one in MODALITIES if one in modalities]
    missing = [name for name in missing if not hasattr(given, name)]
    if missing:
        raise ModelError(f"{kind} is no embedder: it lacks {', '.join(missing)}")
    found = cast("AnyEmbedder", given)
    known = frozenset(MODALITIES) | ({"page"} if is_late(found) else set())
    if is_late(found) and "text" not in modalities:
        raise ModelError(f"{kind}.modalities has no 'text': no question could be asked of it")
    if not modalities or not modalities <= known:
        said = ", ".join(map(repr, sorted(map(str, modalities)))) or "nothing"
        raise ModelError(f"{kind}.modalities has {said}; it may have {', '.join(MODALITIES)}")
    if not isinstance(found.name, str) or not found.name:
        raise ModelError(f"{kind}.name is {found.name!r}; a text that names the model is needed")
    if not isinstance(found.dim, int) or found.dim < 1:
        raise ModelError(f"{kind}.dim is {found.dim!r}; the length of its vectors is needed")
    return found
