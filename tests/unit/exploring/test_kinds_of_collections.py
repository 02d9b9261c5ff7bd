"""Every kind of collection can be looked at: late interaction, nodes, deleted items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from llama_index.core.schema import TextNode
from toys import ToyEmbedder, picture, words_vector
from toys_late import ToyLate, checked_picture

from mmrag_jupyter.errors import QueryError, StoreError
from mmrag_jupyter.exploring.cloud import gather
from mmrag_jupyter.exploring.signals import chosen, signals_of


def cloud(collection, modality=None, **options):
    signal = chosen(collection.store, collection._whole().models, modality)
    return gather(collection.store, signal, **options)


def test_parts_of_many_vectors_are_taken_in_their_mean_direction(session):
    photos = [checked_picture(["red"] * 16), checked_picture(["blue"] * 16)] * 2
    rows = pd.DataFrame({"photo": [*photos, checked_picture(["red"] * 8 + ["blue"] * 8)]})
    collection = session.load(rows, "late", image="photo", model=ToyLate(), progress=False)
    points = cloud(collection, "image").vectors
    assert points.shape == (5, ToyLate().dim)
    assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(5), abs=1e-2)
    # The last is half of each.
    assert 0.3 < points[4] @ points[0] < 0.9 or 0.3 < points[4] @ points[1] < 0.9
    assert [group.ids for group in collection.duplicates()] == [("0", "2"), ("1", "3")]
    assert len(collection.map()) == 5
    assert len(collection.clusters(2)) == 2


def test_what_is_deleted_is_gone_from_every_view(load):
    collection = load(["0", "0", "1", "1", "5"])
    collection.delete(ids=["i001", "i002"])
    for _ in range(2):
        assert cloud(collection).items.shape == (3,)
        assert len(collection.duplicates()) == 0
        assert collection.map().ids == ("i000", "i003", "i004")
        collection.compact()


def test_what_is_deleted_after_a_result_is_left_out_of_it(load):
    collection = load(["0", "0", "1", "1", "5"])
    groups, found, seen = collection.duplicates(), collection.clusters(2), collection.map()
    collection.delete(ids=groups.rest)
    for one in (groups, found, seen):
        assert "text/html" in one._repr_mimebundle_()
    assert groups[0].hits.ids == ["i000"]
    assert seen._preview(1) == ""


def test_a_closed_collection_says_so_in_a_line(load):
    collection = load(["0", "0"])
    collection.close()
    with pytest.raises(StoreError):
        collection.duplicates()


def test_nodes_with_vectors_of_their_own_are_compared_by_them(session):
    nodes = [
        TextNode(id_=f"n{at}", text=f"text {at}", embedding=words_vector(word).tolist())
        for at, word in enumerate(["red", "red", "blue"])
    ]
    collection = session.load(
        [TextNode(id_="first", text="one")], "nodes", model="builtin", progress=False
    )
    collection.vector_store.add(nodes)
    (signal, *_) = signals_of(collection.store, collection._whole().models)
    assert signal.space is not None
    (group,) = collection.duplicates()
    assert group.ids == ("n0", "n1")
    assert group.kind == "near"


def test_a_space_of_texts_and_pictures_is_two_signals(session):
    rows = pd.DataFrame({"photo": [picture("red"), picture("blue")], "title": ["a hat", "a boot"]})
    collection = session.load(
        rows, "p", image="photo", text="title", model=ToyEmbedder(), progress=False
    )
    found = signals_of(collection.store, collection._whole().models)
    assert [str(one) for one in found] == ["image", "text"]
    assert cloud(collection, "text").vectors == pytest.approx(
        np.stack([words_vector("a hat"), words_vector("a boot")]), abs=1e-6
    )


def test_the_words_of_texts_are_a_signal_without_vectors(session):
    rows = pd.DataFrame({"photo": [picture("red"), None], "title": ["a red hat", "a brown boot"]})
    collection = session.load(
        rows, "p", image="photo", text="title", model="builtin", progress=False
    )
    found = signals_of(collection.store, collection._whole().models)
    assert [str(one) for one in found] == ["the words of text", "image"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda points: points.clusters(2.5),
        lambda points: points.clusters("2"),
        lambda points: points.outliers(k="2"),
        lambda points: points.outliers(neighbours=2.5),
        lambda points: points.map(sample=2.5),
        lambda points: points.duplicates(near="0.9"),
    ],
    ids=range(6),
)
def test_what_is_no_number_is_told_in_a_line(load, ask):
    with pytest.raises(QueryError, match=r"is a whole number, not|at most 1, not"):
        ask(load(["1", "2", "3"]))


def test_a_condition_and_a_sample_choose_the_same_items_every_time(load):
    collection = load([f"{at % 5} {at} 0.3" for at in range(50)], year=list(range(50)))
    some = cloud(collection, where="year >= 20", sample=7)
    assert some.items.tolist() == cloud(collection, where="year >= 20", sample=7).items.tolist()
    assert len(some) == 7
    assert some.of == 30
    whole = cloud(collection, where="year >= 20")
    places = np.searchsorted(whole.items, some.items)
    assert some.vectors == pytest.approx(whole.vectors[places])
