# SPDX-License-Identifier: Apache-2.0
"""How long a step of a job, or a collective, takes over what a failure leaves of the fabric.

The algorithms stay those of the intact fabric, as a running job keeps its rings. The bits of every exchange take longer
by as much as the exchange's throughput on the fabric with holes is smaller; start-up times stay. An exchange without a
path stops the step. An exchange that used nothing of what is down has the paths it had, and its time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from optinet.errors import SolverError
from optinet.fabric import Fabric
from optinet.flows.link_loads import link_loads
from optinet.flows.loads import LinkLoads
from optinet.jobs.solving import SCALE_UP, exchange_demands
from optinet.models.job import job_cycle_s
from optinet.reliability.carried import Clock
from optinet.reliability.risks import Flags, Floats
from optinet.traffic.demand import Demand

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.solution import Solution


def step_clock(solution: Solution, design: Design, catalogue: Catalogue, way_s: float = 0.0) -> Clock | None:
    """Return what times a step over what is left of a fabric; None if the demand is neither a job's nor a collective's.

    Parameters
    ----------
    solution
        The intact fabric.
    design, catalogue
        Give the accelerator and the assumptions of a job.
    way_s
        Latency of a way through the network, which each step of a job's exchanges takes besides its bits.
    """
    if solution.job is not None:
        return _job_clock(solution, design, catalogue, way_s)
    return _collective_clock(solution) if solution.collective is not None else None


def _job_clock(solution: Solution, design: Design, catalogue: Catalogue, way_s: float) -> Clock:
    job = solution.job
    assert job is not None
    slower = _Slowdown(solution, exchange_demands(solution.fabric, job))

    def seconds(fabric: Fabric, arc_up: Flags) -> float:
        factors = slower.factors(fabric, arc_up)
        if not np.isfinite(list(factors.values())).all():
            return np.inf
        phases = tuple(
            replace(
                phase,
                exchanges=tuple(
                    each
                    if each.algorithm == SCALE_UP
                    else replace(
                        each, transfer_s=each.transfer_s * factors[each.operation, each.members, each.size_gbit]
                    )
                    for each in phase.exchanges
                ),
            )
            for phase in job.phases
        )
        return job_cycle_s(replace(job, phases=phases), way_s, design, catalogue)

    return seconds


def _collective_clock(solution: Solution) -> Clock:
    found = solution.collective
    assert found is not None
    demands = {i: phase.traffic.demand(solution.fabric) for i, phase in enumerate(found.schedule.phases)}
    slower = _Slowdown(solution, demands)

    def seconds(fabric: Fabric, arc_up: Flags) -> float:
        factors = slower.factors(fabric, arc_up)
        return sum(
            phase.repeat * (phase.alpha_s + phase.transfer_s * factors[i]) for i, phase in enumerate(found.phases)
        )

    return seconds


class _Slowdown:
    """By how much exchanges take longer on a fabric with holes; those of the intact fabric are solved once."""

    def __init__(self, solution: Solution, demands: Mapping[Any, Demand]) -> None:
        self._fabric, self._routing = solution.fabric, solution.routing
        # exchanges that differ in size alone, such as gathering and scattering on one ring, are slowed down alike
        pattern = {key: _pattern(demand) for key, demand in demands.items()}
        first = {each: key for key, each in reversed(pattern.items())}
        self._like = {key: first[each] for key, each in pattern.items()}
        self._demands = {key: demands[key] for key in first.values()}
        # what the exchanges were timed on, parts that are down all the time left out
        timed = solution.failed.arc_up if solution.failed else np.ones(solution.fabric.n_arcs, dtype=bool)
        self._intact = {key: self._loads(solution.fabric, demand, timed) for key, demand in self._demands.items()}

    def factors(self, fabric: Fabric, arc_up: Flags) -> dict[Any, float]:
        """Return the time of every exchange over that on the intact fabric; infinite without a path."""
        found = {}
        for key, demand in self._demands.items():
            intact = self._intact[key]
            if intact is None:
                found[key] = np.inf
                continue
            missed = np.inf if fabric is not self._fabric else intact.arc_load_gbps[~arc_up].max(initial=0.0)
            if missed == 0.0 or np.isinf(intact.throughput):  # nothing is sent over what is down, or at all
                found[key] = 1.0
                continue
            left = self._loads(fabric, demand, arc_up)
            found[key] = intact.throughput / left.throughput if left else np.inf
        return {key: found[like] for key, like in self._like.items()}

    def _loads(self, fabric: Fabric, demand: Demand, arc_up: Flags) -> LinkLoads | None:
        for routing in dict.fromkeys((self._routing, "ecmp")):
            try:
                return link_loads(fabric, demand, routing, arc_up=None if arc_up.all() else arc_up)
            except SolverError:  # no path over what is left
                continue
        return None


def _pattern(demand: Demand) -> bytes:
    """Return what is the same of demands that differ in size alone."""
    digest = hashlib.sha256()
    if demand.matrix is not None:
        parts = [demand.matrix.indptr, demand.matrix.indices, _scaled(demand.matrix.data)]
    else:
        assert demand.source_gbps is not None and demand.target_share is not None
        parts = [_scaled(demand.source_gbps), _scaled(demand.target_share)]
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.digest()


def _scaled(values: Floats) -> Floats:
    return np.round(values / values.max(initial=1e-300), 9)
