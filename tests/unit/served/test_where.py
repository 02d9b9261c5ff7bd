"""A condition means the same in every store: random ones over random rows, beside SQLite."""

from __future__ import annotations

from datetime import date, time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toys import ToyEmbedder
from where_conditions import combined

from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.session import Session

WORDS = ["Acme", "acme", "Bell", "it's", "100%", "a_b", "ÉTÉ", "été", "", "x*y", "[z]", "zebra"]
SQL = {"lancedb", "postgresql"}


def rows(count=48):
    rng = np.random.default_rng(7)

    def maybe(values):
        return [None if rng.random() < 0.2 else value for value in values]

    days = [date(2024, 1, 1 + int(at)) for at in rng.integers(0, 28, count)]
    return pd.DataFrame({
        "name": [f"n{at}" for at in range(count)],
        "text": maybe(rng.choice(WORDS, count).tolist()),
        "number": maybe(rng.integers(-5, 6, count).tolist()),
        "share": maybe(np.round(rng.normal(0, 3, count), 1).tolist()),
        "flag": pd.array(maybe((rng.random(count) < 0.5).tolist()), dtype="boolean"),
        "day": maybe(days),
        "moment": pd.to_datetime(maybe([f"{day} 0{at % 9}:30" for at, day in enumerate(days)])),
        "clock": maybe([time(at % 24, 15) for at in range(count)]),
        "mixed": maybe([at if at % 2 else f"v{at % 7}" for at in range(count)]),
    })  # fmt: skip


@pytest.fixture(scope="module", params=["lancedb", "qdrant", "milvus", "postgresql"])
def pair(request, tmp_path_factory):
    from served_places import place_of

    folder = tmp_path_factory.mktemp("where")
    place = place_of(request.param, folder, request)
    given_ = {"text": "name", "id": "name", "model": ToyEmbedder(), "progress": False}
    elsewhere = place.session().load(rows(), "rows", store=place.store, **given_)
    here = Session(Config(root=str(folder / "here"))).load(rows(), "rows", **given_)
    yield request.param, elsewhere, here
    elsewhere.close()


text = st.sampled_from(WORDS).map(lambda word: '"' + word + '"' if "'" in word else f"'{word}'")
sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
number = st.one_of(st.integers(-6, 6), st.sampled_from([0.5, -1.2, 2.3])).map(str)
day = st.integers(1, 28).map(lambda at: f"'2024-01-{at:02}'")
column = st.sampled_from(["text", "number", "share", "flag", "day", "moment", "clock", "mixed"])
# What every engine must understand.
plain = st.one_of(
    st.builds("number {} {}".format, sign, number),
    st.builds("share {} {}".format, sign, number),
    st.builds("{} {} number".format, number, sign),
    st.builds("text {} {}".format, st.sampled_from(["==", "!="]), text),
    st.builds("text in [{}, {}]".format, text, text),
    st.builds("text not in [{}, {}]".format, text, text),
    st.builds("text in [{}, None]".format, text),
    st.builds("number in [{}, {}]".format, number, number),
    st.builds("number not in [{}, {}, None]".format, number, number),
    st.builds("day {} {}".format, sign, day),
    st.builds("moment {} {}".format, sign, day),
    st.builds("moment between {} and {}".format, day, day),
    st.builds("number not between {} and {}".format, number, number),
    st.builds("{} is null".format, column),
    st.builds("{} is not None".format, column),
    st.sampled_from(["flag", "flag == False", "flag is True", "flag is not True", "True"]),
    st.builds("mixed == {}".format, number),
    st.builds("mixed != 'v{}'".format, st.integers(0, 6)),
    st.builds("mixed in [{}, 'v2']".format, number),
    st.builds("mixed < {}".format, number),
    st.builds("clock == '{:02}:15'".format, st.integers(0, 23)),
)
# What those that read SQL must.
richer = st.one_of(
    plain,
    st.builds("text {} {}".format, sign, text),
    st.builds("mixed {} 'v{}'".format, sign, st.integers(0, 6)),
    st.builds("clock {} '{:02}:15'".format, sign, st.integers(0, 23)),
    st.builds(
        "text {} '{}'".format,
        st.sampled_from(["like", "not like", "glob", "not glob"]),
        st.sampled_from(["a%", "%E", "_e%", "A*", "*[a-m]*", "x[*]y", "%été", "?_?", "%", "100~%"]),
    ),
    st.builds("text like '100~%' escape '~'".format),
    st.builds("number + share {} {}".format, sign, number),
    st.builds("number * 2 - 1 {} {}".format, sign, number),
    st.builds("share / number {} {}".format, sign, number),
    st.builds("-number {} {}".format, sign, number),
    st.builds("abs(number) {} {}".format, sign, number),
    st.builds("lower(text) == {}".format, text),
    st.builds("upper(text) != {}".format, text),
    st.builds("length(text) {} {}".format, sign, st.integers(0, 5)),
    st.builds("instr(text, 'e') > {}".format, st.integers(0, 4)),
    st.builds("number {} share".format, sign),
)


@settings(
    max_examples=80, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_a_condition_chooses_the_same_items_as_in_a_folder(pair, data):
    kind, elsewhere, here = pair
    where = data.draw(combined(richer if kind in SQL else plain))
    expected = [row.id for row in here.store.items(here.store.matching(where))]
    found = [row.id for row in elsewhere.store.items(elsewhere.store.matching(where))]
    assert found == expected


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(data=st.data())
def test_a_query_keeps_to_its_condition(pair, data):
    kind, elsewhere, here = pair
    where = data.draw(combined(richer if kind in SQL else plain))
    found = elsewhere.query("n1 n2", k=48, where=where)
    assert sorted(found.ids) == sorted(here.query("n1 n2", k=48, where=where).ids)


@pytest.mark.parametrize(
    "where", ["text like 'a%'", "text < 'b'", "length(text) > 2", "number < share"]
)
def test_what_has_no_word_is_named(pair, where):
    kind, elsewhere, here = pair
    if kind in SQL:
        assert elsewhere.items(where=where).equals(here.items(where=where))
        return
    if kind == "milvus" and where in {"text < 'b'", "number < share"}:
        assert set(elsewhere.items(where=where).name) == set(here.items(where=where).name)
        return
    with pytest.raises(WhereError, match="cannot be asked for") as error:
        elsewhere.items(where=f"flag and {where}")
    assert where.split()[0].split("(")[0] in str(error.value)
    assert "flag" not in str(error.value)
    assert "\n" not in str(error.value)
