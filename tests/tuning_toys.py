"""Pictures and queries whose vectors can be foretold, for tests of tuning."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
from PIL import Image

DIM = 12


def latent(number):
    """Return the unit vector of a thing by its number."""
    vector = np.random.default_rng([7, number]).standard_normal(DIM)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def rotation(seed=1):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((DIM, DIM)))[0]


class TurnedEmbedder:
    """Sees the number of a thing in the colour of its picture; reads texts through a rotation."""

    def __init__(self, turn=None, name="turned:1", noise=0.0):
        self.name = name
        self.dim = DIM
        self.modalities = frozenset({"text", "image"})
        self.turn = rotation() if turn is None else turn
        self.noise = noise
        self.texts = 0

    def embed_text(self, texts, *, query):  # noqa: ARG002
        self.texts += len(texts)
        return np.stack([self.read(text) for text in texts])

    def read(self, text):
        words = text.split()
        number = int(words[1]) if len(words) > 1 and words[1].isdigit() else 10_000
        random = np.random.default_rng(zlib.crc32(text.encode()))
        vector = self.turn @ latent(number) + self.noise * random.standard_normal(DIM)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def embed_image(self, images):
        return np.stack([latent(number_of(image)) for image in images])


def picture_of(number):
    return Image.new("RGB", (8, 8), (number // 256, number % 256, 90))


def number_of(image):
    red, green, _ = image.convert("RGB").getpixel((4, 4))
    return red * 256 + green


def things(count):
    """Return a frame of pictures, their numbers as ids."""
    pictures = [picture_of(number) for number in range(count)]
    return pd.DataFrame({"id": [f"t{at}" for at in range(count)], "image": pictures})


def right(count, per=1):
    """Return judgements: each thing is asked for in `per` ways, and is right."""
    rows = [(f"thing {at} way {way}", f"t{at}", 1) for at in range(count) for way in range(per)]
    return pd.DataFrame(rows, columns=["query", "id", "relevance"])


def by_chance(count, items, seed, per=2):
    """Return judgements that mean nothing: which items are right is drawn."""
    random = np.random.default_rng([seed, 3])
    rows = [
        (f"thing {at}", f"t{item}", 1)
        for at in range(count)
        for item in random.choice(items, per, replace=False)
    ]
    return pd.DataFrame(rows, columns=["query", "id", "relevance"])
