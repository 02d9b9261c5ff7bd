"""An embedder whose vectors can be foretold, and small pictures, for tests of any room."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

DIM = 24


def words_vector(text):
    """Return the unit vector of a text: one direction a word, so that shared words are near."""
    vector = np.full(DIM, 1e-3, dtype=np.float32)
    for word in text.lower().split():
        vector += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def picture_vector(image):
    """Return the unit vector of a picture: its mean colour, in the first three directions."""
    vector = np.full(DIM, 1e-3, dtype=np.float32)
    vector[:3] += np.asarray(image.convert("RGB"), dtype=np.float32).mean(axis=(0, 1)) / 255
    return vector / np.linalg.norm(vector)


class ToyEmbedder:
    """Follows the embedder contract, counts what it embeds, and can be told to misbehave."""

    def __init__(self, name="toy:1", modalities=("text", "image")):
        self.name = name
        self.dim = DIM
        self.modalities = frozenset(modalities)
        self.texts = 0
        self.images = 0

    def embed_text(self, texts, *, query):  # noqa: ARG002
        self.texts += len(texts)
        return np.stack([words_vector(text) for text in texts])

    def embed_image(self, images):
        self.images += len(images)
        return np.stack([picture_vector(image) for image in images])


def picture(colour, size=(24, 24)):
    return Image.new("RGB", size, colour)


def write_pictures(folder: Path, colours) -> Path:
    """Write one small picture a colour, named after it, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for colour in colours:
        picture(colour).save(folder / f"{colour}.png")
    return folder
