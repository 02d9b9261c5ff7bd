"""Answers over a real connection to a server that speaks OpenAI's protocol, and its faults."""

from __future__ import annotations

import json

import pytest
from tiny_language import ChatServer, serve, whole

from mmrag_jupyter.answers import generate
from mmrag_jupyter.errors import MmragError, ModelError
from mmrag_jupyter.models import language_server

KEY = "sk-verysecret-0123456789abcdef"
QUESTION = "What is the sole made of?"


@pytest.fixture
def ask(shop, server, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", KEY)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)

    def ask(question=QUESTION, **options):
        return shop.ask(
            question, llm="openai:tiny", base_url=server.address, key_env="SHOP_KEY", **options
        )

    return ask


def test_an_answer_streams_from_the_server(ask, server):
    server.script = [["Cork ", "[", "1", "]."]]
    made = ask(stream=True)
    assert len(list(made)) > 1
    answer = made.answer
    assert answer.text == "Cork [1]."
    assert answer.citations[0].item == "a1"
    assert answer.model == f"openai:tiny at {server.address.split('/')[2]}"
    [request] = server.requests
    assert request["stream"] is True
    assert request["model"] == "tiny"
    assert [message["role"] for message in request["messages"]] == ["system", "user"]


def test_pictures_are_sent_as_data(ask, server):
    ask()
    parts = server.requests[0]["messages"][1]["content"]
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert pictures
    assert pictures[0].startswith("data:image/jpeg;base64,")


def test_a_server_that_takes_no_pictures_is_asked_with_texts(ask, server):
    server.script = [(400, "this model does not support image input"), ["Cork [1]."]]
    answer = ask()
    assert answer.text == "Cork [1]."
    assert any("takes no pictures" in notice for notice in answer.notices)
    assert "image_url" not in json.dumps(server.requests[1])


@pytest.mark.parametrize(
    ("fault", "tries", "said"),
    [
        ((401, "Incorrect API key provided: " + KEY), 1, r"refused the key \(401\)"),
        ((403, "no"), 1, r"refused the key \(403\)"),
        ((404, "model 'tiny' not found"), 1, r"no such model or address \(404\): model 'tiny'"),
        ((429, "slow down"), 4, r"busy, or the quota is used up \(429, tried 4 times\): slow"),
        ((503, "overloaded"), 4, r"the server failed \(503, tried 4 times\): overloaded"),
        ((429, "slow down", [("retry-after", "3600")]), 1, r"\(429\).*wait 3,600 seconds"),
        ((400, "bad " + KEY), 1, r"did not take the question \(400\): bad …"),
        ((302, "", [("location", "/login")]), 1, r"web page and no answer; is this its address"),
        ("<h1>Log in</h1>", 1, r"web page and no answer; is this its address"),
        (["<garbage>"], 1, r"the server's answer cannot be read: Expecting"),
        ("drop", 4, "cannot be reached"),
    ],
)
def test_faults_are_one_line_after_the_tries_they_are_worth(ask, server, fault, tries, said):
    server.script = [fault]
    with pytest.raises(ModelError, match=said) as caught:
        ask(modality="text", where="sku == 'a1'", k=1)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(server.requests) == tries


def test_a_server_that_recovers_is_not_noticed(ask, server):
    server.script = [(429, "slow down"), (500, "oops"), "drop", ["Cork [1]."]]
    answer = ask()
    assert (answer.text, answer.state) == ("Cork [1].", "complete")
    assert len(server.requests) == 4


@pytest.mark.parametrize("first", [[], [(400, "stream is not supported")]])
def test_a_server_that_does_not_stream_answers_as_a_whole(ask, server, first):
    server.script = [*first, whole("Cork [1].")]
    answer = ask()
    assert (answer.text, answer.state) == ("Cork [1].", "complete")
    assert server.requests[-1].get("stream") is not True


def test_a_server_may_have_an_address_of_ipv6(shop):
    chat = ChatServer()
    try:
        running = serve(chat, "::1")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    answer = shop.ask(QUESTION, llm="openai:tiny", base_url=chat.address)
    running.shutdown()
    running.server_close()
    assert answer.citations[0].item == "a1"
    assert answer.model.startswith("openai:tiny at [::1]:")


@pytest.mark.parametrize("key", [KEY, "plain old words"])
def test_a_key_that_the_server_repeats_is_struck_everywhere(ask, server, monkeypatch, key):
    monkeypatch.setenv("SHOP_KEY", key)
    server.script = [["You sent ", *key, " [1]", "."]]
    made = ask(stream=True)
    pieces = list(made)
    assert made.answer.text == "You sent … [1]."
    assert not [piece for piece in pieces if key[:6] in piece]
    server.script = [(400, f"you sent {key}")]
    with pytest.raises(ModelError, match="you sent …"):
        ask(fresh=True)


def test_a_stream_that_is_cut_keeps_its_text(ask, server):
    server.script = [["Cork [1] ", "is ", "<cut>"]]
    answer = ask()
    assert answer.text == "Cork [1] is"
    assert answer.state == "stopped"
    assert any("broke off" in notice for notice in answer.notices)
    assert not ask().cached


def test_a_stream_that_ends_at_the_limit_says_so(ask, server):
    server.script = [["Cork [1]", ""]]
    answer = ask()
    assert answer.text == "Cork [1]"
    assert any("limit" in notice for notice in answer.notices)


def test_a_slow_server_is_given_up(ask, server, monkeypatch):
    monkeypatch.setattr(language_server, "PATIENCE", 0.2)
    monkeypatch.setattr(generate, "_TICK", 0.05)
    server.script = ["hang"]
    with pytest.raises(ModelError, match=r"wrote nothing for 0 seconds|did not answer in time"):
        ask()
    server.released.set()


def test_a_slow_server_can_be_stopped_at_once(ask, server):
    server.script = [["Cork [1] ", "<wait>", "never"]]
    made = ask(stream=True)
    for _ in made:
        made.stop()
        break
    assert made.answer.text == "Cork [1]"
    server.released.set()


def test_nobody_there_is_one_line(shop):
    with pytest.raises(ModelError, match=r"cannot be reached.*is it running"):
        shop.ask(QUESTION, llm="openai:tiny", base_url="http://127.0.0.1:9/v1")


def test_an_empty_answer_leaves_the_quotes(ask, server):
    server.script = [[]]
    answer = ask()
    assert answer.extracted
    assert any("wrote nothing" in notice for notice in answer.notices)


def test_the_key_reaches_the_server_and_nothing_else(ask, shop, server, capfd):
    answer = ask()
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    shown = [repr(answer), str(answer), answer.prompt, json.dumps(answer._repr_mimebundle_())]
    llm = language_server.on_server("tiny", server.address, "SHOP_KEY").llm
    shown += [repr(llm), str(llm), llm.model_dump_json(), str(llm.to_dict()), str(vars(llm))]
    shown += [json.dumps(server.requests)]
    for fault in ((401, f"Incorrect API key provided: {KEY}"), (500, f"key {KEY}"), "drop"):
        server.script = [fault]
        with pytest.raises(MmragError) as caught:
            ask(fresh=True)
        error = caught.value
        shown += [str(error), repr(error), "".join(error._render_traceback_())]
    files = [path for path in shop.folder.rglob("*") if path.is_file()]
    assert any(path.parent.name == "answers" for path in files)
    kept = [path.read_bytes() for path in files]
    out, err = capfd.readouterr()
    assert not [text for text in [*shown, out, err] if KEY in text]
    assert not [data for data in kept if KEY.encode() in data]


def test_openais_key_goes_to_no_other_server(shop, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    shop.ask(QUESTION, llm="openai:tiny", base_url=server.address)
    assert KEY not in server.headers[0]["Authorization"]


def test_a_server_named_in_the_environment_gets_the_key_beside_it(shop, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    shop.ask(QUESTION, llm="openai:tiny")
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
