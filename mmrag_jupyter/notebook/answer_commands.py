"""The two commands of `%mmrag` that answer questions: `ask` and `chat`."""

from __future__ import annotations

from dataclasses import replace

from mmrag_jupyter.notebook import answer_handlers
from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.main_commands import QUERY, collection_option
from mmrag_jupyter.notebook.shared_options import BASE_URL, KEY_ENV

_QUESTION = Argument(
    "text",
    "words",
    "the question; several words need no quotes",
    metavar="QUESTION",
    many=True,
)

_LLM = (
    Argument(
        "llm",
        "llm",
        "what writes the answer: hf:NAME_OR_FOLDER for a model that runs here, openai:NAME for"
        " one on a server, a variable with a LlamaIndex LLM, or none",
        ("--llm",),
        "LLM",
        default="none: the answer is quoted from the collection",
        config="llm",
    ),
    BASE_URL,
    KEY_ENV,
    Argument(
        "strict",
        "flag",
        "say that it is not in the collection, rather than answer on weak support",
        ("--strict",),
    ),
    Argument("fresh", "flag", "write again what was written before", ("--fresh",)),
)

_SAME = {argument.name: argument for argument in QUERY.arguments}
# What `ask` retrieves with is what `query` takes, in the same words.
_RETRIEVAL = tuple(
    _SAME[name]
    for name in ("k", "where", "image", "audio", "like", "not", "modality", "weights", "rerank")
)
_OUT = Argument("out", "variable", "also keep the answer in this variable", ("--out",), "NAME")
_EXPAND = replace(_SAME["expand"], summary="fill in {expressions} and $names, in the question too")

_CITES = (
    "answer.citations has the item, part, page and quote of each number; answer.hits all hits.",
    "A number that was not retrieved is struck, and a quotation that no source has is told.",
)

ASK = Command(
    "ask",
    "Answer a question from the collection, with citations.",
    answer_handlers.ask,
    arguments=(
        _QUESTION,
        *_LLM,
        collection_option("the collection to ask"),
        *_RETRIEVAL,
        _OUT,
        _EXPAND,
    ),
    examples=(
        Example("%mmrag ask Which of these suit wide feet, and why?", "the best quotes, cited"),
        Example(
            "answer = %mmrag ask what changed in services revenue --in reports -k 4",
            "an answer to work with: answer.citations, answer.to_pandas()",
        ),
        Example(
            "%%mmrag ask --llm openai:llama3.2 --base-url http://localhost:11434/v1\n"
            "How did services revenue change, and why?",
            "written by a model of a server of your own",
        ),
    ),
    notes=(
        *_CITES,
        "An interrupt stops the model at once, and keeps the text as far as it came.",
    ),
    body="text",
)

CHAT = Command(
    "chat",
    "Ask with what was said before in mind.",
    answer_handlers.chat,
    arguments=(
        _QUESTION,
        Argument("new", "flag", "start over", ("--new",)),
        *_LLM,
        collection_option("the collection to ask"),
        *_RETRIEVAL,
        _OUT,
        _EXPAND,
    ),
    examples=(
        Example("%mmrag chat how did services revenue change", "the first question"),
        Example("%mmrag chat and compared with the year before?", "a follow-up"),
        Example("%mmrag chat --new", "forget what was said"),
    ),
    notes=(
        "What is remembered lasts as long as the kernel, for each collection by itself.",
        "A follow-up is made a whole question first; the answer says how it was read.",
    ),
    body="text",
)
