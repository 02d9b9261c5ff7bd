"""What `%mmrag ask` and `%mmrag chat` do: a thin call of the Python API, drawn as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from IPython.core.error import UsageError

from mmrag_jupyter.notebook.handlers import Said

if TYPE_CHECKING:
    from mmrag_jupyter.answers.answer import Answer
    from mmrag_jupyter.answers.arguments import AskOptions
    from mmrag_jupyter.answers.ask import AnswerStream
    from mmrag_jupyter.models.language import LanguageModelLike
    from mmrag_jupyter.models.rerank import RerankerLike
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session


def ask(session: Session, given: Arguments, names: Namespace) -> Answer:
    """Answer a question from a collection."""
    collection = session.collection(given.text("in"))
    question = _question(given, names, "ask")
    return _watched(collection.ask(question, stream=True, **_options(given, names)))


def chat(session: Session, given: Arguments, names: Namespace) -> Answer | Said:
    """Answer a question with what was said before in mind; or forget that."""
    collection = session.collection(given.text("in"))
    new = given.flag("new")
    if new and given.text("text") is None:
        collection.conversation.clear()
        return Said(f"A new conversation with collection {collection.name!r}.")
    question = _question(given, names, "chat")
    made = collection.chat(question, stream=True, new=new, **_options(given, names))
    return _watched(cast("AnswerStream", made))


def _watched(stream: AnswerStream) -> Answer:
    # Imported with the first answer: `%load_ext` has no use for it.
    from mmrag_jupyter.notebook.answer_drawing import watched

    return watched(stream)


def _question(given: Arguments, names: Namespace, command: str) -> str:
    text = given.text("text") or ""
    if not text.strip():
        raise UsageError(f"%mmrag {command} needs a QUESTION; `%mmrag help {command}` shows how.")
    return names.expand(text) if given.flag("expand") else text


def _options(given: Arguments, names: Namespace) -> AskOptions:
    where, llm = given.text("where"), given.text("llm")
    options: AskOptions = {
        "k": given.count("k"),
        "where": names.expand(where) if where and given.flag("expand") else where,
        "image": [names.picture(one) for one in given.all("image")],
        "audio": [names.recording(one) for one in given.all("audio")],
        "like": given.all("like"),
        "exclude": [names.avoided(one) for one in given.all("not")],
        "modality": given.listed("modality"),
        "weights": given.weights("weights"),
        "base_url": given.text("base_url"),
        "key_env": given.text("key_env"),
        "strict": given.flag("strict"),
        "fresh": given.flag("fresh"),
    }
    if (rerank := given.text("rerank")) is not None:
        options["rerank"] = cast("RerankerLike", names.model(rerank))
    if llm is not None:
        # A variable that is no language model is told by whoever takes it.
        options["llm"] = cast("LanguageModelLike", names.model(llm))
    return options
