"""An explanation as a MIME bundle that keeps within its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display import spans
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.elements import DIM, LINE
from mmrag_jupyter.display.escape import escape, one_line
from mmrag_jupyter.display.marks import whole
from mmrag_jupyter.display.page import page, plain_page
from mmrag_jupyter.display.spans import told
from mmrag_jupyter.display.thumbnails import drawing, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from mmrag_jupyter.display.spans import SpanLine

# The longer side in pixels, and the quality: the first that fits is taken.
_LARGE = ((900, 70), (760, 66), (640, 62), (560, 56), (480, 50), (400, 46), (320, 42), (224, 36))
_SMALL = (150, 45)
_SHOWN = 640  # the width of the picture on the page, in pixels
_WORDS = 8
_TEXT = (4000, 1500, 500, 0)


def explanation_bundle(
    title: str,
    *,
    picture: Image | None,
    alt: str,
    words: Sequence[tuple[str, Image]],
    text: str,
    terms: tuple[str, ...],
    notices: Sequence[str],
    budget: int,
    lines: Sequence[SpanLine] = (),
) -> dict[str, object]:
    """Return what matched as HTML and plain text, at most `budget` bytes in a saved notebook.

    Parameters
    ----------
    picture
        The picture with what matched drawn over it, or None.
    words
        The same for single words of the query.
    text, terms
        What the part says, and the words to mark in it.
    lines
        Of a recording, the spans that matched, the best first.
    """
    said = [one_line(each, 300) for each in notices]
    players = told(lines, budget // 2)
    plain = [each for each in (spans.plain(lines), one_line(text, 300)) if each]
    small = [(word, encoded(image, *_SMALL)) for word, image in words[:_WORDS]]
    for characters in _TEXT:
        for number in (len(small), 0) if small else (0,):
            for edge, quality in _LARGE if picture is not None else ((0, 0),):
                inside = [
                    _large(picture, alt, edge, quality) if picture is not None else "",
                    _strip(small[:number]),
                    spans.html(lines, players if characters else (), terms),
                    f"<p>{whole(text, terms, characters)}</p>" if text and characters else "",
                ]
                bundle: dict[str, object] = {
                    "text/html": page(title, said, "".join(inside)),
                    "text/plain": plain_page(title, said, "\n".join(plain)),
                }
                if bundle_bytes(bundle) <= budget:
                    return bundle
    return {"text/plain": one_line(title, max(budget // 8, 20))}


def _large(picture: Image, alt: str, edge: int, quality: int) -> str:
    scale = min(1.0, _SHOWN / picture.width, 1.2 * _SHOWN / picture.height)
    wide, high = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    # A waveform is a drawing.
    uri = drawing(picture) if picture.mode == "P" else encoded(picture, edge, quality)
    return (
        f'<img src="{uri}" alt="{escape(one_line(alt, 160))}" '
        f'width="{wide}" height="{high}" '
        f'style="max-width:100%;height:auto;margin:0 0 6px;border:1px solid {LINE}">'
    )


def _strip(small: Sequence[tuple[str, str]]) -> str:
    """Return the maps of single words side by side, under their words."""
    if not small:
        return ""
    figures = "".join(
        f'<figure style="margin:0"><figcaption><small>{escape(one_line(word, 40))}</small>'
        f'</figcaption><img src="{uri}" alt="{escape(one_line(f"where {word} matches", 60))}" '
        'width="110"></figure>'
        for word, uri in small
    )
    return (
        f'<details open><summary style="{DIM}"><small>word by word</small></summary>'
        f'<div style="display:flex;flex-wrap:wrap;gap:6px 10px;padding:4px 0">{figures}</div>'
        "</details>"
    )
