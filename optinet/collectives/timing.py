# SPDX-License-Identifier: Apache-2.0
r"""The time a collective takes on a fabric.

By loads. One step of a phase is routed like any demand; with the routed bits :math:`L_a` and the capacity
:math:`c_a` of every arc,

.. math:: t = \sum_{\text{phases}} r \left( \alpha + \max_a L_a / c_a \right),

r steps of a phase, each with a start-up time alpha: the alpha-beta model (R. Thakur et al., IJHPCA 19, 2005) with the
contention of the real paths in place of one beta. Transfers of a step are paced so that the busiest arc never idles,
and a phase begins when the one before has ended everywhere. Alike steps are solved once.

By simulation: `optinet.collectives.simulation`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.arguments import public
from optinet.collectives.algorithms import schedule, suitable
from optinet.collectives.bound import Bound, bound, by_distance
from optinet.collectives.operation import Collective
from optinet.collectives.result import CollectiveTime, PhaseTime
from optinet.collectives.schedule import PROPAGATION_S_PER_M, Phase, Schedule, endpoint_gbps
from optinet.errors import DemandError, unknown_name
from optinet.fabric import Fabric
from optinet.flows.link_loads import link_loads
from optinet.flows.loads import LinkLoads
from optinet.routing import routing as routing_named
from optinet.routing import validated_options
from optinet.routing.signatures import PathSignatures
from optinet.traffic.demand import Demand

StepTime = float | Callable[[Demand], float]
"""What a step takes besides its bits, or what gives it for the demand of a step."""


@public
def collective_time(
    fabric: Fabric,
    operation: str,
    groups: ArrayLike,
    size_gbit: float,
    *,
    algorithm: str = "best",
    routing: str = "ecmp",
    alpha_s: StepTime | None = None,
    overhead_s: float = 0.0,
    method: Literal["loads", "simulate"] = "loads",
    domain_size: int | None = None,
    arc_up: NDArray[np.bool_] | None = None,
    routing_options: Mapping[str, Any] | None = None,
) -> CollectiveTime:
    """Return the time of a collective among groups of endpoints, all groups at once.

    Parameters
    ----------
    fabric
        Any fabric.
    operation
        "all_reduce", "all_gather", "reduce_scatter", "all_to_all" or "broadcast" (from the first rank of each group).
    groups
        shape (n_groups, p), or (p,) for one: endpoint indices of the ranks, in ring order.
    size_gbit
        The full buffer of a rank, as nccl-tests counts it: what all-gather leaves with each rank, what a rank gives to
        reduce-scatter or has for all others in all-to-all.
    algorithm
        One of `optinet.collectives.algorithms.names`; "best" takes the fastest of those that suit.
    routing, routing_options
        As in `optinet.link_loads`.
    alpha_s
        All that a step takes besides its bits: a number, or a function of the demand of one step. None for `overhead_s`
        and propagation along the longest path of the step.
    overhead_s
        What a step takes besides its bits and their way, where `alpha_s` is None.
    method
        "loads": alpha-beta on solved loads. "simulate": every transfer as a flow with dependencies.
    domain_size
        For "hierarchical": consecutive ranks that make a domain; the fabric's own domains when None.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.

    Raises
    ------
    DemandError
        If groups, size or names are wrong, or the algorithm does not suit, naming those that do.
    SolverError
        As in `optinet.link_loads`.
    """
    call = Collective.of(fabric, operation, groups, size_gbit)
    if method not in ("loads", "simulate"):
        raise DemandError(unknown_name("method", method, ("loads", "simulate"), "method"))
    solver = _Solver(fabric, routing, alpha_s, overhead_s, arc_up, dict(routing_options or {}))
    tried: dict[str, Schedule] = {}
    found: dict[str, tuple[PhaseTime, ...]] = {}
    times: dict[str, float] = {}
    for batch in _tried(call, algorithm, domain_size, lambda: min(times.values(), default=np.inf)):
        for each in sorted(batch, key=solver.least_s):
            timed = solver.phases(each, min(times.values(), default=np.inf))
            if timed is not None:
                tried[each.algorithm], found[each.algorithm] = each, timed
                times[each.algorithm] = sum(phase.time_s for phase in timed)
    best = min(times, key=lambda name: times[name])
    chosen, phases, time_s = tried[best], found[best], times[best]
    if method == "simulate":
        from optinet.collectives.simulation import simulated_s

        time_s = simulated_s(
            call,
            chosen,
            solver.used(),
            [phase.alpha_s for phase in phases],
            overhead_s if alpha_s is None else None,
            arc_up,
        )
    limit = _bound(call, arc_up)
    alpha_total_s = sum(phase.repeat * phase.alpha_s for phase in phases)
    return CollectiveTime(
        operation=operation,
        algorithm=chosen.algorithm,
        routing=solver.used(),
        method=method,
        shape=(len(call.groups), call.p),
        size_gbit=call.size_gbit,
        time_s=time_s,
        bus_gbps=call.size_gbit * call.bus_factor / time_s if time_s > 0 else 0.0,
        bound_s=limit.time_s,
        bound_reason=limit.reason,
        latency_share=alpha_total_s / time_s if time_s > 0 else 0.0,
        steps=chosen.steps,
        phases=phases,
        schedule=chosen,
        tried=found,
        alternatives=times,
    )


@public
def collective_demand(
    fabric: Fabric, operation: str, groups: ArrayLike, size_gbit: float, algorithm: str, domain_size: int | None = None
) -> Demand:
    """Return all traffic of a collective as one demand: as many Gb/s as it sends Gbit in all.

    Parameters
    ----------
    fabric, operation, groups, size_gbit, algorithm, domain_size
        As in `collective_time`, but the algorithm has a name of its own.

    Raises
    ------
    DemandError
        As in `collective_time`.
    """
    call = Collective.of(fabric, operation, groups, size_gbit)
    options = {} if domain_size is None else {"domain_size": domain_size}
    return schedule(call, algorithm, **options).demand(fabric)


@dataclass(frozen=True, eq=False)
class StepLoad:
    """What alike steps of a collective load the fabric with.

    Parameters
    ----------
    time_s
        Time that the bits of all these steps take on the busiest arc.
    utilization
        shape (n_arcs,), 0 to 1: load over capacity meanwhile; 1 on the busiest arc, less while a pipeline fills.
    """

    time_s: float
    utilization: NDArray[np.float64]


def step_loads(
    fabric: Fabric,
    operation: str,
    groups: ArrayLike,
    size_gbit: float,
    algorithm: str,
    routing: str = "ecmp",
    arc_up: NDArray[np.bool_] | None = None,
) -> list[StepLoad]:
    """Return how a collective loads every arc from its first phase to its last, as `collective_time` routes it.

    Parameters
    ----------
    fabric, operation, groups, size_gbit, routing, arc_up
        As in `collective_time`.
    algorithm
        Its name, not "best".
    """
    call = Collective.of(fabric, operation, groups, size_gbit)
    solver = _Solver(fabric, routing, 0.0, 0.0, arc_up, {})
    return [solver.load(phase) for phase in schedule(call, algorithm).phases]


def _tried(
    call: Collective, algorithm: str, domain_size: int | None, best_s: Callable[[], float]
) -> Iterator[list[Schedule]]:
    """Yield what is to be timed: first what is quick to find, then one by one what may still be faster."""
    options: dict[str, Any] = {} if domain_size is None else {"domain_size": domain_size}
    if algorithm != "best" or call.p == 1 or call.size_gbit == 0.0:
        yield [schedule(call, "direct" if algorithm == "best" else algorithm, **options)]
        return
    yield list(suitable(call, slow=False, **options))
    yield from ([each] for each in suitable(call, best_s, slow=True, **options))


def _bound(call: Collective, arc_up: NDArray[np.bool_] | None) -> Bound:
    limit = bound(call, arc_up)
    unit_cost = bool(np.all(call.fabric.link_cost == call.fabric.link_cost[:1]))
    if call.operation == "all_to_all" and limit.time_s > 0 and unit_cost:
        # paths of least cost are those of fewest hops only where all links cost the same
        (phase,) = schedule(call, "direct").phases
        load = link_loads(call.fabric, phase.traffic.demand(call.fabric), "ecmp", arc_up=arc_up).arc_load_gbps
        limit = max(limit, by_distance(call, load, arc_up), key=lambda each: each.time_s)
    return limit


@dataclass(frozen=True, eq=False)
class _Step:
    """One step solved: start-up time, paths, time over that at line rate, and the link class of the busiest arc."""

    alpha_s: float
    paths: PathSignatures | None
    stretch: float
    busiest: str


class _Solver:
    """Solves steps, alike ones once."""

    def __init__(
        self,
        fabric: Fabric,
        routing: str,
        alpha_s: StepTime | None,
        overhead_s: float,
        arc_up: NDArray[np.bool_] | None,
        options: dict[str, Any],
    ) -> None:
        self._fabric, self._routing, self._alpha_s = fabric, routing, alpha_s
        self._overhead_s, self._arc_up, self._options = overhead_s, arc_up, options
        self._solved: dict[bytes, _Step] = {}
        self._slowest = (-1.0, routing)
        self._room_gbps = endpoint_gbps(fabric)

    def used(self) -> str:
        """Return the routing of the slowest step."""
        return self._slowest[1]

    def least_s(self, schedule: Schedule) -> float:
        """Return the time of a schedule if endpoints' own links were all that holds it back."""
        return sum(phase.repeat * self._line_s(phase) for phase in schedule.phases)

    def phases(self, schedule: Schedule, most_s: float) -> tuple[PhaseTime, ...] | None:
        """Return the time of every phase; None once all together cannot be done in `most_s` any more."""
        least_s, timed = self.least_s(schedule), []
        for phase in schedule.phases:
            if least_s >= most_s:
                return None
            timed.append(self._phase(phase))
            least_s += timed[-1].time_s - phase.repeat * self._line_s(phase)
        return tuple(timed)

    def _phase(self, phase: Phase) -> PhaseTime:
        line_s = self._line_s(phase)
        step = self._step(phase, line_s)
        return PhaseTime(phase.name, phase.repeat, step.alpha_s, line_s * step.stretch, step.busiest, step.paths)

    def _line_s(self, phase: Phase) -> float:
        """Return the time of a step in which the busiest endpoint sends at line rate."""
        sent = phase.traffic.out_gbit(self._fabric.n_endpoints)
        with np.errstate(divide="ignore"):
            return float(np.max(np.divide(sent, self._room_gbps, out=np.zeros_like(sent), where=sent > 0)))

    def load(self, phase: Phase) -> StepLoad:
        """Return how the steps of a phase load every arc."""
        line_s = self._line_s(phase)
        _, loads = self._routed(phase, line_s)
        if not np.isfinite(loads.throughput):
            return StepLoad(0.0, loads.utilization)
        filled = phase.times / phase.repeat  # on an average of the steps of a pipeline
        return StepLoad(phase.repeat * line_s / loads.throughput, loads.utilization * (loads.throughput * filled))

    def _routed(self, phase: Phase, line_s: float) -> tuple[Demand, LinkLoads]:
        # scaled to line rate: what routings are to be the best for
        demand = phase.traffic.demand(self._fabric, 1.0 / line_s if 0 < line_s < np.inf else 1.0)
        return demand, link_loads(self._fabric, demand, self._routing, arc_up=self._arc_up, **self._options)

    def _step(self, phase: Phase, line_s: float) -> _Step:
        key = _key(phase, line_s)
        if key not in self._solved:
            fabric = self._fabric
            demand, loads = self._routed(phase, line_s)
            worst = int(np.argmax(loads.utilization))
            stretch = 1.0 / loads.throughput
            busiest = fabric.link_class_names[fabric.link_class[worst // 2]]
            self._solved[key] = _Step(*self._start(demand, loads.routing), stretch, busiest)
            self._slowest = max(self._slowest, (stretch * line_s * phase.repeat, loads.routing))
        return self._solved[key]

    def _start(self, demand: Demand, routing: str) -> tuple[float, PathSignatures | None]:
        """Return the start-up time of a step, and its paths where the time comes from them."""
        if callable(self._alpha_s):
            return float(self._alpha_s(demand)), None
        if self._alpha_s is not None:
            return float(self._alpha_s), None
        # the flow of the optimum has no one routing; shortest paths are those of the first bit
        known = "ecmp" if routing == "optimal" else routing
        options = validated_options(known, self._options) if known == self._routing else {}
        paths = routing_named(known).signatures(self._fabric, demand, self._arc_up, seed=0, **options)
        return self._overhead_s + float(paths.length_m.max(initial=0.0)) * PROPAGATION_S_PER_M, paths


def _key(phase: Phase, line_s: float) -> bytes:
    """Return what tells steps apart that differ in more than size."""
    digest = hashlib.sha256()
    traffic = phase.traffic
    for name, value in vars(traffic).items():
        if isinstance(value, np.ndarray) and name != "stream":
            scaled = np.round(value / line_s, 9) if name == "gbit" and line_s > 0 else value
            digest.update(np.ascontiguousarray(scaled).tobytes())
    return digest.digest()
