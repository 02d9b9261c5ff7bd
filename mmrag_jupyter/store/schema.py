"""The tables of a collection, and how a connection to them is opened.

SQLite says what exists. Vectors lie in files of their own; the table `runs` names their
rows: a run is some hundred rows that one commit appended, with arrays (as blobs) of the part,
the item, the flags and the content hash of each. A part's vectors are found by binary search,
because part numbers only ever grow. The parts of an item are numbered without a gap, from
`items.part` on. `texts` holds no texts of its own, only their index.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError, StoreError
from mmrag_jupyter.store.failures import DAMAGE_CODES, damaged

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = "records.sqlite"
APPLICATION_ID = 0x6D6D7267  # "mmrg"
VERSION = 2
# Those of before are read as they are, and become of this one when they are first written to:
# in 2 the evenly spaced numbers of a run are its first and its step.
_READ = (1, VERSION)

# SQLite holds at most 2000 columns a table and a result, and each may need an exact one.
MOST_COLUMNS = 900

TEXTS = """
CREATE VIRTUAL TABLE texts USING fts5(
    text, content='', tokenize='unicode61 remove_diacritics 2'
);
-- Collect a whole batch before writing, and merge rarely: faster than the defaults.
INSERT INTO texts(texts, rank) VALUES ('hashsize', 16777216);
INSERT INTO texts(texts, rank) VALUES ('automerge', 8);
"""

TABLES = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    source INTEGER PRIMARY KEY, key UNIQUE NOT NULL, label NOT NULL, columns TEXT NOT NULL
);
CREATE TABLE spaces (
    space INTEGER PRIMARY KEY, name TEXT NOT NULL, address TEXT, dim INTEGER NOT NULL,
    modalities TEXT NOT NULL, dtype TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0
);
-- `nth` tells the levels of one name of an index apart: several may have none.
CREATE TABLE columns (
    number INTEGER PRIMARY KEY, name NOT NULL, role TEXT NOT NULL, nth INTEGER NOT NULL,
    exact INTEGER NOT NULL DEFAULT 0, UNIQUE (name, role, nth)
);
CREATE TABLE items (
    item INTEGER PRIMARY KEY, id UNIQUE NOT NULL, source INTEGER NOT NULL,
    digest BLOB NOT NULL, part INTEGER NOT NULL, parts INTEGER NOT NULL
);
CREATE TABLE parts (
    part INTEGER PRIMARY KEY, item INTEGER NOT NULL, modality TEXT NOT NULL, text TEXT,
    digest BLOB NOT NULL, path, size INTEGER, mtime_ns INTEGER, page INTEGER,
    "start" REAL, "end" REAL, has_blob INTEGER
);
CREATE INDEX parts_path ON parts(path) WHERE path IS NOT NULL;
CREATE INDEX parts_blob ON parts(digest) WHERE has_blob;
CREATE TABLE runs (
    space INTEGER NOT NULL, row INTEGER NOT NULL, parts BLOB NOT NULL, items BLOB NOT NULL,
    flags BLOB NOT NULL, digests BLOB NOT NULL, PRIMARY KEY (space, row)
);
CREATE TABLE dead (space INTEGER, row INTEGER, PRIMARY KEY (space, row)) WITHOUT ROWID;
CREATE TABLE blobs (digest BLOB PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE nodes (item INTEGER PRIMARY KEY, document, json TEXT NOT NULL);
CREATE INDEX nodes_document ON nodes(document) WHERE document IS NOT NULL;
CREATE TABLE problems (source NOT NULL, name NOT NULL, reason NOT NULL);
"""


def create(path: Path, name: str) -> None:
    """Write an empty collection's records to a new file at `path`.

    Raises
    ------
    sqlite3.Error, OSError
        It cannot be written.
    """
    # Made under another name, so that a half-made one is never taken for a collection.
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    db = sqlite3.connect(draft, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.executescript(f"BEGIN; {TABLES} {TEXTS} COMMIT;")
        db.execute("INSERT INTO settings VALUES ('name', ?)", (name,))
    finally:
        db.close()
    draft.replace(path)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open records; `mode` is "rw" (never creates the file), "ro" or "immutable".

    Any thread may use the connection, one at a time.
    """
    flags = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
    uri = f"{path.resolve().as_uri()}?{flags}"
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, factory=_Connection
    )


class _Connection(sqlite3.Connection):
    """A connection that is closed when nothing refers to it any more.

    A notebook closes few of its collections; from Python 3.13 on, it would be warned of each.
    """

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it could not be opened
            self.close()


def reader(path: Path, mode: str) -> sqlite3.Connection:
    """Open records for reading only."""
    db = connect(path, mode)
    db.execute("PRAGMA query_only = ON")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def writer(path: Path) -> sqlite3.Connection:
    """Open records for writing."""
    db = connect(path, "rw")
    # Readers of the format before would take what is written now for something else.
    if db.execute("PRAGMA user_version").fetchone()[0] in _READ[:-1]:
        db.execute(f"PRAGMA user_version = {VERSION}")
    # Vectors are on disk before a commit names them, so that a commit lost to a power cut
    # (not to a crash of the process) loses work, but never breaks anything.
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA wal_autocheckpoint = 8192")
    db.execute("PRAGMA cache_size = -16384")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def openable(path: Path) -> tuple[str, str]:
    """Find out how the records at `path` can be opened, and check that they are ours.

    Returns
    -------
    The mode for `connect`, and a notice, or "".

    Raises
    ------
    NotFoundError
        There is no such file.
    StoreDamagedError
        It is damaged.
    StoreError
        It belongs to another program or a newer version, or cannot be read.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no collection in {path.parent}.")
    _check_length(path)
    failure: sqlite3.Error | None = None
    for mode in ("rw", "ro"):
        try:
            return _checked(path, mode), ""
        except sqlite3.OperationalError as error:
            failure = failure or error
    # A database in WAL mode cannot be read from a folder where nothing can be written,
    # unless SQLite is told that nobody else writes either.
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise StoreError(
            f"Collection {path.parent.name!r} was not closed properly and its folder "
            f"{path.parent} cannot be written ({failure}): open it once where it can."
        )
    try:
        mode = _checked(path, "immutable")
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error
    return mode, (
        f"{path.parent} cannot be written: the collection is open for reading only, and "
        "changes made elsewhere show only after it is opened again"
    )


def _checked(path: Path, mode: str) -> str:
    try:
        db = reader(path, mode)
        try:
            application, version = (
                db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            )
            # Reads the schema, which a header alone does not show to be whole.
            db.execute("SELECT count(*) FROM settings").fetchone()
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in DAMAGE_CODES:
            raise damaged(path.parent, str(error)) from error
        if "no such table" not in str(error):
            raise
        application, version = 0, 0
    if application != APPLICATION_ID:
        raise StoreError(f"{path} was not made by mmrag_jupyter; choose another folder.")
    if version not in _READ:
        raise StoreError(
            f"Collection {path.parent.name!r} has format {version} and this version of "
            f"mmrag_jupyter reads format {VERSION}; upgrade with pip install -U mmrag-jupyter."
        )
    return mode


def _check_length(path: Path) -> None:
    """Raise StoreDamagedError for an empty file, or one that is shorter than it says."""
    size = path.stat().st_size
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return  # the rest may be there
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    if head[:16] != b"SQLite format 3\0":
        raise damaged(path.parent, "it is empty" if not head else "it is not a database")
    page_size = int.from_bytes(head[16:18], "big")
    expected = int.from_bytes(head[28:32], "big") * (65536 if page_size == 1 else page_size)
    if size < expected:
        raise damaged(path.parent, f"it has {size:,} of {expected:,} bytes")
