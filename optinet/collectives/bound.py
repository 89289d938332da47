# SPDX-License-Identifier: Apache-2.0
"""The time no algorithm beats on a fabric, whatever it sends where: bandwidth alone, no latency.

Cut the fabric into parts and see what must leave and enter each (`optinet.collectives.operation`): no collective ends
before these bits have passed the part's links. The parts tried are every endpoint by itself, every switch with the
hosts that hang on it alone, every block, pod or cube, and the halves of every axis of a torus. All-reduce is also held
by all parts together, which exchange 2 (m - 1) n. For all-to-all, where it is known who sends what, no routing needs
less capacity than shortest paths: a bound by distance besides.

Where reductions happen inside switches these bounds do not hold, and none of the algorithms here do that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.collectives.operation import Collective
from optinet.collectives.schedule import Floats, Ints
from optinet.fabric import Fabric, NodeKind
from optinet.routing.core_graph import sum_by
from optinet.structure import Torus


@dataclass(frozen=True)
class Bound:
    """A lower bound on the time of a collective.

    Parameters
    ----------
    time_s
        No algorithm and no routing is faster.
    reason
        What holds it back, for people.
    """

    time_s: float
    reason: str


def bound(call: Collective, arc_up: NDArray[np.bool_] | None = None) -> Bound:
    """Return the largest of the bounds; 0 where nothing has to be sent, infinite where something cannot be.

    Parameters
    ----------
    call
        The collective.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.
    """
    if call.p == 1 or call.size_gbit == 0.0:
        return Bound(0.0, "nothing has to be sent")
    capacity = call.fabric.arc_capacity_gbps
    capacity = capacity if arc_up is None else np.where(arc_up, capacity, 0.0)
    found = [_of_parts(call, label, capacity, what) for what, label in _partitions(call.fabric)]
    return max(found, key=lambda each: each.time_s)


def by_distance(call: Collective, shortest_load_gbit: Floats, arc_up: NDArray[np.bool_] | None = None) -> Bound:
    """Return the bound by distance on all-to-all: traffic takes up at least what shortest paths do.

    Parameters
    ----------
    call
        An all-to-all.
    shortest_load_gbit
        shape (n_arcs,): load of all its traffic on paths of fewest hops.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.
    """
    fabric = call.fabric
    # every path has one arc from and one to a host, so that hosts' arcs are counted apart from the others
    inner = fabric.forwards[fabric.arc_tail] & fabric.forwards[fabric.arc_head]
    room = float(fabric.arc_capacity_gbps[inner if arc_up is None else inner & arc_up].sum())
    load = float(shortest_load_gbit[inner].sum())
    time_s = load / room if room > 0 else (np.inf if load > 0 else 0.0)
    return Bound(time_s, "capacity that shortest paths take up")


def _partitions(fabric: Fabric) -> Iterator[tuple[str, Ints]]:
    """Yield ways to cut the fabric into parts: what a part is, and the part of every node, -1 for none."""
    alone = np.full(fabric.n_nodes, -1)
    alone[fabric.endpoints] = np.arange(fabric.n_endpoints)
    yield "links of an endpoint", alone
    if np.any(fabric.node_kind == NodeKind.HOST):
        yield "links between a switch with its hosts and the rest", by_switch(fabric)
    if fabric.node_group.max(initial=-1) > 0:
        yield "links between a block, pod or cube and the rest", fabric.node_group
    if isinstance(fabric.structure, Torus):
        position = np.array(np.unravel_index(np.arange(fabric.n_nodes), fabric.structure.dims))
        for axis, k in enumerate(fabric.structure.dims):
            if k > 1:
                yield f"links between the halves of axis {axis}", (position[axis] >= k // 2).astype(np.int64)


def by_switch(fabric: Fabric) -> Ints:
    """Label every switch and the hosts all of whose links go to it; shape (n_nodes,)."""
    label = np.where(fabric.node_kind == NodeKind.SWITCH, np.arange(fabric.n_nodes), -1)
    from_host = fabric.node_kind[fabric.arc_tail] == NodeKind.HOST
    host, switch = fabric.arc_tail[from_host], fabric.arc_head[from_host]
    low, high = np.full(fabric.n_nodes, fabric.n_nodes), np.full(fabric.n_nodes, -1)
    np.minimum.at(low, host, switch)
    np.maximum.at(high, host, switch)
    single = low == high
    label[single] = low[single]
    return label


def _of_parts(call: Collective, label: Ints, capacity: Floats, what: str) -> Bound:
    """Return the time in which everything can have crossed the borders of the parts."""
    fabric, n_parts = call.fabric, int(label.max(initial=-1)) + 1
    tail, head = label[fabric.arc_tail], label[fabric.arc_head]
    crosses = tail != head
    out, into = (crosses & (side >= 0) for side in (tail, head))
    room_out, room_in = (sum_by(side[at], capacity[at], n_parts) for side, at in ((tail, out), (head, into)))
    needed_out, needed_in, touched, pieces = _needs(call, label[fabric.endpoints], n_parts)
    times = [_time(needed, room) for needed, room in ((needed_out, room_out), (needed_in, room_in))]
    time_s = float(max(each.max(initial=0.0) for each in times))
    if call.operation == "all_reduce" and pieces > 0:
        # ranks outside all parts leave a gossip among the parts that cannot be counted; `pieces` is 0 then
        everything = 2.0 * call.size_gbit * pieces
        time_s = max(time_s, *(float(_time(everything, float(room[touched].sum()))) for room in (room_out, room_in)))
    return Bound(time_s, what)


def _needs(call: Collective, part: Ints, n_parts: int) -> tuple[Floats, Floats, Ints, int]:
    """Return Gbit out of and into each part, the parts with ranks, and the sum over groups of their parts less one."""
    of_rank = part[call.groups]
    group = np.repeat(np.arange(len(of_rank)), call.p)
    known = of_rank.ravel() >= 0
    key, inside = np.unique(group[known] * n_parts + of_rank.ravel()[known], return_counts=True)
    group_of, part_of = np.divmod(key, n_parts)
    out, into = call.across(inside, of_rank[group_of, 0] == part_of)
    needed = [sum_by(part_of, gbit, n_parts) for gbit in (out, into)]
    pieces = len(key) - len(np.unique(group_of)) if known.all() else 0
    return needed[0], needed[1], np.unique(part_of), pieces


def _time(gbit: Floats | float, gbps: Floats | float) -> Floats:
    need, room = np.broadcast_arrays(np.asarray(gbit, dtype=np.float64), gbps)
    time = np.where(need > 0, np.inf, 0.0)
    return np.divide(need, room, out=time, where=(need > 0) & (room > 0))
