# SPDX-License-Identifier: Apache-2.0
"""One path for every flow, chosen by hash: what switches do with the packets of one connection.

At every choice (next hop, intermediate node, one of several listed paths) a hash of the seed, the flow's source and
target, and how many earlier flows have that same pair draws among the alternatives in the proportions in which the
routing splits loads. So the mean over seeds is the routing's loads; other flows, and their number, change nothing. The
exception is direct_transit, whose split is made for the demand that all flows together are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.arguments import public
from optinet.engineering.traffic import Method
from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.kernels.dor import dor_walks
from optinet.kernels.hashing import fractions_of, hash_rows, pick
from optinet.kernels.splits import walk_flows
from optinet.routing import direct_transit, dor, k_shortest, shortest_paths, up_down, validated_options, wcmp
from optinet.routing import routing as routing_named
from optinet.routing.core_graph import CoreGraph, Floats, Ints, checked_mask
from optinet.routing.shortest_paths import Split, SplitRouting
from optinet.routing.symmetry import neighbors
from optinet.routing.valiant import intermediates

Part: TypeAlias = tuple[Ints, Ints, Ints]
"""Stretches of paths: the flows, each once, how many arcs each gets, and the arcs, flow after flow."""

# what a flow's hash is drawn for
_WALK, _UP, _DOWN, _WAY, _SECOND_WALK, _HOP, _SECOND_HOP = range(7)


@dataclass(frozen=True, eq=False)
class Flows:
    """Flows between endpoints.

    Parameters
    ----------
    source, target
        shape (n_flows,): endpoint indices.
    rank
        shape (n_flows,): how many earlier flows have the same source and target.
    seed
        Seeds all choices.
    """

    source: Ints
    target: Ints
    rank: Ints
    seed: int

    def keys(self, choice: int) -> NDArray[np.uint64]:
        """Return a hash of each flow for one kind of choice; shape (n_flows,)."""
        rows = np.column_stack((self.source, self.target, self.rank, np.full(len(self.source), choice)))
        return hash_rows(np.uint64(self.seed % 2**64), rows)

    def draws(self, choice: int) -> Floats:
        """Return a number in [0, 1) for each flow and one kind of choice; shape (n_flows,)."""
        return fractions_of(self.keys(choice), 0)


@public
def flow_paths(
    fabric: Fabric,
    source: ArrayLike,
    target: ArrayLike,
    routing: str = "ecmp",
    seed: int = 0,
    subflows: int = 1,
    arc_up: NDArray[np.bool_] | None = None,
    **options: Any,
) -> tuple[Ints, Ints]:
    """Return the arcs of one path for every flow, or of several, for `optinet.simulate_flows`.

    Parameters
    ----------
    fabric
        Any fabric.
    source, target
        shape (n_flows,): endpoint indices. A flow to its own source has no arcs.
    routing
        One of `optinet.routing.names` but "best" and "optimal", which depend on all traffic together.
    seed
        Seeds the hash.
    subflows
        Paths for each flow, >= 1, drawn independently; those of flow i are rows ``i * subflows`` and on.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.
    options
        Options of the routing.

    Returns
    -------
    flow_offsets
        shape (n_flows * subflows + 1,): path i is ``flow_arcs[flow_offsets[i]:flow_offsets[i + 1]]``.
    flow_arcs
        Arcs of the fabric from source to target, the hosts' own included.

    Raises
    ------
    SolverError
        For an unknown routing or option, indices out of range, or a flow without a path.
    """
    routing_named(routing)
    options, arc_up = validated_options(routing, options), checked_mask(fabric, arc_up)
    flows = _flows(fabric, source, target, seed, subflows)
    away = np.flatnonzero(flows.source != flows.target)
    moving = Flows(flows.source[away], flows.target[away], flows.rank[away], flows.seed)
    parts = _WALKERS[routing](fabric, arc_up, moving, **options)
    return _joined(len(flows.source), [(away[rows], lengths, arcs) for rows, lengths, arcs in parts])


def _flows(fabric: Fabric, source: ArrayLike, target: ArrayLike, seed: int, subflows: int) -> Flows:
    ends = {"source": np.asarray(source), "target": np.asarray(target)}
    problems = []
    for name, index in ends.items():
        if index.ndim != 1 or (index.size and index.dtype.kind not in "iu"):
            problems.append(Problem(name, f"{index.dtype} of shape {index.shape}", "a list of endpoint indices"))
        elif index.size and not (index.min() >= 0 and index.max() < fabric.n_endpoints):
            wrong = index[(index < 0) | (index >= fabric.n_endpoints)][0]
            problems.append(Problem(name, f"endpoint {wrong}", f"0 to {fabric.n_endpoints - 1}"))
    if ends["source"].shape != ends["target"].shape:
        problems.append(Problem("target", f"{ends['target'].size} entries", f"{ends['source'].size}, as in source"))
    if subflows < 1:
        problems.append(Problem("subflows", f"{subflows}", "at least 1"))
    if problems:
        raise SolverError(problems)
    first, last = (np.repeat(index.astype(np.int64), subflows) for index in ends.values())
    return Flows(first, last, _rank_within(first * max(1, fabric.n_endpoints) + last), seed)


def _rank_within(key: Ints) -> Ints:
    """Return for each entry how many earlier entries have the same key."""
    order = np.argsort(key, kind="stable")
    start = np.diff(key[order], prepend=-1) != 0
    position = np.arange(len(key))
    rank = np.empty_like(key)
    rank[order] = position - np.maximum.accumulate(np.where(start, position, 0))
    return rank


def _joined(n_flows: int, parts: list[Part]) -> tuple[Ints, Ints]:
    """Put the stretches of each path behind one another."""
    lengths = np.zeros(n_flows, dtype=np.int64)
    for rows, part_lengths, _ in parts:
        lengths[rows] += part_lengths
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    cursor, arcs = offsets[:-1].copy(), np.empty(offsets[-1], dtype=np.int64)
    for rows, part_lengths, part_arcs in parts:
        arcs[_ranges(cursor[rows], part_lengths)] = part_arcs
        cursor[rows] += part_lengths
    return offsets, arcs


def _ranges(start: Ints, lengths: Ints) -> Ints:
    """Return ``start[i]``, ``start[i] + 1``, ... (``lengths[i]`` of them) for every i, one after another."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(start - before, lengths) + np.arange(lengths.sum())


def _split_walk(
    make: Callable[..., SplitRouting], fabric: Fabric, arc_up: NDArray[np.bool_] | None, flows: Flows
) -> list[Part]:
    routing = make(fabric, None, arc_up)
    start, end = _ends(routing.searched, flows)
    walk = _walk(routing, start, end, flows.keys(_WALK))
    return _with_hosts(routing.core, routing.split, flows, [walk])


def _valiant(fabric: Fabric, arc_up: NDArray[np.bool_] | None, flows: Flows) -> list[Part]:
    routing = _ecmp(fabric, None, arc_up)
    start, end = _ends(routing.core, flows)
    turning = intermediates(routing.core) if len(start) else end
    via = turning[(flows.draws(_WAY) * len(turning)).astype(np.int64)]
    # traffic between hosts attached alike turns at their switch, or at one of their switches
    alike = CoreGraph.of(fabric, arc_up, merge=True)
    group = alike.group_node[alike.group_of]
    via = np.where(group[flows.source] == group[flows.target], end, via)
    legs = [_walk(routing, start, via, flows.keys(_WALK)), _walk(routing, via, end, flows.keys(_SECOND_WALK))]
    return _with_hosts(routing.core, routing.split, flows, legs)


def _dor(fabric: Fabric, arc_up: NDArray[np.bool_] | None, flows: Flows, tie: dor.Tie) -> list[Part]:
    torus = dor.torus_of(fabric)
    vectors = dor.minimal_vectors(torus, tie)
    displacement = dor._displacement(torus, flows.source, flows.target)
    row = pick(flows.draws(_WAY), displacement, vectors.offsets, np.ones(len(vectors.vector)))
    hops = np.abs(vectors.vector).sum(axis=1)[row]
    arcs = np.empty(hops.sum(), dtype=np.int64)
    up = dor._usable(fabric, arc_up)
    lost = dor_walks(flows.source, row, vectors.vector, *neighbors(torus), up, arcs)
    if lost >= 0:
        a, b = (fabric.node_names[end[lost]] for end in (flows.source, flows.target))
        found = f"the dimension-order path from {a!r} to {b!r} meets a failed link"
        raise SolverError(Problem("routing", found, "ecmp, which routes around failures"))
    return [(np.arange(len(row)), hops, arcs)]


def _k_shortest(fabric: Fabric, arc_up: NDArray[np.bool_] | None, flows: Flows, k: int) -> list[Part]:
    core = CoreGraph.of(fabric, arc_up, merge=False)
    start, end = _ends(core, flows)
    rows = np.flatnonzero(start != end)
    pair, pair_of = np.unique(start[rows] * core.n_nodes + end[rows], return_inverse=True)
    paths = k_shortest.list_paths(core, *np.divmod(pair, core.n_nodes), k)
    path = pick(flows.draws(_WAY)[rows], pair_of, paths.pair_offsets, np.ones(len(paths.path_offsets) - 1))
    hops = np.diff(paths.path_offsets)[path]
    arcs = core.fabric_arc[paths.arcs[_ranges(paths.path_offsets[path], hops)]]
    return _with_hosts(core, Split(np.ones(fabric.n_arcs)), flows, [(rows, hops, arcs)])


def _direct_transit(
    fabric: Fabric, arc_up: NDArray[np.bool_] | None, flows: Flows, method: Method = "auto"
) -> list[Part]:
    core = direct_transit.joined_nodes(fabric, arc_up)
    n = core.n_nodes
    start, end = _ends(core, flows)
    rows = np.flatnonzero(start != end)
    pair, pair_of, count = np.unique(start[rows] * n + end[rows], return_inverse=True, return_counts=True)
    demand = np.zeros(n * n)
    demand[pair] = count
    flow = direct_transit.transit_flow(core, demand.reshape(n, n), method).reshape(n * n, n)[pair].ravel()
    via = pick(flows.draws(_WAY)[rows], pair_of, n * np.arange(len(pair) + 1), flow) % n
    tail, gbps = direct_transit.arc_ends(core)
    trunk = tail * n + core.head
    by_trunk = np.argsort(trunk, kind="stable")
    offsets = np.concatenate(([0], np.cumsum(np.bincount(trunk, minlength=n * n))))
    parts = []
    for choice, a, b in ((_HOP, start[rows], via), (_SECOND_HOP, via, end[rows])):
        hop = np.flatnonzero(a != b)
        chosen = pick(flows.draws(choice)[rows[hop]], (a * n + b)[hop], offsets, gbps[by_trunk])
        parts.append((rows[hop], np.ones(len(hop), dtype=np.int64), core.fabric_arc[by_trunk[chosen]]))
    return _with_hosts(core, Split(np.ones(fabric.n_arcs)), flows, parts)


def _ecmp(fabric: Fabric, _: None, arc_up: NDArray[np.bool_] | None) -> SplitRouting:
    return SplitRouting.over(CoreGraph.of(fabric, arc_up, merge=False), Split(np.ones(fabric.n_arcs)))


_WALKERS: dict[str, Callable[..., list[Part]]] = {
    "ecmp": partial(_split_walk, _ecmp),
    "paths": partial(_split_walk, shortest_paths.split_routing),
    "wcmp": partial(_split_walk, wcmp.split_routing),
    "up_down": partial(_split_walk, up_down.split_routing),
    "dor": _dor,
    "direct_transit": _direct_transit,
    "valiant": _valiant,
    "k_shortest": _k_shortest,
}


def _ends(core: CoreGraph, flows: Flows) -> tuple[Ints, Ints]:
    """Return the nodes at which flows join and leave the graph; `SolverError` if an endpoint has no link that is up."""
    start, end = (core.group_node[core.group_of[index]] for index in (flows.source, flows.target))
    lost = np.concatenate((flows.source[start < 0], flows.target[end < 0]))
    if len(lost):
        name = core.fabric.node_names[core.fabric.endpoints[lost[0]]]
        found = f"{len(np.unique(lost))} endpoints with flows have no link that is up, the first is {name!r}"
        raise SolverError(Problem("flows", found, "flows between connected endpoints"))
    return start, end


def _walk(routing: SplitRouting, start: Ints, end: Ints, keys: NDArray[np.uint64]) -> Part:
    order = np.argsort(end, kind="stable")
    hops = np.zeros(len(order), dtype=np.int64)
    lost, arcs = walk_flows(keys[order], start[order], end[order], *routing.searched.graph, *routing.split.arrays, hops)
    if lost != -1:
        routing.require_paths((lost, lost) if lost < 0 else (int(start[order][lost]), int(end[order][lost])))
    core_arc = routing.core_arc[arcs]
    real = core_arc >= 0
    walked = np.repeat(np.arange(len(order)), hops)[real]
    return order, np.bincount(walked, minlength=len(order)), routing.core.fabric_arc[core_arc[real]]


def _with_hosts(core: CoreGraph, split: Split, flows: Flows, parts: list[Part]) -> list[Part]:
    """Add the hop from hosts to the graph before the parts, and the hop to hosts after them."""
    up, down = _host_arcs(core, up=True), _host_arcs(core, up=False)
    first = _host_part(core, split, flows.source, flows.draws(_UP), *up)
    return [first, *parts, _host_part(core, split, flows.target, flows.draws(_DOWN), *down)]


def _host_arcs(core: CoreGraph, *, up: bool) -> tuple[Ints, Ints]:
    """Return offsets, shape (n_endpoints + 1,), and arcs between the graph and each endpoint one hop off it."""
    attachments = [core.attachments[group] for group in np.flatnonzero(core.joined)]
    pairs = [(each.members, each.up if up else each.down) for each in attachments if each is not None]
    member = np.concatenate([np.zeros(0, dtype=np.int64), *(np.repeat(m, arcs.shape[1]) for m, arcs in pairs)])
    arcs = np.concatenate([np.zeros(0, dtype=np.int64), *(arcs.ravel() for _, arcs in pairs)])
    offsets = np.concatenate(([0], np.cumsum(np.bincount(member, minlength=core.fabric.n_endpoints))))
    return offsets, arcs[np.argsort(member, kind="stable")]


def _host_part(core: CoreGraph, split: Split, endpoint: Ints, draw: Floats, offsets: Ints, arcs: Ints) -> Part:
    rows = np.flatnonzero(core.joined[core.group_of[endpoint]])
    chosen = pick(draw[rows], endpoint[rows], offsets, split.host_weight[arcs])
    return rows, np.ones(len(rows), dtype=np.int64), arcs[chosen]
