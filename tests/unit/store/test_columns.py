"""Metadata values come back as they went in, whatever they are and whatever they are called."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from store_rows import item, text

from mmrag_jupyter.items import Column, NewItem
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.columns import decode, encode, widened
from mmrag_jupyter.store.packing import pack, unpack

zones = st.sampled_from([UTC, ZoneInfo("Europe/Madrid"), timezone(timedelta(hours=-3))])
strings = st.text(st.characters(exclude_categories=()), max_size=20)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    strings,
    st.binary(max_size=9),
    st.datetimes(timezones=st.one_of(st.none(), zones), allow_imaginary=False),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.complex_numbers(allow_nan=False),
)
nested = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(strings, st.integers(), st.just("$")), inner, max_size=3),
    ),
    max_leaves=6,
)


@given(nested)
@example({"$": "decimal", "v": "1"})
@example([float("inf"), -0.0])
def test_any_plain_value_is_unpacked_as_it_was_packed(value):
    assert alike(unpack(pack(value)), value)


def test_sets_are_packed():
    assert unpack(pack({1, "a"})) == {1, "a"}
    assert unpack(pack(frozenset({b"x"}))) == frozenset({b"x"})


def test_nan_is_packed():
    assert math.isnan(unpack(pack(float("nan"))))


def test_what_is_unknown_is_packed_as_text():
    assert unpack(pack(range(2))) == "range(0, 2)"


MADRID_DATES = st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001 - the zone is drawn; the first day has no UTC
    timezones=st.just(ZoneInfo("Europe/Madrid")),
    allow_imaginary=False,
)
BY_KIND = {
    "int": st.integers(),
    "float": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "str": strings,
    "datetime": st.datetimes(),
    "date": st.dates(),
    "time": st.times(timezones=st.one_of(st.none(), st.just(UTC))),
    "timedelta": st.timedeltas(),
    "decimal": st.decimals(allow_nan=False),
    "json": st.one_of(st.lists(nested, max_size=3), st.dictionaries(strings, nested, max_size=3)),
    "bytes": st.binary(max_size=9),
    "any": nested,
}


@pytest.mark.parametrize("kind", BY_KIND)
@given(data=st.data())
def test_values_of_a_kind_are_decoded_as_they_were_encoded(kind, data):
    values = data.draw(st.lists(st.one_of(st.none(), BY_KIND[kind]), max_size=4))
    assert_round_trip(Column("x", kind), values)


@pytest.mark.parametrize("kind", BY_KIND)
@given(data=st.data())
def test_values_of_another_kind_than_declared_come_back_too(kind, data):
    values = data.draw(st.lists(nested, max_size=3))
    if kind == "float":
        values = [value for value in values if value is not None]
    assert_round_trip(Column("x", kind), values)


@given(st.lists(MADRID_DATES, max_size=3))
def test_dates_with_a_zone_are_stored_in_utc_and_come_back_in_their_zone(values):
    column = Column("x", "datetime", "datetime64[us, Europe/Madrid]")
    stored, _ = encode(column, values)
    for value, form in zip(values, stored, strict=True):
        # In UTC, because Python calls no two moments equal where a clock is turned back.
        assert datetime.fromisoformat(form).replace(tzinfo=UTC) == value.astimezone(UTC)
    found = decode(column, *encode(column, values))
    assert found == values
    assert {str(one.tzinfo) for one in found} <= {"Europe/Madrid"}


def test_the_stored_forms_are_those_that_conditions_compare():
    moment = datetime(2024, 5, 31, 18, 30)  # noqa: DTZ001
    forms = {
        "int": (5, 5),
        "bool": (True, 1),
        "datetime": (moment, "2024-05-31 18:30:00"),
        "date": (date(2024, 5, 31), "2024-05-31"),
        "time": (time(18, 30), "18:30:00"),
        "timedelta": (timedelta(minutes=1, microseconds=2), 60_000_002),
        "decimal": (Decimal("12.50"), 12.5),
        "json": ({"a": [1]}, '{"a": [1]}'),
    }
    for kind, (value, form) in forms.items():
        assert encode(Column("x", kind), [value])[0] == [form]


def test_numbers_beyond_64_bits_still_compare():
    stored, exact = encode(Column("x", "int"), [2**70, -(10**400), 3])
    assert stored == [float(2**70), -math.inf, 3]
    assert [one is None for one in exact] == [False, False, True]


def test_a_float_that_is_not_a_number_is_missing(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [Column("x", "float")])
        writer.put([item("a", x=math.nan), item("b", x=-math.inf)], {}, source="rows")
    assert [row.metadata["x"] for row in store.items([1, 2])] == [None, -math.inf]
    assert store.matching("x is None") == [1]


def test_dates_with_and_without_a_zone_are_told_apart():
    naive = datetime(2024, 5, 31, 18)  # noqa: DTZ001
    aware = datetime(2024, 5, 31, 18, tzinfo=UTC)
    assert_round_trip(Column("x", "datetime", "datetime64[us]"), [naive, aware])
    assert_round_trip(Column("x", "datetime", "datetime64[us, UTC]"), [naive, aware])


@pytest.mark.parametrize("zone", ["pytz.FixedOffset(60)", "Nowhere/Atlantis"])
def test_an_unknown_zone_does_not_lose_the_moment(zone):
    column = Column("x", "datetime", f"datetime64[ns, {zone}]")
    moment = datetime(2024, 5, 31, 18, tzinfo=timezone(timedelta(hours=1)))
    assert decode(column, *encode(column, [moment])) == [moment]


def test_columns_that_differ_are_widened():
    number, real = Column("x", "int", "int64"), Column("x", "float", "float64")
    assert widened(number, number) is number
    assert widened(number, real).kind == "float"
    assert widened(number, Column("x", "str")).kind == "any"
    naive = Column("x", "datetime", "datetime64[ns]")
    madrid = Column("x", "datetime", "datetime64[ns, Europe/Madrid]")
    utc = Column("x", "datetime", "datetime64[us, UTC]")
    assert widened(naive, madrid).kind == "any"
    assert widened(madrid, utc).dtype == "datetime64[us, UTC]"


AWKWARD = [
    "id", "rowid", "item", "select", "with space", 'quo"te', "quo'te", "back`tick", "dot.ted",
    "Case", "case", "CASE", "", "emoji 🍊", "שלום", "nul\0", "\ud800", "a" * 500, "c1", "oid", "--",
]  # fmt: skip


def test_awkward_names_are_columns_like_others(store):
    values = {name: f"value of {number}" for number, name in enumerate(AWKWARD)}
    with store.writer() as writer:
        writer.add_source("rows", "rows", [Column(name, "str", "str") for name in AWKWARD])
        writer.put([NewItem("x", b"", (), values)], {}, source="rows")
    with Store.open(store.folder) as again:
        assert again.items([1])[0].metadata == values
        assert [column.name for column in again.columns()] == AWKWARD
        frame = again.frame()
        assert frame.iloc[0].tolist() == list(values.values())
        assert again.matching("`with space` == 'value of 4'") == [1]
        assert again.matching("case == 'value of 10' and Case == 'value of 9'") == [1]
        assert again.matching("id == 'value of 0'") == [1]


def test_awkward_texts_come_back(store):
    texts = ["a\0b", "🍊 x", "שלום", "x" * 1_000_000, "cut \ud83d", "", "nan", "'; DROP TABLE x"]
    with store.writer() as writer:
        writer.add_source("rows", "rows", [Column("s", "str", "str")])
        items = [item(f"i{n}", text(words), s=words) for n, words in enumerate(texts)]
        writer.put(items, {}, source="rows")
    assert [row.metadata["s"] for row in store.items(range(1, 9))] == texts
    found = [row.text for row in store.parts_of(range(1, 9))]
    assert found == [words.replace("\ud83d", "�") for words in texts]
    assert store.matching("s == 'nan'") == [7]
    assert store.lexical("nan", 3)[0].tolist() == [7]
    assert store.lexical("cut", 3)[0].tolist() == [5]


def test_ids_with_lone_surrogates_stay_apart(store):
    ids = ["\udcff", "\udcfe", "�", "", "a\0", "a", "🍊"]
    with store.writer() as writer:
        writer.add_source("\udcff", "label \udcff", [])
        for _ in range(2):  # the second time in place of the first
            writer.put([item(one, text("x", path=f"/{one}")) for one in ids], {}, source="\udcff")
    assert store.ids() == ids
    assert store.ids("\udcff") == ids
    assert list(store.find(ids)) == ids
    assert list(store.find(["\udcfe", "�"]).values()) == [2, 3]
    assert [row.id for row in store.items([2, 3])] == ["\udcfe", "�"]
    assert store.file_digests(["/\udcff"]).keys() == {"/\udcff"}
    assert store.sources()[0].key == "\udcff"


def test_a_column_that_changes_its_kind_is_stored_anew(store):
    moment = datetime(2024, 5, 31)  # noqa: DTZ001
    with store.writer() as writer:
        writer.add_source("rows", "rows", [Column("b", "bool"), Column("d", "datetime")])
        writer.put([item("old", b=True, d=moment), item("none")], {}, source="rows")
        writer.add_source("rows", "rows", [Column("b", "any"), Column("d", "any")])
        writer.put([item("new", b="yes", d=5)], {}, source="rows")
    rows = {row.id: row.metadata for row in store.items([1, 2, 3])}
    assert rows["old"] == {"b": True, "d": moment}
    assert rows["old"]["b"] is True
    assert rows["none"] == {"b": None, "d": None}
    assert rows["new"] == {"b": "yes", "d": 5}


def test_each_source_reads_a_shared_column_in_its_own_way(store):
    with store.writer() as writer:
        writer.add_source("a", "a", [Column("x", "bool")])
        writer.put([item("a", x=True)], {}, source="a")
        writer.add_source("b", "b", [Column("x", "int")])
        writer.put([item("b", x=1)], {}, source="b")
    values = [row.metadata["x"] for row in store.items([2, 1])]
    assert values == [1, True]
    assert [type(value) for value in values] == [int, bool]


def test_an_exact_value_goes_when_the_item_is_changed(store):
    with store.writer() as writer:
        writer.add_source("rows", "rows", [Column("n", "int")])
        writer.put([item("a", n=2**70), item("b", n=1)], {}, source="rows")
        writer.put([item("a", n=5)], {}, source="rows")
        writer.update([item("b", n=2**80)], source="rows")
        writer.update([item("b", n=6)], source="rows")
    assert [row.metadata["n"] for row in store.items([1, 2])] == [5, 6]


def assert_round_trip(column, values):
    found = decode(column, *encode(column, values))
    assert all(map(alike, found, values)), (found, values)
    assert len(found) == len(values)


def alike(found, value):
    """Tell whether two values are equal and of the same types, all the way down."""
    if type(found) is not type(value):
        return False
    if isinstance(value, list | tuple):
        return len(found) == len(value) and all(map(alike, found, value))
    if isinstance(value, dict):
        return list(map(repr, found)) == list(map(repr, value)) and all(
            map(alike, found.values(), value.values())
        )
    if isinstance(value, Decimal | datetime | float | complex):
        return str(found) == str(value) and found == value
    return found == value
