# SPDX-License-Identifier: Apache-2.0
r"""Bisection: the fewest links whose removal parts the endpoints into halves, switches placed to minimize the cut.

Links are counted, not Gb/s; with an odd number of endpoints one half has one more. What is used, first that fits:

- *Torus* (J. Arjona Aroca, A. Fernandez Anta, "Bisection (band)width of product networks", arXiv:1202.6291): sort the
  sides :math:`k_1 \ge k_2 \ge \dots` and let e be the first even one, or the last. Then the bisection is
  :math:`2 \sum_{i \le e} \prod_{j > i} k_j`; a side of 2 has two parallel links.
- *HyperX, hypercube, full mesh* without hosts (J. H. Lindsey, "Assignment of numbers to vertices", Amer. Math. Monthly
  71 (1964)): the half that fills the largest complete graphs first has the smallest boundary.
- *Clos*: let r be the least product of uplinks over downlinks from the hosts up to any tier, at most 1. Traffic spread
  evenly over all uplinks lets every pairing of hosts across the cut have r per host link, so at least
  :math:`r \lfloor N/2 \rfloor` links are cut, times the links of each host.
- Anything else: the best halving found from several starts is an upper bound. Lower bounds are the links that
  uniform concurrent flow needs, :math:`\lambda \lfloor N/2 \rfloor \lceil N/2 \rceil` with links of capacity 1, and
  the second eigenvalue of the Laplacian, :math:`\lambda_2 \lfloor N/2 \rfloor \lceil N/2 \rceil / N` (M. Fiedler,
  Czech. Math. J. 23 (1973)).
  Small graphs whose bounds do not meet are searched exactly (integer program, HiGHS).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import eigsh

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.flows.concurrent.auto import concurrent_flow
from optinet.flows.halving import Halving, in_use, links_cut
from optinet.structure import Clos, HyperX, Planes, Torus
from optinet.traffic.demand import Demand

_SEARCHED_NODES = 50


@dataclass(frozen=True, eq=False)
class Bisection:
    """Bounds on the links cut by halving the endpoints.

    Parameters
    ----------
    lower, upper
        Links; equal where the bisection is known.
    method
        "formula", "bounds meet", "search", or "bounds" where they do not meet.
    side
        shape (n_nodes,): the half each node is in, of a cut with `upper` links.
    """

    lower: int
    upper: int
    method: str
    side: NDArray[np.bool_]

    @property
    def is_proven(self) -> bool:
        """Whether the bounds meet."""
        return self.lower == self.upper


def bisection(fabric: Fabric, *, time_budget_s: float = 30.0) -> Bisection:
    """Return the bisection of a fabric, or bounds on it.

    Parameters
    ----------
    fabric
        A fabric with at least two endpoints. Links of capacity 0 in both directions do not count.
    time_budget_s
        Seconds that each of the lower bound by flow and the exact search may take, > 0.

    Raises
    ------
    SolverError
        If there are fewer than two endpoints.
    """
    if fabric.n_endpoints < 2:
        raise SolverError(Problem("bisection", "fewer than two endpoints have no halves"))
    known = _by_structure(fabric)
    if known is not None and known.is_proven:
        return known
    graph = Halving.of(fabric)
    best = graph.best_side()
    if known is not None and known.upper <= links_cut(fabric, best):
        best = known.side
    upper = links_cut(fabric, best)
    lower = max(known.lower if known else 0, _lower_bound(fabric, upper, time_budget_s))
    if lower < upper and graph.n_nodes <= _SEARCHED_NODES:
        lower, side = graph.search(lower, time_budget_s)
        best, upper = (side, links_cut(fabric, side)) if links_cut(fabric, side) < upper else (best, upper)
        if lower >= upper:
            return Bisection(upper, upper, "search", best)
    return Bisection(lower, upper, "bounds meet" if lower == upper else "bounds", best)


def known_bisection(fabric: Fabric) -> Bisection | None:
    """Return the bisection that follows from the structure without any search, or None."""
    known = _by_structure(fabric) if fabric.n_endpoints > 1 else None
    return known if known is not None and known.is_proven else None


def _by_structure(fabric: Fabric) -> Bisection | None:
    """Return what a theorem says, with a cut that attains its upper bound."""
    structure = fabric.structure
    if not in_use(fabric).all():
        return None
    if isinstance(structure, Torus) and not structure.is_twisted:
        order = np.argsort(structure.dims, kind="stable")[::-1]
        return _theorem(fabric, _first_half(structure.dims, tuple(order)), 2 * _psi(structure.dims))
    if isinstance(structure, HyperX) and structure.hosts_per_switch == 0:
        ends = np.sort(np.column_stack((fabric.arc_tail[::2], fabric.arc_head[::2])), axis=1)
        if len(set(np.unique(ends, axis=0, return_counts=True)[1].tolist())) == 1:
            # the axis that varies fastest is the largest, which is filled first
            side = _first_half(structure.dims, tuple(np.argsort(structure.dims, kind="stable")))
            return _theorem(fabric, side, links_cut(fabric, side))
    if isinstance(structure, Clos | Planes):
        return _of_clos(fabric)
    return None


def _theorem(fabric: Fabric, side: NDArray[np.bool_], links: int) -> Bisection | None:
    """Return the theorem's value if the cut that goes with it has that many links, as it must."""
    return Bisection(links, links, "formula", side) if links_cut(fabric, side) == links else None


def _psi(dims: tuple[int, ...]) -> int:
    sides = sorted((k for k in dims if k > 1), reverse=True)
    total = 0
    for i, k in enumerate(sides):
        total += math.prod(sides[i + 1 :])
        if k % 2 == 0:
            break
    return total


def _first_half(dims: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the first half of the nodes of a grid when the given axes count from the most to the least significant."""
    n = int(np.prod(dims))
    position = np.unravel_index(np.arange(n), dims)
    rank = np.ravel_multi_index(tuple(position[a] for a in axes), tuple(dims[a] for a in axes))
    first: NDArray[np.bool_] = rank < n // 2
    return first


def _of_clos(fabric: Fabric) -> Bisection | None:
    """Return the lower bound of hose traffic, and the cut between the first and the second half of the hosts."""
    tier = fabric.node_tier
    tail, head = fabric.arc_tail, fabric.arc_head
    rising = tier[head] > tier[tail]
    up_links = np.bincount(tail[rising], minlength=fabric.n_nodes)
    down_links = np.bincount(tail[tier[head] < tier[tail]], minlength=fabric.n_nodes)
    share, reach = 1.0, 1.0
    for level in range(1, int(tier.max())):
        switches = tier == level
        if len(set(up_links[switches])) > 1 or len(set(down_links[switches])) > 1:
            return None
        reach *= up_links[switches][0] / down_links[switches][0]
        share = min(share, reach)
    per_host = up_links[fabric.endpoints]
    if len(set(per_host)) > 1:
        return None
    n = fabric.n_endpoints
    lower = math.ceil(share * int(per_host[0]) * (n // 2) - 1e-9)
    side = np.zeros(fabric.n_nodes, dtype=bool)
    side[fabric.endpoints[n // 2 :]] = True
    for _ in range(2 * int(tier.max())):
        # every switch goes where most of its links below lead, which is best for a tree and checked by counting
        there = np.bincount(tail[side[head] & (tier[head] < tier[tail])], minlength=fabric.n_nodes)
        switches = tier > 0
        side[switches] = 2 * there[switches] > down_links[switches]
    upper = links_cut(fabric, side)
    return Bisection(lower, upper, "formula" if lower == upper else "bounds", side)


def _lower_bound(fabric: Fabric, upper: int, time_budget_s: float) -> int:
    halves = (fabric.n_endpoints // 2) * ((fabric.n_endpoints + 1) // 2)
    best = 0
    if fabric.n_endpoints == fabric.n_nodes and fabric.n_nodes > 2:
        best = math.ceil(_second_eigenvalue(fabric) * halves / fabric.n_nodes * (1 - 1e-9) - 1e-9)
    if best < upper:
        unit = dataclasses.replace(fabric, arc_capacity_gbps=np.where(fabric.arc_capacity_gbps > 0, 1.0, 0.0))
        try:
            flow = concurrent_flow(unit, Demand.uniform(unit), gap=0.002, time_budget_s=time_budget_s)
        except SolverError:
            return best  # not all endpoints reach one another, or too many pairs
        best = max(best, math.ceil(flow.lower * halves * (1 - 1e-9) - 1e-9))
    return min(best, upper)


def _second_eigenvalue(fabric: Fabric) -> float:
    used = in_use(fabric)
    tail, head = fabric.arc_tail[::2][used], fabric.arc_head[::2][used]
    links = sparse.coo_array((np.ones(len(tail)), (tail, head)), shape=(fabric.n_nodes,) * 2)
    both = (links + links.T).tocsr()
    degree: NDArray[np.float64] = np.asarray(both.sum(axis=1))
    if fabric.n_nodes <= 1500:
        return float(np.linalg.eigvalsh(np.diag(degree) - both.toarray())[1])
    # shifted so that the smallest are found as the largest, which needs no factorization
    largest = 2.0 * float(degree.max())
    shifted = sparse.csr_array(sparse.diags_array(largest - degree) + both)
    start = np.random.default_rng(0).random(fabric.n_nodes)
    values = eigsh(shifted, k=2, which="LA", tol=1e-7, v0=start, return_eigenvectors=False)
    return largest - float(np.min(values)) - 1e-6 * largest
