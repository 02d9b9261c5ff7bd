"""Loads on a real Ray cluster of several nodes, which are processes of this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import cluster_toys
import numpy as np
import pandas as pd
import pytest
from cluster_toys import Killed, Logged, contents, logged
from toys import picture, picture_vector

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ClusterError, LoadStoppedError
from mmrag_jupyter.ingest import SilentReporter

# Ray gives its own processes half a minute to start, however busy the machine is: once more.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(560), pytest.mark.flaky(reruns=1)]

NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture(scope="module")
def cluster():
    """A head and two nodes, of one core each; the head has a client server too."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # The nodes find the classes of the embedders that are sent to them.
        patch.setenv("PYTHONPATH", str(Path(cluster_toys.__file__).parent))
        port = free_port()
        head = {**NODE, "include_dashboard": False, "ray_client_server_port": port}
        try:
            made = Cluster(initialize_head=True, head_node_args=head)
        except Exception:  # noqa: BLE001 - its own wait for a process is short on a busy machine
            made = Cluster(initialize_head=True, head_node_args=head)
        try:
            made.client = f"ray://127.0.0.1:{port}"
            made.nodes = [made.add_node(**NODE) for _ in range(2)]
            patch.setenv("RAY_ADDRESS", made.address)
            yield made
        finally:
            made.shutdown()


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def log(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


def colour(number):
    return (number % 16 * 16, number // 16 * 16, 77)


def write_many(folder, count):
    """Write so many pictures, each of another colour."""
    folder.mkdir()
    for number in range(count):
        picture(colour(number)).save(folder / f"{number:03}.png")
    return folder


class Watching(SilentReporter):
    """Does something once, when so many items are committed."""

    def __init__(self, count, act):
        self.count = count
        self.act = act

    def advance(self, done):
        if done >= self.count and self.act is not None:
            act, self.act = self.act, None
            act()


def interrupt():
    raise KeyboardInterrupt


def test_a_cluster_load_gives_what_a_local_one_gives(
    cluster, session, tmp_path, tiny_clip_folder, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = write_many(tmp_path / "shop", 30)
    (folder / "broken.png").write_bytes(b"no picture at all")
    encoded = (folder / "005.png").read_bytes()
    photos = [*sorted(folder.iterdir()), picture("red"), encoded, folder / "gone.png"]
    frame = pd.DataFrame({"photo": photos, "text": [f"shoe {n % 7}" for n in range(len(photos))]})
    here, there = (
        session.load(frame, name, model=tiny_clip_folder, engine=engine)
        for name, engine in (("here", "local"), ("there", cluster.client))
    )
    report, expected = there.last_load, here.last_load
    assert len(report.problems) == 2
    assert report.problems == expected.problems
    assert (report.added, report.failed) == (expected.added, expected.failed) == (len(photos), 0)
    assert report.notices == expected.notices
    assert there.items().text.equals(here.items().text)
    found, wanted = contents(there), contents(here)
    assert found.keys() == wanted.keys()
    for key, vector in wanted.items():
        np.testing.assert_allclose(found[key], vector, atol=1e-5)


@pytest.mark.usefixtures("cluster")
def test_a_load_that_was_stopped_goes_on_where_it_was(session, tmp_path, log):
    folder = write_many(tmp_path / "shop", 200)
    session.reporter = lambda: Watching(60, interrupt)
    with pytest.raises(LoadStoppedError, match="the same command goes on"):
        session.load(folder, "shop", model=Logged(log), engine="ray")
    kept = len(session.collection("shop"))
    assert 60 <= kept < 200
    for file in log.iterdir():
        file.unlink()
    session.reporter = SilentReporter
    report = session.load(folder, "shop", model=Logged(log), engine="ray").last_load
    assert (report.added, report.unchanged) == (200 - kept, kept)
    assert sum(logged(log).values()) == 200 - kept


@pytest.mark.usefixtures("cluster")
def test_workers_that_die_of_a_batch_are_said_to_in_one_line(session, tmp_path):
    folder = write_many(tmp_path / "shop", 4)
    with pytest.raises(ClusterError, match="want of memory") as caught:
        session.load(folder, "shop", model=Killed(), engine="ray")
    assert "\n" not in str(caught.value)
    assert "the same load again" in str(caught.value)


def test_a_node_that_is_lost_loses_nothing_and_doubles_nothing(cluster, session, tmp_path, log):
    folder = write_many(tmp_path / "shop", 240)
    victim = cluster.nodes.pop()
    lost = []

    def kill():
        lost.append(logged(log)[victim.node_id])
        cluster.remove_node(victim, allow_graceful=False)

    session.reporter = lambda: Watching(64, kill)
    shop = session.load(folder, "shop", model=Logged(log, nodes=3, seconds=0.05), engine="ray")
    # It was at work, and what it had in hand was done by others.
    assert lost != []
    assert shop.last_load.added == 240
    found = contents(shop)
    assert len(found) == 240
    for number in range(240):
        expected = picture_vector(picture(colour(number)))
        vector = found[f"{number:03}.png", "image", 0]
        np.testing.assert_allclose(vector, expected, atol=1e-5)
