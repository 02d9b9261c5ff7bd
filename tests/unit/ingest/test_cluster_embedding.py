"""How a load deals with its workers; these are in this process, so that no cluster is needed."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from cluster_toys import contents
from pdfs import write_pdf
from sounds import tone, write
from toys import ToyEmbedder, picture, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.ingest.cluster import embedding, worker
from mmrag_jupyter.ingest.cluster.carry import by_value, must_be_carried
from mmrag_jupyter.ingest.cluster.work import News, Wanted, packed, unpacked
from mmrag_jupyter.ingest.cluster.worker import Embedder, answer
from mmrag_jupyter.items import Media, NewPart
from mmrag_jupyter.sources.images import open_image
from mmrag_jupyter.sources.sound import read_sound

pytest.importorskip("ray")


class Nearby:
    """A link whose workers are in this process; outcomes come last first."""

    made = 0
    most = 0
    sent: list

    def __init__(self, _address, models, _waiting):
        type(self).made += 1
        self.workers = 2
        self._embedder = Embedder(models)
        self._done = []

    def offer(self, number, work):
        self.sent.extend(unpacked(work, list))
        self._done.append((number, answer(self._embedder, "", work)))
        type(self).most = max(self.most, len(self._done))

    def news(self, _patience):
        return News([self._done.pop()] if self._done else [], up=2, wanted=2)

    def close(self):
        pass


@pytest.fixture
def nearby(monkeypatch):
    monkeypatch.setattr(Nearby, "made", 0)
    monkeypatch.setattr(Nearby, "most", 0)
    monkeypatch.setattr(Nearby, "sent", [], raising=False)
    monkeypatch.setattr(embedding, "Link", Nearby)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return Nearby


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


def same(session, source, **options):
    """Load a source both ways, and return the collection of the cluster if they are equal."""
    here = session.load(source, "here", model=ToyEmbedder(), **options)
    there = session.load(source, "there", model=ToyEmbedder(), engine="ray", **options)
    found, wanted = contents(there), contents(here)
    assert found.keys() == wanted.keys() != set()
    for key, vector in wanted.items():
        np.testing.assert_allclose(found[key], vector, atol=1e-5)
    assert there.last_load.problems == here.last_load.problems
    return there


def test_what_comes_in_any_order_is_stored_like_a_local_load(session, nearby):
    frame = pd.DataFrame({"text": [f"word{n} of {n % 50}" for n in range(900)]})
    assert len(same(session, frame, text="text")) == 900
    # No more than three batches a worker are on their way at once.
    assert nearby.most <= 6


def test_a_content_that_is_there_twice_goes_out_once(session, nearby, tmp_path):
    folder = write_pictures(tmp_path / "p", ["red", "blue"])
    picture("red").save(folder / "again.png")
    same(session, folder)
    assert len(nearby.sent) == 2


def test_where_nothing_is_new_no_cluster_is_asked(session, nearby, tmp_path):
    folder = write_pictures(tmp_path / "p", ["red", "blue"])
    same(session, folder)
    report = session.load(folder, "there", model=ToyEmbedder(), engine="ray").last_load
    assert report.unchanged == 2
    assert nearby.made == 1


def test_files_that_workers_do_not_see_are_sent_to_them(session, nearby, tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "p", ["red", "blue", "green"])
    (folder / "bad.png").write_bytes(b"no picture")
    monkeypatch.setattr(worker, "_is_seen", lambda one: one.media is None or not one.media.path)
    same(session, folder)
    assert any(one.media.path for one in nearby.sent)
    assert sum(one.media.data is not None for one in nearby.sent) == 4


def test_a_file_of_another_size_on_the_worker_is_not_taken_for_it(tmp_path):
    picture("red").save(tmp_path / "a.png")
    size = (tmp_path / "a.png").stat().st_size
    media = Media(path=tmp_path / "a.png")
    assert worker._is_seen(Wanted(0, NewPart("image", b"", size=size), media))
    assert not worker._is_seen(Wanted(0, NewPart("image", b"", size=size + 1), media))
    gone = Media(path=tmp_path / "b.png")
    assert not worker._is_seen(Wanted(0, NewPart("image", b"", size=size), gone))


@pytest.mark.usefixtures("nearby")
def test_what_is_wrong_with_a_file_is_named_from_the_folder_of_the_notebook(
    session, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (write_pictures(tmp_path / "p", ["red"]) / "bad.png").write_bytes(b"no picture")
    monkeypatch.setattr("mmrag_jupyter.items.Media.__str__", lambda self: str(self.path))
    there = session.load(tmp_path / "p", "there", model=ToyEmbedder(), engine="ray")
    (problem,) = there.last_load.problems
    assert problem.reason.startswith("p/bad.png is not a picture")


@pytest.mark.usefixtures("nearby")
def test_a_model_that_fails_on_a_worker_stops_the_load_in_one_line(session):
    class Failing(ToyEmbedder):
        def embed_text(self, _texts, *, query):  # noqa: ARG002
            raise RuntimeError("no such kernel\nimage")

    frame = pd.DataFrame({"text": ["a hat"]})
    with pytest.raises(ModelError, match=r"on the cluster \(.*\): toy:1 failed") as caught:
        session.load(frame, "f", model=Failing(), engine="ray")
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("nearby")
def test_a_worker_that_says_nothing_of_a_part_stops_the_load(session, monkeypatch):
    plain = answer

    def forgetful(embedder, broken, work):
        return plain(embedder, broken, packed(unpacked(work, list)[1:]))

    monkeypatch.setitem(Nearby.offer.__globals__, "answer", forgetful)
    frame = pd.DataFrame({"text": ["one", "two", "three"]})
    with pytest.raises(ModelError, match="neither vectors nor reasons for 1 parts"):
        session.load(frame, "shop", model=ToyEmbedder(), engine="ray")


def test_another_model_embeds_again_on_the_cluster(session, nearby, tmp_path):
    folder = write_pictures(tmp_path / "p", ["red", "blue", "green"])
    (folder / "note.txt").write_text("a hat")
    session.load(folder, "p", model=ToyEmbedder())
    other = ToyEmbedder("toy:2")
    p = session.load(folder, "p", model=other, engine="ray", reembed=True)
    assert len(nearby.sent) == 4
    assert (other.images, other.texts) == (0, 0)
    assert sorted(contents(p)) == [
        ("blue.png", "image", 0),
        ("green.png", "image", 0),
        ("note.txt", "text", 0),
        ("red.png", "image", 0),
    ]
    assert [hit.id for hit in p.query(image=picture("blue"), k=1)] == ["blue.png"]


@pytest.mark.usefixtures("nearby")
def test_an_object_that_cannot_travel_is_said_so(session):
    embedder = ToyEmbedder()
    embedder.lock = threading.Lock()
    with pytest.raises(ModelError, match="cannot be sent to workers") as caught:
        session.load(pd.DataFrame({"text": ["a hat"]}), "f", model=embedder, engine="ray")
    assert "by its folder" in str(caught.value)


@pytest.mark.usefixtures("nearby")
def test_a_model_with_an_address_is_loaded_from_there(session, tmp_path):
    write_pictures(tmp_path / "p", ["red", "blue"])
    here = session.load(tmp_path / "p", "here", model="builtin")
    there = session.load(tmp_path / "p", "there", model="builtin", engine="ray")
    found, wanted = contents(there), contents(here)
    assert found.keys() == wanted.keys() != set()
    assert all(np.allclose(found[key], wanted[key], atol=1e-5) for key in wanted)


def test_a_page_that_is_carried_is_the_page_drawn_here(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["first page", "second page"])
    wanted = Wanted(3, NewPart("page", b"", path=str(path), page=2), Media(path=path, page=2))
    carried = by_value(wanted, ToyEmbedder())
    drawn = open_image(Media(path=path, page=2))
    assert open_image(carried.media).tobytes() == drawn.tobytes()
    assert (carried.key, carried.media.path) == (3, None)


def test_a_stretch_that_is_carried_sounds_the_same(tmp_path):
    path = write(tmp_path / "a.wav", tone(seconds=3.0, rate=22_050), 22_050)
    media = Media(path=path)
    wanted = Wanted(3, NewPart("audio", b"", path=str(path), start=1.0, end=2.5), media)
    carried = by_value(wanted, ToyEmbedder())
    part = carried.part
    expected = read_sound(media, rate=16_000, start=1.0, end=2.5)
    found = read_sound(carried.media, rate=16_000, start=part.start, end=part.end)
    np.testing.assert_allclose(found.samples, expected.samples, atol=1e-4)


def test_what_lies_in_this_process_or_behind_a_password_is_carried(tmp_path, monkeypatch):
    assert must_be_carried(Media(image=picture("red")))
    assert must_be_carried(Media(url="http://127.0.0.1/a.png"))
    assert not must_be_carried(Media(path=tmp_path / "a.png"))
    page = Media(path=tmp_path / "a.pdf", page=1)
    assert not must_be_carried(page)
    monkeypatch.setattr("mmrag_jupyter.sources.passwords.candidates", lambda: ["secret"])
    assert must_be_carried(page)
