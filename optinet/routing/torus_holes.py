# SPDX-License-Identifier: Apache-2.0
"""Equal-cost multi-path on a torus: traffic pair by pair, and from all to all with a few holes.

Exact for links of one cost. From all to all the loads of the whole torus are known, and what the holes change is
solved: on 4,096 chips what a failed link changes takes a twentieth of the time of all loads anew. Pair by pair only
what is between a target and its sources is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optinet.kernels._ahead import ahead
from optinet.kernels.torus_holes import loads_by_view
from optinet.routing.core_graph import CoreGraph, Floats, NodeDemand
from optinet.routing.symmetry import neighbors
from optinet.structure import Torus

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


def torus_load(core: CoreGraph, between: NodeDemand) -> tuple[Floats, tuple[int, int]] | None:
    """Return the load on the core arcs of the traffic between core nodes, and a pair with traffic but no path.

    None if the fabric is no torus of links of one cost, or has too many holes, or if the demand is no matrix and its
    senders or receivers differ. The pair is (-1, -1) if all have a path.
    """
    torus, fabric = core.fabric.structure, core.fabric
    column_offsets, _, _, source, share = between
    if not isinstance(torus, Torus) or not core.unit_cost or core.n_nodes != int(np.prod(torus.dims)):
        return None
    if len(core.head) < (1 - _MOST_DOWN) * fabric.n_arcs:
        return None
    whole, by_matrix = _whole(torus), len(column_offsets) > 0
    sends, receives = source > 0, share > 0
    if not by_matrix and not (_alike(source[sends]) and _alike(share[receives])):
        return None
    arc_up = np.zeros(fabric.n_arcs, dtype=bool)
    arc_up[core.fabric_arc] = True
    up = arc_up[whole.arc]
    down_node, down_way = np.nonzero(~up)
    rate = 1.0 if by_matrix else source[sends][0] * share[receives][0]
    load = np.tile(0.0 * whole.way_load if by_matrix else whole.way_load, (core.n_nodes, 1))
    silent = _indices(np.flatnonzero(~sends)[: 0 if by_matrix else None])
    with ahead("torus_holes"):
        lost = loads_by_view(
            whole.to, whole.distance, whole.n_ways, whole.ways, np.zeros(core.n_nodes) if by_matrix else whole.flow,
            whole.place, whole.steps, whole.coordinates, whole.dims, whole.twist, up, down_node, down_way,
            silent, sends, receives, *between[:3], load,
        )  # fmt: skip
    by_arc = np.empty(fabric.n_arcs)
    by_arc[whole.arc] = load * rate
    return np.maximum(by_arc[core.fabric_arc], 0.0), lost  # what is withdrawn whole may leave a rounding below 0


def _alike(rates: Floats) -> bool:
    return len(rates) > 0 and bool(np.ptp(rates) == 0)


@lru_cache(maxsize=4)
def _whole(torus: Torus) -> _Whole:
    node, arc = (each[_linked(torus)] for each in neighbors(torus))
    n = node.shape[1]
    distance = np.full(n, -1)
    distance[0] = reached = 0
    while (distance < 0).any():
        near = node[:, distance == reached]
        reached += 1
        distance[near[distance[near] < 0]] = reached
    here = np.argsort(-distance, kind="stable")
    place = np.argsort(here)
    to, distance = place[node[:, here]].T, distance[here]
    nearer = distance[to] < distance[:, None]
    n_ways = nearer.sum(axis=1)
    flow, way_load = np.ones(n), np.zeros(len(node))
    for level in range(reached, 0, -1):
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
