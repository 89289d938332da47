# SPDX-License-Identifier: Apache-2.0
"""Direct trunk plus one transit: traffic engineering of blocks that are joined directly.

Reference: L. Poutievski et al., "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit
Switches and Software-Defined Networking", SIGCOMM 2022. Each pair of nodes splits its traffic between the trunk that
joins them and the paths by way of one other node that has endpoints; the split is made for the demand and minimises
the largest trunk utilization, then, among those splits, the traffic in transit (`optinet.engineering.traffic`).
Google's controllers also hedge against a wrong forecast of the demand; that is left out: the demand is known here.
Trunks carry in proportion to the capacity of their arcs; routing costs play no part.

The method "auto" takes the linear program up to all demands of 24 blocks and prices beyond, "lp" and "prices" one of
them. On a full mesh of n nodes uniform traffic goes direct and the worst permutation gets n / (2 (n - 1)) of the
capacity.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.engineering import traffic
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.routing import ecmp
from optinet.routing.core_graph import CoreGraph, Floats, Ints, sum_by
from optinet.routing.group_demand import at_nodes, group_demand
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures
from optinet.routing.valiant import intermediates
from optinet.traffic.demand import Demand

MOST_NODES = 128  # the split is kept as one float for every pair and transit node


def loads(
    fabric: Fabric,
    demand: Demand,
    arc_up: NDArray[np.bool_] | None = None,
    method: traffic.Method = "auto",
    among: Demand | None = None,
) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,).

    With `among`, the split is the one made for that demand; `demand` follows it between the nodes that `among` has
    traffic for, and between others is split as if it were alone.
    """
    core = joined_nodes(fabric, arc_up)
    core.require_attached(demand)
    tail, gbps = arc_ends(core)
    between = node_demand(core, demand)
    if among is None:
        flow = transit_flow(core, between, method)
    else:
        shared = node_demand(core, among)
        is_shared = shared > 0
        part = np.divide(between, shared, out=np.zeros_like(between), where=is_shared)
        flow = transit_flow(core, shared, method) * part[:, :, None]
        if between[~is_shared].any():
            flow = flow + transit_flow(core, np.where(is_shared, 0.0, between), method)
    part = gbps / trunk_capacity(core)[tail, core.head]
    return ecmp.to_fabric(core, demand, traffic.trunk_load(flow)[tail, core.head] * part)


def joined_nodes(fabric: Fabric, arc_up: NDArray[np.bool_] | None) -> CoreGraph:
    """Return the core graph; `SolverError` if hosts join several nodes or there are too many nodes."""
    core = CoreGraph.of(fabric, arc_up, merge=False)
    problems = []
    if not core.forwards.all():
        found = f"direct_transit needs hosts with all links to one block, {int((~core.forwards).sum())} have others"
        problems.append(Problem("routing", found, "ecmp or valiant"))
    if core.n_nodes > MOST_NODES:
        found = f"direct_transit would split over every transit node of {core.n_nodes}"
        problems.append(Problem("routing", found, f"at most {MOST_NODES} blocks or chips, or valiant"))
    if problems:
        raise SolverError(problems)
    return core


def arc_ends(core: CoreGraph) -> tuple[Ints, Floats]:
    """Return tail and capacity of every core arc; shapes (n_arcs,)."""
    tail = np.repeat(np.arange(core.n_nodes), np.diff(core.out_offsets))
    return tail, core.fabric.arc_capacity_gbps[core.fabric_arc]


def trunk_capacity(core: CoreGraph) -> Floats:
    """Return the capacity of all arcs from each node to each other; shape (n_nodes, n_nodes)."""
    tail, gbps = arc_ends(core)
    return sum_by(tail * core.n_nodes + core.head, gbps, core.n_nodes**2).reshape(core.n_nodes, -1)


def node_demand(core: CoreGraph, demand: Demand) -> Floats:
    """Return the demand between nodes, traffic within a node left out; shape (n_nodes, n_nodes)."""
    n = core.n_nodes
    by_group = group_demand(core, demand)
    row, column = at_nodes(core, by_group)
    between = sum_by(row * n + column, by_group.data, n * n).reshape(n, n)
    np.fill_diagonal(between, 0.0)
    return between


def transit_flow(core: CoreGraph, demand: Floats, method: traffic.Method = "auto") -> Floats:
    """Return what each pair sends by way of each node, ``flow[u, v, v]`` direct; shape (n_nodes,) * 3, read only.

    Raises
    ------
    SolverError
        If a pair with demand has neither a trunk nor a path with one transit.
    """
    capacity = trunk_capacity(core)
    transit = np.zeros(core.n_nodes, dtype=bool)
    if demand.any():
        transit[intermediates(core)] = True
    lost = traffic.unreachable(demand, capacity, transit)
    if len(lost):
        a, b = (core._name_at(node) for node in lost[0])
        raise SolverError(
            Problem(
                "demand",
                f"no direct link and no path with one transit from {a} to {b} over the links that are up",
                "a fabric whose blocks are joined directly, or ecmp",
            )
        )
    return _solved(core.n_nodes, demand.tobytes(), capacity.tobytes(), transit.tobytes(), method)


@lru_cache(maxsize=1)
def _solved(n: int, demand_bytes: bytes, capacity_bytes: bytes, transit_bytes: bytes, method: traffic.Method) -> Floats:
    # kept because loads and signatures of one solution need the same split
    demand, capacity = (np.frombuffer(data).reshape(n, n) for data in (demand_bytes, capacity_bytes))
    transit = np.frombuffer(transit_bytes, dtype=bool)
    flow = traffic.engineer_traffic(demand, capacity, transit, method).flow_gbps
    flow.setflags(write=False)
    return flow


def signatures(
    fabric: Fabric,
    demand: Demand,
    arc_up: NDArray[np.bool_] | None = None,
    method: traffic.Method = "auto",
    seed: int = 0,  # noqa: ARG001
) -> PathSignatures:
    """Return how the traffic's paths are composed: exact for the split that `loads` uses; `seed` is not used."""
    core = joined_nodes(fabric, arc_up)
    core.require_attached(demand)
    codes, n = PathCodes.of(fabric), core.n_nodes
    between = node_demand(core, demand)
    pair, code, share, length = _path_table(core, codes, between, transit_flow(core, between, method))
    kinds, kind = np.unique(code, return_inverse=True)
    shape = (n * n, len(kinds))
    mass_of, length_of = (sparse.csr_array((values, (pair, kind)), shape=shape) for values in (share, share * length))
    # what endpoints add at both ends depends on their group: traffic by what it adds and by pair of nodes
    by_group = group_demand(core, demand)
    (row, column), (source, target), gbps = by_group.coords, at_nodes(core, by_group), by_group.data
    up_code, up_length = codes.of_attachments(core, "up")
    down_code, down_length = codes.of_attachments(core, "down")
    added, which = np.unique(up_code[row] + down_code[column], return_inverse=True)
    where = (which, source * n + target)
    extra = gbps * (up_length[row] + down_length[column])
    by_added, extra_length = (sparse.csr_array((values, where), shape=(len(added), n * n)) for values in (gbps, extra))
    mass = (by_added @ mass_of).toarray()
    total_length = (by_added @ length_of + extra_length @ mass_of).toarray()
    return codes.decode((added[:, None] + kinds).ravel(), mass.ravel(), total_length.ravel(), "exact")


def _path_table(core: CoreGraph, codes: PathCodes, demand: Floats, flow: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Return pair (u n + v), code, share of the pair's traffic and length of every kind of path between nodes."""
    n = core.n_nodes
    hop_code, hop_part, hop_length = _trunk_hops(core, codes)
    source, target, via = np.nonzero(flow)
    share = flow[source, target, via] / demand[source, target]
    transit = via != target
    pair = source * n + target
    # traffic within a node has one path without hops
    rows = [(np.arange(n) * (n + 1), np.zeros(n, dtype=np.int64), np.ones(n), np.zeros(n))]
    for first in range(len(hop_code)):
        one = (first, source[~transit], target[~transit])
        rows.append((pair[~transit], hop_code[one], share[~transit] * hop_part[one], hop_length[one]))
        for second in range(len(hop_code)):
            a, b = (first, source[transit], via[transit]), (second, via[transit], target[transit])
            part = share[transit] * hop_part[a] * hop_part[b]
            rows.append((pair[transit], hop_code[a] + hop_code[b], part, hop_length[a] + hop_length[b]))
    pairs, code, mass, length = (np.concatenate(column) for column in zip(*rows, strict=True))
    return pairs, code, mass, length


def _trunk_hops(core: CoreGraph, codes: PathCodes) -> tuple[Ints, Floats, Floats]:
    """Return code, part and mean length of the kinds of arcs in every trunk; shapes (n_kinds, n_nodes, n_nodes)."""
    n = core.n_nodes
    tail, gbps = arc_ends(core)
    part = gbps / trunk_capacity(core)[tail, core.head]
    arc_code, arc_length = codes.arc_code[core.fabric_arc], codes.length_m[core.fabric_arc]
    kinds = np.unique(arc_code)
    code, share, length = np.zeros((len(kinds), n, n), dtype=np.int64), *np.zeros((2, len(kinds), n, n))
    for i, kind in enumerate(kinds):
        arcs = np.flatnonzero(arc_code == kind)
        trunk = tail[arcs] * n + core.head[arcs]
        code[i] = kind
        share[i] = sum_by(trunk, part[arcs], n * n).reshape(n, n)
        total = sum_by(trunk, part[arcs] * arc_length[arcs], n * n).reshape(n, n)
        length[i] = np.divide(total, share[i], out=np.zeros((n, n)), where=share[i] > 0)
    return code, share, length
