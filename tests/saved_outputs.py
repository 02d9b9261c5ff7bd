"""Cells with outputs, as notebooks keep them, for browser tests that need no kernel."""

from __future__ import annotations

import base64
import io

import nbformat
import PIL.Image

from mmrag_jupyter.display.bundle import hits_bundle
from mmrag_jupyter.display.cards import HITS_MIME, Card, Options, Why

COLOURS = ("#b03030", "#3060b0", "#308050", "#b09030", "#7040a0")


def picture(number=0, size=(240, 180)):
    """Return what opens a picture of one colour."""
    return lambda: PIL.Image.new("RGB", size, COLOURS[number % len(COLOURS)])


def card(number, **other):
    """Return one of many similar cards; `number` counts from 0."""
    said = {
        "id": f"item-{number:05}",
        "rank": number + 1,
        "score": 1 / (number + 1),
        "picture": picture(number),
        "metadata": {
            "title": f"Thing {number}",
            "price": (number * 37) % 101,
            "colour": ("red", "blue", "green", "yellow", "violet")[number % 5],
        },
        "why": (Why("lexical", number + 1, 0.7), Why("image", number + 2, 0.3)),
    }
    return Card(**{**said, **other})


def result(cards, *, title="shop: “things”", budget=65536, **other):
    """Return the bundle of `cards` as the package makes it."""
    return hits_bundle(cards, title=title, options=Options(budget=budget), **other)


def cell(bundle, source="%mmrag query things", count=3):
    """Return a code cell that has run and shows `bundle`."""
    made = nbformat.v4.new_code_cell(source, execution_count=count)
    made.outputs = [nbformat.v4.new_output("execute_result", bundle, execution_count=count)]
    return made


def many(count):
    """Return a result of many hits that share one picture, as no budget would allow it."""
    out = io.BytesIO()
    picture(1)().save(out, "jpeg")
    uri = f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
    hits = [
        {
            "id": f"item-{number:05}",
            "rank": number + 1,
            "score": 1 / (number + 1),
            "why": [{"signal": "lexical", "rank": number + 1, "share": 1}],
            "metadata": {"title": f"Thing {number}", "price": (number * 37) % 101},
            "text": f"What is said of thing {number}, in a sentence or two. " * (number % 4),
            "thumbnail": {"image": 0, "width": 240, "height": 180},
        }
        for number in range(count)
    ]
    columns = ["title", "price"]
    return {
        HITS_MIME: payload(hits, columns=columns),
        "text/html": f'<p>many</p><img src="{uri}">',
        "text/plain": "many",
    }


def payload(hits, **other):
    """Return a payload as the page gets it, with nothing of it escaped or cut."""
    said = {"version": 1, "title": "things", "notices": [], "view": "gallery", "columns": []}
    return {**said, "total": len(hits), "hits": hits, **other}
