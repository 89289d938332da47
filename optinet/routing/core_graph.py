# SPDX-License-Identifier: Apache-2.0
"""The graph that routing really searches: forwarding nodes, with hosts merged into groups.

A host with all its links to one switch adds nothing to the search: it joins the graph at that switch, and its own
arcs carry what it sends and receives. Hosts with links to several switches stand in the graph as non-forwarding
nodes; for rank-one demands those with the same attachment (one link into each of several planes, say) are merged into
one node, of which each member's arcs carry its share. Groups are endpoints that join the graph at one node in one
way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from optinet.errors import Problem, SolverError
from optinet.fabric import Fabric, NodeKind
from optinet.routing.signatures import HopKinds
from optinet.traffic.demand import Demand

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NodeDemand = tuple[Ints, Ints, Floats, Floats, Floats]
"""Demand between core nodes, as `optinet.kernels.splits.flow_to` takes it: column_offsets, row, gbps, source, share."""


def sum_by(index: Ints, values: Floats, size: int) -> Floats:
    """Return the sum of the values at each index; shape (size,)."""
    return np.asarray(np.bincount(index, weights=values, minlength=size), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Attachment:
    """The arcs of the hosts of one group, one row per member, columns alike across members.

    Parameters
    ----------
    members
        shape (n,): endpoint indices.
    up, down
        shape (n, m): arcs from and to each member.
    """

    members: Ints
    up: Ints
    down: Ints


@dataclass(frozen=True, eq=False)
class CoreGraph:
    """Arcs in use among forwarding nodes and multi-homed hosts, in compressed rows, and the groups of endpoints.

    Parameters
    ----------
    fabric, arc_up
        The fabric and which of its arcs are up, shape (n_arcs,).
    forwards
        shape (n_core,): whether each core node forwards.
    out_offsets, head, cost, fabric_arc
        Core arcs sorted by tail; `fabric_arc` is the arc of the fabric (of the first member for merged hosts).
    in_offsets, in_tail, in_arc
        The same arcs sorted by head.
    group_of
        shape (n_endpoints,): group of each endpoint.
    group_node
        shape (n_groups,): the core node of each group, -1 for endpoints without links.
    attachments
        For every group of hosts, its arcs; None for groups of chips.
    merged
        shape (n_groups,): whether the group stands in the graph as one non-forwarding node for several hosts.
    """

    fabric: Fabric
    arc_up: NDArray[np.bool_]
    forwards: NDArray[np.bool_]
    out_offsets: Ints
    head: Ints
    cost: Floats
    fabric_arc: Ints
    in_offsets: Ints
    in_tail: Ints
    in_arc: Ints
    group_of: Ints
    group_node: Ints
    attachments: tuple[Attachment | None, ...]
    merged: NDArray[np.bool_]

    @classmethod
    def of(cls, fabric: Fabric, arc_up: NDArray[np.bool_] | None = None, *, merge: bool) -> CoreGraph:
        """Return the core graph of a fabric.

        Parameters
        ----------
        fabric
            Any fabric.
        arc_up
            shape (n_arcs,): which arcs are up; all when None. Arcs of capacity 0 are never used.
        merge
            Whether multi-homed hosts alike are merged, which suits rank-one demands only.
        """
        mask = checked_mask(fabric, arc_up)
        return _intact(fabric, merge) if mask is None else _masked(fabric, mask.tobytes(), merge)

    @property
    def n_nodes(self) -> int:
        """Nodes of the core graph."""
        return len(self.forwards)

    @property
    def n_groups(self) -> int:
        """Groups of endpoints."""
        return len(self.group_node)

    @cached_property
    def unit_cost(self) -> bool:
        """Whether all arcs have one cost, so that a breadth-first search finds shortest paths."""
        return bool(np.all(self.cost == self.cost[0])) if len(self.cost) else True

    @cached_property
    def graph(self) -> tuple[NDArray[np.bool_], Ints, Ints, Ints, Ints, Ints, Floats, Literal[True] | None]:
        """The arrays every kernel takes, in order; costs are scaled to 1 when all are equal."""
        cost = np.ones_like(self.cost) if self.unit_cost else self.cost
        return (
            self.forwards,
            self.out_offsets,
            self.head,
            self.in_offsets,
            self.in_tail,
            self.in_arc,
            cost,
            None if self.unit_cost else True,
        )

    @cached_property
    def joined(self) -> Ints:
        """Whether a group's endpoints sit one hop off their node (1) or are the node itself (0); shape (n_groups,)."""
        hosts = np.array([attachment is not None for attachment in self.attachments], dtype=bool)
        at_switch = np.zeros(self.n_groups, dtype=bool)
        known = self.group_node >= 0
        at_switch[known] = self.forwards[self.group_node[known]]
        return (hosts & at_switch).astype(np.int64)

    @cached_property
    def host_hops(self) -> tuple[tuple[Ints, Ints, Floats], tuple[Ints, Ints, Floats]]:
        """The arcs from hosts to the one switch they join the graph at, and back.

        Each as the arcs, the endpoint of each, and how many such arcs that endpoint has; shapes (n,).
        """
        found = [self.attachments[group] for group in np.flatnonzero(self.joined)]
        joined = [attachment for attachment in found if attachment is not None]
        return _flat([(each.members, each.up) for each in joined]), _flat(
            [(each.members, each.down) for each in joined]
        )

    def by_group(self, per_endpoint: Floats) -> Floats:
        """Sum a quantity of endpoints over each group; shape (n_groups,)."""
        return sum_by(self.group_of, per_endpoint, self.n_groups)

    def by_node(self, per_group: Floats) -> Floats:
        """Sum a quantity of groups over each core node; shape (n_core,)."""
        known = self.group_node >= 0
        return sum_by(self.group_node[known], per_group[known], self.n_nodes)

    def group_matrix(self, demand: Demand) -> sparse.csc_array:
        """Return a matrix demand between groups, by columns; shape (n_groups, n_groups)."""
        assert demand.matrix is not None
        row, column = (self.group_of[index] for index in demand.pairs)
        return sparse.csc_array((demand.matrix.data, (row, column)), shape=(self.n_groups, self.n_groups))

    def require_paths(self, pair: tuple[int, int]) -> None:
        """Raise `SolverError` naming two core nodes without a path, unless the pair is negative."""
        if pair[0] < 0:
            return
        names = [self._name_at(node) for node in pair]
        raise SolverError(
            Problem(
                "demand",
                f"no path from {names[0]} to {names[1]} over the arcs that are up",
                "a demand between connected endpoints",
            )
        )

    def require_attached(self, demand: Demand) -> None:
        """Raise `SolverError` if an endpoint with demand has no link that is up."""
        lost = self.group_node[self.group_of] < 0
        if lost.any():
            lost &= (demand.out_gbps > 0) | (demand.in_gbps > 0)
        if lost.any():
            name = self.fabric.node_names[self.fabric.endpoints[np.flatnonzero(lost)[0]]]
            raise SolverError(
                Problem(
                    "demand",
                    f"{int(lost.sum())} endpoints with demand have no link that is up, the first is {name!r}",
                    "a demand between connected endpoints",
                )
            )

    def _name_at(self, node: int) -> str:
        groups = np.flatnonzero(self.group_node == node)
        endpoint = np.flatnonzero(np.isin(self.group_of, groups))
        # a switch without endpoints can be where a routing turns
        named = self.fabric.endpoints[endpoint[0]] if len(endpoint) else np.flatnonzero(self.fabric.forwards)[node]
        return repr(self.fabric.node_names[named])


def checked_mask(fabric: Fabric, arc_up: ArrayLike | None) -> NDArray[np.bool_] | None:
    """Return a mask of arcs as an array, or None for None; `SolverError` unless it says yes or no for every arc."""
    if arc_up is None:
        return None
    mask = np.asarray(arc_up)
    if mask.shape != (fabric.n_arcs,) or mask.dtype != np.bool_:
        found = f"shape {mask.shape} of {mask.dtype}"
        raise SolverError(Problem("arc_up", found, f"({fabric.n_arcs},) of bool, one entry per arc"))
    return mask


@lru_cache(maxsize=4)  # loads, paths and every routing tried ask for the same one
def _intact(fabric: Fabric, merge: bool) -> CoreGraph:
    return _build(fabric, fabric.arc_capacity_gbps > 0, merge)


@lru_cache(maxsize=2)  # so do the exchanges of a job over the same holes
def _masked(fabric: Fabric, mask: bytes, merge: bool) -> CoreGraph:
    return _build(fabric, (fabric.arc_capacity_gbps > 0) & np.frombuffer(mask, dtype=np.bool_), merge)


def _build(fabric: Fabric, up: NDArray[np.bool_], merge: bool) -> CoreGraph:
    tail, head = fabric.arc_tail, fabric.arc_head
    kind = HopKinds.of(fabric).arc_kind
    core_of = np.full(fabric.n_nodes, -1, dtype=np.int64)
    forwarding = np.flatnonzero(fabric.forwards)
    core_of[forwarding] = np.arange(len(forwarding))

    keys, node_of = _host_keys(fabric, up, kind), fabric.endpoints.tolist()
    chip = fabric.node_kind[fabric.endpoints] == NodeKind.CHIP
    group_of = (np.cumsum(chip) - 1).tolist()
    group_node: list[int] = core_of[fabric.endpoints[chip]].tolist()
    attachments: list[Attachment | None] = [None] * len(group_node)
    merged = [False] * len(group_node)

    members: dict[tuple[int, ...] | int, list[int]] = {}
    for endpoint in np.flatnonzero(~chip).tolist():
        key = keys[node_of[endpoint]]
        alike = key.is_single or (merge and key.mergeable)
        members.setdefault(key.flat if alike else node_of[endpoint], []).append(endpoint)
    extra: list[int] = []
    for group_members in members.values():
        rows = [keys[node_of[endpoint]] for endpoint in group_members]
        key = rows[0]
        if not key.up and not key.down:
            node = -1
        elif key.is_single:
            node = int(core_of[head[key.up[0]]])
        else:
            node = len(forwarding) + len(extra)
            extra.append(node_of[group_members[0]])
        for endpoint in group_members:
            group_of[endpoint] = len(group_node)
        group_node.append(node)
        attachments.append(_attachment(tuple(group_members), tuple(r.up for r in rows), tuple(r.down for r in rows)))
        merged.append(node >= len(forwarding) and len(group_members) > 1)
    core_of[extra] = np.arange(len(forwarding), len(forwarding) + len(extra))

    arcs = np.flatnonzero(up & (core_of[tail] >= 0) & (core_of[head] >= 0))
    arcs = arcs[np.argsort(core_of[tail[arcs]], kind="stable")]
    core_tail, core_head = core_of[tail[arcs]], core_of[head[arcs]]
    n_core = len(forwarding) + len(extra)
    by_head = np.argsort(core_head, kind="stable")
    return CoreGraph(
        fabric=fabric,
        arc_up=up,
        forwards=np.arange(n_core) < len(forwarding),
        out_offsets=_offsets(core_tail, n_core),
        head=np.ascontiguousarray(core_head),
        cost=fabric.arc_cost[arcs],
        fabric_arc=arcs,
        in_offsets=_offsets(core_head, n_core),
        in_tail=np.ascontiguousarray(core_tail[by_head]),
        in_arc=by_head,
        group_of=np.array(group_of, dtype=np.int64),
        group_node=np.array(group_node, dtype=np.int64),
        attachments=tuple(attachments),
        merged=np.array(merged, dtype=bool),
    )


@dataclass(frozen=True)
class _HostKey:
    """How a host is attached: hosts with equal `flat` keys are alike.

    Where all links are alike and go to one switch (`is_single`), the host joins the graph there.
    """

    flat: tuple[int, ...]
    up: tuple[int, ...]
    down: tuple[int, ...]
    mergeable: bool
    is_single: bool


def _host_keys(fabric: Fabric, up: NDArray[np.bool_], kind: Ints) -> dict[int, _HostKey]:
    """Describe the attachment of every host; those that a failure leaves alone are described once."""
    changed = np.flatnonzero(up != (fabric.arc_capacity_gbps > 0))
    if not len(changed):
        return _intact_keys(fabric)
    touched = np.unique(np.concatenate((fabric.arc_tail[changed], fabric.arc_head[changed])))
    touched = touched[fabric.node_kind[touched] == NodeKind.HOST]
    return _intact_keys(fabric) | _described(fabric, up, kind, touched)


@lru_cache(maxsize=4)
def _intact_keys(fabric: Fabric) -> dict[int, _HostKey]:
    hosts = np.flatnonzero(fabric.node_kind == NodeKind.HOST)
    return _described(fabric, fabric.arc_capacity_gbps > 0, HopKinds.of(fabric).arc_kind, hosts)


def _described(fabric: Fabric, up: NDArray[np.bool_], kind: Ints, hosts: Ints) -> dict[int, _HostKey]:
    """Describe the attachment of some hosts: their neighbors and the kinds of the arcs up and down, sorted."""
    link_up = np.column_stack((up[::2], up[1::2]))
    from_host = np.isin(fabric.arc_tail, hosts)
    by_host: dict[int, list[tuple[int, int, int, int, int]]] = {int(host): [] for host in hosts}
    for arc in np.flatnonzero(from_host & np.repeat(link_up.any(axis=1), 2)):
        back = arc ^ 1
        entry = (int(fabric.arc_head[arc]), int(kind[arc]), int(kind[back]), int(arc), int(back))
        by_host[int(fabric.arc_tail[arc])].append(entry)
    cost = fabric.arc_cost
    keys = {}
    for host, entries in by_host.items():
        entries.sort()
        ups = tuple(e[3] for e in entries if up[e[3]])
        downs = tuple(e[4] for e in entries if up[e[4]])
        regular = len(ups) == len(downs) == len(entries) and len({cost[e[3]] for e in entries}) <= 1
        regular = regular and all(fabric.forwards[e[0]] for e in entries)
        links = [e[:3] for e in entries]
        flat = (*(value for link in links for value in link), int(1e6 * cost[ups[0]]) if ups else 0)
        keys[host] = _HostKey(flat, ups, downs, regular, regular and len(set(links)) <= 1)
    return keys


def _flat(hops: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints, Floats]:
    """Return arcs, the member each belongs to and how many it has, of groups of members and their arcs."""
    if not hops:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    each = [
        (arcs.ravel(), np.repeat(members, arcs.shape[1]), np.full(arcs.size, arcs.shape[1])) for members, arcs in hops
    ]
    arc, member, count = (np.concatenate(column) for column in zip(*each, strict=True))
    return arc, member, count.astype(np.float64)


@lru_cache(maxsize=1 << 15)  # most hosts are attached as they were before a failure
def _attachment(
    members: tuple[int, ...], up: tuple[tuple[int, ...], ...], down: tuple[tuple[int, ...], ...]
) -> Attachment:
    return Attachment(np.array(members), _rows(up), _rows(down))


def _rows(rows: tuple[tuple[int, ...], ...]) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)


def _offsets(sorted_or_not: Ints, n: int) -> Ints:
    return np.concatenate(([0], np.cumsum(np.bincount(sorted_or_not, minlength=n)))).astype(np.int64)
