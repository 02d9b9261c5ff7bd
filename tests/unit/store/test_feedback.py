"""Verdicts on hits, kept with the collection."""

from __future__ import annotations

import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import StoreBusyError
from mmrag_jupyter.store import feedback
from mmrag_jupyter.store.salvage import salvage


@pytest.fixture
def shop(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"sku": ["a", "b"], "title": ["red hat", "blue hat"]})
    session = mm.Session(mm.Config(root=str(tmp_path)))
    return session.load(frame, "shop", text="title", id="sku", model=ToyEmbedder())


def told(shop):
    return [(one.query, one.item, one.verdict) for one in shop.store.feedback()]


def test_verdicts_are_there_after_the_collection_was_opened_again(shop):
    assert told(shop) == []
    shop.store.keep_feedback([feedback.now("hat", "a", 1), feedback.now("hat", "b", -1)])
    again = mm.Session(mm.Config(root=str(shop.folder.parent))).open("shop", model=ToyEmbedder())
    assert told(again) == [("hat", "a", 1), ("hat", "b", -1)]


def test_the_last_verdict_counts_and_zero_takes_it_back(shop):
    for verdict in (1, -1):
        shop.store.keep_feedback([feedback.now("hat", "a", verdict)])
    assert told(shop) == [("hat", "a", -1)]
    shop.store.keep_feedback([feedback.now("hat", "a", 0)])
    assert told(shop) == []


def test_a_busy_collection_says_so_and_keeps_nothing(shop):
    with shop.store.writer(), pytest.raises(StoreBusyError):
        shop.store.keep_feedback([feedback.now("hat", "a", 1)])
    assert told(shop) == []


def test_ids_and_queries_of_half_characters_come_back(shop):
    shop.store.keep_feedback([feedback.now("half \ud800", "file\udcff.png", 1)])
    assert told(shop) == [("half \ufffd", "file\udcff.png", 1)]


def test_feedback_is_a_dataframe(shop):
    assert list(shop.feedback().columns) == ["query", "id", "verdict", "time"]
    shop.store.keep_feedback([feedback.now("hat", "a", 1)])
    frame = shop.feedback()
    assert frame.loc[0, ["query", "id", "verdict"]].tolist() == ["hat", "a", 1]
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"


def test_feedback_outlives_a_repair(shop):
    shop.store.keep_feedback([feedback.now("hat", "a", 1)])
    folder = shop.folder
    shop.close()
    salvage(folder / "records.sqlite", "shop")
    again = mm.Session(mm.Config(root=str(folder.parent))).open("shop", model=ToyEmbedder())
    assert told(again) == [("hat", "a", 1)]


def test_a_copy_of_the_collection_has_its_feedback(shop, tmp_path):
    shop.store.keep_feedback([feedback.now("hat", "a", 1)])
    shop.save(tmp_path / "copy")
    copy = mm.Session().open(tmp_path / "copy", model=ToyEmbedder())
    assert told(copy) == [("hat", "a", 1)]
