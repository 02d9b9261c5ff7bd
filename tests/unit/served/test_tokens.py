"""Late interaction in a store elsewhere: the same as in a folder."""

from __future__ import annotations

import base64

import numpy as np
import pandas as pd
import pytest
from served_pictures import directions, near, picture, pictures
from served_places import Place
from toys import ToyEmbedder
from toys_late import ToyLate

from mmrag_jupyter.errors import LoadStoppedError, StoreError
from mmrag_jupyter.items import NewItem, NewPart
from mmrag_jupyter.served import tokens
from mmrag_jupyter.served.rows import Row
from mmrag_jupyter.served.tokens_rows import FIELDS
from mmrag_jupyter.served.told import Told
from mmrag_jupyter.store import Question, Store
from mmrag_jupyter.store.llama import CollectionVectorStore

ASKED = (
    {"text": "red"},
    {"text": "gold navy"},
    {"text": "red", "exclude": "blue"},
    {"like": "p3", "k": 4},
    {"text": "teal", "liked": "p2", "disliked": "p5"},
    {"text": "green", "where": "price > 20"},
    {"text": "note7 green", "weights": {"image": 2}},
    {"text": "navy", "exact": True},
)


def options(late):
    return {
        "text": "note", "image": "photo", "id": "sku", "image_model": late, "progress": False,
        "key": "table:pictures", "text_model": ToyEmbedder(),
    }  # fmt: skip


@pytest.fixture
def late():
    return ToyLate()


@pytest.fixture
def both(place, late):
    one = place.session().load(pictures(), "pictures", store=place.store, **options(late))
    return one, place.here().load(pictures(), "pictures", **options(ToyLate()))


def found(collection, **query):
    hits = collection.query(**query)
    return [
        (hit.id, [(why.signal, why.rank, round(why.score, 3)) for why in hit.why]) for hit in hits
    ]


def test_queries_find_the_same_as_in_a_folder(both):
    elsewhere, here = both
    for query in ASKED:
        assert found(elsewhere, **query) == found(here, **query), query
    assert elsewhere.query("red")[0].why


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_what_matched_is_told_and_items_come_back(both):
    elsewhere, here = both
    for collection in both:
        collection.query("red gold")
    one, other = elsewhere.explain("p0"), here.explain("p0")
    assert one.found.words == other.found.words == ("red", "gold")
    assert np.array_equal(one.found.by_word, other.found.by_word)
    pd.testing.assert_frame_equal(elsewhere.items(), here.items())
    assert {space.token_dim for space in elsewhere.store.spaces()} == {0, 16}
    nodes = elsewhere.index.as_retriever(similarity_top_k=3).retrieve("red gold")
    assert [node.node_id for node in nodes] == [
        node.node_id for node in here.index.as_retriever(similarity_top_k=3).retrieve("red gold")
    ]
    for name in ("duplicates", "outliers", "map"):
        one, other = (getattr(own, name)(modality="image") for own in both)
        pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), rtol=1e-3)


def test_a_delta_embeds_only_what_has_changed(both, late):
    elsewhere, here = both
    late.images = 0
    changed = pictures().iloc[2:].copy()
    changed.loc[4, "photo"] = picture(31)
    changed.loc[6, "price"] = 999.0
    for collection, model in ((elsewhere, late), (here, ToyLate())):
        report = collection.load(changed, **options(model))
        assert (report.updated, report.removed, report.unchanged) == (2, 2, 20)
        assert collection.delete("p9") == 1
    assert late.images == 1
    for query in (*ASKED, {"text": "red", "where": "price > 900"}, {"image": picture(31)}):
        assert found(elsewhere, **query) == found(here, **query), query
    shown = elsewhere.store.pictures(elsewhere.store.numbers())
    assert parts_with_many(elsewhere) == {row.part for row in shown.values()}


@pytest.fixture
def seen(place, late):
    """Return pictures alone, whose model is handed over again on opening."""
    return place.session().load(pictures(), "seen", store=place.store, **alone(late))


def alone(late):
    return {"image": "photo", "id": "sku", "model": late, "progress": False, "key": "table:seen"}


def test_another_machine_finds_the_same_and_goes_on(seen, place, late):
    opened = place.session("another").open(seen.store.address, model=ToyLate())
    assert found(opened, text="red") == found(seen, text="red")
    late.images = 0
    report = opened.load(pictures(26), **alone(late))
    assert (report.added, report.unchanged, late.images) == (2, 24, 2)
    seen.store.forget()
    assert found(opened, text="red", k=26) == found(seen, text="red", k=26)
    assert len(seen.query("red", k=26)) == 26


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_embedding_again_changes_between_one_vector_and_many(seen, place):
    before = found(seen, text="red")
    tables = seen.store.engine.tables()
    seen.load(pictures(), reembed=True, **alone(ToyEmbedder()))
    assert [space.token_dim for space in seen.store.spaces()] == [0]
    assert not any("tokens" in name for name in seen.store.engine.tables())
    here = place.here().load(pictures(), "seen", **alone(ToyEmbedder()))
    assert found(seen, text="red") == found(here, text="red")
    seen.load(pictures(), reembed=True, **alone(ToyLate("toy-late:2")))
    assert found(seen, text="red") == before
    assert len(seen.store.engine.tables()) == len(tables)
    seen.remove()
    assert not any(name.startswith("seen") for name in place.session().names())


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_a_copy_in_a_folder_has_all_vectors(both, place):
    elsewhere, here = both
    with Store.open(elsewhere.save(place.folder / "copy")) as copied:
        ours, theirs = (
            sorted(store.spaces(), key=lambda own: -own.token_dim) for store in (copied, here.store)
        )
        for own, other in zip(ours, theirs, strict=True):
            assert (own.name, own.dim, own.rows) == (other.name, other.dim, other.rows)
            assert (own.token_dim, own.token_rows) == (other.token_dim, other.token_rows)
        space, same_space = ours[0].number, theirs[0].number
        parts, same = ([row.part for row in store.pictures(store.numbers()).values()] for store in (
            copied, here.store
        ))  # fmt: skip
        for one, other in zip(
            copied.tokens.of_parts(space, parts),
            here.store.tokens.of_parts(same_space, same),
            strict=True,
        ):
            assert np.array_equal(one, other)


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_a_copy_finds_the_same(seen, place):
    copied = place.here().open(str(seen.save(place.folder / "copy")), model=ToyLate())
    for query in ({"text": "red gold"}, {"like": "p3", "k": 4}, {"image": picture(5)}):
        assert found(copied, **query) == found(seen, **query), query
    assert copied.load(pictures(), **alone(ToyLate())).unchanged == 24


@pytest.mark.parametrize("among_others", [False, True])
def test_any_vector_store_of_llamaindex_holds_them(tmp_path, late, among_others):
    nodes = CollectionVectorStore(Store.create(tmp_path / "nodes", "nodes"))
    place, given = Place("llama", nodes, tmp_path), options if among_others else alone
    seen = place.session().load(pictures(12), "seen", store=nodes, **given(late))
    here = place.here().load(pictures(12), "seen", **given(ToyLate()))
    for query in ({"text": "red gold"}, {"like": "p3", "k": 4}, {"text": "navy", "exclude": "red"}):
        assert found(seen, **query) == found(here, **query), query
    late.images = 0
    assert seen.load(pictures(14), **given(late)).added == late.images == 2
    assert seen.delete("p1") == 1
    shown = seen.store.pictures(seen.store.numbers())
    assert parts_with_many(seen) == {row.part for row in shown.values()}


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_what_is_joined_goes_along_with_them(both, place, late):
    elsewhere, here = both
    shots = pd.DataFrame({
        "code": ["a", "b", "c", "d"], "of": ["p1", "p1", "p4", "p4"], "stars": [1, 5, 3, 3],
        "shot": [picture(at) for at in range(40, 44)],
    })  # fmt: skip
    given = {"into": "pictures", "on": "of=id", "image": "shot", "id": "code", "progress": False}
    for session, model in ((place.session(), late), (place.here(), ToyLate())):
        opened = session.load(pictures(), "pictures", **options(model))
        assert opened.last_load.unchanged == 24
        session.load(shots, "shots", **given, key="table:shots")
        session.load(shots.iloc[:3], "shots", **given, key="table:shots", prune=True)
    elsewhere.store.forget()
    for query in (
        *ASKED,
        {"image": picture(41)},
        {"image": picture(40), "where": "shots.stars > 2"},
    ):
        assert found(elsewhere, **query) == found(here, **query), query
    with Store.open(elsewhere.save(place.folder / "copy")) as copied:
        pd.testing.assert_frame_equal(copied.joins.frame("table:shots"), elsewhere.joined("shots"))
        late_one = next(own for own in copied.spaces() if own.token_dim)
        other = next(own for own in here.store.spaces() if own.token_dim)
        assert late_one.rows == other.rows - other.dead


class Wide(ToyLate):
    """Sees so much that the vectors of a picture take several rows of a store."""

    def embed_image(self, images):
        rng = np.random.default_rng(len(images))
        return [directions(rng, 5_000) for _ in super().embed_image(images)]


def test_vectors_that_fill_several_rows_come_back(place):
    collection = place.session().load(pictures(3), "seen", store=place.store, **alone(Wide()))
    store = collection.store
    (table,) = store.token_tables()
    assert store.engine.count(table) == 3 * 3
    assert all(len(one) > 1_600 for one in store.tokens.of_parts(1, parts_of(collection)))
    before = found(collection, text="red", k=3)
    store.tokens.close()
    assert found(collection, text="red", k=3) == before


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_of_many_parts_the_best_are_found_without_a_look_at_all(place, late, monkeypatch):
    """Each part is about a few of many topics, and a question about those of one part."""
    collection = place.session().load(pictures(1), "seen", store=place.store, **alone(late))
    store, rng = collection.store, np.random.default_rng(5)
    topics = directions(rng, 300)
    own = [near(rng, topics[rng.choice(300, 4)][rng.integers(0, 4, 40)]) for _ in range(1_200)]
    items = [
        NewItem(f"q{at}", at.to_bytes(16), [NewPart("image", at.to_bytes(16))])
        for at in range(len(own))
    ]
    with store.writer() as writer:
        for at in range(0, len(own), 400):
            vectors = {1: (np.arange(400), own[at : at + 400])}
            writer.put(items[at : at + 400], vectors, source="table:seen")
    parts = [row.part for row in store.parts_of(store.numbers()) if row.item_id != "p0"]
    fetched = []
    read = tokens.ServedTokens._all_of

    def counted(self, space, counts):
        fetched.extend(counts)
        return read(self, space, counts)

    monkeypatch.setattr(tokens.ServedTokens, "_all_of", counted)
    for at in (7, 700, 1_100):
        asked = near(rng, own[at][:8])
        question = Question(asked, np.full(8, 1 / 8, np.float32))
        fetched.clear()
        found_ones, scores = store.tokens.nearest(1, question, 10)
        assert len(fetched) < len(own)
        true = np.array([(asked @ one.T).max(axis=1).mean() for one in own])
        assert found_ones[0] == parts[at]
        assert np.allclose(scores, np.sort(true)[::-1][:10], atol=2e-3)
        exact, _ = store.tokens.nearest(1, question, 10, exact=True)
        assert exact.tolist() == found_ones.tolist()


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
def test_vectors_that_are_none_are_told_in_a_line(seen):
    store = seen.store
    (table,) = store.token_tables()
    rows = list(store.engine.scan(table, None, tuple(FIELDS)))
    for row in rows:
        if ":all:" in row.text("key"):
            size = len(base64.b64decode(row.text("data")))
            ruined = base64.b64encode(b"\xff" * size).decode()
            store.engine.put(table, [Row({**row.fields, "data": ruined})])
    store.tokens.close()
    with pytest.raises(StoreError, match=r"as vectors of toy-late:1 are none.*--reembed") as error:
        seen.query("red")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["lancedb", "postgresql"], indirect=True)
@pytest.mark.parametrize(("before", "again"), [("_items", 0), ("_parts1", 6)])
def test_what_an_interrupted_load_has_left_is_seen_by_nobody(
    seen, late, monkeypatch, before, again
):
    """The vectors are there, and the items not; they serve where their parts are there too."""
    put = Told.put

    def stopped(self, table, rows):
        if table.name.endswith(before):
            raise KeyboardInterrupt
        put(self, table, rows)

    monkeypatch.setattr(Told, "put", stopped)
    with pytest.raises(LoadStoppedError):
        seen.load(pictures(30), **alone(late))
    monkeypatch.undo()
    seen.store.forget()
    assert len(parts_with_many(seen)) == 30
    assert len(seen.query("red", k=50)) == len(seen) == 24
    late.images = 0
    assert seen.load(pictures(30), **alone(late)).added == 6
    assert late.images == again
    assert parts_with_many(seen) == set(parts_of(seen))
    monkeypatch.setattr(Told, "put", stopped)
    with pytest.raises(LoadStoppedError):
        seen.load(pictures(33), **alone(late))
    monkeypatch.undo()
    seen.compact()
    assert parts_with_many(seen) == set(parts_of(seen))
    assert len(seen) == 30


def parts_with_many(collection):
    store = collection.store
    return {
        row.number("part")
        for table in store.token_tables()
        for row in store.engine.scan(table, None, ("part",))
    }


def parts_of(collection):
    store = collection.store
    return [row.part for row in store.parts_of(store.numbers())]
