import csv

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import checked
from mmrag_jupyter.models.builtin import BuiltinEmbedder


@pytest.fixture(scope="module")
def builtin():
    return BuiltinEmbedder()


def thing(colour, *, background=(240, 240, 240), size=(320, 240), shift=0):
    image = Image.new("RGB", size, background)
    width, height = size
    box = (width // 4 + shift, height // 4, 3 * width // 4 + shift, 3 * height // 4)
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    return image


def test_vectors_are_of_its_dim_and_of_length_one(builtin):
    vectors = builtin.embed_image([thing("red"), thing("blue")])
    assert vectors.shape == (2, builtin.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_the_same_thing_is_nearest_whatever_its_size_and_place(builtin):
    query = builtin.embed_image([thing("red", size=(500, 400), shift=20)])
    known = builtin.embed_image([thing("blue"), thing("red"), thing("green"), thing("gray")])
    assert int(np.argmax(known @ query.T)) == 1


def boxed(box, size=(320, 240)):
    """Return a red box on blue; `box` is in shares of the width and the height."""
    image = Image.new("RGB", size, (20, 60, 200))
    width, height = size
    left, top, right, bottom = box
    corners = (left * width, top * height, right * width, bottom * height)
    image.paste((220, 30, 30), tuple(map(int, corners)))
    return image


def test_pictures_of_the_same_colours_are_told_apart_by_what_is_in_the_middle(builtin):
    middle, margin = boxed((0.25, 0.25, 0.75, 0.75)), boxed((0, 0, 0.25, 1))
    query = boxed((0.25, 0.2, 0.75, 0.7), size=(200, 300))
    scores = builtin.embed_image([middle, margin]) @ builtin.embed_image([query])[0]
    assert scores[0] > 0.9
    assert scores[1] < 0.7


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ((14, 0, 28), (28, 14, 0), True),
        ((130, 128, 128), (128, 128, 130), True),
        ((200, 30, 30), (30, 200, 30), False),
    ],
    ids=["dark", "grey", "vivid"],
)
def test_dark_and_grey_have_no_hue(builtin, one, other, alike):
    images = [Image.new("RGB", (50, 50), colour) for colour in (one, other)]
    first, second = builtin.embed_image(images)
    assert (first @ second > 0.95) == alike


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (3000, 1), "white"),
        Image.new("RGB", (64, 64), (128, 128, 128)),
        Image.new("L", (20, 30), 200),
        Image.new("RGBA", (20, 30), (1, 2, 3, 0)),
        Image.new("P", (20, 30)),
    ],
    ids=["one pixel", "a line", "grey", "L", "RGBA", "P"],
)
def test_any_picture_has_a_sound_vector(builtin, image):
    assert checked(builtin, "image", [image]).shape == (1, builtin.dim)


def test_prepared_pictures_have_the_vectors_of_the_pictures(builtin):
    images = [thing("red"), thing("blue")]
    prepared = [builtin.prepare_image(image) for image in images]
    np.testing.assert_array_equal(builtin.embed_prepared(prepared), builtin.embed_image(images))
    assert builtin.embed_prepared([]).shape == (0, builtin.dim)


def test_texts_are_refused(builtin):
    with pytest.raises(ModelError, match="embeds images only"):
        checked(builtin, "text", ["a"])


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def scores_of(ranked, relevant):
    """Return hit1, recall10, ndcg10, mrr and map of one ranking, as in baselines.csv."""
    found = np.array([document in relevant for document in ranked], dtype=float)
    places = np.flatnonzero(found) + 1
    discounts = 1 / np.log2(np.arange(2, 12))
    best = min(10, len(relevant))
    return {
        "hit1": found[0],
        "recall10": found[:10].sum() / best,
        "ndcg10": found[:10] @ discounts / discounts[:best].sum(),
        "mrr": 1 / places[0],
        "map": np.mean(np.arange(1, len(places) + 1) / places),
    }


@pytest.mark.parametrize("task", ["dev_photo2photo", "dev_photo2product"])
def test_photos_find_their_product_no_worse_than_a_plain_colour_histogram(
    builtin, shared_data, task
):
    folder = shared_data / "tasks" / task

    def vectors(name):
        listed = rows(folder / name)
        images = [Image.open(shared_data / row["path"]) for row in listed]
        return listed, checked(builtin, "image", images)

    corpus, documents = vectors("corpus.csv")
    queries, asked = vectors("queries.csv")
    relevant = {}
    for row in rows(folder / "qrels.csv"):
        relevant.setdefault(row["query_id"], set()).add(row["doc_id"])
    ids = [row["doc_id"] for row in corpus]
    order = np.argsort(-(asked @ documents.T), axis=1, kind="stable")
    each = [
        scores_of([ids[at] for at in ranked], relevant[query["query_id"]])
        for ranked, query in zip(order, queries, strict=True)
    ]
    ours = {metric: float(np.mean([one[metric] for one in each])) for metric in each[0]}
    floor = next(
        row
        for row in rows(shared_data / "baselines.csv")
        if (row["task"], row["method"]) == (task, "hsv")
    )
    below = {metric: (ours[metric], floor[metric]) for metric in ours
             if ours[metric] < float(floor[metric])}  # fmt: skip
    assert not below
