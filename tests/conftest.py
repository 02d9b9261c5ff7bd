"""Fixtures for every room: offline models, and the real data where it is at hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

# Helper modules beside this file; --import-mode=importlib leaves sys.path alone.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["fixtures_models", "fixtures_late", "fixtures_sound"]

# Before any model library is imported: no test may reach a hub.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


@pytest.fixture(scope="session")
def shared_data():
    """Return the folder of real development data, or skip and say why."""
    named = os.environ.get("MMRAG_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not (folder / "tasks.csv").is_file():
        pytest.skip(f"no real data at {folder}; set MMRAG_SHARED_DATA to run this test")
    return folder


def pytest_collection_modifyitems(items):
    # Playwright keeps an event loop running in this thread, in which asyncio.run() fails.
    items.sort(key=lambda item: "ui" in item.path.parts)
    for item in items:
        # A browser, a server and a kernel share a busy machine with all other tests: once more,
        # and the summary says so.
        if "ui" in item.path.parts:
            item.add_marker(pytest.mark.flaky(reruns=1))
