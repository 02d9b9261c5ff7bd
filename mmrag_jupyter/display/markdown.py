"""Markdown that somebody else wrote, as a tree of known elements.

It may come from a language model that a document has told what to write. So HTML in it is
text, pictures are not fetched (their description stands in their place), and links lead
nowhere: the address is shown beside the words, for the reader to judge.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mmrag_jupyter.display.prose import Cite, Element, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_KEY = re.compile(r"(~~)?\[(\d{1,3})\](?(1)~~)")
# The elements that are drawn; headings are all of one size, that of a paragraph.
_TAGS = {
    "blockquote", "em", "h4", "hr", "br", "li", "ol", "p", "s", "strong", "table", "tbody", "td",
    "th", "thead", "tr", "ul",
}  # fmt: skip


def parsed(text: str) -> tuple[Node, ...]:
    """Return Markdown (CommonMark, tables, strikethrough) as nodes; `[1]` is a citation."""
    return _tree(_parser().parse(text))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # "[1]: a title" at the end of an answer names a source; it is no definition to be hidden.
    parser.disable(["reference", "html_block", "html_inline", "autolink"])
    parser.inline.ruler.before("strikethrough", "citation", _citation)
    return parser


def _citation(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - as markdown-it calls it
    found = _KEY.match(state.src, state.pos)
    if found is None or found.end() > state.posMax:
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.content = found[2]
        token.meta = {"struck": found[1] is not None}
    state.pos = found.end()
    return True


def _tree(tokens: Sequence[Token]) -> tuple[Node, ...]:
    # Each open element with what is inside it so far, and the address that a link ends with.
    stack: list[tuple[Element, list[Node], str]] = [(Element(""), [], "")]
    for token in tokens:
        inside = stack[-1][1]
        if token.nesting == 1:
            start = int(token.attrGet("start") or 1)
            address = str(token.attrGet("href") or "")
            # Paragraphs of a tight list are there for the grammar only.
            stack.append((Element("" if token.hidden else _tag(token), start=start), [], address))
        elif token.nesting == -1:
            element, nodes, address = stack.pop()
            stack[-1][1].extend(_closed(element, nodes, address))
        else:
            inside.extend(_leaf(token))
    while len(stack) > 1:
        element, nodes, address = stack.pop()
        stack[-1][1].extend(_closed(element, nodes, address))
    return tuple(stack[0][1])


def _tag(token: Token) -> str:
    if token.type == "heading_open":
        return "h4"
    return token.tag if token.tag in _TAGS else ""


def _closed(element: Element, nodes: list[Node], address: str) -> list[Node]:
    if address and address not in nodes:
        nodes = [*nodes, f" ({address})"]
    return [Element(element.tag, tuple(nodes), element.start)] if element.tag else nodes


def _leaf(token: Token) -> list[Node]:
    kind = token.type
    found: list[Node]
    if kind == "inline":
        found = list(_tree(token.children or ()))
    elif kind == "citation":
        found = [Cite(int(token.content), struck=token.meta["struck"])]
    elif kind == "softbreak":
        found = ["\n"]
    elif kind in {"fence", "code_block"}:
        found = [Element("pre", (Element("code", (token.content,)),))]
    elif kind == "code_inline":
        found = [Element("code", (token.content,))]
    elif kind == "image":
        described = token.content or str(token.attrGet("src") or "")
        found = [f"[picture: {described}]"]
    elif token.tag in _TAGS:
        found = [Element(token.tag)]
    else:
        found = [token.content] if token.content else []
    return found
