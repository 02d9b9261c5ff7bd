"""From a model's folder to a model in memory, and what it turned out to be."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import device as devices
from mmrag_jupyter.models import memory
from mmrag_jupyter.models.base import USUAL_RATE, reason
from mmrag_jupyter.models.folder import TWO_TOWERS
from mmrag_jupyter.models.pictures import Pictures, from_processor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sentence_transformers import SentenceTransformer

    from mmrag_jupyter.models.device import Device
    from mmrag_jupyter.models.folder import ModelFolder

# SigLIP reads a text's vector off the last position and saw lower case only in training
# (https://github.com/huggingface/transformers/issues/43054).
_SIGLIP = frozenset({"siglip", "siglip2"})
# Decibels of a spectrum run to -100: in half precision they are half a decibel wrong.
_IN_FULL = frozenset({"clap"})
_TALKATIVE = ("transformers", "sentence_transformers")
# The logger of the table of weights that did not fit, and a line of it.
_REPORTS = "transformers.modeling_utils"
_MISSING = re.compile(r"^(\S.*?)\s*\|\s*(?:\x1b\[\d+m)?MISSING\b", flags=re.MULTILINE)
# Weights that no vector of ours depends on.
_UNUSED = ("pooler.", "logit_scale", "logit_bias", "lm_head", "position_ids")

_quieting = threading.RLock()


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model in memory.

    `text_options` are what its processor needs to be told about texts, `pictures` is the
    fast way to make pictures ready, where the model is of a kind that has one. `rate` is in
    how many samples a second it wants sound, `longest` how many of them it listens to at once.
    `largest` is up to how many pictures may be tried at once.
    """

    model: SentenceTransformer
    dim: int
    modalities: frozenset[str]
    batch: int
    lowercase: bool
    text_options: Mapping[str, object]
    pictures: Pictures | None
    rate: int = USUAL_RATE
    longest: int | None = None
    largest: int = 0

    @property
    def dtype(self) -> str:
        """The type of number that it calculates in, by torch's name."""
        return str(self.model.dtype).removeprefix("torch.")


def load(folder: ModelFolder, *, exact: bool = False) -> Loaded:
    """Load a model onto the best device of this computer.

    Nothing is fetched, no code from the folder is run, only safetensors are read.

    Parameters
    ----------
    exact
        Calculate in float32, whatever the device would gain by.

    Raises
    ------
    ModelError
        When it does not fit into memory, or the libraries cannot make a model of the folder.
    """
    where = devices.choose(folder.dtype)
    if exact or folder.kind in _IN_FULL:
        where = replace(where, dtype="float32")
    with opened(folder, "SentenceTransformer", where) as model:
        return describe(model, batch=where.batch, largest=where.largest)


@contextlib.contextmanager
def opened(folder: ModelFolder, kind: str, where: Device) -> Iterator[Any]:
    """Load a model of a folder as sentence-transformers' class `kind`, and yield it.

    Raises
    ------
    ModelError
        It does not fit into memory, or the libraries, or whoever asks it, cannot use it.
    """
    memory.check_fits(folder, where)
    with quiet() as missing:
        try:
            import sentence_transformers
            import torch

            dtype = getattr(torch, where.dtype)
            model = getattr(sentence_transformers, kind)(
                str(folder.path),
                device=where.name,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": dtype, "use_safetensors": True},
            )
            # The first module follows model_kwargs; a projection after it has its own files.
            for module in list(model)[1:]:
                module.to(dtype)
            require_all(folder, missing)
            yield model
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the model in {str(folder.path)!r} cannot be loaded: {reason(error)}"
            ) from error


def describe(model: SentenceTransformer, *, batch: int, largest: int = 0) -> Loaded:
    """Find out what a model embeds, and into how many dimensions, by asking it.

    Raises
    ------
    ModelError
        When it embeds neither texts, pictures nor sound.
    """
    kind = str(getattr(model.config, "model_type", ""))
    told = [part for part in model.modalities if isinstance(part, str)]
    modalities = frozenset(told) & {"text", "image", "audio"}
    if not modalities:
        raise ModelError(f"this model embeds {', '.join(told)}; texts, images or sound are needed")
    options = _text_options(model, kind)
    rate, longest = _hearing(model)
    asked = next(one for one in ("text", "image", "audio") if one in modalities)
    probe = {"text": "text", "image": _grey(), "audio": _hum(rate)}[asked]
    with quiet():
        vector = model.encode(
            [{asked: probe} if len(modalities) > 1 else probe],
            convert_to_tensor=True,
            show_progress_bar=False,
            **options,
        )
    return Loaded(
        model=model,
        dim=int(vector.shape[-1]),
        modalities=modalities,
        batch=batch,
        lowercase=kind in _SIGLIP,
        text_options=options,
        pictures=_pictures(model, modalities),
        rate=rate,
        longest=longest,
        largest=largest,
    )


@contextlib.contextmanager
def quiet() -> Iterator[list[str]]:
    """Keep the libraries' bars and warnings out of the notebook.

    Yields a list to which the names of weights are added that a model is loaded without:
    transformers fills these with random numbers, and only a warning says so.
    """
    from transformers.utils import logging as transformers_logging

    # These are settings of the whole process: two models that are loaded side by side, one of
    # them ahead of its use, would put back each other's.
    with _quieting:
        yield from _quieted(transformers_logging)


def _quieted(transformers_logging: Any) -> Iterator[list[str]]:  # noqa: ANN401 - it ships no types
    levels = {name: logging.getLogger(name).level for name in (*_TALKATIVE, _REPORTS)}
    had_bar = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    for name in levels:
        logging.getLogger(name).setLevel(logging.ERROR)
    missing: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        missing.extend(_MISSING.findall(record.getMessage()))
        return record.levelno >= logging.ERROR

    reports = logging.getLogger(_REPORTS)
    reports.setLevel(logging.WARNING)
    reports.addFilter(note)
    try:
        yield missing
    finally:
        reports.removeFilter(note)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if had_bar:
            transformers_logging.enable_progress_bar()


def require_all(folder: ModelFolder, missing: list[str]) -> None:
    """Refuse a model that was loaded without some of its weights, as `quiet` has noted them.

    Raises
    ------
    ModelError
        A weight that matters was not in the folder.
    """
    needed = [name for name in missing if not any(part in name for part in _UNUSED)]
    if needed:
        more = f" and {len(needed) - 1} more" if len(needed) > 1 else ""
        raise ModelError(
            f"the weights in {str(folder.path)!r} lack {needed[0]}{more}, without which the "
            "vectors would be random; get the model again"
        )


def _text_options(model: SentenceTransformer, kind: str) -> dict[str, object]:
    """Return what `encode` must be told for texts: two-tower models know no limit of their own."""
    if kind not in TWO_TOWERS or model.tokenizer is None:
        return {}
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    limits = [int(limit) for limit in (positions, model.max_seq_length) if limit]
    if not limits:
        return {}
    text: dict[str, object] = {"truncation": True, "max_length": min(limits)}
    # sentence-transformers pads to the longest text of a batch, with which SigLIP's vectors
    # depend on the company that a text keeps.
    text["padding"] = "max_length" if kind in _SIGLIP else True
    return {"processing_kwargs": {"text": text}}


def _pictures(model: SentenceTransformer, modalities: frozenset[str]) -> Pictures | None:
    first = cast("Any", model[0])
    how = getattr(first, "modality_config", {}).get("image", {})
    if "image" not in modalities or how.get("method") != "get_image_features":
        return None
    processor = getattr(first.processor, "image_processor", None)
    return from_processor(processor) if processor is not None else None


def _hearing(model: SentenceTransformer) -> tuple[int, int | None]:
    """Return the samples a second that a model wants, and how many it listens to at once."""
    processor = getattr(cast("Any", model[0]), "processor", None)
    ears = getattr(processor, "feature_extractor", processor)
    rate, longest = getattr(ears, "sampling_rate", None), getattr(ears, "nb_max_samples", None)
    return int(rate or USUAL_RATE), int(longest) if longest else None


def _hum(rate: int) -> object:
    import numpy as np

    samples = np.sin(np.arange(rate) * (2 * np.pi * 220 / rate)).astype(np.float32)
    return {"array": samples, "sampling_rate": rate}


def _grey() -> object:
    from PIL import Image

    return Image.new("RGB", (64, 64), (128, 128, 128))
