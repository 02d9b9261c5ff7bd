"""Rerankers: models that read a question and a passage together and score the pair."""

from __future__ import annotations

import os
import re
import sys
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import device as devices
from mmrag_jupyter.models import memory
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.batching import Batches
from mmrag_jupyter.models.cache import is_offline, snapshot
from mmrag_jupyter.models.folder import RERANKERS, read_folder
from mmrag_jupyter.models.hub import obtain
from mmrag_jupyter.models.loading import quiet, require_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image
    from sentence_transformers import CrossEncoder

    from mmrag_jupyter.models.folder import ModelFolder

    RerankerLike: TypeAlias = str | os.PathLike[str] | CrossEncoder | None

# Where a name without an organisation is looked for.
_ORGANISATION = "cross-encoder"
_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
# Small, so that an interrupt is heard soon.
_BATCH = 8
_KEPT = 2


class Reranker:
    """Scores passages against a question; higher is better, comparable within one question.

    Parameters
    ----------
    name
        What messages call it.
    model
        A sentence-transformers `CrossEncoder` with one score a pair.

    Raises
    ------
    ModelError
        It gives several scores a pair.
    """

    def __init__(self, name: str, model: CrossEncoder) -> None:
        self.name = name
        self._model = model
        self._batches = Batches(name, _BATCH)
        self.sees = "image" in {part for part in model.modalities if isinstance(part, str)}
        labels = getattr(model, "num_labels", 1)
        if isinstance(labels, int) and labels > 1:
            raise ModelError(
                f"{name} gives {labels} scores a pair of texts (it classifies them); a reranker "
                "gives one"
            )

    def scores(self, question: str, passages: Sequence[str | Image]) -> npt.NDArray[np.float32]:
        """Return a score of each passage, shape (n,); pictures only where the model `sees`.

        Raises
        ------
        ModelError
            The model fails, or gives no number for a pair.
        """
        import numpy as np

        def model(batch: list[str | Image]) -> npt.NDArray[np.float32]:
            pairs = [(self._input(question), self._input(one)) for one in batch]
            found = self._model.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
            return np.asarray(found, np.float32).reshape(len(pairs), -1)

        try:
            found = self._batches.run(model, list(passages))
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"{self.name} failed on {len(passages)} passages: {reason(error)}"
            ) from error
        scores = np.concatenate(found) if found else np.empty((0, 1), np.float32)
        if scores.shape[1] != 1 or not np.isfinite(scores).all():
            raise ModelError(f"{self.name} gave no number for one of {len(passages)} passages")
        return scores[:, 0]

    def _input(self, one: str | Image) -> object:
        # In a dict, a text cannot be taken for the path of a picture.
        return {"text" if isinstance(one, str) else "image": one} if self.sees else one


def reranker(given: RerankerLike) -> Reranker:
    """Return the reranker for a name, a folder or a `CrossEncoder`; the last ones stay loaded.

    Raises
    ------
    ModelError
        There is no such model, it is no reranker, or does not fit into memory.
    """
    if isinstance(given, (str, os.PathLike)):
        return _by_name(os.fspath(given), is_path=not isinstance(given, str))
    # Whoever has such an object has imported its library; nothing is imported to look.
    library = sys.modules.get("sentence_transformers")
    if library is not None and isinstance(given, library.CrossEncoder):
        return Reranker("the given CrossEncoder", given)
    kind = type(given).__name__
    raise ModelError(f"rerank= got a {kind}; give a name, a folder, or a CrossEncoder")


_loaded: OrderedDict[str, Reranker] = OrderedDict()


def _by_name(text: str, *, is_path: bool) -> Reranker:
    folder = _folder(text, is_path=is_path)
    key = f"{folder.path}: {folder.fingerprint()}"
    if key not in _loaded:
        _loaded[key] = Reranker(text, _load(folder))
        while len(_loaded) > _KEPT:
            _loaded.popitem(last=False)
    _loaded.move_to_end(key)
    return _loaded[key]


def _folder(text: str, *, is_path: bool) -> ModelFolder:
    try:
        path = Path(text).expanduser()
        is_folder = bool(text) and path.is_dir()
    except (OSError, RuntimeError):
        is_folder = False
    if is_folder:
        return read_folder(path.absolute(), RERANKERS)
    if is_path or not _NAME.fullmatch(text) or text.startswith((".", "~")):
        raise ModelError(f"there is no folder {text!r} with a reranker; name a CrossEncoder")
    name = text if "/" in text else f"{_ORGANISATION}/{text}"
    if is_offline() and snapshot(name) is None:
        raise ModelError(
            f"there is no reranker {name!r} in the local cache, and the hub is switched off "
            "(HF_HUB_OFFLINE); name a folder that holds a CrossEncoder, or switch it on"
        )
    return obtain(name, sorts=RERANKERS)


def _load(folder: ModelFolder) -> CrossEncoder:
    where = devices.choose(folder.dtype)
    memory.check_fits(folder, where)
    with quiet() as missing:
        try:
            import torch
            from sentence_transformers import CrossEncoder

            model = CrossEncoder(
                str(folder.path),
                device=where.name,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": getattr(torch, where.dtype), "use_safetensors": True},
            )
            require_all(folder, missing)
            _set_limit(model)
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the reranker in {str(folder.path)!r} cannot be loaded: {reason(error)}"
            ) from error
    return model


def _set_limit(model: CrossEncoder) -> None:
    """Have texts cut to what the model has positions for, where its files name no limit."""
    config: Any = getattr(model, "config", None)
    positions = getattr(config, "max_position_embeddings", None)
    known = model.max_seq_length
    if isinstance(positions, int) and (known is None or known > positions):
        model.max_seq_length = positions
