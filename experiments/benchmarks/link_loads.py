# SPDX-License-Identifier: Apache-2.0
"""Link loads beside igraph, networkx and NetGraph."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.benchmarks.measure import Effort, Measurement, Work, measured
from experiments.benchmarks.peers import igraph_loads, networkx_loads, ngraph_loads
from experiments.benchmarks.rows import Row, Target, peer_name, relative_difference


def rows(effort: Effort) -> Iterator[Row]:
    """Yield the rows of the issue of speed, small ones first."""
    yield ngraph_row(32, 32, effort, Target())
    yield ngraph_row(32, 32, effort, Target(ratio=500), tunnels=True)
    yield torus_row(networkx_loads, (8, 8, 8), effort)
    yield torus_row(igraph_loads, (16, 16, 16), effort, target=Target(ratio=4))
    yield torus_row(igraph_loads, (16, 16, 16), effort, symmetry=True, target=Target(seconds=0.02))
    yield fat_tree_row(32, effort, Target(seconds=2, peak_mb=1000))
    if not effort.quick:
        yield fat_tree_row(64, effort, Target(seconds=20, peak_mb=2000))


def uniform_loads(topology: str, parameters: dict[str, Any], symmetry: bool) -> Work:
    """Return the work: ECMP loads of one Gb/s between every ordered pair.

    Parameters
    ----------
    topology, parameters
        As `topologies.build` takes them.
    symmetry
        Whether the solver may know that the fabric is a torus.
    """
    import optinet
    import topologies

    fabric = topologies.build(topology, **parameters)
    if not symmetry:
        fabric = dataclasses.replace(fabric, structure=None)
    demand = optinet.Demand.uniform(fabric)
    return lambda: optinet.link_loads(fabric, demand).arc_load_gbps


def matrix_loads(topology: str, parameters: dict[str, Any], gbps: float) -> Work:
    """Return the work: ECMP loads of a demand given pair by pair; reading the matrix is inside."""
    import optinet
    import topologies

    fabric = topologies.build(topology, **parameters)
    matrix = gbps * (1 - np.eye(fabric.n_endpoints))

    def work() -> np.ndarray:
        return optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, matrix)).arc_load_gbps

    return work


def torus_row(
    peer: Any, dims: tuple[int, ...], effort: Effort, *, symmetry: bool = False, target: Target | None = None
) -> Row:
    """Return uniform all-to-all loads on a torus beside a peer's edge betweenness."""
    ours = measured(uniform_loads, ("torus", {"dims": dims}, symmetry), effort, warm_up=_warm_torus(symmetry))
    theirs = measured(peer.betweenness, (dims,), effort) if peer.version() else None
    return Row(
        f"link_loads, uniform ECMP, {_shape(dims)} torus, symmetry {'' if symmetry else 'not '}used",
        peer_name(peer.NAME, peer.version()),
        theirs.seconds if theirs else None,
        ours,
        target or Target(),
        relative_difference(ours.answer, theirs.answer) if theirs else None,
        "load of every arc",
    )


def fat_tree_row(k: int, effort: Effort, target: Target) -> Row:
    """Return uniform all-to-all loads on a fat tree, checked against what Clos loads must be.

    With N = k^3/4 hosts every host sends and receives N - 1; equal split spreads what leaves a leaf, and what leaves
    a pod, evenly.
    """
    ours = measured(uniform_loads, ("fat_tree", {"k": k}, True), effort, warm_up=("fat_tree", {"k": 4}, True))
    hosts, half = k**3 // 4, k // 2
    up = [hosts - 1, hosts - half, hosts - half**2]
    expected = np.repeat(np.array(up, dtype=np.float64), 2 * hosts)
    return Row(
        f"link_loads, uniform ECMP, fat_tree(k={k}), {hosts:,} hosts",
        "",
        None,
        ours,
        target,
        relative_difference(np.sort(ours.answer)[::-1], expected),
        "load of every arc, with the closed form",
    )


def ngraph_row(leaves: int, spines: int, effort: Effort, target: Target, *, tunnels: bool = False) -> Row:
    """Return loads of all pairs of hosts, one below each leaf, beside NetGraph's placement.

    With `tunnels` NetGraph places 16 label-switched paths for each demand, which is another routing than optinet's;
    its loads are the same in sum alone.
    """
    shape = {"leaves": leaves, "spines": spines, "hosts_per_leaf": 1}
    gbps = float(spines)  # so that no share is near the smallest flow NetGraph knows
    small = ("leaf_spine", {"leaves": 2, "spines": 2, "hosts_per_leaf": 1}, 1.0)
    ours = measured(matrix_loads, ("leaf_spine", shape, gbps), effort, warm_up=small)
    version = ngraph_loads.version()
    preset = ngraph_loads.TUNNELS if tunnels else ngraph_loads.ECMP
    theirs = measured(ngraph_loads.placement, ("leaf_spine", shape, gbps, preset), effort) if version else None
    return Row(
        f"link_loads, ECMP, Clos of {leaves + spines} switches, {leaves * (leaves - 1)} demands"
        + (", beside 16 tunnels for each demand" if tunnels else ""),
        peer_name(ngraph_loads.NAME, version),
        theirs.seconds if theirs else None,
        ours,
        target,
        relative_difference(*(_compared(each, tunnels) for each in (ours, theirs))) if theirs else None,
        "sum of all loads" if tunnels else "load of every arc",
    )


def _warm_torus(symmetry: bool) -> tuple[str, dict[str, Any], bool]:
    return "torus", {"dims": (2, 3)}, symmetry


def _compared(found: Measurement, summed: bool) -> NDArray[np.float64]:
    return found.answer.sum(keepdims=True) if summed else found.answer


def _shape(dims: tuple[int, ...]) -> str:
    return " x ".join(map(str, dims))
