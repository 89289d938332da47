# SPDX-License-Identifier: Apache-2.0
"""The paths that an optimal flow takes, and how they are composed.

A flow over arcs does not tell them: what each method made its flow of does. Either shortest paths under given lengths,
split by capacity at every node, or paths listed for every pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from optinet.flows.concurrent.problem import Floats, FlowProblem, Ints
from optinet.kernels.path_flows import PathPool
from optinet.kernels.route_codes import Codes, Members, add_weighted, listed_codes, split_codes, strip_paths
from optinet.kernels.trees import tree_workspace
from optinet.routing import ecmp
from optinet.routing.core_graph import sum_by
from optinet.routing.group_demand import group_demand
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures

_WORK = 2e8  # sources x arcs x routings beyond which sources are sampled: about two seconds


@dataclass(frozen=True, eq=False)
class SplitRoutes:
    """A mixture of routings over shortest paths.

    Parameters
    ----------
    length
        shape (n_routings, n_arcs): what shortest means in each.
    weight
        shape (n_routings, n_nodes): share of each in what a node sends; columns of senders sum to 1.
    symmetric
        Whether the lengths are as symmetric as the fabric and the demand are.
    """

    length: Floats
    weight: Floats
    symmetric: bool = False


@dataclass(frozen=True, eq=False)
class ListedRoutes:
    """Paths of the pairs in the order of `FlowProblem.rows`.

    Parameters
    ----------
    pair, weight
        shape (n_paths,): pair of each path, and what it carries.
    offsets, arcs
        Path p is ``arcs[offsets[p]:offsets[p + 1]]``, from its end to its beginning.
    """

    pair: Ints
    weight: Floats
    offsets: Ints
    arcs: Ints

    @classmethod
    def of_pool(cls, pool: PathPool) -> ListedRoutes:
        """Return a copy of the paths in a pool just compacted, where those of a pair stand side by side."""
        n_paths, n_arcs = (int(n) for n in pool.used)
        pair = np.searchsorted(pool.first, np.arange(n_paths))  # the list of a pair begins with its last path
        return cls(pair, pool.flow[:n_paths].copy(), np.append(pool.start[:n_paths], n_arcs), pool.arcs[:n_arcs].copy())

    @classmethod
    def of_flow(cls, problem: FlowProblem, throughput: float, flow_gbps: Floats) -> ListedRoutes:
        """Take a flow apart; `flow_gbps` has shape (n_sources, n_arcs) and carries `throughput` times the demand."""
        sources, offsets, targets, gbps = problem.rows
        found = []
        for i, source in enumerate(sources):
            row = slice(offsets[i], offsets[i + 1])
            most = int(offsets[i + 1] - offsets[i]) + problem.n_arcs
            target, weight, size = np.empty(most, dtype=np.int64), np.empty(most), np.empty(most, dtype=np.int64)
            arcs = np.empty(most * problem.n_nodes, dtype=np.int64)
            n_paths, n_arcs = strip_paths(
                source, targets[row], throughput * gbps[row], *problem.by_head, problem.tail, flow_gbps[i].copy(),
                target, weight, size, arcs,
            )  # fmt: skip
            found.append((target[:n_paths] + offsets[i], weight[:n_paths], size[:n_paths], arcs[:n_arcs]))
        pair, weight, size, arcs = (np.concatenate(each) for each in zip(*found, strict=True))
        return cls(pair, weight, np.append(0, np.cumsum(size)), arcs)


Routes: TypeAlias = SplitRoutes | ListedRoutes


def signatures(problem: FlowProblem, routes: Routes | None, seed: int) -> PathSignatures:
    """Return how the traffic's paths are composed; None stands for a demand that crosses no arc of the graph."""
    members = _members(problem, PathCodes.of(problem.core.fabric))
    if isinstance(routes, ListedRoutes):
        return _of_listed(problem, routes, members)
    if routes is None:
        routes = SplitRoutes(problem.capacity_gbps[None] ** -1.0, np.ones((1, problem.n_nodes)))
    return _of_split(problem, routes, members, seed)


def _members(problem: FlowProblem, codes: PathCodes) -> Members:
    """Return the parallel arcs of each arc, those of one kind and length as one."""
    core = problem.core
    code, meters = codes.arc_code[core.fabric_arc], codes.length_m[core.fabric_arc]
    order = np.lexsort((meters, code, problem.arc_of_core))
    arc, code, meters = problem.arc_of_core[order], code[order], meters[order]
    new = np.ones(len(arc), dtype=bool)
    new[1:] = (np.diff(arc) != 0) | (np.diff(code) != 0) | (np.diff(meters) != 0)
    share = sum_by(np.cumsum(new) - 1, problem.core_capacity_gbps[order], int(new.sum()))
    share /= problem.capacity_gbps[arc[new]]
    offsets = np.searchsorted(arc[new], np.arange(problem.n_arcs + 1)).astype(np.int64)
    return Members(offsets, share, code[new], meters[new])


def _of_listed(problem: FlowProblem, routes: ListedRoutes, members: Members) -> PathSignatures:
    core, codes = problem.core, PathCodes.of(problem.core.fabric)
    room = 2 * len(routes.pair) + 16
    while (
        size := listed_codes(
            routes.offsets, routes.arcs, members, path := np.empty(room, dtype=np.int64), table := _table(room)
        )
    ) < 0:
        room *= 4
    path = path[:size]
    pair = routes.pair[path]
    order = np.argsort(pair, kind="stable")
    pair, mass = pair[order], (table.mass[:size] * routes.weight[path])[order]
    per_mass = (table.length_m[:size] / table.mass[:size])[order]
    code, n_pairs = table.code[:size][order], len(problem.rows[2])
    mass = mass / sum_by(pair, mass, n_pairs)[pair]
    first = np.searchsorted(pair, np.arange(n_pairs + 1))

    by_group = group_demand(core, problem.demand)
    (row, column), gbps = by_group.coords, by_group.data
    up_code, up_length = codes.of_attachments(core, "up")
    down_code, down_length = codes.of_attachments(core, "down")
    sources, offsets, targets, _ = problem.rows
    key = np.repeat(sources, np.diff(offsets)) * problem.n_nodes + targets
    source, sink = core.group_node[row], problem.sink_of(core.group_node[column])
    away = source != sink
    place = np.minimum(np.searchsorted(key, source * problem.n_nodes + sink), len(key) - 1)
    # traffic within a node has one row of its own, after all others
    place = np.where(away, place, n_pairs)
    first = np.append(first, size + 1)
    code, mass, per_mass = np.append(code, 0), np.append(mass, 1.0), np.append(per_mass, 0.0)
    count = np.diff(first)[place]
    entry = np.repeat(np.arange(len(gbps)), count)
    rank = np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count)
    at = first[place[entry]] + rank
    weight = gbps[entry] * mass[at]
    meters = per_mass[at] + up_length[row[entry]] + down_length[column[entry]]
    return codes.decode(code[at] + up_code[row[entry]] + down_code[column[entry]], weight, weight * meters, "exact")


def _of_split(problem: FlowProblem, routes: SplitRoutes, members: Members, seed: int) -> PathSignatures:
    core, codes = problem.core, PathCodes.of(problem.core.fabric)
    up_code, up_length = codes.of_attachments(core, "up")
    down_code, down_length = codes.of_attachments(core, "down")
    groups, method = _sending(problem, routes, seed)
    rows = _GroupRows(problem)
    sink = problem.sink_of(core.group_node)
    graph = (problem.out_offsets, problem.head, *problem.by_head, problem.tail)
    work = tree_workspace(problem.n_nodes, problem.n_arcs)
    at, room = _tables(problem.n_nodes, 16), 1024
    found: list[tuple[Ints, Floats, Floats]] = []
    for g in groups:
        for k in np.flatnonzero(routes.weight[:, core.group_node[g]]):
            source, length = core.group_node[g], routes.length[k]
            while not split_codes(source, graph, problem.capacity_gbps, length, members, work, *at):
                at = _tables(problem.n_nodes, 4 * at[0].shape[1])
            weight = rows.of(int(g)) * routes.weight[k, source]
            extra = (up_code[g] + down_code, up_length[g] + down_length)
            while (size := add_weighted(weight, sink, *extra, *at, table := _table(room), 0)) < 0:
                room *= 4
            found.append((table.code[:size], table.mass[:size], table.length_m[:size]))
    code, mass, meters = (np.concatenate(each) for each in zip(*found, strict=True))
    return codes.decode(code, mass, meters, method)


def _table(room: int) -> Codes:
    return Codes(np.empty(room, dtype=np.int64), np.empty(room), np.empty(room))


def _tables(n_nodes: int, width: int) -> tuple[Ints, Floats, Floats, Ints]:
    shape = (n_nodes, width)
    return np.empty(shape, dtype=np.int64), np.empty(shape), np.empty(shape), np.empty(n_nodes, dtype=np.int64)


def _sending(problem: FlowProblem, routes: SplitRoutes, seed: int) -> tuple[Ints, str]:
    """Return the groups whose paths are looked at: all, those of one cell of a torus, or a sample."""
    core = problem.core
    torus = ecmp.symmetric_torus(core, problem.demand) if routes.symmetric else None
    if torus:
        return torus.cell_nodes(), "exact"
    groups = np.flatnonzero((core.by_group(problem.demand.out_gbps) > 0) & (core.group_node >= 0))
    affordable = max(64, int(_WORK / max(1, problem.n_arcs * len(routes.length))))
    if len(groups) <= affordable:
        return groups, "exact"
    chosen = np.sort(np.random.default_rng(seed).choice(groups, affordable, replace=False))
    return chosen, f"all targets of {affordable} of {len(groups)} sampled sources"


class _GroupRows:
    """What every group sends to every group."""

    def __init__(self, problem: FlowProblem) -> None:
        core, demand = problem.core, problem.demand
        self._matrix = None if demand.is_rank_one else group_demand(core, demand).tocsr()
        if demand.is_rank_one:
            assert demand.source_gbps is not None and demand.target_share is not None
            self._source, self._share = core.by_group(demand.source_gbps), core.by_group(demand.target_share)
            self._own = core.by_group(demand.source_gbps * demand.target_share)

    def of(self, group: int) -> Floats:
        """Return a row; shape (n_groups,)."""
        if self._matrix is not None:
            return np.asarray(self._matrix[[group]].toarray()[0])
        row = self._source[group] * self._share
        row[group] = max(0.0, row[group] - self._own[group])  # a difference of equals may round below 0
        return row
