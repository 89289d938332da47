# SPDX-License-Identifier: Apache-2.0
"""From Chakra traces to flows: collectives and messages with what they wait for, computing as time.

Rank r stands on endpoint r. A node begins when the nodes it waits for have ended, and

- computing nodes of a rank follow each other, as on one processor; a node takes the time it took when recorded, or its
  number of operations at a rate that is given;
- the n-th collective that the ranks of a process group begin (attribute ``pg_name``; all ranks without it) is the same
  one, and follows the (n - 1)-th; a rank's transfers wait until it is there, and it goes on when they have ended;
- a message begins when the sender is ready; sender and receiver go on when it has arrived. Messages of one sender,
  receiver and tag are matched in order.

``comm_size`` is in bytes: what a rank gives, which in all-gather is its own part (as ASTRA-sim reads it).
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from optinet.collectives.algorithms import schedule
from optinet.collectives.chain import Chain
from optinet.collectives.operation import OPERATIONS, Collective
from optinet.collectives.schedule import STARTUP_S, Schedule
from optinet.collectives.timing import collective_time
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.workloads.chakra import COLLECTIVES, NodeType, TraceNode
from optinet.workloads.flow_list import FlowList

Place = tuple[int, int]
"""Rank and position of a node in its trace."""

MOST_TRANSFERS = 1_000_000
_SAME = {"reduce_scatter_block": "reduce_scatter"}


@dataclass(frozen=True)
class _Meeting:
    """One collective of several ranks: operation, bytes, and the node of every member."""

    operation: str
    size_bytes: int
    members: tuple[Place, ...]


def trace_flows(
    fabric: Fabric,
    traces: Sequence[Sequence[TraceNode]],
    *,
    algorithm: str = "best",
    tflops: float | None = None,
) -> FlowList:
    """Return what traces ask of a fabric.

    Parameters
    ----------
    fabric
        Where; rank r is endpoint r.
    traces
        The nodes of every rank.
    algorithm
        How collectives are done, as in `optinet.collective_time`; "best" decides size by size.
    tflops
        Rate at which nodes compute that tell their number of operations; None for the recorded times.

    Raises
    ------
    DemandError
        If ranks are more than endpoints, collectives or messages have no counterpart, nodes wait for each other in a
        cycle, or a node tells neither time nor operations.
    """
    if len(traces) > fabric.n_endpoints:
        found = f"{len(traces)} ranks on {fabric.n_endpoints} endpoints"
        raise DemandError(Problem("workload.path", found, "a fabric with an endpoint for every rank"))
    orders = [_ordered(rank, nodes) for rank, nodes in enumerate(traces)]
    meetings, messages = _meetings(traces, orders), _messages(traces, orders)
    build = _Builder(fabric, traces, algorithm)
    build.work(tflops)
    build.one_at_a_time(_global_order(traces, orders, meetings, messages))
    for send, receive in messages.items():
        build.wait(send, receive)
    for series in meetings.values():
        for meeting in series:
            build.collective(meeting)
        for before, after in itertools.pairwise(series):
            build.follow(before, after)
    return build.flows()


def _ordered(rank: int, nodes: Sequence[TraceNode]) -> list[int]:
    """Return the positions of a rank's nodes so that all come after what they wait for, lower ids first."""
    place = {node.id: position for position, node in enumerate(nodes)}
    edges = [(place[each], position) for position, node in enumerate(nodes) for each in node.waits_for]
    order = _topological(len(nodes), edges, [node.id for node in nodes])
    if len(order) < len(nodes):
        raise DemandError(Problem("workload.path", f"nodes of rank {rank} wait for each other in a cycle"))
    return order


def _topological(count: int, edges: list[tuple[int, int]], priority: Sequence[int]) -> list[int]:
    """Return as many of the things as can come after all they wait for, by priority; in a cycle some are missing."""
    waits, then = [0] * count, defaultdict(list)
    for before, after in edges:
        waits[after] += 1
        then[before].append(after)
    ready = [(priority[i], i) for i in range(count) if waits[i] == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        _, i = heapq.heappop(ready)
        order.append(i)
        for j in then[i]:
            waits[j] -= 1
            if waits[j] == 0:
                heapq.heappush(ready, (priority[j], j))
    return order


def _meetings(traces: Sequence[Sequence[TraceNode]], orders: list[list[int]]) -> dict[str, list[_Meeting]]:
    """Return the collectives of every process group, in order."""
    attended: dict[str, dict[int, list[int]]] = defaultdict(dict)
    for rank, order in enumerate(orders):
        for position in order:
            node = traces[rank][position]
            if node.type == NodeType.COMM_COLL:
                attended[str(node.attributes.get("pg_name", ""))].setdefault(rank, []).append(position)
    found = {}
    for group, by_rank in attended.items():
        # without a group all ranks take part, so that one which has none of them is cut short
        ranks = by_rank if group else range(len(traces))
        counts = {rank: len(by_rank.get(rank, ())) for rank in ranks}
        fewest, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        if counts[fewest] < counts[most]:
            text = f"rank {fewest} takes part in {counts[fewest]} of the {counts[most]} collectives of rank {most}"
            allowed = "whole traces of the same steps of all ranks"
            of = f"process group '{group}'" if group else "all ranks"
            raise DemandError(Problem("workload.path", f"{of}: {text}", allowed))
        rows = zip(*by_rank.values(), strict=True)
        found[group] = [_meeting(traces, tuple(zip(by_rank, row, strict=True))) for row in rows]
    return found


def _meeting(traces: Sequence[Sequence[TraceNode]], members: tuple[Place, ...]) -> _Meeting:
    told = {}
    for rank, position in members:
        node = traces[rank][position]
        number, size = (_whole(rank, node, name) for name in ("comm_type", "comm_size"))
        told[rank, node.id] = (number, size if number != COLLECTIVES.index("barrier") else 0)
    if len(set(told.values())) > 1:
        (one, a), (other, b) = (
            (key, told[key]) for key in (min(told), max(told, key=lambda k: told[k] != told[min(told)]))
        )
        found = f"node {one[1]} of rank {one[0]} and node {other[1]} of rank {other[0]} meet in different collectives"
        raise DemandError(Problem("workload.path", f"{found}: types and bytes {a} and {b}", "the same of both"))
    number, size = next(iter(told.values()))
    name = COLLECTIVES[number] if 0 <= number < len(COLLECTIVES) else f"number {number}"
    operation = _SAME.get(name, name)
    if operation not in (*OPERATIONS, "barrier"):
        rank, position = members[0]
        where = f"node {traces[rank][position].id} of rank {rank}"
        raise DemandError(Problem("workload.path", f"{where}: collective {name}", ", ".join((*OPERATIONS, "barrier"))))
    return _Meeting(operation, size, members)


def _messages(traces: Sequence[Sequence[TraceNode]], orders: list[list[int]]) -> dict[Place, Place]:
    """Return for every sending node the receiving one."""
    ends: dict[int, dict[tuple[int, int, int], list[Place]]] = {NodeType.COMM_SEND: {}, NodeType.COMM_RECV: {}}
    for rank, order in enumerate(orders):
        for position in order:
            node = traces[rank][position]
            if node.type in ends:
                other = _whole(rank, node, "comm_dst" if node.type == NodeType.COMM_SEND else "comm_src")
                if not 0 <= other < len(traces):
                    found = f"node {node.id} of rank {rank} names rank {other}"
                    raise DemandError(Problem("workload.path", found, f"0 to {len(traces) - 1}"))
                pair = (rank, other) if node.type == NodeType.COMM_SEND else (other, rank)
                key = (pair[0], pair[1], int(node.attributes.get("comm_tag", 0)))
                ends[node.type].setdefault(key, []).append((rank, position))
    sends, receives = ends.values()
    for key in {*sends, *receives}:
        counts = [len(side.get(key, ())) for side in (sends, receives)]
        if counts[0] != counts[1]:
            found = f"{counts[0]} sends and {counts[1]} receives from rank {key[0]} to rank {key[1]} with tag {key[2]}"
            raise DemandError(Problem("workload.path", found, "as many of both"))
    return {send: receive for key in sends for send, receive in zip(sends[key], receives[key], strict=True)}


def _whole(rank: int, node: TraceNode, name: str) -> int:
    value = node.attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value or value < 0:
        found = f"node {node.id} '{node.name}' of rank {rank} has no {name}" + ("" if value is None else f": {value!r}")
        raise DemandError(Problem("workload.path", found, "a whole number of at least 0"))
    return int(value)


def _global_order(
    traces: Sequence[Sequence[TraceNode]],
    orders: list[list[int]],
    meetings: dict[str, list[_Meeting]],
    messages: dict[Place, Place],
) -> list[Place]:
    """Return all nodes in an order in which they can be begun, those of a collective as one."""
    number: dict[Place, int] = {}
    priority: list[int] = []
    for meeting in (each for series in meetings.values() for each in series):
        number |= dict.fromkeys(meeting.members, len(priority))
        priority.append(min(traces[rank][position].id for rank, position in meeting.members))
    for rank, order in enumerate(orders):
        for position in order:
            if (rank, position) not in number:
                number[rank, position] = len(priority)
                priority.append(traces[rank][position].id)
    edges = [(number[send], number[receive]) for send, receive in messages.items()]
    for rank, nodes in enumerate(traces):
        by_id = {node.id: number[rank, position] for position, node in enumerate(nodes)}
        edges += [(by_id[i], by_id[node.id]) for node in nodes for i in node.waits_for]
    for series in meetings.values():
        edges += [(number[a.members[0]], number[b.members[0]]) for a, b in itertools.pairwise(series)]
    order = _topological(len(priority), edges, priority)
    if len(order) < len(priority):
        stuck = next(place for place, i in number.items() if i not in set(order))
        found = f"node {traces[stuck[0]][stuck[1]].id} of rank {stuck[0]} can never begin: ranks wait for each other"
        raise DemandError(Problem("workload.path", found, "traces of the same steps of all ranks"))
    at: dict[int, list[Place]] = defaultdict(list)
    for place, i in number.items():
        at[i].append(place)
    return [place for i in order for place in at[i]]


@dataclass
class _Builder:
    """Flows as they are made; every node has one flow that ends when it does."""

    fabric: Fabric
    traces: Sequence[Sequence[TraceNode]]
    algorithm: str
    _end: dict[Place, int] = field(default_factory=dict)
    _ready: dict[Place, int] = field(default_factory=dict)
    _rows: list[tuple[int, int, float, float]] = field(default_factory=list)
    _after: list[np.ndarray] = field(default_factory=list)
    _pairs: list[tuple[int, int]] = field(default_factory=list)
    _known: dict[tuple[str, int, tuple[int, ...]], Schedule] = field(default_factory=dict)

    def _flow(self, source: int, target: int, gbit: float, wait_s: float) -> int:
        self._rows.append((source, target, gbit, wait_s))
        return len(self._rows) - 1

    def work(self, tflops: float | None) -> None:
        """Add every node: computing as time, sends as flows, and what collectives wait for and end in."""
        for rank, nodes in enumerate(self.traces):
            for position, node in enumerate(nodes):
                here = (rank, position)
                if node.type == NodeType.COMM_SEND:
                    end = self._flow(rank, _whole(rank, node, "comm_dst"), _whole(rank, node, "comm_size") * 8e-9, 0.0)
                elif node.type in (NodeType.COMM_COLL, NodeType.COMM_RECV):
                    end = self._flow(rank, rank, 0.0, 0.0)
                else:
                    end = self._flow(rank, rank, 0.0, _duration_s(rank, node, tflops))
                self._end[here] = self._ready[here] = end
                if node.type == NodeType.COMM_COLL:
                    self._ready[here] = self._flow(rank, rank, 0.0, 0.0)
        for rank, nodes in enumerate(self.traces):
            place = {node.id: position for position, node in enumerate(nodes)}
            for position, node in enumerate(nodes):
                for each in node.waits_for:
                    self._pairs.append((self._end[rank, place[each]], self._ready[rank, position]))

    def one_at_a_time(self, order: list[Place]) -> None:
        """Let the computing nodes of a rank follow each other."""
        last: dict[int, Place] = {}
        for rank, position in order:
            if self.traces[rank][position].type == NodeType.COMP:
                if rank in last:
                    self.wait(last[rank], (rank, position))
                last[rank] = (rank, position)

    def wait(self, before: Place, after: Place) -> None:
        """Let a node begin after another has ended."""
        self._pairs.append((self._end[before], self._ready[after]))

    def follow(self, before: _Meeting, after: _Meeting) -> None:
        """Let every member begin a collective after it has ended the one before."""
        for one, other in zip(before.members, after.members, strict=True):
            self.wait(one, other)

    def collective(self, meeting: _Meeting) -> None:
        """Add the transfers of a collective."""
        ranks = tuple(rank for rank, _ in meeting.members)
        if meeting.operation == "barrier":
            self._pairs += [(self._ready[a], self._end[b]) for a in meeting.members for b in meeting.members]
            return
        steps = [(phase, phase.traffic.pairs()) for phase in self._schedule(meeting, ranks).phases]
        streams = 1 + max((int(step.stream.max(initial=0)) for _, step in steps), default=0)
        ready = np.array([self._ready[place] for place in meeting.members])
        chain = Chain(self.fabric.n_endpoints, len(self._rows), (ready, np.array(ranks), streams))
        for phase, step in steps:
            for number in range(phase.repeat):
                made = phase.made(number)
                source, target = step.source[made], step.target[made]
                chain.add(source, target, step.stream[made], together=phase.together and number == 0)
                gbit = step.gbit[made].tolist()
                self._rows += zip(source.tolist(), target.tolist(), gbit, [0.0] * len(gbit), strict=True)
            if len(self._rows) > MOST_TRANSFERS:
                found = f"more than {MOST_TRANSFERS:,} transfers"
                raise DemandError(Problem("workload.path", found, "a shorter trace, or fewer ranks"))
        self._after.append(chain.after())
        end = {rank: self._end[place] for rank, place in zip(ranks, meeting.members, strict=True)}
        flow, rank = chain.last()
        self._pairs += zip(flow.tolist(), (end[each] for each in rank.tolist()), strict=True)

    def _schedule(self, meeting: _Meeting, ranks: tuple[int, ...]) -> Schedule:
        key = (meeting.operation, meeting.size_bytes, ranks)
        if key not in self._known:
            own_part = meeting.operation == "all_gather"
            gbit = meeting.size_bytes * 8e-9 * (len(ranks) if own_part else 1)
            if self.algorithm == "best":
                found = collective_time(self.fabric, meeting.operation, [ranks], gbit, overhead_s=STARTUP_S).schedule
            else:
                found = schedule(Collective.of(self.fabric, meeting.operation, [ranks], gbit), self.algorithm)
            self._known[key] = found
        return self._known[key]

    def flows(self) -> FlowList:
        """Return everything as flows."""
        source, target, gbit, wait = np.array(self._rows, dtype=np.float64).reshape(-1, 4).T
        pairs = np.array(self._pairs, dtype=np.int64).reshape(-1, 2)
        return FlowList(
            source=source.astype(np.int64),
            target=target.astype(np.int64),
            size_gbit=np.ascontiguousarray(gbit),
            start_s=np.zeros(len(source)),
            wait_s=np.ascontiguousarray(wait),
            after=np.unique(np.concatenate([pairs, *self._after]), axis=0),
            by_library=True,
        )


def _duration_s(rank: int, node: TraceNode, tflops: float | None) -> float:
    operations = node.attributes.get("num_ops")
    if operations is None or node.type != NodeType.COMP or (tflops is None and node.duration_s > 0):
        return node.duration_s
    if tflops is None:
        found = f"node {node.id} '{node.name}' of rank {rank} tells its operations and no time"
        raise DemandError(Problem("workload.tflops", found, "the rate at which such nodes compute"))
    return float(operations) / (tflops * 1e12)
