from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from mmrag_jupyter.display import HITS_MIME, Card, Options, Sheet, hits_bundle
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.fields import place


def page(shade):
    return lambda: Image.new("RGB", (340, 440), (shade, shade, shade))


def gone():
    raise OSError("gone")


def document(rank, sheets=3, first=gone):
    return Card(
        f"{rank}.pdf",
        rank,
        1.0,
        picture=page(10 * rank),
        text="Revenue by region",
        page=10 * rank,
        source=f"{rank}.pdf",
        sheets=tuple(
            Sheet(10 * rank + at, page(10 * rank + at) if at != 2 or first is not gone else first)
            for at in range(1, sheets + 1)
        ),
    )


def bundle_of(cards, **options):
    return hits_bundle(cards, title="t", options=Options(**options))


def shade(uri):
    data = base64.b64decode(uri.partition(",")[2])
    return round(sum(Image.open(io.BytesIO(data)).convert("L").getextrema()) / 2)


@pytest.mark.parametrize("view", ["gallery", "list"])
def test_other_pages_stand_small_below_the_first_with_their_numbers(read, view):
    seen = read(bundle_of([document(1, 1)], view=view)["text/html"])
    assert len(seen.images) == 2
    assert seen.alts[1] == "page 11"
    assert "p. 11" in seen.text
    assert "p. 10, also 11" in seen.text


@pytest.mark.parametrize("view", ["gallery", "list", "table"])
@pytest.mark.parametrize("count", [1, 3, 8])
def test_the_data_counts_the_pictures_of_the_page(read, view, count):
    bundle = bundle_of(
        [document(rank, first=page(rank)) for rank in range(1, count + 1)], view=view
    )
    images = read(bundle["text/html"]).images
    counted = []
    for hit in bundle[HITS_MIME]["hits"]:
        for number, shown in [
            (hit["page"], hit["thumbnail"]),
            *((one["page"], one) for one in hit.get("sheets", [])),
        ]:
            counted.append(shown["image"])
            if number % 10 != 2:
                assert abs(shade(images[shown["image"]]) - number) <= 3
            assert (shown["width"], shown["height"]) == (340, 440)
        assert hit["pages"] == [hit["page"] + at for at in (1, 2, 3)]
    assert counted == list(range(len(images)))
    assert ("sheets" in bundle[HITS_MIME]["hits"][0]) == (view != "table")


@pytest.mark.parametrize("budget", [5000, 9000, 20_000, 65_536])
def test_the_budget_holds_with_other_pages(budget):
    noise = Image.effect_noise((340, 440), 90).convert("RGB")
    cards = [
        Card(
            f"{rank}.pdf", rank, 1.0, picture=lambda: noise, text="x" * 200, page=1,
            sheets=tuple(Sheet(at, lambda: noise) for at in range(2, 6)),
        )
        for rank in range(1, 9)
    ]  # fmt: skip
    assert bundle_bytes(bundle_of(cards, budget=budget)) <= budget


def test_only_pages_that_are_shown_are_drawn():
    drawn = []

    def picture(number):
        drawn.append(number)
        return Image.new("RGB", (340, 440))

    sheets = tuple(Sheet(at, lambda at=at: picture(at)) for at in range(2, 7))
    bundle_of([Card("a", 1, 1.0, picture=page(0), page=1, sheets=sheets)])
    assert drawn == [2, 3]
    drawn.clear()
    bundle_of([Card("a", 1, 1.0, picture=page(0), page=1, sheets=sheets)], budget=4096)
    assert drawn == []


def test_a_page_that_cannot_be_drawn_is_left_out(read):
    bundle = bundle_of([document(1, 2)], view="gallery")
    assert read(bundle["text/html"]).alts[1:] == ["page 11"]
    assert [one["page"] for one in bundle[HITS_MIME]["hits"][0]["sheets"]] == [11]


def test_the_place_tells_the_best_page_and_the_others():
    assert place(document(1, 2)) == "p. 10, also 11, 12"
    assert place(document(1, 0)) == "p. 10"
    assert place(Card("a", 1, 1.0)) == ""


def test_the_plain_table_tells_the_pages():
    assert "p. 10, also 11, 12" in bundle_of([document(1, 2)])["text/plain"]
