"""Parts with many vectors each, elsewhere: rows of their own, fetched for what a query looks at.

A part's number is never used again, so that what was fetched once stays true; it is kept within
bounds. The vectors are written before the row of their part and removed after it: a part that is
there has all of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import StoreError
from mmrag_jupyter.kept import Kept
from mmrag_jupyter.served import tokens_rows
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.served.media import MOST_BYTES
from mmrag_jupyter.served.rows import KEY
from mmrag_jupyter.served.selection import looked_at, test_of
from mmrag_jupyter.served.tokens_rows import ALL_KIND, FEW_KIND
from mmrag_jupyter.store.soundness import UnsoundError
from mmrag_jupyter.store.tokens import FEW, TokenRows
from mmrag_jupyter.store.tokens_reader import TokenReader
from mmrag_jupyter.store.tokens_search import best, in_two_stages, scored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.served.reading import Reading
    from mmrag_jupyter.store.selection import Selection
    from mmrag_jupyter.store.tokens import Integers
    from mmrag_jupyter.store.tokens_search import Question
    from mmrag_jupyter.store.values import Space

    Matrix = npt.NDArray[np.float32]
    Half = npt.NDArray[np.float16]
    Scores = npt.NDArray[np.float32]
    Ranked = tuple[Integers, Scores]
    # By the numbers of a space and a part.
    Fetched = Kept[tuple[int, int], bytes]

# Of some 30,000 pages, and of 6,000.
_MOST_FEW, _MOST_ALL = 256 << 20, 512 << 20
# Parts that are guessed at, and that are visited, at once.
_GUESSED, _VISITED = 512, 64
# To visit a part costs more here than on a disk: fewer of the best guesses are visited at first,
# and fewer at random.
_BEGUN = 256, 64
# Bytes, and rows, that are asked for at once.
_ANSWER, _KEYS = 6_000_000, 1000


class ServedTokens(TokenReader):
    """The parts of a collection elsewhere by their many vectors; threads may share it."""

    def __init__(self, store: Reading) -> None:
        # Not that of a folder: there are no files.
        self._store = store
        self._few: Fetched = Kept(len, _MOST_FEW)
        self._all: Fetched = Kept(len, _MOST_ALL)

    def close(self) -> None:
        """Let go of what was fetched."""
        self._few.clear()
        self._all.clear()

    def nearest(
        self,
        space: int,
        question: Question,
        k: int,
        within: Selection | None = None,
        *,
        exact: bool = False,
    ) -> Ranked:
        """Find the k parts that score best by MaxSim; as `TokenReader.nearest`.

        Raises
        ------
        StoreError
            What was read was no vector.
        """
        own, store = self._store.space(space), self._store
        allows = looked_at(within)
        fields = ("part", "item") if allows is None else ("part", "item", "record")
        found = store.engine.scan(store.layout.of_space(own), test_of(within), fields)
        rows = [row for row in found if allows is None or allows(row)]
        there = store.valid({row.number("part"): row.number("item") for row in rows})
        parts = np.array(sorted(there), np.int64)
        try:
            counts, guess = self._guessed(own, question, parts)
            known = np.flatnonzero(counts)
            if not len(known) or not k:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            score = partial(self._scored, own, question, parts, counts)
            if exact:
                scores, which = best(score(known), known, k)
            else:
                scores, which = in_two_stages(score, iter([guess[known]]), k, known, _BEGUN)
        except UnsoundError:
            raise StoreError(
                f"What lies at {store.place} as vectors of {own.name} are none: embed it again "
                "(--reembed, reembed=True)."
            ) from None
        is_there = np.isfinite(scores)
        return parts[which[is_there]], scores[is_there]

    def of_digests(self, space: int, digests: Sequence[bytes]) -> dict[bytes, Matrix]:
        """Return the vectors, shape (n, dim) float32, of parts with these content hashes.

        Those that a killed load has left serve too: they are not made twice.
        """
        store, wanted = self._store, [one.hex() for one in digests]
        table = store.layout.of_space(store.space(space))
        rows = store.scanned(table, "digest", "text", wanted, ("digest", "part"))
        parts = {row.text("digest"): row.number("part") for row in rows}
        found = self.of(space, list(parts.values()))
        return {
            bytes.fromhex(digest): found[part] for digest, part in parts.items() if part in found
        }

    def of_parts(self, space: int, parts: Sequence[int]) -> list[Matrix]:
        """Return the vectors, shape (n, dim) float32, of those parts that have some in a space."""
        found = self.of(space, parts)
        return [found[int(part)] for part in parts if int(part) in found]

    def of(self, space: int, parts: Sequence[int]) -> dict[int, Matrix]:
        """Return the vectors of those parts that have some in a space, by their numbers."""
        own = self._store.space(space)
        counts = {part: count for part, (count, _) in self._few_of(own, parts).items()}
        return {part: found.astype(np.float32) for part, found in self._all_of(own, counts).items()}

    def few(self, space: int, parts: Sequence[int]) -> Matrix:
        """Return the few vectors that stand for all of each part, joined, shape (n, FEW * dim).

        Raises
        ------
        KeyError
            A part has none in this space.
        """
        own = self._store.space(space)
        found = np.empty((len(parts), own.dim), np.float32)
        for at in range(0, len(parts), _GUESSED):
            some = [int(part) for part in parts[at : at + _GUESSED]]
            few = self._few_of(own, some)
            found[at : at + len(some)] = np.stack([few[part][1] for part in some])
        return found

    def _guessed(
        self, own: Space, question: Question, parts: Integers
    ) -> tuple[Integers, npt.NDArray[np.float64]]:
        """Return how many vectors each part has, and what their few say of its score."""
        counts, guess = np.zeros(len(parts), np.int64), np.full(len(parts), -np.inf)
        for at in range(0, len(parts), _GUESSED):
            few = self._few_of(own, parts[at : at + _GUESSED].tolist())
            there = [place for place in range(at, at + _GUESSED) if place < len(parts)]
            there = [place for place in there if int(parts[place]) in few]
            if there:
                found = [few[int(parts[place])] for place in there]
                counts[there] = [count for count, _ in found]
                guess[there] = _scored([one.reshape(FEW, -1) for _, one in found], question)
        return counts, guess

    def _scored(
        self, own: Space, question: Question, parts: Integers, counts: Integers, rows: Integers
    ) -> Scores:
        """Return the exact scores of some parts; -inf of those that are gone by now."""
        scores = np.full(len(rows), -np.inf, np.float32)
        for at in range(0, len(rows), _VISITED):
            some = rows[at : at + _VISITED]
            wanted = dict(zip(parts[some].tolist(), counts[some].tolist(), strict=True))
            found = self._all_of(own, wanted)
            there = [place for place, part in enumerate(wanted) if part in found]
            if there:
                own_ones = [found[part] for part in wanted if part in found]
                scores[[at + place for place in there]] = _scored(own_ones, question)
        return scores

    def _few_of(self, own: Space, parts: Sequence[int]) -> dict[int, tuple[int, Half]]:
        size = tokens_rows.few_size(own)
        found = self._read(own, FEW_KIND, {int(part): size for part in parts}, self._few)
        return {part: tokens_rows.read_few(data) for part, data in found.items()}

    def _all_of(self, own: Space, counts: Mapping[int, int]) -> dict[int, Half]:
        sizes = {part: tokens_rows.size_of(own, count) for part, count in counts.items()}
        found = self._read(own, ALL_KIND, sizes, self._all)
        return {part: tokens_rows.read_all(own, data) for part, data in found.items()}

    def _read(
        self, own: Space, kind: str, sizes: Mapping[int, int], kept: Fetched
    ) -> dict[int, bytes]:
        """Return so many bytes of each part, as they were kept, those that are there whole."""
        found = {part: data for part in sizes if (data := kept.get((own.number, part)))}
        lacking = [part for part in sizes if part not in found]
        fetched = self._fetched(own, kind, {part: sizes[part] for part in lacking})
        for part, data in fetched:
            kept.put((own.number, part), data)
            found[part] = data
        return found

    def _fetched(
        self, own: Space, kind: str, sizes: Mapping[int, int]
    ) -> Iterator[tuple[int, bytes]]:
        store, table = self._store, self._store.layout.tokens(own.number)
        keys = {part: tokens_rows.keys_of(kind, part, size) for part, size in sizes.items()}
        piece = min(MOST_BYTES, max(sizes.values(), default=1))
        wanted = [key for one in keys.values() for key in one]
        at_once = min(_KEYS, max(1, _ANSWER // piece))
        pieces: dict[str, bytes] = {}
        for at in range(0, len(wanted), at_once):
            test = among(KEY, "text", wanted[at : at + at_once])
            for row in store.engine.scan(table, test, (KEY, "data")):
                pieces[row.text(KEY)] = tokens_rows.piece_of(row)
        for part, own_keys in keys.items():
            data = b"".join(pieces.get(key, b"") for key in own_keys)
            if len(data) == sizes[part]:
                yield part, data


def _scored(found: Sequence[Half], question: Question) -> Scores:
    """Return the exact scores of parts by their vectors, shape (n,)."""
    counts = np.array([len(one) for one in found], np.int64)
    laid = TokenRows(np.concatenate(found), np.cumsum(counts) - counts, counts)
    return scored(laid, question, np.arange(len(found)))
