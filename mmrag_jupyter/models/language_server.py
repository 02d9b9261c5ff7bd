"""A language model on a server that speaks OpenAI's protocol, and what its failures mean.

Keys come from environment variables only. They are given to the client and to nothing else:
no field, representation, error, kept answer or notebook holds one.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.base import reason

if TYPE_CHECKING:
    from llama_index.core.llms.llm import LLM

OPENAI = "https://api.openai.com/v1"
KEY = "OPENAI_API_KEY"

# Seconds without a word before a server is given up. One of one's own may load its model first.
PATIENCE = 180.0
_CONNECT = 10.0
_RETRIES = 3
_WINDOW = 8192
_NO_KEY = "none"  # servers of one's own want none, and the client wants some
_INSTALL = 'openai: models need one more package: pip install "mmrag-jupyter[openai]"'
_TOO_LATE = "the server did not answer in time; ask again, or use another"
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_LOOKS_SECRET = re.compile(r"\b(?:sk|gsk|key|hf)[-_][\w*.-]{6,}")
_SHORTEST_KEY = 6


@dataclass(frozen=True, slots=True, eq=False)
class ServerModel:
    """A model on a server: the LlamaIndex object, its host, and what tells it from others.

    `patience` is how many seconds without a word it is given.
    """

    llm: LLM
    host: str
    identity: str
    patience: float


def on_server(model: str, base_url: str | None = None, key_env: str | None = None) -> ServerModel:
    """Return a model on a server; nothing is sent yet.

    Parameters
    ----------
    base_url
        The server's address, such as `http://localhost:11434/v1`; without it, OpenAI's.
    key_env
        The environment variable with the key; without it, `OPENAI_API_KEY` for OpenAI's own
        server, and none for others: a key is not sent to whom it was not meant for.

    Raises
    ------
    ModelError
        The address is none, there is no key, or a package is missing.
    """
    address = base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI
    host = _host(address)
    key = _key(key_env, own=base_url is None)
    try:
        import openai
        from llama_index.llms.openai_like import OpenAILike
    except ImportError:
        raise ModelError(_INSTALL) from None
    options: dict[str, Any] = {
        "api_key": key or _NO_KEY,
        "base_url": address,
        "timeout": openai.Timeout(PATIENCE, connect=_CONNECT),
        "max_retries": _RETRIES,
    }
    # It takes clients beside its declared fields.
    made: Any = OpenAILike
    llm: LLM = made(
        model=model,
        api_base=address,
        # The object shows and stores its fields: the key is the clients' alone.
        api_key=_NO_KEY,
        openai_client=openai.OpenAI(**options),
        async_openai_client=openai.AsyncOpenAI(**options),
        is_chat_model=True,
        context_window=_WINDOW,
        # The clients try again by themselves; LlamaIndex would do so once more each time.
        max_retries=0,
        timeout=PATIENCE,
    )
    return ServerModel(llm, host, f"openai:{model}@{address}", PATIENCE)


def explained(error: BaseException) -> str | None:
    """Return what a failure of a server means, in one line; None where it is of another kind."""
    package = type(error).__module__.partition(".")[0]
    kind = type(error).__name__
    if package.startswith("httpx"):
        # While an answer streams in, the connection's own errors come through.
        return _TOO_LATE if "Timeout" in kind else f"the connection broke off ({reason(error)})"
    if package != "openai":
        return None
    code = getattr(error, "status_code", None)
    if isinstance(code, int):
        return _status(code, _said(error))
    if kind == "APITimeoutError":
        return _TOO_LATE
    if kind == "APIConnectionError":
        cause = f" ({reason(error.__cause__)})" if error.__cause__ is not None else ""
        return f"the server cannot be reached{cause}; is it running, and is this its address?"
    return f"the server's answer cannot be read: {_clean(reason(error))}"


def refuses_pictures(error: BaseException) -> bool:
    """Tell whether a server did not take the question because of its pictures."""
    code = getattr(error, "status_code", None)
    if code not in {400, 404, 415, 422, 500}:
        return False
    said = str(getattr(error, "message", error)).lower()
    return any(word in said for word in ("image", "vision", "multimodal", "multi-modal", "content"))


def ending(raw: object) -> str:
    """Return why a server ended its answer, as it says itself; "" where it does not say."""
    choices = getattr(raw, "choices", None)
    return str(getattr(choices[0], "finish_reason", None) or "") if choices else ""


def _status(code: int, said: str) -> str:
    tried = f"tried {_RETRIES + 1} times"
    if code in {401, 403}:
        return (
            f"the server refused the key ({code}); set it in the environment ({KEY}, or the "
            "variable that --key-env names) and restart the kernel"
        )
    if code == 404:  # noqa: PLR2004 - as everybody knows it
        return f"the server has no such model or address (404){said}"
    if code == 429:  # noqa: PLR2004 - as everybody knows it
        return f"the server is busy, or the quota is used up (429, {tried}){said}"
    if code >= 500:  # noqa: PLR2004 - the server's own errors
        return f"the server failed ({code}, {tried}){said}"
    return f"the server did not take the question ({code}){said}"


def _said(error: object) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    return f": {_clean(str(said))[:200]}" if said else ""


def _clean(text: str) -> str:
    """Return a server's words without keys: some repeat the one that they got."""
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= _SHORTEST_KEY:
            text = text.replace(value, "\u2026")
    return " ".join(_LOOKS_SECRET.sub("\u2026", text).split())


def _key(key_env: str | None, *, own: bool) -> str:
    if key_env is not None:
        if not os.environ.get(key_env):
            raise ModelError(
                f"the environment variable {key_env[:60]!r} is not set; it is to hold the key"
            )
        return os.environ[key_env]
    if not own:
        return ""
    if not os.environ.get(KEY):
        raise ModelError(
            f"set the key in the environment ({KEY}) and restart the kernel; for a server of "
            "your own, such as Ollama, name it with --base-url"
        )
    return os.environ[KEY]


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host:
        raise ModelError(
            f"{address[:80]!r} is no address of a server; write it as http://localhost:11434/v1"
        )
    if parts.username or parts.password:
        raise ModelError(
            "a key does not belong into the server's address; put it into the environment, and "
            "name the variable with --key-env"
        )
    return f"{host}:{port}" if port else host
