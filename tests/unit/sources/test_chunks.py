from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.sources.chunks import chunks

SENTENCES = [f"Sentence number {n} tells of something else entirely." for n in range(200)]


def test_short_texts_are_one_chunk_and_need_no_splitter():
    script = (
        "import sys; from mmrag_jupyter.sources.chunks import chunks;"
        "assert chunks('word ' * 100, 256) == [('word ' * 100).strip()];"
        "print('llama_index' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("text", ["", "  \n ", "\0", "\0 \0"])
def test_blank_texts_have_no_chunks(text):
    assert chunks(text, 64) == []


def test_long_texts_are_cut_between_sentences_and_nothing_is_repeated():
    found = chunks(" ".join(SENTENCES), 128)
    assert len(found) > 10
    assert all(
        chunk.startswith("Sentence number") and chunk.endswith("entirely.") for chunk in found
    )
    assert re.findall(r"number (\d+)", " ".join(found)) == list(map(str, range(200)))


def test_no_chunk_is_longer_than_asked():
    from llama_index.core.utils import get_tokenizer

    tokenizer = get_tokenizer()
    for text in (" ".join(SENTENCES), "日本語の文章です。" * 300, "word" * 2000, "🍌" * 500):
        assert max(len(tokenizer(chunk)) for chunk in chunks(text, 64)) <= 64


def test_full_width_stops_end_sentences():
    found = chunks("これは短い文です。次の文はもう少し長いです。" * 40, 64)
    assert len(found) > 3
    assert all(chunk.endswith("。") for chunk in found)


@pytest.mark.parametrize(
    "text",
    ["!" * 50_000, "a" * 300_000, "a. " * 100_000, "🍌" * 60_000, "x\n" * 100_000, "-" * 50_000,
     " " * 300_000 + "end", "?!" * 30_000],
    ids=lambda text: repr(text[:3]),
)  # fmt: skip
def test_texts_without_a_place_to_cut_neither_hang_nor_fail(text):
    found = chunks(text, 256)
    assert found
    assert {letter for chunk in found for letter in chunk if not letter.isspace()} == {
        letter for letter in text if not letter.isspace()
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*SENTENCES[:5], "\n\n", "word", "。", "!!!", "🍌", "a" * 300])))
def test_every_word_is_in_one_chunk_in_order(parts):
    text = " ".join(parts)
    found = chunks(text, 16)
    joined = "".join("".join(chunk.split()) for chunk in found)
    assert joined == "".join(text.split())


def test_nothing_is_lost_where_a_very_long_text_is_taken_in_stretches():
    words = [f"word{number}" for number in range(9000)]
    for between in (" ", "\n", "\n\n", ". "):
        found = " ".join(chunks(between.join(words), 256))
        assert set(re.findall(r"word\d+", found)) == set(words)
    assert set("".join(chunks("".join(words), 256))) == set("word0123456789")
    unbroken = "".join(chr(0x4E00 + number) for number in range(20_000)) * 2
    assert set("".join(chunks(unbroken, 256))) == set(unbroken)
