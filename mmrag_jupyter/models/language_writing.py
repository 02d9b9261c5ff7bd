"""Messages to a model's inputs, and its words as they come, until it ends or is stopped."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import ImageBlock, MessageRole, TextBlock
from PIL import Image

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.batching import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.base.llms.types import ChatMessage

    from mmrag_jupyter.models.language_folder import Loaded


def prepared(loaded: Loaded, messages: Sequence[ChatMessage]) -> Any:  # noqa: ANN401
    """Return what the model is given for a conversation, on its device.

    Marks of the model's own (the end of a message, the beginning of another) that stand in a
    text are taken apart: a document must not be able to end the message that quotes it.

    Raises
    ------
    ModelError
        The model has no way to write down a conversation, or cannot read this one.
    """
    marks = sorted({mark for mark in loaded.tokenizer.all_special_tokens if len(mark) > 1}, key=len)
    told = [_told(message, loaded, marks) for message in messages]
    try:
        try:
            inputs = _templated(loaded, told)
        except Exception:  # noqa: BLE001 - templates raise what they like
            # Some models know no system message: what it says goes before the question.
            inputs = _templated(loaded, _without_system(told))
    except Exception as error:
        raise ModelError(f"the model cannot read the question: {reason(error)}") from error
    inputs = inputs.to(loaded.model.device)
    for name, value in inputs.items():
        if value.is_floating_point():
            inputs[name] = value.to(loaded.model.dtype)
    return inputs


def written(loaded: Loaded, inputs: Any, most: int, name: str) -> Iterator[str]:  # noqa: ANN401
    """Yield what the model writes, at most `most` tokens; it stops when this is closed.

    Raises
    ------
    ModelError
        The model fails, or memory runs out.
    """
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

    stop = threading.Event()
    failed: list[Exception] = []

    class Stopped(StoppingCriteria):  # type: ignore[misc]
        def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
            del scores
            return torch.full((input_ids.shape[0],), stop.is_set(), device=input_ids.device)

    class StoppedError(Exception):
        pass

    def look(*_: object) -> None:
        # Reading a prompt with pictures can take a minute in which no word is written.
        if stop.is_set():
            raise StoppedError

    streamer = TextIteratorStreamer(loaded.tokenizer, skip_prompt=True, skip_special_tokens=True)

    def run() -> None:
        lists = [one for one in loaded.model.modules() if isinstance(one, torch.nn.ModuleList)]
        hooks = [layer.register_forward_pre_hook(look) for layers in lists for layer in layers]
        try:
            with torch.inference_mode():
                loaded.model.generate(
                    **inputs,
                    max_new_tokens=most,
                    do_sample=False,
                    streamer=streamer,
                    stopping_criteria=StoppingCriteriaList([Stopped()]),
                )
        except StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - told where the words are awaited
            failed.append(error)
        finally:
            for hook in hooks:
                hook.remove()
            streamer.end()

    writer = threading.Thread(target=run, name="mmrag language model", daemon=True)
    writer.start()
    try:
        yield from (piece for piece in streamer if piece)
    finally:
        stop.set()
        writer.join()
    if failed:
        if is_out_of_memory(failed[0]):
            raise ModelError(
                f"{name} ran out of memory; ask with fewer hits (-k), or choose a smaller model "
                "(%mmrag models)"
            ) from failed[0]
        raise ModelError(f"{name} failed: {reason(failed[0])}") from failed[0]


def _told(message: ChatMessage, loaded: Loaded, marks: Sequence[str]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for block in message.blocks:
        if isinstance(block, TextBlock):
            content.append({"type": "text", "text": _without(marks, block.text)})
        elif isinstance(block, ImageBlock):
            if not loaded.sees:
                raise ModelError("this model reads no pictures; choose one that does")
            data = BytesIO(block.resolve_image().read())
            with Image.open(data) as image:
                content.append({"type": "image", "image": image.convert("RGB")})
    role = MessageRole(message.role).value
    if loaded.sees:
        return {"role": role, "content": content}
    return {"role": role, "content": "".join(part["text"] for part in content)}


def _without(marks: Sequence[str], text: str) -> str:
    for mark in marks:
        text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def _templated(loaded: Loaded, told: Sequence[dict[str, Any]]) -> Any:  # noqa: ANN401
    if not getattr(loaded.processor, "chat_template", None):
        text = "\n\n".join(str(message["content"]) for message in _as_texts(told))
        return loaded.tokenizer(f"{text}\n\n", return_tensors="pt")
    return loaded.processor.apply_chat_template(
        list(told),
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )


def _as_texts(told: Sequence[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for message in told:
        content = message["content"]
        if not isinstance(content, str):
            content = "".join(part["text"] for part in content if part["type"] == "text")
        yield {"role": message["role"], "content": content}


def _without_system(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    system = [message for message in told if message["role"] == "system"]
    rest = [dict(message) for message in told if message["role"] != "system"]
    if not system or not rest:
        return rest
    rules, first = system[0]["content"], rest[0]["content"]
    between: Any = "\n\n" if isinstance(first, str) else [{"type": "text", "text": "\n\n"}]
    rest[0]["content"] = rules + between + first
    return rest
