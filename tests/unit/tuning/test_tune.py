"""A tuned collection: what is learnt is tried, kept only if it helps, and can be taken back."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from toys import ToyEmbedder
from tuning_toys import TurnedEmbedder, by_chance, right, rotation, things

import mmrag_jupyter as mm
from mmrag_jupyter import samples
from mmrag_jupyter.errors import NotFoundError, QueryError, StoppedError, TuningError
from mmrag_jupyter.search.signals import Ranker

COUNT = 40


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


def open_session(root):
    return mm.Session(mm.Config(root=str(root)))


def load(root, embedder, count=COUNT, **options):
    return open_session(root).load(
        things(count), "things", id="id", image="image", model=embedder, **options
    )


def found_first(collection, count=COUNT):
    """Return the share of things whose own words find them first."""
    own = (collection.query(f"thing {at} way 0", k=1).ids == [f"t{at}"] for at in range(count))
    return sum(own) / count


def test_a_turned_space_is_turned_back_and_nothing_is_embedded_again(root):
    embedder = TurnedEmbedder()
    collection = load(root, embedder)
    assert found_first(collection) < 0.2
    vectors = [path.read_bytes() for path in sorted(collection.folder.glob("space-*"))]
    tuning = collection.tune(right(COUNT))
    assert tuning.applied
    assert not tuning.forced
    assert tuning.modalities == ("image",)
    assert (tuning.queries, tuning.pairs) == (COUNT, COUNT)
    first = tuning.changes[0]
    assert (first.measure, first.among) == ("nDCG@10", "items not learnt from")
    assert first.before < 0.6
    assert first.after > 0.8
    assert first.difference.low > 0.2
    assert found_first(collection) > 0.9
    assert [path.read_bytes() for path in sorted(collection.folder.glob("space-*"))] == vectors


def test_a_collection_elsewhere_is_tuned_for_every_machine(root, tmp_path):
    pytest.importorskip("lancedb", reason="the extra 'lancedb' is not installed")
    embedder = TurnedEmbedder()
    collection = load(root, embedder, store=f"lancedb://{tmp_path}/shared")
    assert collection.tune(right(COUNT)).applied
    assert found_first(collection) > 0.9
    other = open_session(tmp_path / "another").open(collection.store.address, model=embedder)
    assert found_first(other) > 0.9
    other.tune(undo=True)
    assert found_first(other) < 0.2


def test_a_space_that_is_right_is_left_as_it_is(root):
    collection = load(root, TurnedEmbedder(turn=np.eye(12)))
    tuning = collection.tune(right(COUNT))
    assert not tuning.applied
    assert tuning.reason.startswith("Left as it was: ")
    assert tuning.undo == ""
    assert not list(collection.folder.glob("tuned-*"))


def test_a_restart_keeps_it_and_undo_goes_back_one_by_one(root):
    embedder = TurnedEmbedder()
    collection = load(root, embedder)
    before = collection.query("thing 3 way 0", k=COUNT).ids
    collection.tune(right(COUNT))
    once = collection.query("thing 3 way 0", k=COUNT).ids
    collection.tune(right(COUNT, per=2), seed=1)
    twice = collection.query("thing 3 way 0", k=COUNT).ids
    assert before != once != twice
    collection.close()
    again = open_session(root).open("things", model=embedder)
    assert again.query("thing 3 way 0", k=COUNT).ids == twice
    assert "nDCG@10" in dict(again.info().rows)["tuned on"]
    assert "the tuning before it" in again.tune(undo=True).reason
    assert again.query("thing 3 way 0", k=COUNT).ids == once
    assert "none serves" in again.tune(undo=True).reason
    assert again.query("thing 3 way 0", k=COUNT).ids == before
    assert "tuned on" not in dict(again.info().rows)
    assert not list(again.folder.glob("tuned-*"))
    with pytest.raises(TuningError, match="not tuned: there is nothing to undo"):
        again.tune(undo=True)


def test_the_same_seed_learns_the_same(root):
    collection = load(root, TurnedEmbedder(noise=0.2))
    first = collection.tune(right(COUNT), seed=5).to_pandas()
    second = collection.tune(right(COUNT), seed=5).to_pandas()
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("embedder", "text"),
    [(TurnedEmbedder(noise=0.3), None), ("builtin", None), ("builtin", "text")],
    ids=["turned", "words", "words beside texts"],
)
def test_random_labels_are_never_applied(root, embedder, text):
    described = things(COUNT).assign(text=[f"thing {at % 7} shelf {at}" for at in range(COUNT)])
    collection = open_session(root).load(
        described, "things", id="id", image="image", text=text, model=embedder
    )
    for seed in range(20):
        tuning = collection.tune(by_chance(24, COUNT, seed, per=1), seed=seed)
        assert not tuning.applied, tuning.reason
    assert not list(collection.folder.glob("tuned-*"))


def test_force_applies_what_is_no_gain_and_says_so(root):
    collection = load(root, TurnedEmbedder(noise=0.1))
    labels = by_chance(24, COUNT, 1, per=2)
    tuning = next(
        made
        for seed in range(20)
        if (made := collection.tune(labels, force=True, seed=seed)).applied
    )
    assert tuning.forced
    assert tuning.reason.startswith("Applied because it was forced: nDCG@10")
    assert tuning.undo == "%mmrag tune --undo --in things"


def test_items_with_texts_are_found_by_what_was_learnt_of_their_pictures(root):
    shop = samples.shop()
    collection = open_session(root).load(
        shop, "shop", id="sku", image="photo", text="title,description", model="builtin"
    )
    asked = pd.DataFrame({"query": shop["colour"] + " " + shop["category"], "id": shop["sku"]})
    tuning = collection.tune(asked)
    assert tuning.applied, tuning.reason
    assert tuning.changes[0].difference.low > 0.3
    colour = dict(zip(shop["sku"], shop["colour"], strict=True))
    hits = collection.query("yellow shoes", k=3)
    assert [colour[one] for one in hits.ids] == ["yellow"] * 3
    assert "learnt" in {why.signal for hit in hits for why in hit.why}


def test_thumbs_teach_too(root):
    from mmrag_jupyter.store.feedback import now

    collection = load(root, TurnedEmbedder())
    verdicts = [now(f"thing {at} way 0", f"t{at}", 1) for at in range(COUNT)]
    verdicts += [now(f"thing {at} way 0", f"t{(at + 1) % COUNT}", -1) for at in range(COUNT)]
    collection.store.keep_feedback(verdicts)
    tuning = collection.tune(feedback=True)
    assert tuning.applied
    assert found_first(collection) > 0.9


def test_pairs_of_the_items_teach_too(root):
    frame = things(COUNT)
    frame["text"] = [f"thing {at} way 0" for at in range(COUNT)]
    collection = open_session(root).load(
        frame, "things", id="id", image="image", text="text", image_model=TurnedEmbedder(),
        text_model=ToyEmbedder(modalities=("text",)),
    )  # fmt: skip
    tuning = collection.tune(pairs=True)
    assert tuning.applied
    assert tuning.modalities == ("image",)
    hits = [collection.query(f"thing {at} way 0", k=1, modality="image").ids for at in range(COUNT)]
    assert hits == [[f"t{at}"] for at in range(COUNT)]


def test_too_few_examples_are_told_with_how_many_are_needed(root):
    collection = load(root, TurnedEmbedder())
    with pytest.raises(TuningError, match=r"12 queries by text .* at least 20 are needed") as error:
        collection.tune(right(12))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("frame", "kind", "said"),
    [
        (right(COUNT).assign(relevance=0), QueryError, "nothing to be found"),
        (right(COUNT).assign(id="t1"), TuningError, "the same is right for every query"),
        (right(COUNT).assign(id="nobody"), NotFoundError, "None of the .* judged item"),
    ],
)
def test_what_teaches_nothing_is_an_error_of_one_line(root, frame, kind, said):
    collection = load(root, TurnedEmbedder())
    with pytest.raises(kind, match=said) as error:
        collection.tune(frame)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"froce": True}, "no argument 'froce'. Did you mean 'force'"),
        ({"seed": -1}, "seed is -1"),
        ({"pairs": True, "feedback": True}, "in one way"),
    ],
)
def test_arguments_that_cannot_be_are_told(root, options, said):
    collection = load(root, TurnedEmbedder())
    with pytest.raises(QueryError, match=said):
        collection.tune(**options)


def test_unknown_ids_are_told_and_left_out(root):
    collection = load(root, TurnedEmbedder())
    frame = pd.concat(
        [right(COUNT), pd.DataFrame([("thing 0 way 0", "nobody", 1)], columns=right(1).columns)]
    )
    tuning = collection.tune(frame)
    assert any("'nobody'" in one for one in tuning.notices)
    assert tuning.queries == COUNT


def test_texts_that_are_found_by_their_words_alone_cannot_be_tuned(root):
    frame = pd.DataFrame(
        {"text": [f"thing {at}" for at in range(COUNT)]}, index=[f"t{at}" for at in range(COUNT)]
    )
    collection = open_session(root).load(frame, "things", text="text", model="builtin")
    with pytest.raises(TuningError, match="texts alone, which are found by their words"):
        collection.tune(right(COUNT))


def test_an_interrupt_leaves_everything_as_it_was(root, monkeypatch):
    collection = load(root, TurnedEmbedder())
    asked = []

    def interrupted(_, depth):
        asked.append(depth)
        if len(asked) > 30:
            raise KeyboardInterrupt
        return []

    monkeypatch.setattr(Ranker, "signals", interrupted)
    with pytest.raises(StoppedError, match="Stopped; the collection is as it was"):
        collection.tune(right(COUNT))
    monkeypatch.undo()
    assert not list(collection.folder.glob("tuned-*"))
    assert collection.tune(right(COUNT)).applied


def test_threads_and_seeds_of_torch_are_left_alone(root):
    import torch

    collection = load(root, TurnedEmbedder())
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    collection.tune(right(COUNT))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), before)


def test_likeness_of_items_stays_as_it_is(root):
    collection = load(root, TurnedEmbedder())
    before = [collection.query(like=f"t{at}", k=5) for at in range(5)]
    collection.tune(right(COUNT))
    after = [collection.query(like=f"t{at}", k=5) for at in range(5)]
    assert [[(hit.id, hit.score) for hit in hits] for hits in before] == [
        [(hit.id, hit.score) for hit in hits] for hits in after
    ]


def test_a_copy_is_tuned_as_well_and_compaction_and_repair_keep_it(root, tmp_path):
    embedder = TurnedEmbedder()
    collection = load(root, embedder)
    collection.tune(right(COUNT))
    tuned = collection.query("thing 3 way 0", k=COUNT).ids
    copied = open_session(root).open(collection.save(tmp_path / "copy"), model=embedder)
    assert copied.query("thing 3 way 0", k=COUNT).ids == tuned
    collection.delete("t39")
    collection.compact()
    assert collection.query("thing 3 way 0", k=COUNT).ids == [one for one in tuned if one != "t39"]
    collection.close()
    again = open_session(root).open("things", model=embedder, repair=True)
    assert again.query("thing 3 way 0", k=1).ids == tuned[:1]
    again.remove()
    assert not (root / "things").exists()


def test_another_model_drops_it_and_says_so(root):
    collection = load(root, TurnedEmbedder())
    collection.tune(right(COUNT))
    report = collection.load(
        things(COUNT), id="id", image="image", key=collection.store.sources()[0].key,
        model=TurnedEmbedder(turn=rotation(2), name="turned:2"), reembed=True,
    )  # fmt: skip
    assert any("tuning of this collection is dropped" in one for one in report.notices)
    assert not list(collection.folder.glob("tuned-*"))
    assert "tuned on" not in dict(collection.info().rows)


@pytest.mark.parametrize("damage", ["gone", "cut", "noise", "foreign"])
def test_a_damaged_file_is_told_once_and_ignored(root, damage):
    embedder = TurnedEmbedder()
    collection = load(root, embedder)
    plain = collection.query("thing 3 way 0", k=COUNT).ids
    collection.tune(right(COUNT))
    (path,) = collection.folder.glob("tuned-*")
    collection.close()
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(len(data)))
    else:
        from safetensors.numpy import save_file

        save_file({"weights": np.ones(3, np.float32)}, path)
    again = open_session(root).open("things", model=embedder)
    hits = again.query("thing 3 way 0", k=COUNT)
    assert hits.ids == plain
    assert any("the tuning of this collection is ignored" in one for one in hits.notices)
    assert not any("tuning" in one for one in again.query("thing 4 way 0").notices)
    assert "none serves" in again.tune(undo=True).reason


def test_the_tuning_of_another_collection_is_ignored(root):
    collection = load(root, TurnedEmbedder())
    collection.tune(right(COUNT))
    other = open_session(root).load(
        things(COUNT), "others", id="id", image="image", model=TurnedEmbedder(name="other:1")
    )
    plain = other.query("thing 3 way 0", k=COUNT).ids
    other.tune(right(COUNT))
    (own,) = other.folder.glob("tuned-*")
    other.close()
    shutil.copyfile(next(collection.folder.glob("tuned-*")), own)
    again = open_session(root).open("others", model=TurnedEmbedder(name="other:1"))
    hits = again.query("thing 3 way 0", k=COUNT)
    assert hits.ids == plain
    assert any("made for another model" in one for one in hits.notices)


def test_the_report_shows_itself_and_becomes_a_dataframe(root):
    collection = load(root, TurnedEmbedder())
    tuning = collection.tune(right(COUNT))
    bundle = tuning._repr_mimebundle_()
    assert bundle.keys() == {"text/html", "text/plain"}
    for text in ("nDCG@10", "recall@10", "MRR", "held-out queries", "%mmrag tune --undo"):
        assert text in bundle["text/html"]
        assert text in bundle["text/plain"]
    frame = tuning.to_pandas()
    assert list(frame["measure"]) == ["nDCG@10", "recall@10", "MRR"] * 2
    assert (frame["low"] <= frame["difference"]).all()
    assert (frame["difference"] <= frame["high"]).all()
    assert np.allclose(frame["after"] - frame["before"], frame["difference"])
