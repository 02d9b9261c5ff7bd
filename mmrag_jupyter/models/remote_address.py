"""Where an embedding model on a server is, in one line that a collection can keep.

`openai:NAME@URL` names the model and its server. Behind a `#` stand how the server takes
pictures (`chat` or `image`, see `remote_probe`) and `key=VARIABLE`, the environment variable
with the key. The key itself is never part of it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeGuard, cast, get_args

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.language_keys import OPENAI_KEY, name_of_key
from mmrag_jupyter.models.language_server import OPENAI, host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.models.named import ModelLike

# How a server takes pictures: not at all; as messages of a chat, as vLLM does; or as inputs
# that are said to be images, as Infinity does.
Way: TypeAlias = Literal["", "chat", "image"]

SCHEME = "openai:"

_PARTS = re.compile(r"openai:((?!@http).+?)(?:@(https?://[^#]*))?(?:#(.*))?", re.DOTALL)
_KEY = "key="


@dataclass(frozen=True, slots=True)
class Address:
    """A model of a server: `key` is the environment variable with its key, "" for none."""

    model: str
    url: str
    key: str = ""
    way: Way = ""

    @property
    def name(self) -> str:
        """What tells its vectors from others: the server is part of it, and so is the way.

        Two servers may call different models alike, and what is sent as a chat has another
        vector than what is sent as it is.
        """
        return f"{SCHEME}{self.model}@{self.url}" + (f"#{self.way}" if self.way else "")

    def __str__(self) -> str:
        marks: list[str] = [self.way] if self.way else []
        if self.key and not (self.url == OPENAI and self.key == OPENAI_KEY):
            marks.append(_KEY + self.key)
        return f"{SCHEME}{self.model}@{self.url}" + (f"#{'&'.join(marks)}" if marks else "")

    def check_key(self) -> None:
        """Raise `ModelError` where the variable with the key is not set."""
        own = self.key == OPENAI_KEY
        name_of_key(None if own else self.key or None, own=own)


def is_remote(given: object) -> TypeGuard[str]:
    """Tell whether `model=` names a model on a server."""
    return isinstance(given, str) and given.startswith(SCHEME)


def read(text: str, base_url: str | None = None, key_env: str | None = None) -> Address:
    """Return the address that a text is, completed; nothing is sent.

    Parameters
    ----------
    text
        `openai:NAME`, or a whole address, whose own parts go before the other arguments.
    base_url, key_env
        The server and the variable with its key, as `language_server.on_server` takes them.

    Raises
    ------
    ModelError
        There is no name of a model, the server's address is none, or `key_env` is not set.
    """
    found = _PARTS.fullmatch(text)
    model = found[1].strip() if found else ""
    if found is None or not model:
        raise ModelError(
            f"{text[:80]!r} names no model; write openai:NAME with --base-url URL, such as "
            "openai:bge-m3 and http://localhost:8000/v1"
        )
    url = found[2] or base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI
    host_of(url)
    marks = (found[3] or "").split("&")
    way = next((mark for mark in marks if mark in get_args(Way)), "")
    key = next((mark.removeprefix(_KEY) for mark in marks if mark.startswith(_KEY)), "")
    if not key and key_env is not None and not found[2]:
        key = name_of_key(key_env, own=False)
    own = not (found[2] or base_url) or url == OPENAI
    return Address(model, url.rstrip("/"), key or (OPENAI_KEY if own else ""), cast("Way", way))


def completed(
    given: Sequence[ModelLike],
    base_url: str | None,
    key_env: str | None,
    *,
    otherwise: tuple[str | None, str | None],
) -> list[ModelLike]:
    """Return models with the addresses of those on a server made whole.

    Parameters
    ----------
    base_url, key_env
        The server and the variable with its key that were named beside the models.
    otherwise
        Those of the settings.

    Raises
    ------
    ModelError
        An address is none, `key_env` is not set, or a server is named and no model of one.
    """
    if (base_url or key_env) and not any(is_remote(one) for one in given):
        option = "--base-url (base_url=)" if base_url else "--key-env (key_env=)"
        raise ModelError(f"{option} is for a model on a server: name it with --model openai:NAME")
    url, key = base_url or otherwise[0], key_env or otherwise[1]
    return [str(read(one, url, key)) if is_remote(one) else one for one in given]
