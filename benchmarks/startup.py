"""What `%load_ext mmrag_jupyter` costs, and how large 8 hits are in a saved notebook.

Prints Markdown for docs/benchmarks.md: `python benchmarks/startup.py [--runs 11]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import machine, medians, table

BARE = "pass"
LOADED = "get_ipython().run_line_magic('load_ext', 'mmrag_jupyter')"


def start(code: str) -> dict[str, float]:
    """Start IPython, run one line and leave; return the wall time in seconds."""
    command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", code]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return {"seconds": time.perf_counter() - began}


def bytes_of_hits(folder: Path) -> tuple[int, int]:
    """Return the bytes of 8 hits as a notebook stores them, all together and the HTML alone."""
    import mmrag_jupyter as mm
    from mmrag_jupyter import samples

    collection = mm.load(
        samples.shop(), "shop", id="sku", model="builtin", store=folder / "shop", progress=False
    )
    hits = collection.query("waterproof", k=8)
    if len(hits) != 8:
        sys.exit(f"8 hits were asked for, {len(hits)} came")
    bundle = hits._repr_mimebundle_()
    return len(json.dumps(bundle).encode()), len(str(bundle["text/html"]).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args()
    print(machine("ipython"))
    figures = medians({"bare": lambda: start(BARE), "loaded": lambda: start(LOADED)}, options.runs)
    bare, loaded = figures["bare"]["seconds"], figures["loaded"]["seconds"]
    with tempfile.TemporaryDirectory() as folder:
        stored, html = bytes_of_hits(Path(folder))
    rows = [
        ["IPython", f"{bare:.2f} s", ""],
        ["IPython with `%load_ext mmrag_jupyter`", f"{loaded:.2f} s", ""],
        ["`%load_ext` alone", f"{loaded - bare:.2f} s", "0.3 s"],
        ["8 hits with pictures, HTML", f"{html / 1024:.1f} KB", "64 KB"],
        ["8 hits with pictures, all forms, as stored", f"{stored / 1024:.1f} KB", "64 KB"],
    ]
    print("\n" + table(["what", "measured", "budget"], rows))


if __name__ == "__main__":
    main()
