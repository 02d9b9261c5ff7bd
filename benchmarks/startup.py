"""What `%load_ext mmrag_jupyter` costs, the first query and its pictures, and how large hits are.

The photos are those of ingest.py (1600x1200, large for JPEGs of that size), its CLIP of full
size is the model.
Prints Markdown for docs/benchmarks.md: `python benchmarks/startup.py [--runs 11]`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ingest import make_model, make_photos
from report import WORK, in_process, machine, medians, table

BARE = "pass"
LOADED = "get_ipython().run_line_magic('load_ext', 'mmrag_jupyter')"


def start(code: str) -> dict[str, float]:
    """Start IPython, run one line and leave; return the wall time in seconds."""
    command = [sys.executable, "-m", "IPython", "--quick", "--no-banner", "-c", code]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return {"seconds": time.perf_counter() - began}


def collections() -> tuple[Path, Path]:
    """Return the folders of two collections: 2,000 texts found by words, 12 photos by CLIP."""
    import pandas as pd

    import mmrag_jupyter as mm

    written, seen = WORK / "startup-texts", WORK / "startup-photos"
    for folder in (written, seen):
        shutil.rmtree(folder, ignore_errors=True)
    texts = pd.DataFrame({"title": [f"cup number {at} of all cups" for at in range(2000)]})
    photos = make_photos(12, (1600, 1200))
    model = str(make_model())
    mm.load(texts, "texts", model="builtin", store=written, progress=False).close()
    mm.load(photos, "photos", model=model, store=seen, progress=False).close()
    return written, seen


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


def told(figures: dict[str, float], step: str) -> tuple[str, str]:
    return f"{figures[step]:.2f} s", f"{figures[f'{step} cpu']:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args()
    print(machine("ipython"))
    words, photos = collections()
    query = str(Path(__file__).with_name("startup_query.py"))
    arms = {
        "bare": lambda: start(BARE),
        "loaded": lambda: start(LOADED),
        "words": lambda: in_process(query, words, "a cup"),
        "ahead": lambda: in_process(query, photos, "a cup", "ahead"),
    }
    figures = medians(arms, options.runs)
    bare, loaded = figures["bare"]["seconds"], figures["loaded"]["seconds"]
    by_words, by_model = figures["words"], figures["ahead"]
    with tempfile.TemporaryDirectory() as folder:
        stored, html = bytes_of_hits(Path(folder))
    rows = [
        ["IPython", f"{bare:.2f} s", "", ""],
        ["IPython with `%load_ext mmrag_jupyter`", f"{loaded:.2f} s", "", ""],
        ["`%load_ext` alone", f"{loaded - bare:.2f} s", "", "0.3 s"],
        ["opening a collection of texts", *told(by_words, "open"), ""],
        ["its first query, by words", *told(by_words, "query"), "1 s, with opening"],
        ["opening one of pictures, its model loading behind it", *told(by_model, "open"), ""],
        ["its first query, the model loaded ahead", *told(by_model, "query"), "1 s"],
        ["12 hits with photos to HTML", *told(by_model, "draw"), "0.1 s"],
        ["the same 12 hits again", *told(by_model, "draw again"), ""],
        ["8 hits with pictures, HTML", f"{html / 1024:.1f} KB", "", "64 KB"],
        ["8 hits with pictures, all forms, as stored", f"{stored / 1024:.1f} KB", "", "64 KB"],
    ]
    print("\n" + table(["what", "measured", "CPU time", "budget"], rows))


if __name__ == "__main__":
    main()
