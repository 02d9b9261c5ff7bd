"""Images per second of a folder load, beside the bare model on tensors that are ready.

The model is a CLIP ViT-B/32 of full size with random weights, the photos are drawn here.
All arms use the same weights, threads, number type and batch size, and take turns. One decodes
the photos and does nothing else, one runs the bare model with a batch on each core of a CPU, as
`load` does: where the model computes on the same cores, no load can be faster than these two
together. On a machine that others use too, the ratio of the CPU
times is the one to trust, with `--threads 1`: threads that wait for each other burn time as well.
Prints Markdown for docs/benchmarks.md:
`python benchmarks/ingest.py [--photos 256] [--runs 5] [--threads N]`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from PIL import Image
from report import WORK, machine, medians, ratio, table

import mmrag_jupyter as mm
from mmrag_jupyter.models import device, resolve
from mmrag_jupyter.models.lanes import of_device

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.models.lanes import Lanes

SIZES = ((512, 384), (800, 600), (1600, 1200))
MODEL = WORK / "clip-vit-base-patch32-random"
MODEL_IMAGE = 224


def make_model() -> Path:
    """Save a CLIP ViT-B/32 with random weights and a tokenizer trained on one sentence."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import (
        CLIPConfig,
        CLIPImageProcessor,
        CLIPModel,
        CLIPProcessor,
        PreTrainedTokenizerFast,
    )

    if (MODEL / "model.safetensors").is_file():
        return MODEL
    start, end = "<|startoftext|>", "<|endoftext|>"
    letters = Tokenizer(models.BPE())
    letters.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters.train_from_iterator(
        ["a photo of a cup"],
        trainers.BpeTrainer(
            special_tokens=[start, end],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    letters.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(token, letters.token_to_id(token)) for token in (start, end)],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=letters,
        bos_token=start,
        eos_token=end,
        pad_token=end,
        unk_token=end,
        model_max_length=77,
    )
    torch.manual_seed(0)
    config = CLIPConfig()
    config.text_config.bos_token_id = tokenizer.bos_token_id
    config.text_config.eos_token_id = tokenizer.eos_token_id
    config.text_config.pad_token_id = tokenizer.pad_token_id
    CLIPModel(config).save_pretrained(MODEL)
    CLIPProcessor(CLIPImageProcessor(), tokenizer).save_pretrained(MODEL)
    return MODEL


def make_photos(count: int, size: tuple[int, int]) -> Path:
    """Draw JPEG photos: large soft shapes and a little grain, as a camera's picture has."""
    folder = WORK / f"photos-{size[0]}x{size[1]}-{count}"
    if folder.is_dir():
        return folder
    aside = folder.with_suffix(".part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        soft = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize(size)
        grain = rng.normal(0, 6, (size[1], size[0], 1))
        pixels = np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(aside / f"{number:05d}.jpg", quality=90)
    aside.rename(folder)
    return folder


def measured(work: Callable[[], None], count: int) -> dict[str, float]:
    """Return the pictures per second of some work, and its CPU seconds a picture."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    took, took_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    return {"rate": count / took, "cpu": took_cpu / count}


def bare(batch: int, count: int, lanes: Lanes | None = None) -> Callable[[], dict[str, float]]:
    """Return what runs the model alone over `count` ready pictures, `batch` at a time."""
    import torch
    from transformers import CLIPModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = device.choose()
    dtype = getattr(torch, where.dtype)
    model = CLIPModel.from_pretrained(MODEL, dtype=dtype).to(where.name).eval()
    pixels = torch.randn(batch, 3, MODEL_IMAGE, MODEL_IMAGE).to(where.name, dtype)
    sizes = [min(batch, count - first) for first in range(0, count, batch)]

    def embed(size: int) -> None:
        with torch.inference_mode():
            vectors = model.get_image_features(pixel_values=pixels[:size])
        vectors.pooler_output.sum().item()  # a GPU answers before it is done

    def work() -> None:
        if lanes is None:
            for size in sizes:
                embed(size)
            return
        for begun in [lanes.start(partial(embed, size)) for size in sizes]:
            begun.result()

    return lambda: measured(work, count)


def decoding(photos: Path) -> Callable[[], dict[str, float]]:
    """Return what decodes photos on all cores, no larger than it takes for the model."""
    paths = list(photos.iterdir())

    def decode(path: Path) -> None:
        with Image.open(path) as picture:
            picture.draft("RGB", (MODEL_IMAGE, MODEL_IMAGE))
            picture.load()

    def work() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(decode, paths))

    return lambda: measured(work, len(paths))


def folder_load(embedder: Embedder, photos: Path) -> Callable[[], dict[str, float]]:
    """Return what loads a folder of photos into a new collection."""
    store = WORK / "ingest-collection"
    count = len(list(photos.iterdir()))

    def work() -> None:
        collection = mm.Session().load(photos, model=embedder, store=store, progress=False)
        if len(collection) != count:
            sys.exit(f"{count} photos were there, {len(collection)} were loaded")
        collection.close()

    def run() -> dict[str, float]:
        shutil.rmtree(store, ignore_errors=True)
        return measured(work, count)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=256)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="of the model, in both arms")
    options = parser.parse_args()
    if options.threads:
        import torch

        torch.set_num_threads(options.threads)
    print(machine("torch", "transformers", "sentence-transformers", "pillow"))
    found = resolve(image_model=str(make_model()), modalities=frozenset({"image"}))
    embedder = found.by_modality["image"]
    where = device.choose()
    model = bare(where.batch, options.photos)
    apart = bare(where.batch, options.photos, of_device(where.name))
    for one in (model, apart):
        one()  # the first pass warms up
    rows = []
    # The first load of a process compares half precision with float32, which later ones need not.
    folder_load(embedder, make_photos(options.photos, SIZES[0]))()
    for size in SIZES:
        photos = make_photos(options.photos, size)
        arms = {
            "bare": model,
            "apart": apart,
            "decode": decoding(photos),
            "load": folder_load(embedder, photos),
        }
        alone, best, decoded, loaded = medians(arms, options.runs).values()
        both = 1 / (1 / best["rate"] + 1 / decoded["rate"])
        rows.append(
            [
                f"{size[0]}x{size[1]} JPEG",
                f"{alone['rate']:.1f}/s",
                f"{best['rate']:.1f}/s ({ratio(best['rate'], alone['rate'])})",
                f"{decoded['rate']:.0f}/s",
                f"{both:.1f}/s ({ratio(both, alone['rate'])})",
                f"{loaded['rate']:.1f}/s ({ratio(loaded['rate'], alone['rate'])})",
                ", ".join(f"{1000 * one['cpu']:.1f} ms" for one in (alone, decoded, loaded)),
                ratio(alone["cpu"], loaded["cpu"]),
            ]
        )
    header = [
        "photos",
        "bare model",
        "a batch on each core",
        "decoding alone",
        "both on one machine",
        "`load` of the folder",
        "CPU time a photo",
        "by CPU time",
    ]
    print("\n" + table(header, rows))


if __name__ == "__main__":
    main()
