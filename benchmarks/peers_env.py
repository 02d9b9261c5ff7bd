"""The environments of the peers that `peers.py` compares with: one each, made on first use."""

from __future__ import annotations

import subprocess
import sys
import venv
from importlib.metadata import version
from typing import TYPE_CHECKING

from report import WORK

if TYPE_CHECKING:
    from pathlib import Path

HOME = WORK / "peers"

# Of the versions that this project's environment has, so that no arm has a faster model.
SHARED = ("transformers", "sentence-transformers", "numpy", "pillow")

# The package that is compared comes first.
PACKAGES = {
    "llamaindex": (
        "llama-index-core==0.14.25",
        "llama-index-vector-stores-qdrant==0.10.4",
        "llama-index-vector-stores-faiss==0.7.0",
        f"faiss-cpu=={version('faiss-cpu')}",
    ),
    "lancedb": ("lancedb==0.40.0", "pandas"),
    "txtai": ("txtai==9.14.0", f"faiss-cpu=={version('faiss-cpu')}"),
    "pixeltable": ("pixeltable==0.7.21",),
}


def python_of(peer: str) -> Path:
    """Return the Python of a peer's environment, which is made if it is missing or outdated.

    Raises
    ------
    subprocess.CalledProcessError
        A package could not be installed; pip has said why.
    """
    folder = HOME / f"env-{peer}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    torch = f"torch=={version('torch').partition('+')[0]}"
    wanted = [torch, *(f"{name}=={version(name)}" for name in SHARED), *PACKAGES[peer]]
    stamp = folder / ".installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8").split() == wanted:
        return python
    print(f"making the environment of {peer}: some 2 GB", file=sys.stderr)
    if not python.is_file():
        venv.create(folder, clear=True, with_pip=True)
    # torch is named alone first: pip takes its CPU build where there is one.
    for packages in ([torch], wanted):
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *packages], check=True, stdout=sys.stderr)
    stamp.write_text("\n".join(wanted), encoding="utf-8")
    return python


def versions() -> str:
    """Return the peers' packages with the versions that are compared."""
    return ", ".join(packages[0].replace("==", " ") for packages in PACKAGES.values())
