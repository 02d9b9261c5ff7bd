"""`%mmrag eval` as a notebook runs it."""

from __future__ import annotations

import pytest

QRELS = """
qrels = pd.DataFrame({
    "query": ["running shoes", "running shoes", "sun hat", "rain jacket", "rain jacket"],
    "sku": ["A-1", "A-2", "B 3", "A-2", "nowhere"],
    "relevance": [2, 0, 1, 1, 1],
    "season": ["all", "all", "summer", "autumn", "autumn"],
})
"""


@pytest.fixture(scope="module")
def judged(kernel):
    kernel.ok(QRELS)
    return kernel


def test_judgements_in_a_dataframe_are_measured_and_shown(judged):
    ran = judged.ok("evaluation = %mmrag eval qrels\nevaluation")
    html, text = ran.result["text/html"], ran.text
    assert "products: 3 queries of the dataframe" in text
    assert "query = 'query', id = 'sku', relevance = 'relevance'" in text
    assert "1 judged item of 4 not in the collection and ignored: 'nowhere'" in text
    assert "nDCG@10" in html
    assert "data:image/png;base64," in html
    assert "<script" not in html
    assert "<svg" not in html
    means = judged.ok("dict(evaluation.to_pandas().set_index('measure')['mean'])").text
    assert "'MRR': 1.0" in means.replace("np.float64(1.0)", "1.0")
    assert judged.ok("len(evaluation.per_query), len(evaluation.worst(2))").text == "(3, 2)"
    assert judged.ok("type(evaluation.worst(1)[0]).__name__").text == "'Hits'"


def test_progress_is_shown_and_goes_when_the_result_is_there(judged):
    ran = judged.ok("%mmrag eval qrels")
    first, last = ran.displays[0][2], ran.displays[-1][2]
    assert "<progress" in first["text/html"]
    assert "evaluating products" in first["text/plain"]
    assert last["text/html"] == ""


def test_slices_and_comparisons_stand_side_by_side(judged):
    ran = judged.ok(
        "%mmrag eval qrels --by season --compare lexical=0 --compare chance --measures MRR,r@1"
    )
    for word in ("summer", "autumn", "lexical=0", "chance", "recall@1"):
        assert word in ran.text
    by_item = judged.ok("%mmrag eval qrels --by price -k 2")
    assert "120" in by_item.text
    assert "nDCG@2" in by_item.text


def test_another_collection_of_the_same_items_is_compared_by_its_name(judged):
    judged.ok("%mmrag load products --as twin --text title --model builtin --id price")
    ran = judged.run("%mmrag eval qrels --in products --compare twin")
    assert "'twin' has none of the 3 relevant items" in "\n".join(ran.error["traceback"])
    judged.ok("%mmrag load products --as sister --text title --model builtin")
    ran = judged.ok("%mmrag eval qrels --in products --compare sister --compare 'sister'")
    assert "sister (2)" in ran.text
    judged.ok("%mmrag use products")


def test_the_collections_own_pairs_are_measured_in_both_directions(judged):
    ran = judged.ok("%mmrag eval --pairs")
    assert "text → picture" in ran.text
    assert "picture → text" in ran.text
    assert "no text finds itself" in ran.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("eval", "Say by what to measure"),
        ("eval qrels --by seasn", "Did you mean 'season'?"),
        ("eval qrels --compare prodcts", "Did you mean 'products'?"),
        ("eval qrels --compare txt=2", "Did you mean 'text'?"),
        ("eval qrels --relevance season", "The relevance of row 1 is 'all'"),
        ("eval qrels --measures ndgc@10", "Unknown measure 'ndgc@10'"),
        ("eval --from feedback", "has no thumbs yet"),
        ("eval --from panel", "--from is one of feedback"),
        ("eval qrel", "Did you mean 'qrels'?"),
        ("eval pictures", "pictures"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(judged, line, said):
    ran = judged.run(f"%mmrag {line}")
    assert ran.status == "error"
    told = "\n".join(ran.error.get("traceback", [])) + ran.stderr
    assert said in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1


def test_columns_and_comparisons_are_completed(judged):
    assert judged.complete("%mmrag eval qrels --by se|") == ["%mmrag eval qrels --by season"]
    assert judged.complete("%mmrag eval qrels --by pri|") == ["%mmrag eval qrels --by price"]
    assert "%mmrag eval --compare chance" in judged.complete("%mmrag eval --compare ch|")
    assert judged.complete("%mmrag eval --compare pict|") == ["%mmrag eval --compare pictures"]


SLOW = """
import time
from mmrag_jupyter.search import engine
class Slow(engine.Search):
    def best(self, k):
        print("asked", flush=True)
        time.sleep(0.05)
        return super().best(k)
plain, engine.Search = engine.Search, Slow
"""


def test_an_interrupt_leaves_what_was_measured_so_far(judged):
    judged.ok(SLOW)
    judged.ok("many = pd.concat([qrels.assign(query=f'shoes {n}') for n in range(400)])")
    try:
        ran = judged.run("partial = %mmrag eval many\npartial", interrupt_at="asked")
        if ran.status == "error":  # before the first query was done
            assert "Stopped before one query" in "\n".join(ran.error["traceback"])
        else:
            assert "the figures are of these" in ran.text
    finally:
        judged.ok("engine.Search = plain")
    assert "MRR" in judged.ok("%mmrag eval qrels").text
