"""Pictures small enough to be kept inside a notebook."""

from __future__ import annotations

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mmrag_jupyter.display.escape import one_line
from mmrag_jupyter.display.shots import Kept, Shot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

# From the best to the smallest that is still worth showing: the longer side in pixels and the
# quality. A photo of 256 px takes some 5 kB at the first step and 1.4 kB at the last.
_STEPS = ((256, 68), (256, 52), (224, 52), (192, 50), (160, 48), (128, 45), (128, 30), (96, 30))

_JPEG = 82

# A picture of so few colours that is no larger than this was drawn: it is kept as it is.
_COLOURS, _DRAWN = 16, 512

LEAST = 1200  # bytes of base64 that the last step takes for a usual photo

_ENCODED = 12_000  # bytes of the steps of a usual photo

_WORKERS = 4  # decoding and encoding leave Python's lock

_FAR = 1.3  # how many times the room counts as far over it


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
    with ThreadPoolExecutor(_WORKERS, "mmrag-thumbnails") as pool:
        begun = [pool.submit(work, one) if isinstance(one, Shot) else None for one in pictures]
        return [
            opened(one, edge) if made is None else made.result()
            for one, made in zip(pictures, begun, strict=True)
        ]


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
    return image.resize(size, Resampling.LANCZOS, reducing_gap=2.0)


def thumbnails(pictures: Sequence[Picture], room: int) -> list[Thumbnail]:
    """Encode `pictures` so that together they take at most `room` bytes as data URIs.

    The largest is made smaller again and again, so that pictures which compress well leave
    their room to those which do not. When all are as small as they get, they may take more.
    """
    steps = [0] * len(pictures)
    uris = [picture.uri(0) for picture in pictures]
    while (total := sum(map(len, uris))) > room:
        open_to = [at for at, step in enumerate(steps) if step < len(_STEPS) - 1]
        if not open_to:
            break
        most = max(open_to, key=lambda at: len(uris[at]))
        # Far over: two steps at once, to encode less often.
        steps[most] = min(steps[most] + (2 if total > _FAR * room else 1), len(_STEPS) - 1)
        uris[most] = pictures[most].uri(steps[most])
    sized = zip(uris, pictures, strict=True)
    return [Thumbnail(uri, each.width, each.height) for uri, each in sized]


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
    from PIL import features

    return bool(features.check("webp"))
