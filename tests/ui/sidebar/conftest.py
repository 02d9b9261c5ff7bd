"""Notebooks with the sidebar open beside them."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from sidebar_user import LOAD, Sidebar


@pytest.fixture
def sidebar(user):
    return Sidebar(user)


@pytest.fixture
def opens(server, user, request):
    """Return a function that opens a new notebook with these cells, in a folder of its own."""

    def with_cells(*cells, name="notebook", kernel="python3"):
        path = f"{re.sub(r'[^a-z0-9]', '-', request.node.name)}/{name}.ipynb"
        file = server.notebook(path, list(cells))
        saved = json.loads(file.read_text())
        saved["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel}
        file.write_text(json.dumps(saved))
        user.opens_lab(path)
        user.waits_for_kernel()
        return file.parent

    return with_cells


@pytest.fixture
def shop(opens, user, sidebar):
    """A notebook with a loaded collection, and the sidebar open beside it."""
    opens(LOAD, "import time; time.sleep(300)")
    user.runs(0)
    sidebar.opens()
    expect(sidebar.card("shop")).to_contain_text("120 items")
    return sidebar
