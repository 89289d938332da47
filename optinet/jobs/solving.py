# SPDX-License-Identifier: Apache-2.0
"""A job on a fabric: placed, checked, every exchange timed once and counted as often as it repeats.

All groups of a kind exchange at once, as replicas and stages in step do. Kinds are timed one by one on an otherwise
quiet fabric; how much of each runs behind computing is an assumption (`optinet.models.job`), and several jobs at once
are `optinet.jobs.sharing`. Endpoints in a row may share a scale-up domain of their accelerators' own links: groups
inside one domain are timed there, at the bound that a non-blocking switch reaches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import sparse

from optinet.collectives.schedule import STARTUP_S
from optinet.collectives.timing import collective_demand, collective_time
from optinet.errors import DemandError, Problem, SolverError, unknown_name
from optinet.fabric import Fabric
from optinet.flows.link_loads import link_loads
from optinet.jobs.parallelism import Ints, Parallelism, Placement, place
from optinet.jobs.parameters import JobParameters, ServingParameters, TrainingParameters
from optinet.jobs.phase import Exchange, SolvedJob
from optinet.jobs.serving import serving_job
from optinet.jobs.training import training_job
from optinet.jobs.transformer import Transformer
from optinet.traffic.demand import Demand, summed
from optinet.validation import problems_of

_MODELS: Mapping[str, type[JobParameters]] = {"training": TrainingParameters, "serving": ServingParameters}
SCALE_UP = "scale-up"
"""Stands for the algorithm of exchanges that are off the fabric."""


@dataclass(frozen=True, eq=False)
class JobOnFabric:
    """A job with everything solved.

    Parameters
    ----------
    job
        Its phases and their timed exchanges.
    placement
        Which endpoint has which part.
    traffic
        Gbit between endpoints in a cycle of the job (a step, or a batch of requests), as a demand in which a Gb/s
        stands for each Gbit.
    """

    job: SolvedJob
    placement: Placement
    traffic: Demand


def solve_job(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any] | JobParameters,
    routing: str = "ecmp",
    *,
    memory_gb: float = float("inf"),
    scale_up_gbps: float | None = None,
    startup_s: float = STARTUP_S,
    models: Mapping[str, Transformer] | None = None,
    arc_up: NDArray[np.bool_] | None = None,
) -> JobOnFabric:
    """Place a job on a fabric and time what it exchanges.

    Parameters
    ----------
    fabric
        Any fabric.
    name
        "training" or "serving".
    parameters
        Of `TrainingParameters` or `ServingParameters`.
    routing
        As in `optinet.link_loads`.
    memory_gb
        What an endpoint has for the job, > 0.
    scale_up_gbps
        Rate of an accelerator into its scale-up domain, one direction; needed where the job names a domain.
    startup_s
        Time each step of an exchange takes besides its bits, by which algorithms are chosen.
    models
        Models that parameters may name, such as `optinet.models.job.transformers` of the catalogue.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.

    Raises
    ------
    DemandError
        Naming what does not fit: parameters, parallelism, batch, memory; and what would.
    SolverError
        If the endpoints are not joined, or the routing is unknown.
    """
    p = validated(name, parameters)
    job, placed = check_placed(fabric, p, memory_gb, scale_up_gbps, models)
    timer = Timer(fabric, p, routing, scale_up_gbps, startup_s, arc_up)
    job = timer.timed(replace(job, routing=routing), placed)
    return JobOnFabric(job, placed, job_traffic(fabric, placed, job))


def check_placed(
    fabric: Fabric,
    p: JobParameters,
    memory_gb: float = float("inf"),
    scale_up_gbps: float | None = None,
    models: Mapping[str, Transformer] | None = None,
) -> tuple[SolvedJob, Placement]:
    """Place a job and return it with its exchanges not timed yet; parameters and errors as of `solve_job`."""
    model, title = model_of(p, models)
    if not isinstance(p.parallelism, Parallelism):
        found = "is to be searched for, which needs accelerators"
        allowed = "its degrees here, or best_parallelism of optinet.models.job"
        raise DemandError(Problem("workload.parallelism", found, allowed))
    placed = place(fabric, p.parallelism, model, "workload.parallelism")
    scale_up_rate_gbps(p, scale_up_gbps)
    return replace(job_of_parameters(title, model, placed, p, memory_gb), parallelism=p.parallelism), placed


class Timer:
    """Times the exchanges of jobs on a fabric; equal ones among the same groups once, whatever job they are of.

    Parameters
    ----------
    fabric, routing, scale_up_gbps, startup_s, arc_up
        As in `solve_job`.
    p
        Parameters of the jobs, for their scale-up domain.
    """

    def __init__(
        self,
        fabric: Fabric,
        p: JobParameters,
        routing: str,
        scale_up_gbps: float | None = None,
        startup_s: float = STARTUP_S,
        arc_up: NDArray[np.bool_] | None = None,
    ) -> None:
        own_gbps = scale_up_rate_gbps(p, scale_up_gbps)
        self._clock = _Clock(fabric, routing, startup_s, p.scale_up_endpoints, own_gbps, arc_up)

    def timed(self, job: SolvedJob, placed: Placement) -> SolvedJob:
        """Return a job as placed with its exchanges timed."""
        phases = (
            replace(each, exchanges=tuple(self._clock.timed(x, placed) for x in each.exchanges)) for each in job.phases
        )
        return replace(job, phases=tuple(phases))


def group_key(groups: Ints) -> tuple[int, bytes]:
    """Return what tells groups apart, in whatever order they are listed."""
    rows = np.ascontiguousarray(groups[np.argsort(groups[:, 0])])
    return groups.shape[1], hashlib.sha256(rows.tobytes()).digest()


def retimed(
    fabric: Fabric,
    job: SolvedJob,
    scale_up_endpoints: int = 1,
    *,
    scale_up_gbps: float | None = None,
    startup_s: float = STARTUP_S,
) -> SolvedJob:
    """Return a solved job with its exchanges timed on another fabric of the same endpoints; infinite without a path."""
    placed = place(fabric, job.parallelism)
    clock = _Clock(fabric, job.routing, startup_s, scale_up_endpoints, scale_up_gbps or 0.0)

    def timed(exchange: Exchange) -> Exchange:
        try:
            return clock.timed(exchange, placed)
        except SolverError:
            return replace(exchange, transfer_s=float("inf"))

    phases = tuple(replace(each, exchanges=tuple(map(timed, each.exchanges))) for each in job.phases)
    return replace(job, phases=phases)


def job_of_parameters(
    title: str, model: Transformer, placed: Placement, p: JobParameters, memory_gb: float
) -> SolvedJob:
    """Return a job, its exchanges not solved yet; see `training_job` and `serving_job`."""
    if isinstance(p, TrainingParameters):
        return training_job(title, model, placed, p, memory_gb)
    assert isinstance(p, ServingParameters)
    return serving_job(title, model, placed, p, memory_gb)


def job_traffic(fabric: Fabric, placed: Placement, job: SolvedJob) -> Demand:
    """Return the Gbit between every pair of endpoints in a cycle of a solved job, as a demand of as many Gb/s."""
    return summed(
        fabric,
        (
            exchange_demand(fabric, placed.groups(x.members), x).scaled(
                x.count * phase.count * (1.0 if x.once else phase.microbatches)
            )
            for phase in job.phases
            for x in phase.exchanges
            if x.algorithm != SCALE_UP
        ),
    )


def job_demand(fabric: Fabric, job: SolvedJob) -> Demand:
    """Return the traffic of a job that was solved on a fabric before: `job_traffic`, placed as it was."""
    return job_traffic(fabric, place(fabric, job.parallelism), job)


def exchange_demands(fabric: Fabric, job: SolvedJob) -> dict[tuple[str, str, float], Demand]:
    """Return what each different exchange of a solved job sends, as many Gb/s as Gbit.

    By operation, members and size; exchanges inside scale-up domains are off the fabric and left out.
    """
    placed = place(fabric, job.parallelism)
    exchanges = {(x.operation, x.members, x.size_gbit): x for phase in job.phases for x in phase.exchanges}
    return {
        key: exchange_demand(fabric, placed.groups(each.members), each)
        for key, each in exchanges.items()
        if each.algorithm != SCALE_UP
    }


def model_of(p: JobParameters, models: Mapping[str, Transformer] | None = None) -> tuple[Transformer, str]:
    """Return the model of a job and its name; `DemandError` if no such model is known."""
    if isinstance(p.model, Transformer):
        return p.model, "custom"
    if models is None:
        found = f"'{p.model}' is a name, and there is no catalogue to look it up in"
        raise DemandError(Problem("workload.model", found, "a table with the shape of a transformer"))
    if p.model not in models:
        raise DemandError(unknown_name("workload.model", p.model, tuple(models), "transformer"))
    return models[p.model], p.model


def validated(name: str, parameters: Mapping[str, Any] | JobParameters) -> JobParameters:
    """Return the parameters of "training" or "serving" checked; `DemandError` naming every wrong one."""
    if isinstance(parameters, JobParameters):
        return parameters
    if name not in _MODELS:
        raise DemandError(unknown_name("name", name, tuple(_MODELS), "job"))
    try:
        return _MODELS[name].model_validate(dict(parameters))
    except ValidationError as error:
        raise DemandError(problems_of(error, _MODELS[name], prefix=("workload",))) from None


def scale_up_rate_gbps(p: JobParameters, scale_up_gbps: float | None) -> float:
    """Return the rate into a scale-up domain, 0 without one; `DemandError` if a job names one and it is not known."""
    if p.scale_up_endpoints > 1 and not scale_up_gbps:
        found = f"{p.scale_up_endpoints}, but the bandwidth of the accelerator's own links is not known"
        raise DemandError(Problem("workload.scale_up_endpoints", found, "1, or an accelerator with scale_up_gbps"))
    return scale_up_gbps or 0.0


class _Clock:
    """Times exchanges; equal ones once."""

    def __init__(
        self,
        fabric: Fabric,
        routing: str,
        startup_s: float,
        domain: int,
        domain_gbps: float,
        arc_up: NDArray[np.bool_] | None = None,
    ) -> None:
        self._fabric, self._routing, self._startup_s = fabric, routing, startup_s
        self._domain, self._domain_gbps, self._arc_up = domain, domain_gbps, arc_up
        self._known: dict[tuple[str, float, int, bytes], Exchange] = {}

    def timed(self, exchange: Exchange, placed: Placement) -> Exchange:
        """Return the exchange with its time."""
        groups = placed.groups(exchange.members)
        key = (exchange.operation, exchange.size_gbit, *group_key(groups))
        if key not in self._known:
            self._known[key] = self._time(exchange, groups)
        found, members = self._known[key], exchange.members
        return replace(found, kind=exchange.kind, members=members, count=exchange.count, once=exchange.once)

    def _time(self, exchange: Exchange, groups: Ints) -> Exchange:
        if self._domain > 1 and bool(np.all(groups // self._domain == groups[:, :1] // self._domain)):
            return self._in_domain(exchange, groups.shape[1])
        if exchange.operation == "send":
            return self._sending(exchange, groups)
        found = collective_time(
            self._fabric,
            exchange.operation,
            groups,
            exchange.size_gbit,
            routing=self._routing,
            alpha_s=self._startup_s,
            arc_up=self._arc_up,
        )
        transfer_s = found.time_s - found.steps * self._startup_s
        return replace(
            exchange, transfer_s=transfer_s, steps=found.steps, bound_s=found.bound_s, algorithm=found.algorithm
        )

    def _in_domain(self, exchange: Exchange, p: int) -> Exchange:
        """Return what a ring does through a switch that blocks nothing, and all at once for all-to-all."""
        ways = 2 if exchange.operation == "all_reduce" else 1
        direct = exchange.operation in ("send", "all_to_all")
        share = 1.0 if exchange.operation == "send" else ways * (p - 1) / p
        transfer_s = share * exchange.size_gbit / self._domain_gbps
        steps = 1 if direct else ways * (p - 1)
        return replace(exchange, transfer_s=transfer_s, steps=steps, bound_s=transfer_s, algorithm=SCALE_UP)

    def _sending(self, exchange: Exchange, groups: Ints) -> Exchange:
        """Return the time in which every stage sends to the next and the next sends back."""
        fabric = self._fabric
        demand = exchange_demand(fabric, groups, exchange)
        loads = link_loads(fabric, demand, self._routing, arc_up=self._arc_up)
        out_gbps = np.bincount(fabric.arc_tail, fabric.arc_capacity_gbps, fabric.n_nodes)[fabric.endpoints]
        own_s = np.divide(demand.out_gbps, out_gbps, out=np.zeros(fabric.n_endpoints), where=out_gbps > 0)
        bound_s = float(own_s.max(initial=0.0))
        return replace(exchange, transfer_s=1.0 / loads.throughput, steps=1, bound_s=bound_s, algorithm=loads.routing)


def exchange_demand(fabric: Fabric, groups: Ints, exchange: Exchange) -> Demand:
    """Return what one exchange sends, as a demand of as many Gb/s as Gbit."""
    if exchange.operation != "send":
        return collective_demand(fabric, exchange.operation, groups, exchange.size_gbit, exchange.algorithm)
    n = fabric.n_endpoints
    source = np.concatenate((groups[:, :-1].ravel(), groups[:, 1:].ravel()))
    target = np.concatenate((groups[:, 1:].ravel(), groups[:, :-1].ravel()))
    gbit = np.full(len(source), exchange.size_gbit)
    return Demand.from_matrix(fabric, sparse.coo_array((gbit, (source, target)), shape=(n, n)))
