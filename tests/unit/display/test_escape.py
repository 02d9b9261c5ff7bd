from hypothesis import given
from hypothesis import strategies as st

from mmrag_jupyter.display.escape import cut, escape, isolated, one_line, visible


def test_escapes_markup_and_both_quotes():
    assert escape("<b a=\"1\" c='2'>&amp;") == "&lt;b a=&quot;1&quot; c=&#x27;2&#x27;&gt;&amp;amp;"


def test_control_characters_become_their_pictures():
    assert visible("a\x00b\x1b[31m\x7f") == "a␀b␛[31m␡"
    assert visible("\x9b31m") == "\ufffd31m"


def test_line_ends_become_newlines_and_tabs_stay():
    assert visible("a\r\nb\rc\x0cd\u2028e\tf") == "a\nb\nc\nd\ne\tf"


def test_characters_that_turn_the_direction_are_named():
    assert visible("invoice\u202egpj.exe") == "invoice[U+202E]gpj.exe"
    assert visible("\u2066x\u2069") == "[U+2066]x[U+2069]"


def test_joiners_that_emoji_and_persian_need_stay():
    family = "👩\u200d👧"
    assert visible(family) == family
    assert visible("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e"


def test_lone_surrogates_become_encodable():
    assert escape("a\ud800b").encode() == "a\ufffdb".encode()


def test_right_to_left_text_is_isolated_and_other_text_is_not():
    assert isolated("שלום <b>") == "<bdi>שלום &lt;b&gt;</bdi>"
    assert isolated("abc <1>") == "abc &lt;1&gt;"


def test_cut_says_that_something_is_missing():
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert one_line("a\n b\t c", 10) == "a b c"


@given(st.text(alphabet=st.characters(), max_size=80))
def test_whatever_comes_can_be_written_and_is_stable(text):
    once = visible(text)
    once.encode("utf-8")
    assert visible(once) == once
    assert not set(escape(text)) & set("<>\"'")
    assert not any(ord(char) < 32 and char not in "\n\t" for char in once)
