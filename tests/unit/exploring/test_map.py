"""A map: like near to like, the same every time, coloured by anything, a picture that stays."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.decomposition import PCA
from toys import ToyEmbedder, picture

from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.errors import MissingError, QueryError
from mmrag_jupyter.exploring import layout, scatter
from mmrag_jupyter.exploring.colours import PALETTE
from mmrag_jupyter.exploring.geometry import projected, usual_cosine
from mmrag_jupyter.search.hits import Hits


def image_of(bundle):
    """Return the picture of the points."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)" alt="[^"]', bundle["text/html"])
    assert len(found) == 1
    return Image.open(io.BytesIO(base64.b64decode(found[0]))).convert("RGBA")


def xy(found):
    return found.to_pandas()[["x", "y"]].to_numpy()


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 60), st.integers(2, 30), st.integers(0, 9))
def test_projections_are_those_of_sklearn_up_to_their_sign(count, dim, seed):
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, dim)) * np.linspace(3, 0.5, dim) + 5
    found = projected(vectors.astype(np.float32), 2)
    expected = PCA(2, svd_solver="full").fit_transform(vectors)
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=2e-2)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_points_are_projected_too(count):
    vectors = np.eye(5, dtype=np.float32)[:count]
    found = projected(vectors, 2)
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
    if count == 2:
        assert np.linalg.norm(found[0] - found[1]) == pytest.approx(np.sqrt(2), abs=1e-5)


def test_points_that_are_the_same_lie_in_one_place():
    assert not projected(np.tile(np.float32([[0.6, 0.8]]), (100, 1)), 2).any()


@given(st.integers(2, 30), st.integers(0, 9))
def test_the_usual_cosine_is_the_mean_over_all_pairs(count, seed):
    vectors = np.random.default_rng(seed).standard_normal((count, 7)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = (vectors @ vectors.T)[np.triu_indices(count, 1)]
    assert usual_cosine(vectors) == pytest.approx(pairs.mean(), abs=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_map_of_few_items_is_a_map(load, count):
    found = load([str(at) for at in range(count)], kind=["a", "b", "c"][:count]).map(color="kind")
    assert len(found) == count
    assert found.to_pandas().id.tolist() == [f"i{at:03}" for at in range(count)]
    assert np.isfinite(xy(found)).all()
    assert "text/html" in found._repr_mimebundle_()


def test_a_map_of_nothing_is_refused_in_a_line(load, session):
    collection = load(["0", "1"], year=[1, 2])
    with pytest.raises(QueryError, match=r"No item of collection 'points' matches 'year > 5'\."):
        collection.map(where="year > 5")
    collection.delete(where="year > 0")
    with pytest.raises(QueryError, match="no items yet"):
        collection.map()
    rows = pd.DataFrame({"price": [1, 2]})
    bare = session.load(rows, "bare", model="builtin", progress=False)
    with pytest.raises(QueryError, match="neither vectors nor texts"):
        bare.map()


def test_what_is_alike_lies_near(load):
    found = load([f"{at % 2} {at} 0.2" for at in range(20)]).map(layout="pca")
    points = xy(found)
    one, other = points[::2], points[1::2]
    apart = np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
    assert max(one.std(axis=0).max(), other.std(axis=0).max()) < apart / 3


def test_a_map_is_the_same_every_time(load):
    collection = load([f"{at % 4} {at} 0.5" for at in range(30)])
    assert (xy(collection.map()) == xy(collection.map())).all()
    some = collection.map(sample=10)
    assert some.ids == collection.map(sample=10).ids
    assert len(some) == 10
    assert "a sample of 10 of 30 items" in some._repr_mimebundle_()["text/plain"]


def test_a_sample_of_less_than_one_item_is_refused(load):
    with pytest.raises(QueryError, match="at least 1 item, not 0"):
        load(["0", "1"]).map(sample=0)


def test_texts_without_vectors_have_a_map(load_words):
    hats = [f"a hat of wool {word}" for word in ("red", "blue", "green", "black")]
    rates = [f"interest rates of the bank {word}" for word in ("rose", "fell", "stood", "held")]
    points = xy(load_words([*hats, *rates, ""]).map(layout="pca"))
    assert len(points) == 8
    apart = np.linalg.norm(points[:4].mean(axis=0) - points[4:].mean(axis=0))
    assert points[:4].std() < apart
    assert points[4:].std() < apart


def test_texts_of_scripts_without_spaces_are_compared_by_pairs_of_characters(load_words):
    texts = ["红色的羊毛帽子", "蓝色的羊毛帽子", "中央银行的利率上升", "中央银行的利率下降"]
    points = xy(load_words(texts).map(layout="pca"))
    assert np.linalg.norm(points[0] - points[1]) < np.linalg.norm(points[0] - points[2])
    assert np.linalg.norm(points[2] - points[3]) < np.linalg.norm(points[0] - points[2])


def test_items_with_nothing_to_be_compared_by_are_told(load):
    found = load(["0", "1", None, ""]).map()
    assert len(found) == 2
    assert "2 items have nothing to be compared by text" in found._repr_mimebundle_()["text/plain"]


def test_an_item_of_several_parts_lies_in_their_mean_direction(session):
    rows = pd.DataFrame(
        {"a": [picture("red"), picture("red")], "b": [picture("blue"), picture("red")]}
    )
    collection = session.load(rows, "p", image=["a", "b"], model=ToyEmbedder(), progress=False)
    whole = collection._whole()
    from mmrag_jupyter.exploring.cloud import gather
    from mmrag_jupyter.exploring.signals import chosen

    cloud = gather(collection.store, chosen(collection.store, whole.models, "image"))
    red, blue = (ToyEmbedder().embed_image([picture(one)])[0] for one in ("red", "blue"))
    mean = (red + blue) / np.linalg.norm(red + blue)
    assert cloud.vectors[0] == pytest.approx(mean, abs=1e-6)
    assert cloud.vectors[1] == pytest.approx(red, abs=1e-6)


def test_the_modality_that_most_items_have_is_taken(session):
    rows = pd.DataFrame(
        {"photo": [picture("red"), None, None], "title": ["a hat", "a boot", "a rain coat"]}
    )
    collection = session.load(
        rows, "p", image="photo", text="title", model=ToyEmbedder(), progress=False
    )
    assert len(collection.map()) == 3
    found = collection.map(modality="image")
    assert len(found) == 1
    assert "2 items have nothing to be compared by image" in str(found._repr_mimebundle_())


def test_the_dataframe_has_the_items_own_columns_and_index(session):
    rows = pd.DataFrame(
        {"text": ["hat", "boot"], "x": [7, 8], "price": [1.5, 2.5]},
        index=pd.Index([5, 6], name="row"),
    )
    found = session.load(rows, "p", text="text", model="builtin", progress=False).map().to_pandas()
    assert found.columns.tolist() == ["id", "map_x", "y", "text", "x", "price"]
    assert found.index.tolist() == [5, 6]
    assert found.index.name == "row"
    assert found.x.tolist() == [7, 8]


def test_an_unknown_column_is_refused_and_the_nearest_suggested(load):
    with pytest.raises(QueryError, match=r"no column 'colr' .* Did you mean 'color'"):
        load(["0", "1"], color=["a", "b"]).map(color="colr")
    with pytest.raises(QueryError, match=r"no column \"\['color'\]\" to colour by"):
        load(["0", "1"], color=["a", "b"]).map(color=["color"])


def test_an_unknown_layout_is_refused_and_the_nearest_suggested(load):
    with pytest.raises(QueryError, match="Did you mean 'umap'"):
        load(["0", "1"]).map(layout="umapp")


def test_a_layout_whose_library_is_missing_says_how_to_install_it(load, monkeypatch):
    monkeypatch.setattr(layout, "has_umap", lambda: False)
    with pytest.raises(MissingError, match=r"pip install 'mmrag-jupyter\[umap\]'"):
        load(["0", "1"]).map(layout="umap")


def test_without_the_widget_the_picture_still_shows_and_says_how_to_install_it(load, monkeypatch):
    monkeypatch.setattr("mmrag_jupyter.exploring.map.has_scatter", lambda: False)
    monkeypatch.setattr(scatter, "has_scatter", lambda: False)
    found = load(["0", "1", "2"]).map()
    bundle = found._repr_mimebundle_()
    image_of(bundle)
    assert "pip install 'mmrag-jupyter[map]'" in bundle["text/plain"]
    assert len(found.selection) == 0
    with pytest.raises(MissingError, match="pip install"):
        _ = found.widget


def test_the_picture_has_the_colours_of_the_legend_and_no_ground(load):
    texts = [f"{at % 2} {at} 0.1" for at in range(20)]
    bundle = load(texts, kind=["a", "b"] * 10).map(color="kind")._repr_mimebundle_()
    image = image_of(bundle)
    seen = {f"#{r:02X}{g:02X}{b:02X}" for _, (r, g, b, a) in image.getcolors(100_000) if a > 250}
    assert {PALETTE[0], PALETTE[1]} <= seen
    assert image.getpixel((0, 0))[3] == 0
    assert "kind  items" in bundle["text/plain"]


@pytest.mark.parametrize("count", [10, 3_000])
def test_the_picture_keeps_within_the_budget(load, session, count):
    session.config.output_bytes = 20_000
    texts = [f"{at % 7} {at} 0.9" for at in range(count)]
    bundle = load(texts, kind=[f"k{at % 50}" for at in range(count)]).map("kind")
    bundle = bundle._repr_mimebundle_()
    assert bundle_bytes(bundle) <= 20_000
    image_of(bundle)


def test_hostile_values_and_names_stay_texts(load):
    name = "<img src=x onerror=pwned()>"
    collection = load(["0", "1"], **{name: ["<script>pwned()</script>", "</p><b>"]})
    html = collection.map(color=name)._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html


def test_labels_that_are_all_equal_are_one_colour(load):
    found = load(["0", "1", "2"], kind=["same"] * 3).map(color="kind")
    assert "same  3" in re.sub(r" {2,}", "  ", found._repr_mimebundle_()["text/plain"])


def test_columns_may_be_called_like_what_the_widget_has_itself(load):
    pytest.importorskip("jscatter", reason="the extra 'map' is not installed")
    names = ["x", "y", "color", "size", "opacity", "__x", "__preview", "items"]
    columns = {name: ["a", "b", "c"] for name in names}
    collection = load(["0", "1", "2"], **columns)
    for name in (None, *names):
        widget = collection.map(color=name)._scatter._scatter.widget
        sent = []
        widget.send = sent.append
        told = [*widget.data.columns[4:]]
        asked = {"type": "tooltip", "index": 1, "properties": told, "preview": "__preview"}
        widget._handle_custom_msg(asked, [])
        assert {"b", "i001"} <= set(sent[0]["properties"].values()) <= {"b", "i001", "1"}


def test_umap_lays_out_like_near_like_and_the_same_every_time(load):
    pytest.importorskip("umap", reason="the extra 'umap' is not installed")
    collection = load([f"{at % 2} {at} 0.2" for at in range(40)])
    points = xy(collection.map(layout="umap"))
    assert (points == xy(collection.map(layout="umap"))).all()
    one, other = points[::2], points[1::2]
    apart = np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
    assert max(one.std(axis=0).max(), other.std(axis=0).max()) < apart


def test_a_selection_is_hits(load):
    pytest.importorskip("jscatter", reason="the extra 'map' is not installed")
    found = load(["0", "1", "2", "3"], kind=["a", "b", "a", None]).map(color="kind")
    assert len(found.selection) == 0
    assert found.widget is found.widget
    found._scatter._scatter.selection([3, 1])
    assert isinstance(found.selection, Hits)
    assert sorted(found.selection.ids) == ["i001", "i003"]
    assert found.selection.to_pandas().shape == (2, 6)


def test_the_widget_answers_with_the_picture_under_the_pointer(session):
    pytest.importorskip("jscatter", reason="the extra 'map' is not installed")
    rows = pd.DataFrame({"photo": [picture("red"), picture("blue")], "id": ["<b>r</b>", "b"]})
    collection = session.load(
        rows, "p", image="photo", id="id", model=ToyEmbedder(), progress=False
    )
    widget = collection.map()._scatter._scatter.widget
    sent = []
    widget.send = sent.append
    asked = {"type": widget.event_types["TOOLTIP"], "properties": ["id"], "preview": "__preview"}
    for index in (1, 5, -1):
        try:
            widget._handle_custom_msg({**asked, "index": index}, [])
        except IndexError:
            assert index == 5  # the widget's own answer
    last = sent[1]
    assert last["preview"].startswith("data:image/")
    assert (
        Image.open(io.BytesIO(base64.b64decode(last["preview"].split(",")[1]))).getpixel((0, 0))[2]
        > 200
    )
    assert sent[0]["properties"] == {"id": "b"}
