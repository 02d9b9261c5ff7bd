"""Language models by one address."""

from __future__ import annotations

import sys

import pytest
from llama_index.core.llms import MockLLM

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.language import estimated, language_model
from mmrag_jupyter.models.language_keys import Veil, veiled
from mmrag_jupyter.models.language_server import on_server


@pytest.mark.parametrize("given", [None, "none"])
def test_no_model_is_none(given):
    assert language_model(given) is None


def test_an_object_of_llama_index_is_taken_as_it_is():
    llm = MockLLM(is_chat_model=True)
    found = language_model(llm)
    assert found.llm is llm
    assert found.pictures > 0
    assert language_model(MockLLM()).pictures == 0


def test_only_models_with_a_name_have_an_identity():
    class Named(MockLLM):
        @property
        def metadata(self):
            return super().metadata.model_copy(update={"model_name": "m"})

    short, long = Named(max_tokens=10), Named(max_tokens=20)
    assert language_model(short).identity != language_model(long).identity
    assert language_model(short).identity == language_model(Named(max_tokens=10)).identity
    assert language_model(MockLLM()).identity is None


@pytest.mark.parametrize("given", ["gpt-4o", "http://host/v1", "C:/model", "hf:", "openai: ", ":x"])
def test_what_is_no_address_is_one_line(given):
    with pytest.raises(ModelError, match="is no address of a language model") as caught:
        language_model(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("localhost:11434", "no address of a server"),
        ("ftp://host/v1", "no address of a server"),
        ("http://", "no address of a server"),
        ("http://host:99999999", "no address of a server"),
        ("http://me:sesame@host/v1", "a key does not belong into the server's address"),
        ("http://host/v1?api_key=sesame", "a key does not belong into the server's address"),
    ],
)
def test_a_servers_address_is_checked(address, said):
    with pytest.raises(ModelError, match=said) as caught:
        language_model("openai:m", base_url=address)
    assert "sesame" not in str(caught.value)


def test_openais_own_server_needs_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ModelError, match=r"set the key in the environment \(OPENAI_API_KEY\)"):
        language_model("openai:m")


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(ModelError, match="variable 'NO_SUCH_KEY' is not set"):
        language_model("openai:m", base_url="http://host/v1", key_env="NO_SUCH_KEY")


def test_a_missing_package_is_told_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "llama_index.llms.openai_like", None)
    with pytest.raises(ModelError, match=r'pip install "mmrag-jupyter\[openai\]"'):
        language_model("openai:m", base_url="http://host/v1")


def test_servers_and_models_have_identities_of_their_own():
    names = {
        language_model(f"openai:{model}", base_url=f"http://{host}/v1").identity
        for model in ("a", "b")
        for host in ("x", "y")
    }
    assert len(names) == 4


def test_tokens_are_estimated_for_every_script():
    assert (
        15 < estimated("The sole of this shoe is made of light cork, they say, and of felt.") < 30
    )
    assert estimated("靴底は天然コルクでできています") > 10
    assert estimated("") == 1


def test_words_of_a_server_are_shown_without_keys(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "abcdefgh12345")
    said = veiled("bad key sk-proj-12ab34cd56 or\nabcdefgh12345 (gsk_99887766)")
    assert said == "bad key … or … (…)"


def test_a_key_in_place_of_its_variables_name_is_not_repeated():
    for given in ("sk-proj-12ab34cd56", "abcdef0123456789"):
        with pytest.raises(ModelError, match="--key-env takes its name") as caught:
            language_model("openai:m", base_url="http://host/v1", key_env=given)
        assert given not in str(caught.value)


def test_a_key_of_any_look_is_struck_from_a_servers_words(monkeypatch):
    monkeypatch.setenv("SHOP", "plain words")
    assert veiled("you sent plain words.", "SHOP") == "you sent …."
    monkeypatch.setenv("SHOP", "a")  # no key, and in every text
    assert veiled("a banana", "SHOP") == "a banana"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_key_is_struck_however_it_is_cut_into_pieces(monkeypatch, size):
    monkeypatch.setenv("SHOP", "abcabcabd")
    told = "It got abcabcabcabd, abcabcab and abc"
    veil = Veil("SHOP")
    out = "".join(veil.feed(told[at : at + size]) for at in range(0, len(told), size))
    assert out + veil.finish() == "It got abc…, abcabcab and abc"


def test_a_server_is_connected_to_once_for_all_questions():
    one, two = (on_server("m", "http://host/v1").llm for _ in range(2))
    assert one._get_client() is two._get_client()
    assert on_server("m", "http://other/v1").llm._get_client() is not one._get_client()
