"""Killed as rows are joined: nothing twice, nothing lost, nothing half seen."""

from __future__ import annotations

import signal
from contextlib import suppress

import pandas as pd
import pytest
from served_loader import COUNT, run
from served_places import ENGINES, place_of
from served_rows import join, options, products, reviews
from toys import ToyEmbedder

from mmrag_jupyter.errors import NotFoundError, SourceError
from mmrag_jupyter.served import itemwriter
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.rows import JOINED_FIELDS, KEY, Row
from mmrag_jupyter.served.told import Told


@pytest.fixture(params=ENGINES)
def place(request, tmp_path):
    return place_of(request.param, tmp_path, request)


def check(elsewhere, here):
    """Check that two collections hold the same, and that nothing else lies elsewhere."""
    one, other = elsewhere.items(counts=True), here.items(counts=True)
    pd.testing.assert_frame_equal(one, other)
    rows = [own.joined("reviews").sort_values("review") for own in (elsewhere, here)]
    pd.testing.assert_frame_equal(*(own.reset_index(drop=True) for own in rows))
    for item in here.store.ids():
        parts = [[part.text for part in own.show(item)[0].parts] for own in (elsewhere, here)]
        assert sorted(parts[0]) == sorted(parts[1])
    store = elsewhere.store
    there = [
        row.number("part") for table in store.part_tables()
        for row in store.engine.scan(table, None, ("part",))
    ]  # fmt: skip
    assert sorted(there) == sorted(row.part for row in store.parts_of(store.numbers()))
    assert store.engine.count(store.layout.joined) == len(store.joins.links("table:reviews"))
    for where in (None, "stars >= 3"):
        found = elsewhere.query("narrow feet", k=50, where=where).ids
        assert sorted(found) == sorted(here.query("narrow feet", k=50, where=where).ids)


@pytest.mark.slow
def test_a_killed_join_goes_on_where_it_was(place, embedder):
    rows = reviews(COUNT, 50)
    given = {"store": place.store, **options(embedder)}
    collection = place.session().load(products(50), "products", **given)
    address = collection.store.address
    collection.close()
    killed = run("join", address, place.folder / "one", 2)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = place.session().open("products", model=embedder)
    seen = again.joined("reviews")
    assert 0 < len(seen) < len(rows)
    assert seen["body"].isin(rows["body"]).all()
    embedder.texts = 0
    report = join(again, rows)
    assert report.unchanged == len(seen)
    # The vectors of what was written count, committed or not.
    assert embedder.texts < report.added
    here = place.here().load(products(50), "products", **options(ToyEmbedder()))
    join(here, rows)
    check(again, here)


def moved(rows):
    """Return rows of which one has another text, one other stars, one another item, one is gone."""
    rows = rows.iloc[:-1].copy()
    rows.loc[0, "body"] = "said anew"
    rows.loc[1, "stars"] = 5
    rows.loc[2, "sku"] = "s3"
    return rows


def renamed():
    rows = products(6)
    rows.loc[0, "title"] = "golden umbrella"
    rows.loc[1, "price"] = 77.0
    return rows


FEW = reviews(9, 4)
# Each is of two items.
SHARED = FEW.iloc[:2].assign(brand=["Acme", "Bell"])
STORIES = {
    "first": [lambda own: join(own, FEW)],
    "changed": [lambda own: join(own, FEW), lambda own: join(own, moved(FEW))],
    "items": [
        lambda own: join(own, FEW),
        lambda own: own.load(renamed(), **options(ToyEmbedder())),
    ],
    "deleted": [lambda own: join(own, FEW), lambda own: own.delete(["s0", "s1"])],
    "shared": [
        lambda own: join(own, SHARED, on="brand"),
        lambda own: join(
            own, SHARED.assign(body=["said anew", FEW["body"][1]], stars=4), on="brand"
        ),
    ],
    "gone": [lambda own: join(own, FEW), lambda own: join(own, FEW.iloc[:0], prune=True)],
}


class KilledError(Exception):
    """Stands for a kill: what comes after it writes nothing."""


def die_after(patched, number):
    """Let so many writes through and no more, but for those that say who writes."""
    done = []

    def writing(original):
        def write(self, table, what):
            if "lease:" not in repr([row.fields.get(KEY) for row in what]
                                    if isinstance(what, list) else what):  # fmt: skip
                if len(done) >= number:
                    done.append(table)
                    raise KilledError
                done.append(table)
            original(self, table, what)

        return write

    for name in ("put", "delete"):
        patched.setattr(Told, name, writing(getattr(Told, name)))
    return done


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_killed_at_any_write_it_ends_as_if_nothing_had_been(story, tmp_path, monkeypatch):
    *before, last = STORIES[story]
    if story == "shared":
        # A kill may come between the items that a row is of.
        monkeypatch.setattr(itemwriter, "SENT", 1)

    def made(session, **given):
        own = session.load(products(6), "products", **given, **options(ToyEmbedder()))
        for step in before:
            step(own)
        return own

    here = made(place_of("qdrant", tmp_path, None).here())
    last(here)
    number = killed = 0
    while killed == number:
        place = place_of("qdrant", tmp_path / str(number), None)
        collection = made(place.session(), store=place.store)
        with monkeypatch.context() as patched, suppress(KilledError):
            writes = die_after(patched, number)
            last(collection)
        killed += len(writes) > number
        seen = collection.joined("reviews") if collection.store.joins.labels() else FEW
        assert seen["body"].isin([*FEW["body"], *moved(FEW)["body"]]).all()
        again = place.session("other").open(collection.store.address, model=ToyEmbedder())
        with suppress(NotFoundError, SourceError):
            last(again)
        again.compact()
        check(again, here)
        collection.close()
        again.close()
        number += 1
    assert number > 5


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("place", ["qdrant"], indirect=True)
def test_a_row_that_is_new_in_one_item_and_old_in_another_is_written_again(place, embedder, at):
    own = place.session().load(products(), "products", store=place.store, **options(embedder))
    join(own, SHARED, on="brand")
    store = own.store
    assert store.joins.known("table:reviews", ["R0"])["R0"].digest
    fields = list(JOINED_FIELDS)
    rows = list(store.engine.scan(store.layout.joined, among("row_id", "text", ["R0"]), fields))
    assert len(rows) == 3
    store.engine.put(store.layout.joined, [Row({**rows[at].fields, "digest": "00" * 16})])
    assert store.joins.known("table:reviews", ["R0"])["R0"].digest == b""
    with store.writer() as writer:
        writer.set_setting("as before: table:reviews", "")
    report = join(own, SHARED, on="brand")
    assert (report.updated, report.unchanged) == (1, 1)
    assert store.joins.known("table:reviews", ["R0"])["R0"].digest
