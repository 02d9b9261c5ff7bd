"""An embedding server on the loopback that speaks OpenAI's protocol, and its faults.

Its vectors are those of `toys`, at ten times their length: nobody promises unit vectors.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import json
import threading
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from toys import DIM, picture_vector, words_vector

from mmrag_jupyter.models import SpaceSpec
from mmrag_jupyter.models.named import again


@dataclass
class EmbeddingServer:
    """What it takes, and what it did.

    `takes` is how pictures reach it: "chat" as with vLLM, "image" as with Infinity, "" not at
    all, "anything" where data URIs are read as texts. `faults` is what the next requests get
    instead of an answer: a status with what the body says, and headers; "drop"; "hang"; or what
    makes another answer of the right one.
    """

    takes: str = ""
    faults: list = field(default_factory=list)
    always: object = None
    floats_only: bool = False
    ignores_format: bool = False
    nested_chats: bool = True
    longest: int = 10_000
    most: int = 2048
    requests: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    # Requests are answered once so many are there together.
    together: int = 0
    open: int = 0
    most_open: int = 0
    lock: threading.Condition = field(default_factory=threading.Condition)
    address: str = ""
    running: http.server.ThreadingHTTPServer | None = None

    @property
    def inputs(self):
        """All that was embedded, in the order of the requests."""
        return [one for request in self.requests for one in _inputs(request)]

    def stop(self):
        # Connections that are kept open outlive what accepts new ones.
        self.faults, self.always = [], "drop"
        self.released.set()
        self.running.shutdown()
        self.running.server_close()


class RefusedError(Exception):
    """A request that the server does not take."""


def _inputs(request):
    if "messages" in request:
        chats = request["messages"]
        chats = [chats] if isinstance(chats[0], dict) else chats
        return [chat[0]["content"][0] for chat in chats]
    given = request.get("input", [])
    return [given] if isinstance(given, str) else given


def _vector(server, request, one):
    kind = request.get("modality", "text")
    if isinstance(one, dict):
        kind = "image" if one["type"] == "image_url" else "text"
        one = one["image_url"]["url"] if kind == "image" else one["text"]
    if kind == "image" and server.takes != "anything":
        return picture_vector(Image.open(io.BytesIO(base64.b64decode(one.partition(",")[2]))))
    if len(one) > server.longest:
        raise RefusedError(f"This model's maximum context length is {server.longest} tokens")
    return words_vector(one)


def answer(server, request):
    """Return what the server answers, or raise `RefusedError`."""
    if "messages" in request and server.takes != "chat":
        raise RefusedError("input: field required")
    if "messages" in request and not server.nested_chats and isinstance(
        request["messages"][0], list
    ):  # fmt: skip
        raise RefusedError("messages.0: a dictionary is needed")
    if request.get("modality") == "image" and server.takes not in {"image", "anything"}:
        raise RefusedError("Unrecognized request argument supplied: modality")
    encoding = request.get("encoding_format", "float")
    if server.floats_only and encoding != "float":
        raise RefusedError("encoding_format: only float is known")
    inputs = _inputs(request)
    if len(inputs) > server.most:
        raise RefusedError(f"batch size {len(inputs)} > maximum allowed batch size {server.most}")
    data = []
    for at, one in enumerate(inputs):
        vector = 10 * _vector(server, request, one)
        row = vector.tolist()
        if encoding == "base64" and not server.ignores_format:
            row = base64.b64encode(vector.astype("<f4").tobytes()).decode()
        data.append({"object": "embedding", "index": at, "embedding": row})
    # The order of an answer is its indices', not that of its list.
    return {"object": "list", "model": request["model"], "data": data[::-1]}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        server = self.server.embeddings
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.requests.append(request)
            server.headers.append(dict(self.headers))
            server.open += 1
            server.most_open = max(server.most_open, server.open)
            fault = server.faults.pop(0) if server.faults else server.always
            server.lock.notify_all()
            server.lock.wait_for(lambda: server.most_open >= server.together, 10)
        try:
            self._answer(server, request, fault)
        finally:
            with server.lock:
                server.open -= 1

    def _answer(self, server, request, fault):
        if isinstance(fault, tuple):
            status, said, *headers = fault
            self._send(status, {"error": {"message": said}}, dict(headers))
        elif fault == "drop":
            self.close_connection = True
            self.connection.close()
        elif fault == "hang":
            server.released.wait(60)
        elif fault == "page":
            self._write(200, "text/html", b"<h1>Log in</h1>", {})
        else:
            try:
                made = answer(server, request)
            except RefusedError as refused:
                self._send(400, {"error": {"message": str(refused)}}, {})
            else:
                self._send(200, fault(made) if callable(fault) else made, {})

    def _send(self, status, body, headers):
        said = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._write(status, "application/json", said, {"retry-after-ms": "1", **headers})

    def _write(self, status, kind, body, headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def serve_embeddings(server, port=0):
    """Run an embedding server until it is stopped; return it."""
    server.running = _Server(("127.0.0.1", port), _Handler)
    server.running.embeddings = server
    server.address = f"http://127.0.0.1:{server.running.server_port}/v1"
    threading.Thread(target=server.running.serve_forever, args=(0.01,), daemon=True).start()
    return server


def unit(vectors):
    """Return vectors at length 1."""
    array = np.asarray(vectors, dtype=np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


@contextlib.contextmanager
def serving(monkeypatch):
    """Give a function that runs servers, and stop them in the end; clients hardly pause."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    made = []

    def serve(port=0, **options):
        made.append(serve_embeddings(EmbeddingServer(**options), port))
        return made[-1]

    yield serve
    for server in made:
        server.stop()


def known(server, way="", modalities=("text",)):
    """Return the embedder as a collection reopens it: nothing has to be found out."""
    mark = f"#{way}" if way else ""
    address = f"openai:toy@{server.address}{mark}"
    return again(SpaceSpec(address, address, DIM, frozenset(modalities)))
