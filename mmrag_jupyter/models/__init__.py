"""Embedders: their contract, those of our own, those of others, and the choice among them.

Nothing heavy is imported here, nor before a model is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.models.base import Embedder, checked
from mmrag_jupyter.models.catalogue import catalogue
from mmrag_jupyter.models.recall import recall
from mmrag_jupyter.models.resolve import resolve, serves
from mmrag_jupyter.models.spaces import Models, SpaceSpec

if TYPE_CHECKING:
    from mmrag_jupyter.models.named import ModelLike as ModelLike

__all__ = ["Embedder", "Models", "SpaceSpec", "catalogue", "checked", "recall", "resolve", "serves"]
