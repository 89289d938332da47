# SPDX-License-Identifier: Apache-2.0
"""Equal split over the k shortest loopless paths of every pair.

The paths are those of J. Y. Yen, "Finding the K Shortest Loopless Paths in a Network", Management Science 17 (1971), by
routing cost and as networkx lists them: where several paths of one cost compete for the last place, its order decides,
always alike for one fabric. A pair with fewer paths splits over those it has. Parallel arcs make separate paths; the
parallel links of a host to its one switch do not, they share alike. Every path is listed, so this is for sparse
demands on small fabrics, such as Jellyfish with k = 8 (A. Singla et al., NSDI 2012).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.routing import ecmp
from optinet.routing.core_graph import CoreGraph, Floats, Ints, sum_by
from optinet.routing.group_demand import at_nodes, group_demand, n_group_pairs
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures
from optinet.traffic.demand import Demand

if TYPE_CHECKING:
    import networkx as nx

_MOST_WORK = 5e7  # paths x core arcs: about a minute


@dataclass(frozen=True, eq=False)
class ListedPaths:
    """Paths of pairs of core nodes.

    Parameters
    ----------
    pair_offsets
        shape (n_pairs + 1,): the paths of each pair.
    path_offsets
        shape (n_paths + 1,): the arcs of each path.
    arcs
        Core arcs, path after path.
    """

    pair_offsets: Ints
    path_offsets: Ints
    arcs: Ints

    @property
    def path_pair(self) -> Ints:
        """The pair of each path; shape (n_paths,)."""
        return np.repeat(np.arange(len(self.pair_offsets) - 1), np.diff(self.pair_offsets))

    @property
    def arc_path(self) -> Ints:
        """The path of each arc in `arcs`."""
        return np.repeat(np.arange(len(self.path_offsets) - 1), np.diff(self.path_offsets))


def list_paths(core: CoreGraph, source: Ints, target: Ints, k: int) -> ListedPaths:
    """Return up to k shortest loopless paths from each core node in `source` to its `target`, two different nodes.

    Raises
    ------
    SolverError
        If that would take too long, or a pair has no path.
    """
    import networkx as nx  # as slow to load as all the rest of the engine

    require_affordable(core, len(source), k)
    graph = _graph(core)
    per_pair: list[list[list[int]]] = []
    for s, t in zip(source.tolist(), target.tolist(), strict=True):
        end = t if core.forwards[t] else ("in", t)
        try:
            found = nx.shortest_simple_paths(graph, s, end, weight="cost")
            per_pair.append([_arcs_of(graph, path) for path in itertools.islice(found, k)])
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            core.require_paths((s, t))
    paths = [path for paths in per_pair for path in paths]
    return ListedPaths(
        _offsets([len(paths) for paths in per_pair]),
        _offsets([len(path) for path in paths]),
        np.array([arc for path in paths for arc in path], dtype=np.int64),
    )


def require_affordable(core: CoreGraph, n_pairs: int, k: int) -> None:
    """Raise `SolverError` if the paths of so many pairs would take too long to list."""
    n_arcs = len(core.head)
    if n_pairs * k * n_arcs > _MOST_WORK:
        raise SolverError(
            Problem(
                "routing",
                f"k_shortest would list {n_pairs * k} paths (k = {k} for {n_pairs} pairs) over {n_arcs} arcs",
                f"paths x arcs of at most {_MOST_WORK:g}; the routing 'paths' or 'ecmp' does not list paths",
            )
        )


def _graph(core: CoreGraph) -> nx.DiGraph[object]:
    """Return the core graph with a node on every arc parallel to a cheaper one, for networkx keeps one arc per pair."""
    import networkx as nx

    graph: nx.DiGraph[object] = nx.DiGraph()
    tail = np.repeat(np.arange(core.n_nodes), np.diff(core.out_offsets))
    for arc in np.argsort(core.cost, kind="stable").tolist():
        u, v = int(tail[arc]), int(core.head[arc])
        # a node that does not forward is two, of which one has only arcs out and the other only arcs in
        end = v if core.forwards[v] else ("in", v)
        cost = float(core.cost[arc])
        if not graph.has_edge(u, end):
            graph.add_edge(u, end, cost=cost, arc=arc)
        else:
            graph.add_edge(u, ("arc", arc), cost=cost, arc=arc)
            graph.add_edge(("arc", arc), end, cost=0.0, arc=-1)
    return graph


def _arcs_of(graph: nx.DiGraph[object], path: list[object]) -> list[int]:
    arcs = (graph.edges[hop]["arc"] for hop in itertools.pairwise(path))
    return [arc for arc in arcs if arc >= 0]


def _offsets(lengths: list[int]) -> Ints:
    return np.concatenate(([0], np.cumsum(np.array(lengths, dtype=np.int64)))).astype(np.int64)


@dataclass(frozen=True, eq=False)
class RoutedPaths:
    """The listed paths of a demand and what they carry.

    Parameters
    ----------
    core
        The graph the paths run through.
    by_group
        Demand between groups of endpoints.
    entry_pair
        shape (n_entries,): for each entry of `by_group` its pair in `paths`, -1 for traffic within a node.
    paths
        The paths of every pair of nodes with demand.
    """

    core: CoreGraph
    by_group: sparse.coo_array
    entry_pair: Ints
    paths: ListedPaths


@lru_cache(maxsize=1)
def _routed(fabric: Fabric, demand: Demand, arc_up: bytes | None, k: int) -> RoutedPaths:
    # kept because loads and signatures of one solution need the same paths
    core = CoreGraph.of(fabric, None if arc_up is None else np.frombuffer(arc_up, dtype=bool), merge=False)
    core.require_attached(demand)
    require_affordable(core, n_group_pairs(core, demand), k)
    by_group = group_demand(core, demand)
    source, target = at_nodes(core, by_group)
    away = np.flatnonzero(source != target)
    pair, pair_of = np.unique(source[away] * core.n_nodes + target[away], return_inverse=True)
    entry_pair = np.full(len(source), -1)
    entry_pair[away] = pair_of
    return RoutedPaths(core, by_group, entry_pair, list_paths(core, *np.divmod(pair, core.n_nodes), k))


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, k: int = 4) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    routed = _routed(fabric, demand, None if arc_up is None else arc_up.tobytes(), k)
    paths, away = routed.paths, routed.entry_pair >= 0
    n_paths = np.diff(paths.pair_offsets)
    each = sum_by(routed.entry_pair[away], routed.by_group.data[away], len(n_paths)) / n_paths
    load = sum_by(paths.arcs, each[paths.path_pair][paths.arc_path], len(routed.core.head))
    return ecmp.to_fabric(routed.core, demand, load)


def signatures(
    fabric: Fabric,
    demand: Demand,
    arc_up: NDArray[np.bool_] | None = None,
    k: int = 4,
    seed: int = 0,  # noqa: ARG001
) -> PathSignatures:
    """Return how the traffic's paths are composed, exactly; `seed` is not used."""
    routed = _routed(fabric, demand, None if arc_up is None else arc_up.tobytes(), k)
    core, paths, codes = routed.core, routed.paths, PathCodes.of(fabric)
    up_code, up_length = codes.of_attachments(core, "up")
    down_code, down_length = codes.of_attachments(core, "down")
    (row, column), gbps = routed.by_group.coords, routed.by_group.data
    code, length = up_code[row] + down_code[column], up_length[row] + down_length[column]
    # every entry of the demand once for each of its paths; traffic within a node has one path, the last, of no arcs
    n_paths = np.append(np.diff(paths.pair_offsets), 1)[routed.entry_pair]
    entry = np.repeat(np.arange(len(gbps)), n_paths)
    rank = np.arange(len(entry)) - np.repeat(np.cumsum(n_paths) - n_paths, n_paths)
    path = paths.pair_offsets[routed.entry_pair[entry]] + rank
    arc = core.fabric_arc[paths.arcs]
    path_code = np.zeros(len(paths.path_offsets), dtype=np.int64)
    np.add.at(path_code, paths.arc_path, codes.arc_code[arc])
    path_length = sum_by(paths.arc_path, codes.length_m[arc], len(path_code))
    mass = gbps[entry] / n_paths[entry]
    return codes.decode(code[entry] + path_code[path], mass, mass * (length[entry] + path_length[path]), "exact")
