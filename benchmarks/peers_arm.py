"""One arm of `peers.py`, run by that peer's Python: `peers_arm.py ARM STEP JOB FOLDER`.

The steps are ingest, query and, where the peer leaves a server running, stop.

Prints the figures as a JSON object on the last line.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import json  # noqa: E402
import resource  # noqa: E402
import shutil  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402
from importlib import import_module  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from peers_data import LIMIT, K, read  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from peers_data import Job, Peer

TUNED = "-tuned"
FEW = 2
# Of two photos whose exact scores differ by less, either may come first.
TIED = 1e-4


def ingest(peer: Peer, job: Job) -> dict[str, float]:
    """Load the photos into an empty folder; libraries and model were loaded before."""
    warm_up(peer, job)
    began, began_cpu = time.perf_counter(), cpu_time(peer)
    peer.ingest()
    took, took_cpu = time.perf_counter() - began, cpu_time(peer) - began_cpu
    memory = peak_memory(peer)
    peer.close()
    return {
        "rate": len(job.ids) / took,
        "cpu": took_cpu / len(job.ids),
        "memory": memory,
        "disk": sum(file.stat().st_size for file in job.folder.rglob("*") if file.is_file()) / 1e6,
    }


def warm_up(peer: Peer, job: Job) -> None:
    """Load a few photos elsewhere: some libraries import on first use."""
    few = {name: getattr(job, name)[:FEW] for name in ("ids", "paths", "brands", "prices")}
    peer.job = replace(job, folder=job.folder.with_name(f"{job.folder.name}-warm"), **few)
    peer.job.folder.mkdir()
    peer.ingest()
    peer.close()
    shutil.rmtree(peer.job.folder)
    peer.job = job


def query(peer: Peer, job: Job) -> dict[str, float]:
    """Open what was loaded, ask, and compare the answers with an exact search."""
    peer.open()
    peer.search(job.queries[0], None)
    figures = {"first": time.perf_counter() - BEGAN}
    peer.close()
    figures["reopen"] = seconds(lambda: (peer.open(), peer.search(job.queries[0], None)))
    # In turn, so that what else the machine does meets all three alike.
    rounds = [
        (
            seconds(lambda text=text: peer.embed(text)),
            seconds(lambda text=text: peer.search(text, None)),
            seconds(lambda text=text: peer.search(text, LIMIT)),
        )
        for text in job.queries
    ]
    embed, plain, filtered = zip(*rounds, strict=True)
    figures |= {
        "embed": statistics.median(embed),
        "text": statistics.median(plain),
        "filtered": statistics.median(filtered),
        "beside": statistics.median(all_ - model for model, all_, _ in rounds),
    }
    figures["query_memory"] = peak_memory(peer)
    figures |= right_answers(peer, job)
    peer.close()
    return figures


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def right_answers(peer: Peer, job: Job) -> dict[str, float]:
    """Return which share of the ranks an exact search over the peer's own vectors confirms.

    A rank is right if the photo there scores what the exact search has at that rank. Beside it,
    the least cosine of the peer's vectors to those of the model computed plainly in float32.
    """
    import numpy as np

    ids, kept = peer.vectors()
    vectors = normalised(np.asarray(kept, np.float64))
    at = {id_: row for row, id_ in enumerate(ids)}
    price = dict(zip(job.ids, job.prices, strict=True))
    cheap = np.array([price[id_] < LIMIT for id_ in ids])
    figures = {}
    for name, limit, allowed in (
        ("right", None, np.ones_like(cheap)),
        ("right_filtered", LIMIT, cheap),
    ):
        right = wanted = 0
        for text in job.queries:
            scores = vectors @ normalised(np.asarray(peer.embed(text), np.float64))
            best = np.sort(scores[allowed])[::-1][:K]
            found = [id_ for id_ in peer.search(text, limit) if allowed[at[id_]]]
            own = scores[[at[id_] for id_ in dict.fromkeys(found)]][: len(best)]
            right += int((np.abs(own - best[: len(own)]) < TIED).sum())
            wanted += len(best)
        figures[name] = right / wanted
    rows = [at[id_] for id_ in job.ids]
    plain = np.load(job.plain)
    figures["cosine"] = float((vectors[rows] * plain).sum(axis=1).min())
    return figures


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1."""
    import numpy as np

    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def cpu_time(peer: Peer) -> float:
    """Return the CPU seconds of this process and of the peer's server so far."""
    return time.process_time() + peer.server()[0]


def peak_memory(peer: Peer) -> float:
    """Return the most memory that this process held, and what the peer's server holds, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + peer.server()[1]


def main() -> None:
    name, step, file, folder = sys.argv[1:]
    job = read(Path(file), Path(folder), tuned=name.endswith(TUNED))
    module = import_module(f"peers_{name.removesuffix(TUNED)}")
    figures: dict[str, float] = {}
    if step == "stop":
        module.stop(job.folder)
    else:
        figures = {"ingest": ingest, "query": query}[step](module.Arm(job), job)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
