"""A real kernel, spoken to as a notebook speaks to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest
from jupyter_client import KernelManager

PATIENCE = 120  # seconds; a busy machine, never a measure of speed


@dataclass
class Ran:
    """What one cell did."""

    reply: dict = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    error: dict = field(default_factory=dict)
    result: dict = field(default_factory=dict)
    displays: list = field(default_factory=list)  # (display id, data), updates included

    @property
    def status(self):
        return self.reply["status"]

    @property
    def text(self):
        return self.result["text/plain"]


class Kernel:
    def __init__(self, folder):
        self.folder = folder
        environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
        self.manager = KernelManager()
        self.manager.start_kernel(cwd=str(folder), env=environment)
        self._connect()

    def _connect(self):
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code, *, interrupt_at=None):
        """Run a cell; interrupt the kernel once `interrupt_at` is seen on stdout."""
        ran = Ran()

        def heed(message):
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                setattr(ran, content["name"], getattr(ran, content["name"]) + content["text"])
                if interrupt_at and interrupt_at in content["text"]:
                    self.manager.interrupt_kernel()
            elif kind == "error":
                ran.error = content
            elif kind == "execute_result":
                ran.result = content["data"]
            elif kind in {"display_data", "update_display_data"}:
                name = content.get("transient", {}).get("display_id")
                ran.displays.append((kind, name, content["data"]))

        reply = self.client.execute_interactive(code, output_hook=heed, timeout=PATIENCE)
        ran.reply = reply["content"]
        return ran

    def ok(self, code):
        """Run a cell that must succeed."""
        ran = self.run(code)
        assert ran.status == "ok", ran.error or ran.stderr
        return ran

    def complete(self, code):
        """Return the cells that choosing each completion gives; | is the cursor."""
        before, _, after = code.partition("|")
        found = self.client.complete(before + after, len(before), reply=True, timeout=PATIENCE)
        content = found["content"]
        start = before[: content["cursor_start"]]
        return [start + match + after for match in content["matches"]]

    def inspect(self, code):
        found = self.client.inspect(code, reply=True, timeout=PATIENCE)
        return found["content"]["data"]["text/plain"]

    def restart(self):
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self._connect()

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def bare_kernel(tmp_path_factory):
    """A kernel in an empty folder; one for all tests of a module."""
    kernel = Kernel(tmp_path_factory.mktemp("notebook"))
    yield kernel
    kernel.stop()


SHOP = """
import pandas as pd
from PIL import Image
import os
os.makedirs("pictures", exist_ok=True)
colours = {"red": (220, 30, 30), "blue": (30, 30, 220), "green": (30, 200, 30)}
for name, colour in colours.items():
    Image.new("RGB", (48, 48), colour).save(f"pictures/{name}.png")
products = pd.DataFrame(
    {
        "title": ["red running shoes", "blue rain jacket", "green sun hat"],
        "price": [80.0, 120.0, 20.0],
        "unit price": [40.0, 120.0, 20.0],
        "photo": [f"pictures/{name}.png" for name in colours],
    },
    index=pd.Index(["A-1", "A-2", "B 3"], name="sku"),
)
"""


@pytest.fixture(scope="module")
def kernel(bare_kernel):
    """A kernel with the extension, a dataframe `products`, and it loaded as a collection."""
    bare_kernel.ok("%load_ext mmrag_jupyter")
    bare_kernel.ok(SHOP)
    bare_kernel.ok("%mmrag load products --text title --image photo --model builtin")
    bare_kernel.ok("%mmrag load pictures --model builtin")
    bare_kernel.ok("%mmrag use products")
    return bare_kernel
