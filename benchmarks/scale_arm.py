"""One step of `scale.py` in a process of its own: `scale_arm.py STEP PARTS FOLDER`."""

from __future__ import annotations

import gc
import json
import os
import resource
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scale_data import blocks, queries
from store_data import DIM
from store_project import COLUMNS, SOURCE, Instant, text_item

from mmrag_jupyter.search import build as hits
from mmrag_jupyter.search import engine
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.store import Store, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmrag_jupyter.ingest import LoadReport

K = 10
LONGEST = 10  # seconds that one figure is measured
# What a load commits at once when the embedder is instant.
BATCH = 4096
FEW = 10_000  # one part in so many passes the selective filter
FILTER = "price = 17"


def load(folder: Path, parts: int) -> dict[str, float]:
    """Write everything as a load does, and let the index be built; time each."""
    store = Store.create(folder, "scale")
    written = worked = 0.0
    with store.writer() as writer:
        writer.add_source(SOURCE, SOURCE, COLUMNS)
        space = writer.add_space("instant-text", None, DIM, frozenset({"text"}), *sys.argv[4:])
        for first, vectors, texts in blocks(parts):
            # What the items are made of is no work of the store.
            items = [text_item(at, text) for at, text in enumerate(texts, first)]
            gc.collect()
            gc.freeze()
            began, busy = time.perf_counter(), time.process_time()
            for at in range(0, len(items), BATCH):
                rows = vectors[at : at + BATCH]
                writer.put(
                    items[at : at + BATCH], {space: (np.arange(len(rows)), rows)}, source=SOURCE
                )
            written += time.perf_counter() - began
            worked += time.process_time() - busy
            gc.unfreeze()
        began = time.perf_counter()
    closed = time.perf_counter() - began
    store.wait_for_indexes()
    index = time.perf_counter() - began
    store.close()
    sizes = {
        one.name: sum(file.stat().st_size for file in (one, *one.glob("*")) if file.is_file()) / 1e6
        for one in folder.iterdir()
    }
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(sizes, f"peak {memory:.0f} MB", file=sys.stderr)
    vectors_mb = sum(size for name, size in sizes.items() if name.endswith(".vec"))
    texts_mb, fts5_mb, tantivy_mb = _texts_mb(folder)
    bare_mb = sum(sizes.values()) - texts_mb - fts5_mb - tantivy_mb
    return {
        "load": parts / (written + closed),
        "load_cpu": parts / worked,
        "index": index,
        "disk": sum(sizes.values()) / vectors_mb,
        "disk_bare": bare_mb / vectors_mb,
        "disk_of_all": sum(sizes.values()) / (vectors_mb + texts_mb + fts5_mb),
        "index_mb": sum(size for name, size in sizes.items() if name.endswith(".faiss")),
        "vectors_mb": vectors_mb,
    }


def _texts_mb(folder: Path) -> tuple[float, float, float]:
    """Return what the texts take, and each index that finds them by their words."""
    with closing(sqlite3.connect(folder / "records.sqlite")) as db:
        (texts,) = db.execute("SELECT sum(length(CAST(text AS BLOB))) FROM parts").fetchone()
        (fts5,) = db.execute("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'texts_%'").fetchone()
    tantivy = sum(file.stat().st_size for file in (folder / "words.tantivy").glob("*"))
    return texts / 1e6, fts5 / 1e6, tantivy / 1e6


class Opened:
    """The collection opened again, with an embedder that knows the queries."""

    def __init__(self, folder: Path, parts: int) -> None:
        self.texts, self.vectors = queries(parts)
        self.store = Store.open(folder)
        (space,) = self.store.spaces()
        self.space = space.number
        embedder = Instant("text", self.texts, self.vectors)
        self._serving = {"text": (space.number, embedder)}

    def ask(self, query: int, **options: object) -> list[str]:
        """Return the ids of the hits of a whole query."""
        asked = Query(text=self.texts[query], k=K, **options)
        found, _ = hits.build(engine.run(asked, self.store, self._serving), self.store)
        return [hit.id for hit in found]


def reopen(folder: Path, parts: int) -> dict[str, float]:
    """Time from nothing opened to the first hits."""
    import faiss  # noqa: F401 - that it is imported is no work of the collection

    queries(parts)
    began = time.perf_counter()
    Opened(folder, parts).ask(0)
    return {"reopen": time.perf_counter() - began}


def ask(folder: Path, parts: int) -> dict[str, float]:
    """Time queries and tell what they take; whole ones, each signal alone, and filtered ones."""
    before = _resident()
    opened = Opened(folder, parts)
    figures = _timed("query", opened.ask, opened)
    figures["memory"] = _resident() - before
    store = opened.store
    figures |= _timed(
        "dense", lambda at: store.nearest(opened.space, opened.vectors[at : at + 1], 50), opened
    )
    figures |= _timed("words", lambda at: store.lexical(opened.texts[at], 50), opened)
    for name, where in (("few", FILTER), ("half", f"price < {FEW // 2}")):
        # One that was never asked, and one as it is asked with question after question.
        fresh = [f"{where} or price = {FEW + number}" for number in range(len(opened.texts))]
        first = partial(_filtered, opened, fresh)
        figures |= _timed(f"{name}_first", first, opened)
        figures |= _timed(name, partial(opened.ask, where=where), opened)
    # What both would take without their indexes, in the same run.
    figures |= _timed("all", partial(_all, opened), opened)
    words.INDEX_ABOVE = 2**62
    figures |= _timed("fts5", lambda at: store.lexical(opened.texts[at], 50), opened)
    return figures


def _all(opened: Opened, at: int) -> object:
    return opened.store.nearest(opened.space, opened.vectors[at : at + 1], 50, exact=True)


def _filtered(opened: Opened, conditions: list[str], at: int) -> list[str]:
    return opened.ask(at, where=conditions[at])


def recall(folder: Path, parts: int) -> dict[str, float]:
    """Compare what is found with what there is: all, and within each of the filters."""
    from mmrag_jupyter.store import flat

    opened = Opened(folder, parts)
    store = opened.store
    view = store._in_space(opened.space, lambda _, found: found)  # noqa: SLF001 - the truth
    asked = opened.vectors[:100]
    figures = {}
    for name, where in (("recall", None), ("few_recall", FILTER), ("half_recall", "price < 5000")):
        within = store.select(where=where)
        allowed = view.rows.allowed(within)
        _, true = flat.nearest(asked, view.vectors, K, allowed)
        # One by one, as users ask.
        found = [store.nearest(opened.space, one[None], K, within)[0][0] for one in asked]
        true = np.where(true >= 0, view.rows.parts[true], -1)
        pairs = zip(found, true, strict=True)
        wanted = max(1, (true >= 0).sum())
        figures[name] = sum(len(np.intersect1d(a[a >= 0], b[b >= 0])) for a, b in pairs) / wanted
    return figures


def delete(folder: Path, parts: int) -> dict[str, float]:
    """Time deleting every tenth item, and compare what is found then."""
    with Store.open(folder) as store:
        began, busy = time.perf_counter(), time.process_time()
        with store.writer() as writer:
            writer.delete([f"t{number}" for number in range(0, parts, 10)])
            worked = time.process_time() - busy
        found = {"delete": time.perf_counter() - began, "delete_cpu": worked}
        store.wait_for_indexes()
    return found | {f"{name}_after": value for name, value in recall(folder, parts).items()}


def files(folder: Path, parts: int) -> dict[str, float]:
    """Load a folder of so many tiny files."""
    for number in range(parts):
        _note(folder, number, f"note {number}")
    began = time.perf_counter()
    _loaded(folder, parts)
    return {"files": parts / (time.perf_counter() - began), "files_mb": _peak()}


def again(folder: Path, parts: int) -> dict[str, float]:
    """Load that folder again, in which nothing has changed."""
    wall, work = time.perf_counter(), time.process_time()
    report = _loaded(folder, parts)
    if report.unchanged != parts:
        raise SystemExit(f"not all unchanged: {report}")
    walls, works = time.perf_counter() - wall, time.process_time() - work
    return {"again": walls, "again_cpu": works, "again_mb": _peak()}


def some(folder: Path, parts: int) -> dict[str, float]:
    """Load it once more: ten files of it have changed, ten are new, and ten are gone."""
    for at in range(10):
        _note(folder, at * parts // 20, f"changed {at}")
        _note(folder, parts + at, f"new {at}")
        (_heap(folder) / f"{parts - 1 - at:07}.txt").unlink()
    wall, work = time.perf_counter(), time.process_time()
    report = _loaded(folder, parts)
    if (report.added, report.updated, report.removed, report.unchanged) != (10, 10, 10, parts - 20):
        raise SystemExit(f"not ten each: {report}")
    return {"some": time.perf_counter() - wall, "some_cpu": time.process_time() - work}


def _heap(folder: Path) -> Path:
    return folder / "files"


def _note(folder: Path, number: int, text: str) -> None:
    path = _heap(folder) / f"{number:07}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    # Only files that have settled are known by their listing.
    old = time.time() - 60
    os.utime(path, (old, old))


def _loaded(folder: Path, parts: int) -> LoadReport:
    import mmrag_jupyter as mm

    session = mm.Session(mm.Config(root=str(folder)))
    found = session.load(str(_heap(folder)), "heap", model="builtin", progress=False)
    if len(found) != parts or found.last_load is None:
        raise SystemExit(f"{len(found):,} items of {parts:,} files")
    return found.last_load


def _peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _timed(name: str, run: Callable[[int], object], opened: Opened) -> dict[str, float]:
    """Return the median time of a query, on the wall and of the processor."""
    walls, works = [], []
    for query in range(len(opened.texts)):
        wall, work = time.perf_counter(), time.process_time()
        run(query)
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
        if sum(walls) > LONGEST:
            break
    return {name: statistics.median(walls), f"{name}_cpu": statistics.median(works)}


def _resident() -> float:
    """Return what of this process lies in memory and in no file, in MB.

    Pages of files that are mapped are the system's, which takes them back when it needs them.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes["RssAnon"].split()[0]) * 1024 / 1e6


def main() -> None:
    step, parts, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    steps = {
        "load": load, "reopen": reopen, "ask": ask, "recall": recall, "delete": delete,
        "files": files, "again": again, "some": some,
    }  # fmt: skip
    print(json.dumps(steps[step](folder, parts)))


if __name__ == "__main__":
    main()
