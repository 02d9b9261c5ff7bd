import pytest

from mmrag_jupyter.display.cards import Card
from mmrag_jupyter.display.fields import (
    Detail,
    at_a_glance,
    body,
    clock,
    heading,
    look_at,
    names_of,
    place,
    title_name,
)

DETAIL = Detail(snippet=100, text=0, columns=10, value=40, data=10, why=True)


def cards(*rows):
    return [Card(str(at), at + 1, 1.0, metadata=row) for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["sku", "name", "title"], "title"),
        (["sku", "Product Name", "price"], "Product Name"),
        (["filename", "surname"], ""),
        (["price"], ""),
    ],
)
def test_the_title_is_found_by_its_name(names, title):
    some = cards(dict.fromkeys(names, "x"))
    assert title_name(some, names) == title


def test_a_title_that_most_lack_is_none():
    some = cards({"title": "x"}, {"title": None}, {"title": None})
    assert title_name(some, ["title"]) == ""


def test_a_card_without_title_is_headed_by_its_id():
    some = cards({"title": "Shoe"}, {"title": None})
    look = look_at(some, DETAIL)
    assert [heading(card, look) for card in some] == ["Shoe", "1"]


def test_short_telling_fields_are_shown_at_a_glance():
    some = cards(
        {
            "sku": "0",
            "title": "Shoe",
            "price": 9.5,
            "long": "word " * 20,
            "photo": "shots/a.jpg",
            "link": "https://example.org/a",
            "tags": ["a"],
            "empty": None,
            "colour": "red",
        }
    )
    assert at_a_glance(some, names_of(some), "title") == ("price", "colour")


def test_the_text_does_not_repeat_the_title():
    card = Card("1", 1, 1.0, text="Red shoe\nMade for rain.", metadata={"title": "Red shoe"})
    assert body(card, look_at([card], DETAIL)) == "Made for rain."
    alone = Card("1", 1, 1.0, text="Red shoe", metadata={"title": "Red shoe"})
    assert body(alone, look_at([alone], DETAIL)) == "Red shoe"
    headed_by_its_id = Card("b", 1, 1.0, text="blue hat")
    assert body(headed_by_its_id, look_at([headed_by_its_id], DETAIL)) == "blue hat"


def test_places_in_a_source():
    assert place(Card("a", 1, 1.0, page=3)) == "p. 3"
    assert place(Card("a", 1, 1.0, start=65, end=3605)) == "1:05-1:00:05"
    assert place(Card("a", 1, 1.0)) == ""
    assert clock(0) == "0:00"
