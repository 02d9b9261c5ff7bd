"""What each command of `%mmrag` does: a thin call of the Python API, with names resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from IPython.core.error import UsageError

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.items import as_written
from mmrag_jupyter.notebook.namespace import name_for

if TYPE_CHECKING:
    import pandas as pd

    from mmrag_jupyter.collection import Collection
    from mmrag_jupyter.display import Facts
    from mmrag_jupyter.ingest import LoadReport
    from mmrag_jupyter.ingest.arguments import LoadArguments
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.search.explain import Explanation
    from mmrag_jupyter.search.hits import Hits
    from mmrag_jupyter.session import Session
    from mmrag_jupyter.store.values import Precision


@dataclass(frozen=True, slots=True)
class Said:
    """One line that tells what was done; shows as that line."""

    text: str

    def __repr__(self) -> str:
        return self.text


def load(session: Session, given: Arguments, names: Namespace) -> LoadReport | None:
    """Load a variable or a path into a collection, which becomes the current one."""
    joins = given.flag("into")
    if given.flag("in") and (given.flag("as") or joins):
        other = "--into NAME to join its rows" if joins else "--as NAME to name it"
        raise UsageError(f"Give {other} or --in NAME to add to it, not both.")
    if joins != given.flag("on"):
        raise UsageError("Rows join items with both --into NAME and --on COL, their key.")
    text = given.text("source") or ""
    found = names.source(text)
    into = given.text("in")
    name = session.collection(into).name if into else given.text("as")
    if not (name or joins):
        name = name_for(found, text)
    options: LoadArguments = {
        **_models(given, names),
        **_vectors(given),
        "text": given.listed("text"),
        "image": given.listed("image"),
        "audio": given.listed("audio"),
        "id": given.text("id"),
        "root": given.text("root"),
        "prune": given.flag("prune"),
        "keep_missing": given.flag("keep_missing"),
        "reembed": given.flag("reembed"),
        "on_error": "raise" if given.text("on_error") == "raise" else "report",
    }
    if found.key is not None:
        options["key"] = found.key
    if joins:
        options["into"], options["on"] = given.text("into"), given.text("on")
    if (variable := given.text("password_env")) is not None:
        options["password_env"] = variable
    if (engine := given.text("engine")) is not None:
        options["engine"] = engine
    return session.load(found.value, name, **_place(given, names), **options).last_load


def _place(given: Arguments, names: Namespace) -> dict[str, object]:
    """Return where a load says that a new collection lives, where it says so."""
    text = given.text("store")
    if text is None:
        return {}
    if given.flag("in") or given.flag("into"):
        raise UsageError("--store is where a new collection lives: leave it out with --in, --into.")
    return {"store": names.model(text)}


def _models(given: Arguments, names: Namespace) -> LoadArguments:
    """Return the models that a load names, and the server of those on one."""
    named = {
        option: names.model(text)
        for option in (
            "model", "text_model", "image_model", "page_model", "audio_model", "transcribe",
        )
        if (text := given.text(option)) is not None
    }  # fmt: skip
    server = {
        option: text
        for option in ("base_url", "key_env")
        if (text := given.text(option)) is not None
    }
    return cast("LoadArguments", named | server)


def _vectors(given: Arguments) -> LoadArguments:
    """Return how a load says that vectors are kept and found, as far as it does."""
    options: LoadArguments = {}
    if (precision := given.text("precision")) is not None:
        options["precision"] = cast("Precision", precision)
    if (dim := given.count("dim")) is not None:
        options["dim"] = dim
    if (recall := given.share("recall")) is not None:
        options["recall"] = recall
    return options


def query(session: Session, given: Arguments, names: Namespace) -> Hits:
    """Find the items nearest to a text, pictures or other items."""
    text, where = given.text("text"), given.text("where")
    rerank = given.text("rerank")
    if given.flag("expand"):
        text = names.expand(text) if text else text
        where = names.expand(where) if where else where
    return session.collection(given.text("in")).query(
        text,
        image=[names.picture(one) for one in given.all("image")],
        audio=[names.recording(one) for one in given.all("audio")],
        like=given.all("like"),
        exclude=[names.avoided(one) for one in given.all("not")],
        k=given.count("k"),
        where=where,
        modality=given.listed("modality"),
        weights=given.weights("weights"),
        rerank=None if rerank is None else names.model(rerank),
        view=given.text("view"),
        exact=given.flag("exact"),
    )


def list_collections(session: Session, _given: Arguments, _names: Namespace) -> pd.DataFrame:
    """Return a dataframe of the collections."""
    return session.list()


def info(session: Session, given: Arguments, _names: Namespace) -> Facts:
    """Tell what is in a collection."""
    return session.collection(given.text("collection")).info()


def use(session: Session, given: Arguments, _names: Namespace) -> Collection:
    """Make a collection the current one."""
    return session.use(given.text("collection") or "")


def show(session: Session, given: Arguments, _names: Namespace) -> Hits | Explanation:
    """Show one item, with all its parts and metadata, or why it answers the last query."""
    collection, item = session.collection(given.text("in")), given.text("id") or ""
    if given.flag("why"):
        return collection.explain(item, given.count("page"))
    if given.flag("page"):
        raise UsageError("--page says which page --why tells about: add --why.")
    return collection.show(item)


def delete(session: Session, given: Arguments, _names: Namespace) -> Said:
    """Delete items by id or by a condition."""
    ids, where = given.all("ids"), given.text("where")
    if not ids and where is None:
        raise UsageError(
            "%mmrag delete needs the ids of items, or --where EXPR;"
            " a whole collection goes with %mmrag drop NAME."
        )
    collection = session.collection(given.text("in"))
    number = collection.delete(ids or None, where=where)
    items = "item" if number == 1 else "items"
    return Said(f"{number:,} {items} deleted from collection {collection.name!r}.")


def problems(session: Session, given: Arguments, _names: Namespace) -> pd.DataFrame:
    """Return what could not be loaded, and why."""
    return session.collection(given.text("collection")).problems()


def save(session: Session, given: Arguments, _names: Namespace) -> Said:
    """Write a copy of a collection to another folder."""
    collection = session.collection(given.text("in"))
    folder = collection.save(given.text("folder") or "")
    return Said(f"Collection {collection.name!r} saved to {folder}.")


def open_collection(session: Session, given: Arguments, names: Namespace) -> Collection:
    """Open a collection by name or folder and make it the current one."""
    model = given.text("model")
    return session.open(
        given.text("collection") or "",
        None if model is None else names.model(model),
        repair=given.flag("repair"),
    )


def drop(session: Session, given: Arguments, _names: Namespace) -> Said:
    """Delete a collection and its files, once the user has said --yes."""
    name = given.text("collection") or ""
    if name not in session.names():
        session.collection(name)  # raises, and suggests the nearest
    if not given.flag("yes"):
        raise UsageError(
            f"This would delete collection {name!r}{_size(session, name)}; add --yes to do it."
        )
    session.drop(name)
    return Said(f"Collection {name!r} dropped.")


def compact(session: Session, given: Arguments, _names: Namespace) -> Said:
    """Rewrite a collection's files without what was deleted."""
    collection = session.collection(given.text("collection"))
    collection.compact()
    return Said(f"Collection {collection.name!r} compacted.")


def models(session: Session, _given: Arguments, _names: Namespace) -> pd.DataFrame:
    """Return a dataframe of the models in use, at hand and recommended."""
    return session.models()


def _size(session: Session, name: str) -> str:
    try:
        collection = session.collection(name)
    except StoreError as error:
        return f", which cannot be opened now ({error})"
    items = "1 item" if len(collection) == 1 else f"{len(collection):,} items"
    return f" with its {items} in {as_written(collection.folder)}"
