# SPDX-License-Identifier: Apache-2.0
"""The first call of a function ever, when none of its kernels has been compiled yet."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from experiments.benchmarks.measure import Effort, Measurement, Work, measured
from experiments.benchmarks.rows import Row, Target

if TYPE_CHECKING:
    from optinet import Demand, Fabric

_SECONDS = 6.0  # most that a first call may take


def rows(effort: Effort) -> Iterator[Row]:
    """Yield a row for each function, and their sum."""
    names = list(_calls())[: 2 if effort.quick else None]
    found = []
    for name in names:
        found.append(first_call(name, effort))
        yield Row(f"first call of {name}", "", None, found[-1], Target(seconds=_SECONDS))
    total = sum(measurement.seconds for measurement in found)
    yield Row("the first calls together", "", None, dataclasses.replace(found[-1], seconds=total, peak_mb=np.nan))


def first_call(name: str, effort: Effort) -> Measurement:
    """Measure one call in a process of its own whose folder of compiled kernels is empty, importing Numba inside."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, NUMBA_CACHE_DIR=folder):
        return measured(prepared, (name,), dataclasses.replace(effort, repeats=1, isolated=True))


def prepared(name: str) -> Work:
    """Return the work: the call named. Building the inputs imports Numba for a mesh alone, whose wiring needs it."""
    import optinet
    import topologies

    topology, call = _calls()[name]
    fabric = topologies.build(topology, **_FABRICS[topology])
    shift = np.roll(np.arange(fabric.n_endpoints), 7)
    uniform, shifted = optinet.Demand.uniform(fabric), optinet.Demand.permutation(fabric, shift)
    return lambda: call(fabric, uniform, shifted)


_FABRICS: dict[str, dict[str, Any]] = {
    "torus": {"dims": (4, 4, 3)},
    "leaf_spine": {"leaves": 4, "spines": 2, "hosts_per_leaf": 4},
    "ocs_mesh": {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 6},
}


def _calls() -> dict[str, tuple[str, Callable[[Fabric, Demand, Demand], Any]]]:
    import optinet

    def loads(routing: str) -> Callable[[Fabric, Demand, Demand], Any]:
        return lambda fabric, uniform, _: optinet.link_loads(fabric, uniform, routing=routing).arc_load_gbps

    return {
        "link_loads, ecmp, uniform": ("torus", loads("ecmp")),
        "link_loads, ecmp, permutation": ("torus", lambda f, _, shifted: optinet.link_loads(f, shifted).arc_load_gbps),
        "link_loads, paths": ("torus", loads("paths")),
        "link_loads, wcmp": ("torus", loads("wcmp")),
        "link_loads, dor": ("torus", loads("dor")),
        "link_loads, valiant": ("torus", loads("valiant")),
        "link_loads, up_down": ("leaf_spine", loads("up_down")),
        "link_loads, direct_transit": ("ocs_mesh", loads("direct_transit")),
        "solve, ecmp": ("torus", lambda f, uniform, _: optinet.solve(f, uniform).loads.arc_load_gbps),
        "solve, dor": ("torus", lambda f, uniform, _: optinet.solve(f, uniform, routing="dor").loads.arc_load_gbps),
        "path_metrics": ("torus", lambda f, *_: [optinet.path_metrics(f).diameter]),
        "bisection": ("leaf_spine", lambda f, *_: [optinet.bisection(f).upper]),
        "concurrent_flow, symmetric": ("torus", lambda f, uniform, _: [optinet.concurrent_flow(f, uniform).lower]),
        "concurrent_flow, fptas": (
            "torus",
            lambda f, _, shifted: [optinet.concurrent_flow(f, shifted, method="fptas").lower],
        ),
        "flow_paths": ("torus", lambda f, *_: optinet.flow_paths(f, np.array([0, 1]), np.array([5, 6]))[1]),
        "max_min_rates": ("torus", lambda *_: optinet.max_min_rates([1.0], [0, 1, 2], [0, 0])),
        "simulate_flows": (
            "torus",
            lambda *_: optinet.simulate_flows([1.0], [0, 1, 2], [0, 0], [1.0, 1.0]).finish_s,
        ),
    }
