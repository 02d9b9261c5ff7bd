"""Killed in the middle of a load, a server gone, an address wrong, credentials refused."""

from __future__ import annotations

import http.server
import json
import signal
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from served_loader import COUNT, run
from served_places import Place, postgres_store, start
from served_rows import options, products
from toys import ToyEmbedder

from mmrag_jupyter.errors import MissingError, NotFoundError, StoreError
from mmrag_jupyter.served import address_of, connect
from mmrag_jupyter.served.lance import LanceEngine
from mmrag_jupyter.served.layout import Layout
from mmrag_jupyter.served.rows import KEPT_FIELDS


def parts_of(collection):
    store = collection.store
    return sorted(
        row.number("part") for table in store.part_tables() for row in store.engine.scan(
            table, None, ("part",)
        )
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_load_goes_on_where_it_was(place, embedder):
    killed = run("load", place.store, place.folder / "one", 2)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    session = place.session()
    collection = session.open("products", model=embedder)
    there = len(collection)
    assert 0 < there < COUNT
    # What was written of the next items, and not committed, is nowhere seen.
    left = len(parts_of(collection)) - 2 * there
    assert left > 0
    assert len(collection.query("shoe", k=COUNT)) == there
    embedder.texts = embedder.images = 0
    collection.load(products(COUNT), **options(embedder))
    assert len(collection) == COUNT
    assert sorted(collection.store.ids()) == sorted(f"s{at}" for at in range(COUNT))
    assert len(parts_of(collection)) == len(set(parts_of(collection))) == 2 * COUNT
    # The vectors of what was written count, committed or not.
    assert embedder.texts + embedder.images == 2 * (COUNT - there) - left
    here = place.here().load(products(COUNT), "products", **options(ToyEmbedder()))
    for query in ({"text": "red shoe"}, {"text": "number17 bag", "where": "price > 100"}):
        assert collection.query(**query).ids == here.query(**query).ids


@pytest.mark.slow
def test_another_process_finds_the_same(place, embedder):
    session = place.session()
    collection = session.load(products(), "products", store=place.store, **options(embedder))
    address, ids = collection.store.address, collection.query("red shoe", where="price < 1000").ids
    collection.close()
    found = run("read", address, place.folder / "two")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout.splitlines()[-1]) == {"items": 12, "ids": ids, "why": 3}


@pytest.mark.slow
def test_compacting_removes_what_a_killed_load_has_left(place, embedder):
    run("load", place.store, place.folder / "one", 2)
    collection = place.session().open("products", model=embedder)
    assert len(parts_of(collection)) > 2 * len(collection)
    collection.compact()
    assert len(parts_of(collection)) == 2 * len(collection)


@pytest.mark.slow
def test_a_server_that_is_killed_in_the_middle_and_comes_back(postgres, tmp_path):
    place = Place("postgresql", postgres_store(postgres), tmp_path)

    class Killing(ToyEmbedder):
        def embed_image(self, images):
            if self.images > 60 and not killed:
                server = psutil.Process(postgres.get_pid())
                killed.append(server.pid)
                server.send_signal(signal.SIGQUIT)
                psutil.wait_procs([server], timeout=30)
            return super().embed_image(images)

    killed = []
    session, embedder = place.session(), Killing()
    with pytest.raises(StoreError, match=r"PostgreSQL at .* does not answer|terminat") as error:
        session.load(products(COUNT), "products", store=place.store, **options(embedder))
    assert killed
    assert "\n" not in str(error.value)
    start(postgres)
    again = session.load(products(COUNT), "products", store=place.store, **options(embedder))
    assert len(again) == COUNT
    assert len(parts_of(again)) == len(set(parts_of(again))) == 2 * COUNT
    assert again.query("red shoe").ids
    # A connection that the server has let go of is made again without a word.
    server = psutil.Process(postgres.get_pid())
    server.send_signal(signal.SIGQUIT)
    psutil.wait_procs([server], timeout=30)
    again.store.forget()
    with pytest.raises(StoreError, match="does not answer"):
        again.query("red shoe")
    start(postgres)
    assert again.query("red shoe").ids


@pytest.fixture
def nobody():
    """Return a port at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize(
    "address", ["qdrant://127.0.0.1:{}/a", "postgresql://me@127.0.0.1:{}/db/a"]
)
def test_nobody_answers(place_alone, nobody, address):
    with pytest.raises(StoreError, match=rf"127.0.0.1:{nobody}.* does not answer") as error:
        place_alone.session().open(address.format(nobody))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_milvus_that_does_not_answer(place_alone, nobody, monkeypatch):
    from mmrag_jupyter.served import milvus

    monkeypatch.setattr(milvus, "CONNECTS", 1)
    with pytest.raises(StoreError, match=rf"127.0.0.1:{nobody}.* does not answer") as error:
        place_alone.session().open(f"milvus://127.0.0.1:{nobody}/a")
    assert "\n" not in str(error.value)


def test_milvus_that_refuses_is_told_from_one_that_is_gone():
    from pymilvus.exceptions import MilvusException

    from mmrag_jupyter.served.milvus import MilvusEngine

    refused = MilvusException(code=1800, message="auth check failure, please check api key")
    assert "set MILVUS_TOKEN in the environment" in MilvusEngine.explain(refused)
    gone = MilvusException(code=2, message="Fail connecting to server on host:19530")
    assert MilvusEngine.explain(gone).startswith("it does not answer")
    assert MilvusEngine.explain(KeyError("a")) == ""


def test_a_folder_that_cannot_be_made(place_alone, embedder):
    with pytest.raises(StoreError, match=r"LanceDB at lancedb:///proc/nowhere: "):
        place_alone.session().load(
            products(), "a", store="lancedb:///proc/nowhere", **options(embedder)
        )
    with pytest.raises(NotFoundError, match="there is none at all"):
        place_alone.session().open(f"lancedb://{place_alone.folder}/nothing/a")


def test_postgres_refuses_a_password(postgres, tmp_path, monkeypatch):
    import psycopg

    store = postgres_store(postgres)
    with psycopg.connect(postgres.get_uri(), autocommit=True) as db:
        db.execute("CREATE ROLE reader LOGIN PASSWORD 'the right one'")
        rules = Path(db.execute("SHOW hba_file").fetchone()[0])
        rules.write_text(f"local all reader scram-sha-256\n{rules.read_text()}")
        db.execute("SELECT pg_reload_conf()")
    place = Place("postgresql", store.replace("postgres@", "reader@"), tmp_path)
    for password in (None, "a wrong one"):
        monkeypatch.delenv("PGPASSWORD", raising=False)
        if password is not None:
            monkeypatch.setenv("PGPASSWORD", password)
        with pytest.raises(StoreError, match=r"it refuses .* set PGUSER and PGPASSWORD") as error:
            place.session().load(products(), "a", store=place.store, **options(ToyEmbedder()))
        assert "wrong one" not in str(error.value)
        assert "\n" not in str(error.value)
    monkeypatch.setenv("PGPASSWORD", "the right one")
    with pytest.raises(StoreError, match=r"refuses .*permission denied"):
        place.session().load(products(), "a", store=place.store, **options(ToyEmbedder()))


@contextmanager
def refusing():
    """Run a server that refuses whatever is asked of it, and keeps the keys that it was shown."""

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.keys.append(self.headers.get("api-key"))
            self.send_response(403)
            self.end_headers()
            self.wfile.write(b'{"status": {"error": "forbidden"}}')

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.keys = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def test_qdrant_refuses_a_key(place_alone, monkeypatch):
    monkeypatch.setenv("QDRANT_API_KEY", "my secret key")
    with (
        refusing() as server,
        pytest.warns(UserWarning, match="insecure connection"),
        pytest.raises(StoreError, match=r"refuses .status 403.: set QDRANT_API_KEY") as error,
    ):
        place_alone.session().open(f"qdrant://127.0.0.1:{server.server_port}/a")
    assert server.keys[0] == "my secret key"
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("refuses", [True, False])
def test_an_object_store_that_refuses_or_does_not_answer(place_alone, monkeypatch, nobody, refuses):
    for name, value in {
        "ALLOW_HTTP": "true", "REGION": "us-east-1",
        "ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "my secret key",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    said = r"refuses .status 403.: set .*AWS_ACCESS_KEY_ID" if refuses else "does not answer"
    with refusing() as server:
        port = server.server_port if refuses else nobody
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{port}")
        with pytest.raises(StoreError, match=rf"LanceDB at lancedb://s3://b/x: it {said}") as error:
            place_alone.session().open("lancedb://s3://b/x/shop")
    assert "secret key" not in str(error.value)
    assert "\n" not in str(error.value)


def test_object_store_without_credentials_is_told():
    said = (
        'Invalid input, Failed to connect to namespace: IO { source: "Failed to get AWS credentials'
    )
    assert "set the variables" in LanceEngine.explain(ValueError(said))


def test_what_does_not_answer_is_left_with_nothing_open(place_alone, monkeypatch):
    closed = []
    monkeypatch.setattr(LanceEngine, "tables", lambda _: 1 / 0)
    monkeypatch.setattr(LanceEngine, "close", lambda engine: closed.append(engine))  # noqa: PLW0108 - it is a method
    with pytest.raises(ZeroDivisionError):
        place_alone.session().open(f"lancedb://{place_alone.folder}/a")
    assert len(closed) == 1


def test_a_collection_that_was_killed_as_it_was_made_is_begun_anew(place, embedder):
    """Its settings' table is there, and nothing in it."""
    address = address_of(place.store, "products")
    engine = connect.connect(address)
    engine.create(Layout.of("products").kept, KEPT_FIELDS)
    engine.close()
    collection = place.session().load(
        products(2), "products", store=place.store, **options(embedder)
    )
    assert collection.store.state.is_begun()
    assert collection.store.name == "products"
    assert len(collection) == 2


@pytest.mark.parametrize(
    ("address", "extra"),
    [
        ("lancedb:///a/b", "lancedb"), ("qdrant://h/b", "qdrant"), ("milvus://h/b", "milvus"),
        ("postgresql://h/d/b", "postgres"),
    ],
)  # fmt: skip
def test_a_library_that_is_not_installed(place_alone, monkeypatch, address, extra):
    monkeypatch.setattr(connect, "find_spec", lambda _: None)
    with pytest.raises(MissingError, match=rf"pip install 'mmrag-jupyter\[{extra}\]'"):
        place_alone.session().open(address)


@pytest.fixture
def place_alone(tmp_path):
    return Place("", "", tmp_path)
