"""One chunk of a load: the items to be stored together, and their vectors as they come."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.items import NewItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.ingest.digests import Fingerprinted
    from mmrag_jupyter.items import Media, Modality, NewPart
    from mmrag_jupyter.store.tokens_writing import PartVectors

    Vectors = npt.NDArray[np.float32]

Place = tuple[int, int]


class Chunk:
    """Items that are committed together; places are (item, part) positions in it."""

    def __init__(self, items: Sequence[Fingerprinted]) -> None:
        self.items = items
        self._failed: dict[Place, str] = {}
        self._hurt = {at for at, item in enumerate(items) if item.failures}
        self._places: dict[int, list[Place]] = defaultdict(list)
        self._vectors: dict[int, list[PartVectors]] = defaultdict(list)

    def parts(self, modality: Modality) -> Iterator[tuple[Place, NewPart]]:
        """Yield the parts of a modality with their places; those without content are left out."""
        for at, found in enumerate(self.items):
            for number, part in enumerate(found.parts):
                if part.modality == modality and (part.text or found.media[number] is not None):
                    yield (at, number), part

    def part(self, place: Place) -> NewPart:
        """Return the part at a place."""
        return self.items[place[0]].parts[place[1]]

    def media(self, place: Place) -> Media | None:
        """Return the picture or recording of the part at a place."""
        return self.items[place[0]].media[place[1]]

    def add(self, space: int, places: Sequence[Place], vectors: PartVectors) -> None:
        """Take the vectors of the parts at n places: (n, dim), or n matrices (tokens, dim)."""
        self._places[space].extend(places)
        self._vectors[space].append(vectors)

    def fail(self, place: Place, reason: str) -> None:
        """Leave a part out, because it could not be read."""
        self._failed[place] = reason
        self._hurt.add(place[0])

    def failures(self) -> list[tuple[Fingerprinted, str]]:
        """Return each failed part's item and reason, those of reading files included."""
        found = [(item, reason) for item in self.items for reason in item.failures]
        return found + [(self.items[at], reason) for (at, _), reason in self._failed.items()]

    def is_lost(self, at: int) -> bool:
        """Tell whether nothing of an item could be read: it had parts, and all failed."""
        if at not in self._hurt:
            return False
        return all((at, number) in self._failed for number in range(len(self.items[at].parts)))

    def is_whole(self, at: int) -> bool:
        """Tell whether all of an item could be read."""
        item = self.items[at]
        places = ((at, number) for number in range(len(item.parts)))
        return not item.failures and not any(place in self._failed for place in places)

    def ready(
        self,
    ) -> tuple[list[NewItem], Mapping[int, tuple[npt.NDArray[np.int64], PartVectors]]]:
        """Return the items to be stored, and each space's vectors by the ordinal of their part."""
        ordinals: dict[Place, int] = {}
        items = []
        for at, found in enumerate(self.items):
            if self.is_lost(at):
                continue
            parts = []
            for number, part in enumerate(found.parts):
                if (at, number) not in self._failed:
                    ordinals[at, number] = len(ordinals)
                    parts.append(part)
            digest = found.digest if self.is_whole(at) else found.partial_digest
            items.append(
                NewItem(found.item.id, digest, parts, found.item.metadata, found.item.index)
            )
        vectors = {}
        for space, places in self._places.items():
            kept = [number for number, place in enumerate(places) if place in ordinals]
            own = np.array([ordinals[places[number]] for number in kept], dtype=np.int64)
            vectors[space] = own, _taken(self._vectors[space], kept)
        return items, vectors


def _taken(blocks: Sequence[PartVectors], kept: Sequence[int]) -> PartVectors:
    """Return those of the vectors of all blocks that are kept."""
    if all(isinstance(block, np.ndarray) for block in blocks):
        rows: Vectors = np.concatenate(blocks)
        return rows if len(kept) == len(rows) else rows[kept]
    matrices = [matrix for block in blocks for matrix in block]
    return [matrices[at] for at in kept]
