"""Maps of two-tower models (CLIP, SigLIP): what each patch of a picture would say alone.

Such a model gives one vector a picture, which its last attention gathers from all patches.
The map compares the question with each patch as that attention passes it on: through its
values and its output, without the mixing (Zhou, Loy and Dai, "Extract Free Dense Labels from
CLIP", ECCV 2022). The patches' own last states are of little use: attention has spread the
picture over them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.maps import Maps

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.sentence import SentenceEmbedder


def maps_of(
    embedder: SentenceEmbedder, core: object, image: Image, words: Sequence[str], vectors: Vectors
) -> Maps:
    """Return where on a picture a model sees what vectors stand for.

    Parameters
    ----------
    core
        The model as transformers has it.
    words, vectors
        The vectors, shape (1 + len(words), dim), of the question as a whole and of its words.

    Raises
    ------
    ModelError
        The model is of a kind whose patches cannot be told apart.
    """
    import torch

    model = cast("Any", core)
    vision: Any = getattr(model, "vision_model", None)
    head = getattr(vision, "head", None)
    layers = getattr(getattr(vision, "encoder", None), "layers", None)
    if head is not None and hasattr(head, "attention"):
        hidden, shapes = _seen(embedder, image, vision, head)
        patches = _through_head(head, hidden)
    elif layers is not None and hasattr(model, "visual_projection"):
        hidden, shapes = _seen(embedder, image, vision, layers[-1])
        # The first token stands for the picture as a whole.
        patches = _through_layer(model, layers[-1], hidden[1:])
    else:
        raise ModelError(f"{embedder.name} does not tell where on a picture it sees something")
    rows, columns = _grid(vision.config, shapes, len(patches))
    own = torch.nn.functional.normalize(patches[: rows * columns].float(), dim=-1).cpu().numpy()
    found = (vectors @ own.T).reshape(len(vectors), rows, columns)
    return Maps(found[0], tuple(words), found[1:], embedder.area(image))


def _seen(
    embedder: SentenceEmbedder,
    image: Image,
    vision: Any,  # noqa: ANN401
    module: Any,  # noqa: ANN401
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return what goes into a module when a picture is embedded, (tokens, width), and its shape."""
    taken: list[torch.Tensor] = []
    shapes: list[torch.Tensor | None] = []

    def take(_: object, given: tuple[torch.Tensor, ...], named: dict[str, Any]) -> None:
        taken.append(given[0] if given else named["hidden_states"])

    def look(_: object, _given: object, named: dict[str, Any]) -> None:
        shapes.append(named.get("spatial_shapes"))

    hooks = [
        module.register_forward_pre_hook(take, with_kwargs=True),
        vision.register_forward_pre_hook(look, with_kwargs=True),
    ]
    try:
        embedder.embed_image([image])
    finally:
        for hook in hooks:
            hook.remove()
    return taken[-1][0], shapes[-1]


def _through_layer(model: Any, layer: Any, hidden: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    import torch

    with torch.inference_mode():
        attention = layer.self_attn
        values = attention.v_proj(layer.layer_norm1(hidden))
        passed_on = model.vision_model.post_layernorm(attention.out_proj(values))
        return cast("torch.Tensor", model.visual_projection(passed_on))


def _through_head(head: Any, hidden: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    import torch

    with torch.inference_mode():
        attention = head.attention
        width = attention.embed_dim
        weight, bias = attention.in_proj_weight[2 * width :], attention.in_proj_bias[2 * width :]
        gathered = attention.out_proj(hidden @ weight.T + bias)
        return cast("torch.Tensor", gathered + head.mlp(head.layernorm(gathered)))


def _grid(config: Any, shapes: torch.Tensor | None, count: int) -> tuple[int, int]:  # noqa: ANN401
    """Return the rows and columns of patches; `shapes` tells them where they follow the picture."""
    if shapes is not None:
        rows, columns = (int(number) for number in shapes[0])
    else:
        rows = columns = int(config.image_size) // int(config.patch_size)
    if rows * columns > count or (shapes is None and rows * columns != count):
        raise ModelError(f"this model has {count} tokens for {columns} x {rows} patches")
    return rows, columns
