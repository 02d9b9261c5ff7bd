"""Words are folded, counted and weighed as SQLite's FTS5 does it."""

from __future__ import annotations

import sqlite3

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.served import words
from mmrag_jupyter.store.lexical import folded, match_expression

TEXT = "ABCxyz àéÎõÜ .,-'日本ßβД0123ﬁ²\n\t_ñČ中한ก€"


def index():
    db = sqlite3.connect(":memory:")
    how = "tokenize = 'unicode61 remove_diacritics 2'"
    db.execute(f"CREATE VIRTUAL TABLE t USING fts5(text, {how})")
    return db


def indexed(text):
    db = index()
    db.execute("INSERT INTO t VALUES (?)", (folded(text),))
    db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    return [term for (term,) in db.execute("SELECT term FROM v ORDER BY offset")]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(TEXT, max_size=50))
def test_words_are_those_of_the_index(text):
    assert words.tokens(text) == indexed(text)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    texts=st.lists(
        st.lists(
            st.sampled_from(["red", "blue", "shoe", "hat", "café", "日本", "of"]),
            min_size=1,
            max_size=9,
        ),
        min_size=1,
        max_size=12,
    ),
    asked=st.lists(st.sampled_from(["red", "shoe", "cafe", "日本", "hat"]), min_size=1, max_size=3),
)
def test_scores_are_those_of_the_index(texts, asked):
    said = [" ".join(text) for text in texts]
    db = index()
    db.executemany("INSERT INTO t VALUES (?)", [(folded(text),) for text in said])
    query = " ".join(asked)
    rows = db.execute("SELECT rowid, rank FROM t WHERE t MATCH ?", (match_expression(query),))
    expected = {rowid - 1: -rank for rowid, rank in rows}
    listed = [words.tokens(text) for text in said]
    terms = words.terms(query)
    weights = {
        term: words.rarity(len(said), having)
        for term in terms
        if (having := sum(words.score(one, {term: 1.0}, 1.0) > 0 for one in listed))
    }
    mean = float(np.mean([len(one) for one in listed]))
    found = {
        at: score for at, one in enumerate(listed) if (score := words.score(one, weights, mean))
    }
    assert found.keys() == expected.keys()
    assert all(np.isclose(found[at], expected[at], rtol=1e-4) for at in found)
