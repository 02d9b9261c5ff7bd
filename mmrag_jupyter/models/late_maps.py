"""Similarity maps of late-interaction models: each token of a question over the picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.maps import Maps

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image
    from sentence_transformers import MultiVectorEncoder

    from mmrag_jupyter.models.base import Vectors

_WORD = re.compile(r"\w+")


def of_text(model: MultiVectorEncoder, image: Image, text: str) -> Maps:
    """Return where on a picture a question's words, and the question as a whole, are seen.

    The map of a word is the mean over its tokens; that of the question the mean over all of
    them, without those that the model puts around every question.

    Raises
    ------
    ModelError
        The model does not tell which of its tokens are which places of the picture.
    """
    import numpy as np

    # In a dict, a text cannot be taken for the path of a picture.
    asked = cast("Any", {"text": text})
    question = cast("torch.Tensor", model.encode_query([asked], show_progress_bar=False)[0])
    ids = _ids(model, text)
    own = _content(_ids(model, ""), ids)
    by_token = _similarity(model, image, question[own])
    whole = by_token.mean(axis=0) if len(by_token) else by_token.sum(axis=0)
    words = words_of(model.tokenizer, ids[own])
    by_word = [by_token[list(at)].mean(axis=0) for _, at in words]
    return Maps(
        whole,
        tuple(word for word, _ in words),
        np.stack(by_word) if by_word else np.empty((0, *whole.shape), np.float32),
    )


def of_picture(model: MultiVectorEncoder, image: Image, like: Image) -> Maps:
    """Return where on a picture something of another picture is seen.

    Raises
    ------
    ModelError
        The model does not tell which of its tokens are which places of a picture.
    """
    import numpy as np

    places, _, _ = _places(model, like)
    whole = _similarity(model, image, places).max(axis=0)
    return Maps(whole, (), np.empty((0, *whole.shape), np.float32))


def _ids(model: MultiVectorEncoder, text: str) -> list[int]:
    """Return the tokens of a question, with those that the model puts around it."""
    first, asked = cast("Any", model[0]), {"text": text}
    made = first.preprocess([asked], prompt=model.prompts.get("query"), task="query")
    return cast("list[int]", made["input_ids"][0].tolist())


def _content(empty: Sequence[int], ids: Sequence[int]) -> slice:
    """Return where a question's own tokens are: what differs from an empty question.

    The library's own way counts how many more there are, and loses the last word where the
    space before the first one is a token of its own in an empty question.
    """
    most = min(len(empty), len(ids))
    start = next((at for at in range(most) if empty[at] != ids[at]), most)
    left = most - start
    end = next((at for at in range(left) if empty[-1 - at] != ids[-1 - at]), left)
    return slice(start, len(ids) - end)


def words_of(tokenizer: Any, ids: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:  # noqa: ANN401 - transformers is untyped
    """Return the words that tokens spell, each with the places of its tokens."""
    ends = [len(tokenizer.decode(ids[: at + 1])) for at in range(len(ids))]
    text = tokenizer.decode(ids)
    starts = [0, *ends[:-1]]
    words = []
    for found in _WORD.finditer(text):
        at = tuple(
            place
            for place, (start, end) in enumerate(zip(starts, ends, strict=True))
            if start < found.end() and end > found.start()
        )
        if at:
            words.append((found.group(), at))
    return words


def _similarity(model: MultiVectorEncoder, image: Image, question: torch.Tensor) -> Vectors:
    """Return the cosines of each of n tokens with the places of a picture, (n, rows, columns)."""
    from sentence_transformers.multi_vector_encoder.interpretability import (
        maxsim_similarity_map,
    )

    places, columns, rows = _places(model, image)
    maps = maxsim_similarity_map(question.float(), places.float(), (columns, rows))
    return cast("Vectors", maps.cpu().numpy())


def _places(model: MultiVectorEncoder, image: Image) -> tuple[torch.Tensor, int, int]:
    """Return the tokens of a picture's places row by row, (n, dim), and the columns and rows."""
    picture = image.convert("RGB")
    raw = cast("Any", model.encode_document([picture], output_value=None, show_progress_bar=False))
    processor = cast("Any", model.processor)
    token = getattr(processor, "image_token", None)
    if token is None or "input_ids" not in raw[0]:
        raise ModelError("this model does not tell which of its tokens are places of the picture")
    is_place = raw[0]["input_ids"] == processor.tokenizer.convert_tokens_to_ids(token)
    places = cast("torch.Tensor", raw[0]["token_embeddings"][is_place])
    pictures = processor.image_processor
    if getattr(pictures, "max_image_size", None) is not None:
        order, columns, rows = _split_order(pictures, picture.size, len(places))
        return places[order], columns, rows
    columns, rows = _grid(model, picture.size)
    if columns * rows != len(places):
        raise ModelError(f"this model has {len(places)} tokens for {columns} x {rows} places")
    return places, columns, rows


def _grid(model: MultiVectorEncoder, size: tuple[int, int]) -> tuple[int, int]:
    from sentence_transformers.multi_vector_encoder.interpretability import get_n_patches

    try:
        found: tuple[int, int] = get_n_patches(model, size)
    except (ValueError, NotImplementedError, KeyError) as error:
        raise ModelError(f"this model does not tell its grid of places: {reason(error)}") from error
    return found


def _split_order(
    processor: Any,  # noqa: ANN401 - transformers is untyped
    size: tuple[int, int],
    count: int,
) -> tuple[torch.Tensor, int, int]:
    """Return the order of tokens by place for a picture that was cut into squares.

    The squares come row by row, each with its own tokens row by row; a small copy of the
    whole picture, which comes last, is left out. `size` is (width, height) in pixels.
    """
    import math

    import torch

    _, rows, columns = processor.get_number_of_image_patches(size[1], size[0], {})
    squares = rows * columns
    each = count // (squares + 1)
    side = math.isqrt(each)
    if each * (squares + 1) != count or side * side != each:
        raise ModelError(f"this model has {count} tokens for {squares + 1} squares of a picture")
    rows, columns = max(rows, 1), max(columns, 1)
    places = torch.arange(rows * columns * each).view(rows, columns, side, side)
    return places.permute(0, 2, 1, 3).reshape(-1), columns * side, rows * side
