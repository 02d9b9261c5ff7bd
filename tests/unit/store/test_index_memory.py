"""An index is searched from its map: one that is larger than the memory left is no trouble."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from store_rows import COLUMNS, image, item, units

from mmrag_jupyter.store import faiss_index
from mmrag_jupyter.store.values import RECALL_SETTING

COUNT, DIM = 8000, 1536
LEFT = 6 << 20  # bytes

CHILD = """
import resource, sys
from pathlib import Path

import faiss
import numpy as np

from mmrag_jupyter.store import Store, faiss_index, index_file, nearest

faiss_index.INDEX_ABOVE, nearest._EXACT_UP_TO = 1000, 50
faiss.omp_set_num_threads(1)
folder, row, left = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with Store.open(folder) as store:
    query = store.vectors(1, [row + 1])
    # What the libraries need to work in, they have from here on.
    store.nearest(1, query, 3)
path = index_file.path_of(folder, 1)
status = Path("/proc/self/status").read_text()
used = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))
limit = used * 1024 + left
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    faiss.read_index(str(path))
except MemoryError:
    print("too large to be read")
exactly = []
flat = nearest.flat.nearest
nearest.flat.nearest = lambda *given: exactly.append(1) or flat(*given)
with Store.open(folder) as store:
    print(store.searched()[0].facts.covered, store.nearest(1, query, 3)[0][0, 0], exactly)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_an_index_larger_than_the_memory_left_is_searched(store, monkeypatch):
    monkeypatch.setattr(faiss_index, "INDEX_ABOVE", 1000)
    monkeypatch.setattr(faiss_index, "KINDS", ("SQ8",))
    with store.writer() as writer:
        writer.add_source("rows", "rows", COLUMNS)
        writer.set_setting(RECALL_SETTING, "0.1")
        space = writer.add_space("model", None, DIM, frozenset({"image"}), "int8")
        items = [item(f"i{n}", image(f"p{n}"), price=float(n)) for n in range(COUNT)]
        vectors = units(COUNT, DIM)
        writer.put(items, {space: (np.arange(COUNT), vectors)}, source="rows")
    store.wait_for_indexes()
    assert (store.folder / "space-1.faiss").stat().st_size > 2 * LEFT
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(store.folder), "77", str(LEFT)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    assert child.stderr == ""
    assert child.stdout.splitlines() == ["too large to be read", f"{COUNT} 78 []"]
