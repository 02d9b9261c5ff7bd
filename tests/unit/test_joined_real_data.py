"""On real groceries, what is joined changes which products are found, and is said."""

from __future__ import annotations

import pandas as pd
import pytest

import mmrag_jupyter as mm


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def grocery(shared_data, session):
    products = pd.read_csv(shared_data / "grocery" / "products.csv")
    return session.load(
        products, "grocery", text="name,description", image="image", id="product_id",
        model="builtin", root=shared_data, progress=False,
    )  # fmt: skip


def found_first(collection, queries, wanted, folder):
    """Return how many pictures find the product that they show before all others."""
    first = 0
    for path, product in zip(queries, wanted, strict=True):
        hits = collection.query(image=folder / path, k=1)
        first += hits.ids == [product]
    return first


def test_photos_that_join_products_let_other_photos_find_them(shared_data, grocery):
    folder = shared_data / "tasks" / "dev_photo2photo"
    queries, corpus = (pd.read_csv(folder / f"{name}.csv") for name in ("queries", "corpus"))
    photos = pd.read_csv(shared_data / "grocery" / "photos.csv")
    product_of = photos.set_index("image")["product_id"]
    wanted = product_of[queries["path"]].tolist()
    before = found_first(grocery, queries["path"], wanted, shared_data)
    views = photos[photos["image"].isin(corpus["path"])]
    told = grocery.load(
        views, on="product_id", image="image", text="", id="photo_id", called="photos",
        root=shared_data, progress=False,
    )  # fmt: skip
    assert told.added == len(views) == 376
    assert not set(queries["path"]) & set(views["image"])
    after = found_first(grocery, queries["path"], wanted, shared_data)
    # A picture of the shop's catalogue looks little like a photo on its shelf.
    assert after > 1.5 * before
    best = grocery.query(image=shared_data / queries["path"][0], k=1)[0]
    assert best.parts[0].origin == "photos"
    assert str(best.joined[0]).endswith("of 8 photos")


def test_what_is_said_of_countries_finds_the_products_that_come_from_there(shared_data, grocery):
    countries = pd.read_csv(shared_data / "documents" / "countries.csv")
    countries["text"] = [(shared_data / path).read_text() for path in countries["path"]]
    asked = "Andes mountains, Quechua and Aymara languages, Lima"
    assert not grocery.query(asked)
    told = grocery.load(
        countries, on="title=country", text="text", id="doc_id", called="countries", progress=False
    )
    assert any("rows name several items by 'country'" in line for line in told.notices)
    assert any("rows name no item" in line for line in told.notices)
    hits = grocery.query(asked, k=3)
    assert hits[0].metadata["country"] == "Peru"
    assert hits[0].parts[0].origin == "countries"
    assert str(hits[0].joined[0]) == "1 of 1 countries"
    items = grocery.items()
    joined = items["country"].isin(countries["title"]).sum()
    assert any(f"joined to {joined} of {len(items)} items" in line for line in told.notices)


def test_a_condition_on_photos_leaves_out_the_others(shared_data, grocery):
    photos = pd.read_csv(shared_data / "grocery" / "photos.csv")
    grocery.load(
        photos, on="product_id", image="image", text="", id="photo_id", called="photos",
        root=shared_data, progress=False,
    )  # fmt: skip
    query = shared_data / photos["image"][0]
    own = grocery.query(image=query, k=1)[0]
    assert own.parts[0].row == photos["photo_id"][0]
    others = grocery.query(image=query, k=1, where=f"photo_id != '{photos['photo_id'][0]}'")[0]
    assert others.parts[0].row != photos["photo_id"][0]
    tall = grocery.query(image=query, k=20, where="photos.height > photos.width")
    shown = [part for hit in tall for part in hit.parts if part.origin]
    assert shown
    assert all(part.metadata["height"] > part.metadata["width"] for part in shown)


def test_recordings_and_documents_join_items_too(shared_data, session):
    people = pd.DataFrame({"name": ["reader", "president"], "about": ["reads aloud", "speaks"]})
    things = session.load(people, "people", text="about", id="name", model="builtin")
    clips = pd.read_csv(shared_data / "audio" / "audio.csv")
    clips = clips[clips["kind"] == "speech"].head(6)
    clips["name"] = ["reader"] * 5 + ["president"]
    told = things.load(
        clips, on="name", audio="path", text="transcript", id="clip_id", called="clips",
        root=shared_data, progress=False,
    )  # fmt: skip
    assert told.added == 6
    assert not told.problems
    hit = things.query("modern printing arts", k=1)[0]
    assert (hit.id, str(hit.joined[0]).split(" of ")[1]) == ("reader", "5 clips")
    heard = [part for part in things.show("president")[0].parts if part.modality == "audio"]
    assert heard
    assert {part.origin for part in heard} == {"clips"}
    assert heard[0].sound().seconds > 0
    again = things.load(
        clips, on="name", audio="path", text="transcript", id="clip_id", called="clips",
        root=shared_data, progress=False,
    )  # fmt: skip
    assert again.unchanged == 6

    papers = pd.read_csv(shared_data / "pdfs" / "pdfs.csv").head(1)
    column = next(name for name in papers if str(papers[name].iloc[0]).endswith(".pdf"))
    papers["name"] = "president"
    told = things.load(
        papers, on="name", image=column, text="", called="papers", root=shared_data, progress=False
    )
    assert (told.added, told.problems) == (1, ())
    pages = [part for part in things.show("president")[0].parts if part.origin == "papers"]
    assert {part.page for part in pages} >= {1, 2}
