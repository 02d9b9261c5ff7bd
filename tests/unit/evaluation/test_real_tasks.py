"""On real data, evaluate says what an independent count says, and what baselines make likely."""

from __future__ import annotations

import csv
import math

import pandas as pd
import pytest

import mmrag_jupyter as mm

NAMES = ["precision@1", "nDCG@10", "recall@10", "MRR", "MAP"]


def loaded(shared_data, tmp_path, task):
    folder = shared_data / "tasks" / task
    session = mm.Session(mm.Config(root=str(tmp_path)))
    corpus = pd.read_csv(folder / "corpus.csv", keep_default_na=False)
    made = session.load(
        corpus, task, id="doc_id", image="path", text="text", root=shared_data, model="builtin",
        progress=False,
    )  # fmt: skip
    judged = pd.read_csv(folder / "qrels.csv").merge(pd.read_csv(folder / "queries.csv"))
    return made, judged


def means(evaluation, setting=None):
    frame = evaluation.to_pandas()
    frame = frame[
        (frame["setting"] == (setting or evaluation.settings[0])) & (frame["slice"] == "")
    ]
    return frame.set_index("measure")[["mean", "low", "high"]]


def counted(rankings, relevant):
    """Return each measure by its definition, over the whole ranking, all relevance being 1."""
    totals = dict.fromkeys(NAMES, 0.0)
    for query, right in relevant.items():
        found = [rank for rank, item in enumerate(rankings[query], start=1) if item in right]
        top = [rank for rank in found if rank <= 10]
        ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(right)) + 1))
        totals["precision@1"] += 1 in found
        totals["nDCG@10"] += sum(1 / math.log2(rank + 1) for rank in top) / ideal
        totals["recall@10"] += len(top) / len(right)
        totals["MRR"] += 1 / found[0] if found else 0
        totals["MAP"] += sum(at / rank for at, rank in enumerate(found, 1)) / len(right)
    return {name: total / len(relevant) for name, total in totals.items()}


def baseline(shared_data, task, method):
    with (shared_data / "baselines.csv").open(encoding="utf-8") as file:
        row = next(r for r in csv.DictReader(file) if (r["task"], r["method"]) == (task, method))
    columns = ("hit1", "ndcg10", "recall10", "mrr", "map")
    return {name: float(row[own]) for name, own in zip(NAMES, columns, strict=True)}


@pytest.mark.parametrize("task", ["dev_photo2photo", "dev_photo2product"])
def test_photos_are_measured_as_an_independent_count_measures_them(shared_data, tmp_path, task):
    collection, judged = loaded(shared_data, tmp_path, task)
    evaluation = collection.evaluate(judged, measures=NAMES, compare="chance")
    relevant = judged.groupby("query_id")["doc_id"].agg(set).to_dict()
    expected = counted(evaluation.runs[0].rankings, relevant)
    ours = means(evaluation)
    for name in NAMES:
        assert abs(ours["mean"][name] - expected[name]) < 1e-9
    # The ranking is the one of a query, as deep as it goes.
    first = judged.iloc[0]
    hits = collection.query(image=shared_data / first["path"], k=10)
    assert evaluation.runs[0].rankings[first["query_id"]][:10] == hits.ids
    # The figures of a plain histogram, measured by others, lie below ours; those of chance
    # are such as ours of chance, and the difference to it is no accident.
    assert (ours["mean"] >= pd.Series(baseline(shared_data, task, "hsv"))).all()
    chance = means(evaluation, "chance")
    random = baseline(shared_data, task, "random")
    assert abs(chance["mean"]["nDCG@10"] - random["nDCG@10"]) < 0.05
    frame = evaluation.to_pandas()
    assert (frame[frame["setting"] == "chance"]["difference_high"] < 0).all()


def test_words_for_photos_alone_find_nothing_and_the_reason_is_said(shared_data, tmp_path):
    collection, judged = loaded(shared_data, tmp_path, "dev_text2photo")
    evaluation = collection.evaluate(judged, measures=NAMES)
    assert (means(evaluation)["mean"] == 0).all()
    told = " ".join(evaluation.notices)
    assert "47 of 47 queries found nothing at all" in told
    assert "Nothing here reads words" in told


def test_questions_to_documents_are_where_bm25_was(shared_data, tmp_path):
    folder = shared_data / "tasks" / "dev_question2pdf"
    corpus = pd.read_csv(folder / "corpus.csv")
    session = mm.Session(mm.Config(root=str(tmp_path)))
    reports = session.load(
        [str(shared_data / path) for path in corpus["path"]], "reports", model="builtin",
        progress=False,
    )  # fmt: skip
    judged = pd.read_csv(folder / "qrels.csv").merge(pd.read_csv(folder / "queries.csv"))
    names = {item.rpartition("/")[2].removesuffix(".pdf"): item for item in reports.store.ids()}
    judged["item"] = judged["doc_id"].map(names)
    evaluation = reports.evaluate(judged, measures=NAMES, id="item", by="question_type")
    bm25 = baseline(shared_data, "dev_question2pdf", "bm25")
    ours = means(evaluation)
    for name in NAMES:
        assert ours["mean"][name] >= bm25[name] - 5e-4  # the file has three digits
        assert ours["low"][name] <= bm25[name] <= ours["high"][name] + 1e-9
    assert len(evaluation.slices) == 3
