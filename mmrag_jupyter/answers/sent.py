"""Messages as LlamaIndex sends them: texts, and pictures small enough for a model."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import MmragError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
    from PIL.Image import Image

    from mmrag_jupyter.answers.prompt import Message, Shown

# Pixels of the longer side: a page can be read, and models take about a thousand tokens for it.
EDGE = 1024
_QUALITY = 85


def chat_messages(messages: Sequence[Message], *, pictures: bool) -> list[ChatMessage]:
    """Return messages for a LlamaIndex model; without `pictures`, their texts alone."""
    from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock

    found = []
    for message in messages:
        blocks: list[TextBlock | ImageBlock] = []
        for part in message.parts:
            if isinstance(part, str):
                blocks.append(TextBlock(text=part))
            elif pictures:
                blocks.append(_block(part))
        if not pictures:
            blocks = [TextBlock(text="".join(b.text for b in blocks if isinstance(b, TextBlock)))]
        found.append(ChatMessage(role=MessageRole(message.role), blocks=blocks))
    return found


def _block(shown: Shown) -> ImageBlock | TextBlock:
    from llama_index.core.base.llms.types import ImageBlock, TextBlock

    try:
        image = shown.open()
    except MmragError:
        image = None
    if image is None:
        return TextBlock(text="(its picture cannot be opened)\n")
    return ImageBlock(image=_encoded(image), image_mimetype="image/jpeg")


def _encoded(image: Image) -> bytes:
    small = image.convert("RGB")
    small.thumbnail((EDGE, EDGE))
    out = io.BytesIO()
    small.save(out, "jpeg", quality=_QUALITY)
    return out.getvalue()
