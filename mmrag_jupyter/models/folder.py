"""A model's folder, examined before anything of it is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.safetensors import Weights, read_weights, samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# Names beside the weights of optimisers and of other libraries, not to be loaded by ours.
_OTHERS = ("training_args", "optimizer", "scheduler", "open_clip")

# Models with one tower for texts and one for pictures, which need no further files.
TWO_TOWERS = frozenset(
    {"align", "altclip", "chinese_clip", "clip", "metaclip_2", "siglip", "siglip2"}
)

# What sentence-transformers calls the kinds of models, and what a folder must be to embed.
EMBEDDERS = frozenset({"SentenceTransformer", "MultiVectorEncoder"})
RERANKERS = frozenset({"CrossEncoder"})
# ColBERT models of before sentence-transformers had a name for them (PyLate).
_LATE = frozenset({"MultiVectorEncoder", "ColBERT"})
# sentence-transformers has its own class for this one, and runs nothing of PyLate's.
_KNOWN_MODULES = ("sentence_transformers.", "pylate.models.Dense.")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with everything that loading needs, as far as can be told without loading.

    `kind` is the architecture (`"clip"`, `"bert"`), `dtype` the type of most weights. `sort`
    is what sentence-transformers calls its class; `sees` tells of a late-interaction model
    whether it reads pictures, and texts as questions only.
    """

    path: Path
    kind: str
    is_sentence_transformer: bool
    weights: tuple[Weights, ...]
    configs: tuple[Path, ...]
    sort: str = "SentenceTransformer"
    sees: bool = False

    @property
    def is_late(self) -> bool:
        """Whether it gives many vectors a text or picture, one a token."""
        return self.sort == "MultiVectorEncoder"

    @property
    def parameters(self) -> int:
        """The number of weights."""
        return sum(part.parameters for part in self.weights)

    @property
    def dtype(self) -> str:
        """The number type of most weights."""
        return max(self.weights, key=lambda part: part.parameters).dtype

    @property
    def size(self) -> int:
        """Bytes of weights on disk."""
        return sum(part.path.stat().st_size for part in self.weights)

    @property
    def licence(self) -> str:
        """The licence that the model card names, or `""`."""
        try:
            card = (self.path / "README.md").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        found = re.search(r"^license:\s*(\S+)", card[:4000], flags=re.MULTILINE)
        return found[1] if found else ""

    @property
    def modalities(self) -> frozenset[str]:
        """What it probably embeds; only loading it makes sure."""
        declared = _declared_modalities(self.path)
        if declared:
            return declared
        if self.is_late:
            return frozenset({"text", "image"} if self.sees else {"text"})
        if self.kind in TWO_TOWERS or re.search(r"_vl|_omni|idefics|paligemma", self.kind):
            return frozenset({"text", "image"})
        return frozenset({"text", "audio"} if self.kind == "clap" else {"text"})

    def fingerprint(self) -> str:
        """Return `kind#hash`: equal for equal content, wherever the folder lies."""
        digest = hashlib.blake2b(digest_size=8)
        for file in self.configs:
            digest.update(f"{file.relative_to(self.path)}\0".encode())
            digest.update(file.read_bytes())
        for part in self.weights:
            name, size = part.path.relative_to(self.path), part.path.stat().st_size
            digest.update(f"{name}\0{size}\0".encode())
            for sample in samples(part.path):
                digest.update(sample)
        return f"{self.kind}#{digest.hexdigest()}"


def read_folder(path: Path, sorts: frozenset[str] = EMBEDDERS) -> ModelFolder:
    """Examine a model's folder.

    Parameters
    ----------
    sorts
        What it may be, in sentence-transformers' names.

    Raises
    ------
    ModelError
        When there is no model in it, a part is missing or damaged, its weights are kept
        as pickles only, it wants code of its own to be run, or is of another sort.
    """
    if not path.is_dir():
        raise ModelError(f"there is no model folder {str(path)!r}")
    modules = _modules(path)
    config = next((c for c in _config_candidates(path, modules) if c.is_file()), None)
    if config is None and not modules:
        raise ModelError(f"there is no model in {str(path)!r}: it has no config.json")
    kind = _kind(config, modules)
    sort, sees = _sort(path, config, is_plain=not modules)
    if sort not in sorts:
        raise _of_another_sort(path, sort, sorts)
    places = [path, *(path / module["path"] for module in modules if module["path"])]
    weights = _weights(path, places)
    configs = sorted(
        file
        for place in dict.fromkeys(places)
        for file in place.glob("*")
        if file.suffix in {".json", ".txt", ".model", ".jinja"} and file.is_file()
    )
    return ModelFolder(path, kind, bool(modules), weights, tuple(configs), sort, sees)


def _modules(path: Path) -> list[dict[str, str]]:
    """Return the modules of a sentence-transformers folder; none for a plain one."""
    file = path / "modules.json"
    if not file.is_file():
        return []
    modules = _json(file)
    if not isinstance(modules, list) or not all(
        isinstance(module, dict) and {"type", "path"} <= module.keys() for module in modules
    ):
        raise ModelError(f"{file} is not a list of modules; get the model again")
    for module in modules:
        if not str(module["type"]).startswith(_KNOWN_MODULES):
            raise ModelError(
                f"the model in {str(path)!r} wants code of its own to be run "
                f"({module['type']}), which is never done; choose another (%mmrag models)"
            )
    return modules


def _sort(path: Path, config: Path | None, *, is_plain: bool) -> tuple[str, bool]:
    """Return what sentence-transformers calls a model, and whether it is a retriever that sees."""
    settings = path / "config_sentence_transformers.json"
    said = _json(settings) if settings.is_file() else {}
    named = said.get("model_type") if isinstance(said, dict) else None
    model = _json(config) if config is not None else {}
    classes = model.get("architectures") if isinstance(model, dict) else None
    built = [str(one) for one in classes or ()]
    sees = any(one.endswith("ForRetrieval") for one in built)
    if named in _LATE or (named is None and (sees or "HF_ColBERT" in built)):
        return "MultiVectorEncoder", sees or "image" in _declared_modalities(path)
    ranks = any(one.endswith("ForSequenceClassification") for one in built)
    if named is None and is_plain and ranks:
        return "CrossEncoder", False
    return str(named or "SentenceTransformer"), False


def _of_another_sort(path: Path, sort: str, sorts: frozenset[str]) -> ModelError:
    if sorts == RERANKERS:
        return ModelError(
            f"the model in {str(path)!r} embeds texts or pictures one by one; a reranker reads a "
            "question and a text together (a CrossEncoder)"
        )
    return ModelError(
        f"the model in {str(path)!r} is a {sort}; an embedder gives vectors of a text or "
        "picture (%mmrag models)"
    )


def _config_candidates(path: Path, modules: Sequence[dict[str, str]]) -> Iterator[Path]:
    yield path / "config.json"
    for module in modules[:1]:
        yield path / module["path"] / "config.json"


def _kind(config: Path | None, modules: Sequence[dict[str, str]]) -> str:
    said = _json(config) if config else {}
    kind = said.get("model_type") if isinstance(said, dict) else None
    if isinstance(kind, str) and kind:
        return kind
    if modules:
        return modules[0]["type"].rpartition(".")[2].lower()
    raise ModelError(f"{config} names no model_type; this is no model that can be loaded")


def _weights(path: Path, places: Sequence[Path]) -> tuple[Weights, ...]:
    found: list[Weights] = []
    for place in dict.fromkeys(places):
        files = sorted(file for file in place.glob("*.safetensors") if _is_ours(file))
        _check_shards(place, files)
        pickles = [file for file in place.glob("*") if file.suffix in _PICKLES and _is_ours(file)]
        if pickles and not files:
            raise ModelError(
                f"the model in {str(path)!r} has its weights only as {pickles[0].name}, a format "
                "that can run code; only safetensors are read: convert it with save_pretrained"
            )
        found += [read_weights(file) for file in files]
    if not found:
        raise ModelError(f"the model in {str(path)!r} has no weights (*.safetensors)")
    return tuple(found)


def _check_shards(place: Path, files: Sequence[Path]) -> None:
    index = place / "model.safetensors.index.json"
    if not index.is_file():
        return
    said = _json(index)
    names = set(said.get("weight_map", {}).values()) if isinstance(said, dict) else set()
    missing = sorted(names - {file.name for file in files})
    if missing:
        raise ModelError(f"{missing[0]} is missing in {str(place)!r}; get the model again")


def _is_ours(file: Path) -> bool:
    return not file.name.startswith(_OTHERS)


def _declared_modalities(path: Path) -> frozenset[str]:
    try:
        said = _json(path / "sentence_bert_config.json")
    except ModelError:
        return frozenset()
    declared = said.get("modality_config") if isinstance(said, dict) else None
    return frozenset({"text", "image", "audio"} & set(declared or ()))


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {error}") from error
