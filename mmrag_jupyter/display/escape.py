"""The one door that every string of the user's data passes on its way into HTML."""

from __future__ import annotations

import html
import re
import unicodedata

_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")

# A control character shows as its picture, so that a reader sees that something is there.
# An embedding, override or isolate could reorder the page around it; the weak marks and
# joiners that Arabic, Persian and emoji need (U+200C to U+200F, U+061C) stay as they are.
_TABLE = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **{code: f"[U+{code:04X}]" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    0xFEFF: None,
    0xFFFE: "\ufffd",
    0xFFFF: "\ufffd",
}


def visible(text: str) -> str:
    r"""Return `text` fit to be shown anywhere: a page, a terminal, a UTF-8 file.

    Control characters become their pictures (NUL shows as ␀, so no terminal sequence
    gets through), line ends become a newline, characters that turn the direction
    of what follows are named, and lone surrogates become the replacement character. Applying
    it again changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _NEWLINES.sub("\n", text).translate(_TABLE))


def escape(text: str) -> str:
    """Return `text` as HTML that shows it and does nothing else.

    Safe between tags and inside a quoted attribute.
    """
    return html.escape(visible(text), quote=True)


def isolated(text: str) -> str:
    """Return `text` as HTML that does not reorder what stands beside it in the line."""
    if not text.isascii() and any(
        unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text
    ):
        return f"<bdi>{escape(text)}</bdi>"
    return escape(text)


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, ending in an ellipsis when some were cut."""
    if len(text) <= limit:
        return text
    return text[: max(limit - 1, 0)].rstrip() + "…"


def one_line(text: str, limit: int) -> str:
    """Return `text` fit to be shown, in one line of at most `limit` characters."""
    # Ten times the limit is looked at, so that a text of a megabyte costs nothing.
    return cut(" ".join(visible(text[: limit * 10]).split()), limit)
