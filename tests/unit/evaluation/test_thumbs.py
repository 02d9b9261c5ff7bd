from __future__ import annotations

import pytest

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.evaluation.thumbs import from_feedback
from mmrag_jupyter.store.feedback import now


def keep(shop, *verdicts):
    shop.store.keep_feedback([now(*one) for one in verdicts])


def test_thumbs_are_judgements_of_their_queries(shop):
    keep(shop, ("red shoe", "red", 1), ("red shoe", "blue", -1), ("hat, -green", "white", 1))
    first, second = from_feedback(shop.store).questions
    assert (first.text, dict(first.judged)) == ("red shoe", {"red": 1.0, "blue": 0.0})
    assert (second.text, second.avoid) == ("hat", ("green",))
    evaluation = shop.evaluate(feedback=True)
    assert len(evaluation.questions) == 2
    assert any("Only hits that somebody looked at" in one for one in evaluation.notices)


def test_a_verdict_that_was_taken_back_or_turned_counts_as_it_stands(shop):
    keep(shop, ("shoe", "red", 1), ("shoe", "red", 0), ("hat", "green", 1), ("hat", "green", -1))
    (question,) = from_feedback(shop.store).questions
    assert dict(question.judged) == {"green": 0.0}
    with pytest.raises(QueryError, match=r"No judgement of .* is above 0"):
        shop.evaluate(feedback=True)


def test_queries_with_pictures_or_recordings_are_left_out_and_said(shop):
    keep(shop, ("shoe", "red", 1), ("shoe, mine.jpg", "red", 1), ("call 7.mp3", "red", 1))
    found = from_feedback(shop.store)
    assert [one.text for one in found.questions] == ["shoe"]
    assert any("2 queries left out" in one and "'call 7.mp3'" in one for one in found.notices)


def test_no_thumbs_say_how_to_give_some(shop):
    with pytest.raises(QueryError, match=r"'shop' has no thumbs yet; give some in %mmrag panel"):
        shop.evaluate(feedback=True)
    keep(shop, ("mine.jpg", "red", 1))
    with pytest.raises(QueryError, match="queries with pictures"):
        shop.evaluate(feedback=True)
