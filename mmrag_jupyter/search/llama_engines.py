"""Query and chat engines of LlamaIndex over a collection; a language model must be given."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

from llama_index.core.chat_engine.types import ChatMode
from llama_index.core.llms.llm import LLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.settings import Settings

from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.models.language import language_model as resolved
from mmrag_jupyter.search.llama_retriever import CollectionRetriever
from mmrag_jupyter.search.llama_seen import Captions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.chat_engine.types import BaseChatEngine
    from llama_index.core.query_engine import CitationQueryEngine

    from mmrag_jupyter.search.llama_index import CollectionIndex


def query_engine(
    index: CollectionIndex, llm: object, options: Mapping[str, Any]
) -> BaseQueryEngine:
    """Return an engine that answers from the nodes which the collection's retriever finds.

    Raises
    ------
    QueryError
        No language model is given, or an option is unknown.
    """
    model = language_model(llm)
    for_retriever, rest = _split(options, RetrieverQueryEngine.from_args)
    # Without a chat model there is no way to show it a picture.
    rest.setdefault("multimodal", model.metadata.is_chat_model)
    return RetrieverQueryEngine.from_args(index.as_retriever(**for_retriever), llm=model, **rest)


def citation_engine(
    index: CollectionIndex, llm: object, options: Mapping[str, Any]
) -> CitationQueryEngine:
    """Return an engine whose answers cite numbered sources that keep their ids.

    Raises
    ------
    QueryError
        No language model is given, or an option is unknown.
    """
    from mmrag_jupyter.search.llama_citations import CollectionCitationEngine

    model = language_model(llm)
    for_retriever, rest = _split(options, CollectionCitationEngine.from_args)
    rest.setdefault("multimodal", model.metadata.is_chat_model)
    retriever = index.as_retriever(**for_retriever)
    return CollectionCitationEngine.from_args(index, llm=model, retriever=retriever, **rest)


def chat_engine(
    index: CollectionIndex, mode: ChatMode | str, llm: object, options: Mapping[str, Any]
) -> BaseChatEngine:
    """Return an engine that chats over what the collection's retriever finds.

    Raises
    ------
    QueryError
        No language model is given, or the mode or an option is unknown.
    """
    from llama_index.core import chat_engine as engines
    from llama_index.core.chat_engine import multi_modal_condense_plus_context as condensing
    from llama_index.core.chat_engine import multi_modal_context as context

    model = language_model(llm)
    if mode == ChatMode.SIMPLE:
        return engines.SimpleChatEngine.from_defaults(llm=model, **dict(options))
    if mode == ChatMode.CONDENSE_QUESTION:
        asking = engines.CondenseQuestionChatEngine.from_defaults
        chat = {name: options[name] for name in options.keys() & _parameters(asking)}
        rest = {name: value for name, value in options.items() if name not in chat}
        return asking(query_engine=query_engine(index, model, rest), llm=model, **chat)
    sees = model.metadata.is_chat_model
    kinds: dict[str, Any] = {
        ChatMode.CONTEXT: (context.MultiModalContextChatEngine, engines.ContextChatEngine),
        ChatMode.CONDENSE_PLUS_CONTEXT: (
            condensing.MultiModalCondensePlusContextChatEngine,
            engines.CondensePlusContextChatEngine,
        ),
    }
    kinds[ChatMode.BEST] = kinds[ChatMode.CONDENSE_PLUS_CONTEXT]
    if mode not in kinds:
        known = [ChatMode(one).value for one in kinds]
        raise QueryError(f"Chat mode {mode!r} is not supported; use {', '.join(known)}.")
    build = kinds[mode][0 if sees else 1].from_defaults
    for_retriever, rest = _split(options, build)
    rest["multi_modal_llm" if sees else "llm"] = model
    if sees:
        rest["node_postprocessors"] = [*rest.get("node_postprocessors", ()), Captions()]
    retriever = index.as_retriever(**for_retriever)
    return cast("BaseChatEngine", build(retriever=retriever, **rest))


def language_model(given: object) -> LLM:
    """Return the language model that was given, or the one in `Settings`.

    LlamaIndex would otherwise ask for OpenAI's package and a key. An address of one
    ("hf:...", "openai:...") stands for the model.

    Raises
    ------
    QueryError
        There is none.
    """
    if isinstance(given, str) and ":" in given:
        found = resolved(given)
        given = found.llm if found is not None else None
    model = given if given is not None else Settings._llm  # noqa: SLF001 - Settings.llm loads one
    if isinstance(model, LLM):
        return model
    seen = "" if model is None else f", not {model!r}"
    raise QueryError(
        f"Give a language model, llm=... (a llama_index.core.llms.LLM){seen}, or set Settings.llm."
    )


def _split(
    options: Mapping[str, Any], build: Callable[..., object]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part options into those of the retriever and those of an engine."""
    own = _parameters(CollectionRetriever.__init__) - {"self", "index", "object_map"}
    engine = _parameters(build) - {"retriever"}
    for name in options:
        if name not in own | engine:
            hint = did_you_mean(name, own | engine)
            raise QueryError(f"Unknown option {name!r} for a LlamaIndex engine.{hint}")
    for_retriever = {name: value for name, value in options.items() if name in own}
    rest = {name: value for name, value in options.items() if name not in own}
    return for_retriever, rest


def _parameters(build: Callable[..., object]) -> set[str]:
    """Return the names that a function takes beside its language model."""
    return set(inspect.signature(build).parameters) - {"llm", "multi_modal_llm", "kwargs"}
