"""Embedders on real servers of the loopback: what they take, in which order, and their faults."""

from __future__ import annotations

import base64
import io
import os
import signal
import sys
import threading
from collections import Counter

import numpy as np
import pytest
from embedding_server import known, serving
from PIL import Image
from toys import picture, picture_vector, words_vector

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import SpaceSpec, checked, remote_requests
from mmrag_jupyter.models.named import again, embedder
from mmrag_jupyter.models.remote import edge_of

KEY = "sk-verysecret-0123456789abcdef"
TEXTS = [f"shoe number {at} of many" for at in range(200)]
PROBE = 3  # requests to a server that takes no pictures


@pytest.fixture
def serve(monkeypatch):
    with serving(monkeypatch) as serve:
        yield serve


def model(server, name="toy"):
    return embedder(f"openai:{name}@{server.address}")


def test_texts_are_embedded_in_their_order_and_at_length_one(serve):
    server = serve()
    found = model(server)
    vectors = found.embed_text(TEXTS, query=False)
    np.testing.assert_allclose(vectors, [words_vector(text) for text in TEXTS], atol=1e-5)
    assert vectors.dtype == np.float32
    assert (found.dim, found.modalities) == (24, {"text"})
    assert {request["model"] for request in server.requests} == {"toy"}


def test_questions_are_sent_as_documents_are(serve):
    found = known(serve())
    both = [found.embed_text(["red shoe"], query=query) for query in (True, False)]
    np.testing.assert_array_equal(*both)


def test_nothing_is_sent_before_something_is_needed(serve):
    server = serve()
    model(server)
    found = known(server)
    assert (found.dim, found.modalities, found.image_edge) == (24, {"text"}, 768)
    assert found.name == found.address == f"openai:toy@{server.address}"
    assert not server.requests
    found.embed_text(["red"], query=True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("takes", "way", "requests"), [("", "", 3), ("chat", "chat", 3), ("image", "image", 4)]
)
def test_a_probe_finds_out_how_a_server_takes_pictures(serve, takes, way, requests):
    server = serve(takes=takes)
    found = model(server)
    assert found.modalities == ({"text", "image"} if way else {"text"})
    assert found.name == f"openai:toy@{server.address}" + (f"#{way}" if way else "")
    assert len(server.requests) == requests


def test_a_server_that_reads_a_picture_as_a_text_takes_none(serve):
    assert model(serve(takes="anything")).modalities == {"text"}


@pytest.mark.parametrize("way", ["chat", "image"])
@pytest.mark.parametrize("nested", [True, False])
def test_pictures_go_the_way_that_the_server_takes(serve, way, nested):
    server = serve(takes=way, nested_chats=nested)
    found = model(server)
    pictures = [picture(colour, (40, 40)) for colour in ("red", "green", "blue", "white")] * 6
    vectors = checked(found, "image", pictures)
    np.testing.assert_allclose(vectors, [picture_vector(one) for one in pictures], atol=0.02)
    texts = checked(found, "text", TEXTS[:70])
    np.testing.assert_allclose(texts, [words_vector(text) for text in TEXTS[:70]], atol=1e-5)


def test_texts_beside_pictures_are_sent_as_chats_where_pictures_are(serve):
    server = serve(takes="chat")
    known(server, "chat", ("text", "image")).embed_text(["red"], query=True)
    [request] = server.requests
    assert request["messages"] == [{"role": "user", "content": [{"type": "text", "text": "red"}]}]


def test_a_picture_is_sent_no_larger_than_the_model_looks_at(serve):
    server = serve(takes="image")
    found = known(server, "image", ("text", "image"))
    found.image_edge = 100
    sent = [picture("red", size) for size in ((400, 300), (50, 60), (4000, 100), (3000, 2))]
    found.embed_image(sent)
    data = [base64.b64decode(one.partition(",")[2]) for one in server.inputs]
    opened = [Image.open(io.BytesIO(one)) for one in data]
    assert [one.size for one in opened] == [(133, 100), (50, 60), (400, 10), (400, 1)]
    assert {one.format for one in opened} == {"JPEG"}
    assert server.requests[0]["modality"] == "image"


@pytest.mark.parametrize(
    ("name", "edge"),
    [
        ("openai/clip-vit-base-patch32", 224),
        ("openai/clip-vit-large-patch14-336", 336),
        ("google/siglip2-so400m-patch14-384", 384),
        ("google/siglip2-base-patch32-256", 256),
        ("Qwen/Qwen3-VL-Embedding-2B", 768),
        ("default", 768),
    ],
)
def test_the_edge_is_that_of_the_models_family(name, edge):
    assert edge_of(name) == edge


@pytest.mark.parametrize("options", [{"floats_only": True}, {"ignores_format": True}, {}])
def test_vectors_may_come_as_numbers_or_as_base64(serve, options):
    server = serve(**options)
    server.together = 4
    vectors = known(server).embed_text(TEXTS, query=False)
    np.testing.assert_allclose(vectors, [words_vector(text) for text in TEXTS], atol=1e-5)
    assert server.requests[0]["encoding_format"] == "base64"


def test_batches_are_bounded_in_number_and_bytes(serve):
    server = serve(longest=10**6)
    long = ["word " * 20_000] * 3  # 100 KB each
    known(server).embed_text([*TEXTS, *long], query=False)
    sizes = [len(request["input"]) for request in server.requests]
    assert sum(sizes) == len(TEXTS) + 3
    assert max(sizes) <= 64
    assert sum("word word" in one for request in server.requests for one in request["input"]) == 3
    heavy = [r for r in server.requests if any("word word" in one for one in r["input"])]
    assert len(heavy) == 3


def test_no_more_requests_are_open_than_the_bound(serve, monkeypatch):
    assert remote_requests.OPEN == 8
    monkeypatch.setattr(remote_requests, "OPEN", 2)
    server = serve(together=2)
    texts = [f"{text} {at}" for at in range(30) for text in TEXTS[:64]]
    known(server).embed_text(texts, query=False)
    assert len(server.requests) == 30
    assert server.most_open == 2


def test_a_batch_that_is_too_large_is_halved_and_the_size_remembered(serve):
    server = serve(most=20)
    found = known(server)
    vectors = found.embed_text(TEXTS[:64], query=False)
    np.testing.assert_allclose(vectors, [words_vector(text) for text in TEXTS[:64]], atol=1e-5)
    sizes = Counter(len(request["input"]) for request in server.requests)
    assert sizes == {64: 1, 32: 2, 16: 4}
    server.requests.clear()
    found.embed_text(TEXTS[:64], query=False)
    assert {len(request["input"]) for request in server.requests} == {16}


def test_a_batch_that_is_refused_as_too_large_by_its_bytes_is_halved(serve):
    server = serve(faults=[(413, "")])
    vectors = known(server).embed_text(TEXTS[:6], query=False)
    np.testing.assert_allclose(vectors, [words_vector(text) for text in TEXTS[:6]], atol=1e-5)
    assert [len(request["input"]) for request in server.requests] == [6, 3, 3]


def test_a_text_that_is_longer_than_the_model_reads_is_cut(serve):
    server = serve(longest=100)
    long = "shoe " * 60
    vectors = known(server).embed_text(["red", long, "blue"], query=False)
    expected = [words_vector("red"), words_vector(long[:75]), words_vector("blue")]
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_a_text_without_a_character_is_sent_as_a_blank(serve):
    server = serve()
    known(server).embed_text([""], query=False)
    assert server.inputs == [" "]


def test_an_interrupt_stops_at_once_and_closes_the_connections(serve, monkeypatch):
    monkeypatch.setattr(remote_requests, "OPEN", 4)
    server = serve(always="hang")
    found = known(server)

    def interrupt():
        with server.lock:
            server.lock.wait_for(lambda: server.open == 4)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        found.embed_text(TEXTS, query=False)
    thread.join()
    # The server still holds its four; the way is free again nevertheless.
    server.always = None
    vectors = []
    again = threading.Thread(target=lambda: vectors.append(found.embed_text(["red"], query=False)))
    again.start()
    again.join(30)
    assert len(vectors) == 1


def test_the_key_goes_to_its_server_and_is_read_anew(serve, monkeypatch):
    server = serve()
    address = f"openai:toy@{server.address}#key=SHOP_KEY"
    found = again(SpaceSpec(f"openai:toy@{server.address}", address, 24, frozenset({"text"})))
    monkeypatch.delenv("SHOP_KEY", raising=False)
    with pytest.raises(ModelError, match="'SHOP_KEY' is not set"):
        found.embed_text(["red"], query=True)
    for key in (KEY, "another-key"):
        monkeypatch.setenv("SHOP_KEY", key)
        found.embed_text(["red"], query=True)
        assert server.headers[-1]["Authorization"] == f"Bearer {key}"
    assert found.address == address
    assert KEY not in repr(vars(found))


def test_openais_key_goes_to_no_other_server(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = serve()
    known(server).embed_text(["red"], query=True)
    assert KEY not in server.headers[0]["Authorization"]


def test_a_missing_package_is_told_with_what_installs_it(serve, monkeypatch):
    server = serve()
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ModelError, match=r'pip install "mmrag-jupyter\[openai\]"'):
        known(server).embed_text(["red"], query=False)


def test_threads_find_out_once(serve):
    server = serve(together=0)
    found = model(server)
    threads = [threading.Thread(target=lambda: found.dim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == PROBE
