"""The one writer, for callers that LlamaIndex runs side by side in one process."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.writer import Writer

_turns: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


@contextmanager
def writing(store: Store) -> Iterator[Writer]:
    """Give the writer of a collection; calls from several threads wait for each other.

    LlamaIndex gathers `async_add`s, and runs pipelines in workers.

    Raises
    ------
    StoreBusyError
        A load or another process writes to the collection.
    """
    with _turns[store.folder.resolve()], store.writer() as writer:
        yield writer
