"""Reranking: texts in the order that a cross-encoder gives them, pictures where they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pdfs import write_pdf
from toys import ToyEmbedder, picture, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError, QueryError
from mmrag_jupyter.models import rerank as models
from mmrag_jupyter.search import rerank


class Longest:
    """A cross-encoder that likes long passages, and remembers what it was asked."""

    modalities = ("text",)
    num_labels = 1

    def __init__(self):
        self.pairs = []

    def predict(self, pairs, **_):
        self.pairs += pairs
        return np.array([len(passage) for _, passage in pairs], np.float32)


@pytest.fixture
def longest(monkeypatch):
    model = Longest()
    monkeypatch.setattr(models, "reranker", lambda given: models.Reranker(str(given), model))
    return model


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session()


@pytest.fixture
def texts(session):
    frame = pd.DataFrame(
        {"text": [f"shoe {'very ' * n}red number {n}" for n in range(30)], "price": range(30)}
    )
    return session.load(frame, "texts", model=ToyEmbedder(), progress=False)


def test_the_reranker_orders_the_first_texts(texts, longest):
    hits = texts.query("red shoe", k=5, rerank="longest")
    assert hits.ids == ["29", "28", "27", "26", "25"]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert {question for question, _ in longest.pairs} == {"red shoe"}


def test_the_why_tells_of_it_and_scores_fall(texts, longest):
    hits = texts.query("red shoe", k=5, rerank="longest")
    assert longest.pairs
    first = hits[0].why[0]
    assert (first.signal, first.rank) == ("rerank", 1)
    assert first.share == pytest.approx(0.5)
    assert first.score == len(hits[0].text)
    assert sum(why.share for why in hits[0].why) == pytest.approx(1)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert "rerank" in hits.to_pandas()["why"].iloc[0]


def test_the_condition_and_the_number_of_hits_hold(texts, longest):
    hits = texts.query("red shoe", k=3, where="price < 10", rerank="longest")
    assert hits.ids == ["9", "8", "7"]
    assert len(longest.pairs) == 10


def test_no_more_than_so_many_items_are_read(session, longest):
    frame = pd.DataFrame({"text": [f"red {n}" for n in range(rerank.RERANKED + 40)]})
    made = session.load(frame, "many", model=ToyEmbedder(), progress=False)
    hits = made.query("red", k=rerank.RERANKED + 20, rerank="longest")
    assert len(longest.pairs) == rerank.RERANKED
    assert len(hits) == rerank.RERANKED + 20
    assert all(why.signal != "rerank" for why in hits[-1].why)


def test_pictures_keep_their_places(session, longest):
    frame = pd.DataFrame(
        {
            "text": ["red", None, "red and a longer text", None, "red, and the longest of texts"],
            "photo": [None, picture("red"), None, picture("green"), None],
        }
    )
    made = session.load(
        frame, "mixed", model=ToyEmbedder(), text="text", image="photo", progress=False
    )
    asked = {"image": picture("red"), "k": 5, "weights": {"image": 3}}
    before = made.query("red", **asked)
    after = made.query("red", **asked, rerank="longest")
    assert before.ids[0] == "1"
    assert sorted(after.ids) == sorted(before.ids)
    for place, item in enumerate(before.ids):
        if item in {"1", "3"}:
            assert after.ids[place] == item
    assert [one for one in after.ids if one not in {"1", "3"}] == ["4", "2", "0"]
    assert len(longest.pairs) == 3


class Reader(Longest):
    """A cross-encoder that sees, too, and likes pictures of pages that are dark."""

    modalities = ("text", "image")

    def predict(self, pairs, **_):
        self.pairs += [passage.get("image") or passage["text"] for _, passage in pairs]
        return np.array([0 if isinstance(one, str) else -_ink(one) for one in self.pairs])[
            -len(pairs) :
        ]


def _ink(image):
    return float(np.asarray(image.convert("L")).mean())


@pytest.fixture
def papers(session, tmp_path):
    folder = tmp_path / "papers"
    for name, lines in (("light", 1), ("middle", 10), ("dark", 40)):
        write_pdf(folder / f"{name}.pdf", ["Contents", "\n".join(["red shoes"] * lines)])
    write_pictures(folder, ["red"])
    return session.load(folder, "papers", model=ToyEmbedder(), progress=False)


def test_a_model_that_sees_reads_pages_as_pictures_and_leaves_photos(papers, monkeypatch):
    reader = Reader()
    monkeypatch.setattr(models, "reranker", lambda given: models.Reranker(str(given), reader))
    before = papers.query("red shoes", k=4).ids
    hits = papers.query("red shoes", k=4, rerank="reader")
    assert sorted(hits.ids) == sorted(before)
    assert hits.ids.index("red.png") == before.index("red.png")
    # Those that were found by their words are read as pictures too, each page once.
    assert [one for one in hits.ids if one != "red.png"] == ["light.pdf", "middle.pdf", "dark.pdf"][
        ::-1
    ]
    assert all(one.size == reader.pairs[0].size for one in reader.pairs)
    assert min(reader.pairs[0].size) >= 1000
    photo = next(hit for hit in hits if hit.id == "red.png")
    assert all(why.signal != "rerank" for why in photo.why)


def test_a_page_found_by_its_looks_is_read_by_its_words_where_nothing_sees(longest, papers):
    hits = papers.query("red shoes", k=4, modality="page", rerank="longest")
    assert hits.ids[0] == "dark.pdf"
    assert all("red shoes" in passage or "Contents" in passage for _, passage in longest.pairs)


def test_a_page_that_cannot_be_drawn_is_read_by_its_words(papers, tmp_path, monkeypatch):
    reader = Reader()
    monkeypatch.setattr(models, "reranker", lambda given: models.Reranker(str(given), reader))
    (tmp_path / "papers/dark.pdf").unlink()
    hits = papers.query("red shoes", k=4, rerank="reader")
    assert len(hits) == 4
    assert any(isinstance(one, str) for one in reader.pairs)


def test_a_real_model_that_sees_reads_pages(papers, tiny_seeing_reranker_folder):
    hits = papers.query("red shoes", k=4, rerank=tiny_seeing_reranker_folder)
    raw = [why.score for hit in hits for why in hit.why if why.signal == "rerank"]
    assert len(raw) == 3
    assert raw == sorted(raw, reverse=True)


def test_a_real_cross_encoder_keeps_the_same_hits(texts, tiny_reranker_folder):
    plain = texts.query("red shoe", k=30)
    hits = texts.query("red shoe", k=30, rerank=tiny_reranker_folder)
    assert sorted(hits.ids) == sorted(plain.ids)
    raw = [hit.why[0].score for hit in hits]
    assert raw == sorted(raw, reverse=True)


def test_it_needs_words_and_a_model_that_is_there(texts):
    with pytest.raises(QueryError, match="A reranker reads a text"):
        texts.query(like="3", rerank="nobody/ranker")
    with pytest.raises(ModelError, match="there is no reranker 'nobody/ranker'"):
        texts.query("red", rerank="nobody/ranker")


def test_an_interrupt_leaves_the_collection_as_it_was(texts, monkeypatch):
    class Interrupted(Longest):
        def predict(self, *_, **__):
            raise KeyboardInterrupt

    monkeypatch.setattr(models, "reranker", lambda _: models.Reranker("x", Interrupted()))
    with pytest.raises(KeyboardInterrupt):
        texts.query("red shoe", rerank="x")
    assert texts.query("red shoe", k=3)


@pytest.mark.usefixtures("texts")
def test_the_command_takes_a_model(longest, session):
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.notebook.parser import parse

    parsed = parse("query red shoe --rerank longest -k 2", None)
    hits = parsed.command.run(session, parsed.arguments, Namespace({}))
    assert hits.ids == ["29", "28"]
    assert longest.pairs


def test_an_answer_is_quoted_from_what_was_reranked(texts, longest):
    ids = texts.query("red shoe", k=3, rerank="longest").ids
    asked = len(longest.pairs)
    answer = texts.ask("red shoe", k=3, rerank="longest")
    assert answer.hits.ids == ids != texts.ask("red shoe", k=3).hits.ids
    assert texts.chat("red shoe", k=3, rerank="longest").hits.ids == ids
    assert len(longest.pairs) > asked
