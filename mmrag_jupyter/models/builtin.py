"""The built-in embedder: colours and their layout, with nothing to download.

It finds look-alikes (the same product, the same scene) and does not understand content.
Texts are served by words alone (BM25), so it has no vectors for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from mmrag_jupyter.errors import ModelError

if TYPE_CHECKING:
    from PIL.Image import Image

    from mmrag_jupyter.models.base import Vectors

Array: TypeAlias = npt.NDArray[np.floating]
Codes: TypeAlias = npt.NDArray[np.integer]

NAME = "builtin:1"

# Bins of hue, saturation and value.
_HUES, _SATURATIONS, _VALUES = 24, 4, 4
# Pixels of the square that a picture is reduced to, and cells a side of the layout.
_EDGE, _CELLS = 128, 4
# A grey pixel still counts this much of a vivid one: shelves, tables and white paper
# are grey, and things are coloured.
_GREY = 0.2
# Length below which the deviations of a layout from grey count less: 8 levels a value.
_FLAT = 8 * (3 * _CELLS * _CELLS) ** 0.5
# Shares of the whole picture, its centre and the layout. What a photo shows is mostly in
# its middle.
_WHOLE, _CENTRE, _LAYOUT = 1.0, 1.5, 0.4


class BuiltinEmbedder:
    """Embeds pictures by colour and layout; needs no download and about a millisecond each.

    The vector joins three parts, each of length 1 before it is weighted: a histogram over
    hue, saturation and value of the whole picture, one of its centre (half the width and
    height), both weighted by saturation and square-rooted so that their dot product is the
    Bhattacharyya coefficient, and the mean colours of a grid of 4 x 4 cells. Dark pixels
    share one bin and grey ones have no hue.
    """

    name = NAME
    address = "builtin"
    modalities = frozenset({"image"})
    image_edge = _EDGE

    def __init__(self) -> None:
        self._bins = _bin_table()
        self.dim = 2 * (int(self._bins.max()) + 1) + 3 * _CELLS * _CELLS

    def embed_text(self, texts: list[str], *, query: bool) -> Vectors:
        """Raise ModelError: texts are found by their words."""
        del texts, query
        raise ModelError("the built-in model embeds images only; texts are found by their words")

    def embed_image(self, images: list[Image]) -> Vectors:
        """Return `(n, dim)` float32, L2-normalised."""
        return self.embed_prepared([self.prepare_image(image) for image in images])

    def prepare_image(self, image: Image) -> Vectors:
        """Return the vector `(dim,)` of one picture; safe to call from any thread."""
        # Of PIL's filters only BOX weighs all pixels alike, which is what a histogram counts.
        small = image.convert("RGB").resize((_EDGE, _EDGE), resample=4)
        hsv = np.asarray(small.convert("HSV"))
        weights = hsv[..., 1] * np.float32(1 / 255) + np.float32(_GREY)
        bins = self._bins[_codes(hsv)]
        middle = slice(_EDGE // 4, _EDGE - _EDGE // 4)
        parts = (
            _WHOLE * self._histogram(bins, weights),
            _CENTRE * self._histogram(bins[middle, middle], weights[middle, middle]),
            _LAYOUT * _layout(small),
        )
        vector = np.concatenate(parts)
        return cast("Vectors", (vector / np.linalg.norm(vector)).astype(np.float32))

    def embed_prepared(self, prepared: list[Vectors]) -> Vectors:
        """Return prepared pictures as one array `(n, dim)` float32."""
        return np.stack(prepared) if prepared else np.empty((0, self.dim), dtype=np.float32)

    def _histogram(self, bins: Codes, weights: Array) -> Array:
        count = int(self._bins.max()) + 1
        counts = np.bincount(bins.ravel(), weights.ravel(), minlength=count)
        shares: Array = np.sqrt(counts / counts.sum())
        return shares


def _layout(image: Image) -> Array:
    """Return the mean brightness and colour differences of the cells, of length at most 1."""
    ycc = np.asarray(image.resize((_CELLS, _CELLS), resample=4).convert("YCbCr"), dtype=np.float64)
    centred: Array = (ycc - 128).ravel()
    # A plain grey picture has no layout to speak of, and its noise is not to become one.
    centred /= max(float(np.linalg.norm(centred)), _FLAT)
    return centred


def _codes(hsv: Codes) -> Codes:
    """Pack 8-bit hue, saturation and value into numbers below `_HUES * 16 * 16`."""
    hue = hsv[..., 0].astype(np.int32) * _HUES // 256
    codes: Codes = (hue * 16 + hsv[..., 1] // 16) * 16 + hsv[..., 2] // 16
    return codes


def _bin_table() -> Codes:
    """Return the histogram bin of each code, with no unused bins between."""
    hue, saturation, value = np.meshgrid(
        np.arange(_HUES), np.arange(16), np.arange(16), indexing="ij"
    )
    value = value * _VALUES // 16
    saturation = np.where(value == 0, 0, saturation * _SATURATIONS // 16)
    hue = np.where(saturation == 0, 0, hue)
    coarse = (hue * _SATURATIONS + saturation) * _VALUES + value
    _, bins = np.unique(coarse.ravel(), return_inverse=True)
    return cast("Codes", bins)
