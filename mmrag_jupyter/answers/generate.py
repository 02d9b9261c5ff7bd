"""The words of a language model as they come: at once stoppable, and whatever goes wrong said.

The model works in a thread of its own, so that an interrupt never waits for it.
"""

from __future__ import annotations

import contextvars
import re
import threading
import time
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from mmrag_jupyter.answers.sent import chat_messages
from mmrag_jupyter.errors import MmragError, ModelError
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.language_keys import Veil
from mmrag_jupyter.models.language_server import (
    ending,
    explained,
    refuses_pictures,
    refuses_streaming,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.llms.llm import LLM

    from mmrag_jupyter.answers.prompt import Message
    from mmrag_jupyter.models.language import LanguageModel

Ended = Literal["running", "complete", "stopped", "broken", "late", "repeats", "length"]

_TICK = 0.1  # seconds between two looks at the clock
_REPEATS, _REPEATED = 4, 160  # times and characters that make a repetition a fault
_LONGEST = 200  # characters of what is repeated
_LOOK = 40  # characters between two looks for repetitions
_DIGITS = re.compile(r"\d")


class Writing:
    """An answer that a model writes: iterate over its words.

    Where no word comes for a moment, "" is yielded.

    Attributes
    ----------
    text
        What has come so far.
    ended
        How it ended: "complete", "stopped" by the user, "broken" off with an error, "late"
        (no word for too long), "repeats" (stopped, and the repetition cut), "length" (the
        model's own limit).
    problem
        What went wrong, in one line, or "".
    notice
        Something to be said although nothing went wrong, or "".
    """

    def __init__(self, model: LanguageModel, messages: Sequence[Message]) -> None:
        self._model = model
        self._messages = messages
        self.text = ""
        self.ended: Ended = "running"
        self.problem = ""
        self.notice = ""
        self.seconds = 0.0

    def __iter__(self) -> Iterator[str]:
        began = time.monotonic()
        try:
            yield from self._words()
        except KeyboardInterrupt:
            self.ended = "stopped"
        finally:
            if self.ended == "running":
                # Whoever iterated went away: that is a stop as well.
                self.ended = "stopped"
            self.seconds = time.monotonic() - began

    def _words(self) -> Iterator[str]:
        pictures = any(not isinstance(part, str) for one in self._messages for part in one.parts)
        way = _Way(pictures=pictures)
        while True:
            try:
                yield from self._heard(way)
            except Exception as error:  # noqa: BLE001 - a model may raise anything
                other = None if self.text else self._another(way, error)
                if other is None:
                    self._failed(error)
                    return
                way = other
            else:
                return

    def _another(self, way: _Way, error: Exception) -> _Way | None:
        """Return another way to ask a model that did not take the first."""
        if way.streamed and refuses_streaming(error):
            return replace(way, streamed=False)
        if way.pictures and refuses_pictures(error):
            self.notice = "The model takes no pictures; it was asked with the texts alone."
            return replace(way, pictures=False)
        return None

    def _failed(self, error: Exception) -> None:
        self.ended = "broken"
        self.problem = explained(error, self._model.key) or (
            str(error) if isinstance(error, MmragError) else f"the model failed: {reason(error)}"
        )

    def _heard(self, way: _Way) -> Iterator[str]:
        words = _Words(self._model, self._messages, way)
        looked, heard = 0, time.monotonic()
        try:
            while True:
                try:
                    piece = words.next(_TICK)
                except Empty:
                    patience = self._model.patience
                    if patience is not None and time.monotonic() - heard > patience:
                        self.ended = "late"
                        self.problem = f"the model wrote nothing for {patience:.0f} seconds"
                        return
                    yield ""
                    continue
                if piece is None:
                    self.ended = "length" if words.reason == "length" else "complete"
                    return
                heard = time.monotonic()
                self.text += piece
                yield piece
                if len(self.text) - looked >= _LOOK:
                    looked = len(self.text)
                    end = repetition(self.text)
                    if end is not None:
                        self.text, self.ended = self.text[:end], "repeats"
                        self.problem = "the model began to repeat itself and was stopped"
                        return
        finally:
            words.stop()


@dataclass(frozen=True, slots=True)
class _Way:
    """How a model is asked: with pictures or texts alone, for words as they come or a whole."""

    pictures: bool
    streamed: bool = True


class _Words:
    """What a model writes, fetched in a thread of its own."""

    def __init__(self, model: LanguageModel, messages: Sequence[Message], way: _Way) -> None:
        self.reason = ""
        self._queue: SimpleQueue[str | Exception | None] = SimpleQueue()
        self._stopped = threading.Event()
        context = contextvars.copy_context()
        arguments = (self._fetch, model, messages, way)
        thread = threading.Thread(
            target=context.run, args=arguments, name="mmrag answer", daemon=True
        )
        thread.start()

    def next(self, seconds: float) -> str | None:
        """Return the next piece, or None at the end; raise `Empty` where none came in time."""
        found = self._queue.get(timeout=seconds)
        if isinstance(found, Exception):
            raise found
        return found

    def stop(self) -> None:
        """Tell the model to stop; this does not wait until it has."""
        self._stopped.set()

    def _fetch(self, model: LanguageModel, messages: Sequence[Message], way: _Way) -> None:
        veil = Veil(model.key)
        try:
            for piece, raw in _pieces(model.llm, messages, way):
                if self._stopped.is_set():
                    return
                self.reason = ending(raw) or self.reason
                self._put(veil.feed(piece))
            self._put(veil.finish())
            self._queue.put(None)
        except Exception as error:  # noqa: BLE001 - raised where the words are awaited
            self._put(veil.finish())
            self._queue.put(error)
        except BaseException as error:  # noqa: BLE001
            self._queue.put(ModelError(f"the model failed: {reason(error)}"))

    def _put(self, piece: str) -> None:
        if piece:
            self._queue.put(piece)


def _pieces(llm: LLM, messages: Sequence[Message], way: _Way) -> Iterator[tuple[str, object]]:
    from llama_index.core.base.llms.generic_utils import messages_to_prompt

    sent = chat_messages(messages, pictures=way.pictures)
    if not llm.metadata.is_chat_model:
        prompt = messages_to_prompt(sent)
        for completion in llm.stream_complete(prompt, formatted=True):
            yield completion.delta or "", completion.raw
    elif way.streamed:
        for response in llm.stream_chat(sent):
            yield response.delta or "", response.raw
    else:
        whole = llm.chat(sent)
        yield whole.message.content or "", whole.raw


def repetition(text: str) -> int | None:
    """Return where a text begins to repeat itself to its end, or None.

    Numbers are taken for alike, since lists count what they repeat.
    """
    tail = _DIGITS.sub("0", text[-_LONGEST * (_REPEATS + 1) :])
    for size in range(1, min(_LONGEST, len(tail) // _REPEATS) + 1):
        unit = tail[-size:]
        times = 1
        while tail[-(times + 1) * size : -times * size] == unit:
            times += 1
        if times >= _REPEATS and times * size >= _REPEATED:
            return len(text) - (times - 1) * size
    return None
