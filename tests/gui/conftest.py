# SPDX-License-Identifier: Apache-2.0
"""Run files written by optinet's own writer, with loads that the tests choose; what is left behind fails a test."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import topologies
from optinet.results import write_run
from optinet.results.content import RunContent, fabric_groups
from tests.support import waiting

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


def pytest_runtest_logstart() -> None:
    """Let what belongs to Qt be destroyed here, as in the program; other threads of the tests' process allocate too."""
    gc.disable()


def pytest_runtest_logfinish() -> None:
    """Collect what the test has made, which pytest holds until now; with a window, which freezes it, all there is."""
    frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.collect(2 if frozen else 1)
    gc.enable()


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    with waiting.nothing_left_behind():
        yield


class PatientBot(QtBot):
    """Waits as long as all tests do, or longer."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = 0) -> None:  # noqa: N802
        super().waitUntil(callback, timeout=max(timeout, int(1000 * waiting.PATIENCE_S)))

    def waitSignal(self, signal: object, *, timeout: int = 0) -> object:  # noqa: N802
        return super().waitSignal(signal, timeout=max(timeout, int(1000 * waiting.PATIENCE_S)))

    def waitExposed(self, widget: object, *, timeout: int = 0) -> object:  # noqa: N802
        return super().waitExposed(widget, timeout=max(timeout, int(1000 * waiting.PATIENCE_S)))


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> PatientBot:
    return PatientBot(request)
