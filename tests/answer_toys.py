"""Passages without a collection behind them, for tests of answers."""

from __future__ import annotations

from types import SimpleNamespace

from mmrag_jupyter.answers.passages import Passage


def passage(key, text, *, rank=1, fields=(), title="", modality="text", page=None, image=None):
    """Return a retrieved passage of the item `item<rank>`, in the part `p<key>`."""
    part = SimpleNamespace(
        id=f"p{key}",
        modality=modality,
        page=page,
        start=None,
        end=None,
        text=text,
        image=image,
        source=None,
        digest=f"{text}{image}".encode(),
    )
    shown = part if image is not None else None
    hit = SimpleNamespace(id=f"item{rank}", rank=rank, why=())
    return Passage(key, hit, part, title or f"item{rank}", text, fields, (part,), shown)
