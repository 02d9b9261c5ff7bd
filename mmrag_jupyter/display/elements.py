"""The elements that gallery, table and list are put together from.

Nothing here needs a style sheet: JupyterLab drops `<style>`, `object-fit` and `var()` from
the outputs of notebooks it does not trust, and GitHub nearly every `style`. So the order
and the kind of the elements carry the sense, and inline styles only arrange them. All
colours are transparent greys, which suit a light and a dark page alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display import voices
from mmrag_jupyter.display.escape import escape, isolated, one_line
from mmrag_jupyter.display.fields import body, clock, heading, place
from mmrag_jupyter.display.marks import snippet, whole
from mmrag_jupyter.display.thumbnails import Gone, Thumbnail
from mmrag_jupyter.display.values import shown
from mmrag_jupyter.display.why import score_text, why_rows

if TYPE_CHECKING:
    from mmrag_jupyter.display.cards import Card
    from mmrag_jupyter.display.clips import Clip
    from mmrag_jupyter.display.fields import Look

LINE = "rgba(128,128,128,0.35)"
TINT = "rgba(128,128,128,0.08)"
DIM = "opacity:0.7"
_REASON = 160  # characters
_SPOT = 90  # characters that a line of what is said takes beside its text

_INSIDE = '<div style="max-height:16em;max-width:36em;overflow:auto;padding:2px 0 4px 1em">'


def picture(shown_as: Thumbnail | Gone, alt: str, box: tuple[int, int]) -> str:
    """Return an image that fits into `box` (width, height in pixels), or why there is none."""
    if isinstance(shown_as, Gone):
        return f"<small><b>picture is gone</b><br>{escape(shown_as.reason)}</small>"
    wide, high = shown_as.width, shown_as.height
    # A small picture is not blown up beyond twice its size. The attributes fix the place
    # even where styles are dropped.
    scale = min(box[0] / wide, box[1] / high, 2.0)
    size = f'width="{max(round(wide * scale), 1)}" height="{max(round(high * scale), 1)}"'
    return (
        f'<img src="{shown_as.uri}" alt="{escape(one_line(alt, 160))}" {size} '
        'style="max-width:100%;margin:0">'
    )


def sound(clip: Clip | Gone | None, width: int, *, placed: bool) -> str:
    """Return a player of `width` pixels, or why there is nothing to hear.

    From when to when it plays is told beside it where it is not `placed` elsewhere.
    """
    if clip is None:
        return ""
    if isinstance(clip, Gone):
        return f"<div><small><b>no sound</b><br>{escape(clip.reason)}</small></div>"
    spot = f"{clock(clip.start)}-{clock(clip.end)}"
    if not clip.uri:
        return f"<div><small>{spot}: too long to be kept here</small></div>"
    told = f"{spot}, the first {clip.until - clip.start:.0f} s" if clip.is_cut else spot
    # What stands inside is read where players are dropped (GitHub) or not known.
    return (
        f'<audio controls preload="metadata" title="{told}" src="{clip.uri}" '
        f'style="display:block;width:{width}px;max-width:100%;height:32px">'
        f"<small>A sound; Jupyter plays it.</small></audio>"
    ) + ("" if placed and not clip.is_cut else f"<div><small>{told}</small></div>")


def title(card: Card, look: Look, width: int) -> str:
    """Return the rank and what heads the card, matched words marked."""
    name = snippet(heading(card, look), card.terms, width)
    return f"<small>{card.rank}</small> <b><bdi>{name}</bdi></b>"


def subtitles(card: Card, look: Look) -> list[str]:
    """Return what tells the card from others: the id, the place in a file, why it is here."""
    known = one_line(card.id, 60)
    tell = [known] if heading(card, look) != card.id else []
    if spot := place(card):
        file = one_line(card.source.replace("\\", "/").rsplit("/", 1)[-1], 60)
        tell += [file, spot] if file not in known else [spot]
    tell += [one_line(card.reason, _REASON)] if card.reason else []
    tell += voices.told(card)
    return [isolated(each) for each in tell]


def fields(card: Card, names: tuple[str, ...]) -> list[str]:
    """Return short fields, each as its name and value."""
    return [
        f"<small>{isolated(one_line(name, 24))}</small> "
        f"{isolated(shown(card.metadata.get(name), 40))}"
        for name in names
        if name in card.metadata
    ]


def more(card: Card, look: Look, seen: int) -> str:
    """Return what a reader opens on demand: the reasons of the score, the text, the metadata.

    `seen` is how many characters of the text are shown already.
    """
    inside = _reasons(card, look) + _text(card, look, seen) + _metadata(card, look)
    return f'<div style="display:flex;flex-wrap:wrap;gap:0 12px">{inside}</div>'


def _reasons(card: Card, look: Look) -> str:
    score = f"score {score_text(card.score)}"
    if not card.why or not look.detail.why:
        return f"<div><small>{score}</small></div>"
    return _on_demand(score, why_rows(card))


def _text(card: Card, look: Look, seen: int) -> str:
    if card.said:
        return _said(card, look)
    text = body(card, look)
    if len(text) <= seen or look.detail.text <= seen:
        return ""
    return _on_demand("text", whole(text, card.terms, look.detail.text))


def _said(card: Card, look: Look) -> str:
    rows = []
    left = look.detail.text
    for one in card.said:
        left -= len(one.text) + _SPOT
        if left < 0:
            break
        text = whole(one.text, card.terms, look.detail.text)
        at = voices.place(one)
        rows.append(f"<div><small>{isolated(at)}</small> {text}</div>" if at else f"<p>{text}</p>")
    rest = len(card.said) - len(rows)
    if rest:
        rows.append(f"<div>… and {rest:,} more: hits[0].parts has them all</div>")
    heard = all(one.start is not None for one in card.said)
    return _on_demand("what is said" if heard else "all its texts", "".join(rows), is_open=True)


def _metadata(card: Card, look: Look) -> str:
    columns, limit = look.detail.columns, look.detail.value
    if not card.metadata or not columns:
        return ""
    rows = "".join(
        f"<div><b>{isolated(one_line(name, 60))}</b> {isolated(shown(value, limit))}</div>"
        for name, value in list(card.metadata.items())[:columns]
    )
    rest = len(card.metadata) - columns
    if rest > 0:
        rows += f"<div>… and {rest} more: hits.to_pandas() has them all</div>"
    count = len(card.metadata)
    label = "1 field" if count == 1 else f"{count} fields"
    return _on_demand(label, rows)


def _on_demand(label: str, inside: str, *, is_open: bool = False) -> str:
    return (
        f'<details{" open" if is_open else ""} style="max-width:100%">'
        f"<summary><small>{label}</small></summary>{_INSIDE}{inside}</div></details>"
    )
