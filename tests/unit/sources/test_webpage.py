from __future__ import annotations

import datetime as dt

import pytest

from mmrag_jupyter.sources import webpage

pytest.importorskip("trafilatura", reason="trafilatura reads web pages")

ARTICLE = """<html><head><title>Annual Report</title><meta name="author" content="Ann Lee">
<meta name="date" content="2024-03-02"><style>p { color: red }</style></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/x">All products</a></li></ul></nav>
<article><h1>Annual report</h1>
<p>Revenue by region grew by 12 percent in Europe and by 3 percent in Asia, which the board
considers satisfactory given the situation of the market.</p>
<table><tr><th>Region</th><th>Revenue</th></tr><tr><td>Europe</td><td>12</td></tr></table>
<p>Second paragraph about the outlook for next year, with more text than a caption has.</p>
</article><script>alert("no")</script>
<footer>Copyright 2020 cookies policy</footer></body></html>"""


def read(path, data):
    path.write_bytes(data)
    found = webpage.read(path, lambda _done, _total: None)
    ((page, text),) = found.texts
    assert page is None
    return text, found


def test_the_main_text_and_its_tables_are_read_without_menus(tmp_path):
    text, found = read(tmp_path / "a.html", ARTICLE.encode())
    assert "Revenue by region grew" in text
    assert "Europe | 12" in text
    assert "Second paragraph" in text
    assert not any(word in text for word in ("Home", "products", "cookies", "alert", "color"))
    assert (found.title.casefold(), found.author) == ("annual report", "Ann Lee")
    assert found.created == dt.datetime(2024, 3, 2, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<p>hi</p>", "hi"),
        (b"just text", "just text"),
        (b"<html><body><h2>Hours</h2><ul><li>Mon 9-5<li>Tue 9-5</ul></body></html>",
         "Hours\nMon 9-5\nTue 9-5"),
        ("<meta charset=shift_jis><p>日本語のテキスト</p>".encode("shift_jis"), "日本語のテキスト"),
        ("<p>größe</p>".encode(), "größe"),
    ],
)  # fmt: skip
def test_a_short_page_is_read_as_a_whole(tmp_path, data, text):
    assert read(tmp_path / "a.html", data)[0] == text


def test_a_date_that_is_only_talked_of_is_not_the_pages_own(tmp_path):
    data = b"<html><body><p>On March 3, 2019 it rained.</p><footer>Copyright 2020</footer>"
    assert read(tmp_path / "a.html", data)[1].created is None


@pytest.mark.parametrize(
    "data",
    [b"", b"  \n", b"<html></html>", b"\0\xff\xfe\x01", b"<" * 5000, b"<div>" * 20_000 + b"x",
     b"<!-- never closed", b"<html><body>" + b"<b>" * 500],
)  # fmt: skip
def test_odd_pages_are_read_without_an_error(tmp_path, data):
    path = tmp_path / "a.html"
    path.write_bytes(data)
    found = webpage.read(path, lambda _done, _total: None)
    assert all(isinstance(text, str) for _, text in found.texts)
