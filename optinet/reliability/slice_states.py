# SPDX-License-Identifier: Apache-2.0
"""States of failure of a pod of one slice, from all to all: solved on the torus that the slice is.

Whichever cubes stand in for those that failed, the slice is the same torus, of which some chips and links are down. So
no fabric is built for a state: what is down is looked up for the cubes that make up the slice then, and solved on the
torus, once for all states that a translation maps onto each other.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from optinet.failures import boxes_down, slices_around
from optinet.reliability.left import what_is_left
from optinet.reliability.risks import Damage, Flags, Ints
from optinet.reliability.translations import MOST_MOVED, at_origin
from optinet.rewiring import plant_of
from optinet.routing.torus_holes import arcs_between, arcs_of_torus
from optinet.slices import pod_of, slice_fabric
from optinet.solution import Solution
from optinet.structure import Pod, Torus
from optinet.traffic.demand import Demand


class SliceState(NamedTuple):
    """What a slice carries in a state: its rate, how many chips are served, and the arcs it has in the intact pod."""

    delivered_gbps: float
    n_served: int
    arc_up: Flags


class SliceStates:
    """Solves states of failure of a pod whose circuits are set anew; made by `of`."""

    def __init__(self, solution: Solution, pod: Pod) -> None:
        fabric, self._pod = solution.fabric, pod
        self._fabric, self._plant = fabric, plant_of(fabric)
        side, plant = pod.cube_side, self._plant
        self._torus = pod.slices[0].torus(side)
        self._any = dataclasses.replace(self._torus, cell=(1, 1, 1))  # translations by a chip, as links are all alike
        self._alone = slice_fabric(fabric)
        # chips by cube and place within it, and where each chip of the slice is
        self._chips = np.argsort(fabric.node_group, kind="stable").reshape(pod.cubes, -1)
        place = np.array(np.unravel_index(np.arange(self._alone.n_nodes), self._torus.dims))
        cubes = tuple(n // side for n in self._torus.dims)
        self._cube = np.ravel_multi_index(tuple(place // side), cubes)
        self._within = np.ravel_multi_index(tuple(place % side), (side,) * 3)
        self._now = self._nodes(pod.slices[0].cubes)
        arcs = arcs_of_torus(fabric, self._now, self._torus)
        self._arc, self._link = arcs, arcs[::2] // 2  # of the pod, for those of the torus
        axes = self._torus.link_axes
        self._tail = np.tile(np.arange(self._alone.n_nodes), len(axes))
        self._head = np.concatenate([self._torus.neighbor(axis) for axis in axes])
        self._axis = np.repeat(np.array(axes, dtype=np.int64), self._alone.n_nodes)
        # the fiber end on the + and the - face of each chip and axis, and the link inside the cube where it has none
        self._end = np.full((2, 3, fabric.n_nodes), -1)
        face = plant.end_port // plant.ports_per_end % 2
        self._end[face, plant.end_ocs // side**2, plant.end_node] = np.arange(plant.n_ends)
        self._inside = np.full((3, fabric.n_nodes), -1)
        chips = self._chips.reshape(pod.cubes, *(side,) * 3)
        links_inside = np.setdiff1d(np.arange(fabric.n_links), plant.circuit_link)
        arcs_inside = (2 * links_inside[:, None] + np.arange(2)).ravel()
        for axis in range(3):
            ahead, behind = (np.delete(chips, at, axis + 1).ravel() for at in (0, side - 1))
            self._inside[axis, behind] = arcs_between(fabric, np.stack((behind, ahead), axis=1), arcs_inside) // 2
        demand = solution.demand
        assert demand.source_gbps is not None and demand.target_share is not None
        each = demand.source_gbps[self._now[0]], demand.target_share[self._now[0]]
        self._demand = Demand.rank_one(self._alone, *(np.full(self._alone.n_nodes, rate) for rate in each))
        self._known: dict[bytes, tuple[float, int]] = {}

    @classmethod
    def of(cls, solution: Solution) -> SliceStates | None:
        """Return what solves a solution's states; None unless it is ECMP from all to all in the one slice of a pod."""
        fabric, demand = solution.fabric, solution.demand
        if not isinstance(fabric.structure, Pod | Torus) or fabric.plant is None or solution.routing != "ecmp":
            return None
        pod = pod_of(fabric)
        if len(pod.slices) != 1 or demand.source_gbps is None or demand.target_share is None:
            return None
        if np.ptp(fabric.arc_capacity_gbps) or np.ptp(fabric.link_cost) or not len(pod.slices[0].torus(1).link_axes):
            return None
        inside = np.isin(fabric.node_group[fabric.endpoints], pod.slices[0].cubes)
        for rates in (demand.source_gbps, demand.target_share):
            if rates[~inside].any() or not rates[inside].all() or np.ptp(rates[inside]):
                return None
        return cls(solution, pod)

    def solve(self, damage: Damage, i: int) -> SliceState | None:
        """Return the better of what is carried with circuits set around the damage and with them as they are.

        None where the slice falls apart, for the general method to solve.
        """
        fabric, plant = self._fabric, self._plant
        dead, down = damage.ends[i], damage.nodes[i]
        lost = ~boxes_down(plant, dead)[plant.end_ocs] & dead
        broken = set(fabric.node_group[plant.end_node[lost]].tolist()) | set(fabric.node_group[down].tolist())
        nodes = self._nodes(slices_around(self._pod, broken)[0].cubes)
        tail, head = nodes[self._tail], nodes[self._head]
        inside = self._inside[self._axis, tail]
        ends = self._end[0, self._axis, tail], self._end[1, self._axis, head]
        links = np.where(inside >= 0, damage.links[i][inside], dead[ends[0]] | dead[ends[1]])
        again = self._solved(links, down[nodes])
        if again is None:
            return None
        if again[1] <= np.count_nonzero(~down[self._now]):
            stays = self._solved(damage.links[i][self._link], down[self._now])
            if stays is None:
                return None
            if (again[1], again[0]) <= (stays[1], stays[0] * (1 + 1e-9)):
                return SliceState(*stays, damage.arcs_up(fabric, i))
        # ranks have moved with their cubes: the slice is the one that was there before, less what is down of it now
        arc_up = np.ones(fabric.n_arcs, dtype=bool)
        arc_up[self._arc[~self._alone.arc_mask(np.flatnonzero(links), np.flatnonzero(down[nodes]))]] = False
        return SliceState(*again, arc_up)

    def _solved(self, links: Flags, nodes: Flags) -> tuple[float, int] | None:
        """Return the rate and the number of chips served with some links and chips of the torus down."""
        alone, lost = self._alone, (np.flatnonzero(links), np.flatnonzero(nodes))
        key = b"|".join(each.tobytes() for each in lost)
        if 0 < len(lost[0]) + len(lost[1]) <= MOST_MOVED:
            key = at_origin(self._any, *lost)
        if key not in self._known:
            left = what_is_left(alone, self._demand, "ecmp", alone.arc_mask(*lost), ~nodes)
            self._known[key] = (left.delivered_gbps, int(np.count_nonzero(left.served))) if left else (0.0, 0)
        # cubes that are spare hang together too, and count where they are most
        return self._known[key] if self._known[key][1] > self._pod.cube_side**3 else None

    def _nodes(self, cubes: tuple[int, ...]) -> Ints:
        """Return the pod's chip at each place of the slice when it is made of some cubes."""
        return np.asarray(self._chips[np.array(cubes)[self._cube], self._within])
