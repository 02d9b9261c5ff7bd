from mmrag_jupyter.display import Card, hits_bundle
from mmrag_jupyter.display.plain import WIDTH, aligned, columns_of, fitted


def plain(cards, title="Hits"):
    return hits_bundle(cards, title=title)["text/plain"]


def test_columns_are_aligned_and_numbers_stand_right():
    assert aligned(["id", "n"], [["a", "5"], ["long", "12"]], [False, True]) == (
        "id     n\na      5\nlong  12"
    )


def test_wide_and_combining_characters_are_measured():
    assert columns_of("日本") == 4
    assert columns_of("e\u0301") == 1
    assert fitted("日本語です", 5) == "日本…"


def test_a_hit_is_one_line_of_a_terminal(product_cards):
    lines = plain(product_cards(5)).split("\n")
    assert len(lines) == 7
    assert lines[1].split() == ["#", "score", "id", "title", "category", "price", "stock", "text"]
    assert all(columns_of(line) <= WIDTH for line in lines)


def test_no_terminal_sequence_gets_through():
    text = plain([Card("\x1b]0;x\x07", 1, 1.0, metadata={"\x1b[2J": "\x9b31m"}, text="\x1b[31m")])
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert "\x9b" not in text


def test_missing_values_are_empty():
    text = plain([Card("a", 1, 1.0, metadata={"x": 1}), Card("b", 2, 0.5, metadata={"x": None})])
    assert text.split("\n")[-1] == "2    0.5  b"
