# SPDX-License-Identifier: Apache-2.0
r"""Edge connectivity: the fewest links whose loss parts endpoints.

By Menger's theorem it is the least maximum flow of unit arcs between two endpoints; one endpoint held fixed is on some
side of the smallest cut, so that as many flows suffice as there are endpoints. A host's own links are most often the
answer, which tells nothing of the network behind them: it may be asked for the links between switches alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric, NodeKind
from optinet.kernels.connectivity import fewest_arcs
from optinet.routing.core_graph import checked_mask

Ints = NDArray[np.int64]


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
    there = _fewest(fabric, terminals, *ends)
    one_way = np.bincount(arcs // 2, minlength=fabric.n_links) == 1
    return min(there, _fewest(fabric, terminals, *ends[::-1])) if one_way.any() else there


def _fewest(fabric: Fabric, terminals: Ints, tail: Ints, head: Ints) -> int:
    by_tail, by_head = np.argsort(tail, kind="stable"), np.argsort(head, kind="stable")
    nodes = np.arange(fabric.n_nodes + 1)
    out_offsets, in_offsets = np.searchsorted(tail[by_tail], nodes), np.searchsorted(head[by_head], nodes)
    fewest, _ = fewest_arcs(terminals, fabric.forwards, out_offsets, by_tail, in_offsets, by_head, tail, head)
    return int(fewest)
