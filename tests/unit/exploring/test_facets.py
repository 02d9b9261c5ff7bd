"""What items have, counted: as a dataframe, and with bars."""

from __future__ import annotations

import datetime as dt

import pytest

from mmrag_jupyter.errors import WhereError


def test_values_and_ranges_are_counted(load):
    found = load(
        [str(at) for at in range(40)],
        kind=["a"] * 25 + ["b"] * 14 + [None],
        price=[float(at) for at in range(39)] + [None],
        day=[dt.date(2020, 1, 1) + dt.timedelta(days=at) for at in range(40)],
    ).facets()
    assert found.columns == ["kind", "price", "day"]
    frame = found.to_pandas()
    kinds = frame[frame.column == "kind"]
    assert kinds["value"].tolist()[:2] == ["a", "b"]
    assert kinds["count"].tolist() == [25, 14, 1]
    assert kinds.share.tolist() == [25 / 40, 14 / 40, 1 / 40]
    prices = frame[frame.column == "price"]
    assert prices["count"].sum() == 40
    assert prices.low.min() == 0
    assert prices.high.max() == 38
    days = frame[frame.column == "day"]
    assert days.low.min() == "2020-01-01"
    bundle = found._repr_mimebundle_()
    assert bundle["text/html"].count("<meter") >= 3
    assert (
        "not counted, because their values are not shared or are no values: key, text"
        in (bundle["text/plain"])
    )


def test_a_range_of_one_value_is_told_as_that(load):
    prices = [*map(float, range(39)), 5350.0]
    text = load([str(at) for at in range(40)], price=prices).facets()._repr_mimebundle_()
    lines = [line.split() for line in text["text/plain"].splitlines()]
    assert ["5,350", "1"] in lines
    assert any(line[:2] == ["0", "to"] for line in lines)


def test_where_counts_some_items(load):
    collection = load(["0", "1", "2"], kind=["a", "a", "b"])
    found = collection.facets(where="kind = 'a'").to_pandas()
    kinds = found[(found["count"] > 0) & (found.column == "kind")]
    assert kinds[["value", "count"]].to_numpy().tolist() == [["a", 2]]
    with pytest.raises(WhereError):
        collection.facets(where="nosuch = 1")


def test_nothing_to_count_is_no_fault(load):
    texts = [f"{at} 1 0.{at:02}" for at in range(60)]
    found = load(texts).facets()
    assert len(found.to_pandas()) == 0
    assert "0 columns of 60 items" in found._repr_mimebundle_()["text/plain"]


def test_many_columns_keep_within_the_budget(load, session):
    session.config.output_bytes = 12_000
    columns = {f"column {at}": [f"value {at} {one}" for one in range(20)] * 2 for at in range(30)}
    bundle = load([str(at) for at in range(40)], **columns).facets()._repr_mimebundle_()
    assert len(bundle["text/html"]) < 12_000
    assert "more columns are not shown here" in bundle["text/plain"]


def test_hostile_values_stay_texts(load):
    collection = load(["0", "1", "2"], **{"<i>": ["<script>x</script>", "<script>x</script>", "b"]})
    html = collection.facets()._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "<i>" not in html
