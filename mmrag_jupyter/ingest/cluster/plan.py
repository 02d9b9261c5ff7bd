"""How many workers a cluster has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# More cores make one model on them little faster.
_CORES_A_MODEL = 4


class Workers(NamedTuple):
    """How many workers there are to be, and the cores and GPUs of each."""

    number: int
    cores: int
    gpus: int


def workers(nodes: Sequence[Mapping[str, float]]) -> Workers:
    """Plan one model for each GPU, or without any, one for every few cores.

    Parameters
    ----------
    nodes
        Each node's resources, as Ray names them: `{"CPU": 8.0, "GPU": 1.0}`.
    """
    gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    if gpus:
        with_gpu = [node for node in nodes if node.get("GPU", 0) >= 1]
        beside = min(int(node.get("CPU", 0)) // int(node["GPU"]) for node in with_gpu)
        return Workers(gpus, max(1, beside), 1)
    cores = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
    each = min(_CORES_A_MODEL, min(cores, default=1))
    return Workers(max(1, sum(one // each for one in cores)), each, 0)
