"""What every benchmark needs: the machine in words, arms in turn, and a table to paste."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

WORK = Path(__file__).parents[1] / "build" / "benchmarks"

NOTABLE_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd")


def machine(*packages: str) -> str:
    """Describe the day, the machine and the versions in one line; no host names, no paths."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model, flags = platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        facts = dict(
            (part.strip() for part in line.split(":", 1))
            for line in cpuinfo.read_text(encoding="utf-8").splitlines()
            if ":" in line
        )
        model = facts.get("model name", model)
        known = facts.get("flags", facts.get("Features", "")).split()
        flags = " (" + ", ".join(flag for flag in NOTABLE_FLAGS if flag in known) + ")"
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores of {model}{flags}, {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, {versions}; "
        f"load average {os.getloadavg()[0]:.1f} at the start."
    )


def in_process(
    script: str,
    *arguments: object,
    threads: int | None = None,
    python: str | Path = sys.executable,
    patience: float | None = None,
) -> dict[str, float]:
    """Run a script in a process of its own and return the JSON object on its last line.

    A process that takes longer than `patience`, in seconds, is ended, and has failed.
    """
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    if threads is not None:
        environment |= {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command = [str(python), script, *map(str, arguments)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, timeout=patience
        )
    except subprocess.TimeoutExpired:
        sys.exit(f"{' '.join(command[1:])} took longer than {patience} s")
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[1:])} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def medians(
    arms: Mapping[str, Callable[[], dict[str, float]]], runs: int
) -> dict[str, dict[str, float]]:
    """Run the arms in turn, several times over; return the median of each figure of each arm."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
    for number in range(runs):
        for name, arm in arms.items():
            print(f"run {number + 1} of {runs}: {name}", file=sys.stderr)
            figures[name].append(arm())
    return {
        name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for name, runs in figures.items()
    }


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; the first column reads left, the others right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio(value: float, floor: float) -> str:
    """Return `value` as a multiple of `floor`."""
    return f"{value / floor:.2f}x" if floor else "-"
