"""Text that SQLite can hold: it writes UTF-8, which has no room for lone surrogates.

File names that are not UTF-8 hold them, and so do texts that were cut in two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def encodable(text: str) -> bool:
    """Tell whether `text` can be written as UTF-8: whether it has no lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def cleaned(texts: Sequence[str]) -> Sequence[str]:
    """Return texts with each lone surrogate replaced by U+FFFD, the replacement character."""
    return texts if all(map(str.isascii, texts)) else list(map(clean, texts))


def clean(text: str) -> str:
    """Return `text` with each lone surrogate replaced by U+FFFD, the replacement character."""
    if encodable(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_key(text: str) -> str | bytes:
    """Return `text` as the store holds ids and paths; as bytes where it has lone surrogates.

    SQLite never takes bytes for equal to a text, so different ids stay different.
    """
    return text if encodable(text) else text.encode("utf-8", "surrogatepass")


def to_keys(texts: Sequence[str]) -> Sequence[str | bytes]:
    """Return texts as `to_key` does each of them."""
    return texts if all(map(str.isascii, texts)) else list(map(to_key, texts))


def from_key(stored: str | bytes) -> str:
    """Return the text that `to_key` was given."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogatepass")
