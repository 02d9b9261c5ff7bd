"""What is far from the rest comes first; what is alike comes together, under a name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.exploring import clusters, neighbours
from mmrag_jupyter.exploring.cloud import Cloud
from mmrag_jupyter.exploring.outliers import far
from mmrag_jupyter.exploring.signals import Signal
from mmrag_jupyter.exploring.work import SILENT


def cloud_of(vectors):
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return Cloud(
        np.arange(len(vectors)), vectors / np.maximum(lengths, 1e-12), Signal("text", None, 1)
    )


def blobs(count, groups, dim=32, seed=0, spread=0.05):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % groups
    return np.eye(dim)[labels] + spread * random.standard_normal((count, dim)), labels


def test_a_planted_outlier_comes_first(load):
    texts = [f"{at % 3} {at} 0.2" for at in range(30)]
    found = load([*texts[:17], "9 1 0.1", *texts[17:]]).outliers(neighbours=4, k=5)
    assert found.ids[0] == "i017"
    assert len(found) == 5
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["id", "score", "distance", "signal"]
    assert len(frame) == 31
    assert frame.id[0] == "i017"
    assert frame.score[0] > 2 * frame.score[1] > 0
    assert frame.score.is_monotonic_decreasing
    assert set(frame.signal) == {"text"}


def test_outliers_show_themselves_as_hits_do(load):
    found = load([f"0 {at} 0.2" for at in range(9)] + ["8"]).outliers(k=3)
    bundle = found._repr_mimebundle_()
    assert "text/html" in bundle
    assert "the 3 of 10 items farthest" in bundle["text/plain"]
    assert found.hits[0].id == "i009"


def test_texts_without_vectors_have_outliers_too(load_words):
    texts = [f"red wool hat for winter number {word}" for word in ("one", "two", "many")]
    found = load_words([*texts, "quarterly interest rates of the central bank"]).outliers()
    assert found.ids[0] == "i003"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_items_are_no_outliers(load, count):
    found = load([str(at) for at in range(count)]).outliers()
    assert found.to_pandas().score.tolist() == [0] * count


def test_the_same_vectors_are_equally_far():
    found = far(cloud_of(np.tile([[1.0, 2.0]], (50, 1))), SILENT)
    assert found.score.tolist() == [0] * 50
    assert found.distance == pytest.approx(np.zeros(50), abs=1e-6)


def test_what_is_apart_from_a_crowd_of_the_same_has_a_score():
    found = far(cloud_of([[1.0, 0, 0]] * 30 + [[0, 1.0, 0], [0, 0, 1.0]]), SILENT)
    assert found.score[:30].tolist() == [0] * 30
    assert found.score[30:].min() > 3


@pytest.mark.parametrize("bad", [{"k": 0}, {"neighbours": 0}])
def test_numbers_below_one_are_refused(load, bad):
    with pytest.raises(QueryError, match="from 1 on, not 0"):
        load(["0", "1"]).outliers(**bad)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 60), st.integers(1, 8), st.integers(0, 5))
def test_neighbours_are_those_of_all_comparisons(count, k, seed):
    vectors = cloud_of(np.random.default_rng(seed).standard_normal((count, 6))).vectors
    k = min(k, count - 1)
    cosines, places = neighbours.nearest(vectors, k, SILENT)
    every = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(every, -np.inf)
    expected = -np.sort(-every, axis=1)[:, :k]
    assert cosines == pytest.approx(expected, abs=1e-5)
    assert (places != np.arange(count)[:, None]).all()


def test_neighbours_of_many_are_nearly_all_found(monkeypatch):
    vectors = cloud_of(blobs(3_000, 20, spread=0.2)[0]).vectors
    exact = neighbours.nearest(vectors, 10, SILENT)[0]
    monkeypatch.setattr(neighbours, "_EXACT_UP_TO", 1_000)
    found = neighbours.nearest(vectors, 10, SILENT)[0]
    assert found.mean() == pytest.approx(exact.mean(), abs=0.005)


@pytest.mark.parametrize("groups", [2, 3, 5, 8])
@pytest.mark.parametrize("given_k", [True, False])
def test_well_separated_groups_are_found_again(groups, given_k):
    vectors, labels = blobs(160, groups)
    found = clusters.grouped(cloud_of(vectors), groups if given_k else None, SILENT)
    assert adjusted_rand_score(labels, found.groups) == 1
    assert found.count == groups


def test_things_without_groups_are_not_put_into_many():
    """Of very small groups the silhouette is always good: 54 goods were in 19 clusters once."""
    vectors = np.random.default_rng(0).standard_normal((54, 30))
    found = clusters.grouped(cloud_of(vectors), None, SILENT)
    assert 2 <= found.count <= 8


def test_copies_of_three_things_are_three_groups():
    vectors = np.eye(5)[[0, 1, 2] * 3]
    assert clusters.grouped(cloud_of(vectors), None, SILENT).count == 3


def test_clusters_are_the_same_every_time():
    vectors = blobs(200, 6, spread=0.4)[0]
    first, second = (clusters.grouped(cloud_of(vectors), None, SILENT) for _ in range(2))
    assert first.groups.tolist() == second.groups.tolist()


def test_the_largest_cluster_comes_first_and_its_centre_first_in_it(load):
    texts = [f"1 {at} 0.3" for at in range(5)] + ["4"] * 8 + ["1"]
    found = load(texts).clusters(2)
    assert [len(one) for one in found] == [8, 6]
    assert found[1].ids[0] == "i013"
    assert list(found[1].distance) == sorted(found[1].distance)
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["id", "cluster", "name", "distance"]
    assert sorted(frame.cluster.unique()) == [1, 2]
    assert len(frame) == 14
    smaller = found[1:]
    assert smaller.names == [found[1].name]
    assert smaller.to_pandas().cluster.tolist() == [2] * 6
    assert "2. " in smaller._repr_mimebundle_()["text/plain"]


def test_clusters_are_named_by_their_typical_words(load_words):
    hats = [f"a warm hat of wool, number {at}" for at in range(6)]
    boots = [f"a leather boot for hiking, number {at}" for at in range(9)]
    found = load_words([*hats, *boots]).clusters(2)
    assert "boot" in found[0].name
    assert "hat" in found[1].name
    assert "number" not in " ".join(found.names)


def test_of_words_as_typical_those_said_most_often_name_a_cluster(load_words):
    crashes = [
        f"able to climb: the wing, the wing and the zone of the wing, zone {at}" for at in "ab"
    ]
    found = load_words([*crashes, *["a net of shares and cash"] * 3]).clusters(2)
    assert found[1].name == "wing, zone, able"


def test_addresses_name_no_cluster(load_words):
    hats = [f"a hat, https://shop.example/wool/{at} or www.shop.example" for at in range(6)]
    found = load_words([*hats, *[f"a boot, number {at}" for at in range(9)]]).clusters(2)
    assert found.names == ["boot, number", "hat"]


def test_columns_name_what_has_no_words(load):
    texts = ["1"] * 4 + ["5"] * 3
    found = load(texts, kind=["round"] * 4 + ["square"] * 3, sku=[f"q{at}x" for at in range(7)])
    assert found.clusters(2).names == ["round", "square"]


def test_nothing_to_name_a_cluster_by_names_its_middle(load):
    found = load(["1"] * 3 + ["5"] * 2).clusters(2)
    assert found.names == ["like i000", "like i003"]


def test_one_cluster_is_one_cluster(load):
    found = load(["1", "2", "3"], kind=["a b"] * 3).clusters(1)
    assert len(found) == 1
    assert len(found[0]) == 3


def test_the_same_vectors_are_one_cluster_whatever_is_asked(load):
    found = load(["1"] * 5).clusters(3)
    assert len(found) == 1
    assert "1 cluster of the 3 asked for" in repr(found)
    assert len(load(["1"] * 5, "again").clusters()) == 1


@pytest.mark.parametrize("k", [0, -1, 6])
def test_more_clusters_than_items_are_refused_in_a_line(load, k):
    with pytest.raises(QueryError, match=r"5 items can be in 1 to 5 clusters, not in"):
        load(["1", "2", "3", "4", "5"]).clusters(k)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_items_have_clusters(load, count):
    found = load([str(at) for at in range(count)]).clusters()
    assert sum(len(one) for one in found) == count


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 3))
def test_every_item_is_in_one_cluster(count, k, seed):
    vectors = np.random.default_rng(seed).standard_normal((count, 5))
    found = clusters.grouped(cloud_of(vectors), min(k, count), SILENT)
    assert found.groups.shape == found.distance.shape == (count,)
    assert sorted(set(found.groups.tolist())) == list(range(found.count))
    sizes = np.bincount(found.groups)
    assert (np.diff(sizes) <= 0).all()


def test_hostile_names_stay_texts(load):
    found = load(["1"] * 3 + ["5"] * 3, kind=["<b>bold"] * 3 + ["<i>thin"] * 3).clusters(2)
    html = found._repr_mimebundle_()["text/html"]
    assert "<b>bold" not in html
    assert "bold" in html
