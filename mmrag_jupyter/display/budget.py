"""How many bytes an output takes in a saved notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A notebook keeps an output as indented JSON, some five levels deep: every line costs its
# indentation and its end, a text also its quotes and comma.
_LINE = 12


def saved_bytes(value: object) -> int:
    """Return at least the bytes that a text, or a JSON value, takes inside a saved notebook."""
    if isinstance(value, str):
        lines = value.count("\n") + 1
        return len(json.dumps(value, ensure_ascii=False).encode()) + _LINE * lines
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return len(text.encode()) + _LINE * (text.count("\n") + 1)


def bundle_bytes(bundle: Mapping[str, object]) -> int:
    """Return at least the bytes that a MIME bundle takes inside a saved notebook."""
    return sum(saved_bytes(value) + len(mime) + _LINE for mime, value in bundle.items())
