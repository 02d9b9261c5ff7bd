"""An answer drawn while it is written: one place in the cell, ten times a second at most."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from mmrag_jupyter.display.answer import draft_html
from mmrag_jupyter.display.escape import one_line, visible
from mmrag_jupyter.display.markdown import parsed
from mmrag_jupyter.notebook.progress import SECONDS_BETWEEN_DRAWS, TerminalLine

if TYPE_CHECKING:
    from IPython.core.display_functions import DisplayHandle
    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

    from mmrag_jupyter.answers.answer import Answer
    from mmrag_jupyter.answers.ask import AnswerStream

_NAME = 60


def watched(stream: AnswerStream) -> Answer:
    """Return the answer, drawn while a model writes it; an interrupt keeps what there is.

    Where the running cell shows the answer itself, the drawing goes.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if not stream.model or shell is None:
        return stream.answer
    drawing = Drawing(stream) if hasattr(shell, "kernel") else _Line(stream)
    try:
        drawing.begin()
        for _ in stream.with_pauses():
            drawing.draw()
    except KeyboardInterrupt:
        stream.stop()
    except BaseException:
        drawing.clear()
        raise
    answer = stream.answer
    _when_cell_ends(shell, drawing, answer)
    return answer


class Drawing:
    """The answer as far as it is written, in the cell, redrawn through one display handle."""

    def __init__(self, stream: AnswerStream) -> None:
        self._stream = stream
        self._handle: DisplayHandle | None = None
        self._drawn = 0.0
        self._shown = 0

    def begin(self) -> None:
        """Say that the model is at work, before it has written a word."""
        self._put(f"{one_line(self._stream.model, _NAME)} is reading")

    def draw(self) -> None:
        """Draw what there is, unless it is drawn, or something was just now."""
        waited = time.monotonic() - self._drawn >= SECONDS_BETWEEN_DRAWS
        if waited and len(self._stream.text) != self._shown:
            self._shown = len(self._stream.text)
            self._put(f"{one_line(self._stream.model, _NAME)} is writing")

    def end(self, answer: Answer) -> None:
        """Leave the answer in place of the drawing."""
        self._show(answer._repr_mimebundle_())

    def clear(self) -> None:
        """Leave nothing."""
        if self._handle is not None:
            self._show({"text/html": "", "text/plain": ""})

    def _put(self, state: str) -> None:
        text = self._stream.text
        html = draft_html(self._stream.question, parsed(text), state)
        self._show({"text/html": html, "text/plain": visible(text) or state})
        self._drawn = time.monotonic()

    def _show(self, bundle: dict[str, object]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)  # type: ignore[no-untyped-call]


class _Line:
    """In a terminal, one line that counts the words."""

    def __init__(self, stream: AnswerStream) -> None:
        self._stream = stream
        self._line = TerminalLine()
        self._drawn = 0.0

    def begin(self) -> None:
        self._line.draw(one_line(self._stream.model, _NAME), "reading", None)

    def draw(self) -> None:
        if time.monotonic() - self._drawn >= SECONDS_BETWEEN_DRAWS:
            words = len(self._stream.text.split())
            self._line.draw(one_line(self._stream.model, _NAME), f"{words} words", None)
            self._drawn = time.monotonic()

    def end(self, answer: Answer) -> None:
        self.clear()
        del answer

    def clear(self) -> None:
        if sys.stdout.isatty():
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()


def _when_cell_ends(shell: InteractiveShell, drawing: Drawing | _Line, answer: Answer) -> None:
    """Take the drawing away where the cell shows the answer or is to show nothing."""

    def ended(result: ExecutionResult) -> None:
        shell.events.unregister("post_run_cell", ended)
        code = getattr(result.info, "raw_cell", None) or ""
        if result.result is answer or code.rstrip().endswith(";"):
            drawing.clear()
        else:
            drawing.end(answer)

    shell.events.register("post_run_cell", ended)
