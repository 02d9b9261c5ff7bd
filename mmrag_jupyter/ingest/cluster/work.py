"""What goes to the workers of a cluster and what comes back, as bytes on the way."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Media, Modality, NewPart
    from mmrag_jupyter.models.spaces import AnyEmbedder, SpaceSpec
    from mmrag_jupyter.store.tokens_writing import PartVectors

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A part whose vector is wanted, by the number `key`; its picture or sound is in `media`."""

    key: int
    part: NewPart
    media: Media | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the parts of a batch, by their keys.

    `vectors` has the keys and vectors of each space, `failures` why a part could not be read,
    `unseen` the parts whose file is not on the worker's machine. `error` is set, and all else
    empty, where the model failed. `seconds` is how long it took.
    """

    vectors: Mapping[int, tuple[Sequence[int], PartVectors]] = field(default_factory=dict)
    failures: Sequence[tuple[int, str]] = ()
    unseen: Sequence[int] = ()
    error: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One embedder of a load: what finds it again, or the object itself, pickled."""

    modalities: Sequence[Modality]
    space: int
    spec: SpaceSpec
    pickled: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What a connection begins with: the cluster's address ("" is this machine) and the models."""

    address: str
    models: bytes


@dataclass(frozen=True, slots=True)
class News:
    """What a connection tells: batches that are done, workers that are up, or what is wrong.

    `wanted` is how many workers there will be. `slow` says that what is wrong may be right the
    next time: the machine was too busy to start Ray.
    """

    done: Sequence[tuple[int, bytes]] = ()
    up: int = 0
    wanted: int = 0
    fault: str = ""
    slow: bool = False


def packed(value: object) -> bytes:
    """Return a value of these classes as bytes."""
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes, kind: type[T]) -> T:
    """Return the value that another process of the same load has packed."""
    found = pickle.loads(data)  # noqa: S301 - from a process of our own, nothing stored
    if not isinstance(found, kind):
        raise TypeError(f"{kind.__name__} was expected, not {type(found).__name__}")
    return found


def find_model(model: Model) -> AnyEmbedder:
    """Return the embedder of a load on a worker.

    Raises
    ------
    ModelError
        It is not to be had on this machine, or is another one.
    """
    if model.pickled is not None:
        found: AnyEmbedder = pickle.loads(model.pickled)  # noqa: S301 - as above
        return found
    from mmrag_jupyter.models import recall

    return recall([model.spec]).embedders[0]
