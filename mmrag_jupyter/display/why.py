"""Why a card was found: its score, and what each signal gave to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import isolated, one_line
from mmrag_jupyter.display.values import DASH, missing

if TYPE_CHECKING:
    from mmrag_jupyter.display.cards import Card, Why

_SIGNALS = 12
# What users call the signals; `lexical` and the like are what they type. The twin of
# `signals` in frontend/hits/strings.ts.
_NAMES = {
    "lexical": "words",
    "text": "meaning of texts",
    "image": "pictures",
    "page": "pages",
    "audio": "sound",
    "liked words": "liked words",
    "learnt": "learnt from words",
    "rerank": "reranker",
}


def score_text(score: float) -> str:
    """Return a score with three digits that mean something."""
    return DASH if missing(score) else f"{score:.3g}"


def share_of(why: Why) -> float:
    """Return the share of a signal, within 0 to 1 whatever came."""
    return 0.0 if missing(why.share) else min(max(why.share, 0.0), 1.0)


def signal_name(signal: str) -> str:
    """Return what users call a signal; one of what is avoided begins with `not`."""
    avoided, name = ("not ", signal[4:]) if signal.startswith("not ") else ("", signal)
    return avoided + _NAMES.get(name, name)


def why_rows(card: Card) -> str:
    """Return one line of HTML a signal: its name, the rank it gave, and its share as a bar."""
    return "".join(
        f'<div><meter value="{share_of(each):.2f}"></meter> {share_of(each):.0%} '
        f"{isolated(one_line(signal_name(each.signal), 60))}, rank {each.rank}</div>"
        for each in card.why[:_SIGNALS]
    )
