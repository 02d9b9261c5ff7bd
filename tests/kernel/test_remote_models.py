"""A model on a server, named in a real kernel: loaded, stopped, restarted, and gone."""

from __future__ import annotations

import threading

import pytest
from embedding_server import EmbeddingServer, serve_embeddings

TABLE = (
    "import pandas as pd\n"
    "notes = pd.DataFrame({'body': [f'note number {n} about shoes' for n in range(300)]})\n"
)


@pytest.fixture
def server():
    made = serve_embeddings(EmbeddingServer())
    yield made
    made.stop()


def load(server, name, options=""):
    return (
        f"%mmrag load notes --as {name} --text body --model openai:toy"
        f" --base-url {server.address} {options}"
    )


def test_a_collection_finds_its_server_again_after_a_restart(kernel, server):
    kernel.ok(TABLE)
    kernel.ok(load(server, "remote"))
    kernel.restart()
    kernel.ok("%load_ext mmrag_jupyter")
    asked = len(server.requests)
    assert server.address in kernel.ok("%mmrag info remote").text
    assert len(server.requests) == asked
    kernel.ok("hits = %mmrag query note number 7 about shoes --in remote -k 1 --weights lexical=0")
    assert kernel.ok("hits.ids").text == "['7']"
    assert len(server.requests) == asked + 1
    kernel.ok("models = %mmrag models")
    assert "the server 127.0.0.1" in kernel.ok("models['needs'].str.cat()").text


def test_an_interrupt_stops_a_load_that_waits_for_its_server(kernel, server):
    kernel.ok(TABLE)
    server.faults = [None] * 4
    server.always = "hang"

    def interrupt():
        with server.lock:
            server.lock.wait_for(lambda: len(server.requests) > 4, 60)
        kernel.manager.interrupt_kernel()

    thread = threading.Thread(target=interrupt)
    thread.start()
    ran = kernel.run(load(server, "stopped"))
    thread.join()
    assert ran.error["ename"] == "LoadStoppedError"
    assert "the same command goes on" in ran.error["evalue"].lower()
    server.always = None
    server.released.set()
    kernel.ok(load(server, "stopped"))
    assert "300 text" in kernel.ok("%mmrag info stopped").text


def test_a_server_that_is_not_there_is_one_line(kernel):
    kernel.ok(TABLE)
    line = "%mmrag load notes --as nobody --model openai:toy --base-url http://127.0.0.1:9/v1"
    ran = kernel.run(line)
    assert ran.error["ename"] == "ModelError"
    assert "cannot be reached" in ran.error["evalue"]
    assert len(ran.error["traceback"]) == 1


def test_the_option_is_completed(kernel):
    assert "%mmrag load notes --model openai:" in kernel.complete("%mmrag load notes --model op|")
    assert "%mmrag load notes --base-url" in kernel.complete("%mmrag load notes --base|")
