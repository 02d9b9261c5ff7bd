"""A language model's folder brought into memory: the model, and what prepares its inputs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import device as devices
from mmrag_jupyter.models import memory
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.cache import is_offline, snapshot
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.hub import obtain
from mmrag_jupyter.models.loading import quiet, require_all

if TYPE_CHECKING:
    from mmrag_jupyter.models.folder import ModelFolder

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
# What a model can be sent at once, where it claims more or says nothing.
_MOST_TOKENS, _USUAL_TOKENS = 32_768, 4096


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model in memory, and its processor: the whole one, or a tokenizer for texts alone.

    The libraries' own types are not known to the checker of types.
    """

    model: Any
    processor: Any
    tokenizer: Any
    sees: bool


def folder_of(name: str) -> tuple[ModelFolder, str]:
    """Return the folder of a language model, and the fingerprint of its content.

    Raises
    ------
    ModelError
        There is none, it is unfit, or it only embeds.
    """
    path = _on_disk(name)
    if path is not None:
        folder = read_folder(path.absolute())
        identity = folder.fingerprint()
    elif not _HUB_NAME.fullmatch(name):
        raise ModelError(
            f"there is no model folder {name!r}; a model of the hub is written ORGANISATION/NAME"
        )
    elif snapshot(name) is None and is_offline():
        raise ModelError(
            f"there is no model {name!r} in the local cache, and the hub is switched off "
            "(HF_HUB_OFFLINE); without --llm the answer is quoted from the collection"
        )
    else:
        folder = obtain(name)
        identity = f"{name}@{folder.path.name}"
    if folder.is_sentence_transformer:
        raise ModelError(f"the model in {str(folder.path)!r} embeds texts and writes none")
    return folder, identity


def window(folder: ModelFolder) -> int:
    """Return how many tokens a model takes at once, prompt and answer together."""
    try:
        said = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return _USUAL_TOKENS
    inner = said.get("text_config", said)
    told = inner.get("max_position_embeddings") or said.get("max_position_embeddings")
    return min(int(told), _MOST_TOKENS) if told else _USUAL_TOKENS


def sees(folder: ModelFolder) -> bool:
    """Tell whether a model reads pictures, from its architecture's name alone."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as NAMES,
    )

    return folder.kind in NAMES


def load(folder: ModelFolder) -> Loaded:
    """Load a language model onto the best device of this computer.

    Nothing is fetched, no code from the folder is run, only safetensors are read.

    Raises
    ------
    ModelError
        It does not fit into memory, or the libraries cannot make a model of the folder.
    """
    where = devices.choose(folder.dtype)
    memory.check_fits(folder, where)
    with quiet() as missing:
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

            seeing = sees(folder)
            kind = AutoModelForImageTextToText if seeing else AutoModelForCausalLM
            model = kind.from_pretrained(
                str(folder.path),
                dtype=getattr(torch, where.dtype),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
            )
            require_all(folder, missing)
            processor, tokenizer = _processor(folder, seeing=seeing)
            return Loaded(model.to(where.name).eval(), processor, tokenizer, seeing)
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the model in {str(folder.path)!r} cannot be loaded: {reason(error)}"
            ) from error


def _on_disk(name: str) -> Path | None:
    """Return the folder that a text names, if there is one."""
    try:
        path = Path(name).expanduser()
        return path if path.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _processor(folder: ModelFolder, *, seeing: bool) -> tuple[Any, Any]:
    from transformers import AutoTokenizer

    options = {"local_files_only": True, "trust_remote_code": False}
    if not seeing:
        tokenizer = AutoTokenizer.from_pretrained(str(folder.path), **options)
        return tokenizer, tokenizer
    found = _whole_processor(folder, options)
    # Of an unknown class AutoProcessor returns the tokenizer alone, without a word.
    if getattr(found, "image_processor", None) is None:
        raise ModelError(f"the model in {str(folder.path)!r} has nothing that prepares pictures")
    return found, found.tokenizer


def _whole_processor(folder: ModelFolder, options: dict[str, bool]) -> Any:  # noqa: ANN401
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(str(folder.path), **options)
    except Exception as error:
        kind = _without_video(folder.kind)
        if kind is None:
            raise
        try:
            return kind.from_pretrained(str(folder.path), **options)
        except Exception:  # noqa: BLE001 - the first error tells more
            raise error from None


def _without_video(kind: str) -> Any:  # noqa: ANN401
    """Return the class that prepares texts and pictures for a model which takes videos too.

    Preparing videos takes torchvision, whose builds often do not fit that of torch.
    """
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

    if kind == "smolvlm":
        # Its own class asks for a package to tell times of videos; the two are alike but for it.
        return transformers.Idefics3Processor
    name = PROCESSOR_MAPPING_NAMES.get(kind)
    whole: Any = getattr(transformers, name, None) if name else None
    if whole is None:
        return None

    class ImageOnly(whole):  # type: ignore[misc]
        @classmethod
        def get_attributes(cls) -> list[str]:
            return [one for one in super().get_attributes() if "video" not in one]

    ImageOnly.__name__ = whole.__name__
    return ImageOnly
