"""A language model on a server that speaks OpenAI's protocol, and what its failures mean.

Keys come from environment variables only. They are given to the client and to nothing else:
no field, representation, error, kept answer or notebook holds one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import language_client as clients
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.language_keys import OPENAI_KEY, held, name_of_key, veiled

if TYPE_CHECKING:
    from llama_index.core.llms.llm import LLM

OPENAI = "https://api.openai.com/v1"

# Seconds without a word before a server is given up. One of one's own may load its model first.
PATIENCE = 180.0
_WINDOW = 8192
_NO_KEY = "none"
INSTALL = 'openai: models need one more package: pip install "mmrag-jupyter[openai]"'
_TOO_LATE = "the server did not answer in time; ask again, or use another"


@dataclass(frozen=True, slots=True, eq=False)
class ServerModel:
    """A model on a server: the LlamaIndex object, its host, and what tells it from others.

    `key` is the environment variable that holds its key, "" where it gets none; `patience` is
    how many seconds without a word it is given.
    """

    llm: LLM
    host: str
    identity: str
    key: str
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
    host = host_of(address)
    key = name_of_key(key_env, own=base_url is None)
    try:
        from llama_index.llms.openai_like import OpenAILike
    except ImportError:
        raise ModelError(INSTALL) from None
    # It takes clients beside its declared fields.
    made: Any = OpenAILike
    llm: LLM = made(
        model=model,
        api_base=address,
        # The object shows and stores its fields: the key is the clients' alone.
        api_key=_NO_KEY,
        openai_client=clients.client(address, key, PATIENCE),
        async_openai_client=clients.async_client(address, key, PATIENCE),
        is_chat_model=True,
        context_window=_WINDOW,
        # The clients try again by themselves; LlamaIndex would do so once more each time.
        max_retries=0,
        timeout=PATIENCE,
    )
    return ServerModel(llm, host, f"openai:{model}@{address}", key, PATIENCE)


def explained(error: BaseException, key: str = "") -> str | None:
    """Return what a failure of a server means, in one line; None where it is of another kind.

    Parameters
    ----------
    key
        The environment variable with the server's key, which some servers repeat.
    """
    package = type(error).__module__.partition(".")[0]
    kind = type(error).__name__
    if package not in {"httpx", "httpcore", "openai", "json"}:
        return None
    if isinstance(getattr(error, "status_code", None), int):
        return _status(error, key)
    if "Timeout" in kind:
        return _TOO_LATE
    if kind == "APIConnectionError":
        cause = f" ({reason(error.__cause__)})" if error.__cause__ is not None else ""
        return f"the server cannot be reached{cause}; is it running, and is this its address?"
    # While an answer streams in, the connection's own errors come through.
    lost = "the connection was lost" if "http" in package else "the server's answer cannot be read"
    return f"{lost}: {veiled(str(error), key)[:200] or kind}"


def refuses_pictures(error: BaseException) -> bool:
    """Tell whether a server did not take the question because of its pictures."""
    code = getattr(error, "status_code", None)
    if code not in {400, 404, 415, 422, 500}:
        return False
    said = str(getattr(error, "message", error)).lower()
    return any(word in said for word in ("image", "vision", "multimodal", "multi-modal", "content"))


def refuses_streaming(error: BaseException) -> bool:
    """Tell whether a server gives its answers as a whole only."""
    code = getattr(error, "status_code", None)
    said = str(getattr(error, "message", error)).lower()
    return code == clients.NO_STREAM or (code in {400, 422, 501} and "stream" in said)


def ending(raw: object) -> str:
    """Return why a server ended its answer, as it says itself; "" where it does not say."""
    choices = getattr(raw, "choices", None)
    return str(getattr(choices[0], "finish_reason", None) or "") if choices else ""


def _status(error: Any, key: str) -> str:  # noqa: ANN401 - openai.APIStatusError, which may not be installed
    code: int = error.status_code
    said = _said(error, key)
    # The client notes in each request how often it tried before.
    tries = int(error.request.headers.get("x-stainless-retry-count", 0)) + 1
    tried = f", tried {tries} times" if tries > 1 else ""
    wait = error.response.headers.get("retry-after", "")
    asks = f"; it asks to wait {int(wait):,} seconds" if wait.isdecimal() and tries == 1 else ""
    told = {
        401: "the server refused the key (401); set it in the environment "
        f"({OPENAI_KEY}, or the variable that --key-env names) and restart the kernel",
        403: "the server refused the key (403); it may not be meant for this model",
        404: f"the server has no such model or address (404){said}",
        429: f"the server is busy, or the quota is used up (429{tried}){said}{asks}",
        clients.NO_ANSWER: "the server sent a web page and no answer; is this its address?",
    }
    if code in told:
        return told[code]
    if code >= 500:  # noqa: PLR2004 - the server's own errors
        return f"the server failed ({code}{tried}){said}"
    return f"the server did not take the question ({code}){said}"


def _said(error: object, key: str) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    return f": {veiled(str(said), key)[:200]}" if said else ""


def host_of(address: str) -> str:
    """Return the host and port of a server's address.

    Raises
    ------
    ModelError
        It is none, or has a key in it.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host:
        raise ModelError(
            f"{address[:80]!r} is no address of a server; write it as http://localhost:11434/v1"
        )
    if parts.username or parts.password or held(parts.query):
        raise ModelError(
            "a key does not belong into the server's address; put it into the environment, and "
            "name the variable with --key-env"
        )
    named = f"[{host}]" if ":" in host else host
    return f"{named}:{port}" if port else named
