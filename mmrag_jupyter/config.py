"""What a user sets once for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Config:
    """Defaults of queries, models and display.

    `output_bytes` bounds the HTML of one result, `thumbnail` is the longer side of its
    pictures in pixels, `root` the folder that holds the collections.
    """

    k: int = 8
    view: str = "auto"
    model: str = "auto"
    text_model: str | None = None
    image_model: str | None = None
    root: str = ".mmrag"
    output_bytes: int = 65536
    thumbnail: int = 256
