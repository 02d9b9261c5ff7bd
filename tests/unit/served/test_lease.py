"""Of several that want to write at once, one does; and none whose time is over."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import pytest
from served_places import Place
from served_rows import options, products
from toys import ToyEmbedder

from mmrag_jupyter.errors import StoreBusyError
from mmrag_jupyter.served import address_of, lease
from mmrag_jupyter.served.connect import connect
from mmrag_jupyter.served.lease import Lease
from mmrag_jupyter.served.rows import KEPT_FIELDS, KEY, PART_FIELDS, Row, Table

KEPT = Table("kept")


@pytest.fixture
def engine(tmp_path):
    engine = connect(address_of(f"lancedb://{tmp_path}", "a"))
    engine.create(KEPT, KEPT_FIELDS)
    yield engine
    engine.close()


def claims(engine):
    return [json.loads(row.text("data")) for row in engine.scan(KEPT, None, ("data",))]


def claim(engine, **told):
    """Write the claim of another machine."""
    own = {
        "token": "other", "held": True, "host": "lab3", "home": "elsewhere", "pid": 1,
        "until": time.time() + 60, **told,
    }  # fmt: skip
    engine.put(
        KEPT, [Row({KEY: f"lease:{own['token']}", "kind": "lease", "data": json.dumps(own)})]
    )


def test_of_many_that_come_at_once_at_most_one_writes(engine):
    start, got = threading.Barrier(6), []

    def ask():
        start.wait()
        try:
            got.append(Lease(engine, KEPT, "a"))
        except StoreBusyError:
            got.append(None)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    held = [one for one in got if one is not None]
    assert len(got) == 6
    assert len(held) <= 1
    for one in held:
        one.release()
    assert claims(engine) == []
    Lease(engine, KEPT, "a").release()


def test_one_that_asks_at_the_same_moment_is_waited_for(engine, monkeypatch):
    # The other one has asked, and has neither got it nor given up: nobody may go on.
    claim(engine, held=False, token="zz")  # noqa: S106 - no secret
    monkeypatch.setattr(lease, "_PATIENCE", 0.3)
    with pytest.raises(StoreBusyError, match="process 1 on lab3"):
        Lease(engine, KEPT, "a")
    assert [one["token"] for one in claims(engine)] == ["zz"]


def test_a_machine_whose_time_is_over_gives_way(engine):
    claim(engine, until=time.time() - 1)
    Lease(engine, KEPT, "a").release()
    assert claims(engine) == []


def test_a_process_that_is_gone_from_this_machine_gives_way_at_once(engine):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    claim(engine, home=lease._home(), pid=gone.pid)
    Lease(engine, KEPT, "a").release()
    # A number of another machine's, or another container's, says nothing.
    claim(engine, pid=gone.pid)
    with pytest.raises(StoreBusyError):
        Lease(engine, KEPT, "a")


def test_who_stood_still_for_too_long_does_not_write_any_more(engine, monkeypatch):
    own = Lease(engine, KEPT, "a")
    own.check()
    # As after a night with a closed lid: another machine took it for dead, and writes.
    monkeypatch.setattr(own, "_until", 0.0)
    engine.delete(KEPT, lease.among("kind", "text", ["lease"]))
    claim(engine)
    with pytest.raises(StoreBusyError, match="stood still for 90 seconds"):
        own.check()
    own.release()
    assert [one["token"] for one in claims(engine)] == ["other"]


def test_a_load_that_was_overtaken_leaves_what_the_other_wrote(tmp_path):
    place = Place("lancedb", f"lancedb://{tmp_path / 'store'}", tmp_path)
    mine = place.session().load(
        products(4), "products", store=place.store, **options(ToyEmbedder())
    )
    with mine.store.writer() as writer:
        other = place.session("two").open(mine.store.address, model=ToyEmbedder())
        mine.store.engine.delete(mine.store.layout.kept, lease.among("kind", "text", ["lease"]))
        other.load(products(9), **options(ToyEmbedder()))
        writer._lease._until = 0.0
        with pytest.raises(StoreBusyError):
            writer.delete(["s1"])
    assert len(other) == 9


def test_what_another_machine_has_just_written_is_not_taken_for_a_rest(tmp_path):
    place = Place("lancedb", f"lancedb://{tmp_path / 'store'}", tmp_path)
    mine = place.session().load(
        products(4), "products", store=place.store, **options(ToyEmbedder())
    )
    other = place.session("two").open(mine.store.address, model=ToyEmbedder())
    changed = products(4)
    changed["title"] = "purple tent"
    # It has just looked, so that it would not look again for a second.
    mine.store.parts_of(mine.store.numbers())
    other.load(changed, **options(ToyEmbedder()))
    mine.compact()
    other.store.forget()
    assert len(other.query("purple tent", k=9)) == 4
    assert sum(other.store.part_counts().values()) == 8


def test_a_machine_whose_clock_is_behind_uses_no_number_twice(tmp_path, monkeypatch):
    place = Place("lancedb", f"lancedb://{tmp_path / 'store'}", tmp_path)
    mine = place.session().load(
        products(4), "products", store=place.store, **options(ToyEmbedder())
    )
    before = mine.store.numbers()
    clock = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: clock() - 3600 * 10**9)
    mine.load(products(9), **options(ToyEmbedder()))
    numbers = mine.store.numbers()
    assert numbers[:4] == before
    assert len(set(numbers)) == 9
    changed = products(9)
    changed["title"] = "purple tent"
    mine.load(changed, **options(ToyEmbedder()))
    assert sum(mine.store.engine.count(table) for table in mine.store.part_tables()) == 18


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_several_machines_may_make_the_same_tables_at_once(place):
    engines = [connect(address_of(place.store, "a")) for _ in range(4)]
    start, failed = threading.Barrier(4), []

    def make(engine):
        start.wait()
        try:
            engine.create(Table("parts", 8), PART_FIELDS)
        except Exception as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    threads = [threading.Thread(target=make, args=(one,)) for one in engines]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert [engine.count(Table("parts", 8)) for engine in engines] == [0] * 4
    for one in engines:
        one.close()
