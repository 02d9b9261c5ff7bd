"""What a server of embeddings can do wrong, and the one line that it comes to."""

from __future__ import annotations

import numpy as np
import pytest
from embedding_server import known, serving, unit
from toys import words_vector

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import checked, remote_requests
from mmrag_jupyter.models.named import embedder

KEY = "sk-verysecret-0123456789abcdef"


@pytest.fixture
def serve(monkeypatch):
    with serving(monkeypatch) as serve:
        yield serve


def first(change):
    """Return a fault that changes an answer's data."""

    def changed(answer):
        return {**answer, "data": change(answer["data"])}

    return changed


def put(value):
    return first(lambda data: [{**one, "embedding": value} for one in data])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (first(lambda data: data[:1]), "returned 1 vectors for 2 inputs"),
        (first(lambda data: [{**one, "index": 0} for one in data]), "numbers its vectors"),
        (put([float("nan")] * 24), "returned NaN in row 0 of 2"),
        (put([0.0] * 24), "returned a zero vector in row 0 of 2"),
        (put([1.0] * 5), "returned vectors of 5 numbers; its dim says 24"),
        (put("not base64!"), "no vector: neither numbers nor base64"),
        (put("AAA="), "no vector: neither numbers nor base64"),
        (put(None), "returned 'None', which is no vector"),
        (put([None] * 24), "NaN|array of numbers"),
        (lambda _: {"oops": 1}, "no list of vectors; is this an embedding server"),
        (lambda _: b"{garbage", "answer cannot be read"),
        ("page", "sent a web page and no answer"),
        ((401, f"Incorrect API key: {KEY}"), r"refused the key \(401\)"),
        ((403, "no"), r"refused the key \(403\)"),
        ((404, "model 'toy' not found"), r"no such model or address \(404\): model 'toy'"),
        ((400, f"odd {KEY}"), r"did not take the question \(400\): odd …"),
        ((429, "slow down", ("retry-after", "3600"), ("retry-after-ms", "")), "wait 3,600 seconds"),
    ],
)
def test_a_fault_is_one_line_and_is_not_tried_again(serve, monkeypatch, fault, said):
    monkeypatch.setenv("SOME_KEY", KEY)
    server = serve(always=fault)
    with pytest.raises(ModelError, match=said) as caught:
        checked(known(server), "text", ["one", "two"])
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert str(caught.value).startswith(f"openai:toy@{server.address}")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((429, "slow down"), r"\(429, tried 4 times\): slow down"),
        ((500, "oops"), r"the server failed \(500, tried 4 times\)"),
        ((503, "loading"), r"the server failed \(503, tried 4 times\)"),
        ("drop", "cannot be reached"),
    ],
)
def test_what_may_pass_is_tried_four_times(serve, fault, said):
    server = serve(always=fault)
    with pytest.raises(ModelError, match=said):
        known(server).embed_text(["one"], query=False)
    assert len(server.requests) == 4


def test_a_server_that_recovers_is_not_noticed(serve):
    server = serve(faults=[(429, "slow down"), (503, "loading"), "drop"])
    np.testing.assert_allclose(
        known(server).embed_text(["red"], query=False), unit([words_vector("red")]), atol=1e-5
    )


def test_a_silent_server_is_given_up(serve, monkeypatch):
    monkeypatch.setattr(remote_requests, "PATIENCE", 0.05)
    server = serve(always="hang")
    with pytest.raises(ModelError, match="did not answer in time"):
        known(server).embed_text(["red"], query=False)


def test_nobody_there_is_one_line(serve):
    del serve  # it makes the pauses short
    with pytest.raises(ModelError, match=r"cannot be reached.*is it running"):
        _ = embedder("openai:toy@http://127.0.0.1:9/v1").dim


def test_a_busy_server_is_not_taken_for_one_that_takes_no_pictures(serve):
    server = serve(takes="chat", faults=[None, (429, "slow down"), (429, "slow down")])
    found = embedder(f"openai:toy@{server.address}")
    with pytest.raises(ModelError, match="429"):
        _ = found.modalities
    assert found.modalities == {"text", "image"}
