"""How many pictures are in memory at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmrag_jupyter.ingest.embed import LARGE_AT_ONCE, PICTURES_AT_ONCE, batch_size


@pytest.mark.parametrize(
    ("embedder", "count"),
    [
        (SimpleNamespace(image_edge=224), PICTURES_AT_ONCE),
        # Pages and photos come to these as large as they are.
        (SimpleNamespace(), LARGE_AT_ONCE),
        (SimpleNamespace(image_edge=None), LARGE_AT_ONCE),
        (SimpleNamespace(batch_size=3), 3),
    ],
    ids=["small", "of any size", "not known", "its own"],
)
def test_fewer_are_decoded_at_once_where_their_size_is_not_bounded(embedder, count):
    assert batch_size(embedder) == count
