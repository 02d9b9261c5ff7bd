"""Pictures small enough to be kept inside a notebook."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.shots import Shot
from mmrag_jupyter.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

T = TypeVar("T")
R = TypeVar("R")

# From the best to the smallest that is still worth showing: the longer side in pixels and the
# quality. A photo of 256 px takes some 5 kB at the first step and 1.4 kB at the last.
_STEPS = ((256, 68), (256, 52), (224, 52), (192, 50), (160, 48), (128, 45), (128, 30), (96, 30))
_LAST = len(_STEPS) - 1

_JPEG = 82

# A picture of so few colours that is no larger than this was drawn: it is kept as it is.
_COLOURS, _DRAWN = 16, 512

LEAST = 1200  # bytes of base64 that the last step takes for a usual photo

_ENCODED = 12_000  # bytes of the steps of a usual photo

_WORKERS = 4  # decoding and encoding leave Python's lock

# What a photo of `n` bytes of base64 at the first step takes at each: `n` times this and some
# bytes, fitted to some 200 photos. Rather too little: a step too few is mended, one too many not.
_SHARES = (1.0, 0.82, 0.68, 0.53, 0.40, 0.265, 0.21, 0.13)
_AT_LEAST = 180


class Picture:
    """An opened picture, scaled down; `width` and `height` are those of the original, in pixels.

    What was encoded is kept: fitting many pictures into a budget asks for it again, and so
    does showing them a second time.
    """

    def __init__(self, image: Image, width: int, height: int, *, drawn: bool = False) -> None:
        self.width, self.height = width, height
        self.drawn = drawn
        self._image = image
        self._uris: dict[int, str] = {}

    def uri(self, step: int) -> str:
        """Return the picture as a data URI, encoded as `step` says."""
        if self.drawn:
            step = 0
        if step not in self._uris:
            made = drawing(self._image) if self.drawn else encoded(self._image, *_STEPS[step])
            self._uris[step] = made
        return self._uris[step]

    def has(self, step: int) -> bool:
        """Tell whether it was encoded as `step` says before."""
        return (0 if self.drawn else step) in self._uris

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with what was or will be encoded of it."""
        return 3 * self._image.width * self._image.height + _ENCODED

    def jpeg(self) -> bytes:
        """Return the picture as JPEG, in the size to which it was scaled."""
        out = io.BytesIO()
        self._image.convert("RGB").save(out, "jpeg", quality=_JPEG)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Gone:
    """A picture that could not be opened, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """An encoded picture as a data URI; `width` and `height` are those of the original.

    `sheets` are smaller ones that stand below it: pages, with their numbers.
    """

    uri: str
    width: int
    height: int
    sheets: tuple[tuple[int, Thumbnail], ...] = ()


def opened(picture: Callable[[], Image] | Shot | None, edge: int) -> Picture | Gone | None:
    """Open a picture and scale it to at most `edge` pixels on its longer side, alpha on white.

    One that says what its content is, a `Shot`, is opened only the first time.
    """
    if picture is None:
        return None
    try:
        if not isinstance(picture, Shot):
            image = picture()
            return _picture(image, image.size, edge)
        key = picture.key, edge
        known = _kept.get(key) if picture.key else None
        if known is not None:
            return known
        made = _picture(*picture.scaled(edge), edge)
        return _kept.put(key, made) if picture.key else made
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one picture, the rest is shown
        return Gone(one_line(str(error), 160) or type(error).__name__)


def all_opened(
    pictures: Sequence[Callable[[], Image] | Shot | None], edge: int
) -> list[Picture | Gone | None]:
    """Open pictures as `opened` does, several at a time, and encode them at their best."""
    if sum(isinstance(one, Shot) for one in pictures) < 2:  # noqa: PLR2004 - alone it needs no thread
        return [opened(one, edge) for one in pictures]

    def work(picture: Callable[[], Image] | Shot | None) -> Picture | Gone | None:
        made = opened(picture, edge)
        if isinstance(made, Picture):
            made.uri(0)
        return made

    # What is no shot may not be made for threads: it waits for its turn.
    shots = [at for at, one in enumerate(pictures) if isinstance(one, Shot)]
    made = dict(zip(shots, _side_by_side(work, [pictures[at] for at in shots]), strict=True))
    return [made[at] if at in made else opened(one, edge) for at, one in enumerate(pictures)]


def _side_by_side(work: Callable[[T], R], things: Sequence[T]) -> list[R]:
    """Do what leaves Python's lock on several things at a time; return what comes of each."""
    if len(things) < 2:  # noqa: PLR2004 - alone it needs no thread
        return [work(one) for one in things]
    with ThreadPoolExecutor(_WORKERS, "mmrag-thumbnails") as pool:
        return list(pool.map(work, things))


def _picture(image: Image, own: tuple[int, int], edge: int) -> Picture:
    width, height = own
    if _is_drawn(image):
        return Picture(image, width, height, drawn=True)
    scale = min(edge / max(*own, 1), 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return Picture(_scaled(_opaque(image), size), width, height)


def _is_drawn(image: Image) -> bool:
    if image.mode != "P" or max(image.size) > _DRAWN or "transparency" in image.info:
        return False
    return image.getcolors(_COLOURS) is not None


def _opaque(image: Image) -> Image:
    if image.mode == "RGB":
        return image
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        import PIL.Image

        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        return PIL.Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def _scaled(image: Image, size: tuple[int, int]) -> Image:
    if image.size == size:
        return image
    from PIL.Image import Resampling

    # A gap of 2 first averages whole blocks: far faster on a photo, and no difference to see.
    # Lanczos takes a third more time for half a grey level of 255, less than encoding changes.
    return image.resize(size, Resampling.BICUBIC, reducing_gap=2.0)


def thumbnails(pictures: Sequence[Picture], room: int) -> list[Thumbnail]:
    """Encode `pictures` so that together they take at most `room` bytes as data URIs.

    The largest is made smaller again and again, so that pictures which compress well leave
    their room to those which do not. When all are as small as they get, they may take more.
    How small each has to be is reckoned first, so that few are encoded in vain.
    """
    # What was drawn is as it is at any step.
    steps = [_LAST if picture.drawn else 0 for picture in pictures]
    best = sizes = [float(len(uri)) for uri in _encoded(pictures, steps)]
    while sum(sizes) > room and any(step < _LAST for step in steps):
        wanted = _reckoned(best, steps, sizes, room)
        changed = [at for at, step in enumerate(steps) if step != wanted[at]]
        made = _encoded([pictures[at] for at in changed], [wanted[at] for at in changed])
        known = dict(zip(changed, map(len, made), strict=True))
        sizes = [known.get(at, size) for at, size in enumerate(sizes)]
        steps = wanted
    sized = zip(_encoded(pictures, steps), pictures, strict=True)
    return [Thumbnail(uri, each.width, each.height) for uri, each in sized]


def _reckoned(
    best: Sequence[float], steps: Sequence[int], sizes: Sequence[float], room: int
) -> list[int]:
    """Return the steps at which pictures probably fit, the largest made smaller again and again.

    `best` are their sizes at the first step, `sizes` those at `steps`, where they are now.
    """
    steps, sizes = list(steps), list(sizes)
    off = [size / _usual(own, step) for own, step, size in zip(best, steps, sizes, strict=True)]
    while sum(sizes) > room:
        open_to = [at for at, step in enumerate(steps) if step < _LAST]
        if not open_to:
            break
        most = max(open_to, key=lambda at: sizes[at])
        steps[most] += 1
        sizes[most] = off[most] * _usual(best[most], steps[most])
    return steps


def _usual(best: float, step: int) -> float:
    """Return the bytes that a picture probably takes at a step, by what it takes at the first."""
    return best * _SHARES[step] + (_AT_LEAST if step else 0)


def _encoded(pictures: Sequence[Picture], steps: Sequence[int]) -> list[str]:
    """Return pictures as data URIs, each at its step; several are encoded at a time."""
    wanted = list(zip(pictures, steps, strict=True))
    new = [(one, step) for one, step in wanted if not one.has(step)]
    _side_by_side(lambda one: one[0].uri(one[1]), new)
    return [one.uri(step) for one, step in wanted]


_kept: Kept[tuple[bytes, int], Picture] = Kept(lambda picture: picture.weight)


def jpeg(picture: Callable[[], Image], edge: int) -> tuple[bytes, int, int] | Gone:
    """Return a picture as JPEG of at most `edge` pixels, and the original's width and height.

    For a page that asks for pictures one by one, and keeps none of them: encoding takes a
    fifth of the time that WebP takes.
    """
    found = opened(picture, edge)
    if not isinstance(found, Picture):
        return found or Gone("there is no picture")
    return found.jpeg(), found.width, found.height


def drawing(image: Image) -> str:
    """Return a picture of few colours as a data URI, as it is: so it is smallest, and sharp."""
    out = io.BytesIO()
    kind = "webp" if _webp() else "png"
    options = {"lossless": True} if _webp() else {"optimize": True}
    (image.convert("RGB") if _webp() else image).save(out, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def encoded(image: Image, edge: int, quality: int) -> str:
    """Return a picture as a data URI, at most `edge` pixels long on its longer side."""
    scale = min(edge / max(image.size), 1.0)
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    out = io.BytesIO()
    kind = "webp" if _webp() else "jpeg"
    # Method 2 takes half the time of 4 for 4% more bytes; 0 and 1 write far larger files.
    options = {"method": 2} if _webp() else {"optimize": True}
    _scaled(image, size).save(out, kind, quality=quality, **options)
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


@lru_cache(maxsize=1)
def _webp() -> bool:
    # Named here, so that Pillow does not import all of its formats to find this one.
    from PIL import WebPImagePlugin, features  # noqa: F401

    return bool(features.check("webp"))
