"""Read a picture from the web: http and https only, never too much and never for too long."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from functools import partial
from typing import IO, Any, Self, TypeVar

from mmrag_jupyter.errors import SourceError

Connection = TypeVar("Connection", bound=http.client.HTTPConnection)

MAX_BYTES = 20 * 2**20
MAX_SECONDS = 30.0

_BLOCK = 64 * 1024


def fetch(url: str, *, limit: int = MAX_BYTES, seconds: float = MAX_SECONDS) -> bytes:
    """Return what an http or https address answers with.

    The standard library's client is enough for this: it knows the proxies of the
    environment, and needs no further dependency.

    Parameters
    ----------
    limit
        Most bytes that are read.
    seconds
        Most seconds that the whole exchange may take, redirects and slow answers included.

    Raises
    ------
    SourceError
        In one line: another scheme (in a redirect too), no answer, an error status, too
        large, too slow, or an answer that ends early.
    """
    shown = url if len(url) <= 200 else url[:197] + "..."  # noqa: PLR2004 - one readable line
    try:
        with _Deadline(seconds) as deadline:
            try:
                with _opener(deadline).open(_request(url), timeout=seconds) as answer:
                    data = _read(answer, shown, limit)
                    deadline.check()
                    return data
            except (OSError, ValueError, http.client.HTTPException, SourceError):
                # A connection that is cut when the time is up may look like any of these.
                deadline.check()
                raise
    except TimeoutError:
        raise SourceError(f"{shown} took longer than {seconds:g} seconds to answer.") from None
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceError(f"{shown} answered {error.code} {_line(error.reason)}.") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise SourceError(f"{shown} took longer than {seconds:g} seconds to answer.") from None
        raise SourceError(f"{shown} cannot be reached: {_line(error.reason)}.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = _line(error) or type(error).__name__
        raise SourceError(f"{shown} cannot be read: {reason}.") from None


def _line(reason: object) -> str:
    """Return the first line of what a server or a library said, without odd characters."""
    line = (str(reason).strip().splitlines() or [""])[0].rstrip(".")
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _request(url: str) -> urllib.request.Request:
    _refuse_scheme(url)
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    # Addresses in tables are often written with spaces and letters that HTTP has no form for.
    path = urllib.parse.quote(parts.path, safe="%/:=&?~+!$,;'@()*[]")
    query = urllib.parse.quote(parts.query, safe="%/:=&?~+!$,;'@()*[]")
    asked = urllib.parse.urlunsplit((parts.scheme, host, path, query, ""))
    return urllib.request.Request(asked, headers={"User-Agent": "mmrag-jupyter"})  # noqa: S310 - refused above


def _refuse_scheme(url: str) -> None:
    if urllib.parse.urlsplit(url).scheme.lower() not in {"http", "https"}:
        raise SourceError(f"{url[:200]!r} is not read: only http and https addresses are.")


def _read(answer: Any, shown: str, limit: int) -> bytes:  # noqa: ANN401 - urllib's response
    told = answer.headers.get("Content-Length") or ""
    announced = int(told) if told.isdecimal() else None
    blocks: list[bytes] = []
    size = 0
    while (announced is None or announced <= limit) and size <= limit:
        block = answer.read1(_BLOCK)
        if not block:
            break
        blocks.append(block)
        size += len(block)
    if size > limit or (announced or 0) > limit:
        raise SourceError(f"{shown} is larger than {limit / 2**20:.3g} MB.")
    if announced is not None and size < announced:
        raise SourceError(f"{shown} ended early: {size:,} of {announced:,} bytes came.")
    return b"".join(blocks)


class _Deadline:
    """Cuts all connections that it watches when the time is up.

    A socket's own timeout starts anew with each byte that arrives, so that a server which
    trickles would hold a load up for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._watched: list[socket.socket] = []
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def check(self) -> None:
        """Raise TimeoutError if the time is up."""
        if time.monotonic() >= self._end:
            raise TimeoutError

    def connection(self, kind: type[Connection], host: str, **options: Any) -> Connection:  # noqa: ANN401
        """Return a connection that is watched from the moment at which it is open."""
        made = kind(host, **options)
        plainly = made.connect

        def connect() -> None:
            plainly()
            self._watched.append(made.sock)
            self.check()

        made.connect = connect  # type: ignore[method-assign]
        return made

    def _cut(self) -> None:
        for one in self._watched:
            with suppress(OSError):
                # The plain socket's method: TLS would try to say goodbye first.
                socket.socket.shutdown(one, socket.SHUT_RDWR)


def _opener(deadline: _Deadline) -> urllib.request.OpenerDirector:
    # Put together by hand: the default opener also reads files and FTP.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
        _Http(deadline),
        _Https(deadline),
    ):
        opener.add_handler(handler)
    return opener


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 - as the standard library calls it
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        # Before anything may be raised; else its body is read to the end, however long it is.
        fp.close()
        _refuse_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Http(urllib.request.HTTPHandler):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._connection = partial(deadline.connection, http.client.HTTPConnection)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._connection = partial(deadline.connection, http.client.HTTPSConnection)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)
