"""What could not be read is told at every load, and tried again at every load."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import ToyEmbedder, picture, write_pictures

import mmrag_jupyter as mm


class Shop:
    """A dataframe with a picture that cannot be read, and the collection it is loaded into."""

    def __init__(self, folder, broken):
        self.photos = write_pictures(folder / "photos", ["red"])
        (self.photos / "late.png").write_bytes(broken)
        self.session = mm.Session(mm.Config(root=str(folder / "collections")))
        self.embedder = ToyEmbedder()

    def load(self, prices=(1, 2)):
        frame = pd.DataFrame(
            {
                "id": ["a", "b"],
                "title": ["red", "late"],
                "photo": ["red.png", "late.png"],
                "price": prices,
            }
        )
        options = {"text": "title", "image": "photo", "id": "id", "root": self.photos}
        return self.session.load(frame, "shop", model=self.embedder, **options).last_load

    def mend(self):
        picture("blue").save(self.photos / "late.png")

    @property
    def collection(self):
        return self.session.collection("shop")


# One is refused when its bytes are hashed, the other only when it is decoded.
@pytest.fixture(params=[b"", b"no picture"], ids=["empty", "undecodable"])
def shop(tmp_path, request):
    shop = Shop(tmp_path, request.param)
    shop.load()
    return shop


def test_a_problem_is_told_as_long_as_it_lasts(shop):
    texts, images = shop.embedder.texts, shop.embedder.images
    for _ in range(3):
        report = shop.load()
        assert [problem.source for problem in report.problems] == ["b"]
        assert list(shop.collection.problems()["source"]) == ["b"]
        assert (report.added, report.updated, report.unchanged, report.failed) == (0, 0, 2, 0)
    assert (shop.embedder.texts, shop.embedder.images) == (texts, images)


@pytest.mark.parametrize("failed_loads", [0, 2])
def test_a_mended_picture_is_taken_up_however_often_it_failed(shop, failed_loads):
    for _ in range(failed_loads):
        shop.load()
    shop.mend()
    report = shop.load()
    assert (report.updated, report.unchanged, report.problems) == (1, 1, ())
    assert shop.collection.show("b")[0].image.getpixel((0, 0)) == (0, 0, 255)
    assert shop.load().unchanged == 2


def test_new_metadata_do_not_hide_a_picture_that_failed(shop):
    report = shop.load(prices=(1, 3))
    assert (report.updated, report.unchanged) == (1, 1)
    assert [problem.source for problem in report.problems] == ["b"]
    assert shop.collection.items(["b"])["price"].tolist() == [3]
    shop.mend()
    report = shop.load(prices=(1, 4))
    assert (report.updated, report.problems) == (1, ())
    assert shop.collection.show("b")[0].image is not None
