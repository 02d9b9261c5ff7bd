"""The actor that runs the pipeline of a load inside of the cluster: batches in, outcomes out.

It is the only one that knows Ray Data. What reads is a source of one task that asks it for the
next batch, what embeds is a pool of actors with a model each.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from mmrag_jupyter.ingest.cluster.work import News
from mmrag_jupyter.models.base import reason

if TYPE_CHECKING:
    from mmrag_jupyter.ingest.cluster.plan import Workers

# A batch that so many workers did not survive is not given to another.
_MOST_DEATHS = 3
_AT_ONCE = 64
_LOOK = 2.0  # seconds

MEMORY = (
    "give the nodes more memory or a smaller model, and do the same load again: it goes on from "
    "what is committed"
)


class Conductor:
    """Hands batches to the pipeline and keeps each until its outcome is there."""

    def __init__(self, workers: Workers, models: bytes) -> None:
        self._workers = workers
        self._models = models
        self._coming: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        self._open: dict[int, bytes] = {}
        self._begun: Counter[int] = Counter()
        self._loads: Counter[str] = Counter()
        self._fault = ""
        self._lock = threading.Lock()
        self._nodes: frozenset[str] = frozenset()
        self._looked = 0.0

    def offer(self, number: int, work: bytes) -> None:
        """Take a batch to be embedded."""
        with self._lock:
            self._open[number] = work
        self._coming.put(number)

    def again(self) -> None:
        """Hand out anew all that has no outcome yet: what has read it so far is gone."""
        with self._lock:
            while True:
                try:
                    self._coming.get_nowait()
                except queue.Empty:
                    break
            self._begun.clear()
            for number in self._open:
                self._coming.put(number)

    def next(self) -> tuple[int, bytes]:
        """Return the next batch, once there is one."""
        while True:
            number = self._coming.get()
            with self._lock:
                work = self._open.get(number)
            if work is not None:
                return number, work

    def loading(self) -> None:
        """Note that a worker begins to load its model."""
        self._loads["begun"] += 1
        if self._loads["begun"] - self._loads["up"] > _MOST_DEATHS * (self._workers.number + 1):
            self._fail(
                f"The workers die while they load the model, out of memory perhaps; {MEMORY}."
            )

    def up(self) -> None:
        """Note that a worker has its model."""
        self._loads["up"] += 1

    def began(self, number: int) -> None:
        """Note that a worker begins a batch."""
        self._begun[number] += 1
        if self._begun[number] > _MOST_DEATHS:
            self._fail(
                f"{_MOST_DEATHS} workers died one after the other on the same parts, which as a "
                f"rule is for want of memory; {MEMORY}."
            )

    def take(self, patience: float) -> News:
        """Return what has happened, after so many seconds at the latest."""
        self._look()
        found: list[tuple[int, bytes]] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._done.get(timeout=patience))
            while len(found) < _AT_ONCE:
                found.append(self._done.get_nowait())
        up = min(self._loads["up"], self._workers.number)
        return News(found, up, self._workers.number, self._fault)

    def run(self, me: Any) -> None:  # noqa: ANN401 - a handle of Ray's, which ships no types
        """Run the pipeline for as long as the load lasts; `me` is the handle of this actor."""
        try:
            for number, outcome in _outcomes(me, self._workers, self._models):
                with self._lock:
                    new = self._open.pop(number, None) is not None
                if new:
                    self._begun.pop(number, None)
                    self._done.put((number, outcome))
        except Exception as error:  # noqa: BLE001 - whatever it is, the load must hear of it
            self._fail(f"The pipeline on the cluster failed: {reason(error)}")

    def _look(self) -> None:
        """Hand out anew what a lost node had; its workers start elsewhere only if there is room."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        before, self._nodes = self._nodes, _alive()
        if before - self._nodes:
            self.again()

    def _fail(self, fault: str) -> None:
        self._fault = self._fault or fault


def _alive() -> frozenset[str]:
    import ray

    return frozenset(node["NodeID"] for node in ray.nodes() if node["Alive"])


def _outcomes(me: Any, workers: Workers, models: bytes) -> Any:  # noqa: ANN401 - as above
    """Yield the numbers and outcomes of batches, as they are done."""
    import pyarrow as pa
    import ray
    from ray.data import ActorPoolStrategy, DataContext, Datasource, ReadTask, read_datasource
    from ray.data.block import BlockMetadata
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    class Feed(Datasource):  # type: ignore[misc]  # Ray ships no types
        """One endless read, of one row a batch."""

        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, _parallelism: int, *_args: object, **_more: object) -> Any:  # noqa: ANN401
            def read() -> Any:  # noqa: ANN401
                ray.get(me.again.remote())
                while True:
                    number, work = ray.get(me.next.remote())
                    yield pa.table(
                        {"number": [number], "work": pa.array([work], pa.large_binary())}
                    )

            return [ReadTask(read, BlockMetadata(None, None, None, None))]

    class Worker:
        def __init__(self) -> None:
            from mmrag_jupyter.ingest.cluster.worker import Embedder, told

            ray.get(me.loading.remote())
            self._embedder, self._broken = None, ""
            try:
                self._embedder = Embedder(models)
            except Exception as error:  # noqa: BLE001 - each batch will tell it
                self._broken = told(error)
            ray.get(me.up.remote())

        def __call__(self, rows: Any) -> Any:  # noqa: ANN401
            from mmrag_jupyter.ingest.cluster.worker import answer

            outcomes = []
            for number, work in zip(rows["number"], rows["work"], strict=True):
                ray.get(me.began.remote(int(number)))
                outcomes.append(answer(self._embedder, self._broken, work))
            return pa.table(
                {"number": rows["number"], "outcome": pa.array(outcomes, pa.large_binary())}
            )

    context = DataContext.get_current()
    context.enable_progress_bars = False
    # Each row is a block of its own, handed on at once: a block that waits to be filled would
    # hold up a load that waits for it.
    context.target_max_block_size = 1
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_gpus": workers.gpus} if workers.gpus else {}
    pipeline = read_datasource(
        Feed(),
        override_num_blocks=1,
        ray_remote_args={"num_cpus": 0, "scheduling_strategy": here, "max_retries": -1},
    ).map_batches(
        Worker,
        batch_size=None,
        compute=ActorPoolStrategy(min_size=1, max_size=workers.number, initial_size=workers.number),
        num_cpus=workers.cores,
        **options,
    )
    for rows in pipeline.iter_batches(batch_size=None, prefetch_batches=0):
        yield from zip(map(int, rows["number"]), rows["outcome"], strict=True)
