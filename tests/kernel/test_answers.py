"""`%mmrag ask` and `%mmrag chat` in a real kernel, with a server that speaks OpenAI's protocol."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tiny_language import ChatServer, serve

PATIENCE = 120  # seconds; a busy machine, never a measure of speed
MIME = "application/vnd.mmrag.answer.v1+json"


@pytest.fixture
def server():
    chat = ChatServer()
    running = serve(chat)
    yield chat
    chat.released.set()
    running.shutdown()
    running.server_close()


def ask(server, question="which shoes are for running?", options=""):
    return f"%%mmrag ask --llm openai:tiny --base-url {server.address} {options}\n{question}\n"


def test_a_question_needs_no_quotes_and_may_end_in_a_question_mark(kernel):
    ran = kernel.ok("%mmrag ask which shoes are for running?")
    assert ran.result.keys() >= {MIME, "text/html", "text/plain"}
    assert "[1]" in ran.text
    assert ran.result[MIME]["sources"][0]["item"] == "A-1"
    kernel.ok("answer = %mmrag ask which jacket is for rain? --out same")
    told = kernel.ok("answer.citations[0].item, same is answer, list(answer.to_pandas()['item'])")
    assert told.text == "('A-2', True, ['A-2'])"


def test_help_on_the_magic_is_still_there(kernel):
    assert "ask" in kernel.inspect("%mmrag")
    ran = kernel.ok("%mmrag help ask")
    assert "--strict" in ran.text


def test_an_answer_streams_into_one_place_and_is_shown_once(kernel, server):
    server.script = [["Shoes ", "for ", "running ", "[", "1", "] ", "or [", "9]."]]
    ran = kernel.ok(ask(server))
    kinds = [kind for kind, _, _ in ran.displays]
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    assert len({name for _, name, _ in ran.displays}) == 1
    assert "is reading" in ran.displays[0][2]["text/html"]
    # What was streamed gives way to the answer itself.
    assert ran.displays[-1][2] == {"text/html": "", "text/plain": ""}
    assert "Shoes for running [1] or ~~[9]~~." in ran.text
    assert kernel.ok("_.text").text == "'Shoes for running [1] or ~~[9]~~.'"


def test_assigned_the_answer_stays_where_it_was_streamed(kernel, server):
    line = f"%mmrag ask which shoes run? --llm openai:tiny --base-url {server.address}"
    ran = kernel.ok(f"answer = {line}")
    assert not ran.result
    assert MIME in ran.displays[-1][2]
    silent = kernel.ok(f"{line} --fresh;")
    assert not silent.result
    assert silent.displays[-1][2] == {"text/html": "", "text/plain": ""}


def test_an_interrupt_keeps_the_text_so_far(kernel, server):
    server.script = [["Shoes ", "[1] ", "<wait>", "never"]]
    ran = SimpleNamespace(result={}, error={})

    def heed(message):
        kind, content = message["msg_type"], message["content"]
        shown = content.get("data", {}).get("text/plain", "")
        if kind in {"display_data", "update_display_data"} and "Shoes" in shown:
            kernel.manager.interrupt_kernel()
        elif kind == "execute_result":
            ran.result = content["data"]
        elif kind == "error":
            ran.error = content

    reply = kernel.client.execute_interactive(
        ask(server, options="--fresh"), output_hook=heed, timeout=PATIENCE
    )
    server.released.set()
    assert reply["content"]["status"] == "ok", ran.error
    assert ran.result[MIME]["state"] == "stopped"
    assert ran.result[MIME]["text"] == "Shoes [1]"
    assert kernel.ok("%mmrag ask which shoes are for running?").result


def test_a_refused_key_is_one_line_and_stops_run_all(kernel, server):
    key = "sk-kernel-secret-0123456789"
    kernel.ok(f"import os; os.environ['SHOP_KEY'] = {key!r}")
    server.script = [(401, f"Incorrect API key provided: {key}")]
    ran = kernel.run(ask(server, options="--key-env SHOP_KEY --fresh"))
    assert ran.status == "error"
    assert ran.error["ename"] == "ModelError"
    assert "refused the key (401)" in ran.error["evalue"]
    assert len(ran.error["traceback"]) == 1
    everything = (
        json.dumps([ran.error, ran.displays, ran.result, ran.reply]) + ran.stdout + ran.stderr
    )
    assert key not in everything


def test_written_answers_are_kept_over_a_restart(kernel, server):
    kernel.ok(ask(server, "which hat is green?"))
    again = kernel.ok(ask(server, "which hat is green?"))
    assert again.result[MIME]["cached"] is True
    assert len(server.requests) == 1


def test_chat_keeps_what_was_said_and_forgets_it(kernel):
    first = kernel.ok("%mmrag chat --new which jacket is for rain?")
    assert first.result[MIME]["sources"][0]["item"] == "A-2"
    second = kernel.ok("%mmrag chat and the price?")
    assert second.result[MIME]["question"] == "and the price?"
    assert second.result[MIME]["sources"][0]["item"] == "A-2"
    assert "price: 120" in second.result[MIME]["text"]
    assert kernel.ok("%mmrag chat --new").text == "A new conversation with collection 'products'."


def test_settings_say_who_answers(kernel, server):
    kernel.ok(f"%config Mmrag.llm = 'openai:tiny'\n%config Mmrag.base_url = {server.address!r}")
    try:
        told = kernel.ok("%mmrag ask which hat is for sun?")
        assert told.result[MIME]["model"].startswith("openai:tiny at 127.0.0.1")
        assert kernel.ok("%mmrag ask which hat is for sun? --llm none").result[MIME]["model"] == ""
    finally:
        kernel.ok("%config Mmrag.llm = None\n%config Mmrag.base_url = None")


def test_a_variable_with_a_language_model_answers(kernel):
    kernel.ok("from llama_index.core.llms import MockLLM\nwriter = MockLLM(is_chat_model=True)")
    ran = kernel.ok("%mmrag ask which hat is for sun? --llm writer")
    assert ran.result[MIME]["model"] == "MockLLM"


def test_a_wrong_model_is_one_line(kernel):
    ran = kernel.run("%mmrag ask which hat is for sun? --llm gpt-4o")
    assert ran.error["ename"] == "ModelError"
    assert "is no address of a language model" in ran.error["evalue"]
