"""What it takes to see a collection whole, at 10,000 and at 100,000 items, and how that grows.

Prints Markdown for docs/benchmarks.md: `python benchmarks/exploring.py [--items 10000 100000]
[--runs 3]`. The items lie in 200 crowds of 512 dimensions, and one in a hundred is there twice.
Each figure is taken in a process of its own; processor time counts all threads.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from report import WORK, in_process, machine, medians, table

import mmrag_jupyter as mm

if TYPE_CHECKING:
    from collections.abc import Callable

DIM, CROWDS, TWICE = 512, 200, 100
HEADING = ("CPU time", "time", "memory")


class Given:
    """Embeds the text of an item, its number, as the vector that was made for it."""

    name, dim, modalities = f"given:{DIM}", DIM, frozenset({"text"})

    def __init__(self, vectors: np.ndarray) -> None:
        self._vectors = vectors

    def embed_text(self, texts: list[str], *, query: bool) -> np.ndarray:
        """Return `(n, dim)` float32."""
        del query
        return self._vectors[[int(text.split()[0]) for text in texts]]


def vectors(count: int) -> np.ndarray:
    """Return unit vectors in crowds, `(count, DIM)` float32."""
    random = np.random.default_rng(0)
    found = random.standard_normal((CROWDS, DIM), np.float32)[random.integers(CROWDS, size=count)]
    found += 0.8 * random.standard_normal((count, DIM), np.float32)
    again = np.arange(TWICE, count, TWICE)
    found[again] = found[again - 1] + 0.02 * random.standard_normal((len(again), DIM), np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def prepared(count: int) -> Path:
    """Return a folder with a collection of `count` items; it is made anew."""
    root = WORK / f"exploring-{count}"
    shutil.rmtree(root, ignore_errors=True)
    frame = pd.DataFrame(
        {
            "text": [f"{at} word{at % CROWDS} word{at % 7}" for at in range(count)],
            "kind": [f"kind {at % 30}" for at in range(count)],
            "price": np.arange(count) % 997 / 10,
        }
    )
    model = Given(vectors(count))
    made = mm.load(frame, "whole", text="text", model=model, store=root / "whole", progress=False)
    made.close()
    return root


VIEWS: dict[str, Callable[[mm.Collection], object]] = {
    "map (PCA)": lambda whole: whole.map(color="kind", layout="pca"),
    "duplicates": lambda whole: whole.duplicates(),
    "outliers": lambda whole: whole.outliers(),
    "clusters": lambda whole: whole.clusters(),
    "facets": lambda whole: whole.facets(),
}


def measured(root: str, view: str) -> dict[str, float]:
    """Look at a collection once, and draw what is shown of it: seconds, and MB above before."""
    whole = mm.open(f"{root}/whole", model=Given(np.empty((0, DIM), np.float32)))
    before, began, used = _peak(), time.perf_counter(), time.process_time()
    shown = VIEWS[view](whole)
    shown._repr_mimebundle_()  # type: ignore[attr-defined]
    used, took = time.process_time() - used, time.perf_counter() - began
    return {"cpu": used, "time": took, "memory": _peak() - before}


def _peak() -> float:
    """Return the most memory that this process held, in MB."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # What getrusage tells on Linux counts in the process that started this one.
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs=2, default=[10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("ROOT", "VIEW"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(*options.one)))
        return
    print(machine("numpy", "faiss-cpu"))
    few, many = sorted(options.items)
    roots = {count: prepared(count) for count in (few, many)}
    arms = {
        (count, view): lambda root=root, view=view: in_process(__file__, "--one", root, view)
        for count, root in roots.items()
        for view in VIEWS
    }
    figures = medians(arms, options.runs)
    rows = []
    for view in VIEWS:
        one, other = figures[few, view], figures[many, view]
        grows = math.log(other["cpu"] / one["cpu"]) / math.log(many / few)
        rows.append([view, *_told(one), *_told(other), f"n^{grows:.2f}"])
    header = [f"{what}, {count:,}" for count in (few, many) for what in HEADING]
    print("\n" + table(["", *header, "CPU time grows as"], rows))
    for root in roots.values():
        shutil.rmtree(root)


def _told(figures: dict[str, float]) -> list[str]:
    return [f"{figures['cpu']:.2f} s", f"{figures['time']:.2f} s", f"{figures['memory']:.0f} MB"]


if __name__ == "__main__":
    main()
