"""One batch through a model in memory: texts, pictures or sound to vectors, not normalised yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt
    import torch
    from sentence_transformers import SentenceTransformer

    from mmrag_jupyter.models.loading import Loaded


def texts(loaded: Loaded, batch: Sequence[str], *, query: bool) -> torch.Tensor:
    """Return `(n, dim)`; a text is only ever a text, whatever it looks like."""
    encode = loaded.model.encode_query if query else loaded.model.encode_document
    written = [text.lower() for text in batch] if loaded.lowercase else batch
    # In a dict, a string cannot be taken for the path of a picture.
    inputs = [{"text": text} for text in written] if len(loaded.modalities) > 1 else written
    return _encode(encode, inputs, loaded.text_options)


def pictures(loaded: Loaded, batch: Sequence[object]) -> torch.Tensor:
    """Return `(n, dim)` of prepared pictures; on CUDA perhaps before it has been computed."""
    if loaded.pictures is None:
        return _encode(loaded.model.encode_document, batch, {})
    import torch

    tensors = cast("Sequence[torch.Tensor]", batch)
    with torch.inference_mode():
        pixels = loaded.pictures.stack(tensors, loaded.model.device).to(loaded.model.dtype)
        out = loaded.model({"pixel_values": pixels, "modality": "image"})
        return cast("torch.Tensor", out["sentence_embedding"])


def sounds(loaded: Loaded, batch: Sequence[npt.NDArray[np.float32]]) -> torch.Tensor:
    """Return `(n, dim)` of sounds at the model's own rate; what is too long is cut off."""
    import torch

    # CLAP itself would take a stretch at random of what is too long.
    heard = [
        {"audio": {"array": one[: loaded.longest], "sampling_rate": loaded.rate}} for one in batch
    ]
    with torch.inference_mode():
        # Sound is made ready in float32, whatever the model calculates in.
        features = {
            name: _fitted(one, loaded.model) if isinstance(one, torch.Tensor) else one
            for name, one in loaded.model.preprocess(heard).items()
        }
        return cast("torch.Tensor", loaded.model(features)["sentence_embedding"])


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


def _encode(
    encode: Callable[..., object],
    inputs: Sequence[object],
    options: Any,  # noqa: ANN401 - what encode takes, which ships no types
) -> torch.Tensor:
    out = encode(
        list(inputs),
        batch_size=len(inputs),
        convert_to_tensor=True,
        show_progress_bar=False,
        **options,
    )
    return cast("torch.Tensor", out)
