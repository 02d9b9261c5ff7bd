"""Metadata values as a reader wants to see them, and as JSON can carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from numbers import Rational, Real

from mmrag_jupyter.display.escape import cut, one_line, visible

DASH = "—"

_DEPTH = 4  # how far nested values are followed
_ENTRIES = 50  # how many entries of a nested value are kept
_BYTES = (bytes, bytearray, memoryview)
_MANY = (list, tuple, set, frozenset)
_EXACT = 2**53  # beyond this a JSON number is not exact in a browser


def missing(value: object) -> bool:
    """Say whether `value` stands for nothing: None, NaN, or the missing values of pandas."""
    if isinstance(value, Real) and not isinstance(value, Rational):
        return math.isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or type(value).__name__ in {"NAType", "NaTType"}


def shown(value: object, limit: int = 200) -> str:
    """Return `value` as one line of at most `limit` characters; a missing one as a dash."""
    return one_line(_words(value, limit), limit) or DASH


def _words(value: object, limit: int, depth: int = 0) -> str:
    if missing(value):
        words = DASH
    elif isinstance(value, float):
        # Ten digits show every price as it was typed and hide what binary fractions add.
        words = f"{value:.10g}"
    elif isinstance(value, datetime):
        words = _moment(value)
    elif isinstance(value, _BYTES):
        words = f"{len(value):,} bytes"
    elif isinstance(value, Mapping):
        pairs = islice(value.items(), _ENTRIES if depth < _DEPTH else 0)
        words = ", ".join(f"{key}: {_words(each, limit, depth + 1)}" for key, each in pairs)
    elif isinstance(value, _MANY):
        several = islice(value, _ENTRIES if depth < _DEPTH else 0)
        words = ", ".join(_words(each, limit, depth + 1) for each in several)
    else:
        words = str(value)[: limit * 10]
    return words


def _moment(value: datetime) -> str:
    if value.timetz() == time(0):
        return value.date().isoformat()
    return value.isoformat(" ", "seconds")


def jsonable(value: object, limit: int, depth: int = 0) -> object:
    """Return `value` as JSON can carry it: missing as null, texts of at most `limit` characters.

    Moments become ISO 8601, decimals and integers beyond 2**53 text, bytes their number,
    and what JSON has no word for the text that Python shows.
    """
    json: object
    if missing(value):
        json = None
    elif isinstance(value, bool) or (isinstance(value, int) and abs(value) <= _EXACT):
        json = value
    elif isinstance(value, float) and math.isfinite(value):
        json = float(value)
    elif isinstance(value, (date, time)):
        json = value.isoformat()
    elif isinstance(value, _BYTES):
        json = f"{len(value):,} bytes"
    elif isinstance(value, Mapping):
        pairs = islice(value.items(), _ENTRIES if depth < _DEPTH else 0)
        json = {json_text(str(key), limit): jsonable(each, limit, depth + 1) for key, each in pairs}
    elif isinstance(value, _MANY):
        several = islice(value, _ENTRIES if depth < _DEPTH else 0)
        json = [jsonable(each, limit, depth + 1) for each in several]
    else:
        json = json_text(str(value), limit)
    return json


def json_text(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, its line breaks kept, safe in a UTF-8 file."""
    return cut(visible(text[: limit + 1]), limit)
