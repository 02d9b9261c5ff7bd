"""Every verb, asked as a page asks it."""

from __future__ import annotations

import io
import threading

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sounds import encoded, noise, tone
from toys import ToyEmbedder, picture

from mmrag_jupyter.display.cards import HITS_MIME
from mmrag_jupyter.widgets.service import Service


def png(colour, size=(30, 20)):
    out = io.BytesIO()
    picture(colour, size).save(out, "PNG")
    return out.getvalue()


def test_hello_tells_version_and_protocol(page):
    assert page.ask("hello", version="0.0.0", protocol=1) == {"version": "0.1.0", "protocol": 1}


def test_collections_are_listed_and_one_that_cannot_be_opened_says_why(page, session, tmp_path):
    broken = tmp_path / "collections" / "broken"
    broken.mkdir()
    (broken / "records.sqlite").write_bytes(b"no database at all")
    listed = page.ask("collections")
    assert listed["current"] == "shop"
    rows = {row["name"]: row for row in listed["collections"]}
    assert rows["shop"]["items"] == 9
    assert rows["shop"]["parts"] == {"text": 9, "image": 9}
    assert rows["shop"]["current"]
    assert rows["broken"]["items"] is None
    assert "is not a database" in rows["broken"]["problem"]
    assert session.current == "shop"


def test_nothing_asked_shows_all_items_in_their_order(page, products):
    found = page.search()
    assert [hit["id"] for hit in found["hits"]] == list(products["sku"])
    assert (found["total"], found["more"]) == (9, False)
    assert found["title"] == "all items"
    assert found["columns"] == [
        "sku", "title", "kind", "price", "stock", "added",
    ]  # fmt: skip
    assert {hit["score"] for hit in found["hits"]} == {None}


def test_words_find_and_avoid(page):
    assert page.ids("red hat")[0] == "red-hat"
    found = page.search("hat", "-red")
    assert found["hits"][0]["id"] in {"blue-hat", "green-hat"}
    assert found["hits"][0]["terms"] == ["hat"]
    assert found["title"] == "“hat”, not “red”"


def test_pictures_find_and_avoid(page):
    red = {"name": "mine.png", "sign": 1}
    ids = page.ids(pictures=[red], buffers=[png("red")], weights={"text": 0})
    assert {one.split("-")[0] for one in ids[:3]} == {"red"}
    avoided = page.ids("hat", pictures=[{**red, "sign": -1}], buffers=[memoryview(png("red"))])
    assert avoided[0] != "red-hat"


def test_what_is_no_picture_is_told_by_its_name(page):
    for data, says in ((b"just words", "in a format"), (b"<svg/>", "SVG"), (b"", "empty")):
        error = page.refused(
            "search",
            asked={"pictures": [{"name": "mine.png", "sign": 1}]},
            limit=5,
            buffers=[data],
        )
        assert error["kind"] == "source"
        assert "mine.png" in error["message"]
        assert says in error["message"]


def test_recordings_find_what_sounds_alike(page, calls):
    asked = {"sounds": [{"name": "mine.wav"}]}
    for sound, found in ((tone(880, 1), "bell.wav"), (noise(1), "rain.wav")):
        data = [encoded(sound)]
        told = page.ask("search", collection=calls.name, asked=asked, limit=5, buffers=data)
        assert told["hits"][0]["id"] == found
        assert told["signals"] == ["audio"]


def test_what_no_words_can_find_is_told(page, calls):
    asked = {"terms": [{"text": "a parcel", "sign": 1}]}
    told = page.ask("search", collection=calls.name, asked=asked, limit=5)
    assert told["hits"] == []
    assert "Nothing here reads words: there is sound alone" in told["notices"][0]
    mute = {"terms": [{"text": "hat", "sign": 1}], "weights": {"lexical": 0, "text": 0, "image": 0}}
    told = page.ask("search", asked=mute, limit=5)
    assert (told["hits"], told["notices"]) == ([], ["Every signal has the weight 0."])
    # Other words may find something where these do not.
    assert page.search("hat")["notices"] == []


def test_what_is_no_recording_is_told_by_its_name(page):
    asked = {"sounds": [{"name": "mine.wav"}]}
    for data, says in ((b"just words", "not sound but text"), (b"", "empty")):
        error = page.refused("search", asked=asked, limit=5, buffers=[data])
        assert error["kind"] == "source"
        assert "mine.wav" in error["message"]
        assert says in error["message"]


def test_pages_go_on_where_the_one_before_ended(page):
    first = page.search("red", limit=4)
    second = page.search("red", offset=4, limit=4)
    ids = [hit["id"] for hit in first["hits"] + second["hits"]]
    assert len(set(ids)) == 8
    assert [hit["rank"] for hit in second["hits"]] == [5, 6, 7, 8]
    assert first["more"]


def test_filters_become_a_condition_that_python_takes_too(page, shop):
    found = page.search(
        "red",
        filters=[
            {"kind": "values", "column": "kind", "values": ["hat", "lamp"]},
            {"kind": "range", "column": "price", "low": 20, "high": None},
            {"kind": "values", "column": "stock", "values": [None]},
        ],
    )
    assert {hit["metadata"]["kind"] for hit in found["hits"]} == {"lamp"}
    assert set(shop.query("red", where=found["where"], k=9).ids) == {
        hit["id"] for hit in found["hits"]
    }


def test_weights_and_modality_are_the_query_s(page):
    only = page.search("red hat", weights={"lexical": 0, "image": 0})
    assert {why["signal"] for hit in only["hits"] for why in hit["why"]} == {"text"}
    assert page.search("red hat")["signals"] == ["lexical", "text", "image"]
    found = page.search("red hat", modality=["image"])
    assert {why["signal"] for hit in found["hits"] for why in hit["why"]} == {"image"}


def test_errors_are_answers_of_a_kind(page):
    asked = {"where": "prize < 3"}
    assert page.refused("search", asked=asked, limit=5) == {
        "kind": "where",
        "message": "where: there is no column 'prize'. Did you mean 'price'? (at 'prize < 3')",
    }
    assert page.refused("search", asked={}, limit=5, collection="shpo")["kind"] == "missing"
    assert page.refused("item", key="gone", size=300)["kind"] == "missing"
    smelly = {"terms": [{"text": "a", "sign": 1}], "weights": {"smell": 2}}
    assert page.refused("search", asked=smelly, limit=5)["kind"] == "query"
    assert page.refused("search", asked={}, limit=0)["kind"] == "message"


def test_a_fault_of_ours_is_an_answer_too(page, monkeypatch, caplog):
    monkeypatch.setattr(Service, "_search", lambda *_: 1 / 0)
    error = page.refused("search", asked={}, limit=5)
    assert error == {"kind": "internal", "message": "ZeroDivisionError: division by zero"}
    assert "division by zero" in caplog.text


def test_thumbnails_are_pictures_of_the_size_asked_in_buffers(page):
    hits = page.search()["hits"]
    wanted = [{"key": hit["key"], "part": hit["part"]} for hit in hits[:2]]
    told = page.ask("thumbnails", pictures=[*wanted, {"key": "gone", "part": 0}], size=64)
    assert [one.get("buffer") for one in told["pictures"]] == [0, 1, None]
    assert "no longer" in told["pictures"][2]["problem"]
    shown = [Image.open(io.BytesIO(data)) for data in page.buffers]
    assert {(one.format, one.size) for one in shown} == {("JPEG", (64, 32))}
    red, green, blue = np.asarray(shown[0]).mean(axis=(0, 1))
    assert red > 180
    assert max(green, blue) < 60


def test_hits_say_how_large_their_picture_is(page):
    assert {
        tuple(hit["thumbnail"][side] for side in ("width", "height"))
        for hit in page.search()["hits"]
    } == {(80, 40)}


def test_a_picture_whose_file_is_gone_is_told(session, tmp_path):
    photo = tmp_path / "one.png"
    photo.write_bytes(png("red"))
    frame = pd.DataFrame({"id": ["a"], "text": ["red"], "photo": [str(photo)]})
    session.load(frame, "files", text="text", image="photo", id="id", model=ToyEmbedder())
    photo.unlink()
    answer, data = Service(session).handle(
        {"type": "thumbnails", "uuid": "u", "pictures": [{"key": "a", "part": 1}], "size": 64}
    )
    assert "is gone" in answer["result"]["pictures"][0]["problem"]
    assert data == []


def test_an_item_comes_whole_with_its_picture(page, shop, products):
    long = "word " * 3000
    longer = products.assign(title=products["title"].replace("red hat", long))
    shop.load(longer, key="table:shop", text="title", image="photo", id="sku")
    cut = page.search()["hits"]
    assert max(len(hit["metadata"]["title"]) for hit in cut) <= 80
    told = page.ask("item", key="red-hat", size=40)
    assert told["hit"]["metadata"]["title"] == long
    assert {part["modality"] for part in told["parts"]} == {"text", "image"}
    assert (told["picture"]["buffer"], told["picture"]["type"]) == (0, "image/jpeg")
    assert Image.open(io.BytesIO(page.buffers[0])).size == (40, 20)


def test_of_several_pictures_that_which_matched_is_shown_large(session):
    frame = pd.DataFrame({"id": ["a"], "front": [png("red")], "back": [png("blue")]})
    session.load(frame, "views", image=["front", "back"], id="id", model=ToyEmbedder())
    asked = {"pictures": [{"name": "blue.png", "sign": 1}]}
    found, _ = Service(session).handle(
        {"type": "search", "uuid": "u", "asked": asked, "limit": 1}, [png("blue")]
    )
    [hit] = found["result"]["hits"]
    assert hit["part"] == 1
    item = {"type": "item", "uuid": "u", "key": "a", "size": 40}
    for part, colour in ((1, "blue"), (None, "red"), (7, "red")):
        _, [data] = Service(session).handle({**item, "part": part})
        red, _, blue = np.asarray(Image.open(io.BytesIO(data))).mean(axis=(0, 1))
        assert (blue > red) == (colour == "blue")
    hits = session.collection("views").query(image=Image.open(io.BytesIO(png("blue"))))
    assert hits._repr_mimebundle_()[HITS_MIME]["hits"][0]["part"] == 1


def test_facets_count_each_column_without_its_own_filter(page):
    filters = [
        {"kind": "values", "column": "kind", "values": ["hat"]},
        {"kind": "range", "column": "price", "low": None, "high": 50},
    ]
    told = page.ask("facets", asked={"filters": filters})
    assert told["items"] == 3
    facets = {one["column"]: one for one in told["facets"]}
    counts = {one["value"]: one["count"] for one in facets["kind"]["values"]}
    assert counts == {"hat": 3, "shoe": 2, "lamp": 0}
    assert {one["value"]: one["count"] for one in facets["price"]["values"]} == {
        10.0: 1, 20.0: 1, 30.0: 1, 40.0: 0, 50.0: 0, 60.0: 0, 70.0: 0, 80.0: 0, 90.0: 0,
    }  # fmt: skip
    assert {one["hits"] for one in facets["kind"]["values"]} == {None}


def test_facets_of_a_query_count_its_best_hits_beside(page):
    asked = {"terms": [{"text": "hat", "sign": 1}], "weights": {"text": 0, "image": 0}}
    told = page.ask("facets", asked=asked)
    kinds = next(one for one in told["facets"] if one["column"] == "kind")
    assert {one["value"]: one["hits"] for one in kinds["values"]} == {
        "hat": 3, "shoe": 0, "lamp": 0,
    }  # fmt: skip
    shoes = {"kind": "values", "column": "kind", "values": ["shoe"]}
    told = page.ask("facets", asked={**asked, "filters": [shoes]})
    hits = {one["column"]: {each["hits"] for each in one["values"]} for one in told["facets"]}
    assert list(hits) == ["sku", "title", "kind", "price", "stock", "added"]
    assert (hits["kind"], hits["stock"]) == ({None}, {0})


def test_every_value_of_a_facet_can_be_filtered_by(page):
    for facet in page.ask("facets", asked={})["facets"]:
        for one in facet["values"]:
            chosen = {"kind": "values", "column": facet["column"], "values": [one["value"]]}
            assert page.search(filters=[chosen])["total"] == one["count"], (facet["column"], one)


def test_verdicts_refine_the_query_and_are_kept(page, shop):
    told = page.ask("feedback", key="blue-hat", verdict=1, query="hat")
    assert told == {"kept": True, "message": ""}
    assert shop.feedback()["id"].tolist() == ["blue-hat"]
    assert (
        page.search("hat", liked=["blue-hat"], disliked=["red-hat"])["hits"][0]["id"] == "blue-hat"
    )


def test_a_busy_collection_hinders_no_verdict_and_keeps_it_later(page, shop):
    with shop.store.writer():
        told = page.ask("feedback", key="blue-hat", verdict=1, query="hat")
        assert not told["kept"]
        assert "being written" in told["message"]
        assert page.ids("hat", liked=["blue-hat"])
    assert shop.feedback().empty
    page.ask("feedback", key="red-hat", verdict=-1, query="hat")
    assert shop.feedback()["verdict"].tolist() == [1, -1]


def test_verdicts_on_items_deleted_since_are_passed_over(page, shop):
    shop.delete("blue-hat")
    assert page.ids("hat", liked=["blue-hat"]) == page.ids("hat")


def test_what_is_loaded_meanwhile_is_found_by_the_next_search(page, shop, products):
    assert page.search("purple")["hits"][0]["why"]
    scarf = products.head(1).assign(sku="new", title="purple scarf")
    shop.load(scarf, key="more", text="title", id="sku")
    assert page.ids("purple")[0] == "new"
    assert page.search()["total"] == 10


def test_ids_of_half_characters_travel_as_keys(session):
    ids = pd.Series(["caf\udce9.png", "b"], dtype=object)
    frame = pd.DataFrame({"id": ids, "t": ["red", "blue"]})
    session.load(frame, "odd", text="t", id="id", model=ToyEmbedder())
    answer, _ = Service(session).handle(
        {"type": "search", "uuid": "u", "asked": {"where": "t == 'red'"}, "limit": 3}
    )
    hit = answer["result"]["hits"][0]
    hit["key"].encode()
    hit["id"].encode()
    told, _ = Service(session).handle({"type": "item", "uuid": "u", "key": hit["key"], "size": 99})
    assert told["result"]["hit"]["key"] == hit["key"]


def test_hostile_names_and_values_arrive_as_they_are(session):
    evil = "<img src=x onerror=pwned()>"
    frame = pd.DataFrame(
        {"id": [evil, "b"], "t": [evil, "javascript:pwned()"], evil: [evil, "\u202eevil"]}
    )
    session.load(frame, "evil", text="t", id="id", model=ToyEmbedder())
    service = Service(session)
    answer, _ = service.handle({"type": "search", "uuid": "u", "asked": {}, "limit": 3})
    first, second = answer["result"]["hits"]
    assert first["id"] == first["key"] == evil
    assert first["metadata"][evil] == evil
    assert second["metadata"][evil] == "[U+202E]evil"
    chosen = {"kind": "values", "column": evil, "values": ["\u202eevil"]}
    told, _ = service.handle(
        {"type": "search", "uuid": "u", "asked": {"filters": [chosen]}, "limit": 3}
    )
    assert [hit["id"] for hit in told["result"]["hits"]] == ["b"]


def test_two_hundred_columns_and_long_cells_stay_within_bounds(session):
    wide = {f"column {number}": ["x" * 10_000] for number in range(200)}
    frame = pd.DataFrame({"id": ["a"], "t": ["red"], **wide})
    session.load(frame, "wide", text="t", id="id", model=ToyEmbedder())
    service = Service(session)
    answer, _ = service.handle({"type": "search", "uuid": "u", "asked": {}, "limit": 3})
    assert len(str(answer)) < 20_000
    told, _ = service.handle({"type": "item", "uuid": "u", "key": "a", "size": 99})
    assert len(told["result"]["hit"]["metadata"]) == 202
    assert told["result"]["hit"]["metadata"]["column 199"] == "x" * 10_000


def test_many_threads_may_ask_at_once(page, shop, products):
    kinds = []

    def ask(word):
        asked = {"terms": [{"text": word, "sign": 1}]}
        message = {"type": "search", "uuid": word, "asked": asked, "limit": 3}
        for _ in range(5):
            answer, _ = page.service.handle(message)
            kinds.append((word, answer["result"]["hits"][0]["metadata"]["kind"]))

    threads = [threading.Thread(target=ask, args=(word,)) for word in ("hat", "shoe", "lamp") * 2]
    for thread in threads:
        thread.start()
    shop.load(products.assign(price=1.0), key="table:shop", text="title", image="photo", id="sku")
    for thread in threads:
        thread.join()
    assert set(kinds) == {("hat", "hat"), ("shoe", "shoe"), ("lamp", "lamp")}
    assert len(kinds) == 30


@pytest.mark.parametrize("message", [None, 3, "search", [], {}, {"type": "erase"}, {"type": 3}])
def test_what_is_no_message_is_answered_as_such(page, message):
    answer, data = page.service.handle(message)
    assert (answer["type"], answer["error"]["kind"], data) == ("error", "message", [])
