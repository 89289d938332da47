# SPDX-License-Identifier: Apache-2.0
r"""Rotor switches: circuits that turn through fixed matchings, whatever the demand.

References: W. M. Mellette et al., "RotorNet: A Scalable, Low-complexity, Optical Datacenter Network", SIGCOMM 2017;
W. M. Mellette et al., "Expanding across time to deliver bandwidth efficiency and low latency" (Opera), NSDI 2020.

Every rotor holds one matching of the nodes for a slot, is dark for a guard time at its start, and goes on to the next.
Over a cycle every pair of nodes is joined equally long, so that a demand sees a uniform mesh of the mean capacity:
uniform traffic gets all of it, a permutation sent directly 1 / (N - 1), and, over one random or well-chosen
intermediate (Valiant), N / (2 (N - 1)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optinet.engineering.traffic import checked_matrices, engineer_traffic, trunk_load, valiant_flow
from optinet.errors import Problem, SolverError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def round_robin(n_nodes: int) -> Ints:
    """Return matchings that join every pair of nodes exactly once; shape (n_matchings, n_nodes), partners.

    The circle method of tournaments: n - 1 perfect matchings for an even number of nodes, n for an odd one, each
    leaving one node without a partner, which is then its own.
    """
    teams = n_nodes + n_nodes % 2
    seat = np.arange(teams - 1)
    matchings = np.empty((teams - 1, teams), dtype=np.int64)
    for turn in range(teams - 1):
        matchings[turn, seat] = (turn - seat) % (teams - 1)
        alone = int(np.flatnonzero(matchings[turn, seat] == seat)[0])
        matchings[turn, [alone, teams - 1]] = teams - 1, alone
    if n_nodes % 2:  # the last seat is empty
        matchings = np.where(matchings == teams - 1, np.arange(teams), matchings)[:, :n_nodes]
    return matchings


@dataclass(frozen=True, eq=False)
class RotorSchedule:
    """Rotors that turn through matchings.

    Parameters
    ----------
    matchings
        shape (n_rotors, n_slots, n_nodes): the partner of each node, itself for none, in each slot of each rotor's
        cycle.
    slot_s, guard_s
        Time a matching is held, and the part of it at its start in which the rotor is dark; 0 <= guard < slot.
    stagger
        Whether rotors change one after another, evenly over a slot, as in Opera, or all at once, as in RotorNet.
    """

    matchings: Ints
    slot_s: float
    guard_s: float
    stagger: bool = False

    @classmethod
    def of(cls, n_nodes: int, n_rotors: int, slot_s: float, guard_s: float, stagger: bool = False) -> RotorSchedule:
        """Return a schedule of the round-robin matchings, dealt out to rotors.

        Where they do not divide, slots without circuits fill up, as the matching of every node with itself does in
        Opera.

        Raises
        ------
        SolverError
            If there are fewer than two nodes or no rotors, or a slot is not longer than its guard time.
        """
        problems = []
        if n_nodes < 2:
            problems.append(Problem("n_nodes", f"{n_nodes}", "at least 2"))
        if n_rotors < 1:
            problems.append(Problem("n_rotors", f"{n_rotors}", "at least 1"))
        if not 0 <= guard_s < slot_s < np.inf:
            problems.append(
                Problem("guard_s", f"{guard_s:g} s of a slot of {slot_s:g} s", "from 0 to less than a slot")
            )
        if problems:
            raise SolverError(problems)
        all_matchings = round_robin(n_nodes)
        idle = np.tile(np.arange(n_nodes), (-len(all_matchings) % n_rotors, 1))
        dealt = np.concatenate((all_matchings, idle)).reshape(-1, n_rotors, n_nodes).transpose(1, 0, 2)
        return cls(np.ascontiguousarray(dealt), slot_s, guard_s, stagger)

    @property
    def n_nodes(self) -> int:
        """Nodes that the rotors join."""
        return int(self.matchings.shape[2])

    @property
    def cycle_s(self) -> float:
        """Time until every pair has been joined."""
        return self.matchings.shape[1] * self.slot_s

    @property
    def duty_fraction(self) -> float:
        """Share of the time in which a rotor is not dark."""
        return 1.0 - self.guard_s / self.slot_s

    def mean_capacity_gbps(self, link_gbps: float) -> Floats:
        """Return what each pair gets over a cycle, guard times taken off; shape (n, n).

        Parameters
        ----------
        link_gbps
            A node's link to one rotor, per direction.
        """
        n = self.n_nodes
        joined = np.zeros((n, n))
        partners = self.matchings.reshape(-1, n)
        np.add.at(joined, (np.tile(np.arange(n), len(partners)), partners.ravel()), 1.0)
        np.fill_diagonal(joined, 0.0)
        return joined * (link_gbps * self.duty_fraction / self.matchings.shape[1])

    def throughput(
        self, demand_gbps: Floats, link_gbps: float, routing: Literal["direct", "valiant", "best"] = "direct"
    ) -> float:
        """Return the largest multiple of a demand that is carried in the long run.

        Parameters
        ----------
        demand_gbps
            shape (n, n).
        link_gbps
            A node's link to one rotor, per direction.
        routing
            "direct": every pair waits for its own circuit; "valiant": everything spread evenly over all intermediates;
            "best": the best mix of both, by linear program.
        """
        demand, capacity = checked_matrices(demand_gbps, self.mean_capacity_gbps(link_gbps))
        if not demand.any():
            return np.inf
        if routing == "best":
            return engineer_traffic(demand, capacity, method="lp").throughput
        load = demand
        if routing == "valiant":
            load = trunk_load(valiant_flow(demand, capacity, np.ones(self.n_nodes, dtype=bool)))
        used = load > 0
        return float((capacity[used] / load[used]).min())

    def finish_s(self, size_gbit: Floats, link_gbps: float) -> Floats:
        """Return when each pair's data have been sent over direct circuits alone, all there from the start.

        Parameters
        ----------
        size_gbit
            shape (n, n), finite, >= 0: what each node sends to each other.
        link_gbps
            A node's link to one rotor, per direction, > 0.

        Returns
        -------
        NDArray
            shape (n, n): seconds; 0 for pairs without data, inf for those that are never joined.
        """
        (left,) = checked_matrices(size_gbit)
        finish = np.where(left > 0, np.inf, 0.0)
        n_rotors, n_slots, n = self.matchings.shape
        node = np.arange(n)
        per_slot = (self.slot_s - self.guard_s) * link_gbps
        visits = int(np.ceil(left.max(initial=0.0) / per_slot))
        for turn in range(visits * n_slots + 1):  # staggered rotors begin within their last slot
            for rotor in range(n_rotors):
                start = (turn - (rotor / n_rotors if self.stagger else 0.0)) * self.slot_s
                light = max(start + self.guard_s, 0.0)
                room = max(start + self.slot_s - light, 0.0) * link_gbps
                to = self.matchings[rotor, turn % n_slots]
                sent = np.minimum(left[node, to], room)
                ended = (sent > 0) & (sent >= left[node, to])
                finish[node[ended], to[ended]] = light + sent[ended] / link_gbps
                left[node, to] -= sent
        return finish
