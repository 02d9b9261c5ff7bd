"""Joined rows after damage and after a kill: what is saved is sound, the next loads do the rest."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm

COUNT = 60


def products():
    return pd.DataFrame(
        {"sku": [f"p{n}" for n in range(COUNT)], "title": [f"thing{n} shoe" for n in range(COUNT)]}
    )


def reviews():
    return pd.DataFrame(
        {
            "sku": [f"p{n % COUNT}" for n in range(5 * COUNT)],
            "stars": [n % 5 + 1 for n in range(5 * COUNT)],
            "body": [f"word{n} says much of it" for n in range(5 * COUNT)],
        }
    )


def load(folder, model=None):
    session = mm.Session(mm.Config(root=str(folder)))
    shop = session.load(products(), "shop", text="title", id="sku", model=model or ToyEmbedder())
    session.load(reviews(), "reviews", into="shop", on="sku", text="body")
    return shop


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A closed collection with joined rows, and what it says."""
    shop = load(tmp_path_factory.mktemp("whole"))
    said = contents(shop)
    shop.close()
    return shop.folder, said


def contents(shop):
    rows = shop.store.parts_of(shop.store.numbers())
    joined = shop.store.joins.rows([row.row for row in rows])
    told = sorted(
        (row.item_id, row.text, joined[row.row].metadata.get("stars", 0) if row.row else 0)
        for row in rows
    )
    vectors = {row.text: shop.store.spaces_of(row.part) != [] for row in rows}
    return told, vectors, sorted(hit.id for hit in shop.query("word77", weights={"text": 0}))


@pytest.mark.parametrize("seed", range(4))
def test_damaged_records_are_saved_and_the_next_loads_bring_back_the_rest(tmp_path, whole, seed):
    folder, said = whole
    copy = tmp_path / "shop"
    shutil.copytree(folder, copy)
    records = copy / "records.sqlite"
    chance = random.Random(seed)
    with records.open("r+b") as file:
        for _ in range(chance.randrange(1, 4)):
            file.seek(4096 * chance.randrange(1, records.stat().st_size // 4096))
            file.write(chance.randbytes(4096))
    session = mm.Session(mm.Config(root=str(tmp_path)))
    session.open(copy, model=ToyEmbedder(), repair=True)
    session.close(copy)
    shop = load(tmp_path)
    assert contents(shop) == said
    assert len(shop.joined("reviews")) == 5 * COUNT


@pytest.mark.parametrize("after", [1, 3])
def test_a_killed_join_keeps_what_it_committed_and_goes_on(tmp_path, whole, after):
    code = textwrap.dedent(
        f"""
        import os, signal, sys
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        import importlib.util
        spec = importlib.util.spec_from_file_location("damage", {__file__!r})
        damage = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(damage)
        from mmrag_jupyter.store import Writer
        join, calls = Writer.join, []
        def dying(self, *args, **options):
            join(self, *args, **options)
            calls.append(1)
            if len(calls) == {after}:
                os.kill(os.getpid(), signal.SIGKILL)
        Writer.join = dying
        damage.load({str(tmp_path)!r})
        """
    )
    died = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    session = mm.Session(mm.Config(root=str(tmp_path)))
    shop = session.open("shop", model=ToyEmbedder())
    kept = len(shop.joined("reviews"))
    assert 0 < kept < 5 * COUNT
    session.close(shop.folder)
    embedder = ToyEmbedder()
    shop = load(tmp_path, embedder)
    assert contents(shop) == whole[1]
    assert embedder.texts - 1 == 5 * COUNT - kept


def test_a_reader_in_another_process_sees_whole_commits(tmp_path, whole):
    folder, said = whole
    copy = tmp_path / "shop"
    shutil.copytree(folder, copy)
    watcher = mm.Session(mm.Config(root=str(tmp_path))).open("shop", model=ToyEmbedder())
    code = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        import pandas as pd
        import mmrag_jupyter as mm
        from toys import ToyEmbedder
        session = mm.Session(mm.Config(root={str(tmp_path)!r}))
        session.open("shop", model=ToyEmbedder())
        more = pd.DataFrame({{"sku": ["p1", "p2"], "body": ["fresh news", "other news"]}})
        session.load(more, "news", into="shop", on="sku", text="body")
        """
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    hits = watcher.query("fresh", weights={"text": 0})
    assert [(hit.id, str(hit.joined[1])) for hit in hits] == [("p1", "1 of 1 news")]
    assert len(watcher.show("p1")[0].parts) == 7
    assert contents(watcher)[2] == said[2]
