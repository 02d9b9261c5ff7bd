"""What `engine=` may be, and whether what it names is there."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys

from mmrag_jupyter.errors import ClusterError, MissingError, SourceError, did_you_mean

LOCAL, RAY, SCHEME = "local", "ray", "ray://"
# A machine that is there answers at once.
_PATIENCE = 5.0  # seconds


def engine_address(engine: str | None) -> str | None:
    """Return the address of the cluster that a load runs on; "" is a Ray of this machine's own.

    None stands for no cluster: the load runs in this process. `"ray"` is the cluster that this
    kernel is connected to, or the one in RAY_ADDRESS, or else this machine alone.

    Raises
    ------
    SourceError
        There is no such engine.
    MissingError
        Ray is not installed.
    ClusterError
        Nothing answers there.
    """
    if engine is None or engine == LOCAL:
        return None
    if engine != RAY and not engine.startswith(SCHEME):
        near = did_you_mean(engine, [LOCAL, RAY])
        raise SourceError(
            f"engine is {engine!r}; give {LOCAL!r}, {RAY!r} or 'ray://HOST:PORT'.{near}"
        )
    host, port = _host_and_port(engine) if engine != RAY else ("", 0)
    _require_ray()
    if engine == RAY:
        engine = _own_cluster()
        if not engine:
            return ""
        host, port = _host_and_port(engine)
    _knock(engine, host, port)
    return engine


def _require_ray() -> None:
    spec = importlib.util.find_spec("ray")
    if spec is None:
        raise MissingError(
            "A load on a cluster needs Ray: %pip install mmrag-jupyter[ray], and restart the "
            "kernel."
        )
    # A script that tries Ray is easily called ray.py. The process that talks to the cluster would
    # run it in place of Ray, and it this load again, and so on.
    if spec.submodule_search_locations is None:
        raise ClusterError(f"{spec.origin} stands in the way of Ray; give it another name.")


def _own_cluster() -> str:
    ray = sys.modules.get("ray")
    # Whoever is connected has imported it; nothing is imported to look.
    if ray is not None and getattr(ray, "is_initialized", bool)():
        return str(ray.get_runtime_context().gcs_address)
    address = os.environ.get("RAY_ADDRESS", "")
    return "" if address == "local" else address


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix(SCHEME).partition("/")[0].rpartition(":")
    if not host or not port.isdigit():
        raise SourceError(
            f"{address!r} is no address of a cluster; it is like 'ray://HOST:10001', with the "
            "port of the cluster's client server."
        )
    return host.strip("[]"), int(port)


def _knock(address: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ClusterError(
            f"No Ray cluster answers at {address}: {reason}; is it up (ray status on its head), "
            "and its port open to this machine?"
        ) from None
