"""A language model that runs here, as LlamaIndex wants one: it streams, and stops at once."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.custom import CustomLLM

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import language_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.language_folder import Loaded

_REPLY = 512  # tokens of an answer at most
_LEAST = 16  # tokens that must be left for an answer


@lru_cache(maxsize=1)
def local(name: str) -> LocalLLM:
    """Return the language model of a folder or of the hub, not loaded yet.

    The last one stays in memory, for the next question.

    Raises
    ------
    ModelError
        There is none, or it is unfit.
    """
    folder, identity = language_folder.folder_of(name)
    return LocalLLM(folder, address=f"hf:{name}", identity=identity, max_new_tokens=_REPLY)


class LocalLLM(CustomLLM):
    """A chat model of transformers; pictures reach it as pictures where it reads them.

    It always takes the likeliest word, so that the same question has the same answer.
    """

    address: str
    identity: str
    max_new_tokens: int

    _folder: Any = PrivateAttr()
    _loaded: Any = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, folder: ModelFolder, **fields: object) -> None:
        super().__init__(**fields)
        self._folder = folder

    @classmethod
    def class_name(cls) -> str:
        """Return the name that LlamaIndex knows the class by."""
        return "mmrag_local_llm"

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of it."""
        window = language_folder.window(self._folder)
        return LLMMetadata(
            context_window=window,
            num_output=min(self.max_new_tokens, window // 4),
            is_chat_model=True,
            model_name=self.address,
        )

    @property
    def sees(self) -> bool:
        """Whether it reads pictures."""
        return language_folder.sees(self._folder)

    def load(self) -> None:
        """Bring the model into memory, if it is not there yet.

        Raises
        ------
        ModelError
            It does not fit, or cannot be loaded.
        """
        self._model()

    def count(self, text: str) -> int:
        """Return how many tokens a text takes; the model is loaded if need be."""
        return len(self._model().tokenizer(text, add_special_tokens=False)["input_ids"])

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **options: Any) -> ChatResponse:  # noqa: ANN401
        """Return the whole answer to a conversation."""
        text = "".join(self._pieces(messages, options))
        return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text))

    @llm_chat_callback()
    def stream_chat(
        self,
        messages: Sequence[ChatMessage],
        **options: Any,  # noqa: ANN401
    ) -> Iterator[ChatResponse]:
        """Return the answer to a conversation, piece by piece; closing it stops the model."""

        def pieces() -> Iterator[ChatResponse]:
            text = ""
            for piece in self._pieces(messages, options):
                text += piece
                message = ChatMessage(role=MessageRole.ASSISTANT, content=text)
                yield ChatResponse(message=message, delta=piece)

        return pieces()

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **options: Any) -> CompletionResponse:  # noqa: ANN401, ARG002, FBT001, FBT002
        """Return the answer to a prompt, as the one message of a conversation."""
        asked = [ChatMessage(role=MessageRole.USER, content=prompt)]
        return CompletionResponse(text="".join(self._pieces(asked, options)))

    @llm_completion_callback()
    def stream_complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: ARG002, FBT001, FBT002
        **options: Any,  # noqa: ANN401
    ) -> Iterator[CompletionResponse]:
        """Return the answer to a prompt, piece by piece."""
        asked = [ChatMessage(role=MessageRole.USER, content=prompt)]

        def pieces() -> Iterator[CompletionResponse]:
            text = ""
            for piece in self._pieces(asked, options):
                text += piece
                yield CompletionResponse(text=text, delta=piece)

        return pieces()

    def _pieces(self, messages: Sequence[ChatMessage], options: dict[str, Any]) -> Iterator[str]:
        from mmrag_jupyter.models.language_writing import prepared, written

        loaded = self._model()
        inputs = prepared(loaded, messages)
        used = int(inputs["input_ids"].shape[1])
        window = language_folder.window(self._folder)
        if window - used < _LEAST:
            raise ModelError(
                f"{self.address} reads {window:,} tokens at once and the question with its "
                f"sources has {used:,}; ask with fewer hits (-k)"
            )
        most = min(int(options.get("max_new_tokens", self.max_new_tokens)), window - used)
        yield from written(loaded, inputs, most, self.address)

    def _model(self) -> Loaded:
        # A question from another thread waits for the one that loads it.
        with self._lock:
            if self._loaded is None:
                self._loaded = language_folder.load(self._folder)
            found: Loaded = self._loaded
        return found
