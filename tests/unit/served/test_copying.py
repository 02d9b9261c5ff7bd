"""A collection elsewhere is saved to a folder, and is the same there."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pdfs import write_pdf
from served_loader import run
from served_places import Place
from served_rows import options, picture_bytes, products
from sounds import ToyTranscriber, encoded, quiet, tone, write
from toys import ToyEmbedder

from mmrag_jupyter.errors import NotFoundError, StoreBusyError, StoreError
from mmrag_jupyter.items import Problem
from mmrag_jupyter.served import copyitems
from mmrag_jupyter.served.conditions import among
from mmrag_jupyter.store import Store, feedback, tuned
from mmrag_jupyter.store.llama import CollectionVectorStore

ASKED = (
    {"text": "red shoe"},
    {"text": "shoe", "image": picture_bytes(4), "k": 5},
    {"text": "leather shoe", "exclude": "red"},
    {"like": "s2", "k": 4},
    {"text": "coat", "where": "brand is null or stock is null"},
    {"text": "of", "k": 12},
)


@pytest.fixture
def elsewhere(place, embedder):
    """Return rows that were loaded, and some of them loaded again later."""
    collection = place.session().load(
        products(), "products", store=place.store, **options(embedder)
    )
    changed = products()
    changed.loc[4, "title"] = "purple tent"
    changed.loc[7, "photo"] = picture_bytes(99)
    changed.loc[9, "price"] = 7777.0
    collection.load(changed, **options(embedder))
    return collection


def saved(collection, place, *model):
    folder = collection.save(place.folder / "copy")
    return place.session("another").open(str(folder), *(model or [ToyEmbedder()]))


def found(collection, **query):
    hits = collection.query(**query)
    return [
        (hit.id, round(hit.score, 5), [(why.signal, why.rank) for why in hit.why]) for hit in hits
    ]


def test_a_copy_in_a_folder_finds_the_same(elsewhere, place, monkeypatch):
    monkeypatch.setattr(copyitems, "AT_ONCE", 5)
    copied = saved(elsewhere, place)
    assert type(copied.store) is Store
    for query in ASKED:
        assert found(copied, **query) == found(elsewhere, **query), query
    pd.testing.assert_frame_equal(copied.items(), elsewhere.items())
    assert copied.store.ids() == elsewhere.store.ids()
    assert copied.show("s7")[0].image.tobytes() == elsewhere.show("s7")[0].image.tobytes()
    told, before = copied.info(), elsewhere.info()
    assert facts(told) == facts(before)


def in_order(collection):
    """Return the parts in the order in which they came: of equals, the first is found first."""
    rows = collection.store.parts_of(collection.store.numbers())
    return [row.node_id for row in sorted(rows, key=lambda row: row.part)]


def facts(info):
    lines = info._repr_mimebundle_()["text/plain"].splitlines()
    return [line for line in lines[1:] if not line.startswith("  folder")]


def test_the_next_load_of_the_same_source_finds_nothing_changed(elsewhere, place, embedder):
    copied = saved(elsewhere, place, embedder)
    rows = products()
    rows.loc[4, "title"] = "purple tent"
    rows.loc[7, "photo"] = picture_bytes(99)
    rows.loc[9, "price"] = 7777.0
    embedder.texts = embedder.images = 0
    report = copied.load(rows, **options(embedder))
    assert (report.unchanged, report.added, report.updated, report.removed) == (12, 0, 0, 0)
    assert (embedder.texts, embedder.images) == (0, 0)
    assert copied.load(products(), **options(embedder)).updated == 3
    copied.delete(["s0", "s4"])
    assert len(copied) == 10


def test_what_belongs_to_no_item_is_there_too(elsewhere, place):
    more = pd.DataFrame({"name": ["a chair"], "legs": [4]}, index=pd.Index(["c"], name="code"))
    elsewhere.load(more, key="table:more", text="name", progress=False)
    elsewhere.store.keep_feedback([feedback.now("red", "s0", 1), feedback.now("red", "s1", -1)])
    arrays = {"up": ToyEmbedder().embed_text(["a"], query=True)}
    with elsewhere.store.writer() as writer:
        tuned.keep(elsewhere.store, writer, arrays, {"told": "one"})
        tuned.keep(elsewhere.store, writer, arrays, {"told": "two"})
        writer.set_problems("table:more", [Problem("row 7", "no picture")])
        writer.set_setting("of \udcff", "this")
        writer.keep_transcripts("whisper", {bytes(16): "[[0, 1, 'hello']]"})
    copied = saved(elsewhere, place)
    assert copied.store.tuned.current().facts["told"] == "two"
    with copied.store.writer() as writer:
        assert tuned.undo(copied.store, writer)
    assert copied.store.tuned.current().facts["told"] == "one"
    assert copied.feedback()[["query", "id", "verdict"]].equals(
        elsewhere.feedback()[["query", "id", "verdict"]]
    )
    pd.testing.assert_frame_equal(copied.problems(), elsewhere.problems())
    assert copied.store.transcripts("whisper", [bytes(16)]) == {bytes(16): "[[0, 1, 'hello']]"}
    assert elsewhere.store.setting("of \udcff") == "this"
    assert copied.store.setting("of \udcff") == "this"
    assert copied.store.sources() == elsewhere.store.sources()
    pd.testing.assert_frame_equal(copied.items(), elsewhere.items())
    pd.testing.assert_frame_equal(copied.items(["c"]), more)
    assert not list(copied.folder.glob("*.new"))


def test_a_folder_that_has_a_collection_is_refused(elsewhere, place):
    elsewhere.save(place.folder / "copy")
    for folder in (place.folder / "copy", elsewhere.folder):
        with pytest.raises(StoreError, match=r"There is a collection in .* already") as error:
            elsewhere.save(folder)
        assert "\n" not in str(error.value)
    with elsewhere.store.writer(), pytest.raises(StoreBusyError, match="being written to"):
        place.session("another").open(elsewhere.store.address, model=ToyEmbedder()).save(
            place.folder / "busy"
        )
    assert not (place.folder / "busy").exists()


def test_progress_is_told(elsewhere, place, monkeypatch):
    monkeypatch.setattr(copyitems, "AT_ONCE", 6)
    told = []
    elsewhere.store.copy_to(place.folder / "copy", lambda *one: told.append(one))
    assert told == [(0, 12), (3, 12), (6, 12), (9, 12), (12, 12)]


def test_what_fails_in_between_leaves_nothing(elsewhere, place, monkeypatch):
    monkeypatch.setattr(copyitems, "AT_ONCE", 6)

    def stopped(done, _total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        elsewhere.store.copy_to(place.folder / "copy", stopped)
    assert not (place.folder / "copy").exists()
    assert found(saved(elsewhere, place), text="red shoe") == found(elsewhere, text="red shoe")


def test_what_lies_in_a_vector_store_of_llamaindex_is_copied_too(tmp_path, embedder):
    nodes = CollectionVectorStore(Store.create(tmp_path / "nodes", "nodes"))
    place = Place("llama", nodes, tmp_path)
    collection = place.session().load(products(), "products", store=nodes, **options(embedder))
    copied = saved(collection, place)
    for query in ASKED:
        assert found(copied, **query) == found(collection, **query), query
    pd.testing.assert_frame_equal(copied.items(), collection.items())


def reviews():
    return pd.DataFrame({
        "code": ["r1", "r2", "r3", "r4", "r5"],
        "of": ["s1", "s1", "s3", "s7", "s2"],
        "said": ["too narrow", "a lovely hat", "warm and soft", "itches", "fades"],
        "stars": [2, 5, 4, 1, 2],
        "shot": [picture_bytes(50), None, picture_bytes(51), None, picture_bytes(52)],
    })  # fmt: skip


def joining(**more):
    return {
        "into": "products", "on": "of=id", "text": "said", "image": "shot", "id": "code",
        "key": "table:reviews", "progress": False, **more,
    }  # fmt: skip


def test_joined_tables_come_along(elsewhere, place, monkeypatch, embedder):
    monkeypatch.setattr(copyitems, "AT_ONCE", 14)
    session = place.session()
    session.open("products", model=embedder)
    session.load(reviews().iloc[3:4], "reviews", **joining())
    session.load(reviews(), "reviews", **joining())
    makers = pd.DataFrame({"brand": ["Acme", "Bell"], "since": [1999, 2005]})
    session.load(makers, "makers", into="products", on="brand=brand", progress=False)
    elsewhere = session.collection("products")
    copied = saved(elsewhere, place)
    asked = [*ASKED, {"text": "soft"}, {"text": "hat", "where": "reviews.stars > 3"},
             {"text": "shoe", "where": "makers.since < 2000"}]  # fmt: skip
    for query in asked:
        assert found(copied, **query) == found(elsewhere, **query), query
    assert in_order(copied) == in_order(elsewhere)
    pd.testing.assert_frame_equal(copied.joined(), elsewhere.joined())
    for name in ("reviews", "makers"):
        pd.testing.assert_frame_equal(copied.joined(name), elsewhere.joined(name))
    pd.testing.assert_frame_equal(copied.items(counts=True), elsewhere.items(counts=True))
    same = copied.joined("reviews").sort_values("code", ignore_index=True)
    pd.testing.assert_frame_equal(same, reviews())
    assert not any(space.dead for space in copied.store.spaces())
    embedder.texts = embedder.images = 0
    other = place.session("another")
    into = other.open(str(copied.folder), model=embedder).name
    report = other.load(reviews(), "reviews", **joining(into=into)).last_load
    assert (report.unchanged, report.added, report.updated) == (5, 0, 0)
    assert (embedder.texts, embedder.images) == (0, 0)


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_recordings_and_documents_come_along(place, tmp_path):
    files = tmp_path / "files"
    write(files / "deep.wav", tone(200, 4))
    write(files / "two.flac", np.concatenate([tone(200, 3), quiet(5), tone(1000, 4)]))
    write_pdf(files / "paper.pdf", ["a red page", "a blue page"])
    given = {"model": "builtin", "progress": False}
    speech = ToyTranscriber()
    collection = place.session().load(files, "files", store=place.store, transcribe=speech, **given)
    copied = saved(collection, place, None)
    for query in ({"text": "blue page"}, {"text": "high voice"}, {"audio": files / "deep.wav"}):
        assert found(copied, **query) == found(collection, **query), query
    said = [(part.text, part.start, part.end) for part in copied.show("two.flac")[0].parts]
    assert said == [
        (part.text, part.start, part.end) for part in collection.show("two.flac")[0].parts
    ]
    heard = speech.heard
    again = copied.load(files, transcribe=speech, **given)
    assert (again.unchanged, again.added, again.updated) == (3, 0, 0)
    (files / "third.flac").write_bytes((files / "two.flac").read_bytes())
    copied.load(files, transcribe=speech, **given)
    assert speech.heard == heard
    assert facts(copied.info())[0] == "  items     4"


@pytest.mark.parametrize("place", ["lancedb", "milvus"], indirect=True)
def test_sound_that_came_as_bytes_comes_along(place):
    rows = pd.DataFrame({"call": [encoded(tone(200, 1)), encoded(tone(1000, 1), kind="OGG")]})
    collection = place.session().load(
        rows, "calls", store=place.store, audio="call", model="builtin", progress=False
    )
    copied = saved(collection, place, None)
    kept = [part for part in copied.store.parts_of(copied.store.numbers()) if part.has_blob]
    assert [copied.store.blob(part.digest) for part in kept] == rows["call"].tolist()
    pd.testing.assert_frame_equal(copied.items(), collection.items())


@pytest.mark.slow
@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_a_save_that_is_killed_leaves_no_collection_and_can_be_done_again(place, embedder):
    rows = products(1_200)[["sku", "title", "price"]]
    given = {**options(embedder), "image": None}
    collection = place.session().load(rows, "products", store=place.store, **given)
    address, before = collection.store.address, found(collection, text="red shoe number37", k=5)
    collection.close()
    copy = place.folder / "copy"
    killed = run("save", address, place.folder / "two", copy)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (copy / "saving.new").is_dir()
    assert not Store.exists(copy)
    with pytest.raises(NotFoundError):
        place.session("another").open(str(copy), model=embedder)
    collection = place.session("three").open(address, model=ToyEmbedder())
    collection.save(copy)
    assert {path.name for path in copy.iterdir()} <= {
        "records.sqlite", "space-1.vec", "space-1.faiss", "lock"
    }  # fmt: skip
    opened = place.session("another").open(str(copy), model=ToyEmbedder())
    assert found(opened, text="red shoe number37", k=5) == before


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_who_may_only_read_it_can_save_it(elsewhere, place):
    import psycopg

    address = elsewhere.store.address
    with psycopg.connect(place.store) as db:
        db.execute("CREATE ROLE looker LOGIN")
        db.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    looking = place.session("looking").open(
        address.replace("postgres@", "looker@"), model=ToyEmbedder()
    )
    with pytest.raises(StoreError, match="permission denied"):
        looking.delete("s1")
    assert found(saved(looking, place), text="red shoe") == found(elsewhere, text="red shoe")


@pytest.mark.parametrize("place", ["lancedb"], indirect=True)
def test_parts_that_are_missing_are_told(elsewhere, place):
    store = elsewhere.store
    part = store.parts_of([store.find(["s3"])["s3"]])[0].part
    for table in store.part_tables():
        store.engine.delete(table, among("part", "int", [part]))
    with pytest.raises(StoreError, match=r"Item 's3' has 1 of its 2 parts at lancedb") as error:
        elsewhere.save(place.folder / "copy")
    assert "\n" not in str(error.value)
    assert not (place.folder / "copy").exists()


@pytest.mark.parametrize("place", ["lancedb"], indirect=True)
def test_a_folder_that_cannot_be_written_is_told(elsewhere, place):
    (place.folder / "a file").touch()
    for folder in (place.folder / "a file", Path("/proc/nowhere")):
        with pytest.raises(StoreError) as error:
            elsewhere.save(folder)
        assert "\n" not in str(error.value)
    assert elsewhere.delete("s1") == 1
