"""What stands around the cards: the title, the notices, and a root that hosts leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

# The classes keep MathJax, in JupyterLab and in nbconvert's pages, from reading "$5 or $6" as
# a formula.
_ROOT = (
    '<div class="mmrag tex2jax_ignore mathjax_ignore" '
    'style="font-size:13px;line-height:1.45;max-width:80em;padding:2px 0">'
)
_TITLE = '<p style="margin:0 0 8px">'
_NOTICE = '<p style="margin:0 0 8px;opacity:0.8">'


def page(title: str, notices: Sequence[str], inside: str) -> str:
    """Return HTML of `inside` under a title and notices, both plain text."""
    head = f"{_TITLE}<b>{escape(title)}</b></p>" if title else ""
    notes = "".join(f"{_NOTICE}<small>Note: {escape(each)}</small></p>" for each in notices)
    return f"{_ROOT}{head}{notes}{inside}</div>"


def plain_page(title: str, notices: Sequence[str], inside: str) -> str:
    """Return plain text of `inside` under a title and notices."""
    return "\n".join(each for each in (title, *notices, inside) if each)
