"""Helpers of the display tests: cards of all kinds, and a reader that trusts no HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from PIL import Image

from mmrag_jupyter.display import Card, Why

_STYLED = {"style"}
_ALLOWED = {
    "audio": {"controls", "preload", "title", "src", "style"},
    "b": set(),
    "bdi": set(),
    "br": set(),
    "details": {"open", "style"},
    "div": {"style", "class"},
    "figcaption": set(),
    "figure": _STYLED,
    "hr": _STYLED,
    "img": {"src", "alt", "width", "height", "style"},
    "mark": _STYLED,
    "meter": {"value"},
    "p": _STYLED,
    "small": set(),
    "span": _STYLED,
    "summary": set(),
    "table": _STYLED,
    "tbody": _STYLED,
    "td": _STYLED,
    "th": _STYLED,
    "thead": set(),
    "tr": {"style", "valign"},
}
_VOID = {"br", "hr", "img"}


class Reader(HTMLParser):
    """Reads HTML that must hold only known elements, all closed in order."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.images, self.texts, self.alts = [], [], [], [], []
        self.styles, self.sounds = set(), []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert tag in _ALLOWED, f"unexpected element {tag}"
        assert set(names) <= _ALLOWED[tag], f"unexpected attributes {names} of {tag}"
        assert len(names) == len(set(names))
        values = dict(attrs)
        if "style" in values:
            self.styles.add(values["style"])
        if tag == "img":
            assert values["src"].startswith(("data:image/webp;base64,", "data:image/jpeg;base64,"))
            assert int(values["width"]) > 0
            assert int(values["height"]) > 0
            self.images.append(values["src"])
            self.alts.append(values["alt"])
        if tag == "audio":
            assert values["src"].startswith("data:audio/ogg;base64,")
            self.sounds.append(values["src"])
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(f"unexpected <{tag} {attrs}/>")

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> without its beginning"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"unexpected comment {data!r}")

    def handle_decl(self, decl):
        raise AssertionError(f"unexpected declaration {decl!r}")

    def handle_pi(self, data):
        raise AssertionError(f"unexpected instruction {data!r}")

    def unknown_decl(self, data):
        raise AssertionError(f"unexpected declaration {data!r}")

    @property
    def text(self):
        return "".join(self.texts)


@pytest.fixture(scope="session")
def read():
    """Return a function that parses HTML and fails on anything that is not expected."""
    return Reader


@pytest.fixture(scope="session")
def photo():
    """Return a function that gives a picture which compresses as badly as a photo."""

    def make(seed=0, size=(640, 480)):
        noise = Image.effect_noise((size[0] // 8, size[1] // 8), 60 + seed).resize(size)
        tint = Image.linear_gradient("L").resize(size)
        return Image.merge("RGB", (noise, tint, noise.transpose(Image.Transpose.FLIP_TOP_BOTTOM)))

    return make


@pytest.fixture(scope="session")
def product_cards(photo):
    """Return a function that gives `n` cards as a query over products would."""

    def make(n, *, pictures=True):
        return [
            Card(
                id=f"P-{at:03}",
                rank=at + 1,
                score=1 / (at + 1),
                picture=(lambda at=at: photo(at)) if pictures else None,
                alt=f"Product {at}",
                text="A light running shoe, waterproof and made for wide feet. " * 4,
                terms=("waterproof", "wide"),
                metadata={
                    "sku": f"P-{at:03}",
                    "title": f"Running shoe {at}",
                    "category": "shoes",
                    "price": 49.9 + at,
                    "stock": None if at % 2 else at,
                    "description": "A light running shoe for wide feet, waterproof. " * 4,
                },
                why=(Why("lexical", at + 1, 0.6), Why("image", at + 2, 0.4)),
            )
            for at in range(n)
        ]

    return make
