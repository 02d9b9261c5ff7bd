import hashlib
import io
import subprocess
import sys

import pandas as pd
import pytest
from PIL import Image

from mmrag_jupyter import samples

_DIGEST = """
import hashlib, mmrag_jupyter.samples as samples
shop, reviews = samples.shop(), samples.reviews()
photos = hashlib.sha256(b"".join(shop["photo"])).hexdigest()
words = shop.drop(columns="photo").to_csv() + reviews.to_csv()
print(photos, hashlib.sha256(words.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def shop():
    return samples.shop()


@pytest.fixture(scope="module")
def reviews():
    return samples.reviews()


def opened(photo):
    return Image.open(io.BytesIO(photo)).convert("RGB")


def test_the_shop_has_a_hundred_and_twenty_different_products(shop):
    assert len(shop) == 120
    for column in ("sku", "title", "description"):
        assert shop[column].is_unique
    assert shop["category"].nunique() == 10


def test_every_photo_opens_and_is_small(shop):
    for photo in shop["photo"]:
        assert len(photo) < 12_000
        assert opened(photo).size == (256, 256)
    assert len({hashlib.sha256(photo).digest() for photo in shop["photo"]}) == 120


def test_the_colour_is_the_colour_in_the_photo(shop):
    # The middle of a chair is its cloth, in the colour that the table names.
    colours = {"red": (202, 52, 48), "teal": (42, 138, 140)}
    chairs = shop[shop["title"].str.startswith("Chair") & shop["colour"].isin(colours)]
    assert len(chairs) == 2
    for _, chair in chairs.iterrows():
        pixel = opened(chair["photo"]).getpixel((128, 96))
        assert all(abs(a - b) < 40 for a, b in zip(pixel, colours[chair["colour"]], strict=True))


def test_some_values_are_missing_and_none_is_a_word(shop, reviews):
    for frame, columns in ((shop, ["material", "stock", "rating"]), (reviews, ["stars"])):
        for column in columns:
            assert 0 < frame[column].isna().sum() < len(frame) / 5
        for column in frame.select_dtypes(["object", "string"]):
            assert not {"nan", "None", "NaN", ""} & {str(value) for value in frame[column].dropna()}


def test_values_are_plausible(shop, reviews):
    assert shop["price"].between(10, 800).all()
    assert shop["rating"].dropna().between(1, 5).all()
    assert str(shop["stock"].dtype) == "Int64"
    assert reviews["stars"].dropna().between(1, 5).all()
    assert pd.api.types.is_datetime64_any_dtype(reviews["date"])


def test_every_review_is_about_a_product(shop, reviews):
    assert reviews["review_id"].is_unique
    assert set(reviews["sku"]) <= set(shop["sku"])
    assert len(reviews) > 150


@pytest.mark.parametrize("words", ["waterproof", "wide feet", "vegan leather", "dishwasher safe"])
def test_there_is_something_to_search_for(shop, words):
    assert 2 <= shop["description"].str.contains(words, case=False).sum() <= 20


def test_another_process_makes_the_same_shop(shop, reviews):
    words = shop.drop(columns="photo").to_csv() + reviews.to_csv()
    here = (
        hashlib.sha256(b"".join(shop["photo"])).hexdigest(),
        hashlib.sha256(words.encode()).hexdigest(),
    )
    there = subprocess.run(
        [sys.executable, "-c", _DIGEST], capture_output=True, check=True, text=True, timeout=120
    )
    assert tuple(there.stdout.split()) == here


def test_written_files_give_the_same_shop(tmp_path, shop):
    folder = samples.write(tmp_path / "my shop")
    products = pd.read_csv(folder / "products.csv")
    assert list(products["sku"]) == list(shop["sku"])
    for path, photo in zip(products["photo"], shop["photo"], strict=True):
        assert (folder / path).read_bytes() == photo
    assert len(pd.read_csv(folder / "reviews.csv")) == len(samples.reviews())


def test_a_photo_that_is_there_is_not_drawn_again(tmp_path):
    frame = samples.shop(tmp_path)
    first = tmp_path / "photos" / f"{frame['sku'][0]}.jpg"
    assert frame["photo"][0] == first.as_posix()
    first.write_bytes(b"mine")
    samples.shop(tmp_path)
    assert first.read_bytes() == b"mine"


def test_importing_it_loads_nothing_heavy():
    code = "import sys, mmrag_jupyter.samples; print({'pandas', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
