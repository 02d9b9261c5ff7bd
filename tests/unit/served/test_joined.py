"""Tables joined to a collection elsewhere: found, told and filtered as in a folder."""

from __future__ import annotations

import pandas as pd
import pytest
from served_places import ENGINES, Place, place_of
from served_rows import join, join_brands, options, picture_bytes, products, reviews
from toys import ToyEmbedder

from mmrag_jupyter.errors import StoreError, WhereError
from mmrag_jupyter.served import itemwriter, joinwhere, selection
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.llama import CollectionVectorStore

QUERIES = {
    "words": {"text": "wide feet", "weights": {"text": 0, "image": 0}},
    "both": {"text": "narrow shoe"},
    "picture": {"image": picture_bytes(40)},
    "like": {"like": "s4"},
    "liked": {"text": "rain", "liked": "s1", "disliked": "s9"},
    "avoided": {"text": "warm winter", "exclude": "dog"},
    "rows": {"text": "dog narrow feet", "where": "stars >= 4"},
    "rows and items": {"text": "storms", "where": "stars >= 3 and price < 60 and not sold"},
    "rows or items": {"text": "storms", "where": "stars >= 5 or price < 20"},
    "dotted": {"text": "wide feet", "where": "reviews.author == 'Ann' and stars is not null"},
    "bare": {"text": "shoe", "where": "review is null"},
    "missing": {"text": "shoe", "where": "stars is null"},
    "dates": {"text": "rain", "where": "reviews.day < '2024-02-05 18:00'"},
    "negated": {"text": "colour", "where": "not (stars > 2 or author == 'Ben')"},
    "shared": {"text": "sport house", "where": "country == 'Peru'"},
    "two tables": {"text": "sport feet", "where": "stars >= 3 and country in ['Peru', 'Chile']"},
    "either table": {"text": "sport feet", "where": "stars >= 5 or country == 'Chile'"},
    "both and ids": {
        "text": "feet",
        "where": "stars >= 1 and country == 'Peru' and id in ['s4', 's8'] and price > 50",
    },
    "beside": {"text": "rain", "where": "reviews.day > '2024-02-03' and brands.brand == 'Acme'"},
    "pictures": {"text": "shoe", "where": "stars == 4", "modality": "image"},
    "ids": {"text": "feet dog", "where": "stars > 1 and id in ['s1', 's4', 's9']"},
    "nothing": {"text": "feet", "where": "stars > 5"},
}


ODD = (
    "a\0b", "half \ud800", "quote's \" \\ %", "x" * 3000, "émoji 👟", "#text", "\ufffdmark", " ",
)  # fmt: skip


@pytest.fixture(params=[*ENGINES, "llama"])
def place(request, tmp_path):
    if request.param == "llama":
        nodes = CollectionVectorStore(Store.create(tmp_path / "nodes", "nodes"))
        return Place("llama", nodes, tmp_path)
    return place_of(request.param, tmp_path, request)


@pytest.fixture
def both(place, embedder):
    """Return the same items, with the same rows joined to them, elsewhere and in a folder."""
    one = place.session().load(products(), "products", store=place.store, **options(embedder))
    other = place.here().load(products(), "products", **options(ToyEmbedder()))
    for collection in (one, other):
        join(collection)
        join_brands(collection)
    return one, other


def told(hit):
    parts = [(part.id, part.origin, part.row, part.text, dict(part.metadata)) for part in hit.parts]
    return hit.id, [str(one) for one in hit.joined], sorted(parts, key=lambda one: one[0])


def alike(one, other):
    """Check that hits tell the same; a row of several items is equally near to all of them."""
    assert sorted(map(told, one), key=repr) == sorted(map(told, other), key=repr)
    mine = {hit.id: hit for hit in one}
    for hit in other:
        assert mine[hit.id].score == pytest.approx(hit.score, abs=0.02)
        scores = {why.signal: why.score for why in hit.why}
        found = {why.signal: why.score for why in mine[hit.id].why}
        assert found == pytest.approx(scores, abs=1e-3)


def parts_of(collection):
    store = collection.store
    return sorted(
        row.number("part") for table in store.part_tables()
        for row in store.engine.scan(table, None, ("part",))
    )  # fmt: skip


def joined_rows(collection):
    store = collection.store
    return store.engine.count(store.layout.joined)


def same(elsewhere, here):
    """Check that two collections hold the same and tell the same of it."""
    pd.testing.assert_frame_equal(elsewhere.items(counts=True), here.items(counts=True))
    pd.testing.assert_frame_equal(elsewhere.joined(), here.joined())
    for name in here.joined()["name"]:
        pd.testing.assert_frame_equal(elsewhere.joined(name), here.joined(name))
    for item in here.store.ids():
        alike(elsewhere.show(item), here.show(item))
    for query in ({"text": "wide feet shoe"}, {"text": "rain", "where": "stars >= 4"}):
        alike(elsewhere.query(**query, k=12), here.query(**query, k=12))


def test_queries_find_the_same_through_the_same_rows_as_in_a_folder(both):
    elsewhere, here = both
    for name, query in QUERIES.items():
        one, other = elsewhere.query(**query, k=12), here.query(**query, k=12)
        alike(one, other)
        if "where" in query:
            ids = [row.id for row in here.store.items(here.store.matching(query["where"]))]
            found = elsewhere.store.matching(query["where"])
            assert [row.id for row in elsewhere.store.items(found)] == ids, name
            count = here.store.select(where=query["where"]).count
            assert elsewhere.store.select(where=query["where"]).count == count, name
    same(elsewhere, here)
    found = {hit.id: hit.joined for hit in elsewhere.query("wide feet", weights={"text": 0})}
    assert str(found["s0"][0]) == "1 of 5 reviews"


def test_what_goes_by_hits_and_by_the_whole_works(both):
    elsewhere, here = both
    right = {"wide feet": {"s0": 1, "s1": 1}, "rain": {"s4": 1}}
    one, other = elsewhere.evaluate(right), here.evaluate(right)
    measured = [name for name in other.to_pandas() if not name.endswith("_ms")]
    pd.testing.assert_frame_equal(one.to_pandas()[measured], other.to_pandas()[measured])
    for where in (None, "stars >= 2"):
        alike(elsewhere.recommend(["s1"], where=where), here.recommend(["s1"], where=where))
    question = "Which is perfect for wide feet?"
    answers = [one.ask(question, where="stars >= 1") for one in both]
    assert answers[0].text == answers[1].text
    titles = [[cited.title for cited in answer.citations] for answer in answers]
    assert titles[0] == titles[1]
    assert any("reviews R" in title for title in titles[0])
    assert elsewhere.panel("wide feet").hits.ids[:4] == here.query("wide feet").ids[:4]
    elsewhere.query("wide feet")
    assert "wide" in repr(elsewhere.explain(here.query("wide feet").ids[0]))
    nodes = [one.index.as_retriever(similarity_top_k=4).retrieve("wide feet") for one in both]
    assert [node.node_id for node in nodes[0]] == [node.node_id for node in nodes[1]]
    assert [one.node.metadata for one in nodes[0]] == [one.node.metadata for one in nodes[1]]
    assert "reviews (2" in repr(elsewhere.info())
    for name in ("duplicates", "outliers", "clusters", "map"):
        one, other = getattr(elsewhere, name)(), getattr(here, name)()
        pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), rtol=1e-3)
    one, other = elsewhere.facets(where="stars >= 4"), here.facets(where="stars >= 4")
    pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), rtol=1e-3)


def test_deltas_of_rows_and_of_items_end_as_in_a_folder(both, embedder):
    elsewhere, here = both
    changed = reviews().iloc[2:].copy()
    changed.loc[4, "body"] = "quite another text"
    changed.loc[7, "stars"] = 1
    changed.loc[8, "sku"] = "s2"
    changed.loc[9, "author"] = "Ann"
    items = products().iloc[:11].copy()
    items.loc[1, "title"] = "golden umbrella"
    items.loc[4, "price"] = 3.5
    items.loc[9, "brand"] = "Bell"
    embedder.texts = 0
    reports = [[join(one, changed), join_brands(one)] for one in both]
    assert embedder.texts == 1
    for collection in both:
        model = embedder if collection is elsewhere else ToyEmbedder()
        reports.append([collection.load(items, **options(model)), join_brands(collection)])
    for one, other in ((reports[0], reports[1]), (reports[2], reports[3])):
        for report, expected in zip(one, other, strict=True):
            names = ("added", "updated", "unchanged", "removed", "failed", "kept")
            for name in names:
                assert getattr(report, name) == getattr(expected, name), (name, report, expected)
    same(elsewhere, here)
    # Nothing is left of what was there before.
    assert len(parts_of(elsewhere)) == len(elsewhere.store.parts_of(elsewhere.store.numbers()))
    links = sum(len(elsewhere.store.joins.links(f"table:{name}")) for name in ("reviews", "brands"))
    assert joined_rows(elsewhere) == links
    assert {one.delete(where="stars == 1") for one in both} == {3}
    same(elsewhere, here)
    for collection in both:
        join(collection, changed.iloc[:0], prune=True)
    same(elsewhere, here)


def test_another_machine_opens_it_and_joins_more(both, place):
    elsewhere, here = both
    where = place.store if place.kind == "llama" else elsewhere.store.address
    other = place.session("another").open(where, model=ToyEmbedder())
    same(other, here)
    more = reviews().assign(body="seen from afar")
    join(other, more)
    join(here, more)
    elsewhere.store.forget()
    same(elsewhere, here)
    assert join(elsewhere, more).unchanged == join(here, more).unchanged
    other.remove()
    left = elsewhere.store.engine.tables()
    assert not {name for name in left if name.startswith("products")}


def test_embedding_again_embeds_rows_too(both):
    elsewhere, here = both
    for collection in both:
        collection.load(products(), reembed=True, **options(ToyEmbedder("toy:2")))
    same(elsewhere, here)
    assert [space.name for space in elsewhere.store.spaces()] == ["toy:2"]


def test_rows_without_anything_to_find_can_be_asked_for(both):
    elsewhere, here = both
    stock = pd.DataFrame({"sku": ["s1", "s1", "s2", "s4"], "depot": [1, 2, 1, None]})
    for collection in both:
        collection.load(stock, on="sku", called="stock", key="table:stock", progress=False)
    for where in ("depot == 1", "depot is null and stars >= 1", "stock.sku is null"):
        alike(elsewhere.query("shoe", where=where, k=12), here.query("shoe", where=where, k=12))
    same(elsewhere, here)


def test_odd_keys_names_and_values_come_back(place, embedder):
    items = pd.DataFrame({"sku": pd.Series(ODD, dtype=object), "title": "thing"})
    twice = pd.Series(ODD * 2, dtype=object)
    rows = pd.DataFrame({
        "sku": twice,
        "rid": [f"{'x' * 400}{at}" for at in range(len(twice))],
        "of 'it' \0": twice,
        "big": [2**60 + at for at in range(len(twice))],
        "when": pd.to_datetime(["2024-01-01"] * len(twice), utc=True),
        "list": [[1, {"a": 2}]] * len(twice),
        "share": [float("inf"), -0.0, None, 1e-300] * (len(twice) // 4),
        "body": pd.Series([f"said {one[:50]}" for one in twice], dtype=object),
    })  # fmt: skip
    given = {"on": "sku", "text": "body", "id": "rid", "called": "odd 'rows' .", "key": "odd"}
    both = []
    for session, more in ((place.session(), {"store": place.store}), (place.here(), {})):
        made = session.load(items, "odd", text="title", id="sku", model=embedder, **more)
        made.load(rows, progress=False, **given)
        both.append(made)
        assert made.load(rows, progress=False, **given).unchanged == 14
    elsewhere, here = both
    pd.testing.assert_frame_equal(elsewhere.joined("odd 'rows' ."), here.joined("odd 'rows' ."))
    for item in here.store.ids():
        one, other = elsewhere.show(item)[0].parts, here.show(item)[0].parts
        assert [part.row for part in one] == [part.row for part in other]
        assert str([part.metadata for part in one]) == str([part.metadata for part in other])
    for where in ("big > 1100000000000000000", "`odd 'rows' ..share` > 5", "list is not null"):
        assert elsewhere.items(where=where).equals(here.items(where=where)), where
    assert elsewhere.delete(ODD[0]) == here.delete(ODD[0]) == 1
    pd.testing.assert_frame_equal(elsewhere.joined("odd 'rows' ."), here.joined("odd 'rows' ."))


@pytest.mark.parametrize("place", ["qdrant"], indirect=True)
def test_conditions_hold_however_many_items_they_choose(both, monkeypatch):
    elsewhere, here = both
    monkeypatch.setattr(selection, "LISTED", 1)
    for query in QUERIES.values():
        alike(elsewhere.query(**query, k=12), here.query(**query, k=12))


@pytest.mark.parametrize("place", ["lancedb", "qdrant"], indirect=True)
def test_many_rows_are_written_in_lots(place, embedder, monkeypatch):
    monkeypatch.setattr(itemwriter, "SENT", 3)
    elsewhere = place.session().load(products(), "products", store=place.store, **options(embedder))
    here = place.here().load(products(), "products", **options(ToyEmbedder()))
    for collection in (elsewhere, here):
        join(collection, reviews(120))
        join_brands(collection)
    same(elsewhere, here)


@pytest.mark.parametrize("place", ["qdrant"], indirect=True)
def test_a_condition_that_the_store_has_no_word_for_names_that_part(both, monkeypatch):
    elsewhere, here = both
    assert here.query("feet", where="author like 'A%'").ids
    with pytest.raises(WhereError, match=r"Qdrant cannot be asked for author like 'A%': leave"):
        elsewhere.query("feet", where="stars > 1 and author like 'A%'")
    with pytest.raises(WhereError, match="Did you mean 'stars'"):
        elsewhere.query("feet", where="starz > 1")
    monkeypatch.setattr(joinwhere, "MOST_COMBINED", 20)
    with pytest.raises(
        WhereError, match=r"2 joined tables, .* at most 20 can be combined"
    ) as error:
        elsewhere.query("feet", where="stars > 1 and country == 'Peru'")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["qdrant"], indirect=True)
def test_a_row_of_no_table_is_refused(both):
    elsewhere, _ = both
    with (
        elsewhere.store.writer() as writer,
        pytest.raises(StoreError, match="no joined table 'nobody'; add it first"),
    ):
        writer.update_joined([], source="nobody")
