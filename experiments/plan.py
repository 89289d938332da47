# SPDX-License-Identifier: Apache-2.0
"""In what order, and together with what, the points of a study are run.

Points with one solution form a group, which one process runs: the same graph, workload, routing and seed, whatever the
design and the optical plant. Long groups come first, so that no process is left alone with one at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import topologies
from experiments.scenario import Scenario
from experiments.study import Point
from optinet.errors import OptinetError

FEW_POINTS = 2  # so many are done in one process before several have started
_LOOK_S = 2.0  # processor time for building fabrics only to look at them
# engineering estimates from one processor core of 2024: solving uniform traffic of 4,096 endpoints takes 0.4 s over
# 16,000 arcs, assessing and writing a point 0.13 s, a process with the engine loaded 3 s. A state in which parts are
# down takes 2 ms and a tenth of solving all (0.3 to 4 times that was measured, and 10 times with a random permutation)
_COST_PER_S = 1.5e8  # endpoint-arcs
_POINT_COST = 2e7
_STATE_COST, _STATE_SHARE = 3e5, 0.1
_START_S = 3.0
# from the same core: workers begin with compiling the 53 kernels of `experiments.evaluate.warm_up` in 57 s, and what a
# single first scenario needs of them takes 7 s on a leaf-spine and 13 s on a torus
_KERNELS, _KERNEL_S, _FIRST_KERNELS_S = 53, 1.1, 10.0
_ENOUGH = 10  # fewer kernels solve nothing: they are those of wiring, which checking a scenario has compiled


@dataclass(frozen=True)
class _Graph:
    """What is known of a graph before it is solved."""

    key: str
    cost: float


class _Graphs:
    """Builds the fabric of each topology once, as long as there is time."""

    def __init__(self) -> None:
        self._until = time.thread_time() + _LOOK_S
        self._known: dict[str, _Graph] = {}

    def of(self, scenario: Scenario) -> _Graph:
        text = json.dumps(scenario.resolved()["topology"], sort_keys=True)
        if text not in self._known:
            self._known[text] = self._look(scenario, text)
        return self._known[text]

    def _look(self, scenario: Scenario, text: str) -> _Graph:
        largest = max((graph.cost for graph in self._known.values()), default=0.0)
        if time.thread_time() > self._until:
            return _Graph(text, largest)
        try:
            fabric = topologies.build(scenario.topology.name, **scenario.topology.parameters)
        except OptinetError:
            return _Graph(text, 0.0)  # running the point will tell
        return _Graph(fabric.graph_sha256, float(fabric.n_endpoints) * fabric.n_arcs)


@dataclass(frozen=True)
class Group:
    """Points with one solution, for one worker.

    Parameters
    ----------
    points
        In the order of the study.
    cost
        Of solving once and assessing every point, in endpoint-arcs.
    """

    points: tuple[Point, ...]
    cost: float


@dataclass(frozen=True)
class Plan:
    """What is to be run, group by group, in the order they are to be given out.

    Parameters
    ----------
    groups
        The groups.
    solutions
        Number of different solutions.
    """

    groups: tuple[Group, ...]
    solutions: int

    @property
    def costs(self) -> dict[str, float]:
        """Cost of each point by its name, in endpoint-arcs."""
        return {point.name: group.cost / len(group.points) for group in self.groups for point in group.points}

    def estimated_s(self, workers: int) -> float:
        """Return roughly how long it takes; for the largest graphs it may be wrong by a factor of ten.

        What comes before the first point is inside: starting processes and, the first time on a machine, compiling.
        """
        if not self.groups:
            return 0.0
        total = sum(group.cost for group in self.groups) / self._processes(workers)
        longest = max(group.cost for group in self.groups)
        return max(total, longest) / _COST_PER_S + _START_S + self.compiling_s(workers)

    def compiling_s(self, workers: int) -> float:
        """Return roughly how long kernels are compiled before there is a result; nothing once that has been done."""
        import numba

        from optinet.kernels._jit import n_compiled

        if numba.config.DISABLE_JIT or not self.groups:
            return 0.0
        if self._processes(workers) > 1:
            return _KERNEL_S * max(0, _KERNELS - n_compiled())
        return _FIRST_KERNELS_S if n_compiled() < _ENOUGH else 0.0

    def _processes(self, workers: int) -> int:
        few = sum(len(group.points) for group in self.groups) <= FEW_POINTS
        return 1 if few else max(workers, 1)


def plan_of(points: Sequence[Point], lanes: int) -> Plan:
    """Group points by their solutions.

    Parameters
    ----------
    points
        What is to be run.
    lanes
        How many workers there are; no group is so long that one of them would have to stand idle.
    """
    graphs = _Graphs()
    groups: dict[str, list[Point]] = {}
    solving: dict[str, float] = {}
    states: dict[str, float] = {}
    for point in points:
        plan, graph = point.scenario.resolved(), graphs.of(point.scenario)
        key = json.dumps([graph.key, *(plan[part] for part in ("workload", "routing", "seed"))], sort_keys=True)
        groups.setdefault(key, []).append(point)
        solving[key] = graph.cost * (point.scenario.phases.count if point.scenario.phases else 1)
        drawn = point.scenario.failures.samples if point.scenario.failures else 0
        states[key] = max(states.get(key, 0.0), drawn * (_STATE_COST + _STATE_SHARE * graph.cost))
    longest = max(1, -(-len(points) // (2 * lanes)))
    pieces = [
        Group(tuple(group[i : i + longest]), solving[key] + (_POINT_COST + states[key]) * len(group[i : i + longest]))
        for key, group in groups.items()
        for i in range(0, len(group), longest)
    ]
    return Plan(tuple(sorted(pieces, key=lambda piece: piece.cost, reverse=True)), len(groups))
