"""Pictures made ready for CLIP- and SigLIP-type models, faster than their own processors.

The processors of transformers resize with PIL on the model's thread. Here torch resizes
8-bit pixels (bicubic with antialiasing differs from PIL's by at most one grey level), which
takes a tenth of the time and can be done in other threads; the rest of the arithmetic is
done once a batch, on the model's device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image

_KNOWN = ("CLIPImageProcessor", "SiglipImageProcessor")
# Names that torch has for PIL's numbers of resampling filters.
_FILTERS = {2: "bilinear", 3: "bicubic"}
# A picture of 20,000 x 1 pixels would become gigabytes if it were resized whole.
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a processor does to a picture: resize, crop the centre, scale and shift.

    `size` is `(height, width)` in pixels, or the length of the shorter side alone.
    """

    size: tuple[int, int] | int
    crop: tuple[int, int] | None
    resample: str
    scale: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @property
    def edge(self) -> int:
        """The shorter side in pixels beyond which nothing is seen."""
        return self.size if isinstance(self.size, int) else min(self.size)

    def prepare(self, image: Image) -> torch.Tensor:
        """Return one picture as `(3, height, width)` uint8; safe to call from any thread."""
        import numpy as np
        import torch

        image = self._without_ends(image)
        image = image if image.mode == "RGB" else image.convert("RGB")
        pixels = torch.from_numpy(np.array(image))
        # This memory layout is the one that torch resizes fastest, without further threads.
        batch = pixels.permute(2, 0, 1).unsqueeze(0)
        with torch.inference_mode():
            resized = torch.nn.functional.interpolate(
                batch, size=self._resized(image.size), mode=self.resample, antialias=True
            )[0]
        if self.crop is None:
            return resized
        height, width = self.crop
        top, left = (resized.shape[1] - height) // 2, (resized.shape[2] - width) // 2
        return resized[:, top : top + height, left : left + width]

    def stack(self, prepared: Sequence[torch.Tensor], device: object) -> torch.Tensor:
        """Return prepared pictures as the model's input, `(n, 3, height, width)` float32."""
        import torch

        pixels = torch.stack(list(prepared)).to(device, non_blocking=True).float()  # type: ignore[call-overload]
        mean = torch.tensor(self.mean, device=pixels.device).view(1, -1, 1, 1)
        deviation = torch.tensor(self.deviation, device=pixels.device).view(1, -1, 1, 1)
        return cast("torch.Tensor", pixels.mul_(self.scale).sub_(mean).div_(deviation))

    def area(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return what is seen of a picture of `(width, height)` pixels, as fractions of it.

        Left, top, right and bottom: without a crop all of it, else the middle.
        """
        if self.crop is None:
            return 0.0, 0.0, 1.0, 1.0
        width, height = size
        if isinstance(self.size, int):
            # The shorter side is made as long as `size`.
            scale = self.size / min(width, height)
            across, down = self.crop[1] / (width * scale), self.crop[0] / (height * scale)
        else:
            across, down = self.crop[1] / self.size[1], self.crop[0] / self.size[0]
        left, top = (1 - min(across, 1.0)) / 2, (1 - min(down, 1.0)) / 2
        return left, top, 1 - left, 1 - top

    def _without_ends(self, image: Image) -> Image:
        """Cut the ends of a very long picture, which the crop would throw away, before resizing."""
        width, height = image.size
        keep = _LONGEST * min(width, height)
        if self.crop is None or max(width, height) <= keep:
            return image
        left, top = max(0, (width - keep) // 2), max(0, (height - keep) // 2)
        return image.crop((left, top, min(width, left + keep), min(height, top + keep)))

    def _resized(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return `(height, width)` for a picture of `(width, height)`."""
        if not isinstance(self.size, int):
            return self.size
        width, height = size
        # The processors cut the longer side down to whole pixels; rounding would differ.
        if width <= height:
            return int(self.size * height / width), self.size
        return self.size, int(self.size * width / height)


def from_processor(processor: Any) -> Pictures | None:  # noqa: ANN401 - transformers is untyped
    """Return what an image processor does, or None where it is of an unknown kind."""
    name = type(processor).__name__.removesuffix("Pil").removesuffix("Fast")
    if name not in _KNOWN or not (processor.do_resize and processor.do_rescale):
        return None
    resample = _FILTERS.get(int(processor.resample))
    size = _size(processor.size)
    crop = _size(processor.crop_size) if getattr(processor, "do_center_crop", False) else None
    if resample is None or size is None or isinstance(crop, int):
        return None
    normalised = bool(processor.do_normalize)
    made = Pictures(
        size=size,
        crop=crop,
        resample=resample,
        scale=float(processor.rescale_factor),
        mean=tuple(processor.image_mean) if normalised else (0.0, 0.0, 0.0),
        deviation=tuple(processor.image_std) if normalised else (1.0, 1.0, 1.0),
    )
    # Without a crop, pictures of different shapes would not make a batch; a crop larger
    # than the picture would have to be padded.
    if isinstance(size, int):
        fits = crop is not None and max(crop) <= size
    else:
        fits = crop is None or (crop[0] <= size[0] and crop[1] <= size[1])
    return made if fits else None


def _size(given: Any) -> tuple[int, int] | int | None:  # noqa: ANN401 - transformers is untyped
    known = dict(given) if given is not None else {}
    if known.keys() == {"height", "width"}:
        return int(known["height"]), int(known["width"])
    return int(known["shortest_edge"]) if known.keys() == {"shortest_edge"} else None
