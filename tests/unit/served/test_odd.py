"""Ids, values and patterns that break out of a language, and more rows than a page has."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from mmrag_jupyter.served import address_of, lance, postgres
from mmrag_jupyter.served.conditions import Among, Compare, Constant, Field, Matches, among
from mmrag_jupyter.served.connect import connect
from mmrag_jupyter.served.rows import PART_FIELDS, Row, Table
from mmrag_jupyter.served.sql import expression

LONG = "".join(chr(0x4E00 + at * 7919 % 20_000) for at in range(3_400))
IDS = [
    "a'b", 'a"b', "a\\b", "a\\'b", "x' OR '1'='1", 'x" or "1"=="1', "nul\0in", "\ufffdmark",
    "new\nline", "tab\tcr\r", LONG, LONG + "2", "\u00e9", "e\u0301", " lead", "trail ", "%s%d{}",
    "a;DROP TABLE x--", "\U0001d11e\U0001f600", "\u2028", "\\u0041", "\x01\x1f\x7f", "null", "0",
    "00", "C:\\new\\", "[a]", "\ud800half", "$$", "{x}", "a,b",
]  # fmt: skip
COLUMN = 'col\'umn "x"; --'
WHERES = [
    f"`{COLUMN}` == \"a'b\"", f"`{COLUMN}` in ['null', 'C:\\new\\', '[a]', 'a\\b']",
    f"`{COLUMN}` == '%s%d{{}}' or id == 'a\"b'", "id in ['\u00e9', '0', 'x\" or \"1\"==\"1']",
    "big == 9007199254740994", "big > 99999999999999999999999999", "big < 0 and share is null",
    "share > 3", "not (share > 3)", "share != 1 and share < 1e308", "share is null",
    "zone >= '2024-03-10 05:00'", "zone < '2024-03-10T08:30:00+00:00'", "old < '1000-01-01'",
    "pic is null", "pic is not null", "1 == 1", "1 < 0", "mixed != 4", "mixed == '4'",
]  # fmt: skip
RICHER = [
    "round(share + 0.5) == 2", "round(share, 1) > 1.3", "round(-share) < 0", "share / 0 is null",
    "title glob '*[^]1]*'", "title glob '*[9-1]*'", "title glob '*[a&&b]*'",
    "title glob '*[0--3]*'", "title glob '*[1'",
    f"`{COLUMN}` like '%\\%'", f"`{COLUMN}` glob '*\\*'", "upper(title) == 'WORD3 COMMON'",
]  # fmt: skip


def odd_rows():
    count = len(IDS)
    return pd.DataFrame({
        "key": pd.Series(IDS, dtype=object),
        COLUMN: pd.Series(IDS, dtype=object),
        "title": [f"word{at} common" for at in range(count)],
        "pic": [None] * (count - 1) + [b"no picture"],
        "big": [2**53 + 2 * at if at % 2 else -(2**40) + at for at in range(count)],
        "share": [
            float("nan") if at % 3 == 0 else (-1) ** at * float("inf") if at % 7 == 1 else at / 4
            for at in range(count)
        ],
        "zone": pd.date_range("2024-03-10 00:30", periods=count, freq="h", tz="America/New_York"),
        "old": pd.Series([f"{1 if at % 2 else 9999:04}-01-02" for at in range(count)]).map(
            lambda text: pd.Timestamp("2024-01-02").date().replace(year=int(text[:4]))
        ),
        "mixed": [at if at % 3 else str(at) if at % 2 else None for at in range(count)],
    })  # fmt: skip


def test_odd_ids_and_values_come_back_and_are_found(place, embedder):
    rows = odd_rows()
    given = {"text": "title", "id": "key", "model": embedder, "progress": False, "key": "table:odd"}
    here = place.here().load(rows, "odd", **given)
    elsewhere = place.session().load(rows, "odd", store=place.store, **given)
    pd.testing.assert_frame_equal(elsewhere.items(), here.items())
    for where in WHERES + (RICHER if place.kind in {"lancedb", "postgresql"} else []):
        assert ids(elsewhere, where) == ids(here, where), where
    known = here.store.ids()
    assert elsewhere.store.ids() == known
    for one in known:
        assert elsewhere.query(like=one, k=3).ids == here.query(like=one, k=3).ids, one
    assert elsewhere.query("common", k=500).ids == here.query("common", k=500).ids
    assert elsewhere.load(rows, **given).unchanged == len(IDS)
    for one in known:
        assert elsewhere.delete(one) == 1
    assert len(elsewhere) == 0
    assert elsewhere.query("common").ids == []


def ids(collection, where):
    return [row.id for row in collection.store.items(collection.store.matching(where))]


def test_a_glob_fits_what_it_fits_in_sqlite():
    chance = random.Random(1)
    with closing(sqlite3.connect(":memory:")) as db:
        for _ in range(20_000):
            pattern = "".join(chance.choices("[[]]^-ab*?\\&~z\u00e9.$", k=chance.randint(1, 7)))
            text = "".join(chance.choices("[]^-abz\\&~\u00e9.$m", k=chance.randint(0, 4)))
            (fits,) = db.execute("SELECT ? GLOB ?", (text, pattern)).fetchone()
            made = expression(Matches(Field("x", "text"), pattern, "glob"))
            assert bool(re.search(made, text)) == bool(fits), (pattern, text, made)


TABLE = Table("many_parts", 8)
OWN = Field("c1_n", "float")


@pytest.fixture
def engine(place, monkeypatch):
    monkeypatch.setattr(lance, "_INDEXED", 1_000)
    monkeypatch.setattr(postgres, "_INDEX_FROM", 1_000)
    engine = connect(address_of(place.store, "many"))
    yield engine
    engine.close()


def directions(count):
    vectors = np.random.default_rng(0).normal(size=(count, TABLE.dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def filled(engine, vectors):
    engine.create(TABLE, {**PART_FIELDS, OWN.name: "float"})
    rows = [
        Row({
            "key": str(at), "item_id": f"i{at}", "item": at, "part": at, "modality": "text",
            "digest": f"{at:032x}", "text": "t", "length": 1, "words": ["t"], "record": "{}",
            OWN.name: float(at),
        }, vector)
        for at, vector in enumerate(vectors)
    ]  # fmt: skip
    for at in range(0, len(rows), 2_000):
        engine.put(TABLE, rows[at : at + 2_000])
    engine.tidy(TABLE)


def test_a_filter_that_few_of_an_index_pass_still_finds_them(engine):
    vectors = directions(6_000)
    filled(engine, vectors)
    far = np.argsort(vectors @ vectors[0])[:3].tolist()
    found = engine.nearest(TABLE, vectors[0], 10, Among(OWN, tuple(map(float, far))), ("part",))
    assert sorted(row.number("part") for row, _ in found) == sorted(far)
    half = engine.nearest(TABLE, vectors[0], 10, Compare(OWN, "<", Constant(3_000)), ("part",))
    nearest = [at for at in np.argsort(-(vectors @ vectors[0])).tolist() if at < 3_000][:10]
    assert len({row.number("part") for row, _ in half} & set(nearest)) >= 9
    assert len(engine.nearest(TABLE, vectors[0], 9_000, None, ("part",))) == 6_000


@pytest.mark.parametrize("place", ["milvus"], indirect=True)
def test_more_rows_than_milvus_gives_at_once(engine):
    filled(engine, directions(17_000))
    assert {row.number("part") for row in engine.scan(TABLE, None, ("part",))} == set(range(17_000))
    assert len(list(engine.scan(TABLE, None, ("part",), limit=16_500))) == 16_500
    assert (
        sum(row.vector is not None for row in engine.scan(TABLE, None, (), vectors=True)) > 16_384
    )
    engine.delete(TABLE, among("part", "int", list(range(1_000))))
    assert engine.count(TABLE) == len(list(engine.scan(TABLE, None, ("part",)))) == 16_000
