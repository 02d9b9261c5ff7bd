"""Search spaces with many vectors a part by MaxSim, exactly or in two stages.

The score of a part is the weighted sum, over the question's tokens, of the largest cosine
that one of the part's tokens has with each. Up to some hundred thousand tokens all are
visited. Above that, FAISS finds which parts have one of their few vectors near to a token of
the question, and the parts are visited in the order that this tells, until hardly any of the
best can be missing. Tokens stream through in blocks: never are all of them in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mmrag_jupyter.store.soundness import UnsoundError
from mmrag_jupyter.store.tokens import FEW, widened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from mmrag_jupyter.store.flat import Found
    from mmrag_jupyter.store.tokens import Integers, TokenRows, Tokens, TokenView

    Matrix = npt.NDArray[np.float32]
    Scores = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]
    Guess = npt.NDArray[np.float64]
    # Of tokens, shape (n, dim): the k nearest of the allowed ones of all parts' few vectors.
    Near: TypeAlias = Callable[[Matrix, int, Mask], Found]

# Up to this many tokens all are visited: some 80 ms on two quiet cores.
EXACT_UP_TO = 1_000_000
_BLOCK_TOKENS = 16_384
# So many of all parts' few vectors are looked for near each token of the question; and so
# many where those tell too little.
_NEAREST, _MORE = 256, 4096
# The second stage begins with so many candidates and as many parts taken at random, which
# show how well the first stage tells the scores.
_FIRST = 512
_SAMPLE = 256
# It ends when fewer than this share of the wanted parts is expected to be still missing.
_MISSING = 0.002
# Cosines may exceed 1 by what float16 rounds; what exceeds this was no vector.
_MOST = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is looked for: `tokens`, shape (n, dim) float32, and a `weight` of each.

    Tokens to be avoided have a negative weight.
    """

    tokens: Matrix
    weights: Scores


def nearest(
    view: TokenView, near: Near, question: Question, k: int, allowed: Mask | None, *,
    exact: bool = False,
) -> tuple[Scores, Integers]:  # fmt: skip
    """Return the scores and rows of the k best allowed parts, best first.

    Parameters
    ----------
    near
        Finds the nearest of the few vectors of all parts, with FAISS.
    exact
        Whether all parts are scored, however many they are.

    Raises
    ------
    UnsoundError
        A file holds numbers that are no vectors.
    """
    there = view.counts > 0 if allowed is None else allowed & (view.counts > 0)
    rows = np.flatnonzero(there)
    if not len(rows) or not k:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    if exact or int(view.counts[rows].sum()) <= EXACT_UP_TO:
        return best(scored(view, question, rows), rows, k)
    guesses = (guessed(question, near, there, depth)[rows] for depth in (_NEAREST, _MORE))
    return in_two_stages(lambda some: scored(view, question, some), guesses, k, rows)


def scored(view: TokenRows, question: Question, rows: Integers) -> Scores:
    """Return the exact scores of rows, which are in growing order, shape (n,)."""
    scores = np.empty(len(rows), np.float32)
    for first, last in _blocks(view.counts[rows]):
        some = rows[first:last]
        starts, counts = view.starts[some], view.counts[some]
        found = _gathered(view.tokens, starts, counts)
        ends = np.cumsum(counts) - counts
        scores[first:last] = _weighed(question, np.maximum.reduceat(
            question.tokens @ found.T, ends, axis=1
        ))  # fmt: skip
    return scores


def guessed(question: Question, near: Near, allowed: Mask, depth: int) -> Guess:
    """Return what the few vectors of each part say of its score, shape (rows,).

    Of each token of the question FAISS finds the nearest `depth` of all parts' few vectors. A
    part that has none among them is nowhere nearer than the last of them, and that is taken.
    """
    scores, found = near(question.tokens, depth, np.repeat(allowed, FEW))
    guess = np.zeros(len(allowed))
    for own, at, weight in zip(scores, found, question.weights, strict=True):
        there = at >= 0
        best = np.full(len(allowed), own[there].min(initial=1.0), np.float64)
        np.maximum.at(best, at[there] // FEW, own[there])
        guess += weight * best
    return guess


def in_two_stages(
    score: Callable[[Integers], Scores], guesses: Iterator[Guess], k: int, rows: Integers,
    begun: tuple[int, int] = (_FIRST, _SAMPLE),
) -> tuple[Scores, Integers]:  # fmt: skip
    """Return the scores and rows of the k best, of which hardly any is expected to be missing.

    Parameters
    ----------
    score
        Returns the exact scores of rows, which are in growing order.
    guesses
        What is thought of the scores of all `rows`, each a better guess than the one before.
    begun
        How many of the best guesses are visited first, and how many rows taken at random.
    """
    first, sampled = max(4 * k, begun[0]), min(begun[1], len(rows))
    guess = next(guesses)
    exact = np.full(len(rows), -np.inf, np.float32)
    done = np.zeros(len(rows), np.bool_)
    sample = np.random.default_rng(0).choice(len(rows), sampled, replace=False)
    while True:
        todo = np.zeros(len(rows), np.bool_)
        todo[sample] = True
        todo[np.argsort(-guess, kind="stable")[:first]] = True
        todo &= ~done
        exact[todo] = score(rows[todo])
        done |= todo
        if done.all() or _expected_missing(guess, exact, done, k) < _MISSING * k:
            return best(exact[done], rows[done], k)
        better = next(guesses, None)
        if better is not None:
            guess = better
            continue
        # Past half of them it is quicker to visit all at once.
        first = 2 * first if 2 * first < len(rows) // 2 else len(rows)


def _expected_missing(guess: Guess, exact: Scores, done: Mask, k: int) -> float:
    """Return how many of the k best parts are expected among those not visited.

    A part's score is taken to be normally distributed around a line over its guess; both are
    fitted to the parts visited, the spread separately to the better half of them. Choosing
    parts by their guess does not bias a fit over the guess.
    """
    known, seen = guess[done], exact[done].astype(np.float64)
    slope, offset = np.polyfit(known, seen, 1) if np.ptp(known) > 0 else (0.0, seen.mean())
    gap = seen - (slope * known + offset)
    better = gap[known >= np.median(known)]
    spread = max(float(gap.std()), float(better.std()), 1e-6)
    worst = np.partition(seen, -k)[-k] if len(seen) > k else -np.inf
    distance = (worst - (slope * guess[~done] + offset)) / spread
    # At most half of exp(-z^2/2) of a normal distribution lies beyond z > 0.
    beyond = np.where(distance > 0, 0.5 * np.exp(-0.5 * distance**2), 1.0)
    return float(beyond.sum())


def _blocks(counts: Integers) -> Iterator[tuple[int, int]]:
    """Cut parts into blocks of about as many tokens as are to be in memory at once."""
    ends = np.cumsum(counts)
    first = 0
    while first < len(counts):
        before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, before + _BLOCK_TOKENS, "right")), first + 1)
        yield first, last
        first = last


def _gathered(tokens: Tokens, starts: Integers, counts: Integers) -> Matrix:
    """Return the tokens of some parts, one behind the other."""
    if (starts[1:] == starts[:-1] + counts[:-1]).all():
        return widened(tokens[starts[0] : starts[-1] + counts[-1]])
    ends = starts + counts
    pieces = [tokens[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    return widened(np.concatenate(pieces))


def _weighed(question: Question, nearest: Matrix) -> Scores:
    """Return the weighted sums of each part's largest cosines, shape (tokens, parts)."""
    if not np.isfinite(nearest).all() or nearest.max(initial=0) > _MOST:
        raise UnsoundError
    return np.asarray(question.weights @ nearest, np.float32)


def best(scores: Scores, rows: Integers, k: int) -> tuple[Scores, Integers]:
    """Return the k best scores with their rows, best first and the earlier row of equal ones."""
    if len(scores) > k:
        few = np.argpartition(-scores, k - 1)[:k]
        scores, rows = scores[few], rows[few]
    # Equal scores are common: the earlier part first.
    order = np.lexsort((rows, -scores))
    return scores[order], rows[order]
