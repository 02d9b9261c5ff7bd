"""What a user sets once for a notebook or a script."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Config:
    """Defaults of queries, models, answers and display.

    `output_bytes` bounds the HTML of one result, `thumbnail` is the longer side of its
    pictures in pixels, `root` the folder that holds the collections. `llm` writes the
    answers (None: they are quoted), `base_url` is its server and `key_env` the environment
    variable with the server's key.
    """

    k: int = 8
    view: str = "auto"
    model: str = "auto"
    text_model: str | None = None
    image_model: str | None = None
    llm: str | None = None
    base_url: str | None = None
    key_env: str | None = None
    page_model: str | None = None
    root: str = ".mmrag"
    output_bytes: int = 65536
    thumbnail: int = 256
