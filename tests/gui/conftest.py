# SPDX-License-Identifier: Apache-2.0
"""Run files written by optinet's own writer, with loads that the tests choose."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

import topologies
from optinet.results import write_run
from optinet.results.content import RunContent, fabric_groups

MakeRun = Callable[..., Path]
UNITS = {"delivered_gbps_per_endpoint": "Gbit s-1", "network_kw": "kW", "latency_mean_ns": "ns", "cooling_kw": "kW"}


def run_content(
    case: str,
    topology: str = "leaf_spine",
    parameters: Mapping[str, object] | None = None,
    workload: str = "uniform",
    metrics: Mapping[str, float] | None = None,
    power_w: Mapping[str, float] | None = None,
    verdict: str = "closes",
    utilization: object = 0.25,
    notes: tuple[str, ...] = (),
    caveat: str = "",
) -> RunContent:
    if parameters is None:
        parameters = {"leaves": 4, "spines": 2, "hosts_per_leaf": 3}
    fabric = topologies.build(topology, **parameters)
    used = np.broadcast_to(np.asarray(utilization, dtype=float), fabric.n_arcs)
    metrics = {"network_kw": 10.0} if metrics is None else metrics
    power_w = {"switch": 700.0, "laser": 300.0} if power_w is None else power_w
    scenario = {"title": case, "topology": {"name": topology}, "workload": {"name": workload}, "caveat": caveat}
    nothing = [np.nan] * len(metrics)
    groups = fabric_groups(fabric) | {
        "scenario": {"toml": "", "json": json.dumps(scenario)},
        "arcs": {
            "capacity_gbps": fabric.arc_capacity_gbps,
            "load_gbps": used * fabric.arc_capacity_gbps,
            "utilization": used,
        },
        "power": {"category": list(power_w), "power_w": list(power_w.values())},
        "metrics": {
            "name": list(metrics),
            "value": list(metrics.values()),
            "low": nothing,
            "high": nothing,
            "unit": [UNITS.get(name, "1") for name in metrics],
            "meaning": list(metrics),
        },
    }
    if notes:
        groups["notes"] = {"text": list(notes)}
    return RunContent(case, case, "ecmp", verdict, "5" * 64, groups)


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a run file called NAME.h5 into the test's folder."""

    def make(name: str, **content: object) -> Path:
        path = tmp_path / f"{name}.h5"
        write_run(path, run_content(**{"case": name, **content}))
        return path

    return make


@pytest.fixture(autouse=True)
def garbage_dies_on_this_thread():
    """What belongs to Qt is destroyed here, as in the program; other threads of the tests' process allocate too."""
    gc.disable()
    yield
    gc.collect(1)  # all that this test has made
    gc.enable()


@pytest.fixture(autouse=True)
def no_thread_left():
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left


@pytest.fixture(autouse=True)
def no_child_process_left():
    before = children()
    yield
    deadline = time.monotonic() + 2.0
    while (left := children() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def children() -> set[tuple[int, str]]:
    """Return the processes that this one has started and that still run, with their command lines."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add((int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")))
    return found
