"""A process of its own that loads rows elsewhere, or reads them; it may be told to die.

python served_loader.py load STORE FOLDER DIE_AT   dies at the DIE_AT-th write to the table of items
python served_loader.py join ADDRESS FOLDER DIE_AT  joins reviews to what is there, and dies so
python served_loader.py read ADDRESS FOLDER        prints what a query finds
python served_loader.py save ADDRESS FOLDER TO     saves it to TO, and dies when half is there
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from served_rows import join, options, products, reviews
from toys import ToyEmbedder

from mmrag_jupyter.config import Config
from mmrag_jupyter.served.told import Told
from mmrag_jupyter.session import Session

COUNT = 200


def run(*given):
    """Run this file in a process of its own, which imports what this one can."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.run(
        [sys.executable, __file__, *map(str, given)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
        cwd="/",
    )  # fmt: skip


def die_at(number):
    written = []
    put = Told.put

    def counted(self, table, rows):
        if table.name.endswith("_items"):
            written.append(len(rows))
            if len(written) == number:
                os.kill(os.getpid(), signal.SIGKILL)
        put(self, table, rows)

    Told.put = counted


def die_halfway(done, total):
    if done > total / 2:
        os.kill(os.getpid(), signal.SIGKILL)


def main():
    what, place, folder, *more = sys.argv[1:]
    session = Session(Config(root=folder))
    if what == "load":
        die_at(int(more[0]))
        session.load(products(COUNT), "products", store=place, **options(ToyEmbedder()))
        return
    collection = session.open(place, model=ToyEmbedder())
    if what == "join":
        die_at(int(more[0]))
        join(collection, reviews(COUNT, 50))
        return
    if what == "save":
        collection.store.copy_to(Path(more[0]), die_halfway)
        return
    hits = collection.query("red shoe", where="price < 1000")
    print(json.dumps({"items": len(collection), "ids": hits.ids, "why": len(hits[0].why)}))
    collection.close()


if __name__ == "__main__":
    main()
