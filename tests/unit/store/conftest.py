"""A store in a folder of its own."""

from __future__ import annotations

import pytest

from mmrag_jupyter.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "things", "things") as made:
        yield made
