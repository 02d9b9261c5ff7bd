"""Counts by value and by range, under a selection and among hits."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.store import coded, coding
from mmrag_jupyter.store.catalogue import read_catalogue
from mmrag_jupyter.store.facets import Range, Values


@pytest.fixture
def frame():
    count = 200
    return pd.DataFrame(
        {
            "sku": [f"s{at}" for at in range(count)],
            "title": [f"thing number {at}" for at in range(count)],
            "brand": ["Acme", "Bolt", "Acme", None] * (count // 4),
            "price": [float(at) for at in range(count - 1)] + [None],
            "stars": [at % 5 + 1 for at in range(count)],
            "sold": [at % 2 == 0 for at in range(count)],
            "added": pd.date_range("2024-01-01", periods=count, freq="D"),
            "same": ["always"] * count,
            "tags": [["a", "b"]] * count,
        }
    )


@pytest.fixture
def shop(tmp_path, frame):
    session = mm.Session(mm.Config(root=str(tmp_path)))
    return session.load(frame, "shop", text="title", id="sku", model=ToyEmbedder())


def counted(shop, where=None, hits=None):
    facets = shop.store.facets()
    items = None if where is None else np.array(shop.store.matching(where))
    found = facets.count(dict.fromkeys(facets.columns(), items), hits)
    return {one.column: one for one in found}


def test_columns_that_divide_the_items_serve_and_no_others(shop):
    assert list(counted(shop)) == ["brand", "price", "stars", "sold", "added"]


def test_values_come_with_their_counts_most_frequent_first(shop):
    brand = counted(shop)["brand"]
    assert isinstance(brand, Values)
    assert [(one.value, one.count) for one in brand.counts] == [
        ("Acme", 100), ("Bolt", 50), (None, 50),
    ]  # fmt: skip
    assert [one.value for one in counted(shop)["sold"].counts] == [True, False]


def test_counts_are_those_of_a_selection_and_of_hits_within_it(shop):
    hits = list(shop.store.find(["s0", "s1", "s2", "s199"]).values())
    brand = counted(shop, "price < 4", hits)["brand"]
    assert [(one.value, one.count, one.hits) for one in brand.counts] == [
        ("Acme", 2, 2), ("Bolt", 1, 1), (None, 1, 0),
    ]  # fmt: skip
    without = counted(shop, "brand == 'Acme'")["brand"]
    assert [(one.value, one.count, one.hits) for one in without.counts] == [
        ("Acme", 100, None), ("Bolt", 0, None),
    ]  # fmt: skip


def test_bins_say_from_where_to_where_their_items_lie(shop):
    price = counted(shop)["price"]
    assert isinstance(price, Range)
    assert sum(one.count for one in price.bins) == 199
    assert price.missing == 1
    for one in price.bins:
        assert len(shop.store.matching(f"price between {one.low} and {one.high}")) == one.count


def test_dates_are_ranges_in_iso_8601(shop):
    added = counted(shop)["added"]
    assert (added.type, added.bins[0].low) == ("date", "2024-01-01 00:00:00")
    assert added.bins[-1].high == "2024-07-18 00:00:00"
    for one in added.bins:
        assert len(shop.store.matching(f"added between '{one.low}' and '{one.high}'")) == one.count


def test_bounds_of_zoned_moments_are_in_their_own_zone(tmp_path):
    frame = pd.DataFrame(
        {
            "t": [f"n{at}" for at in range(40)],
            "at": pd.date_range("2024-03-30 22:00", periods=40, freq="h", tz="Europe/Madrid"),
        }
    )
    session = mm.Session(mm.Config(root=str(tmp_path)))
    shop = session.load(frame, "zoned", text="t", model=ToyEmbedder())
    found = counted(shop)["at"]
    assert found.bins[0].low == "2024-03-30 22:00:00"
    for one in found.bins:
        assert len(shop.store.matching(f"at >= '{one.low}' and at <= '{one.high}'")) == one.count


def test_a_few_far_values_do_not_press_the_others_into_one_bin(tmp_path):
    prices = [*np.linspace(1, 20, 300), 5000.0]
    frame = pd.DataFrame({"t": [f"n{at}" for at in range(301)], "price": prices})
    session = mm.Session(mm.Config(root=str(tmp_path)))
    shop = session.load(frame, "skewed", text="t", model=ToyEmbedder())
    bins = counted(shop)["price"].bins
    assert max(one.count for one in bins) < 60
    assert bins[-1].high == 5000.0
    assert sum(one.count for one in bins) == 301


def test_what_is_loaded_later_is_counted(shop, frame):
    facets = shop.store.facets()
    assert len(facets.count({"brand": None})[0].counts) == 3
    more = frame.head(1).assign(sku="new", brand="Cord")
    shop.load(more, key="more", text="title", id="sku")
    assert {one.value for one in facets.count({"brand": None})[0].counts} == {
        "Acme", "Bolt", "Cord", None,
    }  # fmt: skip
    facets.close()


def test_an_empty_collection_has_no_facets(shop):
    shop.delete(where="price >= 0 or price is null")
    assert counted(shop) == {}


def test_a_column_of_names_is_none_to_choose_from_and_many_columns_are_bounded(tmp_path):
    wide = {f"c{number}": [number, number + 0.5, 3, 4, 5, 6, 7, 8] * 4 for number in range(200)}
    frame = pd.DataFrame({"t": [f"n{at}" for at in range(32)], **wide})
    session = mm.Session(mm.Config(root=str(tmp_path)))
    shop = session.load(frame, "wide", text="t", model=ToyEmbedder())
    assert len(shop.store.facets().columns()) == 40


@pytest.mark.parametrize(
    "values",
    [
        [dt.date(2024, 1, day) for day in range(1, 31)],
        [2**70 + day for day in range(30)],
        [float("inf"), float("-inf"), *range(28)],
        ["<script>alert(1)</script>", "`; drop table items --", "a' or '1'='1"] * 10,
    ],
)
def test_odd_values_neither_fail_nor_are_lost(tmp_path, values):
    frame = pd.DataFrame(
        {"t": [f"n{at}" for at in range(30)], "odd": pd.Series(values, dtype=object)}
    )
    session = mm.Session(mm.Config(root=str(tmp_path)))
    shop = session.load(frame, "odd", text="t", model=ToyEmbedder())
    for one in counted(shop).values():
        counts = one.counts if isinstance(one, Values) else one.bins
        assert sum(each.count for each in counts) + getattr(one, "missing", 0) <= 30


@pytest.fixture
def from_codes(monkeypatch):
    """The physical names of the columns that were read from coded columns."""
    names = []
    own = coded.CodedFile.column

    def column(self, name):
        found = own(self, name)
        names.extend([name] if found is not None else [])
        return found

    monkeypatch.setattr(coded.CodedFile, "column", column)
    return names


def without_codes(shop):
    (shop.store.folder / coded.FILE).unlink()
    return counted(shop)


def odd(count):
    """Columns whose values recur, are missing, of two kinds, far apart, or all different."""
    return {
        "first": ["z" if at < 3 else "a" for at in range(count)],
        "void": [None] * count,
        "late": [None] * (count - 1) + ["one"],
        "mixed": [at if at % 3 else at + 0.5 for at in range(count)],
        "day": [dt.date(2020, 1, 1) + dt.timedelta(days=at % 90) for at in range(count)],
        "name": [f"n{at}" for at in range(count)],
        "huge": [2.0**at if at < 60 else -1.0 for at in range(count)],
    }


@pytest.mark.usefixtures("coded_limits")
def test_coded_columns_are_counted_as_the_records_are(shop, frame, from_codes):
    frame = frame.assign(**odd(len(frame)))
    shop.load(frame, text="title", id="sku", key="frame")
    shop.store.wait_for_indexes()
    facets = counted(shop, "price > 10", hits=[1, 2, 30])
    assert len(from_codes) > 8
    assert list(facets) == [
        "brand", "price", "stars", "sold", "added", "first", "late", "mixed", "day", "huge",
    ]  # fmt: skip
    (shop.store.folder / coded.FILE).unlink()
    assert counted(shop, "price > 10", hits=[1, 2, 30]) == facets


@pytest.mark.usefixtures("coded_limits")
def test_what_came_after_the_codes_is_counted_beside_them(shop, frame, from_codes):
    shop.store.wait_for_indexes()
    more = frame.head(9).assign(sku=[f"new{at}" for at in range(9)], brand="Acme", price=1e4)
    shop.load(more, key="more", text="title", id="sku")
    found = counted(shop)
    assert from_codes
    assert found["brand"].counts[0].count == 109
    assert found["price"].bins[-1].high == 1e4
    assert without_codes(shop) == found


@pytest.mark.usefixtures("coded_limits")
def test_codes_that_do_not_hold_any_more_are_not_counted(shop, frame, from_codes, monkeypatch):
    shop.store.wait_for_indexes()
    monkeypatch.setattr(coding, "build", lambda *_: None)  # the cache stays as it is
    shop.load(frame.assign(brand="Cord"), text="title", id="sku")
    assert "brand" not in counted(shop)
    assert not from_codes


@pytest.mark.usefixtures("coded_limits")
def test_damaged_codes_are_passed_by(shop):
    shop.store.wait_for_indexes()
    found = counted(shop)
    path = shop.store.folder / coded.FILE
    content = bytearray(path.read_bytes())
    content[-40:] = bytes(40)
    path.write_bytes(content)
    assert counted(shop) == found


def test_prose_is_not_read_whole(shop, monkeypatch):
    monkeypatch.setattr("mmrag_jupyter.store.facets.MOST_VALUES", 90)
    asked = []
    facets = shop.store.facets()
    connect = facets._connect

    def traced():
        db = connect()
        db.set_trace_callback(asked.append)
        return db

    facets._connect = traced
    assert facets.columns() == ["brand", "price", "stars", "sold", "added"]
    title, _ = read_catalogue(facets._db).names()["title"]
    assert [one for one in asked if title in one and "DISTINCT" not in one] == []
    facets.close()
