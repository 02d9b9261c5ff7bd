"""What was learnt about queries: small linear maps that turn a query's vector before it searches.

A collection that was tuned has at most one for each modality. Stored vectors and their indexes
stay as they are: a score is <normalise(W q), x>. An adapter of a space whose model reads texts
turns the text's own vector; one of a space whose model knows no texts makes a vector of that
space out of the words alone, which is a signal of its own, `learnt`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, cast, get_args

import numpy as np

from mmrag_jupyter.items import Modality
from mmrag_jupyter.models.base import checked
from mmrag_jupyter.models.late import is_late

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from mmrag_jupyter.search.signals import Serving
    from mmrag_jupyter.store import Store
    from mmrag_jupyter.store.tuned import TunedFile

    Array = npt.NDArray[np.float32]

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Texts as vectors of their words: the words that count, and how much (`idf`, shape (n,))."""

    vocabulary: tuple[str, ...]
    idf: Array
    _place: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {word: at for at, word in enumerate(self.vocabulary)})

    def vectors(self, texts: Sequence[str]) -> Array:
        """Return shape (texts, words) float32, of length 1, or 0 where no word is known.

        G. Salton and C. Buckley, "Term-weighting approaches in automatic text retrieval" (1988),
        with the logarithm of a word's count.
        """
        rows = np.zeros((len(texts), len(self.vocabulary)), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word, count in Counter(words_of(text)).items():
                if (at := self._place.get(word)) is not None:
                    row[at] = np.log1p(count) * self.idf[at]
        return unit(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """Turns texts' vectors q, shape (n, f), to `base` q + `up` `down` q in a space, shape (n, d).

    Attributes
    ----------
    modality
        Of the parts that it finds.
    space, reader
        The models of the space that is searched, and of the one that reads the texts, as
        their spaces are called; "" is the words themselves (`words`).
    base
        1 where the text's own vector is kept and added to, else 0.
    down, up
        Shape (rank, f) and (d, rank).
    joins
        Whether it has its say beside the pictures of the items that words find, or only where
        they find none: what was learnt from pairs was never tried beside them.
    beside_texts
        Whether it ranks the pictures of items with a text too, beside what that text says, and
        not only where words cannot reach: where it was learnt from such items, and tried on them.
    """

    modality: Modality
    space: str
    reader: str
    base: float
    down: Array
    up: Array
    words: Words | None = None
    joins: bool = True
    beside_texts: bool = False

    @property
    def is_learnt(self) -> bool:
        """Whether the space's own model knows no texts, so that this is a signal of its own."""
        return self.reader != self.space

    def turned(self, vectors: Array) -> Array:
        """Return texts' vectors as vectors of the space: of length 1, or 0 where nothing is."""
        moved = (vectors @ self.down.T) @ self.up.T
        return unit(vectors + moved if self.base else moved)


Adapters = dict[Modality, Adapter]


def adapters_of(store: Store, serving: Serving) -> Adapters:
    """Return the adapters that serve in a collection; what cannot be used is said, and left out."""
    file = store.tuned.current()
    if file is None:
        return {}
    try:
        made = _unpacked(file)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        store.tuned.refuse(file.name, f"{file.name} is damaged ({type(error).__name__}: {error})")
        return {}
    found = fitting(made, serving)
    if made and not found and serving.keys() >= made.keys():
        store.tuned.refuse(file.name, "it was made for another model")
    return found


def has_learnt(store: Store) -> bool:
    """Tell whether words find parts whose model knows none; no model is loaded to find out."""
    file = store.tuned.current()
    return file is not None and any(
        one["reader"] != one["space"]
        for one in json.loads(file.facts.get("adapters", "{}")).values()
    )


def learnt_vector(adapter: Adapter, text: str, serving: Serving) -> Array | None:
    """Return the vector, shape (dim,), of a text in a space whose model reads none.

    None where nothing of the text was met before.
    """
    if adapter.words is not None:
        read = adapter.words.vectors([text])
    else:
        own = serving.get("text")
        if own is None or is_late(own[1]) or own[1].name != adapter.reader:
            return None
        read = checked(own[1], "text", [text], query=True)
    found = adapter.turned(read)[0]
    return found if found.any() else None


def fitting(adapters: Adapters, serving: Serving) -> Adapters:
    """Return those adapters that fit the models that serve."""
    names = {modality: embedder.name for modality, (_, embedder) in serving.items()}
    sizes = {modality: embedder.dim for modality, (_, embedder) in serving.items()}
    readers = {"", *names.values()}
    return {
        modality: one
        for modality, one in adapters.items()
        if names.get(modality) == one.space
        and one.reader in readers
        and sizes[modality] == len(one.up)
    }


def packed(adapters: Adapters) -> tuple[dict[str, npt.NDArray[np.generic]], str]:
    """Return adapters as plain arrays, and what they are as JSON."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    told = {}
    for modality, one in adapters.items():
        arrays |= {f"{modality}.down": one.down, f"{modality}.up": one.up}
        told[modality] = {
            "space": one.space, "reader": one.reader, "base": one.base, "joins": one.joins,
            "beside_texts": one.beside_texts,
        }  # fmt: skip
        if one.words is not None:
            spelt = "\n".join(one.words.vocabulary).encode()
            arrays[f"{modality}.words"] = np.frombuffer(spelt, np.uint8)
            arrays[f"{modality}.idf"] = one.words.idf
    return arrays, json.dumps(told)


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are counted."""
    return [word.casefold() for word in _WORD.findall(text)]


def unit(rows: npt.NDArray[np.floating]) -> Array:
    """Return rows of length 1; those of length 0 stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)


@lru_cache(maxsize=8)
def _unpacked(file: TunedFile) -> Adapters:
    """Return what `packed` has kept.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        It was written by nobody of ours.
    """
    found: Adapters = {}
    for modality, told in json.loads(file.facts["adapters"]).items():
        down, up = (_matrix(file, f"{modality}.{name}") for name in ("down", "up"))
        words = None
        if told["reader"] == "":
            spelt = file.arrays[f"{modality}.words"].tobytes().decode()
            idf = np.asarray(file.arrays[f"{modality}.idf"], np.float32)
            words = Words(tuple(spelt.split("\n")), idf)
            _same(len(words.vocabulary), len(idf), down.shape[1])
        _same(len(down), up.shape[1])
        if modality not in get_args(Modality):
            raise ValueError(f"modality {modality!r}")
        base = 1.0 if told["base"] else 0.0
        found[modality] = Adapter(
            modality, str(told["space"]), str(told["reader"]), base, down, up, words,
            bool(told["joins"]), bool(told["beside_texts"]),
        )  # fmt: skip
        if base:
            _same(down.shape[1], len(up))
    return found


def _matrix(file: TunedFile, name: str) -> Array:
    matrix = file.arrays[name]
    if matrix.ndim != 2 or matrix.dtype != np.float32 or not np.isfinite(matrix).all():  # noqa: PLR2004 - a matrix has two
        raise ValueError(f"{name} is no matrix of numbers")
    return cast("Array", matrix)


def _same(*sizes: int) -> None:
    if len(set(sizes)) > 1:
        raise ValueError(f"sizes {sizes} do not fit together")
