"""What a collection may be called, and what it is called where the user does not say."""

from __future__ import annotations

import re
from pathlib import Path

from mmrag_jupyter.errors import SourceError, StoreError

DEFAULT_NAME = "collection"
# Of bytes; what all file systems take, with room for a suffix.
LONGEST_NAME = 200
_NAME = re.compile(r"[^\W_][\w. -]*")


def name_of(source: object) -> str:
    """Return the name of a file or folder as that of a collection; other sources suggest none.

    Raises
    ------
    SourceError
        No file can have this path.
    """
    if not isinstance(source, str | Path):
        return DEFAULT_NAME
    try:
        path = Path(source).expanduser().resolve()
        name = path.name if path.is_dir() else path.stem
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{shortened(source)!r} is no path: {reason}.") from None
    fit = re.sub(r"[^\w. -]", "_", name).lstrip("_. -").encode()[:LONGEST_NAME]
    return fit.decode(errors="ignore").rstrip(" .") or DEFAULT_NAME


def is_name(name: str) -> bool:
    """Tell whether a text has the form of a collection's name."""
    return bool(_NAME.fullmatch(name)) and not name.endswith((" ", "."))


def checked_name(name: object) -> str:
    """Return `name`, once it is known to be fit for a collection and its folder.

    Raises
    ------
    StoreError
        It is not.
    """
    if isinstance(name, str) and is_name(name) and len(name.encode()) <= LONGEST_NAME:
        return name
    raise StoreError(
        f"{shortened(name)!r} cannot name a collection; use letters, digits, spaces, dots, "
        f"dashes and underscores, beginning with a letter or digit, at most {LONGEST_NAME} "
        "bytes of them."
    )


def shortened(value: object, length: int = 80) -> str:
    """Return a value as text for a message, cut where it is long."""
    text = str(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"
