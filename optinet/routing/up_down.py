# SPDX-License-Identifier: Apache-2.0
"""Up-down routing in fabrics of tiers: shortest paths that go strictly up and then strictly down, split like ECMP.

This is valley-free routing, as BGP is set up in a Clos (P. Lapukhov et al., RFC 7938, "Use of BGP for Routing in
Large-Scale Data Centers"): a switch never sends up what came down, so no failure makes traffic bounce between tiers
and no cycle of waiting buffers can form. On an intact Clos it is ECMP. After failures a pair may have no up-down path
left while a path down and up again exists.

Paths are searched in two copies of the graph, one on the way up and one on the way down: an arc up stays in the first,
an arc down leads to the second and stays there. Endpoints at a switch stand as a node of their own beside it.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.routing.core_graph import CoreGraph, Floats, Ints
from optinet.routing.shortest_paths import Split, SplitRouting
from optinet.routing.signatures import PathSignatures
from optinet.traffic.demand import Demand


def split_routing(
    fabric: Fabric, demand: Demand | None = None, arc_up: NDArray[np.bool_] | None = None
) -> SplitRouting:
    """Return the equal split over arcs that start shortest up-down paths; `SolverError` if a link joins equal tiers."""
    core = CoreGraph.of(fabric, arc_up, merge=demand is not None and demand.is_rank_one)
    tier_tail, tier_head = (fabric.node_tier[end[core.fabric_arc]] for end in (fabric.arc_tail, fabric.arc_head))
    level = np.flatnonzero(tier_tail == tier_head)
    if len(level):
        arc = core.fabric_arc[level[0]]
        a, b = (fabric.node_names[end[arc]] for end in (fabric.arc_tail, fabric.arc_head))
        raise SolverError(
            Problem(
                "routing",
                f"up_down needs tiers, but {a!r} and {b!r} of tier {tier_tail[level[0]]} are joined",
                "a Clos, planes of one, or ecmp on other fabrics",
            )
        )
    searched, core_arc = _two_copies(core, tier_head > tier_tail)
    return SplitRouting(core, searched, core_arc, Split(np.ones(fabric.n_arcs)), "path up and then down")


def _two_copies(core: CoreGraph, is_up: NDArray[np.bool_]) -> tuple[CoreGraph, Ints]:
    """Return the graph of up-down paths and the core arc of each of its arcs, -1 for those between copies."""
    n, node, arc = core.n_nodes, np.arange(core.n_nodes), np.arange(len(core.head))
    # a host with links of its own neither passes traffic on nor needs a node beside it: its copies are one
    down, terminal = (np.where(core.forwards, node + copy * n, node) for copy in (1, 2))
    tail, inner = np.repeat(node, np.diff(core.out_offsets)), node[core.forwards]
    turns = ~is_up & core.forwards[tail]
    parts = [
        (tail[is_up], core.head[is_up], arc[is_up]),
        (tail[~is_up], down[core.head[~is_up]], arc[~is_up]),
        (down[tail[turns]], down[core.head[turns]], arc[turns]),
        (terminal[inner], inner, np.full(len(inner), -1)),
        (inner, terminal[inner], np.full(len(inner), -1)),
        (down[inner], terminal[inner], np.full(len(inner), -1)),
    ]
    new_tail, new_head, core_arc = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_tail = np.argsort(new_tail, kind="stable")
    new_tail, new_head, core_arc = new_tail[by_tail], new_head[by_tail], core_arc[by_tail]
    by_head = np.argsort(new_head, kind="stable")
    between = core.cost.min() if len(core.cost) else 1.0  # alike for all paths of a pair, so any cost does
    known = core.group_node >= 0
    return dataclasses.replace(
        core,
        forwards=np.concatenate((core.forwards, core.forwards, np.zeros(n, dtype=bool))),
        out_offsets=_offsets(new_tail, 3 * n),
        head=new_head,
        cost=np.append(core.cost, between)[core_arc],
        fabric_arc=np.append(core.fabric_arc, -1)[core_arc],
        in_offsets=_offsets(new_head, 3 * n),
        in_tail=new_tail[by_head],
        in_arc=by_head,
        group_node=np.where(known, terminal[core.group_node], -1),
    ), core_arc


def _offsets(node: Ints, n: int) -> Ints:
    return np.concatenate(([0], np.cumsum(np.bincount(node, minlength=n)))).astype(np.int64)


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    return split_routing(fabric, demand, arc_up).loads(demand)


def signatures(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, seed: int = 0
) -> PathSignatures:
    """Return how the traffic's paths are composed; targets are sampled (seeded) where all would take too long."""
    return split_routing(fabric, demand, arc_up).signatures(demand, seed)
