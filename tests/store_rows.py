"""Items, parts and vectors for the tests of the store, and for the processes that they start."""

from __future__ import annotations

import hashlib

import numpy as np

from mmrag_jupyter.items import Column, NewItem, NewPart

DIM = 8
# How many vectors are many, where a test sets the limits so.
COUNT = 3000
COLUMNS = (
    Column("", "int", "int64", role="index"),
    Column("price", "float", "float64"),
    Column("name", "str", "str"),
)


def digest(text):
    """Return the content hash that ingest would give a text or picture."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def units(count, dim=DIM, seed=0):
    """Return random unit vectors, shape (count, dim) float32."""
    vectors = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def text(words, **more):
    """Return a part of text."""
    return NewPart("text", digest(words), words, **more)


def image(name, **more):
    """Return a part that is a picture."""
    return NewPart("image", digest(name), **more)


def item(item_id, *parts, **metadata):
    """Return an item; its hash is that of its id."""
    return NewItem(item_id, digest(item_id), parts, metadata)


def numbered(numbers):
    """Return items with a text and a picture each, with columns and index as in COLUMNS."""
    return [
        NewItem(
            f"i{n}",
            digest(f"i{n}"),
            (
                text(f"hello word{n}"),
                image(f"p{n}", path=f"/photos/{n}.jpg", size=n, mtime_ns=n * 10),
            ),
            {"price": float(n), "name": f"n{n}"},
            (n,),
        )
        for n in numbers
    ]


def put(writer, items, spaces, seed=0, source="rows"):
    """Store items with random vectors of all their parts in every space; return the vectors."""
    count = sum(len(one.parts) for one in items)
    vectors = units(count, seed=seed)
    everything = np.arange(count)
    writer.put(items, dict.fromkeys(spaces, (everything, vectors)), source=source)
    return vectors


def fill(store, count=20, seed=0):
    """Store `count` numbered items in one space for text and pictures; return number, vectors."""
    with store.writer() as writer:
        writer.add_source("rows", "rows of a test", COLUMNS)
        space = writer.add_space("model", None, DIM, frozenset({"text", "image"}))
        return space, put(writer, numbered(range(count)), [space], seed)


def fill_large(store, first=0, count=COUNT):
    """Store pictures whose vectors lie in 30 clusters; return their space and vectors."""
    centres = units(30, seed=77)
    vectors = centres[np.arange(count) % 30] + 0.2 * units(count, seed=first + 1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    items = [
        NewItem(f"i{n}", b"", (image(f"p{n}"),), {"price": float(n)}, (n,))
        for n in range(first, first + count)
    ]
    with store.writer() as writer:
        writer.add_source("rows", "rows", COLUMNS)
        space = writer.add_space("model", None, DIM, frozenset({"image"}))
        writer.put(items, {space: (np.arange(count), vectors)}, source="rows")
    store.wait_for_indexes()
    return space, vectors
