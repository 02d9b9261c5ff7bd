"""Build, reopen and query 40k parts: the floor, this project and stock LlamaIndex.

Half of the parts are texts, half pictures, 512-d, embedded beforehand. Every arm builds
in one process and reopens and queries in another; the arms take turns. Prints Markdown
for docs/benchmarks.md: `python benchmarks/store.py [--half 20000] [--runs 5]`.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
from pathlib import Path

from report import WORK, in_process, machine, medians, ratio, table
from store_data import prepare

NAMES = {
    "floor": "floor: numpy, SQLite, FTS5",
    "project": "mmrag_jupyter",
    "stock-faiss": "LlamaIndex, two FaissVectorStores",
    "stock-simple": "LlamaIndex, two SimpleVectorStores",
}

# (key, heading, format); times are in seconds.
COLUMNS = (
    ("build", "build", lambda value: f"{value:.2f} s"),
    ("memory", "peak memory", lambda value: f"{value:.0f} MB"),
    ("disk", "disk", lambda value: f"{value:.0f} MB"),
    ("reopen", "reopen", lambda value: f"{1000 * value:.0f} ms"),
    ("dense", "query, two spaces", lambda value: f"{1000 * value:.1f} ms"),
    ("full", "query, and words", lambda value: f"{1000 * value:.1f} ms"),
)


def run_arm(name: str, data: Path) -> dict[str, float]:
    """Build and query once; return the figures."""
    folder = WORK / f"store-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    script = str(Path(__file__).with_name("store_arm.py"))
    figures: dict[str, float] = {}
    # One thread each: two would measure who else is on the machine.
    for step in ("build", "query"):
        figures |= in_process(script, name, step, data, folder, threads=1)
    shutil.rmtree(folder)
    return figures


def compare(arms: list[str], half: int, runs: int) -> str:
    """Return the table of one size, every figure with its multiple of the floor's."""
    data = prepare(half)
    figures = medians({name: lambda name=name: run_arm(name, data) for name in arms}, runs)
    floor = figures["floor"]
    rows = [
        [
            NAMES[name],
            *(
                f"{shown(own[key])} ({ratio(own[key], floor[key])})" if key in own else "-"
                for key, _, shown in COLUMNS
            ),
            f"{own['right']:.0%}",
        ]
        for name, own in figures.items()
    ]
    header = [f"{2 * half:,} parts", *(heading for _, heading, _ in COLUMNS), "right answers"]
    return table(header, rows)


def _has_faiss_stores() -> bool:
    try:
        return importlib.util.find_spec("llama_index.vector_stores.faiss") is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", type=int, default=20_000, help="texts, and as many pictures")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--simple-half", type=int, default=2_000, help="for SimpleVectorStore")
    options = parser.parse_args()
    arms = ["floor", "project", "stock-faiss"]
    print(machine("numpy", "faiss-cpu", "llama-index-core"))
    if not _has_faiss_stores():
        print("\nLlamaIndex's FAISS stores are left out: install the `benchmark` group for them.")
        arms.remove("stock-faiss")
    print(f"\n{compare(arms, options.half, options.runs)}")
    # LlamaIndex's default store takes minutes at the full size, so it is shown at a small one.
    print(f"\n{compare(['floor', 'project', 'stock-simple'], options.simple_half, options.runs)}")


if __name__ == "__main__":
    main()
