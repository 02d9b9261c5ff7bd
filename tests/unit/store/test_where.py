"""`where`: agreement with pandas, and nothing but a condition whatever is typed."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.items import Column
from mmrag_jupyter.store.where import compile_where, where_authorizer

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {
    "sku": "str", "Price": "float", "price": "decimal", "stock": "int", "brand": "str",
    "sold": "bool", "made": "datetime", "made here": "datetime", "day": "date", "opens": "time",
    "lasts": "timedelta", "tags": "json", "photo": "media", "raw": "bytes", "mixed": "any",
    "rowid": "int", "select": "int", "a b": "int", 'a"b': "int", "a.b": "int", "in": "int",
}  # fmt: skip

ROWS = [
    {"sku": "r1", "price": 9.5, "Price": 1.0, "stock": 3, "brand": "Acme", "sold": 1,
     "made": "2024-05-31 18:30:00", "made here": "2024-05-31 22:30:00", "day": "2024-05-31",
     "opens": "08:30:00", "lasts": 5_400_000_000, "tags": '["new", "red"]', "raw": b"x",
     "mixed": 5, "rowid": 70, "select": 1, "a b": 1, 'a"b': 1, "a.b": 1, "in": 1},
    {"sku": "r2", "price": 12.0, "stock": 0, "brand": "O'Neill", "sold": 0,
     "made": "2024-06-01 00:00:00", "made here": "2023-12-31 23:30:00", "day": "2024-06-01",
     "opens": "22:00:00", "lasts": 86_400_000_000, "tags": "[]", "mixed": "5", "rowid": 71},
    {"sku": "r3", "brand": "ácme", "stock": -4, "mixed": "word"},
    {"sku": "r4"},
]  # fmt: skip


def make_table(kinds, rows):
    columns = {
        name: (f'"c{n}"', Column(name, kind, _dtype(name))) for n, (name, kind) in enumerate(kinds)
    }
    columns.setdefault("id", ('"id"', Column("id", "str")))
    connection = sqlite3.connect(":memory:")
    physical = ", ".join(f'"c{n}"' for n in range(len(kinds)))
    connection.execute(f"CREATE TABLE items (item INTEGER PRIMARY KEY, id TEXT UNIQUE, {physical})")
    connection.execute("CREATE TABLE secrets (word)")
    connection.execute("INSERT INTO secrets VALUES ('hidden')")
    for number, row in enumerate(rows):
        values = [number, f"r{number + 1}", *(row.get(name) for name, _ in kinds)]
        connection.execute(f"INSERT INTO items VALUES ({', '.join('?' * len(values))})", values)
    connection.commit()
    return connection, columns


def _dtype(name):
    return "datetime64[us, Europe/Madrid]" if name == "made here" else "object"


def select(connection, columns, expression):
    """Return the ids that `expression` selects, compiled and run behind the authorizer."""
    condition = compile_where(expression, columns)
    connection.set_authorizer(where_authorizer)
    try:
        return [row[0] for row in connection.execute(f"SELECT id FROM items WHERE {condition}")]
    finally:
        connection.set_authorizer(None)


@pytest.fixture(scope="module")
def table():
    connection, columns = make_table(list(KINDS.items()), ROWS)
    yield connection, columns
    connection.close()


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("Price == 1", "r1"),
        ("price < 10", "r1"),
        ("price > 12", ""),
        ("price == 12", "r2"),
        ("stock < 1 and not stock == 0", "r3"),
        ("stock<1&~(stock==0)", "r3"),
        ("stock < 0 | stock > 2", "r1 r3"),
        ("stock > 0 or stock < 0 and brand == 'none'", "r1"),
        ("STOCK = 3", "r1"),
        ("stock <> 3", "r2 r3"),
        ("stock is null", "r4"),
        ("stock is None", "r4"),
        ("stock == None", "r4"),
        ("None != stock", "r1 r2 r3"),
        ("stock is not null", "r1 r2 r3"),
        ("stock in [3, 0]", "r1 r2"),
        ("stock in (3, -4,)", "r1 r3"),
        ("stock not in [3, 0]", "r3"),
        ("stock in [3, None]", "r1 r4"),
        ("stock not in [3, None]", "r2 r3"),
        ("stock in []", ""),
        ("stock == [3, 0]", "r1 r2"),
        ("stock != [3, 0]", "r3"),
        ("stock between 0 and 3", "r1 r2"),
        ("stock not between 0 and 3", "r3"),
        ("not stock between 0 and 3", "r3"),
        ("stock / 2 == 1.5", "r1"),
        ("-stock + 1 == 5", "r3"),
        ("2 * (stock - 1) > 1e0", "r1"),
        ("stock * 1_000 >= .5", "r1"),
        ("brand == 'Acme'", "r1"),
        ('brand == "Acme"', "r1"),
        ("brand == 'O''Neill'", "r2"),
        ('brand == "O\'Neill"', "r2"),
        ("brand in ['Acme', \"O'Neill\"]", "r1 r2"),
        ("brand like 'ac%'", "r1"),
        ("brand not like '_cme'", "r2"),
        ("brand like '100!%' escape '!'", ""),
        ("brand glob '*c*'", "r1 r3"),
        ("lower(brand) == 'acme' or LENGTH(brand) == 7", "r1 r2"),
        ("substr(brand, 1, 2) == 'Ac'", "r1"),
        ("sold", "r1"),
        ("~sold", "r2"),
        ("sold == True", "r1"),
        ("sold == false", "r2"),
        ("sold is True", "r1"),
        ("sold is not True", "r2 r3 r4"),
        ("sold in [True]", "r1"),
        ("sold == (stock > 0)", "r1 r2"),
        ("made > '2024-05-31'", "r1 r2"),
        ("made > '2024-05-31T18:30'", "r2"),
        ("made == '2024-06'", "r2"),
        ("'2024' < made", "r1 r2"),
        ("made in ['2024-06-01', '2023-01-01 10:00']", "r2"),
        ("made between '2024-05-31' and '2024-05-31 23:59'", "r1"),
        ("`made here` == '2024-06-01 00:30'", "r1"),  # Madrid, in summer
        ("`made here` == '2024-05-31T22:30Z'", "r1"),
        ("`made here` >= '2024'", "r1 r2"),  # 00:30 on New Year's Day there
        ("day == '2024-05-31'", "r1"),
        ("day == made", "r2"),
        ("day < made", "r1"),
        ("opens < '8:30' or opens < '08:31'", WhereError),
        ("opens < '08:31'", "r1"),
        ("lasts == '1 day'", "r2"),
        ("lasts == '01:30:00'", "r1"),
        ("lasts in ['90 min', '1 day 2h']", "r1"),
        ("tags like '%red%'", "r1"),
        ("raw is null", "r2 r3 r4"),
        ("mixed == 5", "r1"),
        ("mixed == '5'", "r2"),
        ("mixed > 1", "r1"),
        ("not mixed > 1", ""),
        ("mixed > '1'", "r2 r3"),
        ("id == 'r3'", "r3"),
        ("id in ['r3', 'r4', 'r5']", "r3 r4"),
        ("rowid == 70", "r1"),
        ("select == 1", "r1"),
        ("`a b` == 1", "r1"),
        ('"a b" == 1', "r1"),
        ('`a"b` == 1', "r1"),
        ('"a""b" == 1', "r1"),
        ("`a.b` == 1", "r1"),
        ("`in` == 1", "r1"),
        ("True", "r1 r2 r3 r4"),
        ("not not (((sold)))", "r1"),
        ("stock == 99999999999999999999", ""),
        ("  stock\n==\t3  ", "r1"),
    ],
)  # fmt: skip
def test_an_expression_selects(table, expression, ids):
    if ids is WhereError:
        with pytest.raises(WhereError):
            select(*table, expression)
    else:
        assert select(*table, expression) == ids.split()


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "the expression is empty"),
        ("stok < 5", r"no column 'stok'\. Did you mean 'stock'\? \(at 'stok < 5'\)"),
        ("`stok` < 5", "Did you mean 'stock'"),
        ("xyzzy < 5", "no column 'xyzzy'. Columns: 'sku', 'Price', .*…"),
        ("PRICE < 5", "'PRICE' could be 'Price' or 'price'"),
        ("stock < 5 and (brand = 'a'", "not complete"),
        ("stock <", r"not complete \(at the end of 'stock <'\)"),
        ("stock < 5)", r"'\)' is not expected here \(at '\)'\)"),
        ("stock 5", "'5' is not expected here"),
        ("stock === 5", "'=' is not expected here"),
        ("brand == 'Acme", "the quote ' is not closed"),
        ("brand == 'a' 'b'", "'b' is not expected here"),
        ("stock", "column 'stock' alone is not a condition"),
        ("5", "5 alone is not a condition"),
        ("stock and sold", "column 'stock' alone is not a condition"),
        ("stock == '5'", "write the value as a number, without quotes"),
        ("brand == 5", "column 'brand' holds text: write the value in quotes: '5'"),
        ("sold == 'yes'", "compare it with True or False"),
        ("stock == brand", "column 'stock' holds numbers and column 'brand' text"),
        ("stock in ['3']", "without quotes"),
        ("stock in 3", "'in' needs a list"),
        ("stock in [brand]", "a list holds plain values, and column 'brand' is none"),
        ("1 < stock < 5", "write 1 < x and x < 5"),
        ("stock between 1, 5", "'between' reads"),
        ("stock is 5", "write =="),
        ("stock is True", "column 'stock' does not hold True/False"),
        ("stock < None", "write 'is null'"),
        ("stock == nan", "is found by 'is None'"),
        ("made > 'May 31'", "'May 31' is not a date"),
        ("made > '2024-05-31T10:00+02:00'", "the column has none: leave the zone out"),
        ("made == `made here`", "they cannot be compared"),
        ("day == '2024-05-31 10:00'", "dates without a time of day"),
        ("lasts > 5", "write the value as '2 days"),
        ("lasts > 'long'", "is not a duration"),
        ("tags == 'a'", "only 'like' and 'is null' work on it"),
        ("photo is null", "a condition cannot look into it"),
        ("in == 1", "in backquotes, `in`"),
        ("a.b == 1", "in backquotes"),
        ("brand.str.contains('A')", "methods and dotted names are not supported"),
        ("stock < @limit", "variables are not supported"),
        ("stock && sold", "write 'and'"),
        ("!sold", "write 'not'"),
        ("brand + 'x' == 'Acmex'", r"'\+' calculates with numbers, and column 'brand' is none"),
        ("stock % 2 == 0", r"only \+ - \* /"),
        ("lowr(brand) == 'a'", "no function 'lowr'. Did you mean 'lower'"),
        ("lower(stock) == 'a'", r"lower\(\) takes \(text\)"),
        ("lower() == 'a'", r"lower\(\) takes \(text\)"),
        ("brand like stock", "a pattern is a text"),
        (f"brand like '{'a%' * 200}'", "at most 200 characters"),
        ("stock like 'a'", "column 'stock' is not a text"),
        ("stock == 1e999", "too large"),
        ("stock == 5abc", "a number runs into a name"),
        ("brand == 'a\0b'", "NUL"),
        ("stock\0 == 1", r"'\\x00' is not understood"),
        ("brand == '\ud800'", "half a character"),
    ],
)
def test_a_wrong_expression_says_what_and_where(table, expression, message):
    with pytest.raises(WhereError, match=message) as caught:
        select(*table, expression)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


ATTACKS = [
    "1; drop table items",
    "1 -- comment",
    "1 /* comment */",
    "(select word from secrets) == 'hidden'",
    "stock in (select 1)",
    "exists (select 1 from secrets)",
    "1 union select word from secrets",
    "secrets.word == 'a'",
    "ATTACH DATABASE '/tmp/x' AS x",
    "PRAGMA writable_schema = 1",
    "load_extension('x')",
    "readfile('/etc/passwd') == 'a'",
    "writefile('/tmp/x', 'a') == 1",
    "length(randomblob(1000000000)) > 0",
    "length(zeroblob(1000000000)) > 0",
    "length(printf('%1000000000d', 1)) > 0",
    "length(replace(brand, 'a', 'aaaaaaaa')) > 0",
    "hex(brand) == ''",
    "fts3_tokenizer('x') == 1",
    "sqlite_version() == '3'",
    "brand regexp '(a+)+$'",
    "brand match 'a'",
    "raise(abort, 'x')",
    "case when 1 then 1 end",
    "cast(stock as text) == '1'",
    "stock collate nocase == 1",
    "sqlite_master.sql == ''",
    "(stock, brand) == (1, 'a')",
    "stock == ?",
    "stock == :name",
    "stock == $name",
    "stock == x'00'",
    "'" * 1001,
    '"' * 1001,
    "`" * 1001,
    "(" * 5000,
    "(" * 5000 + "sold" + ")" * 5000,
    "not " * 20_000 + "sold",
    "~" * 50_000 + "sold",
    "- " * 20_000 + "1 == 1",
    "sold and " * 10_000 + "sold",
    "1 + " * 20_000 + "1 == 1",
    "abs(" * 30 + "stock" + ")" * 30 + " == 1",
    "lower(" * 39 + "brand" + ")" * 39 + " == 'a'",
    "sold and (sold or (" * 19 + "sold" + "))" * 19,
    "stock in [" + "1," * 40_000 + "]",
    "a" * 1_000_000,
    "stock == " + "9" * 1_000_000,
    "stock == " + "9" * 50_000,
    "[" * 1000,
    "\0",
    "﻿sold",
]


@pytest.mark.parametrize("expression", ATTACKS, ids=lambda text: text[:30])
def test_an_attack_is_refused_or_a_harmless_condition(table, expression):
    try:
        ids = select(*table, expression)
    except WhereError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert len(str(error)) < 300  # noqa: PT017
    else:
        assert set(ids) <= {"r1", "r2", "r3", "r4"}


@pytest.mark.parametrize("pattern", ["%a" * 90 + "b", "%" * 199 + "b", "a%" * 90 + "_b"])
@pytest.mark.parametrize("operator", ["like", "glob"])
def test_a_catastrophic_pattern_ends(operator, pattern):
    connection, columns = make_table([("text", "str")], [{"text": "a" * 100_000}])
    pattern = pattern.replace("%", "*").replace("_", "?") if operator == "glob" else pattern
    stop = time.monotonic() + 20  # far above what it takes, far below what it would take
    connection.set_progress_handler(lambda: time.monotonic() > stop, 1000)
    with contextlib.closing(connection):
        assert select(connection, columns, f"text {operator} '{pattern}'") == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT word FROM secrets",
        "SELECT id FROM items WHERE (SELECT word FROM secrets) = 'hidden'",
        "SELECT name FROM sqlite_master",
        "SELECT id FROM items WHERE randomblob(9) = id",
        "SELECT load_extension('x') FROM items",
        "ATTACH ':memory:' AS other",
        "PRAGMA user_version",
        "DELETE FROM items",
        "UPDATE items SET id = 'x'",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    ],
)
def test_the_authorizer_alone_refuses(table, statement):
    connection, _ = table
    connection.set_authorizer(where_authorizer)
    try:
        with pytest.raises(sqlite3.DatabaseError, match=r"prohibited|not authorized"):
            connection.execute(statement)
    finally:
        connection.set_authorizer(None)


# Agreement with pandas and Python, over random expressions.

NAMES = {"n": "int", "x": "float", "s": "str", "b": "bool"}
COMPLETE = [
    {"n": 1, "x": 0.5, "s": "a", "b": True},
    {"n": 2, "x": -1.25, "s": "B", "b": False},
    {"n": -4, "x": 3.0, "s": "o'x", "b": True},
    {"n": 0, "x": 0.0, "s": "", "b": False},
    {"n": 7, "x": 1e9, "s": "é", "b": True},
]
PARTIAL = [
    *COMPLETE,
    {"n": None, "x": None, "s": None, "b": None},
    {"n": 3, "x": None, "s": "a b", "b": None},
    {"n": None, "x": 2.5, "s": None, "b": True},
]
OPERATORS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """A piece of an expression as the user writes it, and its value for a row."""

    text: str
    value: Callable[[dict], object]


def known(function, *phrases):
    """Return what is missing as soon as one of the values is."""

    def value(row):
        values = [phrase.value(row) for phrase in phrases]
        return None if None in values else function(*values)

    return value


def column(name):
    return Phrase(name, lambda row: row[name])


def binary(left, sign, right):
    return Phrase(f"({left.text} {sign} {right.text})", known(OPERATORS[sign], left, right))


def one_of(left, values, *, negated):
    texts = ", ".join(value.text for value in values)
    known_values = [value.value({}) for value in values]
    return Phrase(
        f"{left.text} {'not in' if negated else 'in'} [{texts}]",
        known(lambda value: (value in known_values) != negated, left),
    )


def both(left, word, right):
    def value(row):
        values = {left.value(row), right.value(row)}
        decisive = word in {"or", "|"}
        return decisive if decisive in values else None if None in values else not decisive

    return Phrase(f"({left.text} {word} {right.text})", value)


def bracketed(inner):
    return Phrase(f"({inner.text})", inner.value)


def negated(word, inner):
    return Phrase(f"({word} {inner.text})", known(operator.not_, inner))


numbers = st.sampled_from([0, 1, -4, 0.5, 3, 1e9]).map(lambda n: Phrase(repr(n), lambda _: n))
texts = st.sampled_from(["a", "B", "", "é", "a b"]).map(lambda t: Phrase(repr(t), lambda _: t))
compare = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
arithmetic = st.recursive(
    st.sampled_from(["n", "x"]).map(column),
    lambda inner: st.builds(binary, inner, st.sampled_from("+-*"), inner | numbers),
    max_leaves=4,
)
conditions = st.recursive(
    st.one_of(
        st.builds(binary, arithmetic, compare, arithmetic | numbers),
        st.builds(binary, st.just(column("s")), compare, texts),
        st.just(column("b")),
        st.builds(
            one_of, st.just(column("n")), st.lists(numbers, min_size=1), negated=st.booleans()
        ),
        st.builds(one_of, st.just(column("s")), st.lists(texts, min_size=1), negated=st.booleans()),
    ),
    lambda inner: st.one_of(
        st.builds(both, inner, st.sampled_from(["and", "or", "&", "|"]), inner),
        st.builds(negated, st.sampled_from(["not", "~"]), inner.map(bracketed)),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def partial_table():
    connection, columns = make_table(list(NAMES.items()), PARTIAL)
    yield connection, columns
    connection.close()


@settings(max_examples=300, deadline=None)
@given(condition=conditions)
def test_a_missing_value_matches_no_comparison(partial_table, condition):
    expected = [f"r{n}" for n, row in enumerate(PARTIAL, 1) if condition.value(row) is True]
    assert select(*partial_table, condition.text) == expected


@settings(max_examples=60, deadline=None)
@given(condition=conditions)
def test_an_expression_selects_what_pandas_selects(partial_table, condition):
    frame = pd.DataFrame(COMPLETE, index=[f"r{n}" for n in range(1, len(COMPLETE) + 1)])
    expected = frame.query(condition.text, engine="python").index.tolist()
    found = select(*partial_table, condition.text)
    assert [name for name in found if name in frame.index] == expected


# Whatever is typed.

FRAGMENTS = [
    *KINDS, "`a b`", '"a b"', "'Acme'", "'", '"', "`", "(", ")", "[", "]", ",", "==", "=", "<", ">",
    "!=", "and", "or", "not", "~", "&", "|", "in", "like", "glob", "between", "is", "null", "None",
    "True", "1", "-1", "1.5", "1e9", "+", "-", "*", "/", "%", "--", "/*", ";", "select", "from",
    "items", "secrets", "lower(", "abs(", "length(", "randomblob(", "escape", "\0", "\ud800", "é",
    "'2024-05-31'", "'a%'", "union", "case", "when", "collate", "@", "?", ":x", "\\", "\n", "x'00'",
]  # fmt: skip


def assert_condition_or_error(table, expression):
    connection, columns = table
    before = connection.total_changes
    try:
        ids = select(connection, columns, expression)
    except WhereError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert set(ids) <= {"r1", "r2", "r3", "r4"}
    assert connection.total_changes == before
    assert [row[1] for row in connection.execute("PRAGMA database_list")] == ["main"]


@settings(max_examples=400, deadline=None)
@given(expression=st.text())
def test_any_text_is_a_condition_or_an_error(table, expression):
    assert_condition_or_error(table, expression)


@settings(max_examples=600, deadline=None)
@given(expression=st.lists(st.sampled_from(FRAGMENTS), max_size=14).map(" ".join))
def test_any_words_are_a_condition_or_an_error(table, expression):
    assert_condition_or_error(table, expression)
