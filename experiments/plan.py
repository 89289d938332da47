# SPDX-License-Identifier: Apache-2.0
"""In what order, and together with what, the points of a study are run.

Points with one solution form a group, which one process runs: the same graph, workload, routing and seed, whatever the
design and the optical plant. Long groups come first, so that no process is left alone with one at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import topologies
from experiments import costs
from experiments.costs import Size
from experiments.scenario import Scenario
from experiments.study import Point
from optinet.errors import OptinetError

FEW_POINTS = 2  # so many are done in one process before several have started
_LOOK_S = 2.0  # processor time for building fabrics only to look at them
_START_S = 3.0  # engineering estimate: a process with the engine loaded
# engineering estimates from one processor core of 2024: workers begin with compiling the 53 kernels of
# `experiments.evaluate.warm_up` in 57 s, and what a single first scenario needs of them takes 7 s on a leaf-spine and
# 13 s on a torus
_KERNELS, _KERNEL_S, _FIRST_KERNELS_S = 53, 1.1, 10.0
_ENOUGH = 10  # fewer kernels solve nothing: they are those of wiring, which checking a scenario has compiled


@dataclass(frozen=True)
class _Graph:
    """What is known of a graph before it is solved; no size where it was not looked at."""

    key: str
    size: Size | None = None
    build_s: float = 0.0


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
        began = time.thread_time()
        if began > self._until:
            sized = (graph for graph in self._known.values() if graph.size)
            largest = max(sized, key=lambda graph: graph.size.steps if graph.size else 0, default=_Graph(text))
            return replace(largest, key=text)
        try:
            fabric = topologies.build(scenario.topology.name, **scenario.topology.parameters)
        except OptinetError:
            return _Graph(text)  # running the point will tell
        return _Graph(fabric.graph_sha256, Size.of(fabric), time.thread_time() - began)


@dataclass(frozen=True)
class Group:
    """Points with one solution, for one worker.

    Parameters
    ----------
    points
        In the order of the study.
    costs_s
        About how much processor time each takes; the first solves for all.
    """

    points: tuple[Point, ...]
    costs_s: tuple[float, ...]

    @property
    def cost_s(self) -> float:
        """About how much processor time all of them take."""
        return sum(self.costs_s)


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
        """About how much processor time each point takes, by its name, s."""
        return {
            point.name: cost_s
            for group in self.groups
            for point, cost_s in zip(group.points, group.costs_s, strict=True)
        }

    def estimated_s(self, workers: int) -> float:
        """Return roughly how long it takes; see `experiments.costs` for how that is known.

        What comes before the first point is inside: starting processes and, the first time on a machine, compiling.
        """
        if not self.groups:
            return 0.0
        total_s = sum(group.cost_s for group in self.groups) / self._processes(workers)
        longest_s = max(group.cost_s for group in self.groups)
        return max(total_s, longest_s) + _START_S + self.compiling_s(workers)

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
    shared_s: dict[str, float] = {}
    own_s: dict[str, float] = {}
    for point in points:
        plan, graph = point.scenario.resolved(), graphs.of(point.scenario)
        key = json.dumps([graph.key, *(plan[part] for part in ("workload", "routing", "seed"))], sort_keys=True)
        groups.setdefault(key, []).append(point)
        solving_s = costs.solving_s(point.scenario, graph.size) if graph.size else 0.0
        # building counts where it is long, as with circuits for a forecast; plans are not to hang on milliseconds
        shared_s[key] = max(shared_s.get(key, 0.0), graph.build_s // 1.0 + solving_s)
        own_s[point.name] = costs.own_s(point.scenario, graph.size) if graph.size else 0.0
    longest = max(1, -(-len(points) // (2 * lanes)))
    pieces = [
        _group(group[i : i + longest], shared_s[key], own_s)
        for key, group in groups.items()
        for i in range(0, len(group), longest)
    ]
    return Plan(tuple(sorted(pieces, key=lambda piece: piece.cost_s, reverse=True)), len(groups))


def _group(points: Sequence[Point], shared_s: float, own_s: Mapping[str, float]) -> Group:
    each_s = [own_s[point.name] for point in points]
    return Group(tuple(points), (shared_s + each_s[0], *each_s[1:]))
