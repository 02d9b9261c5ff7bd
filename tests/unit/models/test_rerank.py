"""Rerankers: loaded from folders or given, one score a pair."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.rerank import Reranker, reranker


def test_a_folder_with_a_cross_encoder_scores_pairs(tiny_reranker_folder):
    model = reranker(str(tiny_reranker_folder))
    scores = model.scores("red shoes", ["red running shoes", "fresh orange juice", "x"])
    assert scores.shape == (3,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert model.scores("red shoes", []).shape == (0,)


def test_a_model_that_sees_scores_pictures_and_texts(tiny_seeing_reranker_folder):
    from PIL import Image

    model = reranker(tiny_seeing_reranker_folder)
    assert model.sees
    red, blue = (Image.new("RGB", (60, 80), colour) for colour in ("red", "blue"))
    scores = model.scores("red shoes", [red, "a text", blue, red, "red.png"])
    assert np.isfinite(scores).all()
    assert len({round(one, 4) for one in scores.tolist()}) == 4
    assert scores[0] == pytest.approx(scores[3], abs=1e-5)
    # A text that looks like a path is one, and company changes next to nothing.
    assert model.scores("red shoes", ["red.png"])[0] == pytest.approx(scores[4], abs=1e-3)
    assert model.scores("red shoes", [blue])[0] == pytest.approx(scores[2], abs=1e-3)


def test_a_reranker_stays_loaded(tiny_reranker_folder):
    assert reranker(tiny_reranker_folder) is reranker(str(tiny_reranker_folder))


def test_a_score_is_that_of_the_library(tiny_reranker_folder):
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(tiny_reranker_folder), device="cpu")
    passages = [f"number {number}" for number in range(20)]
    own = reranker(model).scores("which number", passages)
    theirs = model.predict([("which number", one) for one in passages], show_progress_bar=False)
    assert np.allclose(own, theirs, atol=1e-5)


def test_long_texts_are_cut_to_what_the_model_reads(tiny_reranker_folder, tmp_path):
    import json

    folder = shutil.copytree(tiny_reranker_folder, tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["model_max_length"] = 10**9
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert np.isfinite(reranker(folder).scores("word " * 500, ["text " * 5000])).all()


def test_a_model_that_embeds_is_no_reranker(tiny_text_folder, tiny_clip_folder):
    for folder in (tiny_text_folder, tiny_clip_folder):
        with pytest.raises(ModelError, match="a reranker reads a question and a text together"):
            reranker(folder)


def test_a_model_that_is_not_there_is_said_in_one_line(tmp_path):
    for given, message in (
        (tmp_path / "none", "there is no folder"),
        ("./none", "there is no folder"),
        ("nobody/ms-marco", "there is no reranker 'nobody/ms-marco' in the local cache"),
        ("ms-marco", "no reranker 'cross-encoder/ms-marco'"),
        (3, r"rerank= got a int; give a name, a folder, or a CrossEncoder"),
    ):
        with pytest.raises(ModelError, match=message) as error:
            reranker(given)
        assert "\n" not in str(error.value)


def test_a_classifier_of_several_labels_is_refused(tmp_path):
    import fixtures_late
    from transformers import BertForSequenceClassification

    folder = fixtures_late.build_reranker(tmp_path / "model")
    model = BertForSequenceClassification.from_pretrained(
        folder, num_labels=3, ignore_mismatched_sizes=True
    )
    model.save_pretrained(folder)
    with pytest.raises(ModelError, match="gives 3 scores a pair"):
        reranker(folder)


class Odd:
    """Looks like a cross-encoder, and returns what it is told."""

    modalities = ("text",)
    num_labels = 1

    def __init__(self, result):
        self._result = result

    def predict(self, pairs, **_):
        if isinstance(self._result, Exception):
            raise self._result
        return np.full(len(pairs), self._result)


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ModelError, match="odd gave no number for one of 2 passages"):
        Reranker("odd", Odd(np.nan)).scores("q", ["a", "b"])
    with pytest.raises(ModelError, match="odd failed on 1 passages: RuntimeError: broken"):
        Reranker("odd", Odd(RuntimeError("broken"))).scores("q", ["a"])


def test_an_interrupt_stops_it_between_two_batches():
    class Slow(Odd):
        calls = 0

        def predict(self, pairs, **options):
            type(self).calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().predict(pairs, **options)

    model = Reranker("slow", Slow(0.5))
    with pytest.raises(KeyboardInterrupt):
        model.scores("q", ["a"] * 100)
    assert Slow.calls == 2
    assert len(model.scores("q", ["a"] * 100)) == 100
