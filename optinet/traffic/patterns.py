# SPDX-License-Identifier: Apache-2.0
"""Traffic patterns: endpoint indices in, demand out. Rank i of a job is endpoint i."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.slices import pod_of, slice_nodes
from optinet.structure import HyperX, Torus
from optinet.traffic.demand import Demand

MOST_PAIRS = 30_000_000


def uniform(fabric: Fabric, gbps_per_endpoint: float) -> Demand:
    """Every endpoint sends `gbps_per_endpoint` in equal parts to all others."""
    return Demand.uniform(fabric, gbps_per_endpoint / max(1, fabric.n_endpoints - 1))


def uniform_in_slices(fabric: Fabric, gbps_per_endpoint: float) -> Demand:
    """Every chip of a slice of a pod sends `gbps_per_endpoint` in equal parts to all others of its slice.

    Raises
    ------
    DemandError
        If the slices together have more pairs than are kept one by one (`MOST_PAIRS`); one slice has no limit.
    TopologyError
        If the fabric is no pod.
    """
    n = fabric.n_endpoints
    members = [slice_nodes(fabric, index) for index in range(len(pod_of(fabric).slices))]
    members = [nodes for nodes in members if len(nodes) > 1]
    if len(members) == 1:
        share = np.zeros(n)
        share[members[0]] = 1.0
        return Demand.rank_one(fabric, share * gbps_per_endpoint / (len(members[0]) - 1), share)
    n_pairs = sum(len(nodes) ** 2 for nodes in members)
    if n_pairs > MOST_PAIRS:
        found = f"{n_pairs:,} pairs of chips in {len(members)} slices"
        raise DemandError(Problem("workload", found, f"at most {MOST_PAIRS:,}, or a scenario for each slice"))
    sources = [np.repeat(nodes, len(nodes)) for nodes in members]
    targets = [np.tile(nodes, len(nodes)) for nodes in members]
    rates = [np.full(len(nodes) ** 2, gbps_per_endpoint / (len(nodes) - 1)) for nodes in members]
    pairs = (np.concatenate([*sources, np.empty(0, int)]), np.concatenate([*targets, np.empty(0, int)]))
    return Demand.from_matrix(fabric, sparse.coo_array((np.concatenate([*rates, np.empty(0)]), pairs), shape=(n, n)))


def grid_neighbors(fabric: Fabric, dims: tuple[int, ...] | None, gbps_per_endpoint: float) -> Demand:
    """Every endpoint sends equal parts to its two neighbors along each axis of a wrapped, row-major grid.

    Parameters
    ----------
    fabric
        The fabric the demand is for.
    dims
        Grid of ranks; None for the fabric's own grid (a torus of chips, an all-to-all grid of chips), or one ring of
        all ranks where it has none. Its product is the number of endpoints. Axes of size 1 have no neighbors; on an
        axis of size 2 both neighbors are the same endpoint, which gets both parts.
    gbps_per_endpoint
        What each endpoint sends in all.

    Raises
    ------
    DemandError
        If the grid does not hold as many ranks as the fabric has endpoints.
    """
    n = fabric.n_endpoints
    if dims is None:
        own = fabric.structure.dims if isinstance(fabric.structure, Torus | HyperX) else ()
        dims = own if own and int(np.prod(own)) == n else (n,)
    if int(np.prod(dims)) != n:
        shape = " x ".join(map(str, dims))
        raise DemandError(
            Problem("workload.dims", f"{shape} = {int(np.prod(dims))} ranks", f"a grid of {n} ranks, one per endpoint")
        )
    rank = np.arange(n).reshape(dims)
    axes = [axis for axis, k in enumerate(dims) if k > 1]
    targets = [np.roll(rank, -step, axis).ravel() for axis in axes for step in (1, -1)]
    if not targets:
        return Demand.uniform(fabric, 0.0)
    rate = np.full(n * len(targets), gbps_per_endpoint / len(targets))
    return Demand.from_matrix(
        fabric, sparse.coo_array((rate, (np.tile(np.arange(n), len(targets)), np.concatenate(targets))), shape=(n, n))
    )


def random_permutation(fabric: Fabric, gbps_per_endpoint: float, seed: int) -> Demand:
    """Every endpoint sends `gbps_per_endpoint` to one other and receives from one other, drawn without fixed points."""
    n = fabric.n_endpoints
    if n < 2:
        raise DemandError(Problem("endpoints", f"{n} have no permutation without fixed points", "at least 2"))
    rng = np.random.default_rng(seed)
    target = rng.permutation(n)
    fixed = np.flatnonzero(target == np.arange(n))
    if len(fixed) == 1:
        other = (fixed[0] + 1 + rng.integers(n - 1)) % n
        target[[fixed[0], other]] = target[[other, fixed[0]]]
    else:
        target[fixed] = np.roll(target[fixed], 1)
    return Demand.permutation(fabric, target, gbps_per_endpoint)
