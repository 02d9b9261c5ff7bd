import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.remote_address import Address, completed, is_remote, read

HERE = "http://127.0.0.1:8000/v1"
NOTHING = (None, None)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_a_name_and_a_server_make_an_address():
    assert read("openai:bge-m3", HERE) == Address("bge-m3", HERE)
    assert read("openai:bge-m3", HERE + "/").name == f"openai:bge-m3@{HERE}"


def test_a_name_alone_is_of_openais_own_server_and_gets_its_key():
    assert read("openai:small") == Address("small", "https://api.openai.com/v1", "OPENAI_API_KEY")
    assert str(read("openai:small")) == "openai:small@https://api.openai.com/v1"


def test_the_environment_may_name_another_server_for_the_key(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", HERE)
    assert read("openai:small") == Address("small", HERE, "OPENAI_API_KEY")
    assert str(read("openai:small")) == f"openai:small@{HERE}#key=OPENAI_API_KEY"
    assert read("openai:small", "http://elsewhere/v1").key == ""


@pytest.mark.parametrize(
    "address",
    [
        Address("bge-m3", HERE),
        Address("@cf/baai/bge-m3", HERE, "A_KEY"),
        Address("Qwen/Qwen3-VL-Embedding-2B", HERE, way="chat"),
        Address("clip", "http://[::1]:7997", "A_KEY", "image"),
        Address("nomic:latest", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        Address("small", "https://api.openai.com/v1", "MINE"),
    ],
)
def test_an_address_is_read_as_it_was_written(address):
    assert read(str(address)) == address
    # What stands beside it is for names without a server.
    assert read(str(address), "http://other/v1") == address


def test_the_key_is_no_part_of_the_name(monkeypatch):
    monkeypatch.setenv("SHOP_KEY", "sk-very-secret")
    address = read("openai:m", HERE, "SHOP_KEY")
    assert address.key == "SHOP_KEY"
    assert address.name == read("openai:m", HERE).name
    assert "secret" not in repr(address) + str(address)


def test_a_variable_that_is_not_set_is_told():
    with pytest.raises(ModelError, match="environment variable 'SHOP_KEY' is not set"):
        read("openai:m", HERE, "SHOP_KEY")
    with pytest.raises(ModelError, match="set the key in the environment"):
        read("openai:small").check_key()
    read("openai:m", HERE).check_key()


@pytest.mark.parametrize("text", ["openai:", "openai: ", "openai:@", "openai:@http://h/v1"])
def test_an_address_without_a_model_is_refused(text):
    if text == "openai:@":  # a name of its own, if an odd one
        assert read(text, HERE).model == "@"
        return
    with pytest.raises(ModelError, match="names no model"):
        read(text, HERE)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:8000", "no address of a server"),
        ("ftp://host/v1", "no address of a server"),
        ("http://user:word@host/v1", "a key does not belong"),
        ("http://host/v1?api_key=1", "a key does not belong"),
    ],
)
def test_an_address_of_no_server_is_refused(url, said):
    with pytest.raises(ModelError, match=said):
        read("openai:m", url)


def test_models_on_a_server_are_completed_and_others_left_alone():
    mine = object()
    given = ["openai:m", mine, None, "clip", f"openai:n@{HERE}"]
    found = completed(given, "http://other/v1", None, otherwise=NOTHING)
    assert found == ["openai:m@http://other/v1", mine, None, "clip", f"openai:n@{HERE}"]
    assert completed(["openai:m"], None, None, otherwise=(HERE, None)) == [f"openai:m@{HERE}"]


def test_a_server_without_a_model_of_one_is_told():
    with pytest.raises(ModelError, match=r"--base-url .* is for a model on a server"):
        completed(["clip", None], HERE, None, otherwise=NOTHING)
    with pytest.raises(ModelError, match=r"--key-env .* is for a model on a server"):
        completed([None], None, "KEY", otherwise=NOTHING)
    assert completed(["clip"], None, None, otherwise=(HERE, "KEY")) == ["clip"]


def test_only_a_text_with_the_scheme_is_remote(tmp_path):
    assert is_remote("openai:m")
    assert not is_remote("openai/clip-vit-base-patch32")
    assert not is_remote(tmp_path / "openai:m")
