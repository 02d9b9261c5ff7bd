"""Where a collection can learn: for each kind of part a space, and what reads the queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.models.base import checked
from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.search.adapters import Adapter, Words, unit, words_of
from mmrag_jupyter.tuning.learn import learn
from mmrag_jupyter.tuning.lesson import Lesson

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.base import Embedder
    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import PartRow, Store
    from mmrag_jupyter.tuning.examples import Examples

    Array = npt.NDArray[np.float32]

# Of very many words the most frequent are learnt.
_MOST_WORDS = 5000
# Parts of one item: which of a long document's passages answer, nobody has said.
_MOST_PARTS = 16
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """From texts to the parts of one modality.

    Attributes
    ----------
    space, reader
        The models of the space and of what reads the texts; "" is their words themselves.
    read
        Shape (n, f): the texts' vectors; None where their words are counted.
    parts, owners
        The vectors of the judged items' parts, shape (m, d), and the item of each.
    beside_texts
        Whether most of the right items have a text too, by which words find them already.
    """

    modality: Modality
    space: str
    reader: str
    texts: Sequence[str]
    read: Array | None
    parts: Array
    owners: npt.NDArray[np.int64]
    beside_texts: bool

    def lesson(
        self, examples: Examples, queries: npt.NDArray[np.int64], items: frozenset[int]
    ) -> tuple[Lesson, Words | None]:
        """Return what some queries and items teach, and the words that are counted."""
        words = None
        read = self.read
        if read is None:
            words = vocabulary([self.texts[at] for at in queries.tolist()])
            read = words.vectors(self.texts)
        whole = Lesson(
            read, self.parts, self.owners, examples.good, examples.bad, self.reader == self.space
        )
        return whole.some(queries, items), words

    def learn(
        self,
        examples: Examples,
        queries: npt.NDArray[np.int64],
        items: frozenset[int],
        seed: int,
        told: Callable[[], None],
    ) -> Adapter | None:
        """Return what some queries and some items teach, or None where that is nothing."""
        lesson, words = self.lesson(examples, queries, items)
        found = learn(lesson, seed, told) if lesson.queries.any() else None
        if found is None:
            return None
        return Adapter(
            self.modality, self.space, self.reader, found.base, found.down, found.up, words,
            examples.with_words, examples.with_words and self.beside_texts,
        )  # fmt: skip


def ways_of(store: Store, serving: Serving, examples: Examples) -> list[Way]:
    """Return the ways in which queries can reach the judged items, but by their words alone.

    Raises
    ------
    ModelError
        A model cannot read the texts.
    """
    judged = sorted(frozenset[int]().union(*examples.good, *examples.bad))
    rows: dict[Modality, list[PartRow]] = {}
    for row in store.parts_of(judged):
        rows.setdefault(row.modality, []).append(row)
    right = frozenset[int]().union(*examples.good)
    described = {row.item for own in rows.values() for row in own if row.text}
    found = []
    known: dict[str, Array] = {}
    for modality, (space, embedder) in serving.items():
        if modality not in rows or is_late(embedder) or not examples.may_find(modality):
            continue
        reader = _reader(modality, embedder, serving)
        if reader is None:
            continue
        lacking = {*store.parts_without_vector(space, modality)}
        own = _first([row for row in rows[modality] if row.part not in lacking])
        if not own:
            continue
        name = "" if isinstance(reader, str) else reader.name
        if not isinstance(reader, str) and name not in known:
            known[name] = _read(reader, examples.texts)
        found.append(
            Way(
                modality,
                embedder.name,
                name,
                examples.texts,
                known.get(name),
                unit(store.vectors(space, [row.part for row in own])),
                np.array([row.item for row in own], np.int64),
                _mostly(described, right & {row.item for row in own}),
            )
        )
    return found


def vocabulary(texts: Sequence[str]) -> Words:
    """Return the words of some texts, and how much each tells."""
    counts = Counter(word for text in texts for word in set(words_of(text)))
    kept = [word for word, _ in counts.most_common(_MOST_WORDS)]
    kept.sort()
    often = np.array([counts[word] for word in kept], np.float32)
    return Words(tuple(kept), np.log((1 + len(texts)) / (1 + often)) + np.float32(1))


def _reader(modality: Modality, embedder: Embedder, serving: Serving) -> Embedder | str | None:
    """Return what reads texts for a space: its own model, that of the texts, or "" for words."""
    if "text" in embedder.modalities:
        return embedder
    if modality not in {"image", "audio"}:
        return None
    _, other = serving.get("text", (0, None))
    return "" if other is None or is_late(other) else other


def _read(reader: Embedder, texts: Sequence[str]) -> Array:
    batches = [
        checked(reader, "text", texts[at : at + _BATCH], query=True)
        for at in range(0, len(texts), _BATCH)
    ]
    return np.concatenate(batches)


def _mostly(described: Collection[int], items: Collection[int]) -> bool:
    return 2 * sum(item in described for item in items) > len(items)


def _first(rows: Sequence[PartRow]) -> list[PartRow]:
    seen: Counter[int] = Counter()
    kept = []
    for row in rows:
        seen[row.item] += 1
        if seen[row.item] <= _MOST_PARTS:
            kept.append(row)
    return kept
