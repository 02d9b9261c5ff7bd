"""Conditions on many items come from coded columns, as long as these hold."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from coded_items import COUNT, WHERE, agrees, chosen, put, rows, truth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_process import child
from store_rows import COLUMNS, item, text

from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.items import Column
from mmrag_jupyter.store import Store, coded, coding


def all_of_them(asked):
    """Which of the statements went over all items."""
    statements = [one.statement for one in asked]
    return [one for one in statements if "item > " not in one and "item IN" not in one]


@pytest.mark.parametrize("where", WHERE)
def test_no_item_is_looked_at(many, asked, where):
    assert chosen(many, where) == truth(many, where)
    assert len(all_of_them(asked)) == 1  # the truth


@pytest.mark.usefixtures("coded_limits")
def test_few_items_have_no_cache(store, asked):
    put(store, range(100))
    store.wait_for_indexes()
    agrees(store)
    assert not (store.folder / coded.FILE).exists()
    assert len(all_of_them(asked)) == 2 * len(WHERE)


def test_what_was_added_is_looked_at_beside_it(many, asked):
    put(many, range(COUNT, COUNT + 5), price=lambda _: 3.0)
    assert len(chosen(many, "price == 3")) == 6
    assert not all_of_them(asked)


def test_much_that_was_added_is_coded_too(many, asked):
    before = (many.folder / coded.FILE).read_bytes()
    put(many, range(COUNT, COUNT + 50), price=lambda _: 3.0)
    many.wait_for_indexes()
    assert (many.folder / coded.FILE).read_bytes() != before
    assert len(chosen(many, "price == 3")) == 51
    assert not all_of_them(asked)


@pytest.mark.parametrize("many_added", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        lambda writer: writer.update(
            [replace(rows([5])[0], metadata={"price": 299.5, "name": "n1"})], source="rows"
        ),
        lambda writer: writer.put(rows([5, 1000], price=lambda _: 7.0), {}, source="rows"),
        lambda writer: writer.delete(["i3", "i295"]),
    ],
)
def test_what_was_changed_is_never_told_as_it_was(many, asked, change, many_added):
    agrees(many)
    with Store.open(many.folder) as other, other.writer() as writer:
        change(writer)
        if many_added:
            writer.put(rows(range(2000, 2030)), {}, source="rows")
        # Between the commit and the end of the writer, which makes the cache anew.
        agrees(many)
        other.wait_for_indexes()
    many.wait_for_indexes()
    asked.clear()
    agrees(many, *(f"{where} and price != 1000" for where in WHERE))
    assert len(all_of_them(asked)) == len(WHERE)


def test_a_column_that_becomes_another_kind(many):
    agrees(many)
    with many.writer() as writer:
        kinds = [*COLUMNS[:1], Column("price", "str", "str"), *COLUMNS[2:]]
        writer.add_source("rows", "rows", kinds)
        agrees(many, "price == '5.0'", "price > '29'", "name == 'n4'")
    many.wait_for_indexes()
    agrees(many, "price == '6.0'", "price > '28'", "name == 'n5'")


def test_a_column_that_came_later(many):
    with many.writer() as writer:
        writer.add_source("more", "more", [Column("stars", "int", "int64"), *COLUMNS[1:]])
        writer.put([item("new", text("w"), stars=5, price=1.0)], {}, source="more")
        agrees(many, "stars == 5", "stars is None", "price == 1 and stars > 2", "price == 1")
    many.wait_for_indexes()
    agrees(many, "stars > 4", "stars is not None", "not stars == 5")


def test_what_the_columns_do_not_tell_is_asked_of_those_that_they_leave(many, asked):
    prose = [Column("price", "float", "float64"), Column("story", "str", "str")]
    with many.writer() as writer:
        writer.add_source("prose", "prose", prose)
        stories = [
            item(f"p{n}", text("w"), price=float(n), story=f"{n} {'long ' * 40}") for n in range(60)
        ]
        writer.put(stories, {}, source="prose")
    many.wait_for_indexes()
    where = "price < 5 and story like '4 %'"
    assert many.ids_of(chosen(many, where)) == {305: "p4"}
    assert not all_of_them(asked)
    agrees(many, "price < 5 or story like '4 %'", "price < 5 and (story is None or price > 3)")


def test_what_takes_too_much_is_left_out_texts_first(many, monkeypatch):
    monkeypatch.setattr(coding, "_MOST_BYTES", 14)
    (many.folder / coded.FILE).unlink()
    agrees(many)
    many.wait_for_indexes()
    file = coded.CodedFile(many.folder)
    assert [file.column(f'"c{number}"') is None for number in (1, 2, 3)] == [False, True, True]
    agrees(many, *(f"{where} and price != 1000" for where in WHERE))


def test_errors_are_those_of_sqlite(many):
    many.wait_for_indexes()
    with pytest.raises(WhereError, match="Did you mean 'price'"):
        many.select(where="prise < 3")
    agrees(many, "round(price, 400) > 3")


def test_a_missing_file_is_made_anew(many, asked):
    (many.folder / coded.FILE).unlink()
    agrees(many)
    many.wait_for_indexes()
    asked.clear()
    assert len(chosen(many, "price < 21")) == 21
    assert not all_of_them(asked)
    assert many.notices == []


def test_a_writer_in_another_process_is_seen(many):
    with child("edit", many.folder) as other:
        assert other.hear() == "open"
        agrees(many)
        for change in (["delete", 4], ["price", 9, 3.5], ["add", 5000, 3.5], ["delete", 5000]):
            assert other.ask(*change) == "done"
            agrees(many, "price < 10", "price == 3.5", "name == 'n4'")
        other.ask("close")
    many.wait_for_indexes()
    agrees(many, "price < 11", "price == 3.5", "name != 'n4'")


def test_a_collection_from_before_gets_a_cache_with_the_next_writer(many, asked):
    with many._readers.snapshot() as db:
        name = db.execute("PRAGMA database_list").fetchone()[2]
    with closing(sqlite3.connect(name)) as db:
        db.execute("DROP TABLE item_epochs")
    agrees(many)
    many.wait_for_indexes()
    with many.writer():
        pass
    many.wait_for_indexes()
    assert chosen(many, "price == 1.0") == [2]  # begins what the writer made possible
    many.wait_for_indexes()
    asked.clear()
    assert chosen(many, "price == 2.0") == [3]
    assert not all_of_them(asked)


def test_dropping_a_collection_takes_it_along(many):
    many.remove()
    assert not many.folder.exists()


numbers = st.lists(st.integers(0, 150), min_size=1, max_size=40, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), numbers, st.sampled_from([1.0, 5.0, None])),
        st.tuples(st.just("add"), st.integers(1, 30), st.sampled_from([1.0, 5.0])),
        st.tuples(st.just("delete"), numbers, st.none()),
        st.tuples(st.just("update"), numbers, st.sampled_from([2.0, 5.0])),
        st.tuples(st.just("wait"), st.none(), st.none()),
        st.tuples(st.just("compact"), st.none(), st.none()),
    ),
    max_size=8,
)


@pytest.mark.usefixtures("coded_limits")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_whatever_happens_it_chooses_what_sqlite_chooses(steps):
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "c", "c") as store:
        put(store, range(150))
        store.wait_for_indexes()
        following = 1000
        for what, argument, price in steps:
            with store.writer() as writer:
                if what == "put":
                    writer.put(rows(argument, lambda _, price=price: price), {}, source="rows")
                elif what == "add":
                    added = range(following, following + argument)
                    writer.put(rows(added, lambda _, price=price: price), {}, source="rows")
                    following += argument
                elif what == "delete":
                    writer.delete([f"i{n}" for n in argument])
                elif what == "update":
                    there = store.find([f"i{n}" for n in argument])
                    changed = rows([int(one[1:]) for one in there], lambda _, price=price: price)
                    writer.update(changed, source="rows")
                elif what == "compact":
                    writer.compact()
                agrees(store, "price == 5", "price is None or name like 'n1%'")
            if what == "wait":
                store.wait_for_indexes()
            agrees(store, "price == 5", "not price < 3")
