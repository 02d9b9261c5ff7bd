"""Embedders for tests on a cluster: they log which node embedded what, or end their worker."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path

from toys import ToyEmbedder


class Logged(ToyEmbedder):
    """Writes for each batch of pictures a file with its node and its number into a folder.

    It begins once so many nodes are at work, and takes so many seconds a picture.
    """

    def __init__(self, log, nodes=1, seconds=0.0):
        super().__init__()
        self.log = str(log)
        self.nodes = nodes
        self.seconds = seconds

    def embed_image(self, images):
        import ray

        node = ray.get_runtime_context().get_node_id()
        name = uuid.uuid4().hex
        written = Path(self.log, f".{name}")
        written.write_text(f"{node} {len(images)}")
        written.rename(Path(self.log, name))
        while len(logged(self.log)) < self.nodes:
            time.sleep(0.1)
        time.sleep(self.seconds * len(images))
        return super().embed_image(images)


def logged(log):
    """Return how many pictures were embedded by each node."""
    counts = {}
    for file in Path(log).glob("[!.]*"):
        node, count = file.read_text().split()
        counts[node] = counts.get(node, 0) + int(count)
    return counts


class Killed(ToyEmbedder):
    """Ends its process as the kernel does when memory is full."""

    def embed_image(self, _images):
        os.kill(os.getpid(), signal.SIGKILL)


def contents(collection):
    """Return each part's vector, by its item's id and modality; none may be there twice."""
    store = collection._store
    found = {}
    for space in store.spaces():
        matrix = store.matrix(space.number)
        rows = store.parts([int(part) for part in matrix.parts])
        for row, vector in zip(rows, matrix.read(0, len(matrix)), strict=True):
            key = row.item_id, row.modality, row.number
            assert key not in found
            found[key] = vector
    return found
