"""Start another process that has a store, ask it, and kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")]),
}


class Child:
    """Another process that has the store."""

    def __init__(self, task, folder):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "store_child.py", task, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, *question):
        print(json.dumps(question), file=self.process.stdin, flush=True)
        return self.hear()

    def kill(self):
        """Kill it at once, and return what it still had said."""
        self.process.send_signal(signal.SIGKILL)
        rest = self.process.stdout.read()
        self.process.wait()
        return [json.loads(line) for line in rest.splitlines() if line]


@contextmanager
def child(task, folder):
    started = Child(task, folder)
    try:
        yield started
    finally:
        started.kill()
        started.process.stdin.close()
        started.process.stdout.close()
