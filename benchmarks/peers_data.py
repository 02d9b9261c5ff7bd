"""The photos that every arm of `peers.py` loads, with their columns, and what is asked of them.

Imported in the environments of all peers: only the standard library, numpy and Pillow are there.
"""

from __future__ import annotations

import json
import os
import random
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from PIL import Image

K = 10
# A quarter of the photos costs less: drawn evenly from 1 to 200.
LIMIT = 50
QUERIES = 20
# Photos that a loop of a user's own hands over at once: the encoders' batch size by default.
CHUNK = 32
# Pillow halves a JPEG while it decodes it, down to this box; the model sees 224 of it.
SHRUNK = (448, 448)

_COLOURS = ("red", "green", "blue", "yellow", "black")
_THINGS = ("cup", "shoe", "bicycle", "tree by the road", "house with a garden")


@dataclass(frozen=True, slots=True)
class Job:
    """What an arm loads: photo `i` has `ids[i]`, `paths[i]`, `brands[i]` and `prices[i]`.

    `folder` is the arm's own, `model` the folder of the CLIP, `plain` the file of the photos'
    vectors, computed plainly; a `tuned` arm does what a careful user would.
    """

    folder: Path
    model: str
    plain: str
    tuned: bool
    ids: list[str]
    paths: list[str]
    brands: list[str]
    prices: list[float]
    queries: list[str]

    def rows(self) -> Iterator[tuple[str, str, str, float]]:
        """Yield id, path, brand and price of each photo."""
        return zip(self.ids, self.paths, self.brands, self.prices, strict=True)


class Peer(ABC):
    """An arm: it loads its libraries and its model when it is made."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @abstractmethod
    def ingest(self) -> None:
        """Embed all photos and keep them, with their columns, in the job's folder."""

    @abstractmethod
    def open(self) -> None:
        """Open what `ingest` left in the folder."""

    @abstractmethod
    def search(self, text: str, limit: float | None) -> list[str]:
        """Return the ids of the K nearest photos, best first; if asked, of those below a price."""

    @abstractmethod
    def embed(self, text: str) -> np.ndarray:
        """Return a text's vector as the peer makes it, `(dim,)`."""

    @abstractmethod
    def vectors(self) -> tuple[list[str], np.ndarray]:
        """Return the ids and vectors that the peer keeps, `(n, dim)`."""

    def close(self) -> None:  # noqa: B027 - not every peer has something to close
        """Let go of files."""

    def server(self) -> tuple[float, float]:
        """Return the CPU seconds and the MB of a server that the peer started, if it does."""
        return 0.0, 0.0


def write(file: Path, photos: Path, model: Path, plain: Path) -> None:
    """Draw the columns and the queries, with a fixed seed, and write them for all arms."""
    drawn = random.Random(0)  # noqa: S311
    paths = sorted(map(str, photos.iterdir()))
    sentences = [f"a photo of a {colour} {thing}" for colour in _COLOURS for thing in _THINGS]
    job = {
        "model": str(model),
        "plain": str(plain),
        "ids": [f"photo {number}" for number in range(len(paths))],
        "paths": paths,
        "brands": [f"brand {drawn.randrange(50)}" for _ in paths],
        "prices": [round(drawn.uniform(1, 200), 2) for _ in paths],
        "queries": drawn.sample(sentences, QUERIES),
    }
    file.write_text(json.dumps(job), encoding="utf-8")


def read(file: Path, folder: Path, *, tuned: bool) -> Job:
    """Read what `write` wrote."""
    return Job(**json.loads(file.read_text(encoding="utf-8")), folder=folder, tuned=tuned)


def opened(job: Job) -> Iterator[Image.Image]:
    """Yield the pictures: opened one after another, or, when tuned, decoded small and ahead."""
    from PIL import Image

    if not job.tuned:
        yield from map(Image.open, job.paths)
        return
    ahead: deque = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path in job.paths:
            ahead.append(pool.submit(shrunk, path))
            if len(ahead) > 2 * CHUNK:
                yield ahead.popleft().result()
        for picture in ahead:
            yield picture.result()


def shrunk(path: str) -> Image.Image:
    """Decode a photo no larger than it takes."""
    from PIL import Image

    picture = Image.open(path)
    picture.thumbnail(SHRUNK)
    return picture.convert("RGB")
