"""A collection is measured as it answers, beside other settings, slice by slice."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sounds import RATE, tone, write
from toys import ToyEmbedder, picture

from mmrag_jupyter.errors import NotFoundError, QueryError, StoppedError
from mmrag_jupyter.evaluation import running
from mmrag_jupyter.search import engine
from mmrag_jupyter.store import tuned

QRELS = pd.DataFrame({
    "query": ["red shoe", "green hat", "warm coat", "coat", "hat"],
    "id": ["red", "green", "blue", "blue", "red"],
    "season": ["summer", "summer", "winter", "winter", "winter"],
})  # fmt: skip


def row(evaluation, measure="MRR", setting=None, part=""):
    frame = evaluation.to_pandas()
    chosen = (frame["measure"] == measure) & (frame["slice"] == part)
    chosen &= frame["setting"] == (setting or evaluation.settings[0])
    return frame[chosen].iloc[0]


def test_the_figures_are_those_of_the_queries_that_a_user_would_ask(shop):
    evaluation = shop.evaluate(QRELS, k=3)
    expected = []
    for query, item in zip(QRELS["query"], QRELS["id"], strict=True):
        ids = shop.query(query, k=3).ids
        assert evaluation.runs[0].rankings[query][:3] == ids
        expected.append(float(item in ids))
    assert row(evaluation, "recall@3")["mean"] == np.mean(expected)
    frame = evaluation.per_query
    assert frame["recall@3"].tolist() == expected
    assert frame["query"].tolist() == QRELS["query"].tolist()
    assert frame["first_rank"].iloc[0] == 1
    assert (frame["ms"] > 0).all()


def test_what_is_seen_first_stays_first_however_deep_the_ranking_goes(shop, monkeypatch):
    best = engine.Search.best

    def turned(self, k):
        found = best(self, k)
        return found if k == 2 else replace(found, items=found.items[::-1])

    monkeypatch.setattr(engine.Search, "best", turned)
    evaluation = shop.evaluate(QRELS, k=2)
    (ranking, *_) = evaluation.runs[0].rankings.values()
    assert ranking[:2] == shop.query("red shoe", k=2).ids
    assert len(ranking) == len(set(ranking)) == 5


def test_pictures_are_asked_with(shop):
    frame = pd.DataFrame({"photo": [picture("red"), picture("blue")], "id": ["red", "blue"]})
    # The toy's texts and pictures lie in the same directions by chance.
    assert row(shop.evaluate(frame, weights={"text": 0}))["mean"] == 1.0


def test_settings_stand_side_by_side_with_their_differences(shop):
    evaluation = shop.evaluate(QRELS, compare=["lexical=0,text=0", "chance"], seed=3)
    assert evaluation.settings == ("shop", "lexical=0,text=0", "chance")
    base, other = row(evaluation), row(evaluation, setting="lexical=0,text=0")
    assert math.isclose(other["difference"], other["mean"] - base["mean"])
    assert other["difference_low"] <= other["difference"] <= other["difference_high"]
    assert math.isnan(base["difference"])
    again = shop.evaluate(QRELS, compare=["lexical=0,text=0", "chance"], seed=3)
    timeless = [one for one in again.to_pandas().columns if not one.endswith("_ms")]
    pd.testing.assert_frame_equal(again.to_pandas()[timeless], evaluation.to_pandas()[timeless])


def test_chance_is_what_it_says(shop):
    many = pd.concat([QRELS.assign(query=f"q{n}") for n in range(200)])
    many["query"] += many["id"]
    evaluation = shop.evaluate(many, compare="chance", k=1)
    # One of five items is right, and each place is as likely.
    assert abs(row(evaluation, "recall@1", "chance")["mean"] - 0.2) < 0.06
    assert all(map(math.isnan, evaluation.latency("chance")))


def test_another_collection_of_the_same_items_can_be_compared(shop, session, things):
    session.load(things, "words", text="title", image="photo", model="builtin", progress=False)
    other = session.collection("words")
    evaluation = shop.evaluate(QRELS, compare=other)
    assert evaluation.settings == ("shop", "words")
    assert evaluation.runs[1].rankings["red shoe"] == other.query("red shoe", k=10).ids
    some = session.load(things.iloc[:2], "some", text="title", model="builtin", progress=False)
    told = " ".join(shop.evaluate(QRELS, compare=some).notices)
    assert "1 relevant item of 3 is not in 'some' and counts there as not found: 'blue'" in told
    none = session.load(
        things.rename(index=str.upper), "none", text="title", model="builtin", progress=False
    )
    with pytest.raises(NotFoundError, match="'none' has none of the 3 relevant items"):
        shop.evaluate(QRELS, compare=none)


def test_a_tuned_collection_is_told_of_for_it_may_know_the_queries(shop):
    with shop.store.writer() as writer:
        tuned.keep(shop.store, writer, {}, {"told": "thumbs, yesterday", "adapters": "{}"})
    told = [one for one in shop.evaluate(QRELS, compare="text=2").notices if "is tuned" in one]
    assert len(told) == 1
    assert told[0].startswith("'shop' is tuned (thumbs, yesterday).")


def test_slices_are_counted_apart_and_together(shop):
    evaluation = shop.evaluate(QRELS, by="season")
    assert evaluation.slices == ("summer", "winter")
    parts = [row(evaluation, part=part) for part in ("", "summer", "winter")]
    assert [one["queries"] for one in parts] == [5, 2, 3]
    mean = (2 * parts[1]["mean"] + 3 * parts[2]["mean"]) / 5
    assert math.isclose(parts[0]["mean"], mean)


def test_queries_that_find_their_own_picture_first_are_told(shop, things):
    seen = pd.DataFrame({"photo": [things["photo"]["red"]] * 2, "id": ["green", "blue"]})
    seen = seen.assign(query_id=["one", "two"], relevance=1)

    def told(qrels):
        return " ".join(shop.evaluate(qrels, weights={"text": 0}).notices)

    assert "2 queries show a picture of an item here, which is found first" in told(seen)
    # Where it is judged, or the picture is another one, there is nothing to be said.
    judged = pd.concat([seen, seen.assign(id="red", relevance=0)])
    assert "is found first" not in told(judged)
    assert "is found first" not in told(seen.assign(photo=[picture("#fe0000")] * 2))


def test_slices_come_from_the_relevant_items_too(shop):
    assert set(shop.evaluate(QRELS, by="kind").slices) == {"feet", "head", "body"}
    several = pd.DataFrame({"query": ["shoe", "shoe"], "id": ["red", "green"]})
    assert shop.evaluate(several, by="kind").slices == ("(several)",)
    # The judgements' own column goes first.
    assert shop.evaluate(QRELS.assign(kind="mine"), by="kind").slices == ("mine",)
    with pytest.raises(QueryError, match=r"--by 'sesson' is no column .* mean 'season'"):
        shop.evaluate(QRELS, by="sesson")
    with pytest.raises(QueryError, match=r"Known are query, [^']*price[^']*\.$") as told:
        shop.evaluate(QRELS, by="zzzzzz")
    # The index of the judgements has no name, and is none to offer.
    assert ", ," not in str(told.value)


def test_a_slice_of_few_queries_has_no_interval(shop):
    evaluation = shop.evaluate(QRELS.iloc[[0, 2]], by="season")
    assert math.isnan(row(evaluation, part="summer")["low"])
    assert "too few" in repr(evaluation)


def test_more_hits_than_items_are_said(shop):
    told = " ".join(shop.evaluate(QRELS, k=50).notices)
    assert "With 5 items there are fewer hits than nDCG@50, recall@50, precision@50 counts" in told


def test_measures_can_be_named(shop):
    assert shop.evaluate(QRELS, measures="mrr").measures == ("MRR",)
    assert shop.evaluate(QRELS, measures=["p@1", "R@4"]).measures == ("precision@1", "recall@4")
    assert shop.evaluate(QRELS, measures="p@1, MAP").measures == ("precision@1", "MAP")
    for wrong in (["f1"], 3, "MRR,f1"):
        with pytest.raises(QueryError, match="Unknown measure"):
            shop.evaluate(QRELS, measures=wrong)


@pytest.mark.parametrize("seed", [-1, "x", 1.5])
def test_a_seed_that_is_no_count_is_refused(shop, seed):
    with pytest.raises(QueryError, match="seed is"):
        shop.evaluate(QRELS, seed=seed)


def test_a_misspelt_argument_is_not_passed_over(shop):
    with pytest.raises(QueryError, match=r"no argument 'wieghts'\. Did you mean 'weights'"):
        shop.evaluate(QRELS, wieghts={"text": 2})


@pytest.mark.parametrize(
    "ways", [{}, {"qrels": QRELS, "feedback": True}, {"pairs": True, "feedback": True}]
)
def test_it_is_measured_in_one_way(shop, ways):
    with pytest.raises(QueryError, match="Say by what to measure, in one way"):
        shop.evaluate(**ways)


@pytest.mark.parametrize("k", [0, -1, "ten", 1.5])
def test_a_k_that_is_no_count_is_refused(shop, k):
    with pytest.raises(QueryError, match="k is"):
        shop.evaluate(QRELS, k=k)


def test_a_query_that_cannot_be_asked_is_left_out_everywhere(shop, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    frame = pd.DataFrame({
        "photo": [picture("red"), str(tmp_path / "broken.png")], "id": ["red", "blue"],
    })  # fmt: skip
    evaluation = shop.evaluate(frame, compare="chance")
    assert [len(run.rankings) for run in evaluation.runs] == [1, 1]
    assert any("1 query could not be asked: 'broken.png" in one for one in evaluation.notices)
    with pytest.raises(QueryError, match="None of the queries could be asked"):
        shop.evaluate(frame.iloc[1:])


def interrupted(monkeypatch, after):
    best, calls = engine.Search.best, []

    def stopped(self, k):
        calls.append(k)
        if len(calls) > after:
            raise KeyboardInterrupt
        return best(self, k)

    monkeypatch.setattr(engine.Search, "best", stopped)


def test_an_interrupt_leaves_what_all_settings_have_answered(shop, monkeypatch):
    # Two to warm up; then a query takes one of each setting.
    interrupted(monkeypatch, 2 + 2 + 2 + 1)
    evaluation = shop.evaluate(QRELS, compare="text=2", measures="r@3", k=3)
    assert [len(run.rankings) for run in evaluation.runs] == [2, 2]
    assert row(evaluation, "recall@3", "text=2")["queries"] == 2
    assert any("Stopped: 2 of 5 queries" in one for one in evaluation.notices)


def test_an_interrupt_before_the_first_query_is_told_in_a_line(shop, monkeypatch):
    interrupted(monkeypatch, 0)
    with pytest.raises(StoppedError, match="Stopped before one query"):
        shop.evaluate(QRELS)


def test_an_interrupt_while_models_load_is_told_in_a_line(shop, monkeypatch):
    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr(shop, "serving", stopped)
    with pytest.raises(StoppedError, match="Stopped before one query"):
        shop.evaluate(QRELS)


class Told:
    def __init__(self):
        self.said = []

    def start(self, label, total):
        self.said.append((label, total))

    def advance(self, done):
        self.said.append(done)

    def finish(self, message):
        self.said.append(message)


def test_progress_counts_the_queries(session, shop):
    told = Told()
    session.reporter = lambda: told
    shop.evaluate(QRELS)
    assert told.said == [("evaluating shop", 5), 1, 2, 3, 4, 5, ""]
    shop.evaluate(QRELS, progress=False)
    assert len(told.said) == 7


def test_rerankers_are_measured_and_leave_pictures_alone(shop, monkeypatch):
    class Backwards:
        sees = False

        def scores(self, _text, contents):
            return np.array([float(content == "black glove") for content in contents])

    monkeypatch.setattr(running.rerank.models, "reranker", lambda _: Backwards())
    words = pd.DataFrame({"query": ["red shoe glove"], "id": ["black"]})
    evaluation = shop.evaluate(words, compare={"rerank": Backwards()}, measures="p@1", k=1)
    assert row(evaluation, "precision@1", "rerank=Backwards")["mean"] == 1.0
    seen = pd.DataFrame({"photo": [picture("red")], "id": ["red"]})
    plain = {"weights": {"text": 0}, "measures": "MRR"}
    assert row(shop.evaluate(seen, rerank=Backwards(), **plain))["mean"] == 1.0


def test_models_are_loaded_before_time_is_taken(session, things):
    class Slow(ToyEmbedder):
        def embed_text(self, texts, *, query):
            asked.append(tuple(texts))
            return super().embed_text(texts, query=query)

    asked = []
    slow = session.load(things, "slow", text="title", model=Slow(), progress=False)
    asked.clear()
    slow.evaluate(QRELS, k=3)
    # Once more than it is counted: the first query, not timed.
    assert asked[0] == asked[1] == ("red shoe",)
    assert len(asked) == len(QRELS) + 1


def test_the_worst_come_first_with_their_hits_and_what_they_missed(shop):
    evaluation = shop.evaluate(QRELS, k=2)
    worst = evaluation.worst(2)
    assert len(worst) == 2
    values = dict(zip(evaluation.per_query["query"], evaluation.per_query["nDCG@2"], strict=True))
    lowest = min(values, key=lambda one: values[one])
    assert worst[0].title.startswith(lowest)
    assert len(worst[0]) == 2
    assert worst[0].ids == shop.query(lowest, k=2).ids
    assert "relevant among the first 2" in worst[0].notices[0]
    assert len(worst[:1]) == 1
    assert "data:image/" in worst._repr_mimebundle_()["text/html"]
    by_rank = evaluation.worst(1, measure="MRR", setting="shop")
    assert "(MRR " in by_rank[0].title
    assert len(evaluation.worst(0)) == 0
    assert len(evaluation.worst(99)) == 5


def test_pictures_that_were_asked_with_and_missed_stand_with_a_case(shop):
    frame = pd.DataFrame({
        "query_id": "q", "photo": [picture("red")] * 2, "id": ["red", "black"],
    })  # fmt: skip
    (case,) = shop.evaluate(frame, k=1, weights={"text": 0}).worst(1).cases
    assert case.hits.ids == ["red"]
    assert [name for name, _ in case.asked] == ["picture in memory"]
    assert [name for name, _ in case.missed] == ["black"]
    assert "1 of 2 relevant among the first 1; the next is 'black' at" in case.hits.notices[0]
    html = case.page(20_000)
    assert html.index("asked with") < html.index("should be found") < html.index(">black<")


@pytest.mark.parametrize("wrong", [{"measure": "p@7"}, {"setting": "text=9"}])
def test_the_worst_of_what_was_not_measured(shop, wrong):
    with pytest.raises(QueryError, match=r"was (not )?measured"):
        shop.evaluate(QRELS).worst(1, **wrong)


def test_the_output_keeps_to_its_budget_and_outlives_the_collection(session, shop):
    from mmrag_jupyter.display.budget import bundle_bytes

    evaluation = shop.evaluate(QRELS, compare=["text=2", "chance"], by="kind")
    full = evaluation._repr_mimebundle_()
    assert "The queries that went worst" in full["text/html"]
    assert bundle_bytes(full) <= session.config.output_bytes
    shop.close()
    bare = evaluation._repr_mimebundle_()
    assert "The queries that went worst" not in bare["text/html"]
    assert "nDCG@10" in bare["text/html"]


def test_an_empty_and_a_closed_collection_say_so(session, things):
    words = session.load(things[["title"]], "words", text="title", model="builtin", progress=False)
    words.delete(ids=list(things.index))
    with pytest.raises(NotFoundError, match=r"None of the 3 judged items is .* has no items yet"):
        words.evaluate(QRELS)


def test_recordings_are_asked_with(session, tmp_path):
    pytest.importorskip("soundfile", reason="soundfile writes the recordings")
    for name, hertz in (("low", 110), ("high", 1760)):
        write(tmp_path / "calls" / f"{name}.wav", tone(hertz))
    calls = session.load(tmp_path / "calls", "calls", model="builtin", progress=False)
    frame = pd.DataFrame({
        "clip": [(tone(115), RATE), write(tmp_path / "mine.wav", tone(1700))],
        "id": ["low.wav", "high.wav"],
    })  # fmt: skip
    evaluation = calls.evaluate(frame, measures="MRR")
    assert [len(one.sounds) for one in evaluation.questions] == [1, 1]
    assert "audio = 'clip'" in evaluation.notices[0]
    assert row(evaluation)["mean"] == 1.0
