# SPDX-License-Identifier: Apache-2.0
"""What a fabric carries in states of failure: damage that is the same is solved once.

In every state traffic is routed anew over what is left, by the routing of the intact fabric; where that has no path
left (dimension order on a torus with a hole) by equal-cost shortest paths. Endpoints that are down, or in another
component than most, are not served and neither send nor receive. The others send each other what they did, all scaled
alike: delivered is min(1, throughput) of it, as everywhere in optinet. That is what a synchronous job sees, which waits
for its slowest exchange.

States alike in what is down are solved once. On a torus with uniform demand two states are alike when a translation
maps one onto the other: every single failure of a link is one of as many states as a cell has links. A slice of a pod
whose cubes are replaced stays the torus it is (`optinet.reliability.slice_states`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from optinet.errors import OptinetError, Problem, TopologyError
from optinet.fabric import Fabric
from optinet.failures import Failure, arcs_up, boxes_down, moved, reconfigure_around
from optinet.reliability.left import what_is_left
from optinet.reliability.risks import Damage, Flags, Floats, Ints
from optinet.reliability.slice_states import SliceStates
from optinet.reliability.translations import MOST_MOVED, at_origin
from optinet.solution import Solution
from optinet.structure import Pod, Torus
from optinet.traffic.demand import Demand

Clock: TypeAlias = Callable[[Fabric, Flags], float]
"""(fabric, arcs up) -> seconds of a step; infinite where it cannot be done."""


@dataclass(frozen=True, eq=False)
class Carried:
    """What is carried in every state.

    Parameters
    ----------
    delivered_gbps
        shape (n_states,): all endpoints together, each bit counted once.
    served_fraction
        shape (n_states,): share of the endpoints with demand that are served.
    step_s
        shape (n_states,): time of a step of the job or collective; infinite where it cannot run, NaN without one.
    n_solved
        How many of the states were different.
    """

    delivered_gbps: Floats
    served_fraction: Floats
    step_s: Floats
    n_solved: int


def carried(solution: Solution, damage: Damage, *, rewire: bool = False, clock: Clock | None = None) -> Carried:
    """Solve states of failure.

    Parameters
    ----------
    solution
        The intact fabric with its demand.
    damage
        What is down in every state.
    rewire
        Whether circuits are set anew around what is down, where that carries more (`reconfigure_around`).
    clock
        Times a step of what makes the demand; asked where every endpoint of it is served.

    Raises
    ------
    TopologyError
        If circuits are to be set anew and there are none.
    """
    fabric = solution.fabric
    if rewire:
        require_circuits(fabric)
    first, place = _alike(solution, damage, by_ends=rewire)
    solver = _Solver(solution, rewire, clock)
    solved = np.array([solver.solve(damage, i) for i in first])[place]
    return Carried(solved[:, 0], solved[:, 1], solved[:, 2], len(first))


def require_circuits(fabric: Fabric) -> None:
    """Raise `TopologyError` if a fabric has no circuits that could be set anew."""
    if fabric.plant is None:
        found = "true, but the fabric has no optical circuit switches"
        raise TopologyError(Problem("failures.rewire", found, "false, or a fabric with a plant"))


class _Solver:
    """Solves one state after the other."""

    def __init__(self, solution: Solution, rewire: bool, clock: Clock | None) -> None:
        self._fabric, self._demand, self._routing = solution.fabric, solution.demand, solution.routing
        self._rewire, self._clock = rewire, clock
        self._slice = SliceStates.of(solution) if rewire else None
        self._n_active = int(np.count_nonzero(self._demand.active))

    def solve(self, damage: Damage, i: int) -> tuple[float, float, float]:
        """Return what is delivered in a state, the share of endpoints served, and the time of a step."""
        fabric = self._fabric
        if self._slice is not None and (found := self._slice.solve(damage, i)) is not None:
            return self._timed(found.delivered_gbps, found.n_served, fabric, found.arc_up)
        again = self._rewired(damage, i) if self._rewire else None
        at_most = int(np.count_nonzero(self._demand.active & ~damage.nodes[i][fabric.endpoints]))
        if again is not None and again[1] > at_most:  # with the circuits as they are fewer are served, whatever they do
            delivered, served, fabric, arc_up = again
        else:
            arc_up = damage.arcs_up(fabric, i)
            delivered, served = self._delivered(fabric, self._demand, arc_up, ~damage.nodes[i])
            if again is not None and (again[1], again[0]) > (served, delivered * (1 + 1e-9)):
                delivered, served, fabric, arc_up = again
        return self._timed(delivered, served, fabric, arc_up)

    def _timed(self, delivered: float, served: int, fabric: Fabric, arc_up: Flags) -> tuple[float, float, float]:
        share = served / self._n_active if self._n_active else 1.0
        if self._clock is None:
            return delivered, share, np.nan
        return delivered, share, self._clock(fabric, arc_up) if served == self._n_active else np.inf

    def _delivered(self, fabric: Fabric, whole: Demand, arc_up: Flags, node_up: Flags) -> tuple[float, int]:
        """Return the delivered rate, and how many endpoints with demand are served."""
        left = what_is_left(fabric, whole, self._routing, arc_up, node_up)
        return (left.delivered_gbps, int(np.count_nonzero(left.served & whole.active))) if left else (0.0, 0)

    def _rewired(self, damage: Damage, i: int) -> tuple[float, int, Fabric, Flags] | None:
        """Return what is delivered and served when circuits are set around the damage; None where it hits none."""
        fabric, plant = self._fabric, self._fabric.plant
        assert plant is not None
        dead = np.flatnonzero(damage.ends[i])
        nodes = np.flatnonzero(damage.nodes[i])
        pod = isinstance(fabric.structure, Pod | Torus)
        if not len(dead) and not (len(nodes) if pod else np.isin(plant.end_node, nodes).any()):
            return None
        fixed = damage.links[i].copy()
        fixed[plant.circuit_link] = False
        boxes = boxes_down(plant, damage.ends[i])
        single = dead[~boxes[plant.end_ocs[dead]]]
        failure = Failure(
            ocs=tuple(np.flatnonzero(boxes).tolist()),
            ports=tuple(zip(plant.end_ocs[single].tolist(), plant.end_port[single].tolist(), strict=True)),
            nodes=tuple(nodes.tolist()),
            links=tuple(np.flatnonzero(fixed).tolist()),
        )
        try:
            change = reconfigure_around(fabric, failure)
        except OptinetError:  # no circuits suit what is left
            return None
        links = np.flatnonzero(np.isin(change.link_before, failure.links))
        after = dataclasses.replace(failure, links=tuple(links.tolist()))
        arc_up = arcs_up(change.fabric, after)
        demand = moved(fabric, change, self._demand)
        delivered, served = self._delivered(change.fabric, demand, arc_up, ~damage.nodes[i])
        if isinstance(change.fabric.structure, Pod) and served == self._n_active:
            # ranks have moved with their cubes; the slice they make is the one that was there before
            return delivered, served, fabric, np.ones(fabric.n_arcs, dtype=bool)
        return delivered, served, change.fabric, arc_up


def _alike(solution: Solution, damage: Damage, *, by_ends: bool) -> tuple[Ints, Ints]:
    """Return one of each different state, and which of them each state is like."""
    torus = None if by_ends else _symmetric(solution)
    kinds: dict[bytes, int] = {}
    first: list[int] = []
    place = np.empty(len(damage), dtype=np.int64)
    for i in range(len(damage)):
        links, nodes = np.flatnonzero(damage.links[i]), np.flatnonzero(damage.nodes[i])
        ends = np.flatnonzero(damage.ends[i]) if by_ends else links[:0]
        key = b"|".join(each.tobytes() for each in (links, nodes, ends))
        if torus is not None and 0 < len(links) + len(nodes) <= MOST_MOVED:
            key = at_origin(torus, links, nodes)
        if key not in kinds:
            kinds[key] = len(first)
            first.append(i)
        place[i] = kinds[key]
    return np.array(first, dtype=np.int64), place


def _symmetric(solution: Solution) -> Torus | None:
    """Return the torus, if any, whose translations map fabric and demand onto themselves."""
    fabric, torus = solution.fabric, solution.fabric.structure
    if not isinstance(torus, Torus) or not solution.demand.is_uniform:
        return None
    if fabric.n_links != len(torus.link_axes) * fabric.n_nodes:
        return None
    alike = np.ptp(fabric.arc_capacity_gbps) == 0 and np.ptp(fabric.link_cost) == 0  # by whatever class of links
    return dataclasses.replace(torus, cell=(1,) * len(torus.dims)) if alike else torus
