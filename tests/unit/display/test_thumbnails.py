import base64
import io

import pytest
from PIL import Image

from mmrag_jupyter.display import thumbnails as module
from mmrag_jupyter.display.thumbnails import Gone, opened, thumbnails


def decoded(uri):
    head, data = uri.split(",")
    assert head in {"data:image/webp;base64", "data:image/jpeg;base64"}
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_picture_is_scaled_to_the_edge_and_keeps_its_shape(photo):
    picture = opened(lambda: photo(size=(1200, 600)), 256)
    assert (picture.width, picture.height) == (1200, 600)
    [thumbnail] = thumbnails([picture], 10**6)
    assert decoded(thumbnail.uri).size == (256, 128)


@pytest.mark.parametrize("size", [(3000, 10), (10, 3000), (1, 1)])
def test_pictures_of_any_shape_are_drawn(size):
    [thumbnail] = thumbnails([opened(lambda: Image.new("RGB", size, "red"), 256)], 10**6)
    assert min(decoded(thumbnail.uri).size) >= 1


def test_transparent_pixels_become_white():
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    [thumbnail] = thumbnails([opened(lambda: clear, 256)], 10**6)
    assert decoded(thumbnail.uri).convert("RGB").getpixel((32, 32)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "YCbCr", "I", "F", "RGBA"])
def test_every_mode_is_drawn(mode):
    [thumbnail] = thumbnails([opened(lambda: Image.new(mode, (40, 30)), 256)], 10**6)
    assert decoded(thumbnail.uri).size == (40, 30)


def test_a_picture_that_cannot_be_opened_tells_why():
    def broken():
        raise OSError("cannot identify image file 'a.jpg'\nsecond line")

    assert opened(broken, 256) == Gone("cannot identify image file 'a.jpg' second line")


def test_an_error_without_words_is_named():
    def broken():
        raise KeyError

    assert opened(broken, 256) == Gone("KeyError")


@pytest.mark.parametrize("room", [60_000, 30_000, 20_000])
def test_pictures_become_smaller_until_they_fit(photo, room):
    pictures = [opened(lambda seed=seed: photo(seed), 256) for seed in range(8)]
    made = thumbnails(pictures, room)
    assert sum(len(each.uri) for each in made) <= room
    assert len(made) == 8


@pytest.mark.parametrize("room", [60_000, 40_000, 25_000])
def test_pictures_fill_the_room_and_few_are_encoded_in_vain(photo, room, monkeypatch):
    made, encoded = [], module.encoded

    def counted(image, edge, quality):
        made.append(edge)
        return encoded(image, edge, quality)

    monkeypatch.setattr(module, "encoded", counted)
    pictures = [opened(lambda seed=seed: photo(seed), 256) for seed in range(8)]
    taken = sum(len(each.uri) for each in thumbnails(pictures, room))
    assert 0.9 * room < taken <= room
    # Once each at their best, once as they are shown, and some once more.
    assert len(made) < 3 * len(pictures)


def test_the_same_pictures_are_fitted_the_same_way_again(photo):
    pictures = [opened(lambda seed=seed: photo(seed), 256) for seed in range(6)]
    first = thumbnails(pictures, 20_000)
    thumbnails(pictures, 9_000)
    assert thumbnails(pictures, 20_000) == first


def test_what_was_drawn_stays_as_it_is_beside_photos_that_make_room(photo):
    drawn = opened(lambda: Image.new("P", (300, 200)), 256)
    pictures = [drawn, *(opened(lambda seed=seed: photo(seed), 256) for seed in range(4))]
    made = thumbnails(pictures, 10_000)
    assert made[0].uri == drawn.uri(0)
    assert sum(len(each.uri) for each in made) <= 10_000


def test_no_pictures_need_no_room():
    assert thumbnails([], -5) == []


def test_a_plain_picture_leaves_its_room_to_the_others(photo):
    plain = opened(lambda: Image.new("RGB", (256, 256), "navy"), 256)
    busy = opened(lambda: photo(1), 256)
    made = thumbnails([plain, busy], 6000)
    assert decoded(made[0].uri).size == (256, 256)
    assert max(decoded(made[1].uri).size) < 256


def test_the_least_is_given_when_there_is_no_room(photo):
    [thumbnail] = thumbnails([opened(lambda: photo(1), 256)], 0)
    assert max(decoded(thumbnail.uri).size) == 96
