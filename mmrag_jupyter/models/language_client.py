"""The connections to a server that speaks OpenAI's protocol, kept from question to question."""

from __future__ import annotations

import os
import weakref
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import httpx
    import openai

RETRIES = 3
# What stands for an answer that is none of a model's words as they come.
NO_STREAM, NO_ANSWER = 498, 499

_CONNECT = 10.0
_NO_KEY = "none"  # servers of one's own want none, and the client wants some
_STREAMED = b'"stream":true'


def client(address: str, key: str, patience: float) -> openai.OpenAI:
    """Return the client of a server; the same one for the same server and key.

    Parameters
    ----------
    key
        The environment variable that holds the key, "" where there is none.
    patience
        Seconds without a word before it is given up.
    """
    return _client(address, os.environ.get(key) or _NO_KEY, patience)


def async_client(address: str, key: str, patience: float) -> openai.AsyncOpenAI:
    """Return a client as `client` does, for one event loop."""
    import openai

    return openai.AsyncOpenAI(
        api_key=os.environ.get(key) or _NO_KEY,
        base_url=address,
        timeout=openai.Timeout(patience, connect=_CONNECT),
        max_retries=RETRIES,
        http_client=openai.DefaultAsyncHttpxClient(
            verify=_trusted(), event_hooks={"response": [_look_async]}
        ),
    )


@lru_cache(maxsize=4)
def _client(address: str, key: str, patience: float) -> openai.OpenAI:
    import openai

    http = openai.DefaultHttpxClient(verify=_trusted(), event_hooks={"response": [_look]})
    made = openai.OpenAI(
        api_key=key,
        base_url=address,
        timeout=openai.Timeout(patience, connect=_CONNECT),
        max_retries=RETRIES,
        http_client=http,
    )
    # One that has made room for others may still be answering; its connections go with it.
    weakref.finalize(made, http.close)
    return made


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    # Reading the list of authorities takes 40 ms each time.
    import httpx

    return httpx.create_ssl_context()


def _look(response: httpx.Response) -> None:
    """Make what is no stream of words a refusal: the client would take it for an empty answer."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if not response.is_success:
        return
    if kind == "text/html" or response.request.method != "POST":
        response.status_code = NO_ANSWER
    elif kind == "application/json" and _wants_stream(response.request):
        response.status_code = NO_STREAM


def _wants_stream(request: httpx.Request) -> bool:
    import httpx

    try:
        return _STREAMED in request.content
    except httpx.RequestNotRead:  # it was sent on to another address
        return False


async def _look_async(response: httpx.Response) -> None:
    _look(response)
