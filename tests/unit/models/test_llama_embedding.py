"""The collection's embedders as a LlamaIndex embedding."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.llama_embedding import as_llama


class Lengths:
    name = "lengths"
    dim = 2
    modalities = frozenset({"text", "image"})
    batch_size = 3
    image_edge = 7

    def __init__(self):
        self.calls = []

    def embed_text(self, texts, *, query):
        self.calls.append((list(texts), query))
        return np.array([[len(text), 1.0 if query else 0.5] for text in texts], np.float32)

    def embed_image(self, images):
        self.calls.append([image.size for image in images])
        return np.array([image.size for image in images], np.float32)


def opened(picture, edge):
    assert edge == Lengths.image_edge
    return Image.open(picture)


def unit(*values):
    return pytest.approx((np.array(values) / np.linalg.norm(values)).tolist(), abs=1e-6)


@pytest.fixture
def picture():
    data = io.BytesIO()
    Image.new("RGB", (4, 3)).save(data, "PNG")
    return data


def test_texts_and_pictures_are_embedded_in_batches_and_normalised(picture):
    model = Lengths()
    embedding = as_llama(model, model, opened)
    assert embedding.embed_batch_size == 3
    assert embedding.model_name == "lengths"
    assert embedding.get_text_embedding_batch(["a", "bb", "ccc", "dddd"])[3] == unit(4, 0.5)
    assert embedding.get_query_embedding("bb") == unit(2, 1)
    assert embedding.get_text_embedding("bb") == unit(2, 0.5)
    assert embedding.get_image_embedding_batch([picture] * 4)[0] == unit(4, 3)
    assert embedding.get_image_embedding(picture) == unit(4, 3)
    assert [len(call) for call in model.calls if isinstance(call, list)] == [3, 1, 1]
    assert [len(call[0]) for call in model.calls if isinstance(call, tuple)] == [3, 1, 1, 1]


def test_the_async_forms_do_the_same(picture):
    model = Lengths()
    embedding = as_llama(model, model, opened)

    async def use():
        return (
            await embedding.aget_query_embedding("bb"),
            await embedding.aget_text_embedding("bb"),
            (await embedding.aget_text_embedding_batch(["a", "bb"]))[1],
            await embedding.aget_image_embedding(picture),
            (await embedding.aget_image_embedding_batch([picture]))[0],
        )

    found = asyncio.run(use())
    assert found == (unit(2, 1), unit(2, 0.5), unit(2, 0.5), unit(4, 3), unit(4, 3))


def test_a_missing_model_is_told_in_one_line(picture):
    embedding = as_llama(None, None, opened)
    assert not embedding.embeds_text
    assert not embedding.embeds_images
    with pytest.raises(ModelError, match="no text model"):
        embedding.get_query_embedding("x")
    with pytest.raises(ModelError, match="no image model"):
        embedding.get_image_embedding(picture)


def test_unsound_vectors_do_not_pass():
    class Broken(Lengths):
        def embed_text(self, texts, **_):
            return np.full((len(texts), 2), np.nan)

    with pytest.raises(ModelError, match="lengths returned NaN"):
        as_llama(Broken(), None, opened).get_text_embedding("x")
