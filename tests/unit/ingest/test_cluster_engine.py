"""What `engine=` may be, and how many workers a cluster has room for."""

from __future__ import annotations

import importlib.util
import socket
import sys

import pandas as pd
import pytest
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ClusterError, MissingError, SourceError
from mmrag_jupyter.ingest.cluster import engine_address
from mmrag_jupyter.ingest.cluster.plan import Workers, workers

GB = 2.0**30


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.mark.parametrize("engine", [None, "local"])
def test_without_a_cluster_a_load_runs_here(engine):
    assert engine_address(engine) is None


def test_ray_is_this_machine_alone_or_the_cluster_of_the_environment(monkeypatch, listening):
    assert engine_address("ray") == ""
    monkeypatch.setenv("RAY_ADDRESS", "local")
    assert engine_address("ray") == ""
    monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{listening}")
    assert engine_address("ray") == f"127.0.0.1:{listening}"


def test_an_address_is_handed_on_where_something_answers(listening):
    assert engine_address(f"ray://127.0.0.1:{listening}") == f"ray://127.0.0.1:{listening}"


def test_a_cluster_that_is_not_there_is_said_at_once():
    address = f"ray://127.0.0.1:{closed_port()}"
    with pytest.raises(ClusterError, match="No Ray cluster answers") as caught:
        engine_address(address)
    assert address in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("engine", ["rya", "spark", "127.0.0.1:6379"])
def test_another_engine_is_refused(engine):
    with pytest.raises(SourceError, match="engine is"):
        engine_address(engine)


@pytest.mark.parametrize("engine", ["ray://", "ray://host", "ray://host:port", "ray://:10001"])
def test_half_an_address_is_refused(engine):
    with pytest.raises(SourceError, match="no address of a cluster"):
        engine_address(engine)


def test_a_slip_is_mended_in_the_message():
    with pytest.raises(SourceError, match="Did you mean 'ray'"):
        engine_address("rai")


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingError, match=r"pip install mmrag-jupyter\[ray\]"):
        engine_address("ray")


def test_a_script_called_ray_is_not_taken_for_ray(tmp_path, monkeypatch):
    script = tmp_path / "ray.py"
    script.write_text("raise SystemExit('this was run')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    with pytest.raises(ClusterError, match="stands in the way of Ray") as caught:
        engine_address("ray")
    assert str(script) in str(caught.value)


def test_a_load_looks_for_its_cluster_before_it_reads_anything(tmp_path):
    session = mm.Session(mm.Config(root=str(tmp_path)))
    embedder = ToyEmbedder()
    frame = pd.DataFrame({"text": ["a hat"]})
    with pytest.raises(ClusterError):
        session.load(frame, "f", model=embedder, engine=f"ray://127.0.0.1:{closed_port()}")
    assert embedder.texts == 0


@pytest.mark.parametrize(
    ("nodes", "planned"),
    [
        ([{"CPU": 1.0}, {"CPU": 1.0}, {"CPU": 1.0}], Workers(3, 1, 0)),
        ([{"CPU": 2.0}], Workers(1, 2, 0)),
        ([{"CPU": 16.0, "memory": 60 * GB}, {"CPU": 8.0}], Workers(6, 4, 0)),
        # The smallest decides, so that no node is left out.
        ([{"CPU": 16.0}, {"CPU": 2.0}], Workers(9, 2, 0)),
        ([{"CPU": 8.0, "GPU": 1.0}, {"CPU": 4.0}], Workers(1, 8, 1)),
        ([{"CPU": 12.0, "GPU": 4.0}, {"CPU": 4.0, "GPU": 2.0}], Workers(6, 2, 1)),
        # A head that does no work itself, and nothing else yet.
        ([{"memory": GB}], Workers(1, 1, 0)),
    ],
)
def test_there_is_a_worker_for_each_gpu_or_for_every_few_cores(nodes, planned):
    assert workers(nodes) == planned
