"""Pictures made ready for CLIP- and SigLIP-type models, faster than their own processors.

The processors of transformers resize with PIL on the model's thread. Here torch resizes
8-bit pixels (bicubic with antialiasing differs from PIL's by one grey level at most, in a few
of 100,000 pixels by two), which takes a tenth of the time and can be done in other threads; the
rest of the arithmetic is done once a batch, on the model's device. Whether that holds is tried
on a drawn picture when a model is loaded: where it does not, the processor itself is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image

_KNOWN = ("CLIPImageProcessor", "SiglipImageProcessor")
# Names that torch has for PIL's numbers of resampling filters.
_FILTERS = {2: "bilinear", 3: "bicubic"}
# Grey levels by which nearly all pixels may differ from the processor's, and the rest: both
# round twice, so that a few in 100,000, at hard edges, are two levels off.
_NEAR, _FAR, _RARE = 1.01, 2.01, 0.001
# The size of the picture that is compared: neither square nor a multiple of what models want.
_CHECKED = (333, 250)
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

    def stack(self, prepared: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
        """Return prepared pictures as the model's input, `(n, 3, height, width)` float32.

        They travel as 8-bit numbers: a quarter of the bytes, and to CUDA from pinned memory,
        which neither side waits for.
        """
        import torch

        if device.type == "cuda":
            # PyTorch keeps pinned memory until what was queued with it has been copied.
            shape = (len(prepared), *prepared[0].shape)
            pinned = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
            pixels = torch.stack(list(prepared), out=pinned).to(device, non_blocking=True)
        else:
            pixels = torch.stack(list(prepared)).to(device)
        mean, deviation = _on_device(self.mean, device), _on_device(self.deviation, device)
        return pixels.float().mul_(self.scale).sub_(mean).div_(deviation)

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


@lru_cache(maxsize=16)
def _on_device(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    # Made once: a small copy to a GPU waits for all that it has to do.
    import torch

    return torch.tensor(values, device=device).view(1, -1, 1, 1)


def from_processor(processor: Any) -> Pictures | None:  # noqa: ANN401 - transformers is untyped
    """Return what an image processor does, or None where that is not known for certain."""
    found = _described(processor)
    return found if found is not None and _agrees(found, processor) else None


def _agrees(found: Pictures, processor: Any) -> bool:  # noqa: ANN401 - transformers is untyped
    """Tell whether a picture comes out as the processor makes it, within a grey level."""
    import numpy as np
    import torch

    image = _drawn()
    ours = found.stack([found.prepare(image)], torch.device("cpu")).numpy()
    try:
        theirs = np.asarray(processor(images=[image], return_tensors="np")["pixel_values"])
    except Exception:  # noqa: BLE001 - whatever it wants, it is another kind than was thought
        return False
    if ours.shape != theirs.shape:
        return False
    deviation = np.array(found.deviation, np.float32).reshape(1, -1, 1, 1)
    apart = np.abs(ours - theirs) * deviation / found.scale
    return bool(np.mean(apart > _NEAR) <= _RARE and np.max(apart) <= _FAR)


def _drawn() -> Image:
    """Return a picture of soft colours and a few hard edges, the same every time."""
    import numpy as np
    from PIL import Image

    width, height = _CHECKED
    down, across = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(across / a + down / b) for a, b in ((17, 29), (23, 11), (7, 41))]
    pixels = 127 + 100 * np.stack(waves, axis=-1)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = (230, 40, 90)
    return Image.fromarray(pixels.astype(np.uint8))


def _described(processor: Any) -> Pictures | None:  # noqa: ANN401 - transformers is untyped
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
