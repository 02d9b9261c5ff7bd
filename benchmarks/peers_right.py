"""Ask each peer for the nearest of the same ready vectors, among fewer and fewer that are allowed.

An exact search knows the right answers; counted is how many rows come back, and how many of them
are right. The peers run in the environments of `peers.py`. Prints Markdown for docs/benchmarks.md:
`python benchmarks/peers_right.py [--rows 1000]`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from peers_env import HOME, python_of
from peers_right_arm import QUERIES, SHARES, K
from report import in_process, table

NAMES = {
    "project": "mmrag_jupyter",
    "lancedb": "LanceDB",
    "pixeltable": "Pixeltable",
    "txtai": "txtai",
    "txtai_all": "txtai, as many candidates as rows",
    "llamaindex": "LlamaIndex, SimpleVectorStore",
    "llamaindex_qdrant": "LlamaIndex, Qdrant's local mode",
    "llamaindex_faiss": "LlamaIndex, FaissVectorStore",
}


def run_arm(name: str, rows: int) -> list[str]:
    """Count in a process of the peer's own; return the cells of its line."""
    peer = name.partition("_")[0]
    folder = HOME / f"right-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    script = str(Path(__file__).with_name("peers_right_arm.py"))
    python = sys.executable if name == "project" else python_of(peer)
    print(name, file=sys.stderr)
    try:
        found = in_process(script, name, rows, folder, python=python)
    finally:
        if peer == "pixeltable":
            in_process(script, "stop", rows, folder, python=python)
        shutil.rmtree(folder)
    cells = [f"{back}, {right}" for back, right in zip(found["back"], found["right"], strict=True)]
    if "error" in found:
        print(f"{name}: {found['error']}", file=sys.stderr)
    return [NAMES[name], *cells, *["-"] * (len(SHARES) - len(cells))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--only", default=",".join(NAMES), help="arms, with commas between")
    options = parser.parse_args()
    header = [f"{options.rows:,} rows, {QUERIES * K} answers: back, right", "no filter"]
    header += [f"{share:.0%} allowed" for share in SHARES[1:]]
    rows = [run_arm(name, options.rows) for name in options.only.split(",")]
    print(table(header, rows))


if __name__ == "__main__":
    main()
