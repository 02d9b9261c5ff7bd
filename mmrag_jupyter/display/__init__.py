"""Hits and facts as MIME bundles: JSON, HTML that needs no style sheet, and plain text."""

from __future__ import annotations

from mmrag_jupyter.display.bundle import hits_bundle
from mmrag_jupyter.display.cards import HITS_MIME, Card, Options, Sheet, View, Why
from mmrag_jupyter.display.escape import escape
from mmrag_jupyter.display.facts import Facts, Grid, facts_bundle

__all__ = [
    "HITS_MIME",
    "Card",
    "Facts",
    "Grid",
    "Options",
    "Sheet",
    "View",
    "Why",
    "escape",
    "facts_bundle",
    "hits_bundle",
]
