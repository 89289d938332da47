# SPDX-License-Identifier: Apache-2.0
"""Weighted-cost multi-path: every node splits over its shortest-path arcs in proportion to the capacity behind them.

Reference: J. Zhou et al., "WCMP: Weighted Cost Multipathing for Improved Fairness in Data Centers", EuroSys 2014. The
paper weighs a next hop by the capacity it has left towards the target; what that is in a general graph is defined here.
The arc from v to w weighs

    min(c * N(w), W(w)),   W(v) = sum of the weights of v's arcs,   N(v) = sum of N(w),   at the target W = inf, N = 1,

with c the arc's capacity and N the number of shortest paths, parallel arcs taken together as one trunk of which each
gets the part its capacity has. So each of the N(w) paths behind an arc counts with its mean capacity, or with the
arc's where that is smaller: a thin arc or a thin trunk further on is not flooded, and a switch that lost half of its
uplinks gets half. Hops that all paths to the target end with, such as a host's only link, are left out.

The maximum flow behind an arc, W(v) = sum of min(c, W(w)), is no such weight: every path to a leaf ends in one of its
few downlinks, which hides what is lost on the way. With one core of a fat-tree(4) lost it still splits 1 : 1 like ECMP
and gets 1/24 of uniform traffic through. The weights above split 2 : 1 and get 1/18, now limited by the uplinks of the
leaves instead of the lost core's neighbors. The optimum of any routing, 1/16, also keeps traffic within a pod off the
whole switch, which takes weights made for one demand. On an intact Clos all weights are equal: WCMP is ECMP there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optinet.fabric import Fabric
from optinet.routing.core_graph import CoreGraph, Floats, sum_by
from optinet.routing.shortest_paths import Split, SplitRouting, core_of
from optinet.routing.signatures import PathSignatures
from optinet.traffic.demand import Demand


def split_routing(
    fabric: Fabric, demand: Demand | None = None, arc_up: NDArray[np.bool_] | None = None
) -> SplitRouting:
    """Return the split by capacity; multi-homed hosts are merged where `demand` allows it."""
    core = core_of(fabric, demand, arc_up)
    gbps = fabric.arc_capacity_gbps[core.fabric_arc]
    return SplitRouting.over(core, Split(fabric.arc_capacity_gbps, gbps, trunk_part(core, gbps), np.inf))


def trunk_part(core: CoreGraph, gbps: Floats) -> Floats:
    """Return what part of its trunk's capacity each core arc has; a trunk is all arcs alike in tail, head and cost."""
    tail = np.repeat(np.arange(core.n_nodes), np.diff(core.out_offsets))
    _, trunk = np.unique(np.column_stack((tail, core.head, core.cost)), axis=0, return_inverse=True)
    trunk = trunk.ravel()
    part: Floats = gbps / sum_by(trunk, gbps, len(gbps))[trunk]
    return part


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    return split_routing(fabric, demand, arc_up).loads(demand)


def signatures(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, seed: int = 0
) -> PathSignatures:
    """Return how the traffic's paths are composed; targets are sampled (seeded) where all would take too long."""
    return split_routing(fabric, demand, arc_up).signatures(demand, seed)
