"""Pictures of any format and pages of PDFs as upright RGB, their bytes and content hashes."""

from __future__ import annotations

import hashlib
import io
import math
import re
import stat
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources.awaited import awaiting
from mmrag_jupyter.sources.colours import as_rgb
from mmrag_jupyter.sources.pdf import page_image
from mmrag_jupyter.sources.quiet import no_size_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PIL.Image import Image, Transpose
    from PIL.ImageFile import ImageFile

    from mmrag_jupyter.items import Media

# Where Pillow itself refuses: twice the size at which it warns.
MAX_PIXELS = 178_956_970
DIGEST_BYTES = 16
# A JPEG is decoded at an eighth, a quarter, half or the whole of its size: the smallest of at
# least so many times the edge that is needed. Resized to the edge from there, it differs from
# the whole picture by about one grey level of 255.
_MARGIN = 4 / 3

# Pillow only recognises these, or runs another program (Ghostscript) to draw them.
_NOT_OPENED = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"})
_ORIENTATION = 0x0112  # EXIF 2.3, section 4.6.4 A
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_TIFF_MODES = frozenset({"CMYK", "F", "I", "LAB"})

# A Pillow image given by the user may be shared by several items, and loads itself on use.
_given_image = threading.Lock()


@no_size_warnings()
def open_image(media: Media, *, edge: int | None = None) -> Image:
    """Return a picture as RGB, upright, on white where it is transparent, its first frame.

    Grey levels of 16 bits and more are scaled to 8. A page of a PDF is drawn, at 150 dots an
    inch and of at most 9 million pixels. Safe to call from several threads.

    Parameters
    ----------
    edge
        Pixels of the shorter side that will be needed. A JPEG is then decoded, and a page
        drawn, not much larger than that, which is several times faster.

    Raises
    ------
    SourceError
        In one line, for a picture that is gone, unreadable, empty, cut short, damaged, no
        picture at all, or of more than `MAX_PIXELS` pixels.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        if media.page is not None and media.path is not None:
            return page_image(media.path, media.page, edge=edge)
        if media.image is not None:
            return as_rgb(_given(media.image))
        with _opened(media) as stream:
            try:
                with _recognised(stream) as picture:
                    _refuse_bomb(picture, media)
                    if edge is not None:
                        least = math.ceil(_MARGIN * edge)
                        picture.draft("RGB", (least, least))
                    picture.load()  # before EXIF is read: some plugins turn the picture themselves
                    turn = _turn(picture)
                    return as_rgb(picture if turn is None else picture.transpose(turn))
            except UnidentifiedImageError:
                stream.seek(0)
                raise SourceError(f"{media} is {_what(stream.read(512))}.") from None
    except SourceError:
        raise
    except Image.DecompressionBombError as error:
        raise SourceError(f"{media} is too large: {_pixels(error)}.") from None
    # A damaged file makes Pillow's plugins raise nearly anything, and one picture must never
    # stop a load.
    except Exception as error:
        raise SourceError(f"{media} {_damage(error)}.") from error


@no_size_warnings()
def picture_size(media: Media) -> tuple[int, int] | None:
    """Return a picture's width and height in pixels, upright, as its first bytes say.

    None where they say nothing, or where it would have to be fetched or drawn to find out.
    """
    if media.url is not None or media.page is not None:
        return None
    try:
        if media.image is not None:
            return media.image.size
        with _opened(media) as stream, _recognised(stream) as picture:
            width, height = picture.size
            # The last four of the eight orientations lie on their side.
            return (height, width) if picture.getexif().get(_ORIENTATION, 1) > 4 else picture.size  # noqa: PLR2004
    except Exception:  # noqa: BLE001 - whoever opens it is told what is wrong with it
        return None


def media_bytes(media: Media) -> bytes:
    """Return the encoded bytes of a picture or recording; a Pillow image is encoded losslessly.

    Raises
    ------
    SourceError
        The file is gone or unreadable, or the address does not answer as it should.
    """
    if media.image is not None:
        return _of_given(media, media.image, _encoded)
    with _opened(media) as stream:
        try:
            return stream.read()
        except OSError as error:
            raise SourceError(f"{media} cannot be read: {error.strerror or error}.") from error


def media_digest(media: Media) -> bytes:
    """Return a hash of 16 bytes over the content: the encoded bytes, or a Pillow image's pixels.

    That of a page is made of its document's and of its number.

    Raises
    ------
    SourceError
        As `media_bytes`.
    """
    if media.image is not None:
        return _of_given(media, media.image, _pixel_digest)
    with _opened(media) as stream:
        try:
            found = hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES))
        except OSError as error:
            raise SourceError(f"{media} cannot be read: {error.strerror or error}.") from error
    return found.digest() if media.page is None else page_digest(found.digest(), media.page)


def page_digest(document: bytes, page: int) -> bytes:
    """Return the content hash of a page, counted from 1, of a document with this hash."""
    whole = b"page" + document + page.to_bytes(8, "big")
    return hashlib.blake2b(whole, digest_size=DIGEST_BYTES).digest()


def picture_suffixes() -> frozenset[str]:
    """Return the file suffixes, lower case with their dot, of all formats that can be opened."""
    from PIL import Image

    Image.init()
    formats = {*_formats(), "MPO"}  # an MPO file is opened by way of JPEG
    return frozenset(
        suffix for suffix, name in Image.registered_extensions().items() if name in formats
    )


@no_size_warnings()
def is_encoded_picture(data: bytes) -> bool:
    """Tell whether bytes begin like a picture, without decoding it."""
    from PIL import Image

    # TGA has no signature: nearly any bytes pass for it.
    formats = [name for name in _formats() if name != "TGA"]
    try:
        with Image.open(io.BytesIO(data), formats=formats):
            return True
    except Image.DecompressionBombError:
        return True
    except Exception:  # noqa: BLE001 - whatever a plugin raises, this is no picture
        return False


def _formats() -> list[str]:
    from PIL import Image

    Image.init()
    return _loaded()


def _loaded() -> list[str]:
    from PIL import Image

    return [name for name in Image.ID if name not in _NOT_OPENED]


def _recognised(stream: io.BufferedReader | io.BytesIO) -> ImageFile:
    """Begin to read a picture: one of a usual format, or else of any.

    Pillow has forty others, and importing them takes longer than to open several photos.
    """
    from PIL import Image, UnidentifiedImageError, WebPImagePlugin  # noqa: F401 - a usual one

    Image.preinit()
    try:
        return Image.open(stream, formats=_loaded())
    except UnidentifiedImageError:
        stream.seek(0)
        return Image.open(stream, formats=_formats())


@contextmanager
def _opened(media: Media) -> Iterator[io.BufferedReader | io.BytesIO]:
    with awaiting(media), _stream(media) as stream:
        yield stream


def _stream(media: Media) -> io.BufferedReader | io.BytesIO:
    if media.path is not None:
        return _opened_file(media.path)
    data = media.data
    if media.url is not None:
        from mmrag_jupyter.sources.fetch import fetch

        data = fetch(media.url)
    if not data:
        raise SourceError(f"{media} is empty (0 bytes).")
    return io.BytesIO(data)


def _opened_file(path: Path) -> io.BufferedReader:
    try:
        found = path.stat()
        # Reading a pipe or a device might never end.
        if not stat.S_ISREG(found.st_mode):
            raise SourceError(f"{path} is a folder or a device, not a file.")
        if found.st_size == 0:
            raise SourceError(f"{path} is empty (0 bytes).")
        return path.open("rb")
    except FileNotFoundError:
        raise SourceError(f"{path} is gone: there is no such file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{path} cannot be read: {reason}.") from error


def _refuse_bomb(picture: Image, media: Media) -> None:
    # Looked at here and not left to Pillow, whose limit is one setting for the whole process
    # that anyone may have taken away.
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise SourceError(
            f"{media} is too large: {width:,} x {height:,} are {width * height:,} pixels, and "
            f"the limit is {MAX_PIXELS:,}."
        )


def _pixels(error: Exception) -> str:
    found = re.search(r"\d+", str(error))
    count = f"{int(found.group()):,} pixels" if found else "too many pixels"
    return f"{count}, and the limit is {MAX_PIXELS:,}"


def _what(head: bytes) -> str:
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "not a picture but a web page"
    if start.startswith(b"%pdf"):
        return "not a picture but a PDF"
    if b"<svg" in start:
        return "an SVG drawing, which is not loaded; save it as PNG"
    return "not a picture in a format that Pillow opens"


def _damage(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, EOFError) or "truncated" in reason.lower():
        return f"is cut short ({reason})"
    return f"cannot be read as a picture ({reason})"


def _given(image: Image) -> Image:
    """Return an upright copy of a Pillow image, which is left as it is."""
    with _given_image:
        image.load()
        turn = _turn(image)
        return image.copy() if turn is None else image.transpose(turn)


def _of_given(media: Media, image: Image, work: Callable[[Image], bytes]) -> bytes:
    try:
        return work(image)
    # As in open_image: a lazily opened image fails like the file that it comes from.
    except Exception as error:
        raise SourceError(f"{media} {_damage(error)}.") from error


def _turn(picture: Image) -> Transpose | None:
    """Return what turns a loaded picture upright."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        return turns.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - damaged EXIF must not cost the picture
        return None


def _encoded(image: Image) -> bytes:
    picture = _given(image)
    out = io.BytesIO()
    if picture.mode in _TIFF_MODES:
        picture.save(out, "TIFF", compression="tiff_adobe_deflate")
    else:
        kept = picture if picture.mode in _PNG_MODES else as_rgb(picture)
        # The quickest compression: photographs gain little from more.
        kept.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _pixel_digest(image: Image) -> bytes:
    picture = _given(image)
    found = hashlib.blake2b(digest_size=DIGEST_BYTES)
    found.update(f"{picture.mode} {picture.size} {picture.info.get('transparency')}".encode())
    found.update(bytes(picture.getpalette() or []))
    found.update(picture.tobytes())
    return found.digest()
