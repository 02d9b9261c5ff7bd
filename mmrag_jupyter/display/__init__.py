"""Hits, facts and reports as MIME bundles: JSON, HTML that needs no style sheet, and plain text."""

from __future__ import annotations

from mmrag_jupyter.display.bundle import hits_bundle
from mmrag_jupyter.display.cards import HITS_MIME, Card, Options, Said, Sheet, View, Voice, Why
from mmrag_jupyter.display.escape import escape
from mmrag_jupyter.display.facts import Facts, Grid, facts_bundle
from mmrag_jupyter.display.report import REPORT_MIME, report_bundle
from mmrag_jupyter.display.report_payload import Loaded

__all__ = [
    "HITS_MIME",
    "REPORT_MIME",
    "Card",
    "Facts",
    "Grid",
    "Loaded",
    "Options",
    "Said",
    "Sheet",
    "View",
    "Voice",
    "Why",
    "escape",
    "facts_bundle",
    "hits_bundle",
    "report_bundle",
]
