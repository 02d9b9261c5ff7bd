"""Write a collection that lies elsewhere into a folder: a batch at a time, and whole or not at all.

It grows in a folder within the one that it is to be in, where nobody takes it for a collection.
Only when all of it is there are its files moved up, its records last.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import StoreBusyError, StoreError
from mmrag_jupyter.items import Problem
from mmrag_jupyter.served import media
from mmrag_jupyter.served.cells import from_key
from mmrag_jupyter.served.copyitems import Batches
from mmrag_jupyter.served.copyrows import Way
from mmrag_jupyter.store import Store, coded, schema, tuned, word_index
from mmrag_jupyter.store.failures import explained
from mmrag_jupyter.store.lock import WriteLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mmrag_jupyter.served.store import ServedStore
    from mmrag_jupyter.store import Writer

_DRAFT = "saving.new"
_OWN = "own:"
# What a load keeps of the model that writes down what is said.
_SPEECH = "transcriber"
# Beside the records: vectors, those of parts with many, indexes of them, what was learnt; and
# what is made of the records.
_FILES = (
    "space-*.vec", "space-*.tok", "space-*.faiss", tuned.PATTERN, coded.FILE, word_index.FOLDER,
)  # fmt: skip


def copy(store: ServedStore, folder: Path, tell: Callable[[int, int], None]) -> Path:
    """Write a collection elsewhere to a folder, and return that.

    Nobody else writes to it meanwhile. Who may only read it can save it too; a change in between
    is noticed then.

    Parameters
    ----------
    tell
        Is told how many items are there, and of how many.

    Raises
    ------
    StoreBusyError
        Somebody writes to it.
    StoreError
        There is a collection in the folder already, or it cannot be written.
    """
    from mmrag_jupyter.served.places import is_there

    with explained(folder):
        if is_there(folder):
            raise StoreError(f"There is a collection in {folder} already; choose another.")
        folder.mkdir(parents=True, exist_ok=True)
    lock = WriteLock(folder)
    draft = folder / _DRAFT
    try:
        with _alone(store) as check, explained(folder):
            shutil.rmtree(draft, ignore_errors=True)
            _fill(store, draft, check, tell)
            _adopt(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        lock.release()
        _tidy_up(folder)
    return folder


@contextmanager
def _alone(store: ServedStore) -> Iterator[Callable[[], None]]:
    """Give what makes sure that nobody else writes; it does nothing for who may only read."""
    try:
        writer = store.writer()
    except StoreBusyError:
        raise
    except StoreError:
        yield lambda: None
        return
    with writer:
        yield writer.check


def _fill(
    store: ServedStore, draft: Path, check: Callable[[], None], tell: Callable[[int, int], None]
) -> None:
    with Store.create(draft, store.name) as copied:
        with copied.writer() as writer:
            _describe(store, writer)
            batches = Batches(Way(store, copied, writer))
            tell(0, batches.total)
            for done in batches.write():
                check()
                tell(done, batches.total)
            _settle(store, writer)
        for name in tuned.names(store):
            with suppress(FileNotFoundError):
                copied.shelf.put(name, store.shelf.get(name))
        verdicts = store.feedback()
        if verdicts:
            copied.keep_feedback(verdicts)
        copied.wait_for_indexes()


def _describe(store: ServedStore, writer: Writer) -> None:
    """Write what items are read by: their sources, with all columns."""
    for source in store.state.catalogue().sources.values():
        columns = [physical.column for physical in source.columns]
        writer.add_source(source.key, source.label, columns)


def _settle(store: ServedStore, writer: Writer) -> None:
    """Write what belongs to no item."""
    for source in store.state.catalogue().sources.values():
        found = store.state.problems_of(source.key)
        if found:
            writer.set_problems(source.key, [Problem(*one) for one in found])
    known = [json.loads(store.setting(_SPEECH) or "{}").get("name", "")]
    for model, said in media.all_transcripts(store.engine, store.layout.kept, known):
        writer.keep_transcripts(model, said)
    for key, value in store.state.all().items():
        if key.startswith(_OWN):
            writer.set_setting(from_key(key.removeprefix(_OWN)), value)


def _adopt(draft: Path, folder: Path) -> None:
    """Make the closed collection in `draft` that of `folder`."""
    records = draft / schema.RECORDS
    with closing(sqlite3.connect(records)) as db:
        # What is in the log still becomes part of the file, which would not be whole alone.
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA journal_mode = WAL")
    for pattern in _FILES:
        for path in draft.glob(pattern):
            target = folder / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
    records.replace(folder / schema.RECORDS)


def _tidy_up(folder: Path) -> None:
    """Leave nothing of a copy that has failed, and no folder that it has made."""
    if not Store.exists(folder):
        for name in ("lock", "lock.json"):
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
