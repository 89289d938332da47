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

_LOOK_S = 2.0  # processor time for building fabrics only to look at them
# engineering estimates from one processor core of 2024: solving uniform traffic of 4,096 endpoints takes 0.4 s over
# 16,000 arcs, assessing and writing a point 0.13 s, starting a worker 3 s
_COST_PER_S = 1.5e8  # endpoint-arcs
_POINT_COST = 2e7
_START_S = 3.0


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
        """Return roughly how long it takes; for the largest graphs it may be wrong by a factor of ten."""
        total = sum(group.cost for group in self.groups) / max(workers, 1)
        longest = max((group.cost for group in self.groups), default=0.0)
        return max(total, longest) / _COST_PER_S + (_START_S if workers > 1 else 0.0)


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
    for point in points:
        plan, graph = point.scenario.resolved(), graphs.of(point.scenario)
        key = json.dumps([graph.key, *(plan[part] for part in ("workload", "routing", "seed"))], sort_keys=True)
        groups.setdefault(key, []).append(point)
        solving[key] = graph.cost
    longest = max(1, -(-len(points) // (2 * lanes)))
    pieces = [
        Group(tuple(group[i : i + longest]), solving[key] + _POINT_COST * len(group[i : i + longest]))
        for key, group in groups.items()
        for i in range(0, len(group), longest)
    ]
    return Plan(tuple(sorted(pieces, key=lambda piece: piece.cost, reverse=True)), len(groups))
