# SPDX-License-Identifier: Apache-2.0
"""Direct trunk plus one transit: traffic engineering of blocks that are joined directly.

Reference: L. Poutievski et al., "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit
Switches and Software-Defined Networking", SIGCOMM 2022. Each pair of nodes splits its traffic between the trunk that
joins them and the paths by way of one other node that has endpoints; the split is made for the demand and minimises
the largest trunk utilization, then, among those splits, the traffic in transit. Google's controllers also hedge
against a wrong forecast of the demand; that is left out: the demand is known here. Trunks carry in proportion to the
capacity of their arcs; routing costs play no part.

The split is the optimum of a linear program (HiGHS) up to `_EXACT_PATHS` paths, all demands of 24 blocks. Beyond that
prices on trunks lead to within about 1 % (see `optinet.kernels.transit`), starting from the better of all traffic
direct and Valiant's even spread, so never worse than either. On a full mesh of n nodes uniform traffic goes direct and
the worst permutation gets n / (2 (n - 1)) of the capacity.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.flows.solution import PathSignatures
from optinet.kernels.transit import balance_transit, largest_utilization, prefer_direct
from optinet.routing import ecmp
from optinet.routing.core_graph import CoreGraph, Floats, Ints, sum_by
from optinet.routing.group_demand import at_nodes, group_demand
from optinet.routing.path_codes import PathCodes
from optinet.routing.valiant import intermediates
from optinet.traffic.demand import Demand

_EXACT_PATHS = 13_000  # paths over all pairs with demand that HiGHS is given: about a second
MOST_NODES = 128  # the split is kept as one float for every pair and transit node
_GAP, _ROUNDS = 0.005, 40


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    core = joined_nodes(fabric, arc_up)
    core.require_attached(demand)
    tail, gbps = arc_ends(core)
    flow = transit_flow(core, node_demand(core, demand))
    part = gbps / trunk_capacity(core)[tail, core.head]
    return ecmp.to_fabric(core, demand, trunk_load(flow)[tail, core.head] * part)


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


def transit_flow(core: CoreGraph, demand: Floats) -> Floats:
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
    linked = capacity > 0
    reachable = linked | ((linked & transit).astype(float) @ linked > 0)
    lost = np.argwhere((demand > 0) & ~reachable)
    if len(lost):
        a, b = (core._name_at(node) for node in lost[0])
        raise SolverError(
            Problem(
                "demand",
                f"no direct link and no path with one transit from {a} to {b} over the links that are up",
                "a fabric whose blocks are joined directly, or ecmp",
            )
        )
    return _solved(core.n_nodes, demand.tobytes(), capacity.tobytes(), transit.tobytes())


@lru_cache(maxsize=1)
def _solved(n: int, demand_bytes: bytes, capacity_bytes: bytes, transit_bytes: bytes) -> Floats:
    # kept because loads and signatures of one solution need the same split
    demand, capacity = (np.frombuffer(data).reshape(n, n) for data in (demand_bytes, capacity_bytes))
    transit = np.frombuffer(transit_bytes, dtype=bool)
    flow = _exact(demand, capacity, transit)
    if flow is None:
        flow = _balanced(demand, capacity, transit)
    flow.setflags(write=False)
    return flow


def trunk_load(flow: Floats) -> Floats:
    """Return the load on each trunk of flows as `transit_flow` gives them; shape (n_nodes, n_nodes)."""
    load: Floats = flow.sum(axis=1) + flow.sum(axis=0).T
    np.fill_diagonal(load, 0.0)  # where direct flow, which has no second hop, was counted as one
    return load


def _usable(capacity: Floats, transit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether there is a path from u to v by way of w, for w = v a trunk; shape (n_nodes,) * 3."""
    node, linked = np.arange(len(capacity)), capacity > 0
    usable: NDArray[np.bool_] = linked[:, None, :] & (linked & transit[:, None]).T[None]
    usable[:, node, node] = linked
    return usable


def _balanced(demand: Floats, capacity: Floats, transit: NDArray[np.bool_]) -> Floats:
    """Return a split near the optimum, never worse than all direct or evenly spread over all transit nodes."""
    node, usable = np.arange(len(demand)), _usable(capacity, transit)
    spread = usable.astype(np.float64)
    # Valiant's intermediate may be the source or the target: both mean the trunk
    spread[:, node, node] *= np.maximum(1, transit[:, None].astype(int) + transit)
    spread *= np.divide(demand, spread.sum(axis=2), out=np.zeros_like(demand), where=demand > 0)[:, :, None]
    direct = np.where((capacity > 0)[:, :, None], 0.0, spread)
    direct[:, node, node] = np.where(capacity > 0, demand, 0.0)
    start = min((direct, spread), key=lambda flow: float(largest_utilization(capacity, trunk_load(flow))))
    flow, load = start.copy(), trunk_load(start)
    balance_transit(demand, capacity, transit, flow, load, _GAP, _ROUNDS)
    flow = min((flow, start), key=lambda each: float(largest_utilization(capacity, trunk_load(each))))
    load = trunk_load(flow)
    prefer_direct(capacity, flow, load, largest_utilization(capacity, load))
    return flow


def _exact(demand: Floats, capacity: Floats, transit: NDArray[np.bool_]) -> Floats | None:
    """Return the optimal split with the least transit; None if the linear program is too large or fails."""
    from scipy.optimize import linprog  # slow to load

    source, target, via = np.nonzero(_usable(capacity, transit) & (demand > 0)[:, :, None])
    flow = np.zeros((len(demand),) * 3)
    if len(via) == 0:
        return flow
    if len(via) > _EXACT_PATHS:
        return None
    program = _program(source, target, via, demand, capacity)
    lowest = linprog(np.append(np.zeros(len(via)), 1.0), **program)
    if lowest.status != 0:
        return None
    bounds = [(0, None)] * len(via) + [(0, lowest.x[-1])]
    shortest = linprog(
        np.append(demand[source, target] / demand.max() * (via != target), 0.0), bounds=bounds, **program
    )
    flow[source, target, via] = np.maximum((shortest if shortest.status == 0 else lowest).x[:-1], 0.0)
    flow *= np.divide(demand, flow.sum(axis=2), out=np.zeros_like(demand), where=demand > 0)[:, :, None]
    return flow


def _program(source: Ints, target: Ints, via: Ints, demand: Floats, capacity: Floats) -> dict[str, Any]:
    """Return the linear program over the part of its pair's demand each path carries, and the largest utilization."""
    n, n_paths, path, is_transit = len(demand), len(via), np.arange(len(via)), via != target
    _, pair = np.unique(source * n + target, return_inverse=True)
    hops = np.concatenate((source * n + via, (via * n + target)[is_transit]))
    trunk, row = np.unique(hops, return_inverse=True)
    on_path = np.concatenate((path, path[is_transit]))
    # utilizations are taken relative to their mean, which the solver's tolerances suit
    gbps = demand[source, target] * (capacity.sum() / demand.sum())
    entries = np.concatenate((gbps[on_path] / capacity.ravel()[hops], np.full(len(trunk), -1.0)))
    rows, columns = np.concatenate((row, np.arange(len(trunk)))), np.append(on_path, np.full(len(trunk), n_paths))
    shape = (pair.max() + 1, n_paths + 1)
    return {
        "A_ub": sparse.csr_array((entries, (rows, columns)), shape=(len(trunk), n_paths + 1)),
        "b_ub": np.zeros(len(trunk)),
        "A_eq": sparse.csr_array((np.ones(n_paths), (pair, path)), shape=shape),
        "b_eq": np.ones(shape[0]),
        "method": "highs-ipm",  # the program is very degenerate: the simplex method is up to twenty times slower
        "options": {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    }


def signatures(
    fabric: Fabric,
    demand: Demand,
    arc_up: NDArray[np.bool_] | None = None,
    seed: int = 0,  # noqa: ARG001
) -> PathSignatures:
    """Return how the traffic's paths are composed: exact for the split that `loads` uses; `seed` is not used."""
    core = joined_nodes(fabric, arc_up)
    core.require_attached(demand)
    codes, n = PathCodes.of(fabric), core.n_nodes
    between = node_demand(core, demand)
    pair, code, share, length = _path_table(core, codes, between, transit_flow(core, between))
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
    traffic, extra_length = (sparse.csr_array((values, where), shape=(len(added), n * n)) for values in (gbps, extra))
    mass = (traffic @ mass_of).toarray()
    total_length = (traffic @ length_of + extra_length @ mass_of).toarray()
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
