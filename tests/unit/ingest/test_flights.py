"""Batches under way: begun before the last one has landed, and never more than the device has."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from toys import DIM, ToyEmbedder, picture_vector, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.ingest import embed, reading
from mmrag_jupyter.ingest.run import Run

COLOURS = ["red", "green", "blue", "yellow", "black", "white", "navy", "olive", "teal", "pink"]


class Flying(ToyEmbedder):
    """Begins a batch, and is done with it when it is waited for, as a GPU is."""

    batch_size = 2

    def __init__(self, fails=""):
        super().__init__()
        self.fails = fails
        self.course = []
        self.begun = 0

    def prepare_image(self, image):
        return picture_vector(image)

    def embed_prepared(self, prepared):
        return self.start_prepared(prepared)()

    def start_prepared(self, prepared):
        self.begun += 1
        number = self.begun
        self.course.append(f"begin {number}")
        if self.fails == "begin" and number == 3:
            raise RuntimeError("the device is gone")

        def wait():
            self.course.append(f"land {number}")
            if self.fails == "land" and number == 2:
                raise RuntimeError("the device is gone")
            return np.stack(prepared)

        return wait


class Rehearsing(ToyEmbedder):
    """Wants to know of the first batch of a load, and has something to say about it."""

    def __init__(self):
        super().__init__(modalities=("text", "image"))
        self.rehearsals = []
        self.remarks = ()

    def rehearse(self, modality, inputs):
        assert self.texts == 0 or modality == "image"
        self.rehearsals.append((modality, len(inputs)))
        self.remarks = ("It runs as slowly as it can.",)


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "root")))


@pytest.fixture
def photos(tmp_path):
    return write_pictures(tmp_path / "photos", COLOURS)


def test_a_batch_is_begun_before_the_last_has_landed(session, photos):
    model = Flying()
    collection = session.load(photos, model=model, progress=False)
    assert model.course == ["begin 1", "begin 2", "land 1", "begin 3", "land 2", "begin 4",
                            "land 3", "begin 5", "land 4", "land 5"]  # fmt: skip
    assert len(collection) == len(COLOURS)


def test_every_picture_gets_its_own_vector_whichever_batch_it_flew_in(session, photos):
    collection = session.load(photos, model=Flying(), progress=False)
    for colour in COLOURS:
        hit = collection.query(image=photos / f"{colour}.png", k=1)[0]
        assert hit.id == f"{colour}.png"
        assert hit.parts[0].score == pytest.approx(1, abs=1e-3)


def test_the_device_goes_on_while_what_is_ready_is_committed(session, photos, monkeypatch):
    monkeypatch.setattr(reading, "FIRST_CHUNK", 4)
    monkeypatch.setattr(reading, "LARGEST_CHUNK", 4)
    model = Flying()
    real = Run._commit

    def commit(run, chunk):
        model.course.append(f"commit {len(chunk.items)}")
        real(run, chunk)

    monkeypatch.setattr(Run, "_commit", commit)
    session.load(photos, model=model, progress=False)
    assert model.course == ["begin 1", "begin 2", "land 1", "begin 3", "land 2", "commit 4",
                            "begin 4", "land 3", "begin 5", "land 4", "commit 4", "land 5",
                            "commit 2"]  # fmt: skip


def test_what_was_ready_is_committed_when_the_next_batch_fails(session, photos, monkeypatch):
    monkeypatch.setattr(reading, "FIRST_CHUNK", 4)
    with pytest.raises(ModelError, match="the device is gone"):
        session.load(photos, "photos", model=Flying("begin"), progress=False)
    assert len(session.open("photos", model=Flying())) == 4


@pytest.mark.parametrize("fails", ["begin", "land"])
def test_a_device_that_fails_is_an_error_in_one_line_and_the_next_load_goes_on(
    session, photos, fails
):
    model = Flying(fails)
    collection = session.load(photos / "red.png", "photos", model=model, progress=False)
    with pytest.raises(ModelError, match=r"^toy:1 failed on 2 images: RuntimeError: the device"):
        collection.load(photos, progress=False)
    model.fails = ""
    report = collection.load(photos, progress=False)
    assert report.added + report.unchanged == len(COLOURS)
    assert report.failed == 0


def test_what_was_under_way_when_a_run_failed_is_not_landed_in_the_next():
    model = Flying()
    embedding = embed.Embedding(None, {"image": (1, model)}, lambda *_: None)
    embedding._under_way.append(embed._Flight((), lambda: pytest.fail("of a run before")))
    assert list(embedding.run([], None)) == []
    assert not embedding._under_way


def test_an_embedder_is_told_of_the_first_batch_once_and_what_it_says_is_shown(session):
    frame = pd.DataFrame({"title": [f"cup {at}" for at in range(600)]})
    model = Rehearsing()
    collection = session.load(frame, "cups", model=model, text="title", progress=False)
    assert model.rehearsals == [("text", 64)]
    assert "It runs as slowly as it can." in collection.last_load.notices
    assert "as slowly as it can" in collection.last_load._repr_mimebundle_()["text/plain"]


def test_texts_of_a_chunk_are_embedded_by_length_and_keep_their_own_vectors(session, monkeypatch):
    monkeypatch.setattr(embed, "TEXTS_AT_ONCE", 4)
    seen = []

    class Watching(ToyEmbedder):
        def embed_text(self, texts, *, query):
            if not query:
                seen.append([len(text) for text in texts])
            return super().embed_text(texts, query=query)

    titles = [f"{'word ' * (1 + at * 7 % 10)}t{at}" for at in range(12)]
    frame = pd.DataFrame({"title": titles})
    collection = session.load(frame, "titles", model=Watching(modalities=("text",)), progress=False)
    lengths = [length for batch in seen for length in batch]
    assert lengths == sorted(lengths)
    for at, title in enumerate(titles):
        assert collection.query(title, k=1, weights={"lexical": 0}).ids == [str(at)]


def test_a_load_that_finds_nothing_new_asks_the_model_for_nothing(session, photos):
    session.load(photos, model=Flying(), progress=False)

    class Sleeping(Flying):
        @property
        def image_edge(self):
            raise AssertionError("only a loaded model knows")

        batch_size = image_edge

    again = mm.Session(session.config).open("photos", model=Sleeping())
    assert again.load(photos, progress=False).unchanged == len(COLOURS)


def test_the_window_follows_the_batches_as_they_grow():
    model = SimpleNamespace(batch_size=4, dim=DIM)
    embedding = embed.Embedding(None, {"image": (1, model)}, lambda *_: None)
    picture = embed._Picture(None, [], None, 1, model)
    assert embedding._weight(picture) == 1
    assert embedding._room() == 8
    model.batch_size = 16
    assert embedding._room() == 32
