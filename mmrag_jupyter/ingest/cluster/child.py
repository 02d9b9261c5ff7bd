"""The process between a kernel and a cluster: `python -m mmrag_jupyter.ingest.cluster.child`.

Ray ends a process whose cluster is lost, takes over its signals and prints into it; none of
that may happen to a kernel. This process ends when the kernel does, and with it a Ray that
it has started.
"""

from __future__ import annotations

import importlib.metadata
import os
import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from mmrag_jupyter.ingest.cluster.conductor import Conductor
from mmrag_jupyter.ingest.cluster.frames import receive, send
from mmrag_jupyter.ingest.cluster.plan import workers
from mmrag_jupyter.ingest.cluster.work import News, Opening, packed, unpacked
from mmrag_jupyter.models.base import reason

if TYPE_CHECKING:
    from typing import IO

_STORE_BYTES = 512 * 2**20
_PATIENCE = 1.0  # seconds
_PROBED = 60.0  # seconds
_TO_LEAVE = 10.0  # seconds
_TOLD = 400  # characters
_PACKAGE = "mmrag-jupyter"


def main() -> None:
    """Connect, start the pipeline, and pass messages on until the kernel is gone."""
    told = os.fdopen(os.dup(1), "wb")
    # What libraries print would be taken for a message.
    os.dup2(2, 1)
    heard: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(heard,), daemon=True).start()
    first = heard.get()
    if first is None:
        return
    opening = unpacked(first, Opening)
    try:
        conductor = _open(opening)
    except Exception as error:  # noqa: BLE001 - the kernel says it to the user
        send(told, packed(News(fault=_fault(error), slow=_is_slow(opening, error))))
        return
    threading.Thread(target=_tell, args=(conductor, told), daemon=True).start()
    while (message := heard.get()) is not None:
        number, work = unpacked(message, tuple)
        conductor.offer.remote(number, work)
    # Its answers are nobody's concern any more: what is under way ends with the job.
    import ray

    ray.shutdown()


def _listen(heard: queue.SimpleQueue[bytes | None]) -> None:
    """Take what the kernel says; once it is gone, so is this process, whatever it waits for."""
    while (message := receive(sys.stdin.buffer)) is not None:
        heard.put(message)
    heard.put(None)
    time.sleep(_TO_LEAVE)
    os._exit(1)


def _open(opening: Opening) -> Any:  # noqa: ANN401 - a handle of Ray's, which ships no types
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if opening.address:
        ray.init(opening.address, **quiet)
    else:
        # This machine alone, and nobody else's: nothing listens to the network.
        ray.init(
            "local",
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    nodes = [node for node in ray.nodes() if node["Alive"]]
    if opening.address:
        _refuse_others(nodes)
    # Beside the head, which is the node that a cluster cannot lose.
    head = next((n for n in nodes if "node:__internal_head__" in n["Resources"]), nodes[0])
    where = NodeAffinitySchedulingStrategy(head["NodeID"], soft=False)
    made = ray.remote(num_cpus=0, max_concurrency=64)(Conductor)
    planned = workers([node["Resources"] for node in nodes])
    conductor = made.options(scheduling_strategy=where).remote(planned, opening.models)
    conductor.run.remote(conductor)
    return conductor


def _refuse_others(nodes: list[dict[str, Any]]) -> None:
    """Refuse a cluster whose nodes lack this package, or have another version of it."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    own = importlib.metadata.version(_PACKAGE)

    # Nested, so that it travels as it is: on a node without the package nothing of it is found.
    def probe() -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("mmrag-jupyter")
        except PackageNotFoundError:
            return ""

    asked = [
        ray.remote(num_cpus=0)(probe)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
        .remote()
        for node in nodes
    ]
    for node, found in zip(nodes, ray.get(asked, timeout=_PROBED), strict=True):
        if found != own:
            has = f"has {_PACKAGE} {found}" if found else f"has no {_PACKAGE}"
            raise RuntimeError(
                f"the node {node['NodeManagerAddress']} {has}, and here it is {own}: "
                f"install {_PACKAGE}[ray]=={own} on all nodes"
            )


def _tell(conductor: Any, told: IO[bytes]) -> None:  # noqa: ANN401 - as above
    import ray

    try:
        while True:
            send(told, packed(ray.get(conductor.take.remote(_PATIENCE))))
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 - the kernel says it to the user
        send(told, packed(News(fault=f"The cluster was lost: {reason(error)}")))
        # Without the conductor there is nothing to pass on, and the kernel closes the pipe.


def _fault(error: Exception) -> str:
    said = " ".join(str(error).split())
    # Ray tells what differs in the lines that follow.
    told = said[:_TOLD] if "version mismatch" in said.lower() else reason(error)
    return f"The cluster cannot be used: {told}"


def _is_slow(opening: Opening, error: Exception) -> bool:
    """Tell whether Ray, which waits half a minute for its own processes, found them too slow."""
    return not opening.address and "timed out" in str(error)


if __name__ == "__main__":
    main()
