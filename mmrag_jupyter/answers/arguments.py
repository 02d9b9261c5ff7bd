"""What a question can be asked with, and the answer in the making that it leads to."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack, cast

from mmrag_jupyter.answers.ask import AnswerStream, Asking
from mmrag_jupyter.answers.kept import FOLDER, Kept
from mmrag_jupyter.errors import QueryError, did_you_mean
from mmrag_jupyter.models.base import checked
from mmrag_jupyter.models.language import language_model
from mmrag_jupyter.models.late import is_late

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mmrag_jupyter.answers.chat import Conversation
    from mmrag_jupyter.answers.extract import Similar
    from mmrag_jupyter.config import Config
    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.language import LanguageModel, LanguageModelLike
    from mmrag_jupyter.models.rerank import RerankerLike
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.search.hits import Hits
    from mmrag_jupyter.search.terms import ImageLike, SoundLike


class QueryOptions(TypedDict, total=False):
    """What steers and narrows the retrieval, as `Collection.query` takes it."""

    k: int | None
    image: ImageLike | Sequence[ImageLike] | None
    audio: SoundLike | Sequence[SoundLike] | None
    like: str | Sequence[str] | None
    exclude: str | ImageLike | Sequence[str | ImageLike] | None
    where: str | None
    modality: str | Iterable[str] | None
    weights: Mapping[str, float] | None
    liked: str | Sequence[str] | None
    disliked: str | Sequence[str] | None
    rerank: RerankerLike


class AskOptions(QueryOptions, total=False):
    """What steers the retrieval and the answer, as `Collection.ask` takes it."""

    llm: LanguageModelLike
    base_url: str | None
    key_env: str | None
    strict: bool
    fresh: bool


class Asked(Protocol):
    """What questions are put to: a collection, as this room sees it."""

    @property
    def folder(self) -> Path:
        """The folder that holds it."""
        ...

    def query(self, text: str, **options: Unpack[QueryOptions]) -> Hits:
        """Find the items nearest to a text."""
        ...

    def serving(self) -> Mapping[Modality, tuple[int, AnyEmbedder]]:
        """Return the space and the embedder of each modality."""
        ...


def answering(
    asked: Asked,
    config: Config,
    question: str,
    options: AskOptions,
    said: Conversation | None = None,
) -> AnswerStream:
    """Return the answer to a question in the making; its retrieval is done.

    Parameters
    ----------
    said
        The conversation that the question belongs to.

    Raises
    ------
    QueryError
        There is no question, or an option is unknown.
    ModelError
        The language model cannot be had.
    """
    _check(question, options)
    # Before the retrieval: a wrong address is told at once.
    model = model_of(options, config)
    whole = said.whole(question, model) if said is not None else question
    began = time.monotonic()
    chosen = {name: options[name] for name in QueryOptions.__annotations__ if name in options}  # type: ignore[literal-required]
    hits = asked.query(whole, **cast("QueryOptions", chosen))
    asking = Asking(
        question=whole,
        hits=hits,
        model=model,
        strict=bool(options.get("strict")),
        fresh=bool(options.get("fresh")),
        similar=_similar(asked.serving()),
        answers=Kept(asked.folder / FOLDER),
        retrieval=time.monotonic() - began,
        put=question,
    )
    if said is None:
        return AnswerStream(asking)
    return AnswerStream(asking, partial(said.add, question, whole))


def model_of(options: AskOptions, config: Config) -> LanguageModel | None:
    """Return the language model that is asked for, or else the one of the settings.

    Raises
    ------
    ModelError
        It cannot be had.
    """
    given = options.get("llm")
    return language_model(
        config.llm if given is None else given,
        base_url=options.get("base_url") or config.base_url,
        key_env=options.get("key_env") or config.key_env,
    )


def _check(question: object, options: AskOptions) -> None:
    if not isinstance(question, str):
        kind = type(question).__name__
        raise QueryError(f"The question is {str(question)[:40]!r} of type {kind}; give a text.")
    if not question.strip():
        raise QueryError("There is no question; give one in words.")
    known = AskOptions.__annotations__
    for name in options:
        if name not in known:
            raise QueryError(f"ask has no option {name!r}.{did_you_mean(name, known)}")


def _similar(serving: Mapping[Modality, tuple[int, AnyEmbedder]]) -> Similar | None:
    """Return what compares texts with a question in meaning, where a model for texts serves."""
    _, embedder = serving.get("text", (0, None))
    if embedder is None or is_late(embedder):
        return None

    def similar(question: str, texts: list[str]) -> list[float]:
        near = (
            checked(embedder, "text", texts) @ checked(embedder, "text", [question], query=True)[0]
        )
        found: list[float] = near.tolist()
        return found

    return similar
