"""A collection in a store elsewhere does what one in a folder does: the same for every engine."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from served_rows import options, picture_bytes, products
from toys import ToyEmbedder, write_pictures

from mmrag_jupyter.errors import (
    ModelError,
    NotFoundError,
    SourceError,
    StoreBusyError,
    StoreError,
    WhereError,
)
from mmrag_jupyter.items import Problem
from mmrag_jupyter.store import feedback, tuned

QUERIES = {
    "text": {"text": "red shoe"},
    "picture": {"image": picture_bytes(3)},
    "both": {"text": "shoe", "image": picture_bytes(4), "k": 5},
    "avoided": {"text": "leather shoe", "exclude": "red"},
    "avoided picture": {"text": "hat", "image": picture_bytes(1), "exclude": [picture_bytes(8)]},
    "like": {"like": "s2", "k": 4},
    "liked": {"text": "bag", "liked": "s6", "disliked": "s9"},
    "modality": {"text": "wool", "modality": "image"},
    "weights": {"text": "silk", "weights": {"image": 0, "lexical": 2}},
    "where": {"text": "shoe", "where": "price < 60 and brand == 'Acme'"},
    "missing": {"text": "coat", "where": "brand is null or stock is null"},
    "dates": {"text": "coat", "where": "day >= '2024-02-05' and day < '2024-02-12 18:00'"},
    "list": {"text": "coat", "where": "sku in ['s1', 's5', 's7'] and not sold"},
    "none": {"text": "shoe", "where": "price > 1e6"},
    "everything": {"text": "of", "k": 12},
}


@pytest.fixture
def both(place, embedder):
    """Return the same rows in a store elsewhere and in a folder."""
    one = place.session().load(products(), "products", store=place.store, **options(embedder))
    other = place.here().load(products(), "products", **options(ToyEmbedder()))
    return one, other


def test_queries_find_the_same_as_in_a_folder(both):
    elsewhere, here = both
    for name, query in QUERIES.items():
        one, other = elsewhere.query(**query), here.query(**query)
        assert one.ids == other.ids, name
        assert np.allclose([hit.score for hit in one], [hit.score for hit in other]), name
        why = [[(why.signal, why.rank) for why in hit.why] for hit in other]
        assert [[(why.signal, why.rank) for why in hit.why] for hit in one] == why, name


def test_items_come_back_as_they_were_loaded(both):
    elsewhere, here = both
    pd.testing.assert_frame_equal(elsewhere.items(), here.items())
    where = "price between 20 and 70 and brand <> 'Bell'"
    pd.testing.assert_frame_equal(elsewhere.items(where=where), here.items(where=where))
    assert elsewhere.query("red shoe").to_pandas().equals(here.query("red shoe").to_pandas())
    assert elsewhere.query("red shoe")[0].image.size == (24, 24)
    assert elsewhere.show("s3")[0].metadata == here.show("s3")[0].metadata


def test_hits_show_themselves_and_answers_cite_them(both):
    elsewhere, here = both
    assert "<img" in elsewhere.query("red shoe")._repr_mimebundle_()["text/html"]
    answer = elsewhere.ask("Which shoe is red?")
    assert answer.text == here.ask("Which shoe is red?").text
    assert [one.id for one in answer.hits] == [
        one.id for one in here.ask("Which shoe is red?").hits
    ]


def test_whatever_goes_by_hits_works(both):
    elsewhere, here = both
    right = {"red shoe": {"s0": 1, "s11": 1}, "wool": {"s3": 1, "s5": 2}}
    one, other = elsewhere.evaluate(right), here.evaluate(right)
    measured = [name for name in other.to_pandas() if not name.endswith("_ms")]
    pd.testing.assert_frame_equal(one.to_pandas()[measured], other.to_pandas()[measured])
    panel = elsewhere.panel("red shoe")
    assert panel.hits.ids[:5] == here.query("red shoe").ids[:5]
    elsewhere.query("red shoe")
    assert "red shoe" in repr(elsewhere.explain("s0"))
    assert elsewhere.recommend(["s0"]).ids == here.recommend(["s0"]).ids
    nodes = elsewhere.index.as_retriever(similarity_top_k=3).retrieve("red shoe")
    assert nodes[0].node_id.partition("#")[0] == "s0"
    assert "12" in elsewhere.info()._repr_mimebundle_()["text/plain"]


def test_what_looks_at_it_whole_works(both):
    elsewhere, here = both
    for name in ("duplicates", "outliers", "clusters", "map"):
        one, other = getattr(elsewhere, name)(), getattr(here, name)()
        pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), rtol=1e-3)
    for where in (None, "price < 60"):
        one, other = elsewhere.facets(where=where), here.facets(where=where)
        assert one.columns == other.columns != []
        pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), rtol=1e-3)
    asked = {"modality": "image", "where": "price > 20"}
    one, other = elsewhere.duplicates(**asked), here.duplicates(**asked)
    pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), rtol=1e-3)


def test_values_are_counted_anew_after_a_load(both):
    elsewhere, _ = both
    counting = elsewhere.store.facets()
    before = {one.column for one in counting.count(dict.fromkeys(counting.columns()))}
    assert {"brand", "sold"} <= before
    elsewhere.delete([f"s{at}" for at in range(2, 12)])
    (sold,) = counting.count({"sold": None})
    assert sum(one.count for one in sold.counts) == 2


def test_a_second_load_embeds_only_what_has_changed(both, embedder):
    elsewhere, here = both
    embedder.texts = embedder.images = 0
    report = elsewhere.load(products(), **options(embedder))
    assert (report.unchanged, report.added, report.updated) == (12, 0, 0)
    assert (embedder.texts, embedder.images) == (0, 0)
    changed = products().iloc[2:].copy()
    changed.loc[4, "title"] = "purple tent"
    changed.loc[5, "price"] = 7777.0
    changed.loc[6, "photo"] = picture_bytes(99)
    report = elsewhere.load(changed, **options(embedder))
    assert (report.updated, report.removed, report.unchanged) == (3, 2, 7)
    assert (embedder.texts, embedder.images) == (1, 1)
    here.load(changed, **options(ToyEmbedder()))
    pd.testing.assert_frame_equal(elsewhere.items(), here.items())
    for query in (
        {"text": "purple tent"},
        {"text": "shoe", "where": "price > 7000"},
        {"image": picture_bytes(99)},
    ):
        assert elsewhere.query(**query).ids == here.query(**query).ids
    assert rows_of_parts(elsewhere) == 20


def test_renamed_pictures_are_not_embedded_again(place, embedder, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue", "navy", "gold"])
    collection = place.session().load(
        str(folder), "photos", store=place.store, model=embedder, progress=False
    )
    (folder / "red.png").rename(folder / "crimson.png")
    embedder.images = 0
    report = collection.load(str(folder), model=embedder, progress=False)
    assert (report.added, report.removed, report.unchanged) == (1, 1, 4)
    assert embedder.images == 0
    found = collection.query(image=folder / "crimson.png", k=1)
    assert found[0].source.endswith("photos") or "crimson" in found[0].id
    assert found[0].image.size == (24, 24)


def test_deleted_items_are_gone_with_all_that_they_had(both, embedder):
    elsewhere, here = both
    assert elsewhere.delete(["s0", "s4"]) == here.delete(["s0", "s4"]) == 2
    where = 'price > 80 or brand == "acme\'s"'
    assert elsewhere.delete(where=where) == here.delete(where=where)
    assert len(elsewhere) == len(here)
    for name in ("text", "picture", "weights"):
        assert elsewhere.query(**QUERIES[name]).ids == here.query(**QUERIES[name]).ids
    assert rows_of_parts(elsewhere) == 2 * len(here)
    kept = elsewhere.store.engine.scan(elsewhere.store.layout.kept, None, ("kind",))
    assert sum(row.text("kind") == "blob" for row in kept) == len(here)
    with pytest.raises(NotFoundError, match="s0"):
        elsewhere.delete("s0")
    assert elsewhere.load(products(), **options(embedder)).added == 12 - len(here)


def test_another_machine_opens_it_by_its_address(both, place):
    elsewhere, _ = both
    other = place.session("another")
    opened = other.open(elsewhere.store.address, model=ToyEmbedder())
    assert opened.query("red shoe").ids == elsewhere.query("red shoe").ids
    kept = list((place.folder / "another" / "products").iterdir())
    assert [path.name for path in kept] == ["store.json"]
    assert json.loads(kept[0].read_text())["address"] == elsewhere.store.address
    # What it remembers is enough for the name alone.
    again = place.session("another").open("products", model=ToyEmbedder())
    assert len(again) == 12
    opened.load(products().iloc[:11], **options(ToyEmbedder()))
    elsewhere.store.forget()
    assert len(elsewhere) == len(again) == 11
    assert again.store.address in str(again.summary()["folder"])


def test_several_collections_live_in_one_store(both, place):
    elsewhere, _ = both
    session = place.session()
    few = session.load(products(3), "Few things 1", store=place.store, **options(ToyEmbedder()))
    assert (len(few), len(elsewhere)) == (3, 12)
    few.remove()
    assert elsewhere.query("red shoe").ids[0] == "s0"
    with pytest.raises(NotFoundError, match="there are products"):
        place.session("another").open(at(place, "Few%20things%201"))


def test_fewer_bytes_a_number_are_refused_and_fewer_numbers_are_kept(place, embedder):
    given = {"store": place.store, **options(embedder)}
    with pytest.raises(StoreError, match=r"takes vectors in float32, not in int8: leave --precis"):
        place.session().load(products(), "few", precision="int8", **given)
    cut = place.session().load(products(), "cut", dim=4, **given)
    assert {space.dim for space in cut.store.spaces()} == {4}


def test_another_model_is_refused(both, place):
    elsewhere, _ = both
    with pytest.raises(ModelError, match="not by toy:2"):
        elsewhere.load(products(), **options(ToyEmbedder("toy:2")))
    wider = ToyEmbedder()
    wider.dim = 32
    wider.embed_text = lambda texts, *, query: np.eye(32, dtype=np.float32)[: len(texts)]  # noqa: ARG005
    with pytest.raises((StoreError, ModelError), match="32"):
        elsewhere.load(products(), **options(wider))
    with pytest.raises(ModelError):
        place.session("another").open(elsewhere.store.address, model=ToyEmbedder("toy:3"))
    assert len(elsewhere) == 12


def test_embedding_again_puts_the_parts_into_a_space_of_the_new_model(both):
    elsewhere, _ = both
    before = elsewhere.query("red shoe").ids
    elsewhere.load(products(), reembed=True, **options(ToyEmbedder("toy:2")))
    assert [space.name for space in elsewhere.store.spaces()] == ["toy:2"]
    assert elsewhere.query("red shoe").ids == before
    assert rows_of_parts(elsewhere) == 24


def test_one_writes_at_a_time(both, place):
    elsewhere, _ = both
    with elsewhere.store.writer():
        other = place.session("another").open(elsewhere.store.address, model=ToyEmbedder())
        with pytest.raises(StoreBusyError, match="being written to by process"):
            other.load(products(), **options(ToyEmbedder()))
        assert other.query("red shoe").ids[0] == "s0"
    other.load(products(), **options(ToyEmbedder()))


def test_what_needs_a_folder_says_so_in_a_line(both, place):
    elsewhere, _ = both
    with pytest.raises(StoreError, match="A repair saves the files of a folder"):
        place.session().open("products", repair=True)
    with pytest.raises(StoreError, match="needs a collection in a folder") as error:
        elsewhere.store._reading()
    assert "\n" not in str(error.value)
    assert elsewhere.store.address in str(error.value)


def test_what_was_learnt_serves_on_every_machine_until_it_is_undone(both, place):
    elsewhere, _ = both
    store = elsewhere.store
    rng = np.random.default_rng(0)
    arrays = {"up": rng.standard_normal((200, 160)).astype(np.float32)}  # several rows of a store
    with store.writer() as writer:
        names = [tuned.keep(store, writer, arrays, {"told": told}) for told in ("one", "two")]
    assert names[0] != names[1]
    other = place.session("another").open(store.address, model=ToyEmbedder())
    found = other.store.tuned.current()
    assert found.facts["told"] == "two"
    assert np.array_equal(found.arrays["up"], arrays["up"])
    with store.writer() as writer:
        assert tuned.undo(store, writer)
        with pytest.raises(FileNotFoundError):
            store.shelf.get(names[1])
        tuned.keep(store, writer, {"up": np.zeros(3, np.float32)}, {"told": "three"})
    other.store.forget()
    assert other.store.tuned.current().facts["told"] == "three"
    assert [path.name for path in elsewhere.folder.iterdir()] == ["store.json"]


def test_a_condition_that_the_store_has_no_word_for_names_that_part(both):
    elsewhere, here = both
    query = {"text": "shoe", "where": "price < 100 and substr(brand, -1, 1) = 'e'"}
    assert here.query(**query).ids
    with pytest.raises(WhereError, match=r"cannot be asked for .*substr\(brand"):
        elsewhere.query(**query)
    with pytest.raises(WhereError, match="Did you mean 'price'"):
        elsewhere.query("shoe", where="prise < 3")


def test_a_first_load_that_fails_leaves_nothing(place, embedder):
    session = place.session()
    with pytest.raises(SourceError):
        session.load(products(0), "products", store=place.store, **options(embedder))
    assert session.names() == []
    with pytest.raises(NotFoundError):
        session.open(at(place, "products"))


def test_large_pictures_are_kept_small(place, embedder):
    rng = np.random.default_rng(1)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (900, 700, 3), np.uint8)).save(out, "PNG")
    frame = pd.DataFrame({"photo": [out.getvalue()], "title": ["noise"]})
    given = {"text": "title", "image": "photo", "key": "table:big", "progress": False}
    collection = place.session().load(frame, "big", store=place.store, model=embedder, **given)
    image = collection.query("noise")[0].image
    assert max(image.size) <= 512
    assert collection.load(frame, **given).unchanged == 1


def test_panels_verdicts_and_problems_are_kept(both):
    elsewhere, _ = both
    elsewhere.store.keep_feedback([feedback.now("red", "s0", 1), feedback.now("red", "s1", -1)])
    elsewhere.store.keep_feedback([feedback.now("red", "s1", 0)])
    assert elsewhere.feedback()[["id", "verdict"]].to_numpy().tolist() == [["s0", 1]]
    assert len(elsewhere.problems()) == 0
    broken = products(13)
    broken["photo"] = [*broken["photo"][:12], b"no picture"]
    report = elsewhere.load(broken, **options(ToyEmbedder()))
    assert report.problems
    assert len(elsewhere.problems()) == 1


@pytest.mark.parametrize("place", ["milvus"], indirect=True)
def test_what_milvus_has_no_room_for(place, embedder):
    given = {"text": "title", "model": embedder, "key": "table:wide", "progress": False}
    rows = pd.DataFrame({"title": ["a shoe"]})
    collection = place.session().load(rows, "wide", store=place.store, **given)
    many = [Problem(f"/some/long/path/{at}.png", "no picture " * 9) for at in range(2_000)]
    with collection.store.writer() as writer:
        writer.set_problems("table:wide", many)
    assert 300 < len(collection.problems()) < 2_000
    wide = pd.DataFrame({"title": ["a shoe"], **{f"column number {at}": at for at in range(1_500)}})
    with pytest.raises(StoreError, match=r"65,535 bytes, and what describes .*fewer columns"):
        collection.load(wide, **given)
    with pytest.raises(StoreError, match="65,535 bytes, and a column of item '0' has 100,000: cut"):
        collection.load(pd.DataFrame({"title": ["x" * 100_000]}), **given)


def rows_of_parts(collection):
    store = collection.store
    return sum(store.engine.count(table) for table in store.part_tables())


def at(place, name):
    store, sign, rest = place.store.partition("?")
    return f"{store}/{name}{sign}{rest}"
