"""On real photos, what the built-in model learns of words helps on products it has not seen."""

from __future__ import annotations

import csv
import math

import pandas as pd
import pytest

import mmrag_jupyter as mm

FOLDS = 3


def table(path):
    with path.open(encoding="utf-8") as file:
        return pd.DataFrame(list(csv.DictReader(file)))


def ndcg(ranking, right):
    gains = [1 / math.log2(rank + 1) for rank, one in enumerate(ranking[:10], 1) if one in right]
    return sum(gains) / sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(right)) + 1))


def by_chance(pool, right):
    """Return what nDCG@10 is on average where the photos are drawn."""
    share = len(right) / len(pool)
    places = range(1, min(10, len(pool)) + 1)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(right)) + 1))
    return share * sum(1 / math.log2(rank + 1) for rank in places) / ideal


@pytest.mark.slow
def test_descriptions_find_photos_of_products_that_were_held_out_of_tuning(shared_data, tmp_path):
    task = shared_data / "tasks" / "dev_text2photo"
    photos = table(task / "corpus.csv")[["doc_id", "path"]]
    queries = table(task / "queries.csv")[["query_id", "text"]]
    judged = table(task / "qrels.csv").merge(queries, on="query_id")
    judged = judged.astype({"relevance": float})
    collection = mm.Session(mm.Config(root=str(tmp_path))).load(
        photos, "photos", id="doc_id", image="path", root=shared_data, model="builtin"
    )
    plain = [collection.query(text, k=len(photos)).ids for text in queries["text"]]
    texts = dict(zip(queries["query_id"], queries["text"], strict=True))
    found, chance = [], []
    for fold in range(FOLDS):
        held = set(queries["query_id"][fold::FOLDS])
        # Photos of the products that are held out are in no pair that is learnt from.
        taught = judged[~judged["query_id"].isin(held)]
        pool = set(judged["doc_id"]) - set(taught["doc_id"])
        tuning = collection.tune(taught, query="text", id="doc_id", relevance="relevance")
        if not tuning.applied:
            assert tuning.reason.startswith("Left as it was")
            continue
        assert tuning.changes[0].difference.low > 0
        for query in held:
            right = set(judged.loc[judged["query_id"] == query, "doc_id"])
            ranked = collection.query(texts[query], k=len(photos)).ids
            found.append(ndcg([one for one in ranked if one in pool], right))
            chance.append(by_chance(pool, right))
        collection.tune(undo=True)
    assert [collection.query(text, k=len(photos)).ids for text in queries["text"]] == plain
    if found:
        assert sum(found) > 1.5 * sum(chance), (sum(found) / len(found), sum(chance) / len(chance))
