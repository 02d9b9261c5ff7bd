"""Judgements are read from any table, and what is wrong with them is said."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from toys import picture, write_pictures

from mmrag_jupyter.errors import NotFoundError, QueryError, SourceError
from mmrag_jupyter.evaluation.columns import Given
from mmrag_jupyter.evaluation.frames import SEVERAL, read
from mmrag_jupyter.evaluation.questions import usable

FRAME = pd.DataFrame({
    "query": ["shoe", "shoe", "warm"],
    "sku": ["red", "green", "blue"],
    "relevance": [2, 0, 1.5],
    "season": ["summer", "winter", "winter"],
})  # fmt: skip
JUDGED = {"shoe": {"red": 2.0, "green": 0.0}, "warm": {"blue": 1.5}}


def judged(source, shop, by=None, **given):
    return usable(read(source, Given(**given), shop.store, by), shop.store)


def grades(judgements):
    return {one.text: dict(one.judged) for one in judgements.questions}


def said(judgements):
    return " ".join(judgements.notices)


def test_a_dataframe_of_any_library_and_a_file_say_the_same(shop, tmp_path):
    FRAME.to_csv(tmp_path / "qrels.csv", index=False)
    FRAME.to_parquet(tmp_path / "qrels.parquet")
    FRAME.to_json(tmp_path / "qrels.jsonl", orient="records", lines=True)
    sources = [FRAME, pl.from_pandas(FRAME), pa.Table.from_pandas(FRAME), tmp_path / "qrels.csv"]
    sources += [str(tmp_path / "qrels.parquet"), tmp_path / "qrels.jsonl", JUDGED]
    for source in sources:
        assert grades(judged(source, shop)) == JUDGED, type(source)


def test_columns_are_found_by_their_names_and_said(shop):
    found = judged(FRAME, shop)
    assert found.notices[0] == "Columns: query = 'query', id = 'sku', relevance = 'relevance'."
    assert "nobody judged" not in said(found)
    bare = judged(FRAME[["query", "sku"]].iloc[[0, 2]], shop)
    assert "every pair counts as relevant" in said(bare)
    assert "what nobody judged counts as not relevant" in said(bare)


def test_the_items_are_found_by_their_values_where_no_name_tells(shop):
    frame = FRAME.rename(columns={"sku": "article"})
    assert grades(judged(frame, shop)) == JUDGED
    # A column that is called "id" and numbers the judgements is not that of the items.
    assert grades(judged(frame.assign(id=[1, 2, 3]), shop)) == JUDGED
    assert grades(judged(frame.set_index("article"), shop)) == JUDGED


def test_columns_that_are_named_go_before_those_found(shop):
    frame = FRAME.rename(columns={"query": "a", "sku": "b", "relevance": "c"})
    frame["query"], frame["id"] = "other", "green"
    assert grades(judged(frame, shop, query="a", id="b", relevance="c")) == JUDGED


@pytest.mark.parametrize("option", ["query", "image", "id", "relevance"])
def test_a_named_column_that_is_not_there_suggests_the_nearest(shop, option):
    with pytest.raises(QueryError, match=rf"--{option} 'seasn' is no column .*'season'"):
        judged(FRAME, shop, **{option: "seasn"})


def test_tables_that_do_not_say_what_is_asked_or_found(shop):
    with pytest.raises(QueryError, match="No column of the dataframe says what is asked"):
        judged(pd.DataFrame({"id": ["red"], "x": [1]}), shop)
    with pytest.raises(QueryError, match=r"says which item is relevant.*query, x"):
        judged(pd.DataFrame({"query": ["shoe"], "x": ["y"]}), shop)
    with pytest.raises(QueryError, match="The dataframe of judgements is empty"):
        judged(FRAME.iloc[:0], shop)


@pytest.mark.parametrize("wrong", [3, ["shoe"], "qrels.txt", "nothing", {"shoe": ["red"]}])
def test_what_is_no_table_is_refused(shop, wrong):
    with pytest.raises(QueryError, match=r"no table of judgements|judgements of 'shoe'"):
        judged(wrong, shop)


def test_a_file_that_is_not_there_is_told(shop, tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        judged(tmp_path / "none.csv", shop)


def test_rows_that_say_nothing_are_counted_and_left_out(shop):
    frame = pd.DataFrame({
        "query": ["shoe", " ", None, "warm", "warm", "hat", "hat", "hat", "cold"],
        "id": ["red", "red", "red", "blue", None, "green", "green", "green", "blue"],
        "relevance": [1, 1, 1, None, 1, 1, 1, 0, 1],
    })  # fmt: skip
    found = judged(frame, shop)
    assert grades(found) == {"shoe": {"red": 1.0}, "cold": {"blue": 1.0}}
    told = said(found)
    assert "2 rows asking nothing left out: 'row 2', 'row 3'" in told
    assert "1 row naming no item" in told
    assert "1 row without a relevance" in told
    assert "2 rows judging a pair again; the last one counts" in told
    assert "1 row saying otherwise than before: 'green for hat'" in told
    assert "2 queries of 4 left out, with nothing relevant to be found: 'warm', 'hat'" in told


def test_unknown_items_are_counted_with_examples_and_refused_if_all_are(shop):
    frame = FRAME.assign(sku=["red", "nowhere", "blue"])
    assert "1 judged item of 3 not in the collection and ignored: 'nowhere'" in said(
        judged(frame, shop)
    )
    with pytest.raises(NotFoundError, match=r"None of the 3 judged items is in .*'a', 'b', 'c'"):
        judged(FRAME.assign(sku=["a", "b", "c"]), shop, id="sku")
    with pytest.raises(NotFoundError, match="None of the relevant items"):
        judged(FRAME.assign(sku=["a", "green", "c"]), shop, id="sku")


def test_judgements_of_one_class_only(shop):
    with pytest.raises(QueryError, match=r"No judgement of .* is above 0"):
        judged(FRAME.assign(relevance=0), shop)
    with pytest.raises(QueryError, match=r"No judgement of .* is above 0"):
        judged(FRAME.assign(relevance=-1), shop)
    assert "All that is judged is relevant" in said(judged(FRAME.assign(relevance=1), shop))


@pytest.mark.parametrize("wrong", ["good", float("inf"), "1,5"])
def test_a_relevance_that_is_no_number_names_its_row(shop, wrong):
    frame = FRAME.astype({"relevance": object})
    frame.loc[1, "relevance"] = wrong
    with pytest.raises(QueryError, match="The relevance of row 2 is"):
        judged(frame, shop)


def test_booleans_and_written_numbers_are_relevances(shop):
    assert grades(judged(FRAME.assign(relevance=[True, False, True]), shop))["shoe"] == {
        "red": 1.0, "green": 0.0,
    }  # fmt: skip
    assert grades(judged(FRAME.assign(relevance=["2", "0", "1.5"]), shop)) == JUDGED


def test_numbers_name_items_as_they_were_loaded(session, things):
    numbered = session.load(
        things.reset_index(drop=True), "numbered", text="title", model="builtin", progress=False
    )
    frame = pd.DataFrame({"query": ["shoe", "hat"], "id": [0, 1.0]})
    assert grades(judged(frame, numbered)) == {"shoe": {"0": 1.0}, "hat": {"1": 1.0}}


def test_pictures_can_be_asked_with(shop, tmp_path):
    picture("red").save(tmp_path / "mine.png")
    frame = pd.DataFrame({
        "photo": [picture("red"), str(tmp_path / "mine.png"), "gone.png", picture("blue")],
        "id": ["red", "red", "green", "blue"],
    })  # fmt: skip
    found = judged(frame, shop)
    assert [len(one.images) for one in found.questions] == [1, 1, 1]
    assert "Columns: image = 'photo'" in said(found)
    assert "1 picture not to be found: 'gone.png'" in said(found)
    # A table of both kinds says which column is which.
    both = judged(frame.assign(query="shoe"), shop, query="query", image="photo")
    assert {(one.text, len(one.images)) for one in both.questions} == {("shoe", 1), ("shoe", 0)}


def test_a_column_that_is_called_query_is_asked_beside_a_named_picture(shop):
    frame = pd.DataFrame(
        {"photo": [picture("red")], "query": ["glove"], "caption": ["never asked"], "id": ["black"]}
    )
    found = read(frame, Given(image="photo"), shop.store, None)
    assert [(one.text, len(one.images)) for one in found.questions] == [("glove", 1)]
    assert "query = 'query', image = 'photo'" in said(found)
    bare = read(frame.drop(columns="query"), Given(image="photo"), shop.store, None)
    assert [(one.text, len(one.images)) for one in bare.questions] == [("", 1)]


def test_relative_pictures_of_a_file_are_found_beside_it(shop, tmp_path):
    picture("red").save(tmp_path / "mine.png")
    (tmp_path / "qrels.csv").write_text("image,id\nmine.png,red\n", encoding="utf-8")
    (question,) = judged(tmp_path / "qrels.csv", shop).questions
    assert question.images[0].path == tmp_path / "mine.png"
    assert question.label == "mine.png"


def test_a_query_id_holds_rows_together(shop):
    frame = pd.DataFrame({
        "query_id": ["q1", "q1", "q2"], "text": ["shoe", "shoe", "shoe"],
        "doc_id": ["red", "green", "blue"],
    })  # fmt: skip
    found = judged(frame, shop)
    assert [one.key for one in found.questions] == ["q1", "q2"]
    assert [one.relevant for one in found.questions] == [["red", "green"], ["blue"]]


def test_slices_come_from_a_column_of_the_table(shop):
    found = judged(FRAME, shop, by="season")
    assert {one.text: one.slice for one in found.questions} == {"shoe": SEVERAL, "warm": "winter"}


def test_relative_pictures_are_found_where_the_collections_own_were_loaded_from(session, tmp_path):
    write_pictures(tmp_path / "pictures", ["red", "blue"])
    frame = pd.DataFrame({"photo": ["red.png", "blue.png"], "name": ["red", "blue"]})
    seen = session.load(
        frame, "seen", image="photo", id="name", root=tmp_path / "pictures", model="builtin",
        progress=False,
    )  # fmt: skip
    found = judged(frame, seen, image="photo", id="name")
    assert [one.images[0].path.name for one in found.questions] == ["red.png", "blue.png"]
    assert "not to be found" not in said(found)
