"""The building of FAISS indexes in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.store import faiss_index, index_file, vectors
from mmrag_jupyter.store.background import StoppedError
from mmrag_jupyter.store.headroom import refuse_more_than_free
from mmrag_jupyter.store.tokens_few import few_of

if TYPE_CHECKING:
    from pathlib import Path

    from mmrag_jupyter.store.background import Background, Told
    from mmrag_jupyter.store.nearest import View


def start(background: Background, folder: Path, view: View, notices: list[str]) -> None:
    """Begin to build a space's index; a line for the user if it cannot be built."""
    path = index_file.path_of(folder, view.space.number)

    def in_vain(reason: str) -> None:
        notices.append(
            f"the search index of space {view.space.name!r} could not be built ({reason}): "
            "searching goes on without it, exactly but more slowly"
        )

    state = view.uid, len(view.vectors), view.space.recall
    background.start(path, state, lambda told: _build(folder, path, view, told), in_vain)


def _build(folder: Path, path: Path, view: View, told: Told) -> None:
    single, recall = few_of(view), view.space.recall
    facts = faiss_index.facts_of(path, view.uid)
    if not faiss_index.is_wanted(len(single.vectors), facts, recall):
        return
    refuse_more_than_free(faiss_index.memory(single.vectors))
    own = vectors.path_of(folder, view.space)

    def watching(done: int, total: int) -> None:
        # A compacted or dropped space needs another index, or none.
        if not own.exists():
            raise StoppedError
        told(done, total)

    faiss_index.build(path, view.uid, single.vectors, single.rows, recall, watching)
