"""Places for a collection in each kind of store."""

from __future__ import annotations

import itertools
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.config import Config
from mmrag_jupyter.session import Session

if TYPE_CHECKING:
    from pathlib import Path

ENGINES = ("lancedb", "qdrant", "milvus", "postgresql")
_databases = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where a test's collections live, and folders for machines that use it."""

    kind: str
    store: str
    folder: Path

    def session(self, machine="one"):
        return Session(Config(root=str(self.folder / machine)))

    def here(self):
        """Return a session whose collections are in folders, to compare with."""
        return self.session("here")


def start(server):
    """Start a PostgreSQL, and wait until it answers: after a kill it mends itself first."""
    import psycopg

    for _ in range(10):
        # On a busy machine this gives up after ten seconds, and the server starts all the same.
        with suppress(subprocess.SubprocessError):
            server.ensure_postgres_running()
            break
    for _ in range(300):
        try:
            psycopg.connect(server.get_uri()).close()
        except psycopg.OperationalError:
            threading.Event().wait(0.2)
        else:
            return


def postgres_store(server):
    """Return the address of a database that is new."""
    import psycopg

    name = f"db{next(_databases)}"
    uri = server.get_uri().replace("postgres:@", "postgres@")
    with psycopg.connect(uri, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    return uri.replace("/postgres?", f"/{name}?")


def place_of(kind, folder, request):
    if kind == "postgresql":
        store = postgres_store(request.getfixturevalue("postgres"))
    else:
        ending = ".db" if kind == "milvus" else ""
        store = f"{kind}://{folder / kind}{ending}"
    return Place(kind, store, folder)
