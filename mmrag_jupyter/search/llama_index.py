"""The LlamaIndex index over a collection."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import TYPE_CHECKING, Any, Self

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.data_structs.data_structs import IndexDict, MultiModelIndexDict
from llama_index.core.embeddings.multi_modal_base import MultiModalEmbedding
from llama_index.core.indices.multi_modal.base import MultiModalVectorStoreIndex
from llama_index.core.schema import BaseNode, ImageNode, MetadataMode, TextNode
from llama_index.core.storage.storage_context import StorageContext
from llama_index.core.utils import iter_batch

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.items import Media
from mmrag_jupyter.models.llama_embedding import CollectionEmbedding, as_llama
from mmrag_jupyter.search import llama_engines
from mmrag_jupyter.search.llama_retriever import CollectionRetriever
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.store.llama import CollectionVectorStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.chat_engine.types import BaseChatEngine
    from llama_index.core.llms.llm import LLM
    from llama_index.core.schema import Document, ImageType
    from llama_index.core.vector_stores.types import BasePydanticVectorStore
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.search.llama_retriever import Search
