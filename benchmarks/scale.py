"""How a collection behaves as it grows: 10k, 100k and 1M parts x 512-d, with ready vectors.

Prints Markdown for docs/benchmarks.md, each figure with the exponent of its growth from one
size to the next (1 is in proportion): `python benchmarks/scale.py [--parts 10000,100000]
[--precision int8] [--files 10000,100000]`. A million parts take 5 GB of disk and some minutes,
and so do a million files: `--parts "" --files 100000,1000000` measures these alone.
"""

from __future__ import annotations

import argparse
import math
import re
import shutil
import tempfile
from pathlib import Path

from report import in_process, machine, ratio, table

STEPS = ("load", "reopen", "ask", "recall", "delete")
FILE_STEPS = ("files", "again", "some")

# (key, heading, format, target at 1M parts); times are in seconds.
ROWS = (
    ("load", "load of ready vectors, parts/s", "{:,.0f}", ">= 50,000"),
    ("load_cpu", "… a second of the processor", "{:,.0f}", ""),
    ("index", "index and words, in the background", "{:.1f} s", ""),
    ("reopen", "reopen, to the first hits", "{:.2f} s", "<= 2 s"),
    ("query", "query, p50", "{:.4f} s", "<= 0.010 s"),
    ("query_cpu", "… of the processor", "{:.4f} s", ""),
    ("dense_cpu", "… nearest vectors alone", "{:.4f} s", ""),
    ("all_cpu", "… … all vectors compared", "{:.4f} s", ""),
    ("words_cpu", "… words alone", "{:.4f} s", ""),
    ("fts5_cpu", "… … by FTS5", "{:.4f} s", ""),
    ("few", "filtered, 1 in 10,000, asked before", "{:.4f} s", "<= 0.020 s"),
    ("few_cpu", "… of the processor", "{:.4f} s", ""),
    ("few_first", "… a new condition", "{:.4f} s", "<= 0.020 s"),
    ("few_first_cpu", "… of the processor", "{:.4f} s", ""),
    ("half", "filtered, half, asked before", "{:.4f} s", "<= 0.020 s"),
    ("half_cpu", "… of the processor", "{:.4f} s", ""),
    ("half_first", "… a new condition", "{:.4f} s", "<= 0.020 s"),
    ("half_first_cpu", "… of the processor", "{:.4f} s", ""),
    ("recall", "recall@10", "{:.3f}", ">= 0.95"),
    ("few_recall", "… 1 in 10,000", "{:.3f}", ">= 0.95"),
    ("half_recall", "… half", "{:.3f}", ">= 0.95"),
    ("recall_after", "… a tenth deleted", "{:.3f}", ">= 0.95"),
    ("memory", "memory that is no file's, MB", "{:,.0f}", ""),
    ("index_mb", "index, MB", "{:,.0f}", ""),
    ("disk", "disk, of the vectors", "{:.2f}x", "<= 1.5x"),
    ("disk_bare", "… without texts and their indexes", "{:.2f}x", "<= 1.5x"),
    ("disk_of_all", "… of the vectors, texts and FTS5", "{:.2f}x", "<= 1.5x"),
    ("delete", "delete a tenth", "{:.1f} s", "<= 10 s"),
    ("delete_cpu", "… of the processor", "{:.1f} s", ""),
    ("files", "load of tiny text files, files/s", "{:,.0f}", ""),
    ("again", "… again, nothing changed", "{:.1f} s", "<= 20 s"),
    ("again_cpu", "… of the processor", "{:.1f} s", ""),
    ("some", "… again, ten changed, ten new, ten gone", "{:.1f} s", ""),
    ("some_cpu", "… of the processor", "{:.1f} s", ""),
    ("files_mb", "memory of the first load, MB", "{:,.0f}", ""),
    ("again_mb", "… of the one that finds nothing changed", "{:,.0f}", ""),
)


def measured(parts: int, precision: str) -> dict[str, float]:
    """Load, ask and delete in a folder that is removed again; return the figures."""
    script = str(Path(__file__).with_name("scale_arm.py"))
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="mmrag-scale-") as folder:
        for step in STEPS:
            figures |= in_process(script, step, parts, Path(folder) / "c", precision)
    return figures


def loaded(files: int) -> dict[str, float]:
    """Load a folder of tiny files three times; return the figures."""
    script = str(Path(__file__).with_name("scale_arm.py"))
    folder = tempfile.mkdtemp(prefix="mmrag-files-")
    figures: dict[str, float] = {}
    try:
        for step in FILE_STEPS:
            figures |= in_process(script, step, files, Path(folder))
        return figures
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def exponent(sizes: list[int], values: list[float]) -> str:
    """Return how fast a figure grows from the last size but one to the last."""
    if len(values) < 2 or min(values[-2:]) <= 0:
        return "-"
    return f"{math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


def of_target(value: float, target: str) -> str:
    """Return a figure as a multiple of its target ("<= 0.010 s")."""
    found = re.search(r"[\d.,]+", target)
    return ratio(value, float(found[0].replace(",", ""))) if found else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="10000,100000,1000000")
    parser.add_argument("--files", default="10000,100000", help="tiny files in one folder")
    parser.add_argument("--precision", default="float32")
    options = parser.parse_args()
    print(machine("numpy", "faiss-cpu", "tantivy"))
    parts = [int(one) for one in options.parts.split(",") if one]
    heaps = [int(one) for one in options.files.split(",") if one]
    figures = {size: measured(size, options.precision) for size in parts}
    for size in heaps:
        figures[size] = figures.get(size, {}) | loaded(size)
    sizes = sorted(figures)
    rows = []
    for key, heading, shown, target in ROWS:
        there = [size for size in sizes if key in figures[size]]
        if not there:
            continue
        values = [figures[size][key] for size in there]
        cells = [shown.format(figures[size][key]) if size in there else "-" for size in sizes]
        rows.append(
            [heading, *cells, exponent(there, values), target, of_target(values[-1], target)]
        )
    ends = ("exponent", "target at 1M", "of it")
    header = [options.precision, *(f"{size:,}" for size in sizes), *ends]
    print(f"\n{table(header, rows)}")


if __name__ == "__main__":
    main()
