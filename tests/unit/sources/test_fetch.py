from __future__ import annotations

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.fetch import fetch
from mmrag_jupyter.sources.images import media_bytes, media_digest, open_image


def png():
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, "PNG")
    return out.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Answers as the path asks; `over` ends the answers that would go on for ever.

    `left` is set when the asker of a redirect has hung up.
    """

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.seen.append((self.path, self.headers.get("User-Agent")))
        getattr(self, "answer_" + self.path.strip("/").partition("?")[0].partition("/")[0])()

    def send(self, code=200, body=b"", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_png(self):
        body = png()
        self.send(body=body, Content_Length=str(len(body)))

    def answer_html(self):
        self.send(body=b"<!doctype html><p>no", Content_Type="image/png")

    def answer_missing(self):
        self.send(404, b"x" * 10)

    def answer_announced(self):
        self.send(body=b"x", Content_Length="99999999999")

    def answer_short(self):
        self.send(body=b"abc", Content_Length="100")

    def answer_endless(self):
        self.send()
        self.go_on(b"x" * 65536)

    def answer_trickle(self):
        self.send(Content_Length="1000000")
        self.go_on(b"x", pause=0.02)

    def answer_trickling_headers(self):
        self.wfile.write(b"HTTP/1.0 200 OK\r\n")
        self.go_on(b"X-Header: y\r\n", pause=0.02, most=90)
        self.over.wait(20)

    def answer_silent(self):
        self.over.wait(20)

    def answer_garbage(self):
        self.wfile.write(b"\x00\x01 no http at all\r\n\r\n")

    def answer_to(self):
        self.send(302, Location=self.path.partition("?")[2])
        self.wfile.flush()
        self.rfile.read(1)  # returns when the other side hangs up
        self.left.set()

    def answer_around(self):
        self.send(302, Location="/around")

    def answer_endless_redirect(self):
        self.send(302, Location="/png")
        self.go_on(b"x" * 65536)

    def go_on(self, block, pause=0.0, most=10**9):
        try:
            for _ in range(most):
                self.wfile.write(block)
                if self.over.wait(pause) if pause else self.over.is_set():
                    return
        except OSError:
            pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    events = {"over": threading.Event(), "left": threading.Event()}
    Mine = type("Mine", (Handler,), {**events, "seen": []})  # noqa: N806
    running = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    running.url = f"http://127.0.0.1:{running.server_port}/"
    yield running
    Mine.over.set()
    running.shutdown()
    running.server_close()
    thread.join()


def refused(url, **options):
    with pytest.raises(SourceError) as raised:
        fetch(url, **options)
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_a_picture_is_fetched(server):
    media = Media(url=server.url + "png")
    assert fetch(media.url) == media_bytes(media) == png()
    assert open_image(media).size == (3, 2)
    assert media_digest(media) == media_digest(Media(data=png()))
    assert server.RequestHandlerClass.seen[0] == ("/png", "mmrag-jupyter")


def test_redirects_are_followed(server):
    assert fetch(server.url + "to?/png") == png()
    assert fetch(f"{server.url}to?{server.url}png") == png()


def test_the_body_of_a_redirect_is_not_read(server):
    assert fetch(server.url + "endless_redirect", seconds=20) == png()


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/a.png", "data:image/png,x"]
)
def test_redirects_to_another_scheme_are_refused(server, target):
    with pytest.raises(SourceError, match=r"not allowed|only http and https"):
        fetch(f"{server.url}to?{target}")


def test_a_refused_redirect_leaves_no_connection_open(server):
    with pytest.raises(SourceError) as held:
        fetch(f"{server.url}to?ftp://127.0.0.1/a.png")
    # The error, while somebody holds it, holds the answer.
    assert server.RequestHandlerClass.left.wait(5)
    assert held.value


def test_redirects_that_go_round_end(server):
    assert "answered 302" in refused(server.url + "around")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/y", "gopher://x", "/a.png", "", "data:,x"]
)
def test_other_schemes_are_refused(url):
    assert "only http and https addresses are" in refused(url)


def test_an_error_status_is_told(server):
    assert refused(server.url + "missing") == f"{server.url}missing answered 404 Not Found."


@pytest.mark.parametrize("path", ["announced", "endless"])
def test_what_is_too_large_is_refused_while_it_comes(server, path):
    assert "is larger than 1 MB" in refused(server.url + path, limit=2**20)


def test_an_answer_of_exactly_the_limit_is_taken(server):
    assert fetch(server.url + "png", limit=len(png())) == png()
    assert "larger" in refused(server.url + "png", limit=len(png()) - 1)


@pytest.mark.parametrize("path", ["trickle", "trickling_headers", "silent"])
def test_a_slow_server_is_given_up_on(server, path):
    message = refused(server.url + path, seconds=0.3)
    assert message == f"{server.url}{path} took longer than 0.3 seconds to answer."


def test_an_answer_that_ends_early_is_refused(server):
    assert "ended early: 3 of 100 bytes" in refused(server.url + "short")


def test_garbage_is_one_line(server):
    assert "cannot be re" in refused(server.url + "garbage")


def test_https_is_asked_for_as_such(server):
    url = server.url.replace("http:", "https:") + "png"
    assert "SSL" in refused(url, seconds=5)


def test_nobody_there_is_one_line(server):
    server.shutdown()
    server.server_close()
    assert "cannot be reached" in refused(server.url + "png", seconds=5)


@pytest.mark.parametrize(
    "url", ["http://", "http://[::1", "http://a b/", "http://x:notaport/", "http://\udcff/"]
)
def test_malformed_addresses_are_one_line(url):
    assert refused(url, seconds=2)


def test_spaces_and_letters_in_an_address_are_quoted(server):
    assert fetch(server.url + "png/größe 1.png?q=rød hat&x=%20") == png()
    assert (
        server.RequestHandlerClass.seen[0][0]
        == "/png/gr%C3%B6%C3%9Fe%201.png?q=r%C3%B8d%20hat&x=%20"
    )


def test_a_web_page_in_the_place_of_a_picture_is_told(server):
    with pytest.raises(SourceError, match="is not a picture but a web page"):
        open_image(Media(url=server.url + "html"))


def test_many_at_once(server):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fetch, [server.url + "png"] * 40)) == {png()}
