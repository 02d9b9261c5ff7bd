import io

import numpy as np
import pytest
from llama_index.core.embeddings import BaseEmbedding, MultiModalEmbedding
from llama_index.core.embeddings.mock_embed_model import MockEmbedding
from PIL import Image
from pydantic import PrivateAttr

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import checked, resolve
from mmrag_jupyter.models.llama import LlamaEmbedder


class Letters(BaseEmbedding):
    """Embeds a text by its length; a query also by being one."""

    _calls: list = PrivateAttr(default_factory=list)

    def _get_text_embedding(self, text):
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts):
        self._calls.append(len(texts))
        return [[float(len(text)), 1.0, 0.0] for text in texts]

    def _get_query_embedding(self, query):
        return [float(len(query)), 1.0, 5.0]

    async def _aget_query_embedding(self, query):
        return self._get_query_embedding(query)


class Colours(MultiModalEmbedding):
    """Embeds a picture by its mean colour, given as a path, as bytes, or as either."""

    takes: str = "either"
    _seen: list = PrivateAttr(default_factory=list)

    def _get_image_embedding(self, img_file_path):
        kind = "bytes" if isinstance(img_file_path, io.BytesIO) else "path"
        self._seen.append(kind)
        if self.takes not in {kind, "either"}:
            raise ValueError(f"{kind} is not supported")
        with Image.open(img_file_path) as image:
            return [value + 1.0 for value in image.resize((1, 1)).getpixel((0, 0))]

    async def _aget_image_embedding(self, img_file_path):
        return self._get_image_embedding(img_file_path)

    def _get_text_embedding(self, text):
        return [1.0, 1.0, float(len(text))]

    def _get_query_embedding(self, query):
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query):
        return self._get_query_embedding(query)


PICTURES = [Image.new("RGB", (30, 20), colour) for colour in ("red", "lime", "blue", "white")]


def test_texts_and_queries_go_their_own_ways():
    embedder = LlamaEmbedder(Letters(model_name="letters"))
    assert (embedder.name, embedder.dim) == ("llama-index:base_component:letters", 3)
    assert embedder.modalities == {"text"}
    texts = checked(embedder, "text", ["aa", "bbbb"])
    np.testing.assert_allclose(texts, [[2 / 5**0.5, 1 / 5**0.5, 0], [4 / 17**0.5, 1 / 17**0.5, 0]])
    query = checked(embedder, "text", ["aa"], query=True)
    np.testing.assert_allclose(query[0], np.array([2, 1, 5]) / 30**0.5, rtol=1e-6)


def test_texts_are_embedded_in_the_batches_that_the_embedding_asks_for():
    letters = Letters(embed_batch_size=4)
    embedder = LlamaEmbedder(letters)
    assert embedder.batch_size == 4
    assert checked(embedder, "text", ["x"] * 10).shape == (10, 3)
    assert [size for size in letters._calls if size > 1] == [4, 4, 2]


@pytest.mark.parametrize("takes", ["path", "bytes", "either"])
def test_pictures_are_given_as_the_embedding_takes_them(takes):
    colours = Colours(takes=takes)
    vectors = checked(LlamaEmbedder(colours), "image", PICTURES)
    expected = np.array([[256, 1, 1], [1, 256, 1], [1, 1, 256], [256, 256, 256]])
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_an_embedding_that_wants_paths_is_asked_with_bytes_only_once():
    colours = Colours(takes="path")
    embedder = LlamaEmbedder(colours)
    embedder.embed_image(PICTURES[:2])
    embedder.embed_image(PICTURES)
    assert colours._seen == ["bytes"] + ["path"] * 6


def test_an_embedding_that_cannot_be_reached_is_an_error_of_one_line():
    class Remote(MockEmbedding):
        def _get_text_embedding(self, text):
            raise ConnectionError(f"no route\nfor {text}")

        def _get_text_embeddings(self, texts):
            return [self._get_text_embedding(text) for text in texts]

    embedder = LlamaEmbedder(Remote(embed_dim=4))
    with pytest.raises(ModelError, match=r"failed on a first word: ConnectionError: no route$"):
        _ = embedder.dim
    embedder = LlamaEmbedder(Remote(embed_dim=4))
    embedder.__dict__["dim"] = 4
    with pytest.raises(ModelError, match=r"failed on 1 text: ConnectionError: no route$"):
        checked(embedder, "text", ["a"])


def test_any_llamaindex_embedding_is_taken_as_a_model():
    models = resolve(MockEmbedding(embed_dim=4), modalities=frozenset({"text"}))
    assert models.by_modality["text"].name == "llama-index:MockEmbedding:unknown"
    assert checked(models.by_modality["text"], "text", ["a", "b"]).shape == (2, 4)
    both = resolve(Colours(model_name="c"), modalities=frozenset({"text", "image"}))
    assert len(both.embedders) == 1
    with pytest.raises(ModelError, match="embeds text, not image"):
        resolve(Letters(), modalities=frozenset({"image"}))
