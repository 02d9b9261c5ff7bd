"""Clients of servers are kept for the next question, and leave nothing open when they are not."""

from __future__ import annotations

import gc

import pytest
from tiny_language import ChatServer, serve, whole

from mmrag_jupyter.models import language_client


@pytest.fixture
def address():
    chat = ChatServer(script=[whole("Yes")])
    server = serve(chat)
    yield chat.address
    server.shutdown()
    server.server_close()


def test_the_same_server_and_key_have_the_same_client(address, monkeypatch):
    monkeypatch.setenv("ONE_KEY", "a")
    client = language_client.client(address, "ONE_KEY", 5)
    assert language_client.client(address, "ONE_KEY", 5) is client
    monkeypatch.setenv("ONE_KEY", "b")
    assert language_client.client(address, "ONE_KEY", 5) is not client


def test_connections_of_a_client_that_made_room_are_closed_once_nobody_uses_it(address):
    client = language_client.client(address, "", 5)
    asked = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
    assert client.chat.completions.create(**asked).choices[0].message.content == "Yes"
    connections = client._client
    for port in range(1, 9):
        language_client.client(f"http://127.0.0.1:{port}/v1", "", 5)
    gc.collect()
    assert not connections.is_closed
    assert client.chat.completions.create(**asked).choices
    del client
    gc.collect()
    assert connections.is_closed
