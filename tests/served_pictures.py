"""Pictures of several colours, and vectors, for late interaction in stores elsewhere."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from toys_late import checked_picture

COLOURS = ("red", "green", "blue", "gold", "navy", "pink", "white", "brown", "olive", "teal")


def picture(at):
    out = io.BytesIO()
    mixed = [COLOURS[at % 10], COLOURS[(at * 3 + 1) % 10], COLOURS[(at * 7 + 2) % 10]]
    checked_picture([mixed[cell % 3] for cell in range(1 + at % 16)]).save(out, "PNG")
    return out.getvalue()


def pictures(count=24):
    return pd.DataFrame({
        "sku": [f"p{at}" for at in range(count)],
        "note": [f"note{at}" for at in range(count)],
        "price": [at * 5.0 for at in range(count)],
        "photo": [picture(at) for at in range(count)],
    })  # fmt: skip


def directions(rng, count, dim=16):
    own = rng.standard_normal((count, dim)).astype(np.float32)
    return own / np.linalg.norm(own, axis=1, keepdims=True)


def near(rng, vectors):
    moved = vectors + 0.1 * rng.standard_normal(vectors.shape).astype(np.float32)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)
