"""Text with a form, drawn by us alone: paragraphs, lists, tables, and citations.

A text becomes a small tree of known elements. Whatever stands in it reaches the page through
`escape()`; nothing of it is ever read as HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mmrag_jupyter.display.escape import cut, escape, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STYLES = {
    "p": "margin:0 0 8px",
    "ul": "margin:0 0 8px;padding-left:1.6em",
    "ol": "margin:0 0 8px;padding-left:1.6em",
    "li": "margin:0 0 3px",
    "blockquote": "margin:0 0 8px;padding:0 0 0 10px;border-left:3px solid rgba(128,128,128,0.35)",
    "pre": "margin:0 0 8px;overflow-x:auto",
    "table": "border-collapse:collapse;margin:0 0 8px",
    "th": "text-align:left;padding:2px 10px 2px 0",
    "td": "text-align:left;padding:2px 10px 2px 0;border-top:1px solid rgba(128,128,128,0.35)",
    "h4": "margin:8px 0 4px;font-size:1.05em",
}
_EMPTY = {"br", "hr"}


@dataclass(frozen=True, slots=True)
class Cite:
    """A citation: the number of a source; `struck` where there is no such source."""

    key: int
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a page by the name that HTML has for it; `start` numbers an `ol`."""

    tag: str
    inside: tuple[Node, ...] = ()
    start: int = 1


Node: TypeAlias = "str | Cite | Element"


def drawn(nodes: Sequence[Node], link: Callable[[Cite], str]) -> str:
    """Return the HTML of nodes; `link` returns that of a citation."""
    return "".join(_html(node, link) for node in nodes)


def _html(node: Node, link: Callable[[Cite], str]) -> str:
    if isinstance(node, str):
        return escape(node)
    if isinstance(node, Cite):
        return link(node)
    style = f' style="{_STYLES[node.tag]}"' if node.tag in _STYLES else ""
    if node.tag in _EMPTY:
        return f"<{node.tag}{style}>"
    number = f' start="{node.start}"' if node.tag == "ol" and node.start != 1 else ""
    return f"<{node.tag}{number}{style}>{drawn(node.inside, link)}</{node.tag}>"


def as_json(nodes: Sequence[Node]) -> list[object]:
    """Return nodes for a renderer that draws them itself.

    A text is a string; a citation `{"cite": 1}`, with `"struck": true` where there is no such
    source; an element `{"tag": "p", "inside": [...]}`, with `"start"` for an `ol` from another
    number than 1.
    """
    return [_json(node) for node in joined(nodes)]


def _json(node: Node) -> object:
    if isinstance(node, str):
        return visible(node)
    if isinstance(node, Cite):
        return {"cite": node.key, "struck": True} if node.struck else {"cite": node.key}
    told: dict[str, object] = {"tag": node.tag}
    if node.inside:
        told["inside"] = as_json(node.inside)
    if node.start != 1:
        told["start"] = node.start
    return told


def joined(nodes: Sequence[Node]) -> list[Node]:
    """Return nodes with texts that stand side by side as one."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, str) and found and isinstance(found[-1], str):
            found[-1] += node
        elif node != "":
            found.append(node)
    return found


def shortened(nodes: Sequence[Node], most: int) -> tuple[Node, ...]:
    """Return the nodes up to `most` characters of text, with an ellipsis where more follow."""
    return _within(nodes, most)[0]


def _within(nodes: Sequence[Node], left: int) -> tuple[tuple[Node, ...], int]:
    kept: list[Node] = []
    for node in nodes:
        if left <= 0:
            break
        if isinstance(node, str):
            kept.append(cut(node, left))
            left -= len(node)
        elif isinstance(node, Cite):
            kept.append(node)
        else:
            inside, left = _within(node.inside, left)
            kept.append(Element(node.tag, inside, node.start))
    return tuple(kept), left


def cited(nodes: Sequence[Node]) -> list[int]:
    """Return the keys of the citations in nodes that are not struck, each once, in order."""
    found: dict[int, None] = {}
    for node in nodes:
        if isinstance(node, Cite) and not node.struck:
            found.setdefault(node.key)
        elif isinstance(node, Element):
            found.update(dict.fromkeys(cited(node.inside)))
    return list(found)
