"""Language models, by one address: a local one, a server's, or an object of LlamaIndex.

`hf:NAME_OR_FOLDER` is a model of the hub or of a folder, run here; `openai:NAME` one that a
server runs which speaks OpenAI's protocol. Nothing heavy is imported before one is asked for.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mmrag_jupyter.errors import ModelError, a_kind, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from llama_index.core.llms.llm import LLM

    LanguageModelLike: TypeAlias = str | LLM | None

# What to try first: sizes, licences and reports are in the catalogue.
ON_CPU = "HuggingFaceTB/SmolVLM2-500M-Video-Instruct"
ON_GPU = "Qwen/Qwen3-VL-2B-Instruct"
NONE = "none"

_SCHEMES = ("hf", "openai")
# A usual model reads far more, but answers worse and later from more than this; Ollama's own
# default is 4,096 tokens in all, beyond which it silently drops the beginning.
_MOST_TOKENS = 3000
_REPLY = 512  # tokens that are left for the answer
_RULES = 500  # tokens of what is said beside the sources: the rules, the question
_PICTURES = 4
_PATIENCE = 300.0  # seconds without a word of a model that somebody else runs
_LATIN, _OTHER = 3.5, 1.2  # characters a token


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """A language model that is ready to be asked.

    Attributes
    ----------
    name
        What answers say of it.
    llm
        The LlamaIndex object.
    identity
        The model and its settings: equal for equal answers. None where that cannot be told.
    tokens, pictures
        How much of sources to send it at most.
    count
        Returns how many tokens a text takes.
    load
        Brings the model into memory, where it is one that runs here.
    patience
        Seconds without a word before it is given up; None where it is not.
    key
        The environment variable that holds its key, "" where there is none.
    """

    name: str
    llm: LLM
    identity: str | None
    tokens: int
    pictures: int
    count: Callable[[str], int]
    load: Callable[[], None]
    patience: float | None = None
    key: str = ""


def language_model(
    given: LanguageModelLike, *, base_url: str | None = None, key_env: str | None = None
) -> LanguageModel | None:
    """Return the language model that is meant, or None where there is to be none.

    Parameters
    ----------
    given
        An address, a LlamaIndex `LLM`, or None.
    base_url
        The server of an `openai:` model; without it, OpenAI's own.
    key_env
        The name of the environment variable that holds the server's key.

    Raises
    ------
    ModelError
        There is no such model, or it cannot be used here.
    """
    if given is None or given == NONE:
        return None
    if not isinstance(given, str):
        return _of_object(given)
    scheme, colon, name = given.partition(":")
    if not colon or scheme not in _SCHEMES or not name.strip():
        raise ModelError(_no_address(given, scheme if colon else ""))
    if scheme == "hf":
        from mmrag_jupyter.models.language_local import local

        llm = local(name.strip())
        pictures = _PICTURES if llm.sees else 0
        return LanguageModel(given, llm, llm.identity, room(llm), pictures, llm.count, llm.load)
    from mmrag_jupyter.models.language_server import on_server

    server = on_server(name.strip(), base_url, key_env)
    return LanguageModel(
        f"{given} at {server.host}" if base_url else given,
        server.llm,
        server.identity,
        room(server.llm),
        _PICTURES,
        estimated,
        _nothing,
        server.patience,
        server.key,
    )


def _nothing() -> None:
    pass


def estimated(text: str) -> int:
    """Return about how many tokens a text takes of usual models."""
    latin = sum(1 for char in text if char < "\u0250")
    return int(latin / _LATIN + (len(text) - latin) / _OTHER) + 1


def room(llm: LLM) -> int:
    """Return how many tokens of sources a model is to be sent at most."""
    window = llm.metadata.context_window
    reply = llm.metadata.num_output if llm.metadata.num_output > 0 else _REPLY
    return max(100, min(_MOST_TOKENS, window - min(reply, window // 4) - _RULES))


def _of_object(given: object) -> LanguageModel:
    base = sys.modules.get("llama_index.core.llms.llm")
    if base is None or not isinstance(given, base.LLM):
        raise ModelError(
            f"{a_kind(given)} is no language model; give hf:NAME_OR_FOLDER, "
            "openai:NAME, or a LlamaIndex LLM"
        )
    told = given.metadata
    settings = [getattr(given, name, None) for name in ("temperature", "max_tokens")]
    named = told.model_name not in {"", "unknown"}
    name = told.model_name if named else type(given).__name__
    identity = f"{type(given).__module__}.{type(given).__name__}:{told.model_name}:{settings}"
    return LanguageModel(
        name,
        given,
        identity if named else None,
        room(given),
        _PICTURES if told.is_chat_model else 0,
        estimated,
        _nothing,
        _PATIENCE,
    )


def _no_address(given: str, scheme: str) -> str:
    near = did_you_mean(scheme, _SCHEMES) if scheme else ""
    return (
        f"{given[:80]!r} is no address of a language model; write hf:NAME_OR_FOLDER for one "
        f"that runs here, openai:NAME for one on a server, or a variable's name.{near}"
    )
