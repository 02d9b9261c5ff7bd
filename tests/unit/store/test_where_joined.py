"""Conditions over joined tables are what the grammar knows, and read these tables alone."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_rows import digest

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.items import Column, NewItem, NewPart
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.where import authorizer
from mmrag_jupyter.store.where_joined import READ, alone, statement

LABELS = ["reviews", 'odd "label" --', "items", "j1", "joined_rows"]
NAMES = ["stars", "day", 'a"b', "select", "`", "c1", "price"]
ROW_COLUMNS = [
    Column(NAMES[0], "int", "int64"),
    *(Column(name, "str", "str") for name in NAMES[1:]),
]


def text(words):
    return NewPart("text", digest(words), words)


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """A store of four items; each of five tables has three rows, of the first two items."""
    with Store.create(tmp_path_factory.mktemp("joined") / "things", "things") as store:
        with store.writer() as writer:
            writer.add_source("things", "things", [Column("price", "float", "float64")])
            items = [NewItem(f"i{n}", b"", [text(f"own{n}")], {"price": n * 1.0}) for n in range(4)]
            writer.put(items, {}, source="things")
            first, second = store.find(["i0", "i1"]).values()
            for label in LABELS:
                writer.add_joined(label, label, ROW_COLUMNS, theirs="k", ours="")
                rows = [
                    NewItem(
                        f"r{n}",
                        b"",
                        [text(f"{label} {n}")],
                        {"stars": n, **{name: f"{name}{n}" for name in NAMES[1:]}},
                    )
                    for n in range(3)
                ]
                begun = writer.take_rows(3)
                writer.join(
                    rows, {}, source=label, numbers=range(begun, begun + 3),
                    onto=[[first], [first, second], [second]], dropped={},
                )  # fmt: skip
        yield store


def texts(store, where):
    found = store.select(where=where)
    parts = found.parts if found.parts is not None else np.empty(0, np.int64)
    return sorted(row.text for row in store.parts(parts.tolist()))


@pytest.mark.parametrize("label", LABELS)
def test_a_table_of_any_name_can_be_asked(joined, label):
    dotted = f"`{label.replace('`', '``')}`.stars"
    said = texts(joined, f"{dotted} == 1")
    assert [one for one in said if one.startswith(label)] == [f"{label} 1"] * 2
    assert [one for one in said if one.startswith("own")] == ["own0", "own1"]
    others = [one for one in LABELS if one != label]
    assert len(said) == 4 + 4 * len(others)


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_column_of_any_name_can_be_asked(joined, name):
    quoted = name.replace("`", "``")
    found = joined.select(where=f"reviews.`{quoted}` == '{name}2'")
    assert [row.id for row in joined.items(found.items.tolist())] == ["i1"]


def test_a_name_of_the_items_is_the_items(joined):
    found = joined.select(where="price < 1")
    assert found.parts is None
    assert len(found.items) == 1


def test_a_name_that_several_tables_have_is_not_guessed(joined):
    with pytest.raises(WhereError, match=r"'stars' could be 'reviews\.stars' or"):
        joined.select(where="stars > 1")


def test_a_condition_over_more_than_three_tables_is_refused(joined):
    names = ["reviews.stars", "items.stars", "j1.stars", "joined_rows.stars"]
    assert joined.select(where=" + ".join(names[:3]) + " == 0").count == 1
    with pytest.raises(WhereError, match="columns of 4 joined tables, and at most 3 can"):
        joined.select(where=" + ".join(names) + " == 0")


@pytest.mark.parametrize(
    "where",
    [
        "joined_links.part > 0",
        "reviews.row > 0",
        "reviews.source == 1",
        "reviews.digest is null",
        "i.digest is null",
        "l1.part > 0",
        'reviews.`stars" or 1=1 --` > 0',
        "reviews.stars.stars > 0",
        "reviews.(stars) > 0",
        "reviews.'stars' > 0",
        "reviews .stars > 0",
        "reviews",
        "parts.text == 'a'",
    ],
)
def test_nothing_but_the_tables_own_columns_has_a_name(joined, where):
    with pytest.raises(WhereError) as caught:
        joined.select(where=where)
    assert "\n" not in str(caught.value)


WORDS = [
    "reviews.", "reviews.stars", "items.", "j1.", "joined_rows.stars", '`odd "label" --`.',
    "stars", "price", "c1", "j1.c1", "i.", "(", ")", "[", "]", ",", "==", "<", "and", "or", "not",
    "in", "is", "null", "1", "'a'", '"a"', "`", "--", ";", "select", "from", "parts", "lower(",
    "abs(", ".", "*", "like", "between", "union", "\0",
]  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_any_words_are_a_condition_or_an_error(joined, where):
    try:
        found = joined.select(where=where)
    except WhereError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert set(found.items.tolist()) <= set(joined.numbers())
        every = {row.part for row in joined.parts_of(joined.numbers())}
        assert found.parts is None or set(found.parts.tolist()) <= every


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (statement('(j1."c1" > 0)', [1]), True),
        (alone('(j1."c1" > 0)', 1)[0], True),
        (alone('(j1."c1" > 0)', 1)[1], True),
        ("SELECT text FROM parts", False),
        ("SELECT value FROM settings", False),
        ("SELECT row FROM joined_rows WHERE (SELECT text FROM parts) = 'a'", False),
        ("SELECT label FROM joined_sources", False),
        ("DELETE FROM joined_rows", False),
        ("ATTACH ':memory:' AS other", False),
        ("PRAGMA user_version", False),
        ("SELECT randomblob(9) FROM joined_rows", False),
    ],
)
def test_the_authorizer_alone_lets_a_condition_read_three_tables(joined, command, allowed):
    db = sqlite3.connect(joined.folder / "records.sqlite")
    db.set_authorizer(authorizer(READ))
    try:
        if allowed:
            assert db.execute(command).fetchall() is not None
        else:
            with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited"):
                db.execute(command)
    finally:
        db.set_authorizer(None)
        db.close()
