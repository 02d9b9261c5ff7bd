"""Pictures that look alike are no duplicates; copies, scaled, cropped or saved again, are."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from mmrag_jupyter.exploring.looking import Looking
from mmrag_jupyter.exploring.near import WORTH_A_LOOK, default_limit
from mmrag_jupyter.exploring.sketches import SIZE, flat, same, sketch
from mmrag_jupyter.models.builtin import BuiltinEmbedder

SHIRT = [(120, 60), (60, 90), (80, 150), (110, 140), (110, 260), (210, 260), (210, 140)]
SHIRT += [(240, 150), (260, 90), (200, 60), (160, 80)]
LAMP = [(150, 50), (90, 140), (150, 140), (150, 250), (110, 260), (210, 260), (170, 250)]
LAMP += [(170, 140), (230, 140), (170, 50)]


def goods(outline, fill=(236, 236, 240), ground=(255, 255, 255)):
    """Return a photo of goods as shops take them: pale things on white."""
    image = Image.new("RGB", (320, 320), ground)
    draw = ImageDraw.Draw(image)
    draw.polygon(outline, fill=fill)
    draw.line([*outline, outline[0]], fill=(200, 200, 205), width=3)
    return image


def scene(seed):
    """Return something like a photo: coloured blobs of many sizes."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (300, 240), tuple(random.integers(80, 200, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for size in [*[90] * 6, *[40] * 14, *[14] * 40]:
        x, y = random.integers(-20, 300), random.integers(-20, 240)
        colour = tuple(random.integers(30, 230, 3).tolist())
        draw.ellipse((x, y, x + size, y + size * 0.8), fill=colour)
    return image


def jpeg(image, quality):
    out = io.BytesIO()
    image.save(out, "jpeg", quality=quality)
    return Image.open(out).convert("RGB")


def cropped(image, left, top, right, bottom):
    wide, high = image.size
    box = (wide * left, high * top, wide * (1 - right), high * (1 - bottom))
    return image.crop(tuple(round(edge) for edge in box))


COPIES = {
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "a bad JPEG": lambda image: jpeg(image, 20),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "a tenth cut off around": lambda image: cropped(image, 0.05, 0.05, 0.05, 0.05),
    "cut off at the left": lambda image: cropped(image, 0.1, 0, 0, 0),
    "cut off at a corner": lambda image: cropped(image, 0, 0.08, 0.06, 0),
    "cropped, small and a bad JPEG": lambda image: jpeg(
        cropped(image, 0.03, 0.01, 0.05, 0.04).resize((140, 110)), 40
    ),
}
OTHERS = {
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.rotate(90, expand=True),
    "another": lambda _: scene(99),
    "recoloured": lambda image: Image.merge("RGB", image.split()[::-1]),
    "a quarter cut off": lambda image: cropped(image, 0.25, 0, 0, 0),
}


def judged(one, other):
    rows = np.stack([sketch(one)]), np.stack([sketch(other)])
    found = same(*rows).tolist()
    assert found == same(*reversed(rows)).tolist()
    return found[0]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_the_same_picture(name):
    for seed in range(8):
        assert judged(scene(seed), COPIES[name](scene(seed)))


@pytest.mark.parametrize("name", OTHERS)
def test_another_picture_is_not_the_same(name):
    for seed in range(8):
        assert not judged(scene(seed), OTHERS[name](scene(seed)))


def test_a_white_shirt_is_no_white_lamp():
    assert not judged(goods(SHIRT), goods(LAMP))
    assert judged(goods(SHIRT), jpeg(goods(SHIRT), 40))


def carton(seed):
    """Return one carton of a row of goods, each with a print of its own below the same head."""
    image = goods([(90, 40), (230, 40), (230, 280), (90, 280)], fill=(250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((90, 40, 230, 110), fill=(40, 90, 170))
    draw.text((110, 60), "OATS", fill=(255, 255, 255), font_size=36)
    random = np.random.default_rng(seed)
    for _ in range(9):
        x, y = random.integers(95, 200), random.integers(120, 250)
        draw.ellipse((x, y, x + 28, y + 22), fill=(150, 110, 130))
    return image


def test_two_kinds_of_one_make_are_two():
    for seed in range(1, 8):
        assert not judged(carton(0), carton(seed))
        assert judged(carton(seed), COPIES["a tenth cut off around"](carton(seed)))


def test_things_of_one_shape_and_two_colours_are_two():
    red, blue = goods(SHIRT, (200, 40, 50)), goods(SHIRT, (40, 50, 200))
    assert not judged(red, blue)
    assert judged(red, COPIES["brighter"](red))


def test_what_is_flat_is_told_and_never_the_same_as_what_is_not():
    plain = Image.new("RGB", (50, 40), (240, 240, 240))
    rows = np.stack([sketch(one) for one in (plain, goods(LAMP), scene(1))])
    assert rows.shape == (3, SIZE)
    assert flat(rows).tolist() == [True, False, False]
    assert not judged(plain, goods(LAMP))


def test_no_pairs_are_no_answer():
    nothing = np.empty((0, SIZE), np.uint8)
    assert same(nothing, nothing).tolist() == []


def load(session, images, **columns):
    frame = pd.DataFrame({"photo": images, **columns})
    return session.load(frame, "goods", image="photo", model="builtin", progress=False)


def test_look_alikes_are_no_duplicates_but_copies_are(session):
    # Some others, for by them it is told how far apart pictures usually are.
    images = [goods(SHIRT), goods(LAMP), COPIES["cut off at a corner"](scene(2))]
    collection = load(session, [*images, *[scene(seed) for seed in range(2, 14)]])
    shirt, lamp = BuiltinEmbedder().embed_image(images[:2])
    vectors = BuiltinEmbedder().embed_image([*images, *[scene(seed) for seed in range(2, 14)]])
    assert shirt @ lamp > default_limit(vectors)  # by their vectors they would be
    found = collection.duplicates()
    assert [group.ids for group in found] == [("2", "3")]
    assert found[0].kind == "near"
    assert found[0].similarity[1] >= default_limit(vectors, WORTH_A_LOOK)
    assert "the same picture at a second look" in found.notices[0]


def test_a_limit_of_ones_own_compares_by_vectors_alone(session):
    collection = load(session, [goods(SHIRT), goods(LAMP), scene(1)])
    found = collection.duplicates(near=0.97)
    assert [group.ids for group in found] == [("0", "1")]
    assert "second look" not in found.notices[0]


def test_pictures_whose_files_are_gone_are_compared_by_their_vectors_alone(session, tmp_path):
    paths = [tmp_path / f"{at}.png" for at in range(4)]
    for path, image in zip(paths, [scene(1), jpeg(scene(1), 98), scene(2), scene(3)], strict=True):
        image.save(path)
    collection = load(session, list(map(str, paths)))
    assert [group.ids for group in collection.duplicates()] == [("0", "1")]
    for path in paths:
        path.unlink()
    found = collection.duplicates()
    assert [group.ids for group in found] == [("0", "1")]
    assert "2 items of which no picture can be opened" in " ".join(found.notices)


def test_plain_colours_are_compared_by_their_vectors(session):
    plain = [Image.new("RGB", (40, 40), one) for one in ("red", (254, 1, 1), "blue")]
    assert [group.ids for group in load(session, plain).duplicates()] == [("0", "1")]


def test_items_of_several_pictures_are_the_same_where_all_of_them_are(session):
    one, other, third = scene(1), scene(2), scene(3)
    frame = pd.DataFrame(
        {
            "a": [one, jpeg(other, 60), one, third],
            "b": [other, jpeg(one, 60), jpeg(third, 60), None],
        }
    )
    collection = session.load(frame, "pairs", image=["a", "b"], model="builtin", progress=False)
    assert [group.ids for group in collection.duplicates()] == [("0", "1")]


def test_one_picture_in_common_is_not_enough(session):
    frame = pd.DataFrame({"a": [scene(1), scene(1)], "b": [scene(2), scene(3)]})
    collection = session.load(frame, "pairs", image=["a", "b"], model="builtin", progress=False)
    looking = Looking(collection.store, np.array(collection.store.numbers()), "image", 2.0)
    one, other = np.array([0, 0]), np.array([1, 0])
    assert looking.same(one, other, np.ones(2)).tolist() == [False, True]
    assert looking.unseen == 0


def test_many_copies_are_one_group(session):
    images = [jpeg(scene(5), 40 + at) for at in range(40)]
    (group,) = load(session, [*images, scene(6), scene(7)]).duplicates()
    assert len(group) == 40


GROCERIES = ["half the size", "a bad JPEG", "a tenth cut off around", "cut off at a corner"]


def test_of_shop_photos_copies_are_found_and_look_alikes_are_not(session, shared_data):
    """470 photos of 47 products, ten each, often of the same shelf; every sixth has a copy."""
    photos = pd.read_csv(shared_data / "grocery" / "photos.csv")
    paths = [str(shared_data / path) for path in photos.image]
    copies = [
        COPIES[GROCERIES[at % len(GROCERIES)]](Image.open(path).convert("RGB"))
        for at, path in enumerate(paths[::6])
    ]
    names = [*photos.photo_id, *(f"copy of {name}" for name in photos.photo_id[::6])]
    groups = load(session, [*paths, *copies], name=names).duplicates()
    found = [tuple(sorted(hit.metadata["name"] for hit in group.hits)) for group in groups]
    expected = {(f"copy of {name}", name) for name in photos.photo_id[::6]}
    assert len(expected & set(found)) >= 0.97 * len(expected)
    assert set(found) <= expected
