"""Words on pictures of text, by an engine that is installed: Tesseract, else RapidOCR."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from mmrag_jupyter.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from rapidocr import RapidOCR

ADVICE = "pip install 'mmrag-jupyter[ocr]' (or the program tesseract) lets a load read them"

DPI = 300  # what Tesseract asks for
_SECONDS = 120  # a page
_LANGUAGES = 4  # more at once are slow, and find each other's words


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a picture: its place in pixels, and the number of its line, from the top."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int


class Engine(Protocol):
    """Reads the words on a picture; safe to call from several threads."""

    name: str

    def words(self, image: Image) -> list[Word]:
        """Return the words in the order in which they are read.

        Raises
        ------
        SourceError
            The engine failed, in one line.
        """
        ...


@cache
def engine() -> Engine | None:
    """Return the engine that is installed, or None; it is looked for once."""
    return find()


def find() -> Engine | None:
    """Look for an engine."""
    if shutil.which("tesseract"):
        return Tesseract()
    if find_spec("rapidocr") and find_spec("onnxruntime"):
        return Rapid()
    return None


def lines(words: Sequence[Word]) -> str:
    """Return words as a text, a line for each of theirs."""
    by_line: dict[int, list[str]] = {}
    for word in words:
        by_line.setdefault(word.line, []).append(word.text)
    return "\n".join(" ".join(line) for line in by_line.values())


class Tesseract:
    """The program `tesseract`, in the languages that are installed for it."""

    name = "Tesseract"

    def words(self, image: Image) -> list[Word]:
        """Return the words of a picture."""
        png = io.BytesIO()
        image.convert("L").save(png, "PNG", compress_level=1)
        command = ["tesseract", "stdin", "stdout", "--dpi", str(DPI), "tsv"]
        if languages := _languages():
            command[3:3] = ["-l", languages]
        table = _run(command, png.getvalue())
        rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
        found, seen = [], dict[tuple[str | None, ...], int]()
        for row in rows:
            text = (row.get("text") or "").strip()
            if row.get("level") == "5" and text:  # a word; the others are what it stands in
                place = tuple(row.get(f"{one}_num") for one in ("block", "par", "line"))
                line = seen.setdefault(place, len(seen))
                left, top, width, height = (
                    float(row[name]) for name in ("left", "top", "width", "height")
                )
                found.append(Word(text, left, top, left + width, top + height, line))
        return found


@lru_cache(maxsize=1)
def _languages() -> str:
    """Return what Tesseract is to read: what is installed for it, English first."""
    listed = _run(["tesseract", "--list-langs"], b"").splitlines()[1:]
    known = sorted(
        {one.strip() for one in listed} - {"osd", "equ", ""}, key=lambda one: one != "eng"
    )
    return "+".join(known[:_LANGUAGES])


def _run(command: Sequence[str], given: bytes) -> str:
    # Its own threads hinder each other more than they help; pages are read side by side.
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and nothing in it comes from a document
            command, input=given, capture_output=True, timeout=_SECONDS, check=True, env=environment
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"Tesseract read for more than {_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SourceError(f"Tesseract failed: {said[-1] if said else error}") from None
    except OSError as error:
        raise SourceError(f"Tesseract cannot be run: {error.strerror or error}") from None
    return done.stdout.decode("utf-8", "replace")


@cache
def _rapid() -> RapidOCR:
    from rapidocr import RapidOCR

    # Its log tells every model that it opens.
    return RapidOCR(params={"Global.log_level": "critical"})


class Rapid:
    """The package `rapidocr`, with the models that come with it (Latin letters and Chinese)."""

    name = "RapidOCR"

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def words(self, image: Image) -> list[Word]:
        """Return the words of a picture."""
        import numpy as np

        try:
            with self._lock:
                read = _rapid()(np.asarray(image.convert("RGB"))[:, :, ::-1], return_word_box=True)
        except Exception as error:  # noqa: BLE001 - one page must not stop a load
            said = (str(error).splitlines() or [""])[0]
            raise SourceError(f"RapidOCR failed: {type(error).__name__}: {said}") from None
        found = []
        for number, line in enumerate(read.word_results or ()):
            for text, _, corners in line:
                across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
                box = min(across), min(down), max(across), max(down)
                if text.strip():
                    found.append(Word(text.strip(), *box, number))
        return found
