# SPDX-License-Identifier: Apache-2.0
"""Equal split over all shortest paths between two endpoints, and the engine of every split over shortest paths.

Each shortest path of a pair carries the same; parallel arcs make separate paths. A node then splits the traffic to a
target in proportion to the number of shortest paths that each arc starts, so paths are counted target by target,
never listed. `optinet.routing.ecmp` splits equally over arcs instead and gives a next hop with many paths behind it no
more than one with few: with one core of a fat-tree(4) lost, it sends half of the traffic to the aggregation switches
that have half of their cores, and gets 1/24 of uniform traffic through; this sends them a third and gets 1/18.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric
from optinet.kernels.signatures import path_signatures
from optinet.kernels.splits import TOO_MANY, split_loads
from optinet.routing import ecmp
from optinet.routing.core_graph import CoreGraph, Floats, Ints, sum_by
from optinet.routing.path_codes import PathCodes
from optinet.routing.signatures import PathSignatures
from optinet.routing.symmetry import over_translations
from optinet.structure import Torus
from optinet.traffic.demand import Demand

_SIGNATURE_WORK = 4e8  # targets x arcs beyond which path statistics are taken over a sample of targets


@dataclass(frozen=True, eq=False)
class Split:
    """How nodes split over their arcs that start shortest paths, as `optinet.kernels.splits` describes.

    Parameters
    ----------
    capacity, trunk_part
        shape (n_arcs,) of the graph searched; empty for an equal split over arcs.
    at_target
        Weight of the target itself.
    host_weight
        shape (n_arcs,) of the fabric: in proportion to what a host splits over parallel links to its one switch.
    """

    host_weight: Floats
    capacity: Floats = field(default_factory=lambda: np.zeros(0))
    trunk_part: Floats = field(default_factory=lambda: np.zeros(0))
    at_target: float = 1.0

    @property
    def is_equal(self) -> bool:
        """Whether every arc that starts a shortest path gets the same."""
        return len(self.capacity) == 0

    @property
    def arrays(self) -> tuple[Floats, Floats, float]:
        """What kernels take."""
        return self.capacity, self.trunk_part, self.at_target

    def host_parts(self, arcs: Ints) -> Floats:
        """Return the part of its traffic that each host has on each of its arcs; shape of `arcs`, rows sum to 1."""
        weight = self.host_weight[arcs]
        parts: Floats = weight / weight.sum(axis=1, keepdims=True)
        return parts


@dataclass(frozen=True, eq=False)
class SplitRouting:
    """One fabric under one split.

    Parameters
    ----------
    core
        Where endpoints join, and what their own arcs are.
    searched
        The graph shortest paths are searched in: `core` itself unless a routing restricts the paths.
    core_arc
        shape (n_arcs,) of `searched`: the arc of `core`, -1 for arcs that are not in the fabric.
    split
        The split at every node.
    kind_of_path
        What paths are called where a pair has none.
    """

    core: CoreGraph
    searched: CoreGraph
    core_arc: Ints
    split: Split
    kind_of_path: str = "path"

    @classmethod
    def over(cls, core: CoreGraph, split: Split) -> SplitRouting:
        """Return the routing over all shortest paths of a core graph."""
        return cls(core, core, np.arange(len(core.head)), split)

    def loads(self, demand: Demand) -> Floats:
        """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
        core = self.core
        core.require_attached(demand)
        load = np.zeros(len(self.searched.head))
        targets, between = ecmp.node_demand(self.searched, demand)
        torus = self._symmetric_torus(demand)
        targets = torus.cell_nodes() if torus else targets
        if self.split.is_equal:
            self.require_paths(ecmp.equal_split(self.searched, targets, between, load))
        else:
            self.require_paths(split_loads(targets, *between, *self.searched.graph, *self.split.arrays, load))
        load = over_translations(torus, core.fabric_arc, load) if torus else load
        real = self.core_arc >= 0
        result = ecmp.to_fabric(core, demand, sum_by(self.core_arc[real], load[real], len(core.head)))
        for group in np.flatnonzero(core.joined):
            attachment = core.attachments[group]
            assert attachment is not None
            for arcs in (attachment.up, attachment.down):
                result[arcs] = result[arcs].sum(axis=1, keepdims=True) * self.split.host_parts(arcs)
        return result

    def signatures(self, demand: Demand, seed: int) -> PathSignatures:
        """Return how the traffic's paths are composed; targets are sampled (seeded) where all would take too long."""
        core = self.core
        core.require_attached(demand)
        codes = PathCodes.of(core.fabric)
        targets, method = self._target_groups(demand, seed)
        code, mass, length = path_signatures(
            targets, *ecmp._group_demand(core, demand), self.searched.group_node,
            *self._host_hop(codes, up=True), *self._host_hop(codes, up=False),
            *self.searched.graph, *self.split.arrays, *self._arc_hops(codes),
        )  # fmt: skip
        if core.merged.any():
            code, mass, length = ecmp._with_local(core, demand, codes, code, mass, length)
        return codes.decode(code, mass, length, method)

    def require_paths(self, pair: tuple[int, int]) -> None:
        """Raise `SolverError` for what `optinet.kernels.splits.split_loads` returns, unless all is well."""
        if pair[0] == TOO_MANY:
            raise SolverError(
                Problem("routing", "more shortest paths than a float counts", "ecmp, which does not count paths")
            )
        if pair[0] < 0:
            return
        a, b = (self.searched._name_at(node) for node in pair)
        raise SolverError(
            Problem(
                "demand",
                f"no {self.kind_of_path} from {a} to {b} over the arcs that are up",
                "a demand between connected endpoints",
            )
        )

    def _symmetric_torus(self, demand: Demand) -> Torus | None:
        """Return the torus, if any, whose translations map fabric, failures, demand and split onto themselves."""
        alike = bool(np.all(self.split.capacity == self.split.capacity[:1])) and self.searched is self.core
        return ecmp.symmetric_torus(self.core, demand) if alike else None

    def _target_groups(self, demand: Demand, seed: int) -> tuple[Ints, str]:
        if torus := self._symmetric_torus(demand):
            return torus.cell_nodes(), "exact"
        groups = np.flatnonzero(self.core.by_group(demand.in_gbps) > 0)
        affordable = max(64, int(_SIGNATURE_WORK / max(1, len(self.searched.head))))
        if len(groups) <= affordable or not demand.is_rank_one:
            return groups, "exact"
        chosen = np.sort(np.random.default_rng(seed).choice(groups, affordable, replace=False))
        return chosen, f"all sources to {affordable} of {len(groups)} sampled targets"

    def _host_hop(self, codes: PathCodes, *, up: bool) -> tuple[Ints, Floats]:
        """Return code and mean length of the hop between each group's hosts and the graph; shapes (n_groups,)."""
        code, length = codes.of_attachments(self.core, "up" if up else "down")
        for group in np.flatnonzero(self.core.joined):
            attachment = self.core.attachments[group]
            assert attachment is not None
            arcs = attachment.up if up else attachment.down
            length[group] = (codes.length_m[arcs] * self.split.host_parts(arcs)).sum(axis=1).mean()
        return code, length

    def _arc_hops(self, codes: PathCodes) -> tuple[Ints, Floats]:
        """Return code and length of every arc searched, 0 for arcs that are not in the fabric."""
        real = self.core_arc >= 0
        code, length = np.zeros(len(real), dtype=np.int64), np.zeros(len(real))
        arc = self.core.fabric_arc[self.core_arc[real]]
        code[real], length[real] = codes.arc_code[arc], codes.length_m[arc]
        return code, length


def split_routing(
    fabric: Fabric, demand: Demand | None = None, arc_up: NDArray[np.bool_] | None = None
) -> SplitRouting:
    """Return the equal split over all shortest paths; multi-homed hosts are merged where `demand` allows it."""
    core = core_of(fabric, demand, arc_up)
    ones = np.ones(len(core.head))
    return SplitRouting.over(core, Split(np.ones(fabric.n_arcs), np.inf * ones, ones, 1.0))


def core_of(fabric: Fabric, demand: Demand | None, arc_up: NDArray[np.bool_] | None) -> CoreGraph:
    """Return the core graph for a split that looks at what lies behind arcs.

    Hosts are merged only if the demand is rank one and each host of a group has one link to each of its switches, all
    of one capacity: then traffic among the members of a group spreads equally over their links under any split.
    """
    if demand is None or not demand.is_rank_one:
        return CoreGraph.of(fabric, arc_up, merge=False)
    core = CoreGraph.of(fabric, arc_up, merge=True)
    for group in np.flatnonzero(core.merged):
        attachment = core.attachments[group]
        assert attachment is not None
        gbps = fabric.arc_capacity_gbps[np.concatenate((attachment.up, attachment.down))]
        if np.any(gbps != gbps[0, 0]) or len(set(fabric.arc_head[attachment.up[0]])) < attachment.up.shape[1]:
            return CoreGraph.of(fabric, arc_up, merge=False)
    return core


def loads(fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None) -> Floats:
    """Return the load on every arc of the fabric in Gb/s; shape (n_arcs,)."""
    return split_routing(fabric, demand, arc_up).loads(demand)


def signatures(
    fabric: Fabric, demand: Demand, arc_up: NDArray[np.bool_] | None = None, seed: int = 0
) -> PathSignatures:
    """Return how the traffic's paths are composed; targets are sampled (seeded) where all would take too long."""
    return split_routing(fabric, demand, arc_up).signatures(demand, seed)
