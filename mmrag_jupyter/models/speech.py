"""What is said in a recording: speech models of transformers (Whisper and others)."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import device as devices
from mmrag_jupyter.models import memory
from mmrag_jupyter.models.base import reason
from mmrag_jupyter.models.batching import Batches
from mmrag_jupyter.models.cache import is_offline, snapshot
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.hub import obtain
from mmrag_jupyter.models.loading import quiet, require_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.items import Sound
    from mmrag_jupyter.models.folder import ModelFolder

RATE = 16_000  # samples a second: what every speech model listens to
# Whisper listens to thirty seconds at once, to silence where there is less; one sample more
# than these, and it would go another way.
WINDOW = 29.5  # seconds
_FIRST_BATCH = 8
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_SUGGESTION = "a speech model is, for example, openai/whisper-base"


@dataclass(frozen=True, slots=True)
class Said:
    """Words, and from and to which second of the sound they were said."""

    start: float
    end: float
    text: str


class Transcriber(Protocol):
    """Writes down what is said.

    It may have an `address` (str) too, from which it is loaded again for later loads, and
    `prepare()`, which is called before anything is written down and says if it cannot be.
    """

    @property
    def name(self) -> str:
        """A fingerprint of the model and its revision: equal names write the same."""
        ...

    def transcribe(self, sounds: Sequence[Sound]) -> list[list[Said]]:
        """Return for each sound of at most 30 seconds, at 16,000 samples a second, what is said."""
        ...


TranscriberLike: TypeAlias = "str | os.PathLike[str] | Transcriber"


def transcriber(given: TranscriberLike) -> Transcriber:
    """Return the transcriber for a name on the hub, a folder, or an object that is one.

    A named model is not loaded yet; its folder has been examined.

    Raises
    ------
    ModelError
        There is no such model, it is unfit, or the object is no transcriber.
    """
    if isinstance(given, (str, os.PathLike)):
        return _by_name(os.fspath(given))
    missing = [name for name in ("name", "transcribe") if not hasattr(given, name)]
    if missing:
        raise ModelError(
            f"{type(given).__name__} is no transcriber: it lacks {' and '.join(missing)}"
        )
    return given


class SpeechModel:
    """A speech model from a folder, loaded when it is first needed.

    Parameters
    ----------
    name
        The fingerprint of the model and its revision.
    address
        What loads it again: a folder or a name on the hub.
    """

    def __init__(self, folder: ModelFolder, *, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._folder = folder
        self._pipeline: Any = None
        self._lock = threading.Lock()
        self._batches = Batches(name, _FIRST_BATCH)

    def prepare(self) -> None:
        """Load the model.

        Raises
        ------
        ModelError
            It does not fit into memory, or the libraries cannot make a model of the folder.
        """
        self._loaded()

    def transcribe(self, sounds: Sequence[Sound]) -> list[list[Said]]:
        """Return for each sound of at most 30 seconds what is said in it, and when.

        Raises
        ------
        ModelError
            The model cannot be loaded, or fails.
        """
        pipeline = self._loaded()
        # Only these say when; of others, all that a sound says is said all along it.
        times = {"seq2seq_whisper": True, "ctc": "word"}.get(pipeline.type)
        options = {} if times is None else {"return_timestamps": times}

        def model(batch: list[Sound]) -> list[list[Said]]:
            inputs = [{"raw": one.samples, "sampling_rate": one.rate} for one in batch]
            with quiet():
                found = pipeline(inputs, batch_size=len(batch), **options)
            return [_said(one, sound) for one, sound in zip(found, batch, strict=True)]

        try:
            return [one for batch in self._batches.run(model, sounds) for one in batch]
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"{self.name} failed on {len(sounds)} sounds: {reason(error)}"
            ) from error

    def _loaded(self) -> Any:  # noqa: ANN401 - transformers ships no types
        with self._lock:
            if self._pipeline is None:
                self._pipeline = _load(self._folder)
        return self._pipeline


def _said(found: dict[str, Any], sound: Sound) -> list[Said]:
    """Return what a pipeline has found, with times that lie within the sound."""
    length = sound.seconds
    chunks = found.get("chunks")
    if chunks is None:
        chunks = [{"text": found.get("text", ""), "timestamp": (0.0, length)}]
    said = []
    for chunk in chunks:
        text = " ".join(str(chunk["text"]).split())
        start, end = chunk["timestamp"]
        # Whisper does not tell where a sentence ends that is cut off, and sometimes hears one in
        # the silence that is put behind what is shorter than thirty seconds.
        start = max(0.0, float(start or 0.0))
        end = length if end is None else min(max(start, float(end)), length)
        if text and start < length:
            said.append(Said(start, end, text))
    return said


def _by_name(name: str) -> SpeechModel:
    path = _on_disk(name)
    if path is not None:
        folder = read_folder(path.absolute())
        fingerprint, address = folder.fingerprint(), str(folder.path)
    elif not _HUB_NAME.fullmatch(name):
        raise ModelError(
            f"there is no model folder {name!r}; a model of the hub is written ORGANISATION/NAME: "
            f"{_SUGGESTION}"
        )
    elif is_offline() and snapshot(name) is None:
        raise ModelError(
            f"there is no model {name!r} in the local cache, and the hub is switched off "
            "(HF_HUB_OFFLINE); name a folder that holds a speech model, or switch it on"
        )
    else:
        folder = obtain(name)
        fingerprint, address = f"{name}@{folder.path.name}", name
    _kind(folder)
    return SpeechModel(folder, name=fingerprint, address=address)


def _kind(folder: ModelFolder) -> str:
    """Return the class of transformers that writes with this kind of model.

    Raises
    ------
    ModelError
        It is no speech model.
    """
    from transformers.models.auto import modeling_auto as known

    if folder.kind in known.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES:
        return "AutoModelForSpeechSeq2Seq"
    if folder.kind in known.MODEL_FOR_CTC_MAPPING_NAMES:
        return "AutoModelForCTC"
    raise ModelError(
        f"the model in {str(folder.path)!r} ({folder.kind}) writes down no speech; {_SUGGESTION}"
    )


def _load(folder: ModelFolder) -> Any:  # noqa: ANN401 - transformers ships no types
    where = devices.choose(folder.dtype)
    memory.check_fits(folder, where)
    with quiet() as missing:
        try:
            import torch
            import transformers

            local = {"local_files_only": True, "trust_remote_code": False}
            model = getattr(transformers, _kind(folder)).from_pretrained(
                str(folder.path), dtype=getattr(torch, where.dtype), use_safetensors=True, **local
            )
            require_all(folder, missing)
            processor = cast("Any", transformers.AutoProcessor).from_pretrained(
                str(folder.path), **local
            )
            _require_ears(folder, processor)
            return transformers.pipeline(
                "automatic-speech-recognition",
                model=model.to(where.name).eval(),
                tokenizer=processor.tokenizer,
                feature_extractor=processor.feature_extractor,
                device=where.name,
            )
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the model in {str(folder.path)!r} cannot be loaded: {reason(error)}"
            ) from error


def _require_ears(folder: ModelFolder, processor: object) -> None:
    # Of an unknown class AutoProcessor returns the tokenizer alone, without a word.
    if getattr(processor, "feature_extractor", None) is None:
        raise ModelError(f"the model in {str(folder.path)!r} has nothing that prepares sound")


def _on_disk(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if name and path.is_dir() else None
    except (OSError, RuntimeError, ValueError):
        return None
