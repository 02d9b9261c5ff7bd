"""What a source of files lists, in blocks, so that it can be told which of them are as they were.

A block of a million files is found again although some have come or gone before it: where it
ends is told by the names in it, as a file is cut by its content for a backup.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mmrag_jupyter.items import Item, Problem
    from mmrag_jupyter.sources.walk import Files

# A block ends behind one name of so many.
_FILES_A_BLOCK = 256
_DIGEST_BYTES = 8
# File systems tell times in steps of up to two seconds.
_SETTLED = 2_000_000_000  # nanoseconds


class Block(NamedTuple):
    """Files that follow one another, from `first` to before `end`, and a hash of what is listed."""

    first: int
    end: int
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The blocks of a source, but for those that their listing tells nothing of.

    `items` opens the files at some places only.
    """

    blocks: Sequence[Block]
    items: Callable[[Iterable[int]], Iterator[Item | Problem]]


def blocks(files: Files, opened: set[str], told: object) -> list[Block]:
    """Return the blocks of which it can be told from what is listed whether they are as they were.

    A file may be so young that it can change yet without looking younger.

    Parameters
    ----------
    opened
        The names of files that have to be looked into.
    told
        What else their items depend on.
    """
    young = time.time_ns() - _SETTLED
    found = []
    first = 0
    ends = [at for at, name in enumerate(files.names, 1) if _ends(name)]
    for end in [*ends, len(files)]:
        names, times = files.names[first:end], files.times[first:end]
        if names and max(times) <= young and opened.isdisjoint(names):
            listed = "\0".join([repr(told), *names]).encode()
            seen = hashlib.blake2b(listed, digest_size=_DIGEST_BYTES)
            seen.update(files.sizes[first:end].tobytes() + times.tobytes())
            found.append(Block(first, end, seen.hexdigest()))
        first = end
    return found


def _ends(name: str) -> bool:
    return not zlib.crc32(name.encode()) % _FILES_A_BLOCK
