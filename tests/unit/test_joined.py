"""Rows of a second table join items: loaded, found, told, filtered, and kept up to date."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from toys import ToyEmbedder, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter import samples
from mmrag_jupyter.display import HITS_MIME
from mmrag_jupyter.errors import NotFoundError, SourceError, WhereError
from mmrag_jupyter.ingest import joinkeys, reading


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def products():
    return pd.DataFrame(
        {
            "sku": ["a1", "b2", "c3", "d4"],
            "title": ["red running shoe", "blue leather boot", "yellow rain hat", "red wool hat"],
            "price": [59.9, 120.0, 25.5, None],
            "brand": ["Acme", "Bolt", "Acme", None],
        }
    )


@pytest.fixture
def reviews():
    return pd.DataFrame(
        {
            "review_id": ["R1", "R2", "R3", "R4", "R5", "R6"],
            "sku": ["a1", "b2", "a1", "b2", "b2", "c3"],
            "stars": pd.array([5, 2, 1, 4, 3, None], dtype="Int64"),
            "date": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"] * 2),
            "author": pd.Categorical(["Ann", "Ben", "Ann", "Cid", "Ben", "Ann"]),
            "body": [
                "perfect for wide feet",
                "much too narrow",
                "the sole broke soon",
                "fits wide feet well",
                "warm in winter",
                "keeps dry in storms",
            ],
        }
    )


@pytest.fixture
def embedder():
    return ToyEmbedder()


@pytest.fixture
def shop(session, products, embedder):
    return session.load(products, "shop", text="title", id="sku", model=embedder)


def join(session, frame, name="reviews", **options):
    given = {"into": "shop", "on": "sku", "text": "body", **options}
    return session.load(frame, name, **given).last_load


@pytest.fixture
def joined(session, shop, reviews):
    join(session, reviews, id="review_id")
    return shop


def texts(collection, item):
    return [part.text for part in collection.show(item)[0].parts]


def test_a_query_matches_through_any_row_and_says_through_how_many(joined):
    best, *_ = joined.query("wide feet")
    assert best.id in {"a1", "b2"}
    both = {hit.id: hit for hit in joined.query("wide feet", weights={"text": 0})}
    assert both.keys() == {"a1", "b2"}
    assert [str(one) for one in both["a1"].joined] == ["1 of 2 reviews"]
    assert [str(one) for one in both["b2"].joined] == ["1 of 3 reviews"]
    assert both["a1"].parts[0].text == "perfect for wide feet"


def test_a_joined_part_tells_where_it_is_from_and_what_its_row_says(joined):
    part = joined.query("storms", weights={"text": 0})[0].parts[0]
    assert (part.origin, part.row) == ("reviews", "R6")
    assert part.metadata["author"] == "Ann"
    assert part.metadata["stars"] is None
    own = joined.query("yellow", weights={"text": 0})[0].parts[0]
    assert (own.origin, own.row, own.metadata) == ("", "", {})


def test_an_items_own_parts_come_first_and_keep_their_ids(joined):
    parts = joined.show("a1")[0].parts
    assert [part.id for part in parts] == ["a1", "a1#1", "a1#2"]
    assert texts(joined, "a1") == [
        "red running shoe", "perfect for wide feet", "the sole broke soon",
    ]  # fmt: skip
    assert len(joined) == 4


def test_loading_again_embeds_only_what_is_new_or_changed(session, joined, reviews, embedder):
    before = embedder.texts
    told = join(session, reviews, id="review_id")
    assert (told.unchanged, embedder.texts) == (6, before)
    reviews.loc[0, "stars"] = 4
    reviews.loc[1, "body"] = "quite narrow"
    reviews.loc[2, "sku"] = "d4"
    more = pd.concat([reviews.iloc[:5], reviews.iloc[[0]].assign(review_id="R7", body="new one")])
    told = join(session, more, id="review_id")
    assert (told.added, told.updated, told.unchanged, told.removed) == (1, 3, 2, 1)
    assert embedder.texts == before + 2
    assert texts(joined, "a1") == ["red running shoe", "perfect for wide feet", "new one"]
    assert texts(joined, "d4") == ["red wool hat", "the sole broke soon"]
    assert texts(joined, "c3") == ["yellow rain hat"]
    assert texts(joined, "b2")[1] == "quite narrow"
    assert joined.query("perfect")[0].parts[0].metadata["stars"] == 4


def test_the_rows_come_back_with_their_own_columns_dtypes_and_index(session, shop, reviews):
    reviews = reviews.set_index(["author", "review_id"])
    join(session, reviews)
    pd.testing.assert_frame_equal(shop.joined("reviews"), reviews)
    assert shop.query("storms", weights={"text": 0})[0].parts[0].row == "Ann/R6"
    told = shop.joined()
    assert told.to_dict("records") == [{"name": "reviews", "rows": 6, "items": 3, "on": "sku"}]
    with pytest.raises(NotFoundError, match="Did you mean 'reviews'"):
        shop.joined("review")


def test_loading_the_items_again_keeps_their_rows(session, joined, products, embedder):
    products.loc[0, "title"] = "green running shoe"
    products.loc[1, "price"] = 99.0
    before = embedder.texts
    session.load(products, "shop", text="title", id="sku")
    assert embedder.texts == before + 1
    assert texts(joined, "a1")[:2] == ["green running shoe", "perfect for wide feet"]
    hits = joined.query("wide feet", weights={"lexical": 0}, k=2)
    assert set(hits.ids) == {"a1", "b2"}
    assert all(hit.parts[0].origin == "reviews" for hit in hits)


def test_a_deleted_item_loses_its_rows_and_gets_them_back_with_their_next_load(
    session, joined, products, reviews
):
    joined.delete(["b2"])
    assert len(joined.joined("reviews")) == 3
    assert "narrow" not in str(joined.query("narrow", weights={"text": 0}).ids)
    told = session.load(products, "shop", text="title", id="sku").last_load
    assert any("reviews" in line and "again" in line for line in told.notices)
    assert texts(joined, "b2") == ["blue leather boot"]
    assert join(session, reviews, id="review_id").added == 3
    assert len(texts(joined, "b2")) == 4


def test_most_rows_gone_is_refused_unless_told(session, joined, reviews):
    with pytest.raises(SourceError, match="lost 5 of the 6 rows"):
        join(session, reviews.iloc[:1], id="review_id")
    assert join(session, reviews.iloc[:1], id="review_id", keep_missing=True).kept == 5
    assert len(joined.joined("reviews")) == 6
    assert join(session, reviews.iloc[:1], id="review_id", prune=True).removed == 5
    assert texts(joined, "b2") == ["blue leather boot"]
    found = {hit.id: hit.joined for hit in joined.query("red", weights={"text": 0})}
    assert (found["a1"][0].total, found["d4"]) == (1, ())


def test_two_tables_are_kept_apart(session, joined):
    captions = pd.DataFrame({"sku": ["a1", "a1", "b2"], "body": ["one", "two", "three"]})
    join(session, captions, "captions")
    assert texts(joined, "a1")[1:] == ["perfect for wide feet", "the sole broke soon", "one", "two"]
    told = join(session, captions.iloc[:2], "captions")
    assert (told.removed, told.unchanged) == (1, 2)
    (hit,) = joined.query("two", weights={"text": 0})
    assert [str(one) for one in hit.joined] == ["0 of 2 reviews", "1 of 2 captions"]


def test_a_condition_on_rows_chooses_items_and_their_parts(joined):
    hits = joined.query("wide feet narrow sole", where="stars >= 4")
    assert set(hits.ids) == {"a1", "b2"}
    seen = {part.row for hit in hits for part in hit.parts if part.origin}
    assert seen == {"R1", "R4"}
    assert {str(hit.joined[0]) for hit in hits} == {"1 of 2 reviews", "1 of 3 reviews"}


def test_own_parts_of_chosen_items_are_still_found(joined):
    hits = joined.query("leather boot", where="stars >= 4", weights={"text": 0})
    assert hits.ids == ["b2"]
    assert not hits[0].parts[0].origin


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("stars >= 4 and price < 100", {"a1"}),
        ("stars >= 4 or price < 30", {"a1", "b2", "c3"}),
        ("reviews.author == 'Ben'", {"b2"}),
        ("`reviews`.`date` < '2024-01-15'", {"a1", "b2"}),
        ("not stars >= 4", {"a1", "b2"}),
        ("stars is null", {"c3", "d4"}),
        ("review_id is null", {"d4"}),
        ("sku == 'a1'", {"a1"}),
        ("reviews.sku == 'a1'", {"a1"}),
        ("price > 100", {"b2"}),
    ],
)
def test_conditions_on_rows_and_items_mix(joined, where, ids):
    assert set(joined.items(where=where)["sku"]) == ids
    assert set(joined.query("red blue yellow", where=where, k=9).ids) <= ids


@pytest.mark.parametrize(
    "where",
    ["stars >= 4", "stars is null", "not stars > 2", "review_id is null", "author in ['Ann']"],
)
def test_a_condition_on_rows_alone_means_what_it_does_beside_one_on_items(joined, where):
    alone = joined.store.select(where=where)
    beside = joined.store.select(where=f"({where}) and id == id")
    assert alone.items.tolist() == beside.items.tolist()
    assert alone.parts.tolist() == beside.parts.tolist()
    assert alone.count == beside.count


def test_words_of_rows_that_a_condition_leaves_out_do_not_rank_their_item(joined):
    for where, first in (("stars == 4", "b2"), ("stars == 5", "a1")):
        assert joined.query("wide feet", where=where, weights={"text": 0}).ids == [first]
    assert joined.query("narrow", where="stars == 4", weights={"text": 0}).ids == []


def test_words_of_rows_that_a_condition_leaves_out_do_not_count(session, shop):
    said = pd.DataFrame(
        {
            "sku": ["a1", "a1", "b2"],
            "stars": [5, 1, 5],
            "body": ["feet of a long and winding sort", "feet feet feet feet", "feet feet"],
        }
    )
    join(session, said)
    assert shop.query("feet", weights={"text": 0}).ids == ["a1", "b2"]
    assert shop.query("feet", where="stars == 5", weights={"text": 0}).ids == ["b2", "a1"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("starz > 3", "Did you mean 'stars'"),
        ("reviews.starz > 3", "Did you mean 'reviews.stars'"),
        ("reviews. > 3", "needs a column behind the dot"),
        ("reviews.", "needs a column behind the dot"),
        ("title.str > 3", "methods are not supported: 'like' looks inside texts"),
        ("review.stars > 3", "no table 'review' was joined, only 'captions', 'reviews'"),
        ("`review`.stars > 3", "Did you mean 'reviews'?"),
        ("date > '2024-01-01'", "could be 'reviews.date' or 'captions.date'"),
    ],
)
def test_a_wrong_condition_is_told_in_a_line(session, joined, where, message):
    captions = pd.DataFrame({"sku": ["a1"], "body": ["one"], "date": ["x"]})
    join(session, captions, "captions")
    with pytest.raises(WhereError, match=re.escape(message)):
        joined.query("red", where=where)


def test_hits_show_what_matched_everywhere(joined):
    hits = joined.query("storms", weights={"text": 0})
    bundle = hits._repr_mimebundle_()
    assert "1 of 1 reviews" in bundle["text/html"]
    assert "author Ann" in bundle["text/html"]
    (told,) = bundle["application/vnd.mmrag.hits.v1+json"]["hits"]
    assert told["joined"] == [{"origin": "reviews", "matched": 1, "total": 1}]
    assert told["row"]["id"] == "R6"
    assert told["row"]["metadata"]["author"] == "Ann"
    json.dumps(told)
    assert list(hits.to_pandas()["matched"]) == ["1 of 1 reviews"]


def test_an_item_that_is_looked_at_shows_all_its_rows(joined):
    hits = joined.show("b2")
    assert [str(one) for one in hits[0].joined] == ["3 of 3 reviews"]
    bundle = hits._repr_mimebundle_()
    assert "3 of 3 reviews" in bundle["text/html"]
    (told,) = bundle[HITS_MIME]["hits"]
    assert told["said"] == [
        {"text": "blue leather boot"},
        {"at": "reviews R2: stars 2, date 2024-02-01, author Ben",
         "text": "much too narrow"},
        {"at": "reviews R4: stars 4, date 2024-01-01, author Cid",
         "text": "fits wide feet well"},
        {"at": "reviews R5: stars 3, date 2024-02-01, author Ben",
         "text": "warm in winter"},
    ]  # fmt: skip
    assert all(one["text"] in bundle["text/html"] for one in told["said"])
    assert "said" not in joined.show("d4")._repr_mimebundle_()[HITS_MIME]["hits"][0]
    assert (
        "1 of 1 reviews"
        in joined.query("storms", weights={"text": 0})._repr_mimebundle_()["text/plain"]
    )


def test_a_row_tells_its_numbers_also_where_its_own_is_the_same(session, shop):
    rows = pd.DataFrame(
        {"sku": ["a1", "a1"], "no_id": [0, 1], "stars": [3, 1], "body": ["wide", "narrow"]}
    )
    join(session, rows, id="no_id")
    (told,) = shop.show("a1")._repr_mimebundle_()[HITS_MIME]["hits"]
    assert [one.get("at") for one in told["said"]] == [
        None,
        "reviews 0: stars 3",
        "reviews 1: stars 1",
    ]


def test_without_joined_tables_nothing_is_said_of_them(shop):
    hits = shop.query("red")
    assert hits[0].joined == ()
    assert "matched" not in hits.to_pandas()
    (told, *_) = hits._repr_mimebundle_()["application/vnd.mmrag.hits.v1+json"]["hits"]
    assert not {"joined", "row"} & told.keys()
    assert "joined" not in repr(shop.info())


def test_items_are_as_they_were_and_tell_how_many_rows_they_have_when_asked(joined, products):
    pd.testing.assert_frame_equal(joined.items(), products)
    counted = joined.items(counts=True)
    assert counted["reviews"].tolist() == [2, 3, 1, 0]
    pd.testing.assert_frame_equal(counted.drop(columns="reviews"), products)
    assert joined.items(["d4", "b2"], counts=True)["reviews"].tolist() == [0, 3]


def test_the_page_on_the_collection_names_joined_tables(joined):
    assert "reviews (6 rows of 3 items, on sku)" in repr(joined.info())


@pytest.mark.parametrize("keys", [[17, 18], ["17", "18"], [17.0, 18.0], ["17.0", " 18 "]])
def test_keys_are_compared_as_texts_and_as_numbers(session, embedder, keys):
    items = pd.DataFrame({"n": [17, 18, 19], "title": ["one", "two", "three"]})
    things = session.load(items, "things", text="title", id="n", model=embedder)
    notes = pd.DataFrame({"n": keys, "body": ["first note", "second note"]})
    session.load(notes, "notes", into="things", on="n", text="body")
    assert [texts(things, str(n))[1:] for n in (17, 18)] == [["first note"], ["second note"]]


@pytest.mark.usefixtures("shop")
def test_rows_that_name_nothing_are_counted_and_named(session, reviews):
    reviews["sku"] = ["a1", "A99", None, "A98", "", "c3"]
    told = join(session, reviews)
    assert told.added == 2
    assert any("2 of 6 rows name no item: 'A99', 'A98'" in line for line in told.notices)
    assert any("2 of 6 rows have no sku" in line for line in told.notices)


def test_keys_that_match_nothing_are_an_error_that_shows_both_sides(session, shop, reviews):
    reviews = reviews.assign(product=reviews["sku"], sku=[f"X{n}" for n in range(6)])
    with pytest.raises(SourceError) as caught:
        join(session, reviews)
    told = str(caught.value)
    assert "'X0', 'X1', 'X2'" in told
    assert "'a1', 'b2', 'c3'" in told
    assert "--on product=" in told
    assert len(told.splitlines()) == 1
    assert shop.joined().empty


def test_several_items_may_share_a_key_and_each_gets_the_row(session, shop):
    about = pd.DataFrame({"brand": ["Acme", "Bolt", None], "body": ["makes sport", "old", "none"]})
    told = join(session, about, "brands", on="brand")
    assert any("several items" in line for line in told.notices)
    assert texts(shop, "a1")[1:] == texts(shop, "c3")[1:] == ["makes sport"]
    assert set(shop.query("sport", weights={"text": 0}).ids) == {"a1", "c3"}
    shop.delete(["a1"])
    assert len(shop.joined("brands")) == 2
    shop.delete(["c3"])
    assert list(shop.joined("brands")["brand"]) == ["Bolt"]


@pytest.mark.usefixtures("shop")
def test_columns_of_different_names_join(session, reviews):
    told = join(session, reviews.rename(columns={"sku": "product"}), on="product=sku")
    assert told.added == 6
    assert join(session, reviews.rename(columns={"sku": "product"}), on=" product = id ").added == 0


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("on", "message"),
    [
        ("skuu", "There is no column 'skuu' in the dataframe. Did you mean 'sku'?"),
        ("sku=prise", "have no column 'prise'. Did you mean 'price'?"),
        ("=sku", "names no column"),
        ("sku=", "names no column"),
    ],
)
def test_a_wrong_key_column_is_told_with_the_nearest(session, reviews, on, message):
    with pytest.raises(SourceError, match=re.escape(message)):
        join(session, reviews, on=on)


def test_days_join_however_they_are_kept(session, embedder):
    days = pd.DataFrame({"day": pd.to_datetime(["2024-05-01", "2024-05-02"]), "title": ["a", "b"]})
    diary = session.load(days, "diary", text="title", model=embedder)
    notes = pd.DataFrame({"day": ["2024-05-02"], "body": ["rain"]})
    session.load(notes, "notes", into="diary", on="day", text="body")
    assert texts(diary, "1") == ["b", "rain"]


def test_numbers_that_are_written_apart_are_two_keys(session, embedder):
    items = pd.DataFrame({"n": ["17", "17.0", "007"], "title": ["one", "two", "three"]})
    things = session.load(items, "things", text="title", id="n", model=embedder)
    notes = pd.DataFrame({"n": ["17.0", "17", "7", "17.00"], "body": ["x", "y", "z", "w"]})
    told = session.load(notes, "notes", into="things", on="n", text="body").last_load
    assert [texts(things, n)[1:] for n in items["n"]] == [["y"], ["x"], []]
    assert any("2 of 4 rows name no item: '7', '17.00'" in line for line in told.notices)


def test_a_file_joins_by_its_own_name_and_keeps_zeros_in_front(session, embedder, tmp_path):
    items = pd.DataFrame({"n": ["007", "008"], "title": ["spy", "other"]})
    things = session.load(items, "things", text="title", id="n", model=embedder)
    path = tmp_path / "field notes.v2.csv"
    path.write_text("n,stars,photo\n007,5,red.png\n008,3,\n")
    write_pictures(tmp_path, ["red"])
    session.load(path, into="things", on="n")
    assert things.joined()["name"].tolist() == ["field notes.v2"]
    assert things.show("007")[0].parts[1].image.size == (24, 24)
    hits = things.query("spy other", where="`field notes.v2`.stars > 4")
    assert hits.ids == ["007"]
    assert things.query("spy other", where="`field notes.v2.stars` < 4").ids == ["008"]
    assert session.load(path, into="things", on="n").last_load.unchanged == 2


def test_rows_that_would_multiply_without_end_are_refused(session, shop, monkeypatch):
    monkeypatch.setattr(joinkeys, "MOST_LINKS", 10)
    about = pd.DataFrame({"brand": ["Acme"] * 100, "body": ["x"] * 100})
    assert join(session, about, "brands", on="brand").added == 100
    items = pd.DataFrame({"sku": [f"z{n}" for n in range(9)], "title": "t", "brand": "Acme"})
    shop.load(items, text="title", id="sku", key="table:more")
    with pytest.raises(SourceError, match="join on a column that tells the items apart"):
        join(session, about, "others", on="brand")


def test_the_key_may_be_a_text_as_well(session, shop):
    about = pd.DataFrame({"brand": ["Acme", "Bolt"], "body": ["sporty", "sturdy"]})
    told = join(session, about, "brands", on="brand", text="brand,body")
    assert texts(shop, "b2")[1:] == ["Bolt\nsturdy"]
    assert not any("took" in line for line in told.notices if "text" in line)


def test_columns_come_and_go_with_their_table(session, joined, reviews):
    changed = reviews.drop(columns="author").assign(stars=reviews["stars"].astype("Float64"))
    changed["verified"] = [True, False, None, True, True, False]
    told = join(session, changed, id="review_id")
    assert (told.updated, told.added, told.removed) == (6, 0, 0)
    pd.testing.assert_frame_equal(joined.joined("reviews"), changed)
    assert set(joined.items(where="verified and stars >= 4.5")["sku"]) == {"a1"}
    with pytest.raises(WhereError, match="no column 'author'"):
        joined.query("red", where="author == 'Ann'")


def test_what_is_deleted_by_a_condition_on_rows_are_the_items_that_have_one(joined):
    assert joined.delete(where="stars < 2") == 1
    assert joined.items()["sku"].tolist() == ["b2", "c3", "d4"]
    assert joined.joined("reviews")["sku"].unique().tolist() == ["b2", "c3"]


def test_an_empty_table_takes_all_its_rows_with_it_when_told_so(session, joined, reviews):
    with pytest.raises(SourceError, match="lost 6 of the 6"):
        join(session, reviews.iloc[:0], id="review_id")
    assert join(session, reviews.iloc[:0], id="review_id", prune=True).removed == 6
    assert joined.joined()["rows"].tolist() == [0]
    assert "joined" not in repr(joined.info())
    assert joined.query("feet", weights={"text": 0}).ids == []


def test_the_first_problem_can_stop_a_join(session, shop):
    views = pd.DataFrame({"sku": ["a1"], "body": ["worn"], "photo": ["nowhere.png"]})
    with pytest.raises(SourceError, match=r"nowhere\.png"):
        join(session, views, "views", image="photo", on_error="raise")
    told = join(session, views, "views", image="photo")
    assert (told.added, len(told.problems)) == (1, 1)
    assert texts(shop, "a1") == ["red running shoe", "worn"]


def test_a_joined_name_that_is_taken_is_told_apart(shop):
    one = pd.DataFrame({"sku": ["a1"], "body": ["said"]})
    shop.load(one, on="sku", text="body")
    told = shop.load(one.assign(stars=3), on="sku", text="body")
    assert any("'rows' is joined from elsewhere already: this table is 'rows2'" in line
               for line in told.notices)  # fmt: skip
    assert shop.joined()["name"].tolist() == ["rows", "rows2"]
    assert shop.query("said", where="rows2.stars == 3", weights={"text": 0}).ids == ["a1"]


def test_an_index_with_the_same_value_twice_is_counted_and_said(session, shop, reviews):
    reviews.index = [0, 0, 1, 1, 1, 2]
    told = join(session, reviews)
    assert told.added == 6
    assert any("2 values of its index name several rows" in line for line in told.notices)
    rows = {part.row for part in shop.show("b2")[0].parts if part.origin}
    assert rows == {"0/2", "1/2", "1/3"}
    assert join(session, reviews).unchanged == 6


@pytest.mark.usefixtures("shop")
def test_an_id_column_that_repeats_is_refused(session, reviews):
    with pytest.raises(SourceError, match="not unique"):
        join(session, reviews, id="author")


def test_a_table_without_text_can_be_filtered_by(session, shop):
    stock = pd.DataFrame({"sku": ["a1", "a1", "b2"], "depot": [1, 2, 1], "count": [5, 0, 3]})
    told = join(session, stock, "stock", text=None)
    assert any("find nothing" in line for line in told.notices)
    assert set(shop.query("shoe boot", where="stock.count == 0").ids) == {"a1"}
    assert shop.query("shoe", weights={"text": 0})[0].joined[0].total == 2


@pytest.mark.usefixtures("shop")
def test_a_table_without_rows_is_told_so(session):
    with pytest.raises(SourceError, match="stock is empty: there is nothing to load"):
        join(session, pd.DataFrame({"sku": [], "depot": []}), "stock", text=None)


@pytest.mark.usefixtures("shop")
def test_a_missing_collection_is_named(session, reviews):
    with pytest.raises(NotFoundError, match="Did you mean 'shop'"):
        join(session, reviews, into="shopp")
    assert session.names() == ["shop"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("left_out", ["into", "on"])
def test_both_the_collection_and_the_key_are_needed(session, reviews, left_out):
    options = {"into": "shop", "on": "sku", "text": "body"}
    del options[left_out]
    with pytest.raises(SourceError, match="into="):
        session.load(reviews, "reviews", **options)
    assert session.names() == ["shop"]


def test_only_tables_can_be_joined(shop, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red"])
    with pytest.raises(SourceError, match="only rows can be joined"):
        shop.load(folder, on="sku")
    with pytest.raises(SourceError, match="cannot be joined"):
        shop.load([folder], on="sku")


def test_an_empty_collection_has_nothing_to_join(session, shop, reviews):
    shop.delete(where="price > 0 or price is null")
    with pytest.raises(SourceError, match="no items yet"):
        join(session, reviews)


def test_joined_rows_may_carry_pictures(session, shop, tmp_path):
    folder = write_pictures(tmp_path / "views", ["red", "blue"])
    views = pd.DataFrame(
        {
            "sku": ["a1", "b2"],
            "body": ["worn outside", "in the box"],
            "photo": [str(folder / "red.png"), (folder / "blue.png").read_bytes()],
        }
    )
    join(session, views, "views", image="photo")
    hit = shop.query(image=folder / "blue.png", k=1, weights={"text": 0})[0]
    assert hit.id == "b2"
    assert hit.parts[0].origin == "views"
    assert hit.image.size == (24, 24)
    assert shop.joined("views")["photo"].iloc[0] == str(folder / "red.png")
    assert isinstance(shop.joined("views")["photo"].iloc[1], bytes)
    assert list(shop.items().columns) == ["sku", "title", "price", "brand"]


def test_pictures_of_rows_that_are_gone_are_gone(session, shop, tmp_path):
    data = (write_pictures(tmp_path / "views", ["red"]) / "red.png").read_bytes()
    views = pd.DataFrame({"sku": ["a1", "b2"], "photo": [data, data]})
    join(session, views, "views", text="", image="photo")
    digest = shop.show("a1")[0].picture.digest
    join(session, views.iloc[1:], "views", text="", image="photo")
    assert shop.store.blob(digest) == data
    join(session, views.iloc[:0], "views", text="", image="photo", prune=True)
    assert shop.store.blob(digest) is None


def test_a_row_that_moves_far_is_not_embedded_again(session, embedder, monkeypatch):
    for name in ("FIRST_CHUNK", "LARGEST_CHUNK"):
        monkeypatch.setattr(reading, name, 1)
    items = pd.DataFrame({"n": range(12), "title": [f"thing{n}" for n in range(12)]})
    things = session.load(items, "things", text="title", id="n", model=embedder)
    # Its first item keeps another row, and is written long before its new one.
    notes = pd.DataFrame({"n": [0, *range(12)], "body": [f"note{n}" for n in range(13)]})
    session.load(notes, "notes", into="things", on="n", text="body")
    before = embedder.texts
    notes.loc[0, "n"] = 11
    told = session.load(notes, "notes", into="things", on="n", text="body").last_load
    assert (told.updated, told.unchanged, told.removed) == (1, 12, 0)
    assert embedder.texts == before
    assert texts(things, "0") == ["thing0", "note1"]
    assert sorted(texts(things, "11")) == ["note0", "note12", "thing11"]


def test_a_broken_picture_leaves_the_rest_of_its_row_and_is_tried_again(session, shop, tmp_path):
    path = tmp_path / "late.png"
    path.write_bytes(b"no picture")
    views = pd.DataFrame({"sku": ["a1", "b2"], "body": ["worn", "boxed"], "photo": [str(path)] * 2})
    told = join(session, views, "views", image="photo")
    assert (told.added, len(told.problems)) == (2, 2)
    assert texts(shop, "a1") == ["red running shoe", "worn"]
    write_pictures(tmp_path / "good", ["red"]).joinpath("red.png").replace(path)
    assert join(session, views, "views", image="photo").updated == 2
    assert [part.modality for part in shop.show("a1")[0].parts] == ["text", "text", "image"]


def test_an_interrupted_join_keeps_what_it_has_and_goes_on(session, shop, embedder):
    many = pd.DataFrame(
        {"sku": ["a1", "b2", "c3", "d4"] * 100, "body": [f"word{n} text" for n in range(400)]}
    )
    embed, calls = embedder.embed_text, []

    def stopping(given, *, query):
        calls.append(len(given))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return embed(given, query=query)

    embedder.embed_text = stopping
    with pytest.raises(mm.errors.LoadStoppedError, match="goes on from there"):
        join(session, many)
    kept = len(shop.joined("reviews"))
    assert 0 < kept < 400
    embedder.embed_text = embed
    before = embedder.texts
    told = join(session, many)
    assert (told.unchanged, told.added) == (kept, 400 - kept)
    assert embedder.texts == before + 400 - kept
    assert all(len(texts(shop, item)) == 101 for item in ("a1", "b2", "c3", "d4"))


def test_reviews_of_the_sample_shop_find_what_its_descriptions_do_not_say(session):
    products = samples.shop().drop(columns="photo")
    shop = session.load(products, "shop", text="title,description", id="sku", model="builtin")
    asked = "nothing pinches after ten hours at a trade fair"
    assert "sneaker" not in str(shop.query(asked).ids[:1])
    told = join(session, samples.reviews(), text="text", id="review_id")
    assert told.added == len(samples.reviews())
    best = shop.query(asked, where="stars >= 4")[0]
    assert best.parts[0].metadata["stars"] == 5
    assert "trade fair" in best.text
    assert best.joined[0].origin == "reviews"


def test_everything_is_there_after_a_restart_a_copy_and_a_compaction(joined, tmp_path):
    expected = [(hit.id, hit.score, str(hit.joined)) for hit in joined.query("wide feet")]
    joined.compact()
    copy = joined.save(tmp_path / "copy")
    joined.close()
    for folder in (joined.folder, copy):
        again = mm.Session().open(folder, model=ToyEmbedder())
        found = [(hit.id, hit.score, str(hit.joined)) for hit in again.query("wide feet")]
        assert [one[::2] for one in found] == [one[::2] for one in expected]
        assert [one[1] for one in found] == pytest.approx([one[1] for one in expected])
        assert len(again.joined("reviews")) == 6


def test_another_model_embeds_the_rows_too(session, joined, products, reviews):
    other = ToyEmbedder("toy:2")
    session.load(products, "shop", text="title", id="sku", model=other, reembed=True)
    assert other.texts == 10
    hits = joined.query("keeps dry in storms", weights={"lexical": 0}, k=1)
    assert (hits.ids, hits[0].parts[0].row) == (["c3"], "R6")
    third = ToyEmbedder("toy:3")
    join(session, reviews, id="review_id", model=third, reembed=True)
    assert third.texts == 10
