"""From a folder to a late-interaction model in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import device as devices
from mmrag_jupyter.models.loading import opened, quiet

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

    from mmrag_jupyter.models.folder import ModelFolder

# A page is a thousand tokens, where a picture of a two-tower model is 64 to 200.
_SMALLER_BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class LoadedLate:
    """A late-interaction model in memory."""

    model: MultiVectorEncoder
    dim: int
    modalities: frozenset[str]
    batch: int
    largest: int = 0


def load(folder: ModelFolder) -> LoadedLate:
    """Load a model onto the best device of this computer.

    Nothing is fetched, no code from the folder is run, only safetensors are read.

    Raises
    ------
    ModelError
        When it does not fit into memory, or the libraries cannot make a model of the folder.
    """
    where = devices.choose(folder.dtype)
    with opened(folder, "MultiVectorEncoder", where) as model:
        return describe(model, batch=max(1, where.batch // _SMALLER_BATCH))


def describe(model: MultiVectorEncoder, *, batch: int) -> LoadedLate:
    """Find out what a model embeds, and into how many dimensions, by asking it.

    Raises
    ------
    ModelError
        When it embeds no texts: nothing could be asked of it.
    """
    told = frozenset(part for part in model.modalities if isinstance(part, str))
    if "text" not in told:
        raise ModelError(f"this model embeds {', '.join(sorted(told))}, but no questions")
    _make_prompting(model)
    sees = "image" in told
    with quiet():
        probe: object = {"text": "text"} if sees else "text"
        vectors = model.encode_query([probe], show_progress_bar=False)
    return LoadedLate(
        model=model,
        dim=int(vectors[0].shape[-1]),
        modalities=frozenset({"text", "image", "page"} if sees else {"text"}),
        batch=batch,
    )


def _make_prompting(model: MultiVectorEncoder) -> None:
    """Have ColModernVBERT's processor wrap pictures and questions as its model was trained to.

    Those of the other models do it when they are called; this one has methods of their own
    for it, which sentence-transformers does not know (6.2 with transformers 5.23).
    """
    first = cast("Any", model[0])
    processor = first.processor
    kind = type(processor)
    if kind.__name__ != "ColModernVBertProcessor" or "message" in first.modality_config:
        return

    def call(self: Any, images: object = None, text: object = None, **options: object) -> object:  # noqa: ANN401
        if images is not None and text is None:
            pictures = images if isinstance(images, list) else [images]
            text = [self.visual_prompt_prefix] * len(pictures)
        elif images is None and isinstance(text, list):
            ending = 10 * self.query_augmentation_token
            text = [f"{self.query_prefix}{one}{ending}" for one in text]
        return kind.__call__(self, images=images, text=text, **options)

    processor.__class__ = type("PromptingProcessor", (kind,), {"__call__": call})
