"""A collection of five things of known words and colours, searched by a toy model."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm

COLOURS = {"red": "shoe", "green": "hat", "blue": "coat", "white": "scarf", "black": "glove"}


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def things():
    """Return a dataframe: index id, title, kind, price, photo (PIL)."""
    return pd.DataFrame(
        {
            "title": [f"{colour} {thing}" for colour, thing in COLOURS.items()],
            "kind": ["feet", "head", "body", "body", "hands"],
            "price": [80, 20, 120, 15, 25],
            "photo": [picture(colour) for colour in COLOURS],
        },
        index=pd.Index(list(COLOURS), name="sku"),
    )


@pytest.fixture
def shop(session, things):
    return session.load(
        things, "shop", text="title", image="photo", model=ToyEmbedder(), progress=False
    )
