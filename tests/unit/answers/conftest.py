"""A shop to ask, language models that can be foretold, and a server that speaks their protocol."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    LLMMetadata,
)
from llama_index.core.llms.custom import CustomLLM
from tiny_language import ChatServer, build_vlm, build_writer, serve
from toys import ToyEmbedder, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.models import language_local


class ScriptedLLM(CustomLLM):
    """Says what it was told to, piece by piece, and remembers what it was asked."""

    pieces: list
    asked: list
    chats: bool = True
    name: str = "scripted"

    @property
    def metadata(self):
        return LLMMetadata(
            is_chat_model=self.chats, model_name=self.name, context_window=8192, num_output=512
        )

    def stream_chat(self, messages, **_):
        self.asked.append(list(messages))
        return self._said(
            lambda text, piece: ChatResponse(
                message=ChatMessage(role="assistant", content=text), delta=piece
            )
        )

    def stream_complete(self, prompt, formatted=True, **_):  # noqa: ARG002, FBT002
        self.asked.append(prompt)
        return self._said(lambda text, piece: CompletionResponse(text=text, delta=piece))

    def _said(self, as_response):
        text = ""
        for piece in self.pieces:
            if isinstance(piece, BaseException):
                raise piece
            if isinstance(piece, threading.Event):
                piece.wait(60)
                continue
            text += piece
            yield as_response(text, piece)

    def chat(self, messages, **options):
        *_, last = self.stream_chat(messages, **options)
        return last

    def complete(self, prompt, formatted=True, **options):  # noqa: FBT002
        *_, last = self.stream_complete(prompt, formatted, **options)
        return last

    @property
    def prompt(self):
        """The text of the last question, all messages together."""
        last = self.asked[-1]
        return last if isinstance(last, str) else "\n".join(str(one.content) for one in last)


@pytest.fixture
def says():
    """Return a function that makes a language model which says these pieces."""
    return lambda *pieces, **fields: ScriptedLLM(pieces=list(pieces), asked=[], **fields)


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def products(tmp_path):
    folder = write_pictures(tmp_path / "pictures", ["red", "blue", "green", "yellow"])
    return pd.DataFrame(
        {
            "sku": ["a1", "b2", "c3", "d4"],
            "title": ["Red shoe", "Blue boot", "Rain hat", "Wool scarf"],
            "about": [
                "A running shoe for wide feet. The sole is made of cork.",
                "A leather boot for narrow feet. It is lined with felt.",
                "Keeps the rain off. Folds into a pocket of 10 cm.",
                "Knitted in Iceland. Warm and light.",
            ],
            "price": [59.9, 120.0, 25.5, 40.0],
            "photo": [str(folder / f"{name}.png") for name in ("red", "blue", "green", "yellow")],
        }
    )


@pytest.fixture
def shop(session, products):
    return session.load(
        products, "shop", text=["title", "about"], image="photo", id="sku", model="builtin",
        progress=False,
    )  # fmt: skip


@pytest.fixture
def toy_shop(session, products):
    return session.load(
        products, "toys", text="about", id="sku", model=ToyEmbedder(), progress=False
    )


@pytest.fixture
def server():
    """A server on the loopback that speaks OpenAI's chat protocol."""
    chat = ChatServer()
    running = serve(chat)
    yield chat
    chat.released.set()
    running.shutdown()
    running.server_close()


@pytest.fixture(scope="session")
def tiny_vlm(tmp_path_factory):
    return build_vlm(tmp_path_factory.mktemp("language") / "tiny-vlm")


@pytest.fixture(scope="session")
def tiny_writer(tmp_path_factory):
    return build_writer(tmp_path_factory.mktemp("language") / "tiny-writer")


@pytest.fixture(autouse=True)
def _short_answers(monkeypatch):
    """Noise of 40 words shows all that noise of 500 does."""
    monkeypatch.setattr(language_local, "_REPLY", 40)
    language_local.local.cache_clear()
