"""What groups of items are called: by the words that are typical of each against the others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.exploring.lexical import counter
from mmrag_jupyter.exploring.texts import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from mmrag_jupyter.exploring.work import Work
    from mmrag_jupyter.store import Store

    Integers = npt.NDArray[np.int64]

_WORDS = 3
_LOOKED_AT = 20_000  # items that name their groups
_LONGEST = 200  # characters of a metadata value that names something
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")  # the words of one name no group
_STEM = 4  # letters from which on two words that begin alike are one


def typical_words(
    store: Store, items: Integers, groups: Integers, count: int, work: Work
) -> list[tuple[str, ...]]:
    """Return the most typical words of each group; none for one whose items have no words.

    Class-based TF-IDF: Grootendorst, "BERTopic" (2022), equation 2.

    Parameters
    ----------
    items, groups
        The numbers of the items and of their groups, from 0 to below `count`, shape (n,).
    """
    if len(items) > _LOOKED_AT:
        some = np.sort(np.random.default_rng(0).choice(len(items), _LOOKED_AT, replace=False))
        items, groups = items[some], groups[some]
    written = texts_of(store, items, work)
    rows = {row.item: row.metadata for row in store.items(items.tolist())}
    common = _common(list(rows.values()))
    texts = [
        _ADDRESS.sub(" ", " ".join([written.get(item, ""), *_told(rows.get(item, {}), common)]))
        for item in items.tolist()
    ]
    vectorizer = counter(len(texts))
    try:
        times = vectorizer.fit_transform(texts)
    except ValueError:  # no words are left
        return [()] * count
    counts = times.copy()
    counts.data[:] = 1  # a word that an item repeats is not more typical of its group
    words = vectorizer.get_feature_names_out()
    total = np.asarray(counts.sum(axis=0)).ravel()
    found = []
    for group in range(count):
        inside = np.flatnonzero(groups == group)
        own = (
            np.asarray(counts[inside].sum(axis=0)).ravel() if len(inside) else np.zeros(len(words))
        )
        average = max(float(total.sum()) / max(count, 1), 1.0)
        weight = own / max(len(inside), 1) * np.log1p(average / np.maximum(total, 1))
        # What others have as often is typical of none.
        outside = (total - own) / max(len(items) - len(inside), 1)
        weight[own / max(len(inside), 1) <= outside] = 0
        found.append(_distinct(words, weight, np.asarray(times[inside].sum(axis=0)).ravel()))
    return found


def named(words: Sequence[tuple[str, ...]], central: Sequence[str]) -> list[str]:
    """Return a name for each group, no two alike: its words, or what it is like."""
    names: list[str] = []
    for own, item in zip(words, central, strict=True):
        name = ", ".join(own) or f"like {item}"
        names.append(name if name not in names else f"{name} (like {item})")
    return names


def _common(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the columns of words that several items share: neither ids nor paths."""
    found = []
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [value for row in rows if isinstance(value := row.get(name), str)]
        paths = sum("/" in value or "\\" in value for value in values)
        if 2 * len(set(values)) <= len(values) and 2 * paths <= len(values):
            found.append(name)
    return found


def _told(metadata: Mapping[str, object], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = metadata.get(name)
        if isinstance(value, str):
            yield value[:_LONGEST]


def _distinct(
    words: npt.NDArray[np.str_], weight: npt.NDArray[np.float64], times: Integers
) -> tuple[str, ...]:
    """Return the words of the most weight; of as typical ones, those that are said most often."""
    found: list[str] = []
    for at in np.lexsort((-times, -weight))[: 10 * _WORDS].tolist():
        word = str(words[at])
        if weight[at] <= 0 or len(found) == _WORDS:
            break
        if not any(_alike(word, other) for other in found):
            found.append(word)
    return tuple(found)


def _alike(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    return shorter >= _STEM and one[: shorter - 1] == other[: shorter - 1]
