# SPDX-License-Identifier: Apache-2.0
"""Maximum concurrent flow beside linear programs solved by HiGHS and NetGraph's greedy placement, and alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.benchmarks.inputs import demanded, failed
from experiments.benchmarks.measure import Effort, Measurement, Work, measured
from experiments.benchmarks.peers import highs_lp, ngraph_greedy
from experiments.benchmarks.rows import Row, Target, peer_name, relative_difference
from optinet.flows.concurrent.auto import Method

GAP = 0.01
UNIFORM = {"name": "uniform"}
PERMUTATION = {"name": "random_permutation"}
_MESH = {"blocks": 64, "hosts_per_block": 64, "uplinks_per_block": 64}
_FLAGSHIP_GRID = {"name": "grid_neighbors", "dims": [16, 16, 16]}
_WARM_UP: tuple[Any, ...] = ("torus", {"dims": (3, 4)}, PERMUTATION, "fptas", 0.0)


def rows(effort: Effort) -> Iterator[Row]:
    """Yield the rows."""
    dims = (3, 4, 4) if effort.quick else (4, 4, 4)
    switches = 24 if effort.quick else 64
    graph = ("random_regular", {"switches": switches, "degree": 8, "hosts_per_switch": 0})
    yield beside_highs("torus", {"dims": dims}, UNIFORM, "symmetric", effort, Target(1000.0), peer="highs-ds")
    yield beside_highs("torus", {"dims": dims}, UNIFORM, "fptas", effort, Target(difference=GAP), peer="highs-ds")
    yield beside_highs(*graph, UNIFORM, "fptas", effort, Target(10.0, difference=GAP), peer="highs-ipm")
    mesh = {"blocks": 8, "hosts_per_block": 8, "uplinks_per_block": 8} if effort.quick else _MESH
    grid = {"name": "grid_neighbors", "dims": [4, 4, 4]} if effort.quick else _FLAGSHIP_GRID
    target = Target(seconds=2.0, difference=GAP)
    yield beside_highs("ocs_mesh", mesh, grid, "auto", effort, target, peer="highs-ipm")
    yield beside_netgraph({"k": 4 if effort.quick else 16}, effort)
    if effort.quick:
        return
    exact = Target(seconds=5.0, difference=1e-9)
    # on a fat tree the hosts' own links are the limit; tori: 8 over N k, and 6 links over the sum of distances
    yield alone("torus", {"dims": (16, 16, 16)}, UNIFORM, effort, exact, 1 / 8192)
    yield alone("torus", {"dims": (16, 16, 32), "twisted": True}, UNIFORM, effort, exact, 6 / 114560)
    yield alone("fat_tree", {"k": 64}, UNIFORM, effort, exact, 1 / 65535)
    yield alone("fat_tree", {"k": 64}, {"name": "grid_neighbors", "dims": [32, 32, 64]}, effort, exact, 1.0)
    graph = ("random_regular", {"switches": 512, "degree": 16, "hosts_per_switch": 0})
    for workload in (UNIFORM, PERMUTATION):
        yield alone(*graph, workload, effort, Target(seconds=60.0, difference=GAP))
    yield alone("torus", {"dims": (16, 16, 16)}, PERMUTATION, effort, Target(difference=GAP))
    planes = {"planes": 4, "leaves": 64, "spines": 32, "hosts_per_leaf": 64, "links_per_pair": 2, "host_gbps": 0.25}
    yield alone("multiplane", planes | {"uplink_gbps": 0.25}, PERMUTATION, effort, Target(difference=GAP), 1.0)


def bounds(
    topology: str, parameters: dict[str, Any], workload: dict[str, Any], method: Method, failed_fraction: float
) -> Work:
    """Return the work: the two bounds of the throughput to `GAP`.

    Parameters
    ----------
    topology, parameters, workload
        As `demanded` takes them.
    method
        "symmetric", "fptas", which is then not told that the fabric is regular, or "auto".
    failed_fraction
        Links between switches that are down.
    """
    import optinet

    fabric, demand = demanded(topology, parameters, workload)
    arc_up = fabric.arc_mask(failed_links=failed(fabric, failed_fraction)) if failed_fraction else None
    if method == "fptas":
        fabric = dataclasses.replace(fabric, structure=None)

    def work() -> NDArray[np.float64]:
        found = optinet.concurrent_flow(fabric, demand, method=method, gap=GAP, arc_up=arc_up, time_budget_s=300.0)
        return np.array([found.lower, found.upper])

    return work


def beside_highs(
    topology: str,
    parameters: dict[str, Any],
    workload: dict[str, Any],
    method: str,
    effort: Effort,
    target: Target,
    *,
    peer: str,
) -> Row:
    """Return a throughput beside the linear program; the lower bound is compared, so that the gap is inside."""
    ours = measured(bounds, (topology, parameters, workload, method, 0.0), effort, warm_up=_WARM_UP)
    version = highs_lp.version()
    theirs = measured(highs_lp.throughput, (topology, parameters, workload, peer), effort) if version else None
    known = theirs is not None and np.isfinite(theirs.seconds)
    return Row(
        f"concurrent_flow, {_title(topology, parameters, workload)}, {_way(method)}",
        peer_name(f"{highs_lp.NAME} ({peer.removeprefix('highs-')})", version),
        theirs.seconds if theirs else None,
        ours,
        target,
        relative_difference(ours.answer[:1], theirs.answer) if theirs and known else None,
        "throughput",
    )


def beside_netgraph(parameters: dict[str, Any], effort: Effort) -> Row:
    """Return a permutation on a fat tree that lost links beside greedy placement, which may not place more."""
    case = ("fat_tree", parameters, PERMUTATION)
    ours = measured(bounds, (*case, "auto", 0.01), effort, warm_up=_WARM_UP)
    version = ngraph_greedy.version()
    theirs = measured(ngraph_greedy.supported, (*case, 0.01), effort) if version else None
    known = theirs is not None and np.isfinite(theirs.seconds)
    return Row(
        f"concurrent_flow, {_title(*case)}, 1 % of links down",
        peer_name(f"{ngraph_greedy.NAME} (greedy)", version),
        theirs.seconds if theirs else None,
        ours,
        Target(seconds=20.0, difference=0.02),
        # by how much the peer places more, or our own bounds are apart
        max(float(theirs.answer[0] / ours.answer[0]) - 1.0, _apart(ours)) if theirs and known else _apart(ours),
        "throughput: what the peer has above the lower bound, or the gap",
    )


def alone(
    topology: str,
    parameters: dict[str, Any],
    workload: dict[str, Any],
    effort: Effort,
    target: Target,
    exact: float | None = None,
) -> Row:
    """Return a throughput that no peer reaches beside its closed form, or with the gap between its bounds."""
    ours = measured(bounds, (topology, parameters, workload, "auto", 0.0), effort, warm_up=_WARM_UP)
    if exact is None:
        difference, compared = _apart(ours), "the proven gap"
    else:
        difference, compared = relative_difference(ours.answer, np.full(2, exact)), "closed form"
    name = f"concurrent_flow, {_title(topology, parameters, workload)}"
    return Row(name, "", None, ours, target, difference, compared)


def _apart(ours: Measurement) -> float:
    return float(ours.answer[1] / ours.answer[0]) - 1.0 if np.isfinite(ours.seconds) else np.inf


def _title(topology: str, parameters: dict[str, Any], workload: dict[str, Any]) -> str:
    shape = ", ".join(f"{key} {value}" for key, value in parameters.items() if not key.endswith("_gbps"))
    return f"{workload['name']} on {topology} ({shape})"


def _way(method: str) -> str:
    return {"symmetric": "by symmetry", "fptas": f"symmetry not used, gap {GAP:g}"}.get(method, f"gap {GAP:g}")
