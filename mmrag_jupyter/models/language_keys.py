"""Keys of servers: from environment variables only, and struck from whatever comes back.

Some servers repeat the key that they got, in an error or in the words that they send.
"""

from __future__ import annotations

import os
import re

from mmrag_jupyter.errors import ModelError

OPENAI_KEY = "OPENAI_API_KEY"
STRUCK = "\u2026"

_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,59}")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_LOOKS_SECRET = re.compile(r"\b(?:sk|gsk|key|hf)[-_][\w*.-]{6,}")
_SHORTEST = 6  # characters of what can be a key; shorter ones stand in any text


def name_of_key(key_env: str | None, *, own: bool) -> str:
    """Return the variable that holds a server's key, "" where it is to get none.

    Parameters
    ----------
    key_env
        The variable that the user names.
    own
        Whether the server is the one that `OPENAI_API_KEY` is meant for.

    Raises
    ------
    ModelError
        The variable is not set.
    """
    if key_env is not None:
        if os.environ.get(key_env):
            return key_env
        # It may be the key itself, put where its variable's name belongs.
        told = f" {key_env!r}" if _NAME.fullmatch(key_env) else " that --key-env names"
        raise ModelError(
            f"the environment variable{told} is not set; it is to hold the key, and --key-env "
            "takes its name"
        )
    if not own:
        return ""
    if not os.environ.get(OPENAI_KEY):
        raise ModelError(
            f"set the key in the environment ({OPENAI_KEY}) and restart the kernel; for a server "
            "of your own, such as Ollama, name it with --base-url"
        )
    return OPENAI_KEY


def held(text: str) -> bool:
    """Tell whether a text names something secret, as an address with `?api_key=...` does."""
    return _SECRET.search(text) is not None


def veiled(text: str, key: str = "") -> str:
    """Return a server's words in one line, without any key; `key` is the variable with its own."""
    for name, value in os.environ.items():
        if (name == key or _SECRET.search(name)) and len(value) >= _SHORTEST:
            text = text.replace(value, STRUCK)
    return " ".join(_LOOKS_SECRET.sub(STRUCK, text).split())


class Veil:
    """Takes words as they come, in pieces cut anywhere, and gives them out without the key.

    Parameters
    ----------
    key
        The variable that holds it; "" where there is none.
    """

    def __init__(self, key: str) -> None:
        value = os.environ.get(key, "") if key else ""
        self._secret = value if len(value) >= _SHORTEST else ""
        self._kept = ""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what can be no part of the key."""
        if not self._secret:
            return piece
        text = (self._kept + piece).replace(self._secret, STRUCK)
        most = min(len(text), len(self._secret) - 1)
        kept = next((n for n in range(most, 0, -1) if text.endswith(self._secret[:n])), 0)
        self._kept = text[len(text) - kept :]
        return text[: len(text) - kept]

    def finish(self) -> str:
        """Return the rest."""
        rest, self._kept = self._kept, ""
        return rest
