"""A collection is tuned in a real kernel: applied, shown, interrupted, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def turned(kernel):
    """Give the kernel a collection whose model reads texts wrongly, and what is right in it."""
    kernel.ok(
        f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
        "from tuning_toys import TurnedEmbedder, right, things\n"
        "turned, judged, pictured = TurnedEmbedder(), right(30), things(30)\n"
        "%mmrag load pictured --as turned --image image --id id --model turned"
    )
    yield
    kernel.ok("%mmrag drop turned --yes")


def test_tune_shows_what_it_changed_and_undo_takes_it_back(kernel):
    ran = kernel.ok("tuning = %mmrag tune judged --in turned\ntuning")
    assert "Applied: nDCG@10 of held-out queries goes from" in ran.result["text/html"]
    assert "%mmrag tune --undo --in turned" in ran.result["text/html"]
    assert kernel.ok("tuning.applied, list(tuning.to_pandas()['measure'])[:1]").text == (
        "(True, ['nDCG@10'])"
    )
    kernel.ok("hits = %mmrag query thing 7 way 0 --in turned -k 1")
    assert kernel.ok("hits.ids").text == "['t7']"
    assert "tuned on" in kernel.ok("%mmrag info turned").result["text/html"]
    undone = kernel.ok("%mmrag tune --undo --in turned")
    assert "taken back; none serves" in undone.result["text/plain"]


def test_an_interrupt_is_one_line_and_changes_nothing(kernel):
    kernel.ok(
        "class Loud(TurnedEmbedder):\n"
        "    def embed_text(self, texts, *, query):\n"
        "        print('reading', flush=True)\n"
        "        import time\n"
        "        while True:\n"
        "            time.sleep(0.05)\n"
        "turned.__class__ = Loud"
    )
    ran = kernel.run("%mmrag tune judged --in turned", interrupt_at="reading")
    kernel.ok("turned.__class__ = TurnedEmbedder")
    assert (ran.error["ename"], ran.error["evalue"]) == (
        "StoppedError", "Stopped; the collection is as it was.",
    )  # fmt: skip
    assert "tuned on" not in kernel.ok("%mmrag info turned").text


def test_undo_goes_alone(kernel):
    ran = kernel.run("%mmrag tune judged --undo --in turned")
    assert "--undo takes the last tuning back: give it alone" in ran.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%mmrag tune --in turned", "Say what to learn from"),
        ("%mmrag tune judged --from feedback --in turned", "in one way"),
        ("%mmrag tune --from feedback --in turned", "has no thumbs yet"),
        ("%mmrag tune judged.head(12) --in turned", "computes something"),
        ("%mmrag tune few --in turned", "at least 20 are needed"),
        ("%mmrag tune --undo --in turned", "nothing to undo"),
    ],
)
def test_what_cannot_be_tuned_is_told_in_one_line(kernel, line, said):
    kernel.ok("few = judged.head(12)")
    error = kernel.run(line).error
    assert said in error["evalue"]
    assert "\n" not in error["evalue"]
    assert len(error["traceback"]) == 1
