from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder, picture, words_vector

import mmrag_jupyter as mm
from mmrag_jupyter.search.adapters import Adapter, Words, adapters_of, fitting, packed
from mmrag_jupyter.search.engine import Search
from mmrag_jupyter.search.query import Query
from mmrag_jupyter.store import tuned

COLOURS = ["red", "green", "blue", "yellow"]


def learnt(embedder, words=("warm", "cold")):
    """Return an adapter by which "warm" means a red picture, and "cold" a blue one."""
    red, blue = embedder.embed_image([picture("red"), picture("blue")])
    up = np.stack([red, blue], axis=1).astype(np.float32)
    idf = np.ones(len(words), np.float32)
    return Adapter(
        "image", embedder.name, "", 0.0, np.eye(2, dtype=np.float32), up, Words(words, idf)
    )


def swap(embedder, first, second):
    """Return an adapter that takes the direction of one word for that of another."""
    down = words_vector(first)[None, :]
    up = (words_vector(second) - words_vector(first))[:, None]
    return Adapter("text", embedder.name, embedder.name, 1.0, down, up.astype(np.float32))


def keep(collection, **adapters):
    arrays, told = packed(adapters)
    with collection.store.writer() as writer:
        return tuned.keep(collection.store, writer, arrays, {"adapters": told, "models": ""})


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path)))


@pytest.fixture
def pictures(session):
    frame = pd.DataFrame({"id": COLOURS, "image": [picture(one) for one in COLOURS]})
    return session.load(frame, "pictures", id="id", image="image", model="builtin")


@pytest.fixture
def texts(session):
    frame = pd.DataFrame({"text": COLOURS}, index=COLOURS)
    return session.load(frame, "texts", text="text", model=ToyEmbedder(modalities=("text",)))


def builtin(collection):
    return collection.serving()["image"][1]


def test_words_find_pictures_that_no_model_could_read_them_for(pictures):
    assert not pictures.query("warm").ids
    keep(pictures, image=learnt(builtin(pictures)))
    hits = pictures.query("something warm", k=1)
    assert hits.ids == ["red"]
    assert [why.signal for why in hits[0].why] == ["learnt"]
    assert pictures.query("cold", k=1).ids == ["blue"]
    assert pictures.signals() == ["image", "learnt"]


def test_a_query_of_unknown_words_is_told_so(pictures):
    keep(pictures, image=learnt(builtin(pictures)))
    hits = pictures.query("never heard")
    assert not hits.ids
    assert any("None of these words was among those" in one for one in hits.notices)


def test_the_weight_of_what_was_learnt_can_be_set(pictures):
    keep(pictures, image=learnt(builtin(pictures)))
    assert not pictures.query("warm", weights={"learnt": 0}).ids


def test_pictures_that_a_text_describes_are_found_by_it(session):
    frame = pd.DataFrame(
        {"id": COLOURS, "image": [picture(one) for one in COLOURS], "text": ["warm", "", "", ""]}
    )
    mixed = session.load(frame, "mixed", id="id", image="image", text="text", model="builtin")
    keep(mixed, image=learnt(builtin(mixed)))
    hits = mixed.query("warm")
    assert hits.ids[0] == "red"
    assert [why.signal for why in hits[0].why] == ["lexical"]
    assert [{why.signal for why in hit.why} for hit in hits[1:]] == [{"learnt"}] * 3
    alone = mixed.query("warm", modality="image", k=1)
    assert "learnt" in {why.signal for why in alone[0].why}


def test_what_was_learnt_beside_texts_is_a_signal_like_any_other(session):
    frame = pd.DataFrame(
        {"id": COLOURS, "image": [picture(one) for one in COLOURS], "text": ["warm", "", "", ""]}
    )
    mixed = session.load(frame, "mixed", id="id", image="image", text="text", model="builtin")
    keep(mixed, image=replace(learnt(builtin(mixed)), beside_texts=True))
    hits = {hit.id: {why.signal for why in hit.why} for hit in mixed.query("warm")}
    assert hits.pop("red") == {"lexical", "learnt"}
    # What has no text is found by what was learnt, and by the picture that the text's item lends.
    assert list(hits.values()) == [{"learnt", "image"}] * 3
    assert mixed.query("warm", k=1)[0].score == pytest.approx(1.0)


def test_what_was_learnt_from_pairs_speaks_only_where_words_find_nothing_to_lend(session):
    frame = pd.DataFrame(
        {"id": COLOURS, "image": [picture(one) for one in COLOURS], "text": ["warm", "", "", ""]}
    )
    mixed = session.load(frame, "mixed", id="id", image="image", text="text", model="builtin")
    keep(mixed, image=replace(learnt(builtin(mixed)), joins=False))
    signals = {why.signal for hit in mixed.query("warm") for why in hit.why}
    assert signals == {"lexical", "image"}
    assert mixed.query("cold", k=1).ids == ["blue"]


def test_a_text_is_turned_and_a_picture_is_not(texts):
    embedder = texts.serving()["text"][1]
    keep(texts, text=swap(embedder, "red", "blue"))
    weights = {"lexical": 0}
    assert texts.query("red", k=1, weights=weights).ids == ["blue"]
    assert texts.query("green", k=1, weights=weights).ids == ["green"]
    assert texts.query(like="red", k=3, weights=weights).ids[0] != "red"


def test_likeness_is_not_turned(texts):
    before = [(hit.id, hit.score) for hit in texts.query(like="red", k=3)]
    keep(texts, text=swap(texts.serving()["text"][1], "red", "blue"))
    assert [(hit.id, hit.score) for hit in texts.query(like="red", k=3)] == before


def test_what_is_avoided_is_read_as_what_is_wanted(texts):
    before = texts.query("green", exclude="red", k=4, weights={"lexical": 0}).ids
    keep(texts, text=swap(texts.serving()["text"][1], "red", "blue"))
    after = texts.query("green", exclude="red", k=4, weights={"lexical": 0}).ids
    assert before.index("red") > before.index("blue")
    assert after.index("red") < after.index("blue")


def test_a_search_can_be_tried_with_others_or_none(pictures):
    keep(pictures, image=learnt(builtin(pictures)))
    serving = pictures.serving()
    none = Search(Query(text="warm"), pictures.store, serving, adapters={})
    assert not none.best(4).items
    own = Search(Query(text="warm"), pictures.store, serving)
    assert own.best(4).items


def test_adapters_come_back_as_they_were(pictures):
    given = learnt(builtin(pictures), ("wärm", "cold"))
    keep(pictures, image=given)
    again = adapters_of(pictures.store, pictures.serving())["image"]
    assert again.words.vocabulary == ("wärm", "cold")
    assert (again.space, again.reader, again.base) == (given.space, "", 0.0)
    assert np.array_equal(again.up, given.up)
    assert again.is_learnt


@pytest.mark.parametrize(
    "change",
    [
        {"down": np.full((2, 2), np.nan, np.float32)},
        {"down": np.ones((3, 2), np.float32)},
        {"up": np.ones((5, 2), np.float32)},
        {"idf": np.ones(3, np.float32)},
    ],
)
def test_numbers_that_do_not_fit_are_ignored_and_told(pictures, change):
    arrays, told = packed({"image": learnt(builtin(pictures))})
    arrays |= {f"image.{name}": array for name, array in change.items()}
    with pictures.store.writer() as writer:
        tuned.keep(pictures.store, writer, arrays, {"adapters": told, "models": ""})
    hits = pictures.query("warm")
    assert not hits.ids
    assert sum("the tuning of this collection is ignored" in one for one in hits.notices) == 1


def test_an_adapter_of_another_model_does_not_fit(pictures):
    other = Adapter(
        "image", "other:1", "", 0.0, np.eye(2, dtype=np.float32),
        np.ones((builtin(pictures).dim, 2), np.float32), Words(("a", "b"), np.ones(2, np.float32)),
    )  # fmt: skip
    assert not fitting({"image": other}, pictures.serving())
