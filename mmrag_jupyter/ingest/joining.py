"""Join a table to the items of a collection: what `Collection.load` does where it is given `on`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.ingest import arguments, joinkeys, passwords, recall, transcribing
from mmrag_jupyter.ingest.complete import complete
from mmrag_jupyter.ingest.join import join
from mmrag_jupyter.sources import CHUNK_TOKENS
from mmrag_jupyter.sources import passwords as offered
from mmrag_jupyter.sources.joined import read_joined

if TYPE_CHECKING:
    from mmrag_jupyter.config import Config
    from mmrag_jupyter.ingest.arguments import LoadArguments
    from mmrag_jupyter.ingest.report import LoadReport, Reporter
    from mmrag_jupyter.ingest.spaces import Spaces
    from mmrag_jupyter.store import Store


def load_joined(
    source: object,
    store: Store,
    spaces: Spaces,
    *,
    config: Config,
    options: LoadArguments,
    reporter: Reporter,
) -> LoadReport:
    """Bring the rows that a table has joined to a store's items up to date with the table.

    Raises
    ------
    SourceError
        The table cannot be read as asked, names no item, or has lost most of its rows.
    ModelError
        A model cannot be had, or is not the one that the collection has.
    StoreBusyError
        Another process is loading into the collection.
    """
    theirs, ours = joinkeys.names(options.get("on") or "")
    if not len(store):
        raise SourceError(
            f"Collection {store.name!r} has no items yet that rows could join: load them first."
        )
    variable = options.get("password_env")
    if variable is not None:
        offered.offer(variable)
    table = read_joined(
        source,
        theirs,
        called=options.get("called"),
        key=options.get("key"),
        text=options.get("text"),
        image=options.get("image"),
        audio=options.get("audio"),
        id=options.get("id"),
        root=options.get("root"),
        chunk_tokens=CHUNK_TOKENS,
    )
    label = _free_label(table.label, table.key, store)
    if label != table.label:
        taken = f"{table.label!r} is joined from elsewhere already: this table is {label!r}"
        notice = "; ".join(filter(None, (taken, table.notice)))
        table = replace(table, label=label, notice=notice)
    if not table.ids and not store.joins.ids(table.key):
        raise arguments.nothing_in(table)
    match = joinkeys.match(table, ours, store, named=ours != theirs)
    heard = "audio" in table.modalities
    speech = transcribing.choose(store, options.get("transcribe")) if heard else None
    plan = spaces.plan(
        arguments.model_choice(options, config),
        table.modalities | ({"text"} if speech is not None else set()),
        long_text=arguments.has_long_text(table),
        reembed=options.get("reembed", False),
    )
    how = arguments.load_options(options, speech)
    with store.writer() as writer:
        serving = spaces.serve(writer, plan, table.key)
        writer.add_joined(
            table.key, table.label, table.columns, theirs=table.theirs, ours=match.ours
        )
        if heard:
            transcribing.remember(writer, speech)
        passwords.remember(store, writer, table.key, variable)
        recall.remember(store, writer, options.get("recall"))
        again = complete(store, writer, serving, reporter, how.cluster)
        spaces.change_over(writer, plan)
        report = join(
            table,
            match,
            store,
            writer,
            embedders=serving,
            options=how,
            reporter=reporter,
        )
    return report.with_more(again, [plan.notice])


def _free_label(label: str, key: str, store: Store) -> str:
    """Return a name for a joined table that no other one of the collection has."""
    taken = {one for known, one in store.joins.labels().items() if known != key}
    free, number = label, 1
    while free in taken:
        number += 1
        free = f"{label}{number}"
    return free
