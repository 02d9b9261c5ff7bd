"""What a catalogue keeps of a source's columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mmrag_jupyter.items import Column, Label
from mmrag_jupyter.store.described import read_columns, write_columns


def test_columns_come_back_with_all_that_is_told_of_them():
    inner = Column("", "decimal", role="index", label=Label((("a", date(2020, 1, 1)),)))
    level = Column("l", "int", "int64", {"step": 2}, "index")
    columns = [
        Column("plain", "str", "str"),
        Column("c", "decimal", "category", {"categories": [Decimal("1.10")]}, "column", inner),
        Column("a.0", "float", "float64", label=Label(("a", 0), (level, level))),
        Column("b.2", "float", "float64", label=Label(("b", 2), (level, level))),
        Column("\ud800", "any", label=Label((None,), (Column("", "any", role="index"),))),
    ]
    assert read_columns(write_columns(enumerate(columns, 5))) == list(enumerate(columns, 5))


def test_levels_that_many_labels_share_are_written_once():
    names = [f"category {number}" for number in range(200)]
    levels = (Column("", "str", "category", {"categories": [*names]}, "index"),)
    columns = [Column(name, "int", "int64", label=Label((name,), levels)) for name in names]
    text = write_columns(enumerate(columns))
    assert text.count('"category 7"') == 3
    read = [column for _, column in read_columns(text)]
    assert read == columns
    assert len({id(column.label.levels) for column in read}) == 1
