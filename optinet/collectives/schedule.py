# SPDX-License-Identifier: Apache-2.0
"""Schedules: what a collective sends, as phases of equal steps.

An algorithm repeats itself: all steps of a ring send the same amounts between the same neighbors. A schedule is
therefore a list of phases, each a number of equal steps and the transfers of one of them, so that thousands of steps
are built and solved once. Ranks are endpoint indices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from optinet.fabric import Fabric
from optinet.routing.core_graph import sum_by
from optinet.traffic.demand import Demand

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

PROPAGATION_S_PER_M = 4.9e-9
"""Standard single-mode fiber: group index 1.468 at 1310 nm (data sheets of ITU-T G.652 fibers) over c."""

STARTUP_S = 3e-6
"""What a step is taken to start up in when an algorithm or its segments are chosen, which no design may change
(engineering estimate: 1.9 us of the library and about 1 us on the way); what it then takes is told by the design."""


@dataclass(frozen=True, eq=False)
class Transfers:
    """Transfers of one step, pair by pair.

    Parameters
    ----------
    source, target
        shape (n,): endpoint indices.
    gbit
        shape (n,), >= 0: what each sends in one step.
    stream
        shape (n,): the part of the buffer each belongs to; parts go through their steps independently of each other.
    """

    source: Ints
    target: Ints
    gbit: Floats
    stream: Ints

    def pairs(self) -> Transfers:
        """Return the transfers pair by pair: these."""
        return self

    def out_gbit(self, n_endpoints: int) -> Floats:
        """Return what each endpoint sends in one step; shape (n_endpoints,)."""
        return sum_by(self.source, self.gbit, n_endpoints)

    def demand(self, fabric: Fabric, scale: float = 1.0) -> Demand:
        """Return a step as a demand: `scale` Gb/s for every Gbit."""
        n = fabric.n_endpoints
        return Demand.from_matrix(
            fabric, sparse.coo_array((self.gbit * scale, (self.source, self.target)), shape=(n, n))
        )


@dataclass(frozen=True, eq=False)
class AllPairs:
    """Transfers of one step between all ordered pairs of every group, never listed one by one for a single group.

    Parameters
    ----------
    groups
        shape (n_groups, p): endpoint indices.
    gbit_per_pair
        What each member sends to each other member in one step, >= 0.
    """

    groups: Ints
    gbit_per_pair: float

    def pairs(self) -> Transfers:
        """Return the transfers pair by pair; ``n_groups * p * (p - 1)`` of them."""
        p = self.groups.shape[1]
        first, second = np.nonzero(~np.eye(p, dtype=bool))
        source, target = self.groups[:, first].ravel(), self.groups[:, second].ravel()
        return Transfers(
            source, target, np.full(len(source), self.gbit_per_pair), np.zeros(len(source), dtype=np.int64)
        )

    def out_gbit(self, n_endpoints: int) -> Floats:
        """Return what each endpoint sends in one step; shape (n_endpoints,)."""
        sent = np.zeros(n_endpoints)
        sent[self.groups] = self.gbit_per_pair * (self.groups.shape[1] - 1)
        return sent

    def demand(self, fabric: Fabric, scale: float = 1.0) -> Demand:
        """Return a step as a demand: `scale` Gb/s for every Gbit; of rank one for a single group."""
        if len(self.groups) > 1:
            return self.pairs().demand(fabric, scale)
        share = np.zeros(fabric.n_endpoints)
        share[self.groups[0]] = 1.0
        return Demand.rank_one(fabric, share * (self.gbit_per_pair * scale), share)


@dataclass(frozen=True, eq=False)
class Phase:
    """Steps that are alike.

    Parameters
    ----------
    name
        What is done, for people.
    repeat
        Number of steps, >= 1.
    traffic
        What one step sends.
    stage
        shape (n,), from 0: of a pipeline, the step in which each transfer is made first; it is made once in as many
        steps as follow until the last stage has caught up. All transfers are made in every step when None.
    together
        Whether a rank begins it when all parts of the buffer have ended the phase before, not each part by itself.
    """

    name: str
    repeat: int
    traffic: Transfers | AllPairs
    stage: Ints | None = None
    together: bool = False

    @property
    def times(self) -> int:
        """How often each transfer is made."""
        return self.repeat - (int(self.stage.max()) if self.stage is not None else 0)

    def made(self, step: int) -> slice | NDArray[np.bool_]:
        """Return which transfers are made in a step, from 0: an index of the arrays of `traffic`."""
        return slice(None) if self.stage is None else (self.stage <= step) & (step < self.stage + self.times)


@dataclass(frozen=True, eq=False)
class Schedule:
    """Everything an algorithm sends, in order; each phase begins when the one before has ended."""

    algorithm: str
    phases: tuple[Phase, ...]

    @cached_property
    def steps(self) -> int:
        """Steps of all phases."""
        return sum(phase.repeat for phase in self.phases)

    def out_gbit(self, n_endpoints: int) -> Floats:
        """Return what each endpoint sends in all; shape (n_endpoints,)."""
        sent = np.zeros(n_endpoints)
        for phase in self.phases:
            sent += phase.times * phase.traffic.out_gbit(n_endpoints)
        return sent

    def line_rate_demand(self, fabric: Fabric) -> Demand:
        """Return all traffic together, scaled so that the busiest endpoint sends what its links carry."""
        sent, room = self.out_gbit(fabric.n_endpoints), endpoint_gbps(fabric)
        line_s = float(np.max(sent[room > 0] / room[room > 0], initial=0.0))
        return self.demand(fabric, 1.0 / line_s) if line_s > 0 else Demand.uniform(fabric, 0.0)

    def demand(self, fabric: Fabric, scale: float = 1.0) -> Demand:
        """Return all traffic together as one demand: `scale` Gb/s for every Gbit."""
        if len(self.phases) == 1:
            return self.phases[0].traffic.demand(fabric, scale * self.phases[0].times)
        n = fabric.n_endpoints
        total = sparse.csr_array((n, n))
        for phase in self.phases:
            pairs = phase.traffic.pairs()
            total = total + sparse.csr_array(
                (pairs.gbit * (scale * phase.times), (pairs.source, pairs.target)), shape=(n, n)
            )
        return Demand.from_matrix(fabric, total)


def endpoint_gbps(fabric: Fabric) -> Floats:
    """Return what the links of each endpoint carry away from it together; shape (n_endpoints,)."""
    return sum_by(fabric.arc_tail, fabric.arc_capacity_gbps, fabric.n_nodes)[fabric.endpoints]


def joined(parts: list[Transfers]) -> Transfers:
    """Return transfers of the same step as one."""
    columns = zip(*((part.source, part.target, part.gbit, part.stream) for part in parts), strict=True)
    return Transfers(*(np.concatenate(column) for column in columns))


def transfers(source: Ints, target: Ints, gbit: float | Floats, stream: int = 0) -> Transfers:
    """Return transfers between two arrays of ranks of any one shape, all of one stream."""
    flat = np.ascontiguousarray(source.ravel(), dtype=np.int64)
    size = np.ascontiguousarray(np.broadcast_to(gbit, source.shape), dtype=np.float64).ravel()
    return Transfers(flat, np.ascontiguousarray(target.ravel(), dtype=np.int64), size, np.full(len(flat), stream))
