"""A keystroke in the search panel at 40k items: from the message to the pictures of a screen.

Every item has a text and a picture file, 512-d, in a space for both. The service is asked as
the panel asks it: the hits of the first screen, their thumbnails, and, after these, the
facets. Beside it stands the same work without a package. Prints Markdown for
docs/benchmarks.md: `python benchmarks/panel.py [--items 40000]`.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sqlite3
import statistics
import time
import zlib
from functools import partial

import numpy as np
import pandas as pd
from PIL import Image
from report import WORK, machine, ratio, table

import mmrag_jupyter as mm
from mmrag_jupyter.ingest import SilentReporter
from mmrag_jupyter.widgets.service import Service

DIM = 512
SCREEN = 24  # pictures that a wide panel shows at once
PAGE = 48
THUMBNAIL = 256  # pixels
PICTURE = (640, 480)
PICTURES = 1000
WORDS = ("red", "blue", "green", "shoe", "lamp", "chair", "hat", "wool", "oak", "steel")
BUDGET = 0.150  # seconds


class Instant:
    """An embedder that takes no time: what is measured is what the panel adds."""

    name = "instant:1"
    dim = DIM
    modalities = frozenset({"text", "image"})

    # Random, but always the same for the same text or picture.
    def embed_text(self, texts: list[str], *, query: bool) -> np.ndarray:  # noqa: ARG002, D102
        return np.stack([_vector(zlib.crc32(text.encode())) for text in texts])

    def embed_image(self, images: list[Image.Image]) -> np.ndarray:  # noqa: D102
        return np.stack([_vector(zlib.crc32(np.asarray(one)[:2].tobytes())) for one in images])


def _vector(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(DIM, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def collection(items: int) -> tuple[mm.Session, str]:
    """Return a session with a collection of so many items, made once."""
    root = WORK / "panel"
    session = mm.Session(mm.Config(root=str(root)))
    session.reporter = SilentReporter
    name = f"items-{items}"
    if name in session.names():
        session.open(name, model=Instant())
        return session, name
    shutil.rmtree(root, ignore_errors=True)
    session.load(_frame(items), name, text="title", image="photo", id="sku", model=Instant())
    return session, name


def _frame(items: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    photos = _photos(rng)
    words = rng.choice(WORDS, size=(items, 4))
    return pd.DataFrame(
        {
            "sku": [f"sku-{number:06}" for number in range(items)],
            "title": [f"{' '.join(row)} {number}" for number, row in enumerate(words)],
            "category": rng.choice(["shoes", "lamps", "chairs", "hats", "bags"], items),
            "brand": [f"brand {number}" for number in rng.integers(0, 200, items)],
            "price": rng.gamma(2.0, 40.0, items).round(2),
            "stars": rng.integers(1, 6, items),
            "added": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 2000, items), unit="D"),
            "photo": [photos[number % len(photos)] for number in range(items)],
        }
    )


def _photos(rng: np.random.Generator) -> list[str]:
    folder = WORK / "panel-photos"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(PICTURES):
        path = folder / f"{number}.jpg"
        if not path.is_file():
            coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
            Image.fromarray(coarse).resize(PICTURE, Image.Resampling.BICUBIC).save(path, quality=85)
        paths.append(str(path))
    return paths


def keystrokes(text: str) -> list[str]:
    """Return what stands in the field after each key."""
    return [text[:length] for length in range(1, len(text) + 1)]


TYPED = [each for text in ("red wool hat", "steel lamp", "oak chair") for each in keystrokes(text)]


def measure(session: mm.Session, name: str) -> dict[str, list[float]]:
    """Return seconds of each step, one value a keystroke."""
    taken: dict[str, list[float]] = {
        "hits": [],
        "pictures": [],
        "both": [],
        "facets": [],
        "next page": [],
    }
    service = Service(session)
    for typed in TYPED:
        asked = {"terms": [{"text": typed, "sign": 1}], "filters": [
            {"kind": "range", "column": "price", "low": 20, "high": None}]}  # fmt: skip
        ask = partial(_ask, service, name)
        began = time.perf_counter()
        found, _ = ask("search", asked=asked, offset=0, limit=PAGE)
        hits = time.perf_counter()
        screen = [{"key": hit["key"], "part": hit["part"]} for hit in found["hits"][:SCREEN]]
        ask("thumbnails", pictures=screen, size=THUMBNAIL)
        pictures = time.perf_counter()
        ask("facets", asked=asked)
        facets = time.perf_counter()
        ask("search", asked=asked, offset=PAGE, limit=PAGE)
        taken["hits"].append(hits - began)
        taken["pictures"].append(pictures - hits)
        taken["both"].append(pictures - began)
        taken["facets"].append(facets - pictures)
        taken["next page"].append(time.perf_counter() - facets)
    return taken


def _ask(service: Service, name: str, verb: str, **question: object) -> tuple[dict, list[bytes]]:
    answer, buffers = service.handle({"type": verb, "uuid": "1", "collection": name, **question})
    if answer["type"] != "answer":
        raise SystemExit(json.dumps(answer))
    # What the channel does with an answer, without sending it.
    json.dumps(answer)
    return answer["result"], buffers


def floor(session: mm.Session, name: str) -> list[float]:
    """Return seconds a keystroke of the same work without a package, one thread.

    Two matrix products and their best 48, one condition and one full-text query in SQLite, and
    24 pictures decoded, scaled and encoded.
    """
    store = session.collection(name).store
    (space,) = store.spaces()
    parts = store.parts_of(store.numbers())
    vectors = {
        modality: store.vectors(
            space.number, [row.part for row in parts if row.modality == modality]
        )
        for modality in ("text", "image")
    }
    photos = [row.path for row in parts if row.modality == "image"]
    db = sqlite3.connect(store.folder / "records.sqlite")
    ((price,),) = db.execute("SELECT 'c' || number FROM columns WHERE name = 'price'")
    taken = []
    for at, typed in enumerate(TYPED):
        began = time.perf_counter()
        query = _vector(zlib.crc32(typed.encode()))
        for matrix in vectors.values():
            np.argpartition(-(matrix @ query), PAGE)[:PAGE]
        db.execute(f"SELECT item FROM items WHERE {price} >= 20").fetchall()
        words = " OR ".join(f'"{word}"' for word in typed.split())
        match = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?"
        db.execute(match, (words, 4 * PAGE)).fetchall()
        for path in photos[at * SCREEN : (at + 1) * SCREEN]:
            with Image.open(path) as picture:
                picture.draft("RGB", (THUMBNAIL, THUMBNAIL))
                picture.thumbnail((THUMBNAIL, THUMBNAIL))
                picture.save(io.BytesIO(), "jpeg", quality=82)
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=40_000)
    given = parser.parse_args()
    print(machine("faiss-cpu", "pillow", "numpy"))
    session, name = collection(given.items)
    taken = measure(session, name)
    taken["floor"] = floor(session, name)
    rows = [
        [step, *(_shown(value) for value in (first, statistics.median(rest), max(rest)))]
        for step, (first, *rest) in taken.items()
    ]
    print(table([f"{given.items:,} items", "the very first", "median", "slowest"], rows))
    median, least = (statistics.median(taken[step][1:]) for step in ("both", "floor"))
    verdict = "within" if median < BUDGET else "OVER"
    print(
        f"\nKeystroke to pictures: {_shown(median)}, {verdict} the budget of {_shown(BUDGET)}; "
        f"{ratio(median, least)} the floor."
    )


def _shown(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


if __name__ == "__main__":
    main()
