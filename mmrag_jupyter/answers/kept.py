"""Answers that were written before, kept in the collection's folder.

One file an answer, named by a hash of all that it depends on: the question, what was retrieved,
the model and its settings, and the rules that it was given. Only the model's words are kept;
their citations are checked again each time.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mmrag_jupyter.answers.passages import Passage
    from mmrag_jupyter.answers.prompt import Message

FOLDER = "answers"
_MOST = 500  # answers; the oldest go first
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """The answers that are kept in one folder."""

    folder: Path

    def get(self, name: str) -> str | None:
        """Return the words of an answer, or None where there is none, or it is damaged."""
        try:
            said = json.loads(self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        text = said.get("text") if isinstance(said, dict) else None
        return text if isinstance(text, str) else None

    def put(self, name: str, question: str, text: str) -> None:
        """Keep the words of an answer; where that cannot be, they are not kept."""
        told = json.dumps({"version": _VERSION, "question": question, "text": text})
        # A full disk or a folder that is read-only must not cost the answer itself.
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            draft = self._path(f"{name}.{os.getpid()}").with_suffix(".new")
            draft.write_text(told, encoding="utf-8")
            draft.replace(self._path(name))
            self._thin_out()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _thin_out(self) -> None:
        files = sorted(self.folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST]:
            file.unlink(missing_ok=True)


def name_of(identity: str, sent: Sequence[Message], passages: Sequence[Passage]) -> str:
    """Return the name of the answer that a model gives to messages about passages."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([_VERSION, identity, [str(message) for message in sent]]).encode())
    for passage in passages:
        digest.update(passage.part.id.encode() + b"\0" + passage.part.digest)
        shown = passage.shown_by
        digest.update(shown.digest if shown is not None else b"-")
    return digest.hexdigest()
