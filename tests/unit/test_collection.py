"""Load, query, update and delete through the Python API, with an embedder that can be foretold."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import threading

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder, picture, picture_vector, words_vector, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.errors import (
    ModelError,
    NotFoundError,
    QueryError,
    SourceError,
    WhereError,
)


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
            "brand": pd.Categorical(["Acme", "Bolt", "Acme", None]),
        },
        index=pd.Index([10, 20, 30, 40], name="row"),
    )


@pytest.fixture
def shop(session, products):
    return session.load(products, "shop", text="title", id="sku", model=ToyEmbedder())


def test_words_find_the_items_that_have_them(shop):
    hits = shop.query("red hat", k=3)
    assert hits.ids[0] == "d4"
    assert set(hits.ids) == {"a1", "c3", "d4"}
    assert [hit.rank for hit in hits] == [1, 2, 3]


def test_where_restricts_before_the_search_so_that_k_come_back(shop):
    hits = shop.query("blue boot", where="brand == 'Acme'", k=2)
    assert sorted(hits.ids) == ["a1", "c3"]


def test_why_tells_each_signal_and_its_share(shop):
    why = {one.signal: one for one in shop.query("leather")[0].why}
    assert why.keys() == {"lexical", "text"}
    assert sum(one.share for one in why.values()) == pytest.approx(1)
    assert why["text"].score == pytest.approx(
        float(words_vector("leather") @ words_vector("blue leather boot")), abs=1e-5
    )


def test_hits_become_a_dataframe_with_its_own_index_and_dtypes(shop, products):
    hits = shop.query("red hat", k=4)
    frame = hits.to_pandas()
    own = frame[list(products.columns)]
    expected = products.loc[[products.index[products.sku == sku][0] for sku in hits.ids]]
    pd.testing.assert_frame_equal(own, expected)
    assert list(frame["rank"]) == [1, 2, 3, 4]
    assert frame["score"].is_monotonic_decreasing
    assert frame["why"].iloc[0].keys() == {"lexical", "text"}


def test_a_slice_of_hits_is_hits(shop):
    hits = shop.query("red hat", k=4)
    assert isinstance(hits[1:3], mm.Hits)
    assert hits[1:3].ids == hits.ids[1:3]
    assert hits[-1].id == hits.ids[-1]


def test_a_result_shows_itself_as_json_html_and_text(shop):
    bundle = shop.query("red hat")._repr_mimebundle_()
    assert bundle.keys() == {"application/vnd.mmrag.hits.v1+json", "text/html", "text/plain"}
    assert "yellow rain" in bundle["text/html"]
    json.dumps(bundle, allow_nan=False)


def test_the_same_load_again_embeds_nothing(session, products):
    embedder = ToyEmbedder()
    session.load(products, "shop", text="title", id="sku", model=embedder)
    assert embedder.texts == 4
    again = session.load(products, "shop", text="title", id="sku", model=embedder)
    assert embedder.texts == 4
    assert (again.last_load.added, again.last_load.unchanged) == (0, 4)


def test_a_changed_frame_is_brought_up_to_date(session, products):
    embedder = ToyEmbedder()
    shop = session.load(products, "shop", text="title", id="sku", model=embedder)
    changed = products.copy()
    changed.loc[20, "title"] = "green rubber boot"
    changed.loc[30, "price"] = 1.0
    changed = pd.concat([changed.drop(index=40), changed.loc[[10]].assign(sku="e5")])
    report = shop.load(changed, key="table:shop", text="title", id="sku")
    assert (report.added, report.updated, report.unchanged, report.removed) == (1, 2, 1, 1)
    # The new title is embedded; e5 has the text of a1, whose vector serves both.
    assert embedder.texts == 5
    assert shop.query("green rubber")[0].id == "b2"
    assert shop.query("hat", where="price < 2").ids == ["c3"]
    assert "d4" not in shop.query("red wool hat", k=10).ids


def test_a_source_that_lost_most_of_its_items_is_refused(session, products, shop):
    few = products.head(1)
    with pytest.raises(SourceError, match="has lost 3 of the 4"):
        session.load(few, "shop", text="title", id="sku")
    assert len(shop) == 4
    report = shop.load(few, key="table:shop", text="title", id="sku", keep_missing=True)
    assert (report.removed, report.kept, len(shop)) == (0, 3, 4)
    report = shop.load(few, key="table:shop", text="title", id="sku", prune=True)
    assert (report.removed, len(shop)) == (3, 1)


def test_an_emptied_source_is_refused_without_prune(products, shop):
    none = products.head(0)
    with pytest.raises(SourceError, match="has lost 4 of the 4"):
        shop.load(none, key="table:shop", text="title", id="sku")
    shop.load(none, key="table:shop", text="title", id="sku", prune=True)
    assert len(shop) == 0
    assert list(shop.query("red")) == []


def test_an_empty_first_source_leaves_nothing_behind(session, products):
    with pytest.raises(SourceError, match=r"nothing to load|empty|no rows"):
        session.load(products.head(0), "nothing", text="title", id="sku")
    assert session.names() == []


def test_everything_is_found_again_after_a_restart(session, shop):
    expected = shop.query("red hat", k=4)
    shop.close()
    later = mm.Session(session.config).open("shop", model=ToyEmbedder())
    again = later.query("red hat", k=4)
    assert again.ids == expected.ids
    assert [hit.score for hit in again] == [hit.score for hit in expected]
    pd.testing.assert_frame_equal(again.to_pandas(), expected.to_pandas())


def test_an_embedder_object_must_be_given_again(session, shop):
    shop.close()
    later = mm.Session(session.config).open("shop")
    with pytest.raises(ModelError, match=r"toy:1.*model="):
        later.query("red")


def test_another_model_is_refused_and_reembed_takes_it(session, products, shop):
    other = ToyEmbedder("toy:2")
    with pytest.raises(ModelError, match=r"toy:1.*toy:2.*reembed"):
        session.load(products, "shop", text="title", id="sku", model=other)
    before = shop.query("red hat", k=4).ids
    session.load(products, "shop", text="title", id="sku", model=other, reembed=True)
    assert other.texts == 4
    assert "toy:2" in shop.summary()["models"]
    assert "toy:1" not in str(shop.info()._repr_mimebundle_())
    assert shop.query("red hat", k=4).ids == before


def test_pictures_of_a_folder_are_found_by_a_picture(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue", "orange"])
    photos = session.load(folder, model=ToyEmbedder())
    assert photos.name == "photos"
    hits = photos.query(image=picture((250, 10, 10)), k=2)
    assert hits.ids == ["red.png", "orange.png"]
    assert hits[0].image.size == (24, 24)
    assert hits[0].parts[0].source == folder / "red.png"


def test_like_finds_neighbours_but_not_the_item_itself(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "darkred"])
    photos = session.load(folder, model=ToyEmbedder())
    assert photos.query(like="red.png", k=5).ids == ["darkred.png", "green.png"]
    with pytest.raises(NotFoundError, match=r"Did you mean 'red\.png'"):
        photos.query(like="reed.png")


def test_image_and_text_in_one_space_are_one_direction(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue"])
    photos = session.load(folder, model=ToyEmbedder())
    hits = photos.query("red", image=picture("blue"), k=3)
    query = words_vector("red") + picture_vector(picture("blue"))
    query /= np.linalg.norm(query)
    cosines = {
        f"{colour}.png": float(query @ picture_vector(picture(colour)))
        for colour in ("red", "green", "blue")
    }
    assert hits.ids == sorted(cosines, key=lambda item: -cosines[item])
    raw = {hit.id: hit.parts[0].score for hit in hits}
    assert raw == pytest.approx(cosines, abs=1e-5)


def test_an_avoided_picture_counts_against_but_removes_nothing(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "magenta", "orange"])
    photos = session.load(folder, model=ToyEmbedder())
    plain = photos.query(image=picture("red"), k=3)
    turned = photos.query(image=picture("red"), exclude=picture("magenta"), k=3)
    assert plain.ids == ["red.png", "orange.png", "magenta.png"] or plain.ids[0] == "red.png"
    assert turned.ids[-1] == "magenta.png"
    assert len(turned) == 3


def test_avoided_words_count_against_but_remove_nothing(shop):
    assert set(shop.query("red hat", exclude="wool", k=4).ids) >= {"a1", "c3", "d4"}
    assert shop.query("red hat", exclude="wool", k=4).ids[0] != "d4"


def test_weights_choose_between_the_signals(session):
    frame = pd.DataFrame(
        {"id": ["words", "look"], "title": ["crimson", "azure"],
         "photo": [picture("blue"), picture("red")]},
    )  # fmt: skip
    both = session.load(frame, "both", text="title", image="photo", id="id", model=ToyEmbedder())
    ask = {"text": "crimson", "image": picture("red"), "k": 2}
    by_picture = {"image": 1, "text": 0, "lexical": 0}
    by_words = {"image": 0, "text": 0, "lexical": 1}
    assert both.query(**ask, weights=by_picture)[0].id == "look"
    assert both.query(**ask, weights=by_words)[0].id == "words"


def test_modality_keeps_to_parts_of_that_kind(session):
    frame = pd.DataFrame(
        {"id": ["a", "b"], "title": ["red", "green"], "photo": [picture("green"), picture("red")]}
    )
    both = session.load(frame, "both", text="title", image="photo", id="id", model=ToyEmbedder())
    hits = both.query("red", modality="image", k=2)
    assert {part.modality for hit in hits for part in hit.parts} == {"image"}
    hits = both.query("red", modality="text", k=2)
    assert {part.modality for hit in hits for part in hit.parts} == {"text"}


def test_in_memory_pictures_survive_a_restart(session):
    frame = pd.DataFrame({"id": ["a"], "title": ["x"], "photo": [picture((1, 2, 3))]})
    session.load(frame, "kept", text="title", image="photo", id="id", model=ToyEmbedder())
    session.collection("kept").close()
    later = mm.Session(session.config).open("kept", model=ToyEmbedder())
    assert later.show("a")[0].image.getpixel((0, 0)) == (1, 2, 3)


def test_delete_by_id_and_by_condition(shop):
    assert shop.delete(["a1"]) == 1
    assert shop.delete(where="price > 100") == 1
    assert sorted(shop.query("red hat boot shoe", k=9).ids) == ["c3", "d4"]
    with pytest.raises(NotFoundError, match="No item 'a1'"):
        shop.delete("a1")
    with pytest.raises(QueryError, match="Say what to delete"):
        shop.delete()


def test_items_gives_the_frame_back(shop, products):
    pd.testing.assert_frame_equal(shop.items(), products)
    pd.testing.assert_frame_equal(shop.items(["c3", "a1"]), products.loc[[30, 10]])
    pd.testing.assert_frame_equal(shop.items(where="price < 60"), products.loc[[10, 30]])


def test_where_errors_are_told_with_the_nearest_column(shop):
    with pytest.raises(WhereError, match="Did you mean 'price'"):
        shop.query("red", where="prize < 3")


def test_one_bad_file_among_many_is_reported_and_the_others_load(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue"])
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    (folder / "empty.jpg").write_bytes(b"")
    photos = session.load(folder, model=ToyEmbedder())
    report = photos.last_load
    assert (report.added, report.failed, len(photos)) == (3, 2, 3)
    problems = photos.problems()
    assert list(problems.columns) == ["source", "reason"]
    assert {source.rsplit("/", 1)[-1] for source in problems["source"]} == {
        "broken.png",
        "empty.jpg",
    }


def test_a_row_with_a_broken_picture_keeps_its_text_and_is_tried_again(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red"])
    (folder / "late.png").write_bytes(b"not yet")
    frame = pd.DataFrame({"id": ["a", "b"], "title": ["red", "late"],
                          "photo": ["red.png", "late.png"]})  # fmt: skip
    options = {"text": "title", "image": "photo", "id": "id", "root": folder}
    shop = session.load(frame, "shop", **options, model=ToyEmbedder())
    assert len(shop) == 2
    assert (shop.last_load.failed, len(shop.problems())) == (0, 1)
    assert shop.show("b")[0].image is None
    picture("blue").save(folder / "late.png")
    report = shop.load(frame, key="table:shop", **options)
    assert (report.updated, report.unchanged) == (1, 1)
    assert shop.show("b")[0].image.getpixel((0, 0)) == (0, 0, 255)
    assert len(shop.problems()) == 0


def test_on_error_raise_stops_at_the_first_problem(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red"])
    (folder / "broken.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match=r"broken\.png"):
        session.load(folder, model=ToyEmbedder(), on_error="raise")


def test_renamed_and_touched_files_are_not_embedded_again(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue"])
    embedder = ToyEmbedder()
    photos = session.load(folder, model=embedder)
    assert embedder.images == 3
    (folder / "red.png").rename(folder / "crimson.png")
    (folder / "blue.png").touch()
    report = photos.load(folder)
    assert embedder.images == 3
    assert (report.added, report.removed, report.unchanged + report.updated) == (1, 1, 2)
    assert photos.query(image=picture("red"))[0].id == "crimson.png"


def test_an_id_of_another_source_is_not_overwritten(shop, products):
    other = products.assign(title=["another thing"] * 4)
    report = shop.load(other, key="table:other", text="title", id="sku")
    assert (report.failed, report.added) == (4, 0)
    assert "already names an item" in report.problems[0].reason
    assert shop.query("running")[0].id == "a1"


def test_a_saved_copy_opens_elsewhere(session, shop, tmp_path):
    folder = shop.save(tmp_path / "copy")
    copy = session.open(folder, model=ToyEmbedder())
    assert copy.query("red hat", k=4).ids == shop.query("red hat", k=4).ids


def test_drop_deletes_only_its_own_files(session, shop):
    (shop.folder / "notes.txt").write_text("mine")
    session.drop("shop")
    assert session.names() == []
    assert [file.name for file in shop.folder.iterdir()] == ["notes.txt"]


@pytest.mark.usefixtures("shop")
def test_unknown_collections_suggest_the_nearest(session):
    with pytest.raises(NotFoundError, match="Did you mean 'shop'"):
        session.collection("shopp")
    with pytest.raises(NotFoundError, match="there are shop"):
        session.open("nowhere")


@pytest.mark.usefixtures("shop")
def test_the_list_names_what_is_on_disk_and_open(session, tmp_path):
    session.load(write_pictures(tmp_path / "photos", ["red"]), model=ToyEmbedder())
    later = mm.Session(session.config)
    assert list(later.list()["name"]) == ["photos", "shop"]
    assert list(session.list()["current"]) == [True, False]


def test_an_embedder_that_returns_nan_stores_nothing(session, products):
    class Bad(ToyEmbedder):
        def embed_text(self, texts, *, query):
            return super().embed_text(texts, query=query) * np.float32("nan")

    with pytest.raises(ModelError, match=r"toy:1 returned NaN in row 0"):
        session.load(products, "shop", text="title", id="sku", model=Bad())
    assert session.names() == []


def test_the_builtin_reaches_silent_pictures_through_items_that_have_both(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green", "blue"])
    frame = pd.DataFrame({"id": ["tomato", "leaf"], "title": ["ripe tomato", "fresh leaf"],
                          "photo": [picture("red"), picture("green")]})  # fmt: skip
    shop = session.load(frame, "shop", text="title", image="photo", id="id", model="builtin")
    shop.load(folder)
    hits = shop.query("tomato", k=3)
    assert hits.ids[:2] == ["tomato", "red.png"]
    assert [why.signal for why in hits[1].why] == ["image"]


def test_times_with_zones_come_back(session):
    zone = dt.timezone(dt.timedelta(hours=2))
    frame = pd.DataFrame(
        {"id": ["a", "b"], "title": ["x", "y"],
         "at": pd.to_datetime(["2024-05-01 12:00", "2024-06-01 12:00"]).tz_localize(zone)}
    )  # fmt: skip
    shop = session.load(frame, "times", text="title", id="id", model=ToyEmbedder())
    assert shop.items(where="at > '2024-05-15'")["id"].tolist() == ["b"]
    pd.testing.assert_frame_equal(shop.items(), frame)


def test_a_relative_picture_is_found_below_the_root_that_was_loaded(session, tmp_path):
    folder = write_pictures(tmp_path / "photos", ["red", "green"])
    frame = pd.DataFrame({"id": ["a", "b"], "photo": ["red.png", "green.png"]})
    options = {"image": "photo", "id": "id", "root": folder, "model": ToyEmbedder()}
    shop = session.load(frame, "shop", **options)
    assert shop.query(image=frame.loc[1, "photo"], k=1).ids == ["b"]
    with pytest.raises(SourceError, match=r"blue\.png"):
        shop.query(image="blue.png")


def test_a_copy_of_an_open_collection_opens_beside_it(session, shop, tmp_path):
    copy = session.open(shop.save(tmp_path / "copied"), model=ToyEmbedder())
    shop.delete(["a1"])
    assert (copy.name, session.current) == ("copied", "copied")
    assert (len(copy), len(session.collection("shop"))) == (4, 3)


def test_a_damaged_collection_can_be_dropped(session, shop):
    shop.close()
    (shop.folder / "records.sqlite").write_bytes(b"garbage" * 100)
    later = mm.Session(session.config)
    assert "damaged" in later.list()["problem"].item()
    later.drop("shop")
    assert later.names() == []


def test_a_folder_with_a_dot_gives_its_whole_name(session, tmp_path):
    folder = write_pictures(tmp_path / "v1.2", ["red"])
    assert session.load(folder, model=ToyEmbedder()).name == "v1.2"


def test_a_closed_collection_opens_again_by_its_name(session, shop, products):
    shop.close()
    again = session.load(products, "shop", text="title", id="sku", model=ToyEmbedder())
    assert (again.last_load.unchanged, len(session.collection("shop"))) == (4, 4)


def test_vectors_of_unknown_models_hinder_neither_queries_nor_loads(session, shop, products):
    from llama_index.core.schema import TextNode

    shop.vector_store.add([TextNode(text="green hose", id_="n1", embedding=[0.6, 0.8])])
    assert shop.query("green hose", k=1, weights={"text": 0}).ids == ["n1"]
    session.load(products, "shop", text="title", id="sku")
    assert len(shop._store.spaces()) == 2


def test_an_address_is_fetched_once_and_not_again_by_the_next_load(session, tmp_path):
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *args):
            pass

    folder = write_pictures(tmp_path / "served", ["red"])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_port}"
        frame = pd.DataFrame(
            {"id": ["a", "b"], "photo": [f"{host}/red.png", f"{host}/missing.png"]}
        )
        options = {"image": "photo", "id": "id", "model": ToyEmbedder()}
        web = session.load(frame, "web", **options)
        assert sorted(asked) == ["/missing.png", "/red.png"]
        assert list(web.problems()["source"]) == ["b"]
        session.load(frame, "web", **options)
        server.shutdown()
    assert asked.count("/red.png") == 1
    # The picture is kept, so that it shows without the network.
    assert web.query(image=picture("red"), k=1)[0].image.size == (24, 24)


@pytest.mark.parametrize("labels", [[0, 1, 2], [2020, "title", 2.5], ["a", "b", "c"]])
def test_columns_come_back_under_their_own_labels(session, labels):
    frame = pd.DataFrame([["x", "red hat", 1.5], ["y", "blue boot", 2.5]], columns=labels)
    shop = session.load(frame, "labels", text=[labels[1]], model=ToyEmbedder())
    pd.testing.assert_frame_equal(shop.items(), frame)
    assert shop.query("hat", k=1).to_pandas()[labels[2]].tolist() == [1.5]


def test_a_folder_with_nothing_but_problems_says_the_first(session, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "a.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (folder / "b.jpg").symlink_to(folder / "b.jpg")
    with pytest.raises(SourceError, match=r"Nothing to load from .*1 more problem"):
        session.load(folder, model=ToyEmbedder())
    assert session.names() == []
