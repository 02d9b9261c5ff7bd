"""Another process with the store: `store_child.py put|hold|serve|edit|unprivileged FOLDER`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from store_rows import COLUMNS, DIM, numbered, units

from mmrag_jupyter.errors import MmragError
from mmrag_jupyter.store import Store

BATCH = 25


def batch_vectors(batch):
    """Return the vectors of the parts of a batch, which anyone can compute again."""
    return units(2 * BATCH, seed=batch)


def say(message):
    """Tell the parent, at once."""
    print(json.dumps(message), flush=True)


def put(folder):
    """Store batch after batch, telling the number of each when it is committed."""
    with Store.open(folder) as store, store.writer() as writer:
        writer.add_source("rows", "rows", COLUMNS)
        space = writer.add_space("model", None, DIM, frozenset({"text", "image"}))
        batch = len(store) // BATCH
        while True:
            items = numbered(range(batch * BATCH, (batch + 1) * BATCH))
            vectors = {space: (np.arange(2 * BATCH), batch_vectors(batch))}
            writer.put(items, vectors, source="rows")
            # Every second batch is put again: replacing is as safe as adding.
            if batch % 2:
                writer.put(items, vectors, source="rows")
            say(batch)
            batch += 1


def hold(folder):
    """Hold the right to write until killed."""
    with Store.open(folder) as store, store.writer():
        say("holding")
        sys.stdin.read()


def serve(folder):
    """Answer questions, one JSON list `[method, *arguments]` a line."""
    with Store.open(folder) as store:
        say("open")
        for line in sys.stdin:
            method, *arguments = json.loads(line)
            if method == "nearest":
                space, vector, k = arguments
                parts, _ = store.nearest(space, np.array([vector], np.float32), k)
                say(parts[0].tolist())
            elif method == "lexical":
                say(store.lexical(*arguments)[0].tolist())
            else:
                say(getattr(store, method)(*arguments))


def edit(folder):
    """Delete, change and add items as told, one JSON list a line, and say when it is committed."""
    with Store.open(folder) as store, store.writer() as writer:
        say("open")
        for line in sys.stdin:
            what, *given = json.loads(line)
            if what == "close":
                break
            if what == "delete":
                writer.delete([f"i{given[0]}"])
            else:
                number, price = given
                (one,) = numbered([number])
                changed = replace(one, metadata={**one.metadata, "price": price})
                if what == "add":
                    writer.put([changed], {}, source="rows")
                else:
                    writer.update([changed], source="rows")
            say("done")
    say("closed")


def unprivileged(folder):
    """Read, then try to write, as a user who may not."""
    import faiss  # noqa: F401 - before the user loses the right to read its files
    import filelock  # noqa: F401
    import pandas  # noqa: F401 ICN001

    if os.getuid() == 0:
        os.setuid(65534)
    try:
        with Store.open(folder) as store:
            say(store.ids())
            say(store.nearest(1, units(1), 2)[0][0].tolist())
            say(store.matching("price > 1"))
            say(store.notices)
            try:
                store.writer()
            except MmragError as error:
                say(f"{type(error).__name__}: {error}")
    except MmragError as error:
        say(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    modes = {"put": put, "hold": hold, "serve": serve, "edit": edit, "unprivileged": unprivileged}
    modes[sys.argv[1]](Path(sys.argv[2]))
