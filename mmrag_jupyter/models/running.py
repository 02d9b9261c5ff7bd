"""One batch through a model in memory: texts, pictures or sound to vectors, not normalised yet."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    import torch
    from sentence_transformers import SentenceTransformer

    from mmrag_jupyter.models.loading import Loaded


# The names that `encode_query` and `encode_document` know their prompts by.
_PROMPTS = {True: ("query",), False: ("document", "passage", "corpus")}


def texts(loaded: Loaded, batch: Sequence[str], *, query: bool) -> torch.Tensor:
    """Return `(n, dim)`; a text is only ever a text, whatever it looks like."""
    import torch

    model = loaded.model
    written = [text.lower() for text in batch] if loaded.lowercase else batch
    # In a dict, a string cannot be taken for the path of a picture.
    inputs = [{"text": text} for text in written] if len(loaded.modalities) > 1 else list(written)
    # Not by encode_query(), which spends a fifth of the time of a short question on going
    # through all modules.
    names = [*_PROMPTS[query], model.default_prompt_name]
    prompt = next((model.prompts[name] for name in names if name in model.prompts), None)
    options = {**loaded.text_options, "task": "query" if query else "document"}
    with torch.inference_mode():
        return _vectors(model, model.preprocess(inputs, prompt=prompt, **options), options)


def pictures(loaded: Loaded, batch: Sequence[object]) -> torch.Tensor:
    """Return `(n, dim)` of prepared pictures; on CUDA perhaps before it has been computed."""
    import torch

    model = loaded.model
    if loaded.pictures is None:
        found = model.encode_document(
            list(batch),
            batch_size=len(batch),
            convert_to_tensor=True,
            show_progress_bar=False,
        )
        return cast("torch.Tensor", found)
    tensors = cast("Sequence[torch.Tensor]", batch)
    with torch.inference_mode():
        pixels = loaded.pictures.stack(tensors, model.device)
        return _vectors(model, {"pixel_values": pixels, "modality": "image"})


def sounds(loaded: Loaded, batch: Sequence[npt.NDArray[np.float32]]) -> torch.Tensor:
    """Return `(n, dim)` of sounds at the model's own rate; what is too long is cut off."""
    import torch

    # CLAP itself would take a stretch at random of what is too long.
    heard = [
        {"audio": {"array": one[: loaded.longest], "sampling_rate": loaded.rate}} for one in batch
    ]
    with torch.inference_mode():
        return _vectors(loaded.model, loaded.model.preprocess(heard))


def _vectors(
    model: SentenceTransformer,
    features: Mapping[str, Any],
    options: Mapping[str, Any] = MappingProxyType({}),
) -> torch.Tensor:
    """Return what a model makes of features, which are made ready in float32 on the CPU."""
    import torch

    if model.training:
        # The user has trained it in between.
        model.eval()
    here = {
        name: _fitted(one, model) if isinstance(one, torch.Tensor) else one
        for name, one in features.items()
    }
    vectors = cast("torch.Tensor", model(here, **options)["sentence_embedding"])
    return vectors[:, : model.truncate_dim]


def to_host(out: torch.Tensor) -> Callable[[], torch.Tensor]:
    """Begin to copy a result into the computer's memory, as float32; return what waits for it.

    On CUDA the copy is queued behind this batch alone, so that waiting for it does not wait
    for the batches that were begun since (the destination is then pinned, and not to be read
    before its event: https://docs.pytorch.org/tutorials/intermediate/pinmem_nonblock.html).
    """
    if out.device.type != "cuda":
        here = out.float().cpu()
        return lambda: here
    import torch

    host = out.float().to("cpu", non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record()

    def wait() -> torch.Tensor:
        arrived.synchronize()
        return host

    return wait


def _fitted(features: torch.Tensor, model: SentenceTransformer) -> torch.Tensor:
    dtype = model.dtype if features.is_floating_point() else None
    return features.to(model.device, dtype)
