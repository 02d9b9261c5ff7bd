"""A machine of hypothesis: joined rows beside a dict, wherever the collection lies."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from store_rows import DIM, digest, units

from mmrag_jupyter.items import Column, NewItem, NewPart
from mmrag_jupyter.store import Store, session, vectors

ITEMS = [*"abcd", "a#1"]
ROWS = [*"uvwxyz"]
WORDS = ["red", "shoe", "crème", "橙汁"]
VECTORS = units(40, seed=5)
COLUMNS = [Column("n", "int", "int64")]
ROW_COLUMNS = [Column("stars", "int", "int64"), Column("who", "str", "str")]

part = st.tuples(
    st.sampled_from(["text", "image"]),
    st.sampled_from(WORDS),
    st.one_of(st.none(), st.integers(0, len(VECTORS) - 1)),
)
parts = st.lists(part, max_size=2)


@dataclass
class Thing:
    """An item of the model: its own parts, and by table and row the parts of these."""

    own: list
    number: int
    rows: dict = field(default_factory=dict)


class JoinMachine(RuleBasedStateMachine):
    """Drives a store and a dict side by side; `watcher` is opened once and only reads."""

    most_dead = session._MANY_DEAD
    precisions = ("float32", "float16")
    counts_parts_once = True

    @initialize()
    def begin(self):
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(session, "_MANY_DEAD", self.most_dead)
        self.patch.setattr(vectors.os, "fsync", lambda _: None)
        self.folder = Path(tempfile.mkdtemp()) / "things"
        self.store = self.made()
        with self.store.writer() as writer:
            writer.add_source("things", "things", COLUMNS)
            for table in ("first", "second"):
                writer.add_joined(table, table, ROW_COLUMNS, theirs="key", ours="")
            self.spaces = [
                writer.add_space(f"model {dtype}", None, DIM, frozenset({"text", "image"}), dtype)
                for dtype in self.precisions
            ]
            self.late = writer.add_space("late", None, DIM, frozenset({"text", "image"}), late=True)
        self.watcher = self.opened()
        self.model = {}
        self.stars = {}

    def made(self):
        """Return a store that is new."""
        return Store.create(self.folder, "things")

    def opened(self):
        """Return what another process would open."""
        return Store.open(self.folder)

    def stores(self):
        """Return the stores that know of the last commit."""
        return (self.store, self.watcher)

    def teardown(self):
        if hasattr(self, "store"):
            self.patch.undo()
            self.store.close()
            self.watcher.close()
            shutil.rmtree(self.folder.parent)

    @rule(item_id=st.sampled_from(ITEMS), own=parts, number=st.integers(0, 9))
    def put(self, item_id, own, number):
        with self.store.writer() as writer:
            writer.put(
                [NewItem(item_id, b"", _made(own), {"n": number})], self.found(own), source="things"
            )
        before = self.model.get(item_id)
        self.model[item_id] = Thing(own, number, before.rows if before else {})

    @rule(
        table=st.sampled_from(["first", "second"]),
        row=st.sampled_from(ROWS),
        own=parts,
        onto=st.sets(st.sampled_from(ITEMS), min_size=1, max_size=3),
        stars=st.integers(1, 5),
    )
    def join(self, table, row, own, onto, stars):
        onto = sorted(onto & self.model.keys())
        if not onto:
            return
        numbers = self.store.find(onto)
        known = self.store.joins.ids(table).get(row)
        gone = {
            self.store.find([item_id])[item_id]: {known}
            for item_id, thing in self.model.items()
            if (table, row) in thing.rows and item_id not in onto
        }
        with self.store.writer() as writer:
            writer.join(
                [NewItem(row, b"", _made(own), {"stars": stars, "who": row})],
                self.found(own),
                source=table,
                numbers=[writer.take_rows(1)],
                onto=[[numbers[item_id] for item_id in onto]],
                dropped=gone,
            )
        for item_id, thing in self.model.items():
            thing.rows.pop((table, row), None)
            if item_id in onto:
                thing.rows[table, row] = own
        self.stars[table, row] = stars

    @rule(table=st.sampled_from(["first", "second"]), row=st.sampled_from(ROWS))
    def drop(self, table, row):
        known = self.store.joins.ids(table).get(row)
        holders = [one for one, thing in self.model.items() if (table, row) in thing.rows]
        assert (known is None) == (not holders)
        if known is None:
            return
        dropped = {number: {known} for number in self.store.find(holders).values()}
        with self.store.writer() as writer:
            writer.join([], {}, source=table, numbers=[], onto=[], dropped=dropped)
        for item_id in holders:
            del self.model[item_id].rows[table, row]

    @rule(
        table=st.sampled_from(["first", "second"]),
        row=st.sampled_from(ROWS),
        stars=st.integers(1, 5),
    )
    def change_a_rows_columns(self, table, row, stars):
        if any((table, row) in thing.rows for thing in self.model.values()):
            with self.store.writer() as writer:
                writer.update_joined(
                    [NewItem(row, b"", (), {"stars": stars, "who": row})], source=table
                )
            self.stars[table, row] = stars

    @rule(ids=st.lists(st.sampled_from(ITEMS), max_size=3))
    def delete(self, ids):
        with self.store.writer() as writer:
            writer.delete(ids)
        for item_id in ids:
            self.model.pop(item_id, None)

    @rule()
    def compact(self):
        with self.store.writer() as writer:
            writer.compact()

    @rule()
    def repair(self):
        self.store.close()
        assert Store.repair(self.folder) == []
        self.store = Store.open(self.folder)

    @invariant()
    def every_item_has_its_own_parts_and_those_of_its_rows(self):
        if not hasattr(self, "store"):
            return
        for store in self.stores():
            found = store.find(ITEMS)
            assert found.keys() == self.model.keys()
            for item_id, number in found.items():
                thing = self.model[item_id]
                rows = store.parts_of([number])
                assert [row.number for row in rows] == list(range(len(rows)))
                own = [(row.modality, row.text) for row in rows if not row.row]
                assert own == [(one[0], one[1]) for one in thing.own]
                assert all(not row.row for row in rows[: len(thing.own)])
                joined = store.joins.rows([row.row for row in rows])
                seen = {}
                for row in rows[len(thing.own) :]:
                    of = joined[row.row]
                    assert of.metadata == {"stars": self.stars[of.source, of.id], "who": of.id}
                    seen.setdefault((of.source, of.id), []).append((row.modality, row.text))
                assert seen == {
                    key: [(one[0], one[1]) for one in own] for key, own in thing.rows.items() if own
                }
                totals = store.joins.totals([number]).get(number, {})
                assert totals == {
                    table: count
                    for table in ("first", "second")
                    if (count := sum(key[0] == table for key in thing.rows))
                }

    @invariant()
    def rows_are_kept_as_long_as_an_item_has_them(self):
        if not hasattr(self, "store"):
            return
        held = {key for thing in self.model.values() for key in thing.rows}
        for table in ("first", "second"):
            kept = self.store.joins.ids(table)
            assert kept.keys() == {row for of, row in held if of == table}
            links = self.store.joins.links(table)
            assert len(links) == sum(
                key[0] == table for thing in self.model.values() for key in thing.rows
            )

    @invariant()
    def every_part_has_its_own_vector(self):
        if not hasattr(self, "store"):
            return
        for item_id, number in self.store.find(ITEMS).items():
            thing = self.model[item_id]
            rows = self.store.parts_of([number])
            joined = self.store.joins.rows([row.row for row in rows])
            expected = list(thing.own)
            order = dict.fromkeys(
                (joined[row.row].source, joined[row.row].id) for row in rows if row.row
            )
            expected += [one for key in order for one in thing.rows[key]]
            for row, (_, _, at) in zip(rows, expected, strict=True):
                tokens = self.store.tokens.of_parts(self.late, [row.part])
                assert len(tokens) == (at is not None)
                assert at is None or np.allclose(tokens[0], _tokens(at), atol=1e-3)
            for space in self.spaces:
                for row, (_, _, at) in zip(rows, expected, strict=True):
                    if at is None:
                        assert space not in self.store.spaces_of(row.part)
                    else:
                        (own,) = self.store.vectors(space, [row.part])
                        assert np.allclose(own, VECTORS[at], atol=1e-3)

    @rule(stars=st.integers(1, 5), k=st.integers(1, 30), query=st.integers(0, 9))
    def a_condition_on_rows_finds_what_a_loop_finds(self, stars, k, query):
        where = f"first.stars >= {stars}"
        chosen = {
            item_id: {key for key in thing.rows if key[0] != "first" or self.stars[key] >= stars}
            for item_id, thing in self.model.items()
            if any(key[0] == "first" and self.stars[key] >= stars for key in thing.rows)
        }
        within = self.store.select(where=where)
        assert {row.id for row in self.store.items(within.items.tolist())} == chosen.keys()
        expected = sorted(
            (
                float(VECTORS[query] @ VECTORS[at])
                for item_id, keys in chosen.items()
                for own in [
                    self.model[item_id].own,
                    *(self.model[item_id].rows[key] for key in keys),
                ]
                for _, _, at in own
                if at is not None
            ),
            reverse=True,
        )[:k]
        _, scores = self.store.nearest(self.spaces[0], VECTORS[query : query + 1], k, within)
        assert np.allclose(scores[0][: len(expected)], expected, atol=1e-5)
        assert np.isneginf(scores[0][len(expected) :]).all()

    @rule(word=st.sampled_from(WORDS))
    def words_find_the_parts_that_have_them(self, word):
        expected = sum(
            one[1] == word
            for thing in self.model.values()
            for own in [thing.own, *thing.rows.values()]
            for one in own
        )
        for store in self.stores():
            parts, _ = store.lexical(word, 1000)
            assert len(parts) == expected
            if self.counts_parts_once:
                counts = store.part_counts()
                assert sum(counts.values()) == sum(
                    len(own)
                    for thing in self.model.values()
                    for own in [thing.own, *thing.rows.values()]
                )

    def found(self, own):
        placed = [(at, one[2]) for at, one in enumerate(own) if one[2] is not None]
        ordinals = np.array([at for at, _ in placed], np.int64)
        made = VECTORS[[vector for _, vector in placed]].reshape(-1, DIM)
        many = [_tokens(vector) for _, vector in placed]
        return {**dict.fromkeys(self.spaces, (ordinals, made)), self.late: (ordinals, many)}


def _tokens(at):
    return VECTORS[at : at + 1 + at % 3]


def _made(own):
    return [NewPart(modality, digest(text), text) for modality, text, _ in own]
