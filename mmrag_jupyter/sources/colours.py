"""Pictures of any mode of colour as RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image


def as_rgb(picture: Image) -> Image:
    """Return a picture as RGB, on white where it is transparent, grey levels scaled to 8 bits."""
    if picture.mode.startswith(("I", "F")):
        return _grey(picture).convert("RGB")
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        return _on_white(picture.convert("RGBA"))
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _on_white(picture: Image) -> Image:
    from PIL import Image

    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _grey(picture: Image) -> Image:
    """Scale grey levels of more than 8 bits to 8.

    16-bit levels by their full range; floats by 1 or 255, whichever they keep to; anything
    else from its lowest to its highest level.
    """
    import numpy as np
    from PIL import Image

    levels: npt.NDArray[np.float32] = np.asarray(picture).astype(np.float32)
    levels[~np.isfinite(levels)] = 0.0
    low, high = _range(picture.mode, float(levels.min()), float(levels.max()))
    with np.errstate(over="ignore"):  # from -3e38 to 3e38 there is no room for the difference
        scaled = (levels - np.float32(low)) * np.float32(255.0 / ((high - low) or 1.0))
    return Image.fromarray(np.rint(scaled).clip(0, 255).astype(np.uint8))


def _range(mode: str, low: float, high: float) -> tuple[float, float]:
    full: list[float] = [1.0, 255.0] if mode == "F" else [255.0, 65535.0]
    if mode.startswith("I;16"):
        full = [65535.0]
    fitting = [top for top in full if low >= 0 and high <= top]
    return (0.0, fitting[0]) if fitting else (low, high)
