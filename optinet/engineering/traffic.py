# SPDX-License-Identifier: Apache-2.0
"""Traffic engineering: splitting the traffic between blocks over direct trunks and paths with one transit block.

Reference: L. Poutievski et al., "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit
Switches and Software-Defined Networking", SIGCOMM 2022. The split minimises the largest trunk utilization, then,
among those splits, the traffic in transit.

A linear program (HiGHS) finds the optimum; the prices of its trunks prove it. Beyond `EXACT_PATHS` paths prices on
trunks lead to within about 1 % and prove how near it is (see `optinet.kernels.transit`), starting from the better of
all traffic direct and Valiant's even spread, so never worse than either; ``method="lp"`` then adds paths to the
program until none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optinet.engineering import program
from optinet.errors import Problem, SolverError
from optinet.kernels.transit import balance_transit, largest_utilization, prefer_direct

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Method = Literal["auto", "lp", "prices"]

EXACT_PATHS = 13_000  # paths over all pairs with demand that HiGHS is given at once: about a second
_ROUNDS = 40


@dataclass(frozen=True, eq=False)
class TrafficPlan:
    """How the traffic between blocks is split.

    Parameters
    ----------
    flow_gbps
        shape (n, n, n): what of the demand from u to v goes by way of w; w = v stands for the direct trunk.
    capacity_gbps
        shape (n, n): the trunks it was made for.
    upper_throughput
        No split with at most one transit carries a larger multiple of the demand; inf without demand.
    price
        shape (n, n), >= 0: prices of trunks that prove `upper_throughput`.
    """

    flow_gbps: Floats
    capacity_gbps: Floats
    upper_throughput: float
    price: Floats

    @property
    def load_gbps(self) -> Floats:
        """Load on each trunk; shape (n, n)."""
        return trunk_load(self.flow_gbps)

    @property
    def throughput(self) -> float:
        """Largest multiple of the demand that this split carries; inf without demand."""
        highest = float(largest_utilization(self.capacity_gbps, self.load_gbps))
        return 1.0 / highest if highest > 0 else np.inf

    @property
    def gap(self) -> float:
        """How far the split may be from the best, as a share of its throughput."""
        return self.upper_throughput / self.throughput - 1.0 if np.isfinite(self.throughput) else 0.0

    @property
    def direct_fraction(self) -> float:
        """Share of the traffic that takes one hop between blocks; 1 without traffic."""
        total = float(self.flow_gbps.sum())
        node = np.arange(len(self.flow_gbps))
        return float(self.flow_gbps[:, node, node].sum()) / total if total > 0 else 1.0

    @property
    def stretch(self) -> float:
        """Mean hops between blocks, 1 to 2: one for direct traffic and two for the rest."""
        return 2.0 - self.direct_fraction


def engineer_traffic(
    demand_gbps: Floats,
    capacity_gbps: Floats,
    transit: Bools | None = None,
    method: Method = "auto",
    gap: float = 0.005,
) -> TrafficPlan:
    """Split a demand between blocks so that the busiest trunk is as little utilized as can be.

    Parameters
    ----------
    demand_gbps
        shape (n, n), finite, >= 0; the diagonal is ignored.
    capacity_gbps
        shape (n, n), finite, >= 0: trunk from each block to each other, 0 for none.
    transit
        shape (n,): blocks that may be passed; all when None.
    method
        "lp": optimum, proven; "prices": fast, within `upper_throughput`; "auto": "lp" where it takes a second.
    gap
        Share of the optimum at which "prices" stops.

    Raises
    ------
    SolverError
        If shapes or numbers are wrong, or a pair with demand has neither a trunk nor a path with one transit.
    """
    demand, capacity = checked_matrices(demand_gbps, capacity_gbps)
    may_pass = np.ones(len(demand), dtype=bool) if transit is None else np.asarray(transit, dtype=bool)
    lost = unreachable(demand, capacity, may_pass)
    if len(lost):
        u, v = lost[0]
        found = f"no trunk and no path with one transit from block {u} to block {v}"
        raise SolverError(Problem("demand", found, "trunks that join every pair with demand over at most one block"))
    if not demand.any():
        return TrafficPlan(np.zeros((len(demand),) * 3), capacity, np.inf, np.zeros_like(demand))
    paths = int((usable(capacity, may_pass) & (demand > 0)[:, :, None]).sum())
    if method == "prices" or (method == "auto" and paths > EXACT_PATHS):
        return _balanced(demand, capacity, may_pass, gap)
    start = _balanced(demand, capacity, may_pass, gap) if paths > EXACT_PATHS else None
    best = program.split(demand, capacity, usable(capacity, may_pass), None if start is None else start.flow_gbps)
    if best is None:  # HiGHS gave up
        return start or _balanced(demand, capacity, may_pass, gap)
    return TrafficPlan(best.flow_gbps, capacity, 1.0 / best.lower_utilization, best.price)


def checked_matrices(*matrices: Floats) -> tuple[Floats, ...]:
    """Return square matrices of one size as floats with zero diagonals; `SolverError` naming what is wrong."""
    arrays = [np.array(matrix, dtype=np.float64) for matrix in matrices]
    shape = (len(arrays[0]),) * 2
    problems = []
    for name, array in zip(("demand_gbps", "capacity_gbps"), arrays, strict=False):
        if array.shape != shape:
            problems.append(Problem(name, f"shape {array.shape}", f"{shape}, blocks by blocks"))
        elif not np.all((array >= 0) & (array < np.inf)):
            problems.append(Problem(name, "a negative or infinite entry", "finite numbers of at least 0"))
        else:
            np.fill_diagonal(array, 0.0)
    if problems:
        raise SolverError(problems)
    return tuple(arrays)


def unreachable(demand: Floats, capacity: Floats, transit: Bools) -> Ints:
    """Return the pairs with demand that have neither a trunk nor a path with one transit; shape (n_pairs, 2)."""
    linked = capacity > 0
    reachable = linked | ((linked & transit).astype(float) @ linked > 0)
    return np.argwhere((demand > 0) & ~reachable)


def trunk_load(flow: Floats) -> Floats:
    """Return the load on each trunk of flows ``flow[u, v, w]``; shape (n, n)."""
    load: Floats = flow.sum(axis=1) + flow.sum(axis=0).T
    np.fill_diagonal(load, 0.0)  # where direct flow, which has no second hop, was counted as one
    return load


def usable(capacity: Floats, transit: Bools) -> Bools:
    """Return whether there is a path from u to v by way of w, for w = v a trunk; shape (n, n, n)."""
    node, linked = np.arange(len(capacity)), capacity > 0
    found: Bools = linked[:, None, :] & (linked & transit[:, None]).T[None]
    found[:, node, node] = linked
    return found


def valiant_flow(demand: Floats, capacity: Floats, transit: Bools) -> Floats:
    """Return the demand spread evenly over all transit blocks; shape (n, n, n)."""
    node = np.arange(len(demand))
    spread = usable(capacity, transit).astype(np.float64)
    # Valiant's intermediate may be the source or the target: both mean the trunk
    spread[:, node, node] *= np.maximum(1, transit[:, None].astype(int) + transit)
    spread *= np.divide(demand, spread.sum(axis=2), out=np.zeros_like(demand), where=demand > 0)[:, :, None]
    return spread


def _balanced(demand: Floats, capacity: Floats, transit: Bools, gap: float) -> TrafficPlan:
    """Return a split near the optimum, never worse than all direct or evenly spread over all transit blocks."""
    node = np.arange(len(demand))
    spread = valiant_flow(demand, capacity, transit)
    direct = np.where((capacity > 0)[:, :, None], 0.0, spread)
    direct[:, node, node] = np.where(capacity > 0, demand, 0.0)
    start = min((direct, spread), key=lambda flow: float(largest_utilization(capacity, trunk_load(flow))))
    flow, load, price = start.copy(), trunk_load(start), np.zeros_like(demand)
    _, lower = balance_transit(demand, capacity, transit, flow, load, price, gap, _ROUNDS)
    flow = min((flow, start), key=lambda each: float(largest_utilization(capacity, trunk_load(each))))
    load = trunk_load(flow)
    prefer_direct(capacity, flow, load, largest_utilization(capacity, load))
    return TrafficPlan(flow, capacity, 1.0 / lower, price)
