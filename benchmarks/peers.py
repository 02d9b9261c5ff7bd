"""Load, ask and reopen the same photos with this project and with four others.

Every arm has the same CLIP ViT-B/32 of full size with random weights, the same files and the same
number of threads. It loads in one process and reopens and asks in another; the arms take turns.
Each peer is there twice: as its documentation writes it, with the batch sizes that it comes with,
and tuned as a careful user would. The peers' environments are made on first use, 2 GB each.
Prints Markdown for docs/benchmarks.md, and writes the figures of each run to a JSON file beside:
`python benchmarks/peers.py [--photos 128] [--runs 3] [--only project,lancedb]`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from ingest import make_model, make_photos
from peers_arm import TUNED, normalised
from peers_data import write
from peers_env import HOME, PACKAGES, python_of, versions
from report import in_process, machine, ratio, table

SIZE = (1600, 1200)
OURS = "project"
NAMES = {
    OURS: "mmrag_jupyter",
    "llamaindex": "LlamaIndex",
    "lancedb": "sentence-transformers, LanceDB",
    "txtai": "txtai",
    "pixeltable": "Pixeltable",
}
ARMS = (OURS, *(name + end for name in PACKAGES for end in ("", TUNED)))
# A process that takes longer hangs.
PATIENCE = 300
# These leave a server running.
SERVERS = {"pixeltable"}
# Vectors of one model, float32 or bfloat16, are no less alike.
SAME = 0.99

# (key, heading, format); times are in seconds. Of the first, more is better.
COLUMNS = (
    ("rate", "ingest", lambda value: f"{value:.1f}/s"),
    ("cpu", "CPU time a photo", lambda value: f"{1000 * value:.0f} ms"),
    ("text", "text query", lambda value: f"{1000 * value:.1f} ms"),
    ("beside", "beside the model", lambda value: f"{1000 * value:.1f} ms"),
    ("filtered", "filtered query", lambda value: f"{1000 * value:.1f} ms"),
    ("reopen", "reopen", lambda value: f"{1000 * value:.0f} ms"),
    ("first", "first answer", lambda value: f"{value:.1f} s"),
    ("memory", "peak memory, ingest", lambda value: f"{value:.0f} MB"),
    ("query_memory", "query", lambda value: f"{value:.0f} MB"),
    ("disk", "disk", lambda value: f"{value:.1f} MB"),
)


def run_arm(name: str, job: Path) -> dict[str, float]:
    """Load, reopen and ask once; return the figures.

    Raises
    ------
    SystemExit
        A step failed.
    """
    peer = name.removesuffix(TUNED)
    folder = HOME / f"run-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    script = str(Path(__file__).with_name("peers_arm.py"))
    python = sys.executable if peer == OURS else python_of(peer)

    def step(name_of_step: str) -> dict[str, float]:
        return in_process(
            script,
            name,
            name_of_step,
            job,
            folder,
            threads=os.cpu_count(),
            python=python,
            patience=PATIENCE,
        )

    try:
        return step("ingest") | step("query")
    finally:
        if peer in SERVERS:
            step("stop")
        shutil.rmtree(folder)


def peers_model() -> Path:
    """Return the model of `ingest.py` with scores above 0, as those of a trained CLIP are.

    By chance all texts point away from all photos there, and txtai leaves out what scores
    0 or less; with the texts turned round, nothing else is different.
    """
    import torch
    from transformers import CLIPModel, CLIPProcessor

    folder = HOME / "clip"
    if not folder.is_dir():
        aside = folder.with_suffix(".part")
        model = CLIPModel.from_pretrained(make_model())
        with torch.no_grad():
            model.text_projection.weight.neg_()
        model.save_pretrained(aside)
        CLIPProcessor.from_pretrained(make_model()).save_pretrained(aside)
        aside.rename(folder)
    return folder


def plain_vectors(photos: Path, model: Path) -> Path:
    """Compute the photos' vectors plainly, in float32, once; return their file, `(n, 512)`."""
    import torch
    from PIL import Image
    from transformers import CLIPModel, CLIPProcessor

    file = HOME / f"{photos.name}.npy"
    if file.is_file():
        return file
    encoder = CLIPModel.from_pretrained(model).eval()
    processor = CLIPProcessor.from_pretrained(model)
    vectors = []
    for path in sorted(photos.iterdir()):
        inputs = processor(images=Image.open(path), return_tensors="pt")
        with torch.inference_mode():
            vectors.append(encoder.get_image_features(**inputs).pooler_output[0].numpy())
    np.save(file, normalised(np.stack(vectors).astype(np.float64)))
    return file


def run_all(arms: list[str], job: Path, runs: int, raw: Path) -> dict[str, list[dict[str, float]]]:
    """Run the arms in turn; an arm that fails is left out of the runs that follow.

    What there is so far is written to `raw` after every arm.
    """
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
    failed = set()
    for number in range(runs):
        for name in arms:
            if name in failed:
                continue
            began = time.perf_counter()
            try:
                figures[name].append(run_arm(name, job))
            except SystemExit as error:
                failed.add(name)
                print(error, file=sys.stderr)
            took = time.perf_counter() - began
            print(f"run {number + 1} of {runs}: {name}, {took:.0f} s", file=sys.stderr)
            raw.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return {name: own for name, own in figures.items() if own}


def row(name: str, own: dict[str, float], ours: dict[str, float] | None) -> list[str]:
    """Return the line of an arm, each figure with its multiple of this project's."""
    peer = name.removesuffix(TUNED)
    figures = [
        shown(own[key]) + (f" ({ratio(own[key], ours[key])})" if ours and key != "beside" else "")
        for key, _, shown in COLUMNS
    ]
    right = f"{own['right']:.0%}, {own['right_filtered']:.0%}"
    return [NAMES[peer] + (", tuned" if name.endswith(TUNED) else ""), *figures, right]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=128)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default=",".join(ARMS), help="arms, with commas between")
    parser.add_argument("--json", type=Path, default=HOME / "peers.json")
    options = parser.parse_args()
    arms = options.only.split(",")
    if unknown := [name for name in arms if name not in ARMS]:
        parser.error(f"there is no arm {unknown[0]!r}: there are {', '.join(ARMS)}")
    HOME.mkdir(parents=True, exist_ok=True)
    for peer in PACKAGES:
        if {peer, peer + TUNED} & set(arms):
            python_of(peer)
    print(f"{machine('torch', 'transformers', 'sentence-transformers')} Peers: {versions()}.")
    model, photos = peers_model(), make_photos(options.photos, SIZE)
    job = HOME / "job.json"
    write(job, photos, model, plain_vectors(photos, model))
    figures = {
        name: {key: statistics.median(run[key] for run in own) for key in own[0]}
        for name, own in run_all(arms, job, options.runs, options.json).items()
    }
    header = [
        f"{options.photos} photos, {SIZE[0]}x{SIZE[1]}",
        *(heading for _, heading, _ in COLUMNS),
        "right answers, filtered",
    ]
    rows = [row(name, own, figures.get(OURS)) for name, own in figures.items()]
    print("\n" + table(header, rows))
    for name, own in figures.items():
        if own["cosine"] < SAME:
            print(f"\n{name}: a vector is only {own['cosine']:.4f} like the model's own.")


if __name__ == "__main__":
    main()
