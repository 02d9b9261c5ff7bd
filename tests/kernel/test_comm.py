"""What JupyterLab's sidebar relies on, in a real kernel: its comm, on a subshell."""

from __future__ import annotations

import uuid

import pytest

TARGET = "mmrag_jupyter"
PATIENCE = 120  # seconds; a busy machine, never a measure of speed


class Page:
    """A front end with a subshell of its own, and a comm that speaks over it."""

    def __init__(self, kernel, target=TARGET):
        self.kernel = kernel
        self.client = kernel.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.subshell = self._control("create_subshell_request", {})["subshell_id"]
        self.id = uuid.uuid4().hex
        self._shell("comm_open", {"comm_id": self.id, "target_name": target, "data": {}})

    def ask(self, verb, **members):
        asked = uuid.uuid4().hex
        data = {"type": verb, "uuid": asked, **members}
        self._shell("comm_msg", {"comm_id": self.id, "data": data})
        return self.await_message("comm_msg", lambda content: content["data"].get("uuid") == asked)[
            "data"
        ]["result"]

    def await_event(self, name):
        return self.await_message("comm_msg", lambda content: content["data"].get("event") == name)

    def await_message(self, kind, fits):
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            content = message["content"]
            ours = message["msg_type"] == kind and content["comm_id"] == self.id
            if ours and fits(content):
                return content

    def run(self, code):
        """Run code on the subshell, beside the cell."""
        self._shell("execute_request", {"code": code, "silent": True})

    def close(self):
        self._control("delete_subshell_request", {"subshell_id": self.subshell})
        self.client.stop_channels()

    def _shell(self, kind, content):
        message = self.client.session.msg(kind, content)
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def _control(self, kind, content):
        self.client.control_channel.send(self.client.session.msg(kind, content))
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["msg_type"] == kind.replace("request", "reply"):
                return reply["content"]


@pytest.fixture
def page(kernel):
    made = Page(kernel)
    yield made
    made.close()


def asked(words):
    return {"terms": [{"text": words, "sign": 1}]}


def test_a_page_is_told_that_nobody_knows_the_target(bare_kernel):
    page = Page(bare_kernel, "mmrag_jupyter.unknown")
    page.await_message("comm_close", lambda _content: True)
    page.close()


def test_a_page_finds_collections_and_searches_them(page):
    rows = page.ask("collections")["collections"]
    assert [(row["name"], row["items"]) for row in rows] == [("pictures", 3), ("products", 3)]
    found = page.ask("search", collection="products", asked=asked("jacket"), offset=0, limit=5)
    assert [hit["id"] for hit in found["hits"]] == ["A-2"]


BUSY = "import threading; threading.Event().wait(600)"


def started(kernel, code):
    """Send a cell; return its message's id once it is running."""
    sent = kernel.client.execute(code)
    read(kernel, lambda kind, _content: kind == "execute_input", of=sent)
    return sent


def read(kernel, fits, *, of=None):
    """Read what cells publish until something fits; `of` is the cell that it must be of."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=PATIENCE)
        own = of is None or message["parent_header"].get("msg_id") == of
        if own and fits(message["msg_type"], message["content"]):
            return


def finished(kernel, sent):
    """Return how a cell ended."""
    while True:
        reply = kernel.client.get_shell_msg(timeout=PATIENCE)
        if reply["parent_header"].get("msg_id") == sent:
            return reply["content"]


def test_it_answers_while_a_cell_is_running(kernel, page):
    page.ask("hello", version="0", protocol=1)
    # What a cell tells the page must not draw the page's questions to the cell's shell.
    kernel.ok("%mmrag use pictures")
    page.await_event("collections")
    kernel.ok("%mmrag use products")
    sent = started(kernel, BUSY)
    found = page.ask("search", collection="products", asked=asked("shoes"), offset=0, limit=5)
    assert [hit["id"] for hit in found["hits"]] == ["A-1"]
    pictures = [{"key": hit["key"], "part": hit["part"]} for hit in found["hits"]]
    shown = page.ask("thumbnails", collection="products", pictures=pictures, size=64)
    assert [picture["buffer"] for picture in shown["pictures"]] == [0]
    code = "%mmrag query red --whe"
    [item] = page.ask("complete", code=code, cursor=len(code))["items"]
    assert item["text"] == "--where"
    kernel.manager.interrupt_kernel()
    assert finished(kernel, sent)["ename"] == "KeyboardInterrupt"


def test_figures_stay_with_the_cell_that_draws_them(kernel, page):
    kernel.ok("%matplotlib inline\nimport matplotlib.pyplot as plt, threading")
    page.ask("hello", version="0", protocol=1)
    sent = started(
        kernel, "plt.plot([1, 2])\nheard = threading.Event()\nprint('drawn')\nheard.wait(60)"
    )
    read(kernel, lambda kind, content: kind == "stream" and "drawn" in content["text"])
    page.ask("collections")
    page.run("heard.set()")
    read(kernel, lambda _kind, content: "image/png" in content.get("data", {}), of=sent)


def test_a_load_tells_how_far_it_is(kernel, page):
    page.ask("hello", version="0", protocol=1)
    kernel.ok("%mmrag load products --as again --text title --model builtin")
    event = page.await_event("loads")["data"]["loads"][0]
    assert event["total"] == 3
    page.await_event("collections")
    kernel.ok("%mmrag drop again --yes")
    kernel.ok("%mmrag use products")


SLOW = """
import threading, numpy as np, pandas as pd

gate = threading.Event()

class Slow:
    name, dim, modalities = "slow", 4, frozenset({"text"})

    def embed_text(self, texts, *, query):
        gate.wait(60)
        return np.full((len(texts), 4), 0.5, "float32")

slow = Slow()
frame = pd.DataFrame({"text": [f"text {n}" for n in range(40)]})
%mmrag load frame --as slow --model slow
"""


def test_it_answers_while_a_load_is_running(kernel, page):
    page.ask("hello", version="0", protocol=1)
    sent = started(kernel, SLOW)
    page.await_event("loads")
    found = page.ask("search", collection="products", asked=asked("shoes"), offset=0, limit=5)
    assert [hit["id"] for hit in found["hits"]] == ["A-1"]
    assert [load["state"] for load in page.ask("loads")["loads"]][:1] == ["running"]
    page.run("gate.set()")
    assert finished(kernel, sent)["status"] == "ok"
    kernel.ok("%mmrag drop slow --yes")
    kernel.ok("%mmrag use products")


def test_threads_do_not_disturb_each_other(kernel, page):
    """Collections are opened, asked and dropped by a cell while a page asks for all of them."""
    sent = started(
        kernel,
        """
import mmrag_jupyter as mm
for n in range(12):
    mm.load(products, f"many{n}", text=["title"], model="builtin")
    mm.open(f"many{n}").query("shoes")
for n in range(12):
    get_ipython().run_line_magic("mmrag", f"drop many{n} --yes")
mm.open("products")
""",
    )
    for _ in range(30):
        assert page.ask("collections")["collections"]
        found = page.ask("search", collection="products", asked=asked("hat"), offset=0, limit=5)
        assert [hit["id"] for hit in found["hits"]] == ["B 3"]
    assert finished(kernel, sent)["status"] == "ok"


def test_unloading_closes_the_comm(kernel, page):
    page.ask("hello", version="0", protocol=1)
    kernel.ok("%unload_ext mmrag_jupyter")
    page.await_message("comm_close", lambda _content: True)
    kernel.ok("%load_ext mmrag_jupyter")
