"""The table of `%mmrag models`: what is in use, what is cached, what is recommended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.auto import PICTURES, SOUNDS, TEXTS
from mmrag_jupyter.models.cache import cached, snapshot
from mmrag_jupyter.models.folder import ModelFolder, read_folder
from mmrag_jupyter.models.language import ON_CPU, ON_GPU
from mmrag_jupyter.models.language_server import host_of
from mmrag_jupyter.models.remote_address import is_remote, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from mmrag_jupyter.models.spaces import SpaceSpec

_STATUS = ("in use", "cached", "built in", "on a server", "recommended")
# Beyond this many weights a CPU takes seconds a picture.
_GPU_FROM = 600_000_000


@dataclass(frozen=True, slots=True)
class _Row:
    """One model; `parameters` counts its weights, 0 where unknown."""

    name: str
    embeds: frozenset[str]
    parameters: int
    licence: str
    good_for: str
    status: str
    also_needs: str = ""


_BUILTIN = _Row(
    "builtin",
    frozenset({"image", "audio"}),
    0,
    "apache-2.0",
    "look-alikes, by colour; sound-alikes, by timbre",
    "built in",
)

_BOTH = frozenset({"text", "image"})
_ON_SERVER = _Row(
    "openai:NAME",
    _BOTH,
    0,
    "",
    "any model that a server runs: vLLM, Infinity, Ollama, OpenAI",
    "on a server",
    also_needs="a server (--base-url)",
)
_NONE = frozenset({"nothing"})
_SPEECH = "what is said (--transcribe)"

# Sizes and licences as their publishers state them.
_RECOMMENDED = (
    _Row(PICTURES, _BOTH, 377_000_000, "apache-2.0", "pictures, captions (auto)", "recommended"),
    _Row(TEXTS, frozenset({"text"}), 23_000_000, "apache-2.0", "texts (auto)", "recommended"),
    _Row(
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        _BOTH,
        151_000_000,
        "mit",
        "pictures, with little memory",
        "recommended",
    ),
    _Row(
        SOUNDS,
        frozenset({"text", "audio"}),
        153_000_000,
        "apache-2.0",
        "sound (auto)",
        "recommended",
    ),
    _Row(
        "ModernVBERT/colmodernvbert-merged",
        _BOTH,
        251_000_000,
        "mit",
        "pages of PDFs (late interaction)",
        "recommended",
    ),
    _Row(
        "vidore/colqwen2-v1.0-hf",
        _BOTH,
        2_210_000_000,
        "apache-2.0",
        "pages of PDFs, at their best (late interaction)",
        "recommended",
    ),
    _Row(
        "google/siglip2-so400m-patch14-384",
        _BOTH,
        1_136_000_000,
        "apache-2.0",
        "pictures, at their best",
        "recommended",
    ),
    _Row(
        "Qwen/Qwen3-VL-Embedding-2B",
        _BOTH,
        2_130_000_000,
        "apache-2.0",
        "pictures, pages and long texts",
        "recommended",
        also_needs="torchvision",
    ),
    _Row("openai/whisper-base", _NONE, 74_000_000, "apache-2.0", _SPEECH, "recommended"),
    _Row("openai/whisper-large-v3-turbo", _NONE, 809_000_000, "mit", _SPEECH, "recommended"),
    _Row(f"hf:{ON_CPU}", _NONE, 507_000_000, "apache-2.0", "answers (--llm)", "recommended"),
    _Row(
        f"hf:{ON_GPU}",
        _NONE,
        2_130_000_000,
        "apache-2.0",
        "answers, at their best (--llm)",
        "recommended",
    ),
)


def catalogue(in_use: Iterable[SpaceSpec] = ()) -> pd.DataFrame:
    """Return the models to choose from; reads the local cache and asks no network.

    Parameters
    ----------
    in_use
        The spaces of the open collections.

    Returns
    -------
    DataFrame
        One row a model: `name` (what `--model`, or `--llm`, takes), `embeds`, `size` (number of
        weights), `licence`, `needs`, `good for`, and `status`: in use, cached, built in, on
        a server or recommended.
    """
    import pandas as pd

    rows = {row.name: row for row in (_BUILTIN, _ON_SERVER, *_RECOMMENDED)}
    for name, folder in cached().items():
        rows[name] = _of_folder(name, folder, rows.get(name), "cached")
    for model in (ON_CPU, ON_GPU):
        if snapshot(model) is not None:
            rows[f"hf:{model}"] = replace(rows[f"hf:{model}"], status="cached")
    for space in in_use:
        name = space.address or space.name
        rows[name] = _used(name, space, rows.get(name))
    ordered = sorted(rows.values(), key=lambda row: _STATUS.index(row.status))
    return pd.DataFrame(
        {
            "name": [row.name for row in ordered],
            "embeds": [", ".join(sorted(row.embeds)) for row in ordered],
            "size": [_size(row.parameters) for row in ordered],
            "licence": [row.licence for row in ordered],
            "needs": [_needs(row) for row in ordered],
            "good for": [row.good_for for row in ordered],
            "status": [row.status for row in ordered],
        }
    )


def _of_folder(name: str, folder: ModelFolder, known: _Row | None, status: str) -> _Row:
    if known is not None:
        return replace(known, parameters=folder.parameters, status=status)
    return _Row(name, folder.modalities, folder.parameters, folder.licence, "", status)


def _used(name: str, space: SpaceSpec, known: _Row | None) -> _Row:
    if known is not None:
        return replace(known, status="in use")
    row = _Row(name, space.modalities, 0, "", "", "in use")
    if space.address is None:
        return row
    if is_remote(space.address):
        return replace(row, also_needs=f"the server {host_of(read(space.address).url)}")
    try:
        return _of_folder(name, read_folder(Path(space.address)), None, "in use")
    except ModelError:
        return row


def _size(parameters: int) -> str:
    if not parameters:
        return ""
    billions = parameters / 1e9
    return f"{billions:.1f}B" if billions >= 1 else f"{max(1, round(parameters / 1e6))}M"


def _needs(row: _Row) -> str:
    """Return the processor and the memory that weights and a batch want, roughly."""
    if not row.parameters:
        return "nothing" if row.name == _BUILTIN.name else row.also_needs
    gpu = row.parameters > _GPU_FROM
    # Four bytes a weight on a CPU, two on a GPU, and half as much again to work in.
    gigabytes = row.parameters * (2 if gpu else 4) * 1.5 / 1e9
    memory = f"{'GPU' if gpu else 'CPU'}, {max(1, round(gigabytes))} GB"
    return f"{memory}; {row.also_needs}" if row.also_needs else memory
