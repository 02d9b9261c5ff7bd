"""A change of models that is stopped or killed in the middle: nothing is wrong, and it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from llama_index.core.vector_stores.types import VectorStoreQuery
from toys import ToyEmbedder, words_vector

import mmrag_jupyter as mm
from mmrag_jupyter.errors import LoadStoppedError

ROWS = 40
BATCH = 8
TESTS = Path(__file__).parents[1]
WORDS = "amber beige coral denim ebony fawn green hazel ivory jade".split()  # noqa: SIM905 - words


class Turned(ToyEmbedder):
    """Another model of as many numbers, none of whose vectors means anything to the first.

    It stops, as by Ctrl-C, when it has embedded `most` texts.
    """

    batch_size = BATCH

    def __init__(self, most=10**9, name="turned:1"):
        super().__init__(name)
        self.most = most

    def embed_text(self, texts, *, query):
        if not query and self.texts >= self.most:
            self.stop()
        return np.roll(super().embed_text(texts, query=query), 7, axis=1)

    def stop(self):
        raise KeyboardInterrupt


class Killed(Turned):
    def stop(self):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def frame():
    titles = [f"{WORDS[at % 10]} {WORDS[at // 10]} coat {at}" for at in range(ROWS)]
    return pd.DataFrame({"title": titles}, index=[f"i{at}" for at in range(ROWS)])


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "root")))


@pytest.fixture
def coats(session, frame):
    return session.load(frame, "coats", text="title", model=ToyEmbedder())


def answers(collection, frame):
    """Return what queries find, with every signal's score: all of what a model has made."""
    hits = [collection.query(title, k=6) for title in frame["title"][::7]]
    return [[(hit.id, hit.why) for hit in found] for found in hits]


def told(collection):
    return dict(collection.info().rows).get("reembedding")


def stopped_at(session, frame, most):
    with pytest.raises(LoadStoppedError, match=f"Stopped after {most} of {ROWS} parts"):
        session.load(frame, "coats", text="title", model=Turned(most), reembed=True)


def test_a_stopped_change_of_models_leaves_the_results_as_they_were(session, frame, coats):
    query = VectorStoreQuery(
        query_embedding=words_vector(frame["title"].iloc[30]).tolist(), similarity_top_k=ROWS
    )
    before, nearest = answers(coats, frame), coats.vector_store.query(query).similarities
    stopped_at(session, frame, 2 * BATCH)
    assert answers(coats, frame) == before
    assert coats.vector_store.query(query).similarities == nearest
    assert coats.summary()["models"] == "text: toy:1"


def test_info_tells_how_far_it_is_and_the_command_that_goes_on(session, frame, coats):
    assert told(coats) is None
    stopped_at(session, frame, 2 * BATCH)
    assert told(coats) == (
        "24 of 40 parts have no vector of turned:1 yet, until then the models above serve; "
        "go on with %mmrag load coats … --in coats --model MODEL --reembed"
    )
    assert "24 of 40 parts" in coats.info()._repr_mimebundle_()["text/plain"]


def test_the_same_command_embeds_only_the_rest_and_changes_over(session, frame, coats):
    stopped_at(session, frame, 2 * BATCH)
    other = Turned()
    session.load(frame, "coats", text="title", model=other, reembed=True)
    assert other.texts == ROWS - 2 * BATCH
    assert told(coats) is None
    assert coats.summary()["models"] == "text: turned:1"
    assert [spec.name for spec in coats.models()] == ["turned:1"]
    fresh = mm.Session(mm.Config(root=str(session.root.parent / "fresh")))
    assert answers(coats, frame) == answers(
        fresh.load(frame, "coats", text="title", model=Turned()), frame
    )


def test_a_load_in_between_keeps_what_the_change_has_made(session, frame, coats):
    stopped_at(session, frame, 2 * BATCH)
    more = pd.concat([frame, pd.DataFrame({"title": ["khaki rain coat"]}, index=["new"])])
    more.loc["i3", "title"] = "lilac coat"
    assert coats.load(more.drop(index="i0"), key="table:coats", text="title").added == 1
    assert coats.query("khaki")[0].id == "new"
    assert told(coats).startswith("26 of 40 parts")
    other = Turned()
    session.load(more.drop(index="i0"), "coats", text="title", model=other, reembed=True)
    assert other.texts == 26
    assert coats.query("lilac")[0].id == "i3"


def test_going_back_to_the_old_model_gives_the_change_up(session, frame, coats):
    before = answers(coats, frame)
    stopped_at(session, frame, 2 * BATCH)
    again = ToyEmbedder()
    session.load(frame, "coats", text="title", model=again, reembed=True)
    assert again.texts == 0
    assert told(coats) is None
    assert [spec.name for spec in coats.models()] == ["toy:1"]
    assert answers(coats, frame) == before


def test_a_third_model_takes_the_place_of_the_second(session, frame, coats):
    stopped_at(session, frame, 2 * BATCH)
    third = Turned(name="third:1")
    session.load(frame, "coats", text="title", model=third, reembed=True)
    assert third.texts == ROWS
    assert [spec.name for spec in coats.models()] == ["third:1"]


CHILD = """
import sys
sys.path[:0] = [{tests!r}, {unit!r}]
import pandas as pd
import mmrag_jupyter as mm
from test_reembed import Killed

mm.Session(mm.Config(root={root!r})).load(
    pd.read_pickle({frame!r}), "coats", text="title", model=Killed(24), reembed=True)
"""


def test_a_killed_change_of_models_leaves_the_results_and_goes_on(tmp_path, session, frame, coats):
    before = answers(coats, frame)
    coats.close()
    frame.to_pickle(tmp_path / "frame.pkl")
    child = CHILD.format(
        tests=str(TESTS),
        unit=str(TESTS / "unit"),
        root=str(session.root),
        frame=str(tmp_path / "frame.pkl"),
    )
    ended = subprocess.run([sys.executable, "-c", child], check=False)
    assert ended.returncode == -signal.SIGKILL

    later = mm.Session(session.config)
    found = later.open("coats", model=ToyEmbedder())
    assert answers(found, frame) == before
    assert told(found).startswith("16 of 40 parts")
    other = Turned()
    assert later.load(frame, "coats", text="title", model=other, reembed=True) is found
    assert other.texts == 16
    assert told(found) is None
    assert found.query(frame["title"].iloc[5])[0].id == "i5"
