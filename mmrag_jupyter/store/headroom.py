"""How much memory is free, before a lot of it is asked for."""

from __future__ import annotations

from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


def refuse_more_than_free(wanted: int) -> None:
    """Raise MemoryError, in a line for the user, where so many bytes are not free.

    Where the machine does not say what is free, nothing is refused.
    """
    free = free_bytes()
    if free is not None and wanted > free:
        raise MemoryError(
            f"it takes {wanted / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
        )


def free_bytes() -> int | None:
    """Return how many bytes programs can still get without swapping; None where unknown."""
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in lines if ":" in line)
    try:
        return int(sizes["MemAvailable"].split()[0]) * 1024
    except (KeyError, IndexError, ValueError):
        return None
