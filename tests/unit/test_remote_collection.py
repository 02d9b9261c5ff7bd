"""Collections whose embedder is on a server: loaded, reopened, asked, and gone on with."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from embedding_server import serving
from toys import write_pictures

from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.session import Session

KEY = "sk-verysecret-0123456789abcdef"


@pytest.fixture
def serve(monkeypatch):
    with serving(monkeypatch) as serve:
        yield serve


@pytest.fixture
def reopened(tmp_path):
    """Return a new session over the same folder, as after a restart of the kernel."""
    return lambda **settings: Session(Config(root=str(tmp_path / ".mmrag"), **settings))


def texts(count, word="shoe"):
    return pd.DataFrame({"about": [f"{word} number {at}" for at in range(count)]})


def shoes(server):
    """Return the texts that it embedded, without what it was probed with."""
    return [one for one in server.inputs if isinstance(one, str) and one.startswith("shoe")]


def load(session, server, source, name="shop", **options):
    options = {"text": "about", "model": "openai:toy", "base_url": server.address} | options
    return session.load(source, name, progress=False, **options)


def test_a_table_is_loaded_and_found_by_meaning(serve, reopened):
    server = serve()
    shop = load(reopened(), server, texts(300))
    assert shop.query("shoe number 7", weights={"lexical": 0}, k=1).ids == ["7"]
    assert shop.models()[0].name == f"openai:toy@{server.address}"


def test_it_is_reopened_without_a_request_and_asked_with_one(serve, reopened):
    server = serve()
    load(reopened(), server, texts(10))
    server.requests.clear()
    again = reopened().collection("shop")
    again.info()
    again.check_models()
    again.items(where="about like '%3%'")
    assert not server.requests
    assert again.query("shoe number 7", k=1).ids == ["7"]
    assert server.inputs == ["shoe number 7"]


def test_without_its_server_it_opens_and_a_question_is_one_line(serve, reopened):
    server = serve()
    load(reopened(), server, texts(10))
    server.stop()
    again = reopened().open("shop")
    assert len(again.items()) == 10
    assert "openai:toy" in repr(again.info())
    with pytest.raises(
        ModelError, match=r"openai:toy@http://127.*cannot be reached.*is it running"
    ):
        again.query("shoe number 7")
    assert again.query(like="7", k=1).ids != []


def test_a_load_goes_on_after_its_server_died(serve, reopened):
    dead = serve()
    session = reopened()
    dead.faults = [None] * 12 + ["drop"] * 40
    with pytest.raises(ModelError, match="cannot be reached"):
        load(session, dead, texts(2000))
    done = len(session.collection("shop"))
    assert 0 < done < 2000
    dead.stop()
    server = serve(port=urlsplit(dead.address).port)
    shop = load(reopened(), server, texts(2000))
    assert len(shop) == 2000
    embedded = shoes(server)
    assert len(embedded) == len(set(embedded)) == 2000 - done


def test_another_load_with_the_same_words_embeds_only_what_is_new(serve, reopened):
    server = serve()
    load(reopened(), server, texts(10))
    server.requests.clear()
    assert load(reopened(), server, texts(12)).last_load.added == 2
    assert shoes(server) == ["shoe number 10", "shoe number 11"]


def test_another_server_is_another_model(serve, reopened):
    here, there = serve(), serve()
    load(reopened(), here, texts(3))
    with pytest.raises(ModelError, match="This collection finds its text parts by openai:toy@"):
        load(reopened(), there, texts(3))
    shop = load(reopened(), there, texts(3), reembed=True)
    assert shop.models()[0].name == f"openai:toy@{there.address}"


def test_what_an_error_says_to_type_can_be_typed(serve, reopened):
    server = serve()
    load(reopened(), server, texts(3))
    shop = reopened().load(texts(4), "shop", model=f"openai:toy@{server.address}", progress=False)
    assert len(shop) == 4


@pytest.mark.parametrize("takes", ["chat", "image"])
def test_pictures_and_texts_share_a_space(serve, reopened, tmp_path, takes):
    server = serve(takes=takes)
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue"])
    photos = reopened().load(
        folder, "photos", model="openai:toy", base_url=server.address, progress=False
    )
    server.requests.clear()
    photos = reopened().collection("photos")
    assert photos.query(image=folder / "green.png", k=1).ids == ["green.png"]
    assert len(server.requests) == 1


def test_a_server_that_takes_no_pictures_is_told_in_one_line(serve, reopened, tmp_path):
    server = serve()
    folder = write_pictures(tmp_path / "photos", ["red"])
    with pytest.raises(ModelError, match="embeds text, not image; name a model for image with"):
        reopened().load(
            folder, "photos", model="openai:toy", base_url=server.address, progress=False
        )
    photos = reopened().load(
        folder, "photos", text_model="openai:toy", image_model="builtin",
        base_url=server.address, progress=False,
    )  # fmt: skip
    assert len(photos) == 1


def test_the_settings_may_name_the_server(serve, reopened):
    server = serve()
    session = reopened(model="openai:toy", base_url=server.address)
    session.load(texts(3), "shop", progress=False)
    assert server.inputs


def test_the_key_is_kept_nowhere(serve, reopened, monkeypatch, tmp_path):
    monkeypatch.setenv("SHOP_KEY", KEY)
    server = serve()
    shop = load(reopened(), server, texts(3), key_env="SHOP_KEY")
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    shown = repr(shop.info()) + repr(shop.models()) + json.dumps(server.requests)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert KEY not in shown
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    again = reopened().collection("shop")
    monkeypatch.delenv("SHOP_KEY")
    assert len(again) == 3
    with pytest.raises(ModelError, match="'SHOP_KEY' is not set"):
        again.query("shoe number 1")
    monkeypatch.setenv("SHOP_KEY", KEY)
    assert again.query("shoe number 1", k=1).ids == ["1"]


def test_a_model_that_became_another_is_told(serve, reopened):
    server = serve()
    load(reopened(), server, texts(3))
    server.always = lambda made: {
        **made,
        "data": [{**one, "embedding": np.ones(8).tolist()} for one in made["data"]],
    }
    with pytest.raises(ModelError, match="returned vectors of 8 numbers; its dim says 24"):
        reopened().collection("shop").query("shoe number 1")


def test_its_model_may_be_named_without_its_server(serve, reopened, monkeypatch):
    server = serve()
    load(reopened(), server, texts(3))
    server.requests.clear()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    shop = reopened().open("shop", model="openai:toy")
    assert not server.requests
    assert shop.query("shoe number 1", k=1).ids == ["1"]
    assert KEY not in server.headers[-1]["Authorization"]
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelError, match="set the key in the environment"):
        reopened().open("shop", model="openai:another")
