"""Items that are there twice: the same content, or nearly the same."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.exploring.cloud import asked_for, gather, incomparable
from mmrag_jupyter.exploring.looking import Looking
from mmrag_jupyter.exploring.near import (
    WORTH_A_LOOK,
    cosines,
    default_limit,
    join_near,
    raised_limit,
)
from mmrag_jupyter.exploring.sets import Sets
from mmrag_jupyter.exploring.shingles import DEFAULT_LIMIT, Shingles
from mmrag_jupyter.exploring.texts import texts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from mmrag_jupyter.exploring.cloud import Cloud
    from mmrag_jupyter.exploring.signals import Signal
    from mmrag_jupyter.exploring.work import Work
    from mmrag_jupyter.store import Store

    Integers = npt.NDArray[np.int64]
    Alike = Callable[[Integers, Integers], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Twins:
    """Items that are there more than once, group after group, the one to keep first in each.

    Attributes
    ----------
    items, groups
        The items' numbers and those of their groups, from 1; shape (n,) int64 each.
    exact
        Which have the same content as the first of their group; shape (n,) bool.
    similarity
        How alike each is to the first of its group, up to 1; shape (n,) float64.
    limit
        From which similarity on two were taken for near-duplicates; None where only what is
        the same was looked for.
    looked_at, missing
        How many items were compared, and how many have nothing to be compared by.
    pictured, unseen
        Whether a look at the pictures decided what is near, and of how many items that were
        near no picture could be opened.
    """

    items: Integers
    groups: Integers
    exact: npt.NDArray[np.bool_]
    similarity: npt.NDArray[np.float64]
    limit: float | None
    looked_at: int
    missing: int
    pictured: bool = False
    unseen: int = 0


def find(
    store: Store, signal: Signal, *, where: str | None, near: float | None, exact: bool, work: Work
) -> Twins:
    """Return the groups of items that have the same or nearly the same parts of a modality.

    Items belong together that are near, and those that are near to these, and so on.

    Parameters
    ----------
    near
        From which similarity on two are near-duplicates: a cosine, or for texts without
        vectors the share of their shingles. Without it, what suits the space; pictures that
        are so near are then looked at, whether they are the same or look alike only.
    exact
        Only what is the same.

    Raises
    ------
    QueryError
        `near` is no similarity, or nothing is left to compare.
    """
    if near is not None and not (isinstance(near, Real) and 0 < near <= 1):
        raise QueryError(f"A similarity is above 0 and at most 1, not {str(near)[:40]}.")
    asked = asked_for(store, where)
    having, content = _contents(store, signal, asked)
    if not len(having):
        raise incomparable(store, signal, where)
    sets = Sets(len(having))
    order = np.argsort(content, kind="stable")
    same = content[order][1:] == content[order][:-1]
    sets.join(order[:-1][same], order[1:][same])
    found = _Found(None, lambda one, _: np.ones(len(one)))
    if not exact and signal.space is None:
        found = _by_words(store, having, sets, near=near, work=work)
    elif not exact:
        cloud = gather(store, signal, where=where, work=work)
        found = _by_vectors(store, cloud, having, sets, near=near, work=work)
    return _twins(having, content, sets, found, len(asked))


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """By what near-duplicates were found: the limit, and how alike pairs are, by their places."""

    limit: float | None
    alike: Alike
    pictured: bool = False
    unseen: int = 0


def _by_words(
    store: Store, having: Integers, sets: Sets, *, near: float | None, work: Work
) -> _Found:
    limit = near or DEFAULT_LIMIT
    texts = texts_of(store, having, work)
    shingles = Shingles([texts.get(item, "") for item in having.tolist()], work)
    shingles.join(limit, sets, work)
    return _Found(limit, shingles.overlap)


def _by_vectors(
    store: Store, cloud: Cloud, having: Integers, sets: Sets, *, near: float | None, work: Work
) -> _Found:
    cloud = cloud.only(np.isin(cloud.items, having))  # another process may have added some
    at = np.searchsorted(having, cloud.items)
    place = np.full(len(having), -1)
    place[at] = np.arange(len(cloud))
    own = Sets(len(cloud))
    for group in sets.groups():  # what is the same need not be compared
        known = place[group][place[group] >= 0]
        own.join(known[:-1], known[1:])
    looking: Looking | None = None
    if near is not None:
        limit = near
    elif cloud.signal.modality in {"image", "page"}:
        limit = raised_limit(cloud.vectors, default_limit(cloud.vectors, WORTH_A_LOOK))
        strict = default_limit(cloud.vectors)
        looking = Looking(store, cloud.items, cloud.signal.modality, strict)
    else:
        limit = default_limit(cloud.vectors)
    join_near(cloud.vectors, limit, own, work, None if looking is None else looking.same)
    for group in own.groups():
        sets.join(at[group[:-1]], at[group[1:]])
    return _Found(
        limit,
        lambda one, other: cosines(cloud.vectors, place[one], place[other]),
        looking is not None,
        0 if looking is None else looking.unseen,
    )


def _contents(store: Store, signal: Signal, wanted: Integers) -> tuple[Integers, Integers]:
    """Return those items that have parts of a modality, and a number for what each holds."""
    owners, digests = store.digests(signal.modality)
    kept = np.isin(owners, wanted)
    held: dict[int, list[bytes]] = {}
    for item, digest in zip(owners[kept].tolist(), np.flatnonzero(kept).tolist(), strict=True):
        held.setdefault(item, []).append(digests[digest])
    known: dict[bytes, int] = {}
    # The order of an item's parts does not make it another.
    content = [known.setdefault(b"".join(sorted(one)), len(known)) for one in held.values()]
    return np.array(list(held), np.int64), np.array(content, np.int64)


def _twins(having: Integers, content: Integers, sets: Sets, found: _Found, asked: int) -> Twins:
    # The largest groups first: they are what a reader looks for.
    groups = sorted(sets.groups(), key=len, reverse=True)
    members = np.concatenate(groups) if groups else np.empty(0, np.int64)
    sizes = [len(group) for group in groups]
    firsts = np.repeat(np.array([group[0] for group in groups], np.int64), sizes)
    exact = content[members] == content[firsts]
    return Twins(
        items=having[members],
        groups=np.repeat(np.arange(1, len(groups) + 1), sizes),
        exact=exact,
        similarity=np.where(exact, 1.0, found.alike(members, firsts)),
        limit=found.limit,
        looked_at=len(having),
        missing=asked - len(having),
        pictured=found.pictured,
        unseen=found.unseen,
    )
