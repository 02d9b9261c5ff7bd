"""Where a model runs, and in which numbers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

# Compute capability from which CUDA devices calculate in bfloat16 (Ampere).
_AMPERE = 8


@dataclass(frozen=True, slots=True)
class Device:
    """A place to compute: torch's name of the device and of the number type.

    `batch` is how many pictures to hand over at once there, `largest` up to how many may be
    tried where that is quicker.
    """

    name: str
    dtype: str
    batch: int
    largest: int = 0


def choose(stored: str = "float32") -> Device:
    """Return the best device of this computer, and half precision where the device gains by it.

    `stored` is the type of the model's weights on disk. Vectors in half precision stay
    within a cosine of 0.999 of those in float32, so that a collection made on one device
    can be searched on another.

    Half precision is used on CUDA devices (bfloat16 since Ampere, float16 before), on
    Apple's MPS (float16), and on CPUs with instructions for bfloat16, where it halves the
    time. Weights stored as bfloat16 are not squeezed into float16, whose range is smaller.
    """
    import torch

    half = "float32" if stored == "bfloat16" else "float16"
    if torch.cuda.is_available():
        modern = torch.cuda.get_device_capability()[0] >= _AMPERE
        return Device("cuda", "bfloat16" if modern else half, batch=64, largest=512)
    if torch.backends.mps.is_available():
        return Device("mps", half, batch=32, largest=128)
    # On a CPU larger batches are hardly faster, and smaller ones show progress sooner.
    dtype = "bfloat16" if cpu_has_bfloat16() else "float32"
    return Device("cpu", dtype, batch=16, largest=32)


@functools.cache
def cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether this CPU multiplies bfloat16 matrices in hardware (known on Linux only).

    Without such instructions bfloat16 is emulated, and slower than float32.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags.split())
