"""One arm of `store.py` in a process of its own: `store_arm.py ARM build|query DATA FOLDER`."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_data import Data

K = 10


def arm(name: str) -> tuple[Callable[[Path, Data], None], Callable[[Path, Data], object]]:
    """Return what builds an arm's files and what opens them; its libraries are imported here."""
    if name == "floor":
        import store_floor

        return store_floor.build, store_floor.Opened
    if name == "project":
        import store_project

        return store_project.build, store_project.Opened
    import store_stock

    faiss = name == "stock-faiss"
    stores = store_stock.faiss_stores() if faiss else store_stock.simple_stores()
    return (
        lambda folder, data: store_stock.build(folder, data, stores),
        lambda folder, data: store_stock.Opened(folder, data, faiss=faiss),
    )


def timed_queries(ask: Callable[[int, int], list[str]], data: Data) -> tuple[float, float]:
    """Return the median time of a query in seconds, and the share of right answers.

    Each query has two, one a space, and both must be among the answers.
    """
    times, right = [], 0
    for query, target in enumerate(data.targets):
        began = time.perf_counter()
        found = ask(query, K)
        times.append(time.perf_counter() - began)
        right += (f"t{target}" in found) + (f"i{target}" in found)
    return statistics.median(times), right / (2 * len(times))


def main() -> None:
    name, step, data_folder, folder = sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:])
    build, opened = arm(name)
    from store_data import read

    data = read(data_folder)
    # The prepared lists are no work of any arm, and the collector would walk over them in all.
    gc.freeze()
    began = time.perf_counter()
    if step == "build":
        build(folder, data)
        result = {
            "build": time.perf_counter() - began,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "disk": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6,
        }
    else:
        collection = opened(folder, data)
        result = {"reopen": time.perf_counter() - began}
        result["dense"], result["right"] = timed_queries(collection.dense, data)
        if hasattr(collection, "full"):
            result["full"], _ = timed_queries(collection.full, data)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
