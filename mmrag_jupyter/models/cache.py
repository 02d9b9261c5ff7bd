"""The local Hugging Face cache: which models are in it, without a network or a library.

Layout (https://huggingface.co/docs/huggingface_hub/guides/manage-cache): one folder a
model, `models--<organisation>--<name>`, with `refs/main` naming a commit and
`snapshots/<commit>/` holding that commit's files.
"""

from __future__ import annotations

import os
from pathlib import Path

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.folder import TWO_TOWERS, ModelFolder, read_folder

_TRUE = {"1", "on", "yes", "true"}


def is_offline() -> bool:
    """Tell whether the user has switched the hub off."""
    switches = (os.environ.get("HF_HUB_OFFLINE", ""), os.environ.get("TRANSFORMERS_OFFLINE", ""))
    return any(switch.strip().lower() in _TRUE for switch in switches)


def roots() -> list[Path]:
    """Return the cache folders in the order in which they are looked into."""
    env = os.environ
    home = Path(env.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    hub = env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE")
    named = [hub or Path(env.get("HF_HOME") or home) / "hub"]
    if env.get("SENTENCE_TRANSFORMERS_HOME"):
        named.append(env["SENTENCE_TRANSFORMERS_HOME"])
    return [Path(root).expanduser() for root in named]


def snapshot(name: str, commit: str | None = None) -> Path | None:
    """Return the folder of a cached model, at a commit if one is named, else its newest."""
    for root in roots():
        model = root / f"models--{name.replace('/', '--')}"
        for folder in [model / "snapshots" / commit] if commit else _snapshots(model):
            if (folder / "config.json").exists() or (folder / "modules.json").exists():
                return folder
    return None


def cached() -> dict[str, ModelFolder]:
    """Return the models of the cache that can embed, by name; unfit ones are left out."""
    found: dict[str, ModelFolder] = {}
    for root in roots():
        for model in sorted(root.glob("models--*")):
            name = model.name.removeprefix("models--").replace("--", "/")
            for folder in _snapshots(model)[:1]:
                try:
                    facts = read_folder(folder)
                except ModelError:
                    continue
                towers = facts.kind in TWO_TOWERS or "audio" in facts.modalities
                if facts.is_sentence_transformer or facts.is_late or towers:
                    found.setdefault(name, facts)
    return found


def _snapshots(model: Path) -> list[Path]:
    """Return the snapshots of a model: the one that `refs/main` names, then newest first."""
    folders = [folder for folder in (model / "snapshots").glob("*") if folder.is_dir()]
    folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    try:
        main = (model / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return folders
    return sorted(folders, key=lambda folder: folder.name != main)
