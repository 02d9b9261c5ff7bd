"""What survives an interrupt and a restart."""

from __future__ import annotations

EMBEDDER = """
import threading
import numpy as np
import pandas as pd

class Slow:
    name, dim, modalities = "slow", 4, frozenset({"text"})
    blocked, batch_size = True, 8

    def embed_text(self, texts, *, query):
        if self.blocked and any("row 190" in text for text in texts):
            print("blocked", flush=True)
            threading.Event().wait()
        return np.tile(np.float32([1, 0, 0, 0]), (len(texts), 1))

slow = Slow()
rows = pd.DataFrame({"text": [f"row {number}" for number in range(200)]})
"""


def test_an_interrupt_keeps_what_was_committed_and_the_same_command_goes_on(bare_kernel):
    kernel = bare_kernel
    kernel.ok("%load_ext mmrag_jupyter")
    kernel.ok(EMBEDDER)
    ran = kernel.run("%mmrag load rows --text text --model slow", interrupt_at="blocked")
    assert ran.status == "error"
    assert ran.error["ename"] == "LoadStoppedError"
    assert len(ran.error["traceback"]) == 1
    assert "goes on from there" in ran.error["evalue"]

    # One display for the whole load, whose last state is a line without a bar.
    assert len({name for _, name, _ in ran.displays}) == 1
    assert "<progress" in ran.displays[0][2]["text/html"]
    assert "<progress" not in ran.displays[-1][2]["text/html"]

    kernel.ok("slow.blocked = False")
    kernel.ok("report = %mmrag load rows --text text --model slow")
    counts = kernel.ok("(report.added + report.unchanged, report.unchanged > 0)").text
    assert counts == "(200, True)"


def test_an_interrupt_before_the_first_item_is_one_line_too(bare_kernel):
    kernel = bare_kernel
    kernel.ok("%load_ext mmrag_jupyter")
    kernel.ok(EMBEDDER)
    kernel.ok(
        "class SlowToLoad(Slow):\n"
        "    @property\n"
        "    def dim(self):\n"
        "        print('blocked', flush=True)\n"
        "        threading.Event().wait()\n"
        "slow = SlowToLoad()"
    )
    ran = kernel.run("%mmrag load rows --as late --text text --model slow", interrupt_at="blocked")
    assert ran.error["ename"] == "LoadStoppedError"
    assert len(ran.error["traceback"]) == 1
    assert "late" not in kernel.ok("%mmrag list").text


def test_progress_is_one_line_that_ends_in_a_message(bare_kernel):
    kernel = bare_kernel
    kernel.ok("%load_ext mmrag_jupyter")
    kernel.ok("import pandas as pd; words = pd.DataFrame({'text': ['a', 'b']})")
    ran = kernel.ok("%mmrag load words --text text --model builtin;")
    assert {name for _, name, _ in ran.displays} == {ran.displays[0][1]}
    assert "2 added" in ran.displays[-1][2]["text/plain"]
    assert "<progress" not in ran.displays[-1][2]["text/html"]


def test_a_failing_embedder_leaves_no_bar(bare_kernel):
    kernel = bare_kernel
    kernel.ok("%load_ext mmrag_jupyter")
    kernel.ok(EMBEDDER)
    kernel.ok("slow.embed_text = lambda texts, *, query: 1 / 0")
    ran = kernel.run("%mmrag load rows --as failing --text text --model slow")
    assert ran.status == "error"
    assert all("<progress" not in data["text/html"] for _, _, data in ran.displays[-1:])


def test_a_collection_is_there_again_after_a_restart(bare_kernel):
    kernel = bare_kernel
    kernel.ok("%load_ext mmrag_jupyter")
    kernel.ok(
        "import pandas as pd\n"
        "shop = pd.DataFrame({'title': ['red shoe', 'blue hat']}, index=['x', 'y'])"
    )
    kernel.ok("%mmrag load shop --text title --model builtin")
    kernel.restart()
    kernel.ok("%load_ext mmrag_jupyter")
    assert "shop" in kernel.ok("%mmrag list").text
    kernel.ok("hits = %mmrag query hat --in shop")
    assert kernel.ok("hits.ids").text == "['y']"
    kernel.ok("%mmrag open shop")
    assert "blue hat" in kernel.ok("%mmrag show y").result["text/html"]
