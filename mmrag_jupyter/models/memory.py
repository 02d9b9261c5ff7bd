"""Whether a model fits into memory, told from its files before anything of it is loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.folder import ModelFolder
from mmrag_jupyter.models.safetensors import read_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.models.device import Device
    from mmrag_jupyter.models.safetensors import Weights

_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
# What a batch of pictures and the libraries themselves take beside the weights.
_SHARE = 1.2
_BESIDE = 300_000_000
# Where the limits of a container are told (Linux, control groups of version 2 and 1): the
# most, what is used, and how much of that holds files and would be given back.
_GROUPS = Path("/sys/fs/cgroup")
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def estimate(model: ModelFolder | str | os.PathLike[str], dtype: str | None = None) -> int:
    """Return how many bytes of memory a model takes to work, weights and all.

    Parameters
    ----------
    model
        An examined folder, a folder's path, or the name of a model in the local cache.
    dtype
        The type of number that it is loaded in, if not that of its files.

    Raises
    ------
    ModelError
        There is no such folder or cached model, or its weights are damaged.
    """
    held = sum(
        part.parameters * _BYTES.get(dtype or part.dtype, _BYTES["float32"])
        for part in _weights(model)
    )
    return int(held * _SHARE) + _BESIDE


def available(device: str = "cpu") -> int | None:
    """Return the bytes of memory that are free on a device; None where nobody tells."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    free = _free_of_computer()
    left = [room for names in _LIMITS if (room := _room(_GROUPS, *names)) is not None]
    return min([free, *left]) if free is not None else None


def check_fits(model: ModelFolder | str | os.PathLike[str], device: Device | None = None) -> None:
    """Refuse a model that does not fit into memory, before it is loaded.

    Parameters
    ----------
    model
        As `estimate` takes it.
    device
        Where it is to be loaded, and in which numbers; None is this computer's best.

    Raises
    ------
    ModelError
        It does not fit: the message tells what it needs and what is free.
    """
    from mmrag_jupyter.models import device as devices

    if device is None:
        stored = _weights(model)
        largest = max(stored, key=lambda part: part.parameters, default=None)
        device = devices.choose(largest.dtype if largest else "float32")
    need, have = estimate(model, device.dtype), available(device.name)
    if have is None or need <= have:
        return
    name = str(model.path) if isinstance(model, ModelFolder) else os.fspath(model)
    place = "of this computer" if device.name == "cpu" else f"of the device {device.name!r}"
    raise ModelError(
        f"the model in {name!r} needs about {_gigabytes(need)} of memory and "
        f"{_gigabytes(have)} {place} are free; close what else uses them, or choose a smaller "
        "model (%mmrag models)"
    )


def _weights(model: ModelFolder | str | os.PathLike[str]) -> Sequence[Weights]:
    if isinstance(model, ModelFolder):
        return model.weights
    from mmrag_jupyter.models.cache import snapshot
    from mmrag_jupyter.models.hub import full_name

    text = os.fspath(model)
    path = Path(text).expanduser()
    folder = path if path.is_dir() else snapshot(full_name(text))
    files = sorted(folder.rglob("*.safetensors")) if folder is not None else []
    if not files:
        raise ModelError(f"there is no model {text!r} with weights (*.safetensors) to be measured")
    return [read_weights(file) for file in files]


def _free_of_computer() -> int | None:
    if sys.platform == "linux":
        try:
            lines = Path("/proc/meminfo").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return None
        told = next((line for line in lines if line.startswith("MemAvailable:")), None)
        return int(told.split()[1]) * 1024 if told is not None else None
    try:
        # What is there, used or not: elsewhere the system alone knows how much it could free.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _room(groups: Path, limit: str, used: str, stat: str, files: str) -> int | None:
    """Return what a container may still take; None where it is not limited."""
    try:
        most = (groups / limit).read_text(encoding="ascii").strip()
        now = int((groups / used).read_text(encoding="ascii"))
        told = (groups / stat).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    if not most.isdecimal():
        return None
    given_back = int(told[told.index(files) + 1]) if files in told else 0
    return max(0, int(most) - now + given_back)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
