"""Messages are read as the protocol says, and refused in one line otherwise."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.widgets import protocol
from mmrag_jupyter.widgets.protocol import read_question
from mmrag_jupyter.widgets.questions import Asked, RangeFilter, Term, ValuesFilter
from mmrag_jupyter.widgets.reading import MessageError


def search(told=None, buffers=(), **others):
    message = {"type": "search", "uuid": "u", "asked": told or {}, "limit": 10, **others}
    return read_question(message, list(buffers))


def test_what_is_left_out_has_its_default():
    read = search()
    assert (read.collection, read.offset, read.asked) == (None, 0, Asked())


def test_terms_filters_and_weights_are_read():
    read = search(
        {
            "terms": [{"text": "a", "sign": 1}, {"text": "b", "sign": -1}],
            "filters": [
                {"kind": "values", "column": "c", "values": ["x", 1, 1.5, True, None]},
                {"kind": "range", "column": "d", "low": 1, "high": None},
            ],
            "weights": {"text": 2},
        }
    ).asked
    assert read.terms == (Term("a"), Term("b", avoid=True))
    assert read.filters == (
        ValuesFilter("c", ("x", 1, 1.5, True, None)),
        RangeFilter("d", 1, None),
    )
    assert read.weights == {"text": 2.0}


@pytest.mark.parametrize(
    ("asked", "others", "says"),
    [
        ({"terms": "red"}, {}, "terms is 'red'; it must be a list."),
        ({"terms": [{"text": "a", "sign": 0}]}, {}, "sign is '0'; it must be 1 or -1."),
        ({"terms": [{"text": "a", "sign": True}]}, {}, "sign is 'True'; it must be 1 or -1."),
        ({"terms": [{"text": "a" * 20_000, "sign": 1}]}, {}, "text has 20,000 characters"),
        ({"terms": [{"text": "a", "sign": 1}] * 99}, {}, "terms has 99 members"),
        ({"weights": {"text": "2"}}, {}, "weight is '2'; it must be a finite number."),
        ({"weights": {"text": float("nan")}}, {}, "weight is 'nan'; it must be a finite number."),
        ({"modality": ["smell"]}, {}, "modality is 'smell'; it must be one of"),
        ({"filters": [{"kind": "values", "column": "c", "values": [{}]}]}, {}, "value is '{}'"),
        ({"filters": [{"kind": "other", "column": "c"}]}, {}, "kind is 'other'"),
        ({"pictures": [{"name": "a", "sign": 1}]}, {}, "1 files are named and 0 sent."),
        ({}, {"limit": 0}, "limit is '0'; it must be a whole number from 1 to 500."),
        ({}, {"limit": True}, "limit is 'True'"),
        ({}, {"offset": -1}, "offset is '-1'"),
        ({}, {"collection": 3}, "collection is '3'; it must be a text."),
        ({}, {"asked": []}, "asked is '[]'; it must be an object."),
    ],
)
def test_what_is_wrong_is_said_in_a_line(asked, others, says):
    with pytest.raises(MessageError) as caught:
        search(asked, **others)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_picture_is_refused_before_it_is_copied():
    picture = {"pictures": [{"name": "a", "sign": 1}]}
    with pytest.raises(MessageError, match="A file of 33 MB is too large; send at most 32 MB"):
        search(picture, [memoryview(bytearray(33 << 20))])


def test_an_answer_bears_the_uuid_of_its_question_and_no_more_than_that():
    assert protocol.answer({"type": "loads", "uuid": "u"}, {})["uuid"] == "u"
    assert protocol.failure({"uuid": ["u"]}, "message", "no")["uuid"] == ""
    assert protocol.failure("nonsense", "message", "no")["uuid"] == ""
    assert len(protocol.failure({"uuid": "u" * 999}, "message", "no")["uuid"]) == 100


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
names = ["asked", "collection", "key", "keys", "limit", "offset", "part", "pictures", "protocol",
         "query", "size", "verdict", "version"]  # fmt: skip
verbs = ["hello", "collections", "search", "thumbnails", "item", "facets", "feedback", "select",
         "loads"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(verbs), st.dictionaries(st.sampled_from(names), json_values))
def test_whatever_comes_is_read_or_refused(verb, members):
    with suppress(MessageError):
        read_question({"type": verb, **members}, [])
