"""Rows to load into stores elsewhere: each text and each picture unlike the others."""

from __future__ import annotations

import io

import pandas as pd
from toys import picture

THINGS = (
    "red shoe of leather", "green hat", "blue shoe", "yellow coat of wool", "black leather bag",
    "white scarf of wool and silk", "brown boots made of old leather", "pink socks",
    "grey hat with a long name that nobody reads", "orange bag", "violet shoe of silk", "red coat",
)  # fmt: skip


def picture_bytes(at, size=(24, 24)):
    out = io.BytesIO()
    picture(((at * 67) % 256, (at * 31 + 40) % 256, (at * 131 + 90) % 256), size).save(out, "PNG")
    return out.getvalue()


def products(count=12):
    """Return rows with texts, pictures as bytes, and columns of several kinds."""
    texts = [THINGS[at % 12] + (f" number{at}" if at >= 12 else "") for at in range(count)]
    return pd.DataFrame({
        "sku": [f"s{at}" for at in range(count)],
        "title": texts,
        "price": [at * 10.5 for at in range(count)],
        "stock": pd.array([None if at % 5 == 0 else at for at in range(count)], dtype="Int64"),
        "brand": [("Acme", "Bell", None, "acme's")[at % 4] for at in range(count)],
        "sold": [at % 3 == 0 for at in range(count)],
        "day": pd.date_range("2024-01-30", periods=count, freq="36h"),
        "photo": [picture_bytes(at) for at in range(count)],
    })  # fmt: skip


def options(embedder):
    """Return how these rows are loaded."""
    return {
        "text": "title", "image": "photo", "id": "sku", "model": embedder, "progress": False,
        "key": "table:products",
    }  # fmt: skip


SAID = (
    "perfect for wide feet", "much too narrow", "broke after a week of rain", "warm in winter",
    "the colour is another one", "keeps dry in storms", "my dog likes it",
)  # fmt: skip


def reviews(count=26, of=12):
    """Return rows that join products on sku: several, one or none each, some of nothing."""
    keys = [f"s{(at * at) % of}" for at in range(count)]
    keys[3], keys[5] = None, "nothing"
    return pd.DataFrame({
        "review": [f"R{at}" for at in range(count)],
        "sku": keys,
        "stars": pd.array([None if at % 7 == 6 else at % 5 + 1 for at in range(count)], "Int64"),
        "author": pd.Categorical([("Ann", "Ben", "Cid")[at % 3] for at in range(count)]),
        "day": pd.date_range("2024-02-01", periods=count, freq="9h"),
        "body": [f"{SAID[at % 7]}, number{at}" for at in range(count)],
    })  # fmt: skip


def brands():
    """Return rows that join several products each, on brand; of one there is a picture."""
    return pd.DataFrame(
        {
            "brand": ["Acme", "Bell", "Other"],
            "country": ["Peru", "Chile", "Cuba"],
            "about": ["makes things for sport", "an old house of bells", "unknown"],
            "logo": [picture_bytes(40), None, picture_bytes(41)],
        }
    )


def join(collection, rows=None, **more):
    """Join the reviews to products, and return the report."""
    given = {"on": "sku", "text": "body", "id": "review", "called": "reviews", **more}
    given = {"key": "table:reviews", "progress": False, **given}
    return collection.load(reviews() if rows is None else rows, **given)


def join_brands(collection):
    """Join the brands to products, and return the report."""
    given = {"on": "brand", "text": "about", "image": "logo", "called": "brands"}
    return collection.load(brands(), key="table:brands", progress=False, **given)
