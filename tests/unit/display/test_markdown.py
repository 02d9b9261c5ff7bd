"""Markdown that somebody else wrote reaches the page as known elements, and as nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.display.markdown import parsed
from mmrag_jupyter.display.prose import Cite, Element, as_json, cited, drawn, joined, shortened


def html(text):
    def link(cite):
        return f"<s>[{cite.key}]</s>" if cite.struck else f"<a>[{cite.key}]</a>"

    return re.sub(r' style="[^"]*"', "", drawn(parsed(text), link))


@pytest.mark.parametrize(
    ("text", "drawing"),
    [
        ("Cork **is** *light* [1].", "<p>Cork <strong>is</strong> <em>light</em> <a>[1]</a>.</p>"),
        ("~~[9]~~ ~~old~~", "<p><s>[9]</s> <s>old</s></p>"),
        ("- a [1]\n- b", "<ul><li>a <a>[1]</a></li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("# Big\n###### small", "<h4>Big</h4><h4>small</h4>"),
        ("> quoted [2]", "<blockquote><p>quoted <a>[2]</a></p></blockquote>"),
        ("`a[1]` b", "<p><code>a[1]</code> b</p>"),
        ("```py\nx<[1]\n```", "<pre><code>x&lt;[1]\n</code></pre>"),
        ("**[1]**[2]", "<p><strong><a>[1]</a></strong><a>[2]</a></p>"),
        ("[1]: http://x.org\n\n[1]", "<p><a>[1]</a>: http://x.org</p><p><a>[1]</a></p>"),
        ("***", "<hr>"),
        ("a\nb  \nc", "<p>a\nb<br>c</p>"),
        ("", ""),
    ],
)
def test_markdown_is_drawn(text, drawing):
    assert html(text) == drawing


def test_a_table_is_drawn():
    assert html("|a|b|\n|-|-|\n|1 [2]|<i>|") == (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr>"
        "<td>1 <a>[2]</a></td><td>&lt;i&gt;</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<div>\n<iframe src='javascript:alert(1)'></iframe>\n</div>",
        "[click](javascript:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[click](https://evil.example/?q=secret)",
        "![x](https://evil.example/pixel.png)",
        "![x](javascript:alert(1) 'title')",
        "<https://evil.example>",
        "[1](javascript:alert(1))",
        "[a]: javascript:alert(1)\n[a]",
        '"><svg/onload=alert(1)>',
        "&#x3c;script&#x3e;alert(1)",
        "`<b>`\n\n    <b>indented</b>",
    ],
)
def test_nothing_in_it_runs_links_or_loads(attack):
    drawing = html(attack)
    assert set(re.findall(r"<(/?\w+)", drawing)) <= {
        "p", "/p", "a", "/a", "code", "/code", "pre", "/pre",
    }  # fmt: skip
    assert "<a>" not in drawing or "<a>[1]</a>" in drawing
    assert " href" not in drawing
    assert " src" not in re.sub(r"&lt;.*?&gt;", "", drawing)


def test_a_links_address_is_shown_for_the_reader_to_judge():
    assert html("[our site](https://ok.example/x)") == "<p>our site (https://ok.example/x)</p>"
    assert html("![a chart](https://x.example/c.png)") == "<p>[picture: a chart]</p>"


@given(st.text(st.sampled_from("ab [1]9*_`~#>|-\n<&!()\\:"), max_size=80))
def test_whatever_comes_only_known_elements_leave(text):
    tags = set(re.findall(r"<(\w+)", drawn(parsed(text), lambda cite: f"[{cite.key}]")))
    assert tags <= {
        "p", "h4", "ul", "ol", "li", "blockquote", "pre", "code", "strong", "em", "s", "br", "hr",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip


def test_nodes_become_json():
    nodes = parsed("Cork [1] ~~[9]~~\n\n3. a")
    assert as_json(nodes) == [
        {"tag": "p", "inside": ["Cork ", {"cite": 1}, " ", {"cite": 9, "struck": True}]},
        {"tag": "ol", "inside": [{"tag": "li", "inside": ["a"]}], "start": 3},
    ]
    assert as_json(["a\x00", "b\ud800"]) == ["a␀b\ufffd"]


def test_the_citations_of_nodes_are_listed_once_in_order():
    assert cited(parsed("b [2] a [1]\n\n- c [2] ~~[9]~~")) == [2, 1]


def test_texts_side_by_side_are_joined():
    assert joined(["a", "", "b", Cite(1), "c"]) == ["ab", Cite(1), "c"]


def test_nodes_are_shortened_to_a_number_of_characters():
    nodes = parsed("one two\n\nthree four [1]\n\nfive")
    short = shortened(nodes, 12)
    assert short[0] == Element("p", ("one two",))
    assert short[1].inside[0].endswith("…")
    assert len(short) == 2
    assert shortened(nodes, 1000) == nodes
