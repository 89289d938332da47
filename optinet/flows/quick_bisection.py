# SPDX-License-Identifier: Apache-2.0
r"""Bisection by theorem, and bounds on it by eigenvalues: what is quick of `optinet.flows.bisection`.

- *Torus* (J. Arjona Aroca, A. Fernandez Anta, "Bisection (band)width of product networks", arXiv:1202.6291): sort the
  sides :math:`k_1 \ge k_2 \ge \dots` and let e be the first even one, or the last. Then the bisection is
  :math:`2 \sum_{i \le e} \prod_{j > i} k_j`; a side of 2 has two parallel links.
- *HyperX, hypercube, full mesh* without hosts (J. H. Lindsey, "Assignment of numbers to vertices", Amer. Math. Monthly
  71 (1964)): the half that fills the largest complete graphs first has the smallest boundary.
- *Clos*, also of several planes or rails: where every host that spreads its traffic evenly over the links up from it,
  and every switch likewise, comes to the same top switches in the same shares, any pairing of hosts can be carried over
  these at 1 / m, m being the load of the busiest link when each host sends 1. Pairing across the cut needs
  :math:`\lfloor N/2 \rfloor / m` links. Cuts tried: leaves one side after the other, and all switches on one side.
- Anything else: the best halving found from several starts is an upper bound, the second eigenvalue of the Laplacian a
  lower one, :math:`\lambda_2 \lfloor N/2 \rfloor \lceil N/2 \rceil / N` (M. Fiedler, Czech. Math. J. 23 (1973)). Where
  h hosts hang on each of n switches, x of which are on one side, at least :math:`\lambda_2 x (n - x) / n` links between
  switches are cut and the links of :math:`|xh - N/2|` hosts, which is exact for a full mesh of blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import eigsh

from optinet.fabric import Fabric
from optinet.flows.halving import Halving, in_use, links_cut
from optinet.shown import Shown
from optinet.structure import HyperX, Torus

_QUICK_NODES = 400
_DENSE_NODES = 1500


@dataclass(frozen=True, eq=False)
class Bisection(Shown):
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


def quick_bisection(fabric: Fabric) -> Bisection | None:
    """Return the bisection that a theorem tells, bounds on it where the switches are few, or None."""
    if fabric.n_endpoints < 2:
        return None
    known = by_theorem(fabric)
    if known is not None and known.is_proven:
        return known
    graph = Halving.of(fabric)
    return by_spectrum(fabric, graph, known) if graph.n_nodes <= _QUICK_NODES else known


def by_theorem(fabric: Fabric) -> Bisection | None:
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
    return _of_clos(fabric)


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
    """Return the lower bound of traffic that is spread over all top switches, and the best of the cuts tried."""
    tier, tail, head = fabric.node_tier, fabric.arc_tail, fabric.arc_head
    rising = tier[head] > tier[tail]
    if np.count_nonzero(rising) != fabric.n_links or not (fabric.arc_capacity_gbps > 0).all():
        return None
    tail, head = tail[rising], head[rising]
    order = np.argsort(tail, kind="stable")
    busiest = _busiest_spread(fabric, tail[order], head[order])
    if busiest is None:
        return None
    n = fabric.n_endpoints
    lower = math.ceil(n // 2 / busiest * (1 - 1e-9) - 1e-9)
    side = min(_clos_cuts(fabric, tail[order], head[order]), key=lambda cut: links_cut(fabric, cut))
    upper = links_cut(fabric, side)
    return Bisection(lower, upper, "formula" if lower == upper else "bounds", side)


def _busiest_spread(fabric: Fabric, tail: NDArray[np.int64], head: NDArray[np.int64]) -> float | None:
    """Return the load of the busiest link when every host sends 1 evenly upwards, or None where tops would differ.

    Nodes of one tier whose links lead to the same nodes, or to nodes alike, come to the same top switches.
    """
    tier = fabric.node_tier
    up_links = np.bincount(tail, minlength=fabric.n_nodes)
    first = np.cumsum(up_links) - up_links
    alike = np.arange(fabric.n_nodes)
    for level in np.unique(tier)[::-1]:
        nodes = np.flatnonzero((tier == level) & (up_links > 0))
        if not len(nodes):
            continue
        if len(set(up_links[nodes])) > 1:
            return None
        above = np.sort(alike[head[first[nodes, None] + np.arange(up_links[nodes[0]])]], axis=1)
        _, kind = np.unique(above, axis=0, return_inverse=True)
        alike[nodes] = nodes[np.unique(kind, return_index=True)[1]][kind.ravel()]
    if len(set(alike[fabric.endpoints])) > 1 or not up_links[fabric.endpoints].all():
        return None
    load = np.zeros(fabric.n_nodes)
    load[fabric.endpoints] = 1.0
    busiest = 0.0
    for level in np.unique(tier[tail]):
        from_here = tier[tail] == level
        carried = (load / np.maximum(up_links, 1))[tail[from_here]]
        load += np.bincount(head[from_here], weights=carried, minlength=fabric.n_nodes)
        busiest = max(busiest, float(carried.max()))
    return busiest


def _clos_cuts(fabric: Fabric, tail: NDArray[np.int64], head: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    """Return the cut between hosts in the order of their leaves, and that with all switches on one side."""
    hosts = fabric.endpoints
    leaf = head[np.searchsorted(tail, hosts)]
    apart = np.zeros(fabric.n_nodes, dtype=bool)
    apart[hosts[np.argsort(leaf, kind="stable")[len(hosts) // 2 :]]] = True
    by_leaves = apart.copy()
    down_links = np.bincount(head, minlength=fabric.n_nodes)
    switches = down_links > 0
    for _ in range(2 * int(fabric.node_tier.max())):
        # every switch goes where most of its links below lead, which is best for a tree and checked by counting
        there = np.bincount(head[by_leaves[tail]], minlength=fabric.n_nodes)
        by_leaves[switches] = 2 * there[switches] > down_links[switches]
    return [by_leaves, apart]


def by_spectrum(fabric: Fabric, graph: Halving, known: Bisection | None) -> Bisection:
    """Return the best halving found and the bound that eigenvalues give, or what is known where that is better."""
    side = graph.best_side()
    if known is not None and known.upper <= links_cut(fabric, side):
        side = known.side
    upper = links_cut(fabric, side)
    lower = min(upper, max(known.lower if known else 0, _spectral_bound(graph)))
    return Bisection(lower, upper, "bounds meet" if lower == upper else "bounds", side)


def _spectral_bound(graph: Halving) -> int:
    """Return the bound of eigenvalues where every switch has as many hosts, or there are none and all are ends."""
    n, each = graph.n_nodes, int(graph.weight[0])
    if n < 3 or len(set(graph.weight)) > 1 or (graph.loose.any() and (graph.loose != each).any()):
        return 0
    gap = _second_eigenvalue(graph.links)
    on_one_side = np.arange(n + 1)
    cut = np.ceil(gap * on_one_side * (n - on_one_side) / n * (1 - 1e-9) - 1e-9)
    halves = n * each // 2, (n * each + 1) // 2
    moved = np.minimum(*(np.abs(on_one_side * each - half) for half in halves))
    if not graph.loose.any():
        cut = cut[moved == 0]
        return int(cut.min())
    return int((cut + moved).min())


def _second_eigenvalue(links: sparse.csr_array) -> float:
    """Return the second smallest eigenvalue of the Laplacian of so many links between nodes, rounded down."""
    n = links.shape[0]
    degree: NDArray[np.float64] = np.asarray(links.sum(axis=1), dtype=np.float64)
    if n <= _DENSE_NODES:
        return float(np.linalg.eigvalsh(np.diag(degree) - links.toarray())[1])
    # shifted so that the smallest are found as the largest, which needs no factorization
    largest = 2.0 * float(degree.max())
    shifted = sparse.csr_array(sparse.diags_array(largest - degree) + links)
    start = np.random.default_rng(0).random(n)
    values = eigsh(shifted, k=2, which="LA", tol=1e-7, v0=start, return_eigenvectors=False)
    return largest - float(np.min(values)) - 1e-6 * largest
