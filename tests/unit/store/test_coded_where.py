"""A condition means over coded columns what it means in SQLite, whatever is in them."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.items import Column
from mmrag_jupyter.store import coded, coded_where
from mmrag_jupyter.store.coded import CodedFile
from mmrag_jupyter.store.coded_where import CodedConditions, UncodedError
from mmrag_jupyter.store.coding import encoded
from mmrag_jupyter.store.epochs import Mark
from mmrag_jupyter.store.where import compiled

EDGES = [0, 1, -1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 0.5, 1.0, -1.5, 1e300, 2.0**53, float("inf"), float("-inf"), 5e-324]
WORDS = ["", "a", "A", "ab", "É", "é", "10", "9", "1.0", "a%b", "a_b", "a\0b", "\U0001f600", " a "]
DAYS = ["2024-05-31", "2024-06-01", "0001-01-01", "9999-12-31"]
MOMENTS = ["2024-05-31 18:30:00", "2024-05-31 18:30:00.000001", "2024-06-01 00:00:00"]

INTEGERS = st.sampled_from(EDGES) | st.integers(-5, 5)
REALS = st.sampled_from(FLOATS) | st.floats(-4, 4)
TEXTS = st.sampled_from(WORDS) | st.text(st.sampled_from("aAbé%_1\0"), max_size=3)
VALUES = {
    "n": ("int", INTEGERS),
    "x": ("float", REALS),
    "both": ("decimal", INTEGERS | REALS),
    "s": ("str", TEXTS),
    "t": ("str", TEXTS),
    "b": ("bool", st.integers(0, 1)),
    "day": ("date", st.sampled_from(DAYS)),
    "made": ("datetime", st.sampled_from(MOMENTS)),
    "opens": ("time", st.sampled_from(["08:30:00", "22:00:00.5"])),
    "lasts": ("timedelta", st.sampled_from([0, 60_000_000, 86_400_000_000])),
    "any": ("any", TEXTS),
    "mixed": ("any", INTEGERS | REALS | TEXTS | st.just(b"x")),
}
NAMES = {
    name: (f'"c{at}"', Column(name, kind, ""))
    for at, (name, (kind, _)) in enumerate(VALUES.items())
}

rows = st.lists(
    st.tuples(*[st.none() | values for _, values in VALUES.values()]), min_size=1, max_size=30
)

quoted = st.sampled_from([one for one in WORDS if "\0" not in one]).map(
    lambda word: "'" + word.replace("'", "''") + "'"
)
number = (INTEGERS | REALS).map(lambda one: repr(one) if abs(one) < 1e308 else "7")
numeric = st.sampled_from(["n", "x", "both", "lasts"])
compare = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
words = st.sampled_from(["s", "t", "any", "mixed"])
literals = {
    "day": st.sampled_from(DAYS), "made": st.sampled_from([*MOMENTS, "2024-06"]),
    "opens": st.just("08:30"), "lasts": st.just("1 min"),
}  # fmt: skip


def joined(*pieces):
    return st.tuples(*[st.just(one) if isinstance(one, str) else one for one in pieces]).map(
        " ".join
    )


def listed(values):
    return st.lists(values | st.just("None"), max_size=4).map(lambda own: f"[{', '.join(own)}]")


dated = st.sampled_from(sorted(literals)).flatmap(
    lambda name: st.one_of(
        joined(name, compare, literals[name].map(repr)),
        joined(name, "between", literals[name].map(repr), "and", literals[name].map(repr)),
        joined(name, "in", listed(literals[name].map(repr))),
    )
)
calculated = st.recursive(
    numeric | number,
    lambda inner: st.one_of(
        joined("(", inner, st.sampled_from("+-*/"), inner, ")"),
        joined("abs(", inner, ")"),
        joined("round(", inner, ")"),
        joined("length(", st.sampled_from(["s", "t"]), ")"),
    ),
    max_leaves=3,
)
leaves = st.one_of(
    joined(numeric | st.just("mixed"), compare, number),
    joined(number, compare, numeric),
    joined(calculated, compare, calculated),
    joined(numeric, st.sampled_from(["between", "not between"]), number, "and", number),
    joined(numeric, st.sampled_from(["in", "not in"]), listed(number)),
    joined(words, compare, quoted),
    joined("s", compare, "t"),
    joined("upper( s )", compare, quoted),
    joined("substr( s , 1 , 1 )", compare, quoted),
    joined(words, st.sampled_from(["in", "not in", "==", "!="]), listed(quoted)),
    joined(words, "between", quoted, "and", quoted),
    joined(words, st.sampled_from(["like", "not like", "glob"]), quoted),
    joined(st.sampled_from(sorted(VALUES)), st.sampled_from(["is", "is not", "=="]), "None"),
    st.sampled_from(["b", "b == True", "b is False", "True", "False", "1 < 2", "None == None"]),
    joined("day", compare, "made"),
    dated,
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        joined("(", inner, st.sampled_from(["and", "or", "&", "|"]), inner, ")"),
        joined("not (", inner, ")"),
        joined("(", inner, ") ==", st.sampled_from(["True", "False", "b"])),
    ),
    max_leaves=5,
)


def table(values):
    db = sqlite3.connect(":memory:")
    names = [physical for physical, _ in NAMES.values()]
    db.execute(f"CREATE TABLE items (item INTEGER PRIMARY KEY, {', '.join(names)})")
    marks = ", ".join("?" * (len(names) + 1))
    db.executemany(f"INSERT INTO items VALUES ({marks})", values)
    return db


def file_of(folder, db, at_once=3):
    """Write the file of a table, read some rows at a time, and open it."""
    items = [item for (item,) in db.execute("SELECT item FROM items ORDER BY item")]
    columns = {}
    for physical, _ in NAMES.values():
        found = db.execute(f"SELECT {physical} FROM items ORDER BY item").fetchall()
        own = [value for (value,) in found]
        chunks = (own[at : at + at_once] for at in range(0, len(own), at_once))
        column = encoded(chunks, 1 << 20)
        if column is not None:
            columns[physical] = column
    coded.write(folder, Mark(1, 1), np.array(items, np.int64), columns)
    return CodedFile(folder)


def by_sql(db, expression):
    sql = compiled(expression, NAMES).sql
    return [item for (item,) in db.execute(f"SELECT item FROM items WHERE {sql} ORDER BY item")]


def by_codes(file, expression, db=None):
    """Return what is told; SQLite is asked for the rest only where it is given."""
    with closing(CodedConditions(file)) as asked:
        found, rest = asked.items(compiled(expression, NAMES).tree)
    if not rest:
        return found.tolist()
    if db is None:
        raise UncodedError
    event("told in part")
    tests = " AND ".join(["item = ?", *(one.sql for one in rest)])
    query = f"SELECT item FROM items WHERE {tests}"
    return [item for one in found.tolist() for (item,) in db.execute(query, (one,))]


@pytest.mark.parametrize("most_values", [0, 1 << 16])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=rows, gap=st.sampled_from([1, 7]), asked=st.lists(conditions, min_size=1, max_size=6))
def test_it_chooses_what_sqlite_chooses(most_values, values, gap, asked):
    numbered = [(5 + at * gap, *row) for at, row in enumerate(values)]
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        closing(table(numbered)) as db,
    ):
        patch.setattr(coded_where, "_MOST_VALUES", most_values)
        file = file_of(Path(folder), db)
        for expression in asked:
            try:
                expected = by_sql(db, expression)
            except (WhereError, sqlite3.Error) as error:
                event(type(error).__name__)
                continue
            try:
                found = by_codes(file, expression, db)
            except (UncodedError, sqlite3.Error) as error:
                event(type(error).__name__)  # then SQLite is asked
                continue
            event("told")
            assert found == expected, expression


ROWS = [
    (at, at % 7, at / 4, None, f"word {at % 5}", None, at % 2, DAYS[at % 2], MOMENTS[at % 3],
     None, None, "x" if at % 3 else None, at if at % 2 else str(at))
    for at in range(1, 60)
]  # fmt: skip


@pytest.fixture
def small():
    with closing(table(ROWS)) as db:
        yield db


TOLD = [
    "n < 3", "x >= 2.5 and x < 7", "not (n == 3 or x > 9)", "n in [1, 2, None]", "n not in [1, 2]",
    "x between 1 and 2", "x not between 1 and 2", "s like '%2'", "s == 'word 1' or n * 2 > 6",
    "b and not (any is None)", "any is None", "made > '2024-05-31 23:00'", "day != '2024-05-31'",
    "upper(s) == 'WORD 3' & ~b", "3 < n", "t is None and b", "True", "n == n", "1 > 2 or n > 5",
]  # fmt: skip


@pytest.mark.parametrize("expression", TOLD)
def test_it_tells_without_sqlite_looking_at_items(tmp_path, small, expression):
    found = by_codes(file_of(tmp_path, small), expression)
    assert found == by_sql(small, expression)
    assert 0 < len(found) < len(ROWS) or expression in {"True", "n == n"}


@pytest.mark.parametrize(
    "expression", ["n < x", "mixed > 3", "n == 1 and n < x", "(n < 3 and x < 2) == b"]
)
def test_it_does_not_tell_what_codes_do_not_say(tmp_path, small, expression):
    with pytest.raises(UncodedError):
        by_codes(file_of(tmp_path, small), expression)


@pytest.mark.parametrize("expression", ["x < 7.5", "x == 3", "x in [1, 2.5]", "x != 3", "3 >= n"])
def test_of_many_values_only_some_are_looked_at(tmp_path, small, monkeypatch, expression):
    monkeypatch.setattr(coded_where, "_MOST_VALUES", 10)
    looked = []
    own = coded.Coded.value
    monkeypatch.setattr(coded.Coded, "value", lambda self, at: looked.append(at) or own(self, at))
    file = file_of(tmp_path, small)
    assert by_codes(file, expression) == by_sql(small, expression)
    assert len(looked) < 30
    with pytest.raises(UncodedError):
        by_codes(file, "x * 2 > 3")


@pytest.mark.parametrize("count", [1, 254, 255, 256, 257, 65_535, 65_536, 70_000])
def test_the_last_code_is_one_as_the_others(tmp_path, count):
    column = encoded(iter([[None, *range(count)]]), 1 << 30)
    coded.write(tmp_path, Mark(1, 1), np.arange(1, count + 2), {'"c0"': column})
    file = CodedFile(tmp_path)
    assert by_codes(file, f"n >= {count - 1}") == [count + 1]
    assert by_codes(file, f"n < {count} and n >= 0") == list(range(2, count + 2))
    assert by_codes(file, "n is None") == [1]
    some = range(0, count, 1000)
    asked = f"n in [{', '.join(map(str, some))}]"
    assert by_codes(file, asked) == [one + 2 for one in some]


def test_a_long_list_of_many_values_is_for_sqlite(tmp_path, monkeypatch):
    column = encoded(iter([list(range(50))]), 1 << 30)
    coded.write(tmp_path, Mark(1, 1), np.arange(1, 51), {'"c0"': column})
    file = CodedFile(tmp_path)
    asked = f"n in [{', '.join(map(str, range(40)))}]"
    for name in ("_MOST_RANGES", "_MOST_RANGES_OF_MANY"):
        monkeypatch.setattr(coded_where, name, 30)
    assert by_codes(file, asked) == list(range(1, 41))
    monkeypatch.setattr(coded_where, "_MOST_VALUES", 10)
    with pytest.raises(UncodedError):
        by_codes(file, asked)


def test_a_column_of_prose_or_of_several_kinds_is_left_out():
    prose = [[f"{at} {'long ' * 20}" for at in range(100)]]
    assert encoded(iter(prose), 36 * 100) is None
    assert encoded(iter([["long " * 20] * 100]), 36 * 100) is not None
    endless = ([f"{at} {'long ' * 20}" for at in range(10)] for _ in itertools.count())
    assert encoded(endless, 360) is None
    assert encoded(iter([[1, 2], [None, "2"]]), 100) is None
    assert encoded(iter([[2**53 + 1], [2.5]]), 100) is None
    assert encoded(iter([[0.5, 2**53 + 1]]), 100) is None
    assert encoded(iter([[b"x"]]), 100) is None


def test_ints_among_floats_compare_as_these(tmp_path):
    found = encoded(iter([[1, None], [2.5], [3, 1]]), 100)
    assert (found.codes.tolist(), found.widened) == ([1, 0, 2, 3, 1], True)
    coded.write(tmp_path, Mark(1, 1), np.arange(1, 6), {'"c2"': found})
    assert by_codes(CodedFile(tmp_path), "both >= 2.5") == [3, 4]
    assert by_codes(CodedFile(tmp_path), "both is None") == [2]
    with pytest.raises(UncodedError):
        by_codes(CodedFile(tmp_path), "both * 2 > 2.5")


def test_columns_begin_with_missing_values_or_have_no_others():
    found = encoded(iter([[None, None], ["b", None], ["a"]]), 1000)
    assert (found.codes.tolist(), found.value(0)) == ([0, 0, 2, 0, 1], "a")
    assert encoded(iter([[None], [None]]), 1000).codes.tolist() == [0, 0]


def test_a_code_takes_as_few_bytes_as_it_can():
    for count, size in ((255, 1), (256, 2), (70_000, 4)):
        assert encoded(iter([list(range(count))]), 1 << 30).codes.itemsize == size
