"""Refine a map by the contrastive loss, and return it as it was on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmrag_jupyter.tuning.lesson import Map

if TYPE_CHECKING:
    from mmrag_jupyter.tuning.lesson import Lesson

# After so many steps the map is looked at.
STEPS = (15, 40)
_RATE = 0.1
_LEAST = 1e-8
_TEMPERATURE = 0.05
# Queries of one step: the parts of the others are what each is told from.
_BATCH = 256


def refined(start: Map, lesson: Lesson, seed: int) -> list[Map]:
    """Return the map after each of `STEPS`.

    Parameters
    ----------
    start
        The map to go out from; its vectors' own share (`base`) stays as it is.
    lesson
        What it is taught. Parts of other queries, and those that were judged wrong, are what
        a query's good parts are told from.
    """
    import torch

    threads = torch.get_num_threads()
    # On matrices of this size threads wait for each other longer than they work.
    torch.set_num_threads(1)
    try:
        with torch.enable_grad():
            return _descended(start, lesson, seed)
    finally:
        torch.set_num_threads(threads)


def _descended(start: Map, lesson: Lesson, seed: int) -> list[Map]:
    import torch

    queries, parts = torch.from_numpy(lesson.queries), torch.from_numpy(lesson.parts)
    # The parts of one query count 1 together, however many it has.
    positives = lesson.positives().astype(np.float32)
    share = torch.from_numpy(positives / positives.sum(axis=1, keepdims=True).clip(1))
    wrong = torch.from_numpy(lesson.negatives())
    down = torch.from_numpy(start.down.copy()).requires_grad_()
    up = torch.from_numpy(start.up.copy()).requires_grad_()
    # Adam's steps are of one size: it is to suit the numbers that they change.
    size = float(np.sqrt(np.mean(start.up**2))) + _LEAST
    descent = torch.optim.Adam([down, up], lr=_RATE * size)
    random = np.random.default_rng(seed)
    made = []
    for step in range(1, STEPS[-1] + 1):
        some = torch.from_numpy(random.permutation(len(queries))[:_BATCH])
        own, right = queries[some], share[some]
        near = (right > 0).any(0) | wrong[some].any(0)
        moved = own @ down.T @ up.T
        turned = torch.nn.functional.normalize(own + moved if start.base else moved, dim=1)
        chances = torch.log_softmax(turned @ parts[near].T / _TEMPERATURE, dim=1)
        loss = -(right[:, near] * chances).sum(1).mean()
        descent.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        if step in STEPS:
            arrays = (one.detach().numpy().copy() for one in (down, up))
            made.append(Map(start.base, *arrays))
    return made
