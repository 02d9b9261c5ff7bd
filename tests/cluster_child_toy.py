"""Stands for the process between a kernel and a cluster, and behaves as MMRAG_TOY says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mmrag_jupyter.ingest.cluster.frames import receive, send
from mmrag_jupyter.ingest.cluster.work import News, packed, unpacked


def main():
    how, _, file = os.environ["MMRAG_TOY"].partition(" ")
    heard, told = sys.stdin.buffer, sys.stdout.buffer
    receive(heard)
    if how == "mute":
        receive(heard)
        return
    if how == "slow":
        with Path(file).open("a") as starts:
            starts.write("x")
        send(told, packed(News(fault="too busy", slow=True)))
        return
    if how == "refused":
        send(told, packed(News(fault="versions differ")))
        return
    send(told, packed(News(wanted=2)))
    while (message := receive(heard)) is not None:
        if how == "dies":
            print("check failed: the head is gone", file=sys.stderr)
            os._exit(1)
        send(told, packed(News([unpacked(message, tuple)], up=1, wanted=2)))
    Path(file).write_text("left")


main()
