"""A process of its own that loads rows elsewhere, or reads them; it may be told to die.

python served_loader.py load STORE FOLDER DIE_AT   dies at the DIE_AT-th write to the table of items
python served_loader.py read ADDRESS FOLDER        prints what a query finds
"""

from __future__ import annotations

import json
import os
import signal
import sys

from served_rows import options, products
from toys import ToyEmbedder

from mmrag_jupyter.config import Config
from mmrag_jupyter.served.told import Told
from mmrag_jupyter.session import Session

COUNT = 200


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


def main():
    what, place, folder, *more = sys.argv[1:]
    session = Session(Config(root=folder))
    if what == "load":
        die_at(int(more[0]))
        session.load(products(COUNT), "products", store=place, **options(ToyEmbedder()))
        return
    collection = session.open(place, model=ToyEmbedder())
    hits = collection.query("red shoe", where="price < 1000")
    print(json.dumps({"items": len(collection), "ids": hits.ids, "why": len(hits[0].why)}))
    collection.close()


if __name__ == "__main__":
    main()
