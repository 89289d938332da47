# SPDX-License-Identifier: Apache-2.0
"""The first call of a function ever, when none of its kernels has been compiled yet."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np

from experiments.benchmarks.measure import Effort, Measurement, Work, measured
from experiments.benchmarks.rows import Row, Target

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
    """Return the work: the call named."""
    return _calls()[name]


def _calls() -> dict[str, Callable[[], np.ndarray]]:
    import optinet
    import topologies

    torus = topologies.build("torus", dims=(4, 4, 3))
    clos = topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=4)
    mesh = topologies.build("ocs_mesh", blocks=4, hosts_per_block=2, uplinks_per_block=6)
    uniform = optinet.Demand.uniform(torus)
    shifted = optinet.Demand.permutation(torus, np.roll(np.arange(torus.n_endpoints), 7))

    def loads(routing: str, fabric: optinet.Fabric = torus) -> Callable[[], np.ndarray]:
        demand = uniform if fabric is torus else optinet.Demand.uniform(fabric)
        return lambda: optinet.link_loads(fabric, demand, routing=routing).arc_load_gbps

    return {
        "link_loads, ecmp, uniform": loads("ecmp"),
        "link_loads, ecmp, permutation": lambda: optinet.link_loads(torus, shifted).arc_load_gbps,
        "link_loads, paths": loads("paths"),
        "link_loads, wcmp": loads("wcmp"),
        "link_loads, dor": loads("dor"),
        "link_loads, valiant": loads("valiant"),
        "link_loads, up_down": loads("up_down", clos),
        "link_loads, direct_transit": loads("direct_transit", mesh),
        "solve, ecmp": lambda: optinet.solve(torus, uniform).loads.arc_load_gbps,
        "solve, dor": lambda: optinet.solve(torus, uniform, routing="dor").loads.arc_load_gbps,
        "path_metrics": lambda: np.array([optinet.path_metrics(torus).diameter]),
        "bisection": lambda: np.array([optinet.bisection(clos).upper]),
        "concurrent_flow, symmetric": lambda: np.array([optinet.concurrent_flow(torus, uniform).lower]),
        "concurrent_flow, fptas": lambda: np.array([optinet.concurrent_flow(torus, shifted, method="fptas").lower]),
        "flow_paths": lambda: optinet.flow_paths(torus, np.array([0, 1]), np.array([5, 6]))[1],
        "max_min_rates": lambda: optinet.max_min_rates([1.0], [0, 1, 2], [0, 0]),
        "simulate_flows": lambda: optinet.simulate_flows([1.0], [0, 1, 2], [0, 0], [1.0, 1.0]).finish_s,
    }
