"""What a load may be told, and what it tells a model to expect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from mmrag_jupyter.errors import SourceError, did_you_mean
from mmrag_jupyter.ingest import recall
from mmrag_jupyter.ingest.cluster import engine_address
from mmrag_jupyter.ingest.precision import checked
from mmrag_jupyter.ingest.run import LoadOptions
from mmrag_jupyter.ingest.spaces import ModelChoice
from mmrag_jupyter.items import Item
from mmrag_jupyter.models import remote_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.config import Config
    from mmrag_jupyter.items import Source
    from mmrag_jupyter.models import ModelLike
    from mmrag_jupyter.models.speech import Transcriber, TranscriberLike
    from mmrag_jupyter.store.values import Precision

# Longer than this on average (characters), texts go to a text model rather than to the short
# text tower of a picture model: CLIP reads 77 tokens, SigLIP 64.
LONG_TEXT = 250
PEEKED_ITEMS = 64
A_PAGE = 2000  # characters that a document has at least, as a rule


class LoadArguments(TypedDict, total=False):
    """The arguments of `Collection.load`, which describes them; each has a default."""

    key: str | None
    text: str | Sequence[str] | None
    image: str | Sequence[str] | None
    audio: str | Sequence[str] | None
    id: str | None
    into: str | None
    on: str | None
    called: str | None
    root: str | Path | None
    model: ModelLike
    text_model: ModelLike
    image_model: ModelLike
    page_model: ModelLike
    audio_model: ModelLike
    base_url: str | None
    key_env: str | None
    transcribe: TranscriberLike | None
    precision: Precision | None
    dim: int | None
    recall: float | None
    password_env: str | None
    on_error: Literal["report", "raise"]
    engine: str
    prune: bool
    keep_missing: bool
    reembed: bool
    progress: bool


def check(options: LoadArguments) -> None:
    """Refuse arguments that a load does not have: a misspelt one would be passed over.

    Raises
    ------
    SourceError
        There is no such argument, and the nearest is suggested; or `on_error` or `engine` is
        unknown, or `recall` no share.
    ClusterError
        The cluster that `engine` names does not answer.
    """
    known = LoadArguments.__annotations__
    for name in options:
        if name not in known:
            near = did_you_mean(name, known) or f" There are {', '.join(known)}."
            raise SourceError(f"load has no argument {name!r}.{near}")
    if options.get("into") is not None:
        raise SourceError("into= is for mm.load; a collection loads into itself, leave it out.")
    if options.get("called") is not None and options.get("on") is None:
        raise SourceError("called= names a table that is joined; give on= too.")
    on_error = options.get("on_error", "report")
    if on_error not in {"report", "raise"}:
        raise SourceError(f"on_error is {on_error!r}; give 'report' or 'raise'.")
    recall.check(options.get("recall"))
    # Before anything is read: what names a cluster that is not there can be mended at once.
    engine_address(options.get("engine"))


def joining_into(options: LoadArguments, called: str | None, source: object) -> str | None:
    """Take out of `options` the collection whose items rows are to join; None where none are to.

    `called` is then the name of the joined table.

    Raises
    ------
    SourceError
        Only one of `into` and `on` is given.
    """
    into = options.pop("into", None)
    if (into is None) != (options.get("on") is None):
        raise SourceError(
            "Rows join the items of a collection: give both into=, its name, and on=, the column "
            "that both have (--into NAME --on COL)."
        )
    if into is not None:
        if called is not None:
            options.setdefault("called", called)
        named = called is not None and not isinstance(source, str | Path)
        options.setdefault("key", f"table:{called}" if named else None)
    return into


def model_choice(options: LoadArguments, config: Config) -> ModelChoice:
    """Return the models that a load asks for, or else those of the settings.

    Raises
    ------
    ModelError
        The precision or length of vectors is none; the address of one on a server is none, or a
        server is named and no model of one.
    """
    given: list[ModelLike] = [
        options.get("model") or config.model,
        options.get("text_model") or config.text_model,
        options.get("image_model") or config.image_model,
        options.get("audio_model"),
        options.get("page_model") or config.page_model,
    ]
    precision, dim = checked(options.get("precision"), options.get("dim"))
    return ModelChoice(
        *remote_address.completed(
            given,
            options.get("base_url"),
            options.get("key_env"),
            otherwise=(config.base_url, config.key_env),
        ),
        precision=precision,
        dim=dim,
    )


def load_options(options: LoadArguments, transcriber: Transcriber | None = None) -> LoadOptions:
    """Return how a load treats what is gone and what is broken, and what writes speech down."""
    return LoadOptions(
        transcriber=transcriber,
        prune=options.get("prune", False),
        keep_missing=options.get("keep_missing", False),
        on_error=options.get("on_error", "report"),
        cluster=engine_address(options.get("engine")),
    )


def nothing_in(source: Source) -> SourceError:
    """Return the error for a source without items: what is wrong with it, where that is known."""
    if source.problems:
        first, *others = source.problems
        more = f" (and {len(others):,} more problems)" if others else ""
        told = first.reason
        if first.source != source.label:
            told = f"{first.source}: {told}"
        return SourceError(f"Nothing to load from {source.label}: {told}{more}")
    return SourceError(source.notice or f"{source.label} is empty: there is nothing to load.")


def has_long_text(source: Source) -> bool:
    """Tell whether a source's texts are more than captions, from its first items."""
    lengths: list[int] = []
    for item in source:
        if isinstance(item, Item):
            # Documents are not opened to find out how long they are.
            own = sum(len(piece.text) for piece in item.pieces)
            lengths.append(own + A_PAGE * len(item.documents))
        if len(lengths) >= PEEKED_ITEMS:
            break
    return bool(lengths) and sum(lengths) / len(lengths) > LONG_TEXT
