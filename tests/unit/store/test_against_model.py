"""The store does what a plain dict and a numpy loop do, whatever the order of calls."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from store_rows import DIM, digest, units

from mmrag_jupyter.items import Column, NewItem, NewPart
from mmrag_jupyter.store import Store, session, vectors

WORDS = ["red", "shoe", "crème", "橙汁", "ﬁsh"]
IDS = [*"abcdefgh", "\udcff", "a#1"]
VECTORS = units(60, seed=3)
COLUMNS = [Column("n", "int", "int64"), Column("s", "str", "str")]

part = st.tuples(
    st.sampled_from(["text", "image", "page"]),
    st.sets(st.sampled_from(WORDS), max_size=2).map(sorted),
    st.one_of(st.none(), st.integers(0, len(VECTORS) - 1)),
    st.one_of(st.none(), st.integers(0, len(VECTORS) - 1)),
)
new_item = st.tuples(st.sampled_from(IDS), st.lists(part, max_size=3), st.integers(0, 9))
batch = st.lists(new_item, max_size=5, unique_by=lambda one: one[0])


selections = st.fixed_dictionaries(
    {
        "where": st.one_of(st.none(), st.sampled_from(["n > 4", "n in (1, 2, 3)", "s == 'a'"])),
        "ids": st.one_of(st.none(), st.lists(st.sampled_from(IDS), max_size=6)),
        "modality": st.one_of(st.none(), st.sets(st.sampled_from(["text", "image"]))),
        "without_text": st.booleans(),
    }
)


@dataclass
class Row:
    """An item of the model; each part has its words, and a vector or None in both spaces."""

    parts: list
    number: int


class StoreMachine(RuleBasedStateMachine):
    """Drives a store and a dict side by side; `watcher` is opened once and only reads."""

    most_dead = session._MANY_DEAD

    @initialize()
    def begin(self):
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(session, "_MANY_DEAD", self.most_dead)
        # What is on disk after a power cut is not asked here, and costs most of the time.
        self.patch.setattr(vectors.os, "fsync", lambda _: None)
        self.folder = Path(tempfile.mkdtemp()) / "things"
        self.store = Store.create(self.folder, "things")
        with self.store.writer() as writer:
            writer.add_source("rows", "rows", COLUMNS)
            self.spaces = [
                writer.add_space("first", None, DIM, frozenset({"text", "image", "page"})),
                writer.add_space("half", None, DIM, frozenset({"image"}), "float16"),
            ]
        self.watcher = Store.open(self.folder)
        self.model = {}

    def teardown(self):
        if hasattr(self, "store"):
            self.patch.undo()
            self.store.close()
            self.watcher.close()
            shutil.rmtree(self.folder.parent)

    @rule(items=batch, shuffled=st.randoms(use_true_random=False))
    def put(self, items, shuffled):
        found = {}
        parts = [one for _, own, _ in items for one in own]
        for at, space in enumerate(self.spaces):
            placed = [(n, one[2 + at]) for n, one in enumerate(parts) if one[2 + at] is not None]
            shuffled.shuffle(placed)
            found[space] = (
                np.array([n for n, _ in placed], np.int64),
                VECTORS[[v for _, v in placed]].reshape(-1, DIM),
            )
        with self.store.writer() as writer:
            writer.put([_new(*one) for one in items], found, source="rows")
        for item_id, own, number in items:
            self.model[item_id] = Row(own, number)

    @rule(item_id=st.sampled_from(IDS), number=st.integers(0, 9))
    def update(self, item_id, number):
        if item_id in self.model:
            row = self.model[item_id]
            with self.store.writer() as writer:
                writer.update([_new(item_id, row.parts, number)], source="rows")
            row.number = number

    @rule(ids=st.lists(st.sampled_from(IDS), max_size=4))
    def delete(self, ids):
        there = set(ids) & self.model.keys()
        with self.store.writer() as writer:
            assert writer.delete(ids) == len(there)
        for item_id in there:
            del self.model[item_id]

    @rule()
    def compact(self):
        with self.store.writer() as writer:
            writer.compact()
        assert all(space.dead == 0 for space in self.store.spaces())

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store.open(self.folder)

    @invariant()
    def everything_is_there_and_nothing_else(self):
        if not hasattr(self, "store"):
            return
        for store in (self.store, self.watcher):
            assert len(store) == len(self.model)
            found = store.find(IDS)
            assert found.keys() == self.model.keys()
            for row in store.items(list(found.values())):
                assert row.metadata == {"n": self.model[row.id].number, "s": row.id}
            counts = {}
            for row in self.model.values():
                for modality, *_ in row.parts:
                    counts[modality] = counts.get(modality, 0) + 1
            assert store.part_counts() == counts
            alive = [space.rows - space.dead for space in store.spaces()]
            assert alive == [len(self.vectors(at)) for at in range(2)]

    @rule(
        at=st.integers(0, 1),
        query=st.integers(0, len(VECTORS) - 1),
        k=st.integers(1, 12),
        options=selections,
    )
    def nearest_is_what_a_loop_finds(self, at, query, k, options):
        modality, without_text = options["modality"], options["without_text"]
        chosen = {
            one: row
            for one, row in self.model.items()
            if self.passes(one, options["where"], options["ids"])
            and not (without_text and any(part[1] for part in row.parts))
        }
        expected = {}
        for item_id, row in chosen.items():
            for number, one in enumerate(row.parts):
                if one[2 + at] is not None and (modality is None or one[0] in modality):
                    dtype = np.float32 if at == 0 else np.float16
                    vector = VECTORS[one[2 + at]].astype(dtype).astype(np.float32)
                    expected[item_id, number] = float(VECTORS[query] @ vector)
        best = sorted(expected.values(), reverse=True)[:k]
        for store in (self.store, self.watcher):
            within = store.select(**options)
            parts, scores = store.nearest(self.spaces[at], VECTORS[query : query + 1], k, within)
            rows = store.parts([part for part in parts[0].tolist() if part >= 0])
            found = {(row.item_id, row.number): score for row, score in zip(rows, scores[0])}  # noqa: B905
            assert len(found) == len(best)
            assert np.allclose(scores[0][: len(best)], best, atol=1e-5)
            for place, score in found.items():
                assert np.isclose(expected[place], score, atol=1e-5)
            assert parts.shape == scores.shape == (1, k)
            if within is not None and modality is None and not without_text:
                assert within.count == len(chosen)

    @rule(
        word=st.sampled_from(WORDS),
        where=st.one_of(st.none(), st.sampled_from(["n > 4", "n < 2"])),
        modality=st.one_of(st.none(), st.sets(st.sampled_from(["text", "image"]))),
    )
    def words_find_the_parts_that_have_them(self, word, where, modality):
        expected = {
            (item_id, number)
            for item_id, row in self.model.items()
            if self.passes(item_id, where, None)
            for number, one in enumerate(row.parts)
            if word in one[1] and (modality is None or one[0] in modality)
        }
        for store in (self.store, self.watcher):
            within = store.select(where=where, modality=modality)
            parts, scores = store.lexical(word, 100, within)
            rows = store.parts(parts.tolist())
            assert {(row.item_id, row.number) for row in rows} == expected
            assert len(rows) == len(parts)
            assert (np.diff(scores) <= 0).all()

    def vectors(self, at):
        return [one for row in self.model.values() for one in row.parts if one[2 + at] is not None]

    def passes(self, item_id, where, ids):
        number = self.model[item_id].number
        tests = {
            None: True,
            "n > 4": number > 4,
            "n < 2": number < 2,
            "n in (1, 2, 3)": number in (1, 2, 3),
            "s == 'a'": item_id == "a",
        }
        return tests[where] and (ids is None or item_id in ids)


def _new(item_id, parts, number):
    texts = [(modality, " ".join(words)) for modality, words, *_ in parts]
    made = [NewPart(modality, digest(text), text) for modality, text in texts]
    return NewItem(item_id, b"", made, {"n": number, "s": item_id})


class CompactingStoreMachine(StoreMachine):
    """The same with spaces that are compacted by themselves again and again."""

    most_dead = 2


_few = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestStore = StoreMachine.TestCase
TestStore.settings = _few
TestCompactingStore = CompactingStoreMachine.TestCase
TestCompactingStore.settings = _few
