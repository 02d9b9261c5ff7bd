"""Embedders that come through sentence-transformers: CLIP, SigLIP, text models and others."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import precision, running
from mmrag_jupyter.models.lanes import of_device
from mmrag_jupyter.models.lazy import LazyModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    import numpy as np
    import numpy.typing as npt
    import torch
    from PIL.Image import Image
    from sentence_transformers import SentenceTransformer

    from mmrag_jupyter.models.base import Vectors
    from mmrag_jupyter.models.folder import ModelFolder
    from mmrag_jupyter.models.lanes import Lanes
    from mmrag_jupyter.models.loading import Loaded
    from mmrag_jupyter.models.maps import Maps

_WORD = re.compile(r"\w+")
# More words of a question have no map of their own.
_MOST_WORDS = 24
# Pictures at once where they come to the model as large as they are.
_UNBOUNDED = 8


class SentenceEmbedder(LazyModel["Loaded"]):
    """An embedder of one vector from a model's folder, loaded when it is first needed."""

    FIRST_BATCH = 16

    def _start(self) -> None:
        super()._start()
        self._rehearsed: set[str] = set()
        self._remarks: tuple[str, ...] = ()

    @property
    def batch_size(self) -> int:
        """How many inputs to hand over at once: pictures of any size are megabytes each."""
        loaded = self._loaded
        unbounded = loaded is not None and loaded.pictures is None and "image" in loaded.modalities
        return min(self._batches.size, _UNBOUNDED) if unbounded else self._batches.size

    @property
    def image_edge(self) -> int | None:
        """The shorter side in pixels beyond which nothing is seen; None if not known."""
        pictures = self._model().pictures
        return pictures.edge if pictures else None

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised.

        Texts are only ever texts: one that looks like a path or a URL is not opened. What
        is longer than the model reads is cut off.
        """
        loaded = self._model()
        self._require("text", loaded)
        # Texts of like length share a batch, which saves padding.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        model = partial(running.texts, loaded, query=query)
        vectors = self._started(model, [texts[at] for at in order])()
        vectors[order] = vectors.copy()
        return vectors

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self.embed_prepared([self.prepare_image(image) for image in images])

    def prepare_image(self, image: Image) -> object:
        """Return one picture resized and cropped for this model; safe to call from any thread."""
        loaded = self._model()
        self._require("image", loaded)
        return loaded.pictures.prepare(image) if loaded.pictures else image.convert("RGB")

    def embed_prepared(self, prepared: list[object]) -> Vectors:
        """Return the vectors of what `prepare_image` returned, `(n, dim)` float32."""
        return self.start_prepared(prepared)()

    def start_prepared(self, prepared: list[object]) -> Callable[[], Vectors]:
        """Begin `embed_prepared`, and return what waits for its vectors."""
        loaded = self._model()
        self._require("image", loaded)
        return self._started(partial(running.pictures, loaded), prepared, settle=True, ahead=True)

    @property
    def in_flight(self) -> int:
        """How many batches it should have begun at a time, so that it never waits for one."""
        lanes = self._lanes()
        return 1 + (lanes.count if lanes is not None else 1)

    @property
    def audio_rate(self) -> int:
        """The samples a second that it wants sound in."""
        return self._model().rate

    def embed_audio(self, sounds: list[npt.NDArray[np.float32]], rate: int) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised, of sounds of shape (samples,).

        What is longer than the model listens to is cut off.
        """
        loaded = self._model()
        self._require("audio", loaded)
        if rate != loaded.rate:
            import soxr

            sounds = [soxr.resample(one, rate, loaded.rate) for one in sounds]

        return self._started(partial(running.sounds, loaded), sounds)()

    @property
    def remarks(self) -> tuple[str, ...]:
        """Lines for the user about how it runs, known after the first batch of a load."""
        return self._remarks

    def rehearse(self, modality: str, inputs: Sequence[Any]) -> None:
        """Compare half precision with float32 on the first batch of a load, once.

        Where vectors would differ by more than a cosine of 0.999, the model runs in float32
        from here on. What is stored in half precision has nothing to be compared with, and
        where there is no memory for a second copy of the weights, nothing is compared.

        Parameters
        ----------
        modality
            `"text"`, `"prepared"` (pictures) or `"audio"`.
        inputs
            As for `embed_text`, `embed_prepared`, or sounds at the model's own rate.
        """
        coarse, folder = self._model(), self._folder
        if modality in self._rehearsed or folder is None or not inputs:
            return
        self._rehearsed.add(modality)
        if coarse.dtype in {"float32", folder.dtype}:
            return
        try:
            exact = self._exact(folder)
            some = inputs[: precision.TRIED]
            found, wanted = (self._batch(one, modality, some) for one in (coarse, exact))
        except (ModelError, RuntimeError, MemoryError):
            # No memory for both, or an input that fails: the batch itself will say so.
            return
        cosine = precision.least_cosine(found, wanted)
        if not precision.is_near(cosine):
            self._loaded = self._checked(exact)
            self._remarks = (precision.remark(self.name, coarse.dtype, cosine),)

    def maps(self, image: Image, text: str = "", like: Image | None = None) -> Maps:
        """Return where on a picture it sees what a text, or another picture, is about.

        Raises
        ------
        ModelError
            The model gives a vector of the whole picture and tells nothing of its parts.
        """
        import numpy as np

        from mmrag_jupyter.models.patches import maps_of

        core = getattr(cast("Any", self._model().model[0]), "model", None)
        if like is not None:
            return maps_of(self, core, image, (), self.embed_image([like]))
        words = tuple(dict.fromkeys(_WORD.findall(text)))[:_MOST_WORDS]
        vectors = self.embed_text([text, *words], query=True)
        return maps_of(self, core, image, words, np.asarray(vectors, np.float32))

    def area(self, image: Image) -> tuple[float, float, float, float]:
        """Return what it sees of a picture: left, top, right and bottom as fractions of it."""
        pictures = self._model().pictures
        return pictures.area(image.size) if pictures else (0.0, 0.0, 1.0, 1.0)

    def _started(
        self,
        model: Callable[[list[Any]], torch.Tensor],
        inputs: Sequence[Any],
        *,
        settle: bool = False,
        ahead: bool = False,
    ) -> Callable[[], Vectors]:
        """Begin all batches of `inputs`.

        `settle` lets them try how large a batch should be; `ahead` says that others are begun
        before these are waited for.
        """
        import numpy as np

        if not inputs:
            return lambda: np.empty((0, self.dim), dtype=np.float32)
        batches, lanes = self._batches, self._lanes()

        def run(some: Sequence[Any]) -> list[Callable[[], torch.Tensor]]:
            return batches.run(
                lambda batch: running.to_host(model(batch)), some, lambda one: one(), settle=settle
            )

        if lanes is None or (len(inputs) <= batches.size and not ahead):
            return partial(_joined, run(inputs))
        parts = [inputs[at : at + batches.size] for at in range(0, len(inputs), batches.size)]
        return partial(_landed, [lanes.start(partial(run, some)) for some in parts])

    def _lanes(self) -> Lanes | None:
        return of_device(self._model().model.device.type)

    def _batch(self, loaded: Loaded, modality: str, inputs: Sequence[Any]) -> torch.Tensor:
        """Return the vectors of a few inputs, `(n, dim)` float32, not normalised."""
        if modality == "prepared":
            out = running.pictures(loaded, inputs)
        elif modality == "audio":
            out = running.sounds(loaded, inputs)
        else:
            out = running.texts(loaded, inputs, query=False)
        return running.to_host(out)()

    def _exact(self, folder: ModelFolder) -> Loaded:
        from mmrag_jupyter.models.loading import load

        return load(folder, exact=True)

    def _require(self, modality: str, loaded: Loaded) -> None:
        if modality not in loaded.modalities:
            can = " and ".join(sorted(loaded.modalities))
            raise ModelError(f"{self.name} embeds {can}, not {modality}")

    def _described(self, model: SentenceTransformer, batch: int) -> Loaded:
        from mmrag_jupyter.models.loading import describe

        return describe(model, batch=batch)

    def _read(self, folder: ModelFolder) -> Loaded:
        from mmrag_jupyter.models.loading import load

        return load(folder)


def _landed(begun: Sequence[Future[list[Callable[[], torch.Tensor]]]]) -> Vectors:
    """Wait for batches that were begun; where one fails, or on an interrupt, drop the others."""
    try:
        return _joined([one for future in begun for one in future.result()])
    finally:
        for future in begun:
            future.cancel()


def _joined(arriving: Sequence[Callable[[], torch.Tensor]]) -> Vectors:
    import torch

    vectors = torch.cat([one() for one in arriving])
    return cast("Vectors", torch.nn.functional.normalize(vectors, dim=1).numpy())
