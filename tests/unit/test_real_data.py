"""On real data, the built-in models are at least as good as the plain method of their kind."""

from __future__ import annotations

import csv
import math

import pandas as pd
import pytest

import mmrag_jupyter as mm


def rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def baseline(shared_data, task, method):
    for row in rows(shared_data / "baselines.csv"):
        if (row["task"], row["method"]) == (task, method):
            # The file has three digits.
            return {name: float(row[name]) - 5e-4 for name in ("hit1", "recall10", "ndcg10", "mrr")}
    raise LookupError((task, method))


def measured(rankings, relevant):
    """Return the mean of each measure over the queries; recall is over min(10, relevant)."""
    totals = dict.fromkeys(("hit1", "recall10", "ndcg10", "mrr"), 0.0)
    for query, ranking in rankings.items():
        right = relevant[query]
        found = [rank for rank, item in enumerate(ranking, start=1) if item in right]
        top = [rank for rank in found if rank <= 10]
        ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(right)) + 1))
        totals["hit1"] += found[:1] == [1]
        totals["recall10"] += len(top) / min(10, len(right))
        totals["ndcg10"] += sum(1 / math.log2(rank + 1) for rank in top) / ideal
        totals["mrr"] += 1 / found[0] if found else 0
    return {name: total / len(rankings) for name, total in totals.items()}


def relevance(task):
    relevant = {}
    for row in rows(task / "qrels.csv"):
        relevant.setdefault(row["query_id"], set()).add(row["doc_id"])
    return relevant


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path)))


@pytest.mark.parametrize("name", ["dev_photo2photo", "dev_photo2product"])
def test_photos_find_photos_no_worse_than_a_colour_histogram(shared_data, session, name):
    task = shared_data / "tasks" / name
    frame = pd.DataFrame(rows(task / "corpus.csv"))
    corpus = session.load(
        frame, "corpus", id="doc_id", image="path", text="text", root=shared_data, model="builtin"
    )
    assert len(corpus) == len(frame)
    rankings = {
        query["query_id"]: corpus.query(image=shared_data / query["path"], k=len(frame)).ids
        for query in rows(task / "queries.csv")
    }
    ours, plain = measured(rankings, relevance(task)), baseline(shared_data, name, "hsv")
    assert {name: ours[name] >= plain[name] for name in plain} == dict.fromkeys(plain, True), ours


def test_questions_find_documents_no_worse_than_bm25(shared_data, session):
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 reads the documents' texts")
    task = shared_data / "tasks" / "dev_question2pdf"
    documents = []
    for row in rows(task / "corpus.csv"):
        with pdfium.PdfDocument(shared_data / row["path"]) as pdf:
            text = "\n".join(page.get_textpage().get_text_bounded() for page in pdf)
        documents.append({"doc_id": row["doc_id"], "text": text})
    frame = pd.DataFrame(documents)
    corpus = session.load(frame, "corpus", id="doc_id", text="text", model="builtin")
    rankings = {
        query["query_id"]: corpus.query(query["text"], k=len(frame)).ids
        for query in rows(task / "queries.csv")
    }
    ours = measured(rankings, relevance(task))
    plain = baseline(shared_data, "dev_question2pdf", "bm25")
    assert {name: ours[name] >= plain[name] for name in plain} == dict.fromkeys(plain, True), ours


def test_questions_find_the_files_themselves_no_worse_than_bm25(shared_data, session):
    task = shared_data / "tasks" / "dev_question2pdf"
    corpus = session.load(shared_data / "pdfs", "corpus", model="builtin")
    found = {row["query_id"]: corpus.query(row["text"], k=7) for row in rows(task / "queries.csv")}
    rankings = {
        query: [one.removesuffix(".pdf") for one in hits.ids] for query, hits in found.items()
    }
    ours = measured(rankings, relevance(task))
    plain = baseline(shared_data, "dev_question2pdf", "bm25")
    assert {name: ours[name] >= plain[name] for name in plain} == dict.fromkeys(plain, True), ours


def test_every_product_of_the_catalogue_loads_and_is_found_by_its_name(shared_data, session):
    catalog = session.load(
        shared_data / "catalog" / "products.csv", id="product_id", root=shared_data, model="builtin"
    )
    frame = catalog.items()
    assert catalog.last_load.problems == ()
    assert len(catalog) == len(frame) == 54
    found = [catalog.query(row["name"], k=3).ids for _, row in frame.iterrows()]
    assert all(row in ids for row, ids in zip(frame["product_id"], found, strict=True))


def test_pictures_of_all_formats_load(shared_data, session):
    formats = session.load(shared_data / "formats", model="builtin")
    names = {row["path"].rpartition("/")[2] for row in rows(shared_data / "formats/formats.csv")}
    assert names <= set(formats.items()["name"])
    assert formats.last_load.failed == 0
