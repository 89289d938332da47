# SPDX-License-Identifier: Apache-2.0
r"""Edge connectivity: the fewest links whose loss parts endpoints.

By Menger's theorem it is the least maximum flow of unit arcs between two endpoints; one endpoint held fixed is on some
side of the smallest cut, so that as many flows suffice as there are endpoints. That is so where endpoints forward, or
hang on one switch. A host on several switches is no way between them, and is looked at with every other; of hosts on
the same switches two stand for all. A host's own links are most often the answer, which tells nothing of the network
behind them: it may be asked for the links between switches alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.arguments import public
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric, NodeKind
from optinet.kernels.connectivity import fewest_arcs
from optinet.routing.core_graph import checked_mask

Ints = NDArray[np.int64]

_MOST_PAIRS = 4_000_000


@public
def edge_connectivity(fabric: Fabric, *, host_links: bool = True, arc_up: NDArray[np.bool_] | None = None) -> int:
    """Return the fewest links whose loss leaves some endpoint without a way to another.

    Parameters
    ----------
    fabric
        A fabric with at least two endpoints. Parallel links count one each; a one-way link is one in its direction.
    host_links
        Whether the links of hosts can be lost. If not, the answer is about the switches that hosts hang on, and the
        chips: the fewest other links whose loss parts two of them.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.

    Returns
    -------
    int
        0 if the endpoints are not connected.

    Raises
    ------
    SolverError
        If there are fewer than two endpoints, or without host links fewer than two switches or chips that hold any.
    """
    mask = checked_mask(fabric, arc_up)
    arcs = np.flatnonzero((fabric.arc_capacity_gbps > 0) & (True if mask is None else mask))
    terminals = fabric.endpoints.copy()  # kernels are compiled anew for arrays that may not be written to
    if not host_links:
        is_host = fabric.node_kind == NodeKind.HOST
        tail, head = fabric.arc_tail[arcs], fabric.arc_head[arcs]
        holders = np.concatenate((head[is_host[tail]], tail[is_host[head]]))
        terminals = np.union1d(holders[~is_host[holders]], terminals[~is_host[terminals]])
        arcs = arcs[~is_host[tail] & ~is_host[head]]
    if len(terminals) < 2:
        what = "endpoints" if host_links else "switches with hosts, or chips"
        raise SolverError(Problem("edge_connectivity", f"fewer than two {what}", "at least two"))
    ends = fabric.arc_tail[arcs], fabric.arc_head[arcs]
    may_join, first_of_kind, terminals = _representatives(fabric, terminals, *ends)
    several = terminals[~may_join[terminals] & first_of_kind]
    if len(several) * len(terminals) > _MOST_PAIRS:
        found = f"{len(several)} kinds of hosts on several switches"
        raise SolverError(Problem("edge_connectivity", found, f"at most {_MOST_PAIRS} pairs of kinds"))
    firsts = [*several, *terminals[may_join[terminals]][:1]]
    fewest = len(arcs)
    one_way = np.bincount(arcs // 2, minlength=fabric.n_links) == 1
    for tail, head in (ends, ends[::-1])[: 2 if one_way.any() else 1]:
        by_tail, by_head = np.argsort(tail, kind="stable"), np.argsort(head, kind="stable")
        nodes = np.arange(fabric.n_nodes + 1)
        graph = (
            np.searchsorted(tail[by_tail], nodes), by_tail, np.searchsorted(head[by_head], nodes), by_head, tail, head,
        )  # fmt: skip
        for first in firsts:
            order = np.concatenate(([first], terminals[terminals != first]))
            fewest = int(fewest_arcs(order, may_join, fabric.forwards, *graph, fewest))
    return fewest


def _representatives(
    fabric: Fabric, terminals: Ints, tail: Ints, head: Ints
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Ints]:
    """Return two terminals of all hosts on the same switches, and every other terminal.

    Before them: which nodes forward or hang on one other, and which of these terminals are the first of their kind.
    """
    host = ~fabric.forwards
    out, into = host[tail], host[head]
    # a neighbor on the way out, or on the way in
    node = np.concatenate((tail[out], head[into]))
    neighbor = np.concatenate((head[out], fabric.n_nodes + tail[into]))
    order = np.lexsort((neighbor, node))
    node, neighbor = node[order], neighbor[order]
    bounds = np.searchsorted(node, np.arange(fabric.n_nodes + 1))
    may_join, kept, first, seen = fabric.forwards.copy(), list[int](), list[bool](), dict[bytes, int]()
    for terminal in terminals.tolist():
        if fabric.forwards[terminal]:
            kept.append(terminal)
            first.append(True)
            continue
        around = neighbor[bounds[terminal] : bounds[terminal + 1]]
        may_join[terminal] = len(np.unique(around % fabric.n_nodes)) == 1
        key = around.tobytes()
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= 2:
            kept.append(terminal)
            first.append(seen[key] == 1)
    return may_join, np.array(first, dtype=bool), np.array(kept, dtype=np.int64)
