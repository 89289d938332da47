# SPDX-License-Identifier: Apache-2.0
"""About how much processor time a scenario takes, from how much there is to do and how fast that was measured to go.

Routings look at the arcs of the graph once for each place where traffic ends: a *step* is one arc looked at from one
place. Places are what is left of endpoints once those alike are taken together: hosts of one switch, or under even
traffic all chips of a torus that stand alike in its cells. Methods differ in the steps they take and in how fast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.scenario import Scenario
from optinet.collectives.operation import OPERATIONS
from optinet.fabric import Fabric
from optinet.routing import candidates
from optinet.structure import Blocks, Planes, Torus
from optinet.workloads import JOBS, SEVERAL_JOBS

# Measured on one core of an AMD EPYC that others used as well, kernels compiled: the stages of some 60 scenarios of 16
# to 65,536 endpoints, timed one by one. For other machines these speeds are engineering estimates.
_POINT_S, _POINT_ARC_S = 0.25, 1.5e-6  # pricing one design with 256 draws, and its run file
_GRAPH_ARC_S = 5e-6  # the graph that is searched, and what is told of each arc
_EVEN_STEP_S = 15e-9  # loads and paths where every place sends to all others
_SPARSE_STEP_S = 3e-9  # where it sends to a few
_LOOKS = {"valiant": 4, "paths": 5}  # times as much: to all intermediates and on; the number of paths behind each arc
_OPTIMUM_S, _OPTIMUM_STEP_S = 0.5, 150e-9  # all rounds of the search that bounds the best of all routings
_K_SHORTEST_STEP_S = 1.2e-6  # for each path of a pair
_ALL_TO_ALL_STEP_S, _COLLECTIVE_STEP_S = 80e-9, 20e-9  # all algorithms that suit,
# and by each endpoint who sends whom what in each of their steps; alike all exchanges of a job
_COLLECTIVE_END_S = 0.2e-3
_STATE_S, _STATE_ARC_S, _STATE_STEP_S = 2e-3, 0.4e-6, 1e-9  # a state of failure: what is left, and its loads
_PHASE_PAIR_S, _REWIRED_PAIR_S = 1e-3, 0.1e-3  # by pairs of blocks: circuits of a phase, and around what is down


@dataclass(frozen=True)
class Size:
    """How much there is to look at.

    Parameters
    ----------
    endpoints, arcs
        All of the fabric.
    places, inner_arcs
        Where traffic ends, and the arcs that are searched from there.
    even_places, even_inner_arcs
        The same for even traffic.
    blocks
        Blocks joined by circuits; 0 where there are none.
    routings
        Those that suit the fabric.
    """

    endpoints: int
    arcs: int
    places: int
    inner_arcs: int
    even_places: int
    even_inner_arcs: int
    blocks: int
    routings: tuple[str, ...]

    @classmethod
    def of(cls, fabric: Fabric) -> Size:
        """Return the size of a fabric."""
        tail, head, forwards = fabric.arc_tail, fabric.arc_head, fabric.forwards
        inner_arcs = int(np.count_nonzero(forwards[tail] & forwards[head]))
        up = ~forwards[tail] & forwards[head]
        host, switch = np.unique(np.stack((tail[up], head[up])), axis=1)
        first = np.arange(fabric.n_nodes)
        first[host[::-1]] = switch[::-1]
        places = len(np.unique(first[fabric.endpoints]))
        even_places = len(fabric.structure.cell_nodes()) if isinstance(fabric.structure, Torus) else places
        blocks = fabric.structure.blocks if isinstance(fabric.structure, Blocks) else 0
        rest = even_places, inner_arcs, blocks, candidates(fabric)
        if len(host) == len(np.unique(host)) or isinstance(fabric.structure, Planes):
            return cls(fabric.n_endpoints, fabric.n_arcs, places, inner_arcs, *rest)
        # hosts of several switches stand in the graph one by one
        return cls(fabric.n_endpoints, fabric.n_arcs, fabric.n_endpoints, fabric.n_arcs, *rest)

    @property
    def steps(self) -> int:
        """Arcs looked at from all places."""
        return self.places * self.inner_arcs

    @property
    def even_steps(self) -> int:
        """The same for even traffic."""
        return self.even_places * self.even_inner_arcs


def solving_s(scenario: Scenario, size: Size) -> float:
    """Return the time of what all designs on one graph share: demand, loads, paths, what no routing surpasses."""
    asked, even = scenario.routing.parameters, _is_even(scenario)
    seconds = _GRAPH_ARC_S * size.arcs
    seconds += _EVEN_STEP_S * size.even_steps if even else _SPARSE_STEP_S * _looks(scenario, size) * size.steps
    if asked.get("optimum_gap") is not None:
        search_s = _OPTIMUM_S + _OPTIMUM_STEP_S * (size.even_steps if even else size.steps)
        seconds += min(search_s, asked["optimum_budget_s"])
    if scenario.routing.name == "k_shortest":
        seconds += _K_SHORTEST_STEP_S * asked["k"] * size.steps
    if scenario.phases:
        seconds += _PHASE_PAIR_S * scenario.phases.count * size.blocks**2
    return seconds + _timing_s(scenario, size)


def _timing_s(scenario: Scenario, size: Size) -> float:
    """Return the time of timing the exchanges of a collective or a job; 0 for other workloads."""
    name, asked = scenario.workload.name, scenario.workload.parameters
    if name == "all_to_all" and asked.get("group_size") is None:
        return _ALL_TO_ALL_STEP_S * size.steps
    exchanges_s = _COLLECTIVE_STEP_S * size.steps + _COLLECTIVE_END_S * size.endpoints
    if name in OPERATIONS:
        return exchanges_s
    jobs = asked["jobs"].values() if name == SEVERAL_JOBS else (asked,) if name in JOBS else ()
    # bounds pass over nearly all parallelisms, except for detours on a torus, of which they know nothing
    blind = "dor" in size.routings and "valiant" in _tried(scenario, size)
    timed = sum(each["candidates"] if blind and each["parallelism"] == "best" else 1 for each in jobs)
    return timed * exchanges_s


def own_s(scenario: Scenario, size: Size) -> float:
    """Return the time of what every design takes for itself: prices, run file, states of failure."""
    seconds = _POINT_S + _POINT_ARC_S * size.arcs
    if scenario.failures:
        looks = 1 if _is_even(scenario) else _looks(scenario, size)
        each_s = _STATE_S + _STATE_ARC_S * size.arcs + _STATE_STEP_S * looks * size.steps
        each_s += _REWIRED_PAIR_S * size.blocks**2 if scenario.failures.rewire else 0.0
        seconds += scenario.failures.samples * each_s
    return seconds


def _is_even(scenario: Scenario) -> bool:
    return scenario.workload.name in ("uniform", "uniform_in_slices")


def _tried(scenario: Scenario, size: Size) -> tuple[str, ...]:
    return size.routings if scenario.routing.name == "best" else (scenario.routing.name,)


def _looks(scenario: Scenario, size: Size) -> int:
    return max(_LOOKS.get(name, 1) for name in _tried(scenario, size))
