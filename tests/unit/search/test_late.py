"""A collection whose pictures are found by many vectors each."""

from __future__ import annotations

import pytest
from PIL import Image
from toys import ToyEmbedder
from toys_late import ToyLate, checked_picture

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError

COLOURS = ["red", "lime", "blue", "yellow", "cyan", "magenta"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model():
    return ToyLate()


@pytest.fixture
def session():
    return mm.Session()


@pytest.fixture
def pictures(here):
    """Write one picture a colour, grey but for two cells, and one that has all colours."""
    folder = here / "pictures"
    folder.mkdir()
    for colour in COLOURS:
        checked_picture([colour, colour]).save(folder / f"{colour}.png")
    checked_picture(COLOURS).save(folder / "all.png")
    return folder


@pytest.fixture
def collection(session, pictures, model):
    return session.load(pictures, "pictures", model=model, progress=False)


def test_a_word_finds_the_pictures_that_have_it_somewhere(collection):
    hits = collection.query("blue", k=2)
    assert set(hits.ids) == {"blue.png", "all.png"}
    assert [why.signal for why in hits[0].why] == ["image"]
    assert hits[0].why[0].score == pytest.approx(1, abs=0.01)


def test_several_words_find_the_picture_that_has_all_of_them(collection):
    assert collection.query("red blue yellow", k=1).ids == ["all.png"]


def test_a_picture_finds_the_pictures_that_hold_what_it_shows(collection):
    hits = collection.query(image=Image.new("RGB", (50, 50), "magenta"), k=2)
    assert set(hits.ids) == {"magenta.png", "all.png"}


def test_an_item_finds_those_like_it(collection, pictures):
    checked_picture(["red"] * 5).save(pictures / "redder.png")
    collection.load(pictures, progress=False)
    assert collection.query(like="redder.png", k=1).ids == ["red.png"]


def test_what_is_to_be_avoided_counts_against_a_picture(collection):
    assert collection.query("red", exclude="blue", k=7).ids[0] == "red.png"
    last = collection.query("red", exclude="blue", k=7).ids.index("all.png")
    assert last > 0
    both = collection.query("red blue", exclude=["yellow"], k=7)
    assert len(both) == 7


def test_a_condition_restricts_before_the_search(collection):
    hits = collection.query("blue", where="name != 'blue.png'", k=6)
    assert hits.ids[0] == "all.png"
    assert len(hits) == 6


def test_unchanged_and_renamed_pictures_are_not_embedded_again(collection, pictures, model):
    assert model.images == 7
    assert str(collection.load(pictures, progress=False)).count("0 added")
    (pictures / "red.png").rename(pictures / "crimson.png")
    (pictures / "copy.png").write_bytes((pictures / "blue.png").read_bytes())
    collection.load(pictures, progress=False)
    assert model.images == 7
    assert set(collection.query("red", k=2).ids) == {"crimson.png", "all.png"}
    assert set(collection.query("blue", k=3).ids) == {"blue.png", "copy.png", "all.png"}


def test_it_is_reopened_with_its_model(collection):
    folder = collection.folder
    collection.close()
    with pytest.raises(ModelError, match="given as an object"):
        mm.Session().open(folder).query("blue")
    again = mm.Session().open(folder, model=ToyLate())
    assert set(again.query("blue", k=2).ids) == {"blue.png", "all.png"}
    assert again.info()


def test_another_model_is_refused_and_takes_over_with_reembed(collection, pictures):
    with pytest.raises(ModelError, match="--reembed"):
        collection.load(pictures, model=ToyLate("toy-late:2"), progress=False)
    with pytest.raises(ModelError, match="--reembed"):
        collection.load(pictures, model=ToyEmbedder(modalities=("image",)), progress=False)
    collection.load(pictures, model=ToyEmbedder("toy:2"), reembed=True, progress=False)
    assert not list(collection.folder.glob("*.tok"))
    collection.load(pictures, model=ToyLate("toy-late:3"), reembed=True, progress=False)
    assert set(collection.query("blue", k=2).ids) == {"blue.png", "all.png"}


@pytest.mark.usefixtures("here")
def test_texts_beside_it_are_found_by_their_words(session, model):
    import pandas as pd

    frame = pd.DataFrame(
        {
            "text": ["a blue bicycle", "the red car", "nothing of note"],
            "picture": [checked_picture([colour]) for colour in ("red", "blue", "lime")],
        }
    )
    made = session.load(frame, "mixed", model=model, image="picture", text="text", progress=False)
    assert made.info()
    hits = made.query("blue", k=2)
    assert {why.signal for hit in hits for why in hit.why} == {"lexical", "image"}
    assert set(hits.ids) == {"0", "1"}


def test_liked_and_disliked_items_refine_a_query(collection):
    from mmrag_jupyter.search import engine
    from mmrag_jupyter.search.query import Query

    def ids(**options):
        query = Query(text="red", k=7, **options)
        found = engine.run(query, collection.store, collection.serving())
        rows = collection.store.items([one.item for one in found.items])
        return [row.id for row in rows]

    assert ids()[0] in {"red.png", "all.png"}
    assert ids(liked=("cyan.png",)).index("cyan.png") < ids().index("cyan.png")
    assert ids(disliked=("all.png",)).index("all.png") > 0


def test_llama_index_retrieves_with_it(collection):
    nodes = collection.index.as_retriever(image_similarity_top_k=2).retrieve("blue")
    assert {node.node_id for node in nodes} == {"blue.png", "all.png"}


def test_a_model_of_the_library_serves_a_folder_of_pictures(
    session, pictures, tiny_colmodernvbert_folder
):
    made = session.load(pictures, "real", model=tiny_colmodernvbert_folder, progress=False)
    hits = made.query("what is on the page?", k=3)
    assert len(hits) == 3
    folder = made.folder
    made.close()
    again = mm.Session().open(folder)
    assert again.query("what is on the page?", k=3).ids == hits.ids
    assert again.query(image=pictures / "blue.png", k=1).ids == ["blue.png"]
