# SPDX-License-Identifier: Apache-2.0
"""Equal-cost multi-path on a torus: traffic pair by pair, and from all to all with a few holes.

Exact for links of one cost. From all to all the loads of the whole torus are known, and what the holes change is
solved: on 4,096 chips what a failed link changes takes a twentieth of the time of all loads anew. Pair by pair only
what is between a target and its sources is looked at. A slice of a pod is such a torus, whatever cubes it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.fabric import Fabric
from optinet.kernels._ahead import ahead
from optinet.kernels.torus_holes import loads_by_view
from optinet.routing.core_graph import CoreGraph, Floats, NodeDemand
from optinet.routing.symmetry import distances, neighbors
from optinet.slices import slice_nodes
from optinet.structure import Pod, Torus

Indices = NDArray[np.int32]

_MOST_DOWN = 0.25  # share of the arcs beyond which all loads anew are as quick


@dataclass(frozen=True, eq=False)
class _Whole:
    """A whole torus seen from node 0 as the target, every node sending 1; arrays as in `optinet.kernels.torus_holes`.

    Parameters
    ----------
    to, ways
        shape (n_nodes, n_ways), by place.
    distance, n_ways, flow
        shape (n_nodes,), by place.
    place
        shape (n_nodes,): place of each node.
    steps
        shape (n_ways, n_nodes), by node.
    coordinates, dims, twist
        shape (n_nodes, n_axes), (n_axes,) and (n_axes, n_axes), those of the torus.
    arc
        shape (n_nodes, n_ways): the fabric's arc of each way of a node.
    way_load
        shape (n_ways,): load of the arcs of each way when every node sends 1 to every other.
    """

    to: Indices
    ways: Indices
    distance: Indices
    n_ways: Indices
    flow: Floats
    place: Indices
    steps: Indices
    coordinates: Indices
    dims: Indices
    twist: Indices
    arc: NDArray[np.int64]
    way_load: Floats


@dataclass(frozen=True, eq=False)
class _Place:
    """A torus in a fabric: its nodes there, shape (n_nodes,), and the arc there of each of its arcs, -1 without one."""

    torus: Torus
    nodes: NDArray[np.int64]
    arcs: NDArray[np.int64]


def torus_load(core: CoreGraph, between: NodeDemand) -> tuple[Floats, tuple[int, int]] | None:
    """Return the load on the core arcs of the traffic between core nodes, and a pair with traffic but no path.

    None if the fabric is no torus of links of one cost, nor a pod of which one slice has all traffic, or has too many
    holes, or if the demand is no matrix and its senders or receivers differ. The pair is (-1, -1) if all have a path.
    """
    fabric = core.fabric
    if not core.unit_cost or core.n_nodes != fabric.n_nodes or (place := _placed(fabric, between)) is None:
        return None
    whole, by_matrix = _whole(place.torus), len(between[0]) > 0
    column_offsets, row, gbps, source, share = _among(place.nodes, between)
    sends, receives = source > 0, share > 0
    if not by_matrix and not (_alike(source[sends]) and _alike(share[receives])):
        return None
    arc_up = np.zeros(fabric.n_arcs + 1, dtype=bool)  # the last one stands for those that are missing
    arc_up[core.fabric_arc] = True
    arc = place.arcs[whole.arc]
    up = arc_up[arc]
    if np.count_nonzero(up) < (1 - _MOST_DOWN) * up.size:
        return None
    n = len(place.nodes)
    down_node, down_way = np.nonzero(~up)
    rate = 1.0 if by_matrix else source[sends][0] * share[receives][0]
    load = np.tile(0.0 * whole.way_load if by_matrix else whole.way_load, (n, 1))
    silent = _indices(np.flatnonzero(~sends)[: 0 if by_matrix else None])
    with ahead("torus_holes"):
        lost = loads_by_view(
            whole.to, whole.distance, whole.n_ways, whole.ways, np.zeros(n) if by_matrix else whole.flow,
            whole.place, whole.steps, whole.coordinates, whole.dims, whole.twist, up, down_node, down_way,
            silent, sends, receives, column_offsets, row, gbps, load,
        )  # fmt: skip
    by_arc = np.zeros(fabric.n_arcs + 1)
    by_arc[arc] = load * rate
    first, last = (int(place.nodes[node]) if node >= 0 else -1 for node in lost)
    # what is withdrawn whole may leave a rounding below 0
    return np.maximum(by_arc[core.fabric_arc], 0.0), (first, last)


def _placed(fabric: Fabric, between: NodeDemand) -> _Place | None:
    """Return the torus of a fabric that has all traffic; None if there is none."""
    structure = fabric.structure
    if isinstance(structure, Torus):
        n = int(np.prod(structure.dims))
        return _Place(structure, np.arange(n), np.arange(fabric.n_arcs)) if n == fabric.n_nodes else None
    if not isinstance(structure, Pod):
        return None
    column_offsets, row, _, source, share = between
    busy = np.zeros(fabric.n_nodes, dtype=bool)
    if len(column_offsets):
        busy[row] = True
        busy[np.flatnonzero(np.diff(column_offsets))] = True
    else:
        busy = (source > 0) | (share > 0)
    for index, part in enumerate(structure.slices):
        nodes = slice_nodes(fabric, index)
        if busy[nodes].any():
            if np.count_nonzero(busy[nodes]) < np.count_nonzero(busy):
                return None
            torus = part.torus(structure.cube_side)
            return _Place(torus, nodes, arcs_of_torus(fabric, nodes, torus))
    return None


def arcs_of_torus(fabric: Fabric, nodes: NDArray[np.int64], torus: Torus) -> NDArray[np.int64]:
    """Return the fabric's arc of each arc of a torus on some nodes, parallel ones in their order; -1 where none is."""
    ends = nodes[torus.links()]
    return arcs_between(fabric, np.stack((ends, ends[:, ::-1]), axis=1).reshape(-1, 2), np.arange(fabric.n_arcs))


def arcs_between(fabric: Fabric, ends: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the arc from the first to the second node of each pair, parallel ones in their order; -1 where none is.

    Parameters
    ----------
    fabric
        The fabric.
    ends
        shape (n, 2): pairs of nodes.
    among
        The arcs that are looked through, at least one.
    """
    wanted = ends @ (fabric.n_nodes, 1)
    there = fabric.arc_tail[among] * np.int64(fabric.n_nodes) + fabric.arc_head[among]
    by_key, by_wanted = (np.argsort(key, kind="stable") for key in (there, wanted))
    known, asked = there[by_key], wanted[by_wanted]
    nth = np.arange(len(asked)) - np.searchsorted(asked, asked)  # of those between the same two nodes
    at = np.minimum(np.searchsorted(known, asked) + nth, len(known) - 1)
    arcs = np.empty(len(wanted), dtype=np.int64)
    arcs[by_wanted] = np.where(known[at] == asked, among[by_key[at]], -1)
    return arcs


def _among(nodes: NDArray[np.int64], between: NodeDemand) -> NodeDemand:
    """Return a demand of which some nodes have all, between these nodes."""
    column_offsets, row, gbps, source, share = between
    if not len(column_offsets):
        return column_offsets, row, gbps, source[nodes], share[nodes]
    size = len(column_offsets) - 1
    matrix = sparse.csc_array((gbps, row, column_offsets), shape=(size, size))[nodes][:, nodes]
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data, source, share


def _alike(rates: Floats) -> bool:
    return len(rates) > 0 and bool(np.ptp(rates) == 0)


@lru_cache(maxsize=4)
def _whole(torus: Torus) -> _Whole:
    node, arc = (each[_linked(torus)] for each in neighbors(torus))
    n = node.shape[1]
    distance = distances(node)
    here = np.argsort(-distance, kind="stable")
    place = np.argsort(here)
    to, distance = place[node[:, here]].T, distance[here]
    nearer = distance[to] < distance[:, None]
    n_ways = nearer.sum(axis=1)
    flow, way_load = np.ones(n), np.zeros(len(node))
    for level in range(int(distance.max()), 0, -1):
        row, way = np.nonzero(nearer & (distance == level)[:, None])
        each = (flow / np.maximum(n_ways, 1))[row]
        np.add.at(flow, to[row, way], each)
        np.add.at(way_load, way, each)
    ways = np.argsort(~nearer, axis=1, kind="stable")
    return _Whole(
        to=_indices(to),
        ways=_indices(ways),
        distance=_indices(distance),
        n_ways=_indices(n_ways),
        flow=flow,
        place=_indices(place),
        steps=_indices(node),
        coordinates=_indices(np.array(np.unravel_index(np.arange(n), torus.dims)).T),
        dims=_indices(np.array(torus.dims)),
        twist=_indices(np.array(torus.twist).reshape(len(torus.dims), -1)),
        arc=arc.T,
        way_load=way_load,
    )


def _indices(values: NDArray[np.int64]) -> Indices:
    return np.ascontiguousarray(values, dtype=np.int32)


def _linked(torus: Torus) -> NDArray[np.int64]:
    """Return the ways of the axes that carry links."""
    return np.array([2 * axis + sign for axis in torus.link_axes for sign in (0, 1)], dtype=np.int64)
