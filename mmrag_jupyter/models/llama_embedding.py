"""The collection's embedders as a LlamaIndex embedding."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.embeddings.multi_modal_base import MultiModalEmbedding

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llama_index.core.base.embeddings.base import Embedding
    from llama_index.core.schema import ImageType
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Embedder

_BATCH = 32
_LARGEST_BATCH = 2048  # LlamaIndex allows no more


def as_llama(
    text: Embedder | None, image: Embedder | None, opened: Callable[[ImageType, int | None], Image]
) -> MultiModalEmbedding:
    """Return embedders in the form that LlamaIndex takes.

    Parameters
    ----------
    text
        Embeds texts and queries; None where texts are found by their words alone.
    image
        Embeds pictures; may be the same object.
    opened
        Opens a picture, given as a path, an address or bytes in a file object, and the
        shorter side in pixels that is looked at, or None.
    """
    return CollectionEmbedding(text, image, opened)


class CollectionEmbedding(MultiModalEmbedding):
    """Embeds with the embedders of a collection, in batches; made by `as_llama`."""

    _text: Embedder | None = PrivateAttr()
    _image: Embedder | None = PrivateAttr()
    _opened: Callable[[ImageType, int | None], Image] = PrivateAttr()

    def __init__(
        self,
        text: Embedder | None,
        image: Embedder | None,
        opened: Callable[[ImageType, int | None], Image],
    ) -> None:
        present = [one for one in (text, image) if one is not None]
        sizes = [int(getattr(one, "batch_size", _BATCH)) for one in present]
        names = dict.fromkeys(one.name for one in present)
        super().__init__(
            model_name=", ".join(names) or "none",
            embed_batch_size=max(1, min([*sizes, _LARGEST_BATCH])),
        )
        self._text, self._image, self._opened = text, image, opened

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex knows the class."""
        return "CollectionEmbedding"

    @property
    def embeds_text(self) -> bool:
        """Whether it can embed texts and queries."""
        return self._text is not None

    @property
    def embeds_images(self) -> bool:
        """Whether it can embed pictures."""
        return self._image is not None

    def _get_query_embedding(self, query: str) -> Embedding:
        return self._embed_texts([query], query=True)[0]

    def _get_text_embedding(self, text: str) -> Embedding:
        return self._embed_texts([text], query=False)[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return self._embed_texts(texts, query=False)

    def _get_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return self._embed_images([img_file_path])[0]

    def _get_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return self._embed_images(img_file_paths)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return await asyncio.to_thread(self._get_image_embedding, img_file_path)

    async def _aget_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_image_embeddings, img_file_paths)

    def _embed_texts(self, texts: Sequence[str], *, query: bool) -> list[Embedding]:
        if self._text is None:
            raise ModelError("This collection has no text model; it finds texts by their words.")
        return cast(
            "list[Embedding]", checked(self._text, "text", list(texts), query=query).tolist()
        )

    def _embed_images(self, pictures: Sequence[ImageType]) -> list[Embedding]:
        if self._image is None:
            raise ModelError("This collection has no image model; load pictures to choose one.")
        edge = getattr(self._image, "image_edge", None)
        images = [self._opened(picture, edge) for picture in pictures]
        return cast("list[Embedding]", checked(self._image, "image", images).tolist())
