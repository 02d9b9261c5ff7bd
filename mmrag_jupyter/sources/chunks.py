"""Long texts in pieces that a text model can read."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mmrag_jupyter.sources.plain import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.node_parser import SentenceSplitter

# English has some four bytes a token, Chinese three; below this a text surely fits, and
# neither the splitter nor its tokenizer is needed.
_BYTES_PER_TOKEN = 3
_STRETCH = 20_000  # characters that the splitter is given at once
_RUN = 200  # characters without a space that are no word any more
# Up to a full stop and space, a full-width stop (as in Chinese and Japanese), or a line end.
# A row of stops is looked at once, from its beginning, or a long row would take for ever.
_SENTENCE = re.compile(
    r".+?(?:(?<![.!?\u2026])[.!?\u2026]++[\"')\]\u201d\u2019]*+\s++"
    r"|[\u3002\uff01\uff1f]++|\n++|$)",
    re.DOTALL,
)
_LONG_RUN = re.compile(rf"\S{{{_RUN + 1}}}")
_WORDS = re.compile(rf"\S{{1,{_RUN}}}\s*|\s+")


def chunks(text: str, tokens: int) -> list[str]:
    """Return a text in chunks of at most so many tokens, cut between sentences where possible.

    Nothing is repeated between chunks, so that a document counts each of its words once. An
    empty or blank text has no chunks. NUL characters are dropped.
    """
    text = clean(text.replace("\0", "").strip())
    if not text:
        return []
    most = _BYTES_PER_TOKEN * tokens
    if len(text) <= most and (text.isascii() or len(text.encode()) <= most):
        return [text]
    splitter = _splitter(tokens)
    return [chunk for stretch in _stretches(text) for chunk in splitter.split_text(stretch)]


@lru_cache(maxsize=4)
def _splitter(tokens: int) -> SentenceSplitter:
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.utils import get_tokenizer

    encode = get_tokenizer()

    def tokenizer(text: str) -> list[int]:
        # Its time grows with the square of a run of letters or marks: give it short ones.
        cuts = range(0, len(text), _RUN)
        return [token for at in cuts for token in encode(text[at : at + _RUN])]

    return SentenceSplitter(
        chunk_size=tokens,
        chunk_overlap=0,
        tokenizer=tokenizer,
        # The default one needs minutes for a line of exclamation marks, and gives up on it.
        chunking_tokenizer_fn=_sentences,
    )


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for sentence in _SENTENCE.findall(text):
        if _LONG_RUN.search(sentence):
            found += _WORDS.findall(sentence)
        else:
            found.append(sentence)
    return found


def _stretches(text: str) -> Iterator[str]:
    """Cut a very long text at a paragraph, else a line, else a space near the end of each."""
    at = 0
    while len(text) - at > _STRETCH:
        window = text[at : at + _STRETCH]
        cuts = (window.rfind(mark, _STRETCH // 2) + len(mark) for mark in ("\n\n", "\n", ". ", " "))
        end = next((cut for cut in cuts if cut > _STRETCH // 2), _STRETCH)
        yield window[:end]
        at += end
    yield text[at:]
