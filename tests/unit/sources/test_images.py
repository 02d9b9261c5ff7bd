from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources import images
from mmrag_jupyter.sources.images import (
    is_encoded_picture,
    media_bytes,
    media_digest,
    open_image,
    picture_size,
)

# Pillow warns of some damage before it gives up on it.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def encoded(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(image, kind="PNG", **options):
    return open_image(Media(data=encoded(image, kind, **options)))


def near(found, expected, within=6):
    return all(abs(a - b) <= within for a, b in zip(found, expected, strict=True))


def halves(mode="RGB", left=RED, right=WHITE):
    image = Image.new(mode, (20, 10), left)
    image.paste(right, (10, 0, 20, 10))
    return image


@pytest.mark.parametrize(
    "kind",
    ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "TGA", "ICO", "QOI"],
)
def test_every_format_is_opened_as_rgb(kind, tmp_path):
    path = tmp_path / "odd.suffix"
    image = halves().resize((32, 32)) if kind == "ICO" else halves()
    path.write_bytes(encoded(image, kind, **({"sizes": [(32, 32)]} if kind == "ICO" else {})))
    found = open_image(Media(path=path))
    assert (found.mode, found.size) == ("RGB", image.size)
    assert near(found.getpixel((1, 1)), RED, 30)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = Image.new("RGB", (30, 20), "white")
    upright.paste("red", (0, 0, 15, 10))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how the camera held it: Transpose values
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = opened(stored, "JPEG", exif=exif, quality=95, subsampling=0)
    assert found.size == (30, 20)
    assert near(found.getpixel((3, 3)), RED, 30)
    assert near(found.getpixel((26, 3)), WHITE, 30)
    assert near(found.getpixel((3, 16)), WHITE, 30)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_orientation_is_applied_once_in_other_formats(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(Image.new("RGB", (30, 20)), kind, exif=exif).size == (20, 30)


def test_damaged_exif_does_not_cost_the_picture():
    assert opened(halves(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffgarbage").size == (20, 10)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "La", "RGBa"])
def test_alpha_is_shown_on_white(mode):
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    for step in {"La": ("LA", "La")}.get(mode, (mode,)):
        image = image.convert(step)
    found = open_image(Media(image=image))
    assert found.getpixel((0, 0)) == WHITE
    assert found.getpixel((1, 0)) == BLACK


def test_half_transparent_is_half_white():
    assert near(opened(Image.new("RGBA", (1, 1), (0, 0, 0, 128))).getpixel((0, 0)), (127, 127, 127))


def test_a_transparent_palette_colour_is_white():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)
    for kind, transparency in (("GIF", 0), ("PNG", 0), ("PNG", b"\x00\xff")):
        found = opened(image, kind, transparency=transparency)
        assert found.getpixel((0, 0)) == WHITE
        assert found.getpixel((1, 0)) == (0, 255, 0)


def test_a_transparent_colour_of_true_colour_is_white():
    found = opened(halves(right=(0, 0, 255)), transparency=RED)
    assert found.getpixel((0, 0)) == WHITE
    assert found.getpixel((15, 0)) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "HSV", "RGBX"])
def test_every_mode_becomes_rgb(mode):
    white = {"LAB": Image.new("LAB", (2, 2), (255, 128, 128))}
    image = white.get(mode) or Image.new("RGB", (2, 2), "white").convert(mode)
    found = open_image(Media(image=image))
    assert found.mode == "RGB"
    assert near(found.getpixel((0, 0)), WHITE)


def test_cmyk_jpegs_are_not_inverted():
    found = opened(halves().convert("CMYK"), "JPEG", quality=95)
    assert near(found.getpixel((1, 1)), RED, 40)
    assert near(found.getpixel((18, 1)), WHITE, 10)


@pytest.mark.parametrize(
    ("levels", "kind", "expected"),
    [
        (np.array([[0, 257 * 100, 65535]], np.uint16), "PNG", [0, 100, 255]),
        (np.array([[0, 257 * 100, 257 * 200]], np.uint16), "TIFF", [0, 100, 200]),
        (np.array([[0, 100, 257]], np.uint16), "PNG", [0, 0, 1]),
        (np.array([[0, 257 * 100, 65535]], np.int32), "TIFF", [0, 100, 255]),
        (np.array([[0, 100, 255]], np.int32), "TIFF", [0, 100, 255]),
        (np.array([[-1000, 0, 1000]], np.int32), "TIFF", [0, 128, 255]),
        (np.array([[0, 50_000, 100_000]], np.int32), "TIFF", [0, 128, 255]),
        (np.array([[0, 0.5, 1]], np.float32), "TIFF", [0, 128, 255]),
        (np.array([[0, 100, 200]], np.float32), "TIFF", [0, 100, 200]),
        (np.array([[-2, 0, 2]], np.float32), "TIFF", [0, 128, 255]),
        (np.array([[np.nan, np.inf, 1]], np.float32), "TIFF", [0, 0, 255]),
        (np.array([[7, 7, 7]], np.float32) * 1e6, "TIFF", [0, 0, 0]),
        (np.array([[-3e38, 0, 3e38]], np.float32), "TIFF", None),
    ],
)
def test_grey_levels_beyond_8_bits_are_scaled_and_not_clipped(levels, kind, expected):
    found = np.asarray(opened(Image.fromarray(levels), kind))[0, :, 0]
    if expected is not None:
        assert found.tolist() == expected


def test_big_endian_levels_are_read_in_their_order():
    image = Image.frombytes("I;16B", (2, 1), struct.pack(">HH", 0, 65535))
    assert np.asarray(open_image(Media(image=image)))[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_taken(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert near(open_image(Media(data=data)).getpixel((4, 4)), RED, 10)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"just some text", "is not a picture in a format that Pillow opens"),
        (b"<!DOCTYPE html><html></html>", "is not a picture but a web page"),
        (b"%PDF-1.7", "is not a picture but a PDF"),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "is an SVG drawing"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture in a format"),
        (encoded(halves().resize((200, 200)))[:150], "is cut short"),
        (encoded(Image.effect_noise((200, 200), 50).convert("RGB"), "JPEG")[:3000], "is cut short"),
        (encoded(Image.effect_noise((99, 99), 50), "GIF")[:3000], "is cut short"),
        (encoded(halves(), "TIFF")[:60], ""),
        (encoded(halves())[:40], ""),
        (encoded(halves(), "JPEG")[:20], ""),
    ],
    ids=range(12),
)
def test_what_is_no_whole_picture_is_one_line(data, reason, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(SourceError) as raised:
        open_image(Media(path=path))
    assert str(raised.value).startswith(f"{path} ")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_are_gone_or_no_files_are_one_line(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for name, reason in (
        ("gone.png", "is gone"),
        ("pipe.png", "a folder or a device"),
        (".", "a folder"),
    ):
        for work in (open_image, media_bytes, media_digest):
            with pytest.raises(SourceError, match=reason):
                work(Media(path=tmp_path / name))


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(halves()))

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"a.png cannot be read: Permission denied"):
        open_image(Media(path=path))


def bomb(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("limit", [Image.MAX_IMAGE_PIXELS, None])
@pytest.mark.parametrize("size", [(30_000, 30_000), (900_000_000, 1)])
def test_a_decompression_bomb_is_refused_with_its_size_whatever_pillows_limit(
    size, limit, monkeypatch
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(
        SourceError, match=r"is too large: .*900,000,000 pixels.*limit is 178,956,970"
    ):
        open_image(Media(data=bomb(*size)))
    assert limit == Image.MAX_IMAGE_PIXELS


def test_large_pictures_below_the_limit_are_tried():
    with pytest.raises(SourceError, match="is cut short"):
        open_image(Media(data=bomb(10_000, 10_000)))


def warned_by(act):
    """Return what a call warns of, all warnings let through."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
        return [warning.category for warning in caught]


def test_a_large_picture_is_opened_without_pillows_warning_of_it(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data = encoded(Image.new("RGB", (14, 14)))
    media = Media(data=data)
    for ours in (open_image, picture_size, lambda media: is_encoded_picture(media.data)):
        assert warned_by(lambda ours=ours: ours(media)) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_image(media).size == (14, 14)


def test_the_users_own_pictures_are_warned_of_before_and_during_and_after(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    data = encoded(Image.new("RGB", (14, 14)))

    def users_own():
        Image.open(io.BytesIO(data)).close()

    class Slow(io.BytesIO):
        def read(self, size=-1):
            thread = threading.Thread(target=users_own)
            thread.start()
            thread.join()
            return super().read(size)

    monkeypatch.setattr(images, "_opened", lambda media: Slow(media.data))
    large = Image.DecompressionBombWarning
    assert warned_by(users_own) == [large]
    assert set(warned_by(lambda: open_image(Media(data=data)))) == {large}
    assert warned_by(users_own) == [large]


def test_a_jpeg_is_decoded_no_larger_than_needed():
    media = Media(data=encoded(Image.new("RGB", (1600, 1200)), "JPEG"))
    assert open_image(media).size == (1600, 1200)
    assert open_image(media, edge=112).size == (200, 150)
    assert open_image(media, edge=113).size == (400, 300)
    assert open_image(media, edge=450).size == (800, 600)
    assert open_image(media, edge=451).size == (1600, 1200)
    assert open_image(Media(data=encoded(Image.new("RGB", (1600, 1200)))), edge=10).size == (
        1600,
        1200,
    )


def test_a_drafted_jpeg_is_upright_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("L", (1600, 1200)), "JPEG", exif=exif)
    found = open_image(Media(data=data), edge=200)
    assert (found.size, found.mode) == ((300, 400), "RGB")


def open_files():
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_no_file_is_left_open(tmp_path):
    frames = [halves(), halves(left=BLACK)]
    names = {"a.gif": "GIF", "b.tiff": "TIFF", "c.png": "PNG", "d.webp": "WEBP"}
    for name, kind in names.items():
        frames[0].save(tmp_path / name, kind, save_all=True, append_images=frames[1:])
    (tmp_path / "e.jpg").write_bytes(encoded(halves().resize((300, 300)), "JPEG")[:600])
    before = open_files()
    kept = [open_image(Media(path=tmp_path / name)) for name in names]
    with pytest.raises(SourceError):
        open_image(Media(path=tmp_path / "e.jpg"))
    assert open_files() == before
    assert all(image.getpixel((1, 1)) for image in kept)


def test_many_threads_may_open_the_same_lazy_image(tmp_path):
    noise = np.random.default_rng(3).integers(0, 256, (900, 900, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    expected = media_digest(Media(image=Image.fromarray(noise)))
    shared = Image.open(tmp_path / "a.png")
    start = threading.Barrier(8)

    def work(_):
        start.wait()
        found = open_image(Media(image=shared))
        return np.array_equal(np.asarray(found), noise), media_digest(Media(image=shared))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(8))) == {(True, expected)}


def test_a_given_image_is_left_as_it_is():
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.getexif()[0x0112] = 6
    assert open_image(Media(image=image)).size == (1, 2)
    assert (image.mode, image.size) == ("RGBA", (2, 1))


def test_an_image_whose_file_was_closed_is_one_line(tmp_path):
    halves().save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        pass
    for work in (open_image, media_bytes, media_digest):
        with pytest.raises(SourceError, match="picture in memory cannot be read"):
            work(Media(image=image))


def test_the_bytes_of_a_file_are_its_own(tmp_path):
    data = encoded(halves(), "JPEG")
    (tmp_path / "a.jpg").write_bytes(data)
    assert media_bytes(Media(path=tmp_path / "a.jpg")) == media_bytes(Media(data=data)) == data


@pytest.mark.parametrize(
    "mode",
    [
        "1",
        "L",
        "LA",
        "P",
        "PA",
        "RGB",
        "RGBA",
        "RGBa",
        "CMYK",
        "YCbCr",
        "LAB",
        "HSV",
        "I",
        "F",
        "I;16",
    ],
)
def test_a_given_image_is_encoded_without_loss(mode):
    noise = np.random.default_rng(3).integers(0, 256, (7, 9, 4), np.uint8)
    if mode in {"I", "F", "I;16"}:
        kinds = {"I": np.int32, "F": np.float32, "I;16": np.uint16}
        image = Image.fromarray((noise[:, :, 0] * 200.0).astype(kinds[mode]))
    elif mode == "LAB":
        image = Image.merge("LAB", Image.fromarray(noise[:, :, :3].copy()).split())
    elif mode == "RGBa":
        image = Image.fromarray(noise).convert("RGBa")
    else:
        image = Image.fromarray(noise).convert(mode)
    assert image.mode == mode
    again = open_image(Media(data=media_bytes(Media(image=image))))
    assert np.array_equal(np.asarray(again), np.asarray(open_image(Media(image=image))))


def test_a_turned_image_is_encoded_upright():
    image = halves()
    image.getexif()[0x0112] = 6
    assert open_image(Media(data=media_bytes(Media(image=image)))).size == (10, 20)


def test_digests_tell_contents_apart_and_nothing_else(tmp_path):
    data = encoded(halves())
    (tmp_path / "a.png").write_bytes(data)
    (tmp_path / "b.png").write_bytes(data)
    one = media_digest(Media(path=tmp_path / "a.png"))
    assert len(one) == images.DIGEST_BYTES
    assert one == media_digest(Media(path=tmp_path / "b.png")) == media_digest(Media(data=data))
    assert one != media_digest(Media(data=encoded(halves(left=BLACK))))


def test_digests_of_given_images_cover_mode_size_pixels_and_palette():
    palette = Image.new("P", (2, 2))
    palette.putpalette([255, 0, 0])
    other = Image.new("P", (2, 2))
    other.putpalette([0, 255, 0])
    clear = palette.copy()
    clear.info["transparency"] = 0
    different = [
        Image.new("RGB", (2, 3)), Image.new("RGB", (3, 2)), Image.new("L", (2, 3)),
        Image.new("RGB", (2, 3), "red"), palette, other, clear,
    ]  # fmt: skip
    assert len({media_digest(Media(image=image)) for image in different}) == len(different)
    assert media_digest(Media(image=Image.new("RGB", (2, 3)))) == media_digest(
        Media(image=different[0])
    )


def test_truncated_files_load_only_where_the_user_told_pillow_so(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data = encoded(Image.effect_noise((200, 200), 50).convert("RGB"), "JPEG")[:3000]
    assert open_image(Media(data=data)).size == (200, 200)


def test_damaged_bytes_never_raise_anything_else():
    generator = np.random.default_rng(5)
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "ICO", "TGA", "PPM", "AVIF"):
        whole = np.frombuffer(encoded(halves().resize((32, 32)), kind), np.uint8)
        for _ in range(40):
            data = whole.copy()
            at = generator.integers(0, len(data), 12)
            data[at] = generator.integers(0, 256, 12)
            try:
                assert open_image(Media(data=data.tobytes())).mode == "RGB"
            except SourceError as error:
                assert "\n" not in str(error)  # noqa: PT017 - either outcome is right


OPEN_AND_SHOW = """
import sys
from pathlib import Path
from mmrag_jupyter.display.thumbnails import opened
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.images import open_image

for file in sys.argv[1:]:
    opened(lambda: open_image(Media(path=Path(file))), 64).uri(0)
print([name for name in sys.modules if name.endswith("ImagePlugin")])
"""


def test_usual_pictures_are_shown_without_importing_forty_formats(tmp_path):
    files = [str(tmp_path / f"a.{suffix}") for suffix in ("jpg", "png", "gif", "bmp", "webp")]
    for file in files:
        Image.new("RGB", (80, 60), RED).save(file)
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AND_SHOW, *files], check=True, capture_output=True, text=True
    )
    assert "PIL.JpegImagePlugin" in done.stdout
    assert "PIL.IcoImagePlugin" not in done.stdout


@pytest.mark.parametrize("suffix", ["ico", "tiff", "tga", "jp2", "qoi"])
def test_other_pictures_are_recognised_too(tmp_path, suffix):
    Image.new("RGB", (32, 32), RED).save(tmp_path / f"a.{suffix}")
    media = Media(path=tmp_path / f"a.{suffix}")
    assert open_image(media).size == picture_size(media) == (32, 32)
