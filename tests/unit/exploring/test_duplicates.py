"""What is there twice is found, in groups that are a partition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm
from mmrag_jupyter.errors import QueryError, WhereError
from mmrag_jupyter.exploring import near
from mmrag_jupyter.exploring.near import default_limit, join_near, raised_limit
from mmrag_jupyter.exploring.sets import Sets
from mmrag_jupyter.exploring.shingles import Shingles
from mmrag_jupyter.exploring.work import SILENT


def unit(vectors):
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def near_groups(vectors, limit):
    sets = Sets(len(vectors))
    join_near(vectors, limit, sets, SILENT)
    return [group.tolist() for group in sets.groups()]


def chained(count, pairs):
    """Return the groups of things that pairs join, by the plainest of all ways."""
    groups = [{at} for at in range(count)]
    for one, other in pairs:
        joined = groups[one] | groups[other]
        for at in joined:
            groups[at] = joined
    found = {min(group): sorted(group) for group in groups if len(group) > 1}
    return [found[first] for first in sorted(found)]


def test_planted_duplicates_are_found_and_the_first_is_the_one_to_keep(load):
    texts = ["0 1 0.2", "5 1 0.2", "0 1 0.2", "9 3 0.2", "5 1 0.201", "12 1 0.2"]
    found = load(texts).duplicates()
    assert [group.ids for group in found] == [("i000", "i002"), ("i001", "i004")]
    assert [group.kind for group in found] == ["exact", "near"]
    assert found.rest == ["i002", "i004"]
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["group", "id", "kind", "similarity", "keep"]
    assert frame.kind.tolist() == ["exact", "exact", "near", "near"]
    assert frame.keep.tolist() == [True, False, True, False]
    assert frame.similarity[1] == 1
    assert 0.999 < frame.similarity[3] <= 1


def test_deleting_the_rest_leaves_one_of_each(load):
    collection = load(["0", "0", "0", "1", "2", "2"])
    assert collection.delete(ids=collection.duplicates().rest) == 3
    assert len(collection.duplicates()) == 0
    assert "no duplicates among 3 items" in repr(collection.duplicates())


def test_only_the_same_content_counts_where_that_is_asked(load):
    found = load(["0 1 0.2", "0 1 0.2001", "0 1 0.2"]).duplicates(exact=True)
    assert [group.ids for group in found] == [("i000", "i002")]


def test_the_limit_can_be_set(load):
    collection = load(["0", "0 5 0.5", "7"])
    assert len(collection.duplicates()) == 0
    assert [group.ids for group in collection.duplicates(near=0.8)] == [("i000", "i001")]


@pytest.mark.parametrize("near", [0, -1, 1.5, float("nan")])
def test_a_limit_that_is_no_similarity_is_refused_in_a_line(load, near):
    with pytest.raises(QueryError, match=r"above 0 and at most 1"):
        load(["0", "1"]).duplicates(near=near)


def test_what_differs_is_told(load):
    collection = load(["0", "0", "0"], brand=["a", "b", "a"], year=[1, 1, 1], gone=[None] * 3)
    (group,) = collection.duplicates()
    assert group.differs == ["key", "brand"]
    text = collection.duplicates()._repr_mimebundle_()["text/plain"]
    assert "differ in key, brand" in text


def test_where_looks_at_some_items_only(load):
    collection = load(["0", "0", "1", "1"], year=[1, 2, 3, 3])
    assert [group.ids for group in collection.duplicates(where="year > 2")] == [("i002", "i003")]
    with pytest.raises(WhereError):
        collection.duplicates(where="nosuch > 2")
    with pytest.raises(QueryError, match="No item"):
        collection.duplicates(where="year > 20")


def test_pictures_are_compared_by_their_content(session):
    rows = pd.DataFrame({"photo": [picture("red"), picture("blue"), picture("red")]})
    collection = session.load(rows, "p", image="photo", model=ToyEmbedder(), progress=False)
    (group,) = collection.duplicates(modality="image")
    assert group.kind == "exact"
    assert len(group.hits) == 2
    assert group.hits[0].image is not None


def test_texts_without_vectors_are_compared_by_their_letters(load_words):
    text = "A warm woollen hat in red, knitted by hand, with a lining of soft cotton, size {}"
    collection = load_words([text.format(1), "Something else entirely", text.format(2), "", ""])
    (group,) = collection.duplicates()
    assert group.ids == ("i000", "i002")
    assert group.kind == "near"
    assert 0.8 <= group.similarity[1] < 1


@pytest.mark.parametrize("near", [0.7, 0.5, 0.3])
def test_texts_that_overlap_as_much_as_asked_are_found(near):
    """With as many hashes in a band for any limit, a fifth of the pairs was missed at 0.5 once."""
    random = np.random.default_rng(0)
    texts = []
    for _ in range(200):
        words = [f"{word:05}" for word in random.integers(0, 99_999, 30).tolist()]
        texts += [" ".join(words), " ".join(words[: round(30 * (near + 0.03))])]
    shingles = Shingles(texts, SILENT)
    pairs = np.arange(0, 400, 2), np.arange(1, 400, 2)
    wanted = int((shingles.overlap(*pairs) >= near).sum())
    sets = Sets(400)
    shingles.join(near, sets, SILENT)
    assert wanted > 150
    assert wanted * 0.97 <= len(sets.groups()) <= 200


def test_items_of_several_parts_are_the_same_whatever_their_order(session):
    red, blue = picture("red"), picture("blue")
    rows = pd.DataFrame({"a": [red, blue, red], "b": [blue, red, red]})
    collection = session.load(rows, "p", image=["a", "b"], model=ToyEmbedder(), progress=False)
    groups = collection.duplicates(exact=True, modality="image")
    assert [group.ids for group in groups] == [("0", "1")]


def test_groups_behave_like_a_list(load):
    groups = load(["0", "0", "1", "1", "2"]).duplicates()
    assert len(groups) == 2
    assert groups[-1].ids == groups[1].ids == ("i002", "i003")
    assert [group.ids for group in groups[:1]] == [("i000", "i001")]
    rest = groups[1:]
    assert rest[0].ids == ("i002", "i003")
    assert rest.rest == ["i003"]
    assert rest.to_pandas().group.tolist() == [2, 2]
    text = rest._repr_mimebundle_()["text/plain"]
    assert "Group 2: 2 exact" in text
    assert "Group 1" not in text
    assert len(groups[5:]) == 0
    with pytest.raises(IndexError, match="2 groups, and none at 2"):
        groups[2]


@given(
    st.integers(0, 40).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.lists(
                st.tuples(st.integers(0, max(count - 1, 0)), st.integers(0, max(count - 1, 0))),
                max_size=60 if count else 0,
            ),
            st.integers(1, 20),
        )
    )
)
def test_joined_sets_are_a_partition_however_they_are_joined(drawn):
    count, pairs, step = drawn
    sets = Sets(count)
    for start in range(0, len(pairs), step):
        some = np.array(pairs[start : start + step], np.int64).reshape(-1, 2)
        sets.join(some[:, 0], some[:, 1])
    groups = [group.tolist() for group in sets.groups()]
    assert groups == chained(count, pairs)
    flat = [at for group in groups for at in group]
    assert len(flat) == len(set(flat))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 80), st.integers(1, 70), st.floats(0.5, 1.0), st.integers(0, 9))
def test_all_near_pairs_are_found_and_no_others(count, dim, limit, seed):
    random = np.random.default_rng(seed)
    centres = random.standard_normal((5, dim))
    vectors = centres[random.integers(0, 5, count)] + 0.3 * random.standard_normal((count, dim))
    vectors = unit(vectors) if count else np.zeros((0, dim), np.float32)
    cosines = np.minimum(vectors.astype(np.float64) @ vectors.T.astype(np.float64), 1)
    # What lies on the limit may fall to either side.
    if (np.abs(cosines - limit) < 1e-5).any():
        return
    rows, columns = np.nonzero(np.triu(cosines >= limit, 1))
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert near_groups(vectors, limit) == chained(count, pairs)


def test_near_pairs_are_found_across_blocks(monkeypatch):
    random = np.random.default_rng(3)
    vectors = unit(random.standard_normal((600, 5)))
    expected = near_groups(vectors, 0.97)
    assert len(expected) > 10
    monkeypatch.setattr(near, "_ROWS", 7)
    monkeypatch.setattr(near, "_COLUMNS", 5)
    monkeypatch.setattr(near, "_AT_ONCE", 3)
    assert near_groups(vectors, 0.97) == expected


def test_a_crowd_of_the_same_vectors_is_one_group():
    vectors = np.tile(unit([[1, 2, 3]]), (5_000, 1))
    (group,) = near_groups(vectors, 0.99)
    assert len(group) == 5_000


def test_the_limit_follows_how_far_apart_things_are():
    random = np.random.default_rng(0)
    apart = unit(random.standard_normal((500, 64)))
    together = unit(random.standard_normal((500, 64)) + 2)
    assert default_limit(apart) < default_limit(together) < 1
    assert 0.9 < default_limit(apart[:0]) < 1
    assert 0.9 < default_limit(apart[:1]) < 1


def test_where_everything_is_alike_only_the_nearest_are_looked_at():
    random = np.random.default_rng(0)
    crowd = unit(random.standard_normal((2_000, 32)) * 0.2 + np.eye(32)[0])
    limit = raised_limit(crowd, 0.5)
    pairs = ((crowd @ crowd.T) >= limit).sum() - len(crowd)
    assert 10 * len(crowd) < pairs < 40 * len(crowd)
    # What is there many times over, to the letter, does not count; and a few are never too many.
    apart = unit(random.standard_normal((300, 32)))
    assert raised_limit(np.vstack([apart, np.tile(crowd[:1], (500, 1))]), 0.9) == 0.9
    assert raised_limit(crowd[:15], 0.5) == 0.5


@settings(deadline=None, max_examples=25)
@given(st.lists(st.text("abcdefgh ", max_size=60), min_size=1, max_size=12))
def test_overlap_is_the_jaccard_index_of_runs_of_letters(texts):
    shingles = Shingles(texts, SILENT)

    def runs(text):
        found = set()
        for word in text.lower().split():
            padded = f" {word} "
            found |= {padded[at : at + 5] for at in range(max(len(padded) - 4, 1))}
        return found

    for one in range(len(texts)):
        for other in range(len(texts)):
            a, b = runs(texts[one]), runs(texts[other])
            expected = len(a & b) / len(a | b) if a | b else 0
            got = shingles.overlap(np.array([one]), np.array([other]))[0]
            assert got == pytest.approx(expected)


def test_an_empty_collection_and_an_unknown_modality_are_told_in_a_line(load, session):
    collection = load(["0", "1"])
    with pytest.raises(QueryError, match="Did you mean 'text'"):
        collection.duplicates(modality="tekst")
    with pytest.raises(QueryError, match="by image; it has these to compare by: text"):
        collection.duplicates(modality="image")
    collection.delete(ids=["i000", "i001"])
    with pytest.raises(QueryError, match="no items yet"):
        collection.duplicates()
    assert isinstance(session, mm.Session)


def test_hostile_texts_stay_texts(load):
    collection = load(["0", "0"], **{"<b>x</b>": ["<script>alert(1)</script>", "<i>"]})
    html = collection.duplicates()._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html
