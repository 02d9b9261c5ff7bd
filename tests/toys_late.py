"""A late-interaction embedder whose vectors can be foretold: one token a cell, or a word."""

from __future__ import annotations

import zlib

import numpy as np
from PIL import Image, ImageColor

from mmrag_jupyter.models.maps import Maps

DIM = 16
CELLS = 4


def colour_vector(rgb):
    """Return the unit vector of a colour: its place in the cube, seen from grey."""
    vector = np.full(DIM, 1e-3, np.float32)
    vector[:3] += np.asarray(rgb, np.float32) / 127.5 - 1
    return vector / np.linalg.norm(vector)


def word_vector(word):
    try:
        return colour_vector(ImageColor.getrgb(word)[:3])
    except ValueError:
        vector = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(DIM)
        vector[:3] = 0
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def cells_of(image):
    small = image.convert("RGB").resize((CELLS, CELLS), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32).reshape(-1, 3)
    return np.stack([colour_vector(pixel) for pixel in pixels])


class ToyLate:
    """Follows the contract of late-interaction embedders and counts what it embeds."""

    is_late = True
    documents = frozenset({"image", "page"})

    def __init__(self, name="toy-late:1"):
        self.name = name
        self.dim = DIM
        self.modalities = frozenset({"text", "image", "page"})
        self.images = 0

    def embed_text(self, texts, *, query):  # noqa: ARG002
        return [np.stack([word_vector(word) for word in text.lower().split()]) for text in texts]

    def embed_image(self, images):
        self.images += len(images)
        return [cells_of(image) for image in images]

    def maps(self, image, text="", like=None):
        words = tuple(text.lower().split())
        asked = cells_of(like) if like is not None else self.embed_text([text], query=True)[0]
        found = (asked @ cells_of(image).T).reshape(-1, CELLS, CELLS)
        return Maps(found.max(axis=0), words, found if words else found[:0])


def checked_picture(colours, size=(64, 48)):
    """Return a picture with one colour in each of 16 cells; a short list goes on in grey."""
    cells = Image.new("RGB", (CELLS, CELLS), "grey")
    for at, colour in enumerate(colours):
        cells.putpixel((at % CELLS, at // CELLS), ImageColor.getrgb(colour)[:3])
    return cells.resize(size, Image.Resampling.NEAREST)
