"""The text in the bytes of a file, in whatever encoding it was saved."""

from __future__ import annotations

import codecs

# The longer marks first: that of UTF-16 begins that of UTF-32.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 64_000  # bytes
# Fewer bytes beyond ASCII tell no encoding from another; Windows' own is the likeliest.
_TELLING = 12
_WESTERN = "cp1252"


def decoded(data: bytes) -> str:
    """Return a file's text, its line ends as in Unix; what fits no encoding becomes U+FFFD."""
    text = data.decode(encoding_of(data), "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(data: bytes) -> str:
    """Return what a file's text is encoded in.

    The mark at its beginning says so, else it is UTF-8 where that fits, else what makes the
    likeliest letters.
    """
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    if known := marked or _unmarked(data):
        return known
    try:
        data.decode()
    except UnicodeDecodeError:
        # Up to a line end: half a letter at the end would rule its encoding out.
        end = data.rfind(b"\n", 0, _LOOKED_AT)
        return _likeliest(data[: end if end > 0 else _LOOKED_AT])
    return "utf-8"


def _unmarked(data: bytes) -> str | None:
    """Return which UTF-16 this is by its zeros: every other byte, where letters are Latin."""
    some = data[:1024]
    if len(data) % 2 or len(some) < _TELLING:
        return None
    first, second = some[::2].count(0), some[1::2].count(0)
    if min(first, second) or 4 * max(first, second) < len(some):
        return None
    return "utf-16-le" if second else "utf-16-be"


def _likeliest(data: bytes) -> str:
    if sum(byte > 127 for byte in data) < _TELLING:  # noqa: PLR2004 - ASCII ends there
        return _WESTERN
    from charset_normalizer import from_bytes

    found = from_bytes(data).best()
    return found.encoding if found is not None else _WESTERN
