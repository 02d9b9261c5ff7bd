"""Vectors of fewer bytes and fewer numbers: kept with the collection, and found by them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toys import ToyEmbedder, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import resolve

FRAME = pd.DataFrame({"title": [f"shoe word{n} tail{n % 3}" for n in range(60)]})
TEXTS = ("text",)


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path)))


def load(session, frame=FRAME, model=None, **options):
    return session.load(
        frame, "words", text="title", key="k", model=model or ToyEmbedder(modalities=TEXTS),
        **options,
    )  # fmt: skip


def vector_bytes(collection):
    return sum(path.stat().st_size - 64 for path in collection.folder.glob("*.vec"))


def space(collection):
    (one,) = collection.store.spaces()
    return one


@pytest.mark.parametrize(("precision", "width"), [("float32", 4), ("float16", 2), ("int8", 1)])
def test_vectors_take_as_many_bytes_as_asked_and_find_the_same(session, precision, width):
    collection = load(session, precision=precision)
    dim = ToyEmbedder(modalities=TEXTS).dim
    assert space(collection).dtype == precision
    assert vector_bytes(collection) == 60 * (width * dim + (4 if precision == "int8" else 0))
    hits = collection.query("word33", weights={"lexical": 0}, k=5)
    assert hits[0].metadata["title"] == "shoe word33 tail0"
    stored = collection.store.vectors(1, range(1, 61))
    true = ToyEmbedder(modalities=TEXTS).embed_text(list(FRAME["title"]), query=False)
    assert np.abs(stored - true).max() < {"float32": 1e-6, "float16": 1e-3, "int8": 0.01}[precision]


def test_a_later_load_goes_on_in_the_precision_that_there_is(session):
    load(session, FRAME[:30], precision="int8")
    collection = load(session)
    assert (len(collection), space(collection).dtype) == (60, "int8")
    with pytest.raises(ModelError, match="kept in int8 here, not in float16: leave --precision"):
        load(session, precision="float16")
    load(session, precision="int8")


def test_a_new_model_goes_on_in_it_too_or_in_another(session):
    load(session, precision="int8")
    other = ToyEmbedder("other", modalities=TEXTS)
    assert space(load(session, model=other, reembed=True)).dtype == "int8"
    third = ToyEmbedder("third", modalities=TEXTS)
    collection = load(session, model=third, reembed=True, precision="float16")
    assert space(collection).dtype == "float16"
    assert (
        collection.query("word33", weights={"lexical": 0})[0]
        .metadata["title"]
        .startswith("shoe word33")
    )


def test_int8_survives_deleting_and_compaction(session):
    collection = load(session, precision="int8")
    before = collection.store.vectors(1, [41])
    collection.delete(list(map(str, range(40))))
    collection.compact()
    assert vector_bytes(collection) == 20 * (space(collection).dim + 4)
    assert np.array_equal(collection.store.vectors(1, [41]), before)
    assert collection.query("word50", k=1)[0].metadata["title"] == "shoe word50 tail2"


def test_the_first_numbers_of_each_vector_are_kept_and_asked_for(session):
    collection = load(session, dim=8)
    whole = ToyEmbedder(modalities=TEXTS)
    assert space(collection).dim == 8
    assert space(collection).name == f"{whole.name}[:8 of {whole.dim}]"
    true = whole.embed_text(list(FRAME["title"]), query=False)[:, :8]
    true /= np.linalg.norm(true, axis=1, keepdims=True)
    assert np.allclose(collection.store.vectors(1, range(1, 61)), true, atol=1e-6)
    # A later load, and one after a restart, keep them.
    more = pd.DataFrame({"title": [*FRAME["title"], "boots word99"]})
    assert load(session, more).last_load.added == 1
    collection.close()
    again = mm.open(collection.folder, whole)
    assert again.query("word99", k=1)[0].metadata["title"] == "boots word99"
    assert space(again).dim == 8
    again.close()


def test_pictures_of_a_model_in_memory_are_cut_as_well(session, tiny_clip_folder, tmp_path):
    photos = write_pictures(tmp_path / "photos", ["red", "green", "blue"])
    collection = session.load(photos, model=str(tiny_clip_folder), dim=16, progress=False)
    assert space(collection).dim == 16
    pixels = [Image.open(photos / f"{colour}.png") for colour in ("blue", "green", "red")]
    whole = resolve(str(tiny_clip_folder), modalities=frozenset({"image"})).by_modality["image"]
    true = whole.embed_image(pixels)[:, :16]
    true /= np.linalg.norm(true, axis=1, keepdims=True)
    assert np.allclose(collection.store.vectors(1, [1, 2, 3]), true, atol=1e-2)
    assert collection.query(image=photos / "green.png", k=1).ids == ["green.png"]


def test_another_length_is_told_in_one_line_and_made_by_reembedding(session):
    load(session, dim=8)
    for options, told in (
        ({"dim": 4}, "keeps 8 numbers of each vector of its text parts, not 4: leave --dim out"),
        ({"dim": ToyEmbedder(modalities=TEXTS).dim}, "keeps 8 numbers .* not all: leave --dim out"),
    ):
        with pytest.raises(ModelError, match=told) as caught:
            load(session, **options)
        assert "--reembed" in str(caught.value)
        assert "\n" not in str(caught.value)
    collection = load(session, dim=4, reembed=True)
    assert space(collection).dim == 4
    whole = load(session, dim=ToyEmbedder(modalities=TEXTS).dim, reembed=True)
    assert space(whole).name == ToyEmbedder(modalities=TEXTS).name


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"precision": "int4"}, "precision is 'int4'; give float32, float16, int8."),
        ({"dim": 0}, "dim is 0; give how many"),
        ({"dim": 1.5}, "dim is 1.5; give how many"),
        ({"dim": 5000}, "makes vectors of"),
    ],
)
def test_what_is_no_precision_or_length_is_told(session, options, told):
    with pytest.raises(ModelError, match=told):
        load(session, **options)
