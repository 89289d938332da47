# SPDX-License-Identifier: Apache-2.0
"""Workloads: named sources of demand with parameters, as scenarios use them.

The traffic of a collective and of flows one by one comes at line rate: all of it, scaled so that the busiest endpoint
sends what its links carry. How long a collective takes is solved besides, step by step (`optinet.collectives`); flows
are replayed (`optinet.workloads.flow_list`).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from optinet.collectives import algorithms
from optinet.collectives.operation import Collective
from optinet.collectives.placement import groups_of
from optinet.collectives.result import CollectiveTime
from optinet.collectives.schedule import STARTUP_S
from optinet.collectives.timing import collective_time
from optinet.errors import DemandError, Problem, unknown_name
from optinet.fabric import Fabric, NodeKind
from optinet.failure_masks import FailureMasks, arcs_up
from optinet.jobs.parameters import JobParameters, ServingParameters, SharingParameters, TrainingParameters
from optinet.traffic import blocks, patterns
from optinet.traffic.demand import Demand, summed
from optinet.validation import problems_of
from optinet.workloads.flow_list import FlowList
from optinet.workloads.inputs import checked_files
from optinet.workloads.parameters import (
    CollectiveParameters,
    FileParameters,
    GravityParameters,
    GridNeighborsParameters,
    SkewedParameters,
    TraceParameters,
    UniformParameters,
)


def _between_blocks(fabric: Fabric, p: GravityParameters | SkewedParameters, seed: int) -> Demand:
    shares = p.shares(p.blocks, seed)
    rates = blocks.block_rates(shares, fabric.n_endpoints // p.blocks, p.gbps_per_endpoint)
    return blocks.between_blocks(fabric, rates)


@dataclass(frozen=True)
class Workload:
    """One kind of workload.

    Parameters
    ----------
    parameters
        Model of its parameters.
    demand
        (fabric, parameters, seed) -> demand; None for a collective, which is timed as well, and for files.
    help
        One line for users.
    read
        (fabric, parameters, files) -> what files ask of a fabric; None for all others.
    """

    parameters: type[BaseModel]
    demand: Callable[[Fabric, Any, int], Demand] | None
    help: str
    read: Callable[[Fabric, Any, list[Path]], Traffic] | None = None


_WORKLOADS = {
    "uniform": Workload(
        UniformParameters,
        lambda fabric, p, _: patterns.uniform(fabric, p.gbps_per_endpoint),
        "all-to-all in equal parts",
    ),
    "uniform_in_slices": Workload(
        UniformParameters,
        lambda fabric, p, _: patterns.uniform_in_slices(fabric, p.gbps_per_endpoint),
        "all-to-all in equal parts inside every slice of a pod",
    ),
    "grid_neighbors": Workload(
        GridNeighborsParameters,
        lambda fabric, p, _: patterns.grid_neighbors(fabric, p.dims, p.gbps_per_endpoint),
        "to the two neighbors along each axis of a wrapped grid of ranks",
    ),
    "random_permutation": Workload(
        UniformParameters,
        lambda fabric, p, seed: patterns.random_permutation(fabric, p.gbps_per_endpoint, seed),
        "to one other endpoint, drawn by the seed",
    ),
    "gravity": Workload(
        GravityParameters, _between_blocks, "between blocks in proportion to their sizes, drawn by the seed"
    ),
    "skewed": Workload(
        SkewedParameters, _between_blocks, "a share between partner blocks, drawn by the seed, the rest evenly"
    ),
    "all_reduce": Workload(CollectiveParameters, None, "the sum of the buffers of all ranks, to all of them"),
    "all_gather": Workload(CollectiveParameters, None, "the parts of all ranks, to all of them"),
    "reduce_scatter": Workload(CollectiveParameters, None, "the sum of the buffers of all ranks, a part to each"),
    "all_to_all": Workload(CollectiveParameters, None, "from every rank of a group a part for every other"),
    "broadcast": Workload(CollectiveParameters, None, "the buffer of the first rank of a group, to all of it"),
    "matrix_file": Workload(
        FileParameters,
        None,
        "rates between endpoints from a file",
        lambda fabric, _, files: _read_matrix(fabric, files),
    ),
    "flow_file": Workload(
        FileParameters, None, "flows from a file, one by one", lambda fabric, _, files: _read_flows(fabric, files)
    ),
    "chakra_trace": Workload(
        TraceParameters, None, "what Chakra traces did", lambda fabric, p, files: _read_traces(fabric, p, files)
    ),
    "training": Workload(
        TrainingParameters, lambda fabric, p, _: _of_job(fabric, "training", p), "what a step of training sends, mean"
    ),
    "serving": Workload(
        ServingParameters, lambda fabric, p, _: _of_job(fabric, "serving", p), "what a batch of requests sends, mean"
    ),
    "jobs": Workload(
        SharingParameters, lambda fabric, p, seed: _of_jobs(fabric, p, seed), "what several jobs send at once, mean"
    ),
}

SEVERAL_JOBS = "jobs"
JOBS = ("training", "serving")
"""Workloads that take as long as they take: their rates follow from the accelerator too."""


def _of_job(fabric: Fabric, name: str, p: JobParameters) -> Demand:
    """Return the traffic of a job at the rates at which its busiest endpoint sends as fast as its links do.

    How fast it really sends depends on the accelerator and is for `experiments.evaluate`.
    """
    from optinet.jobs.solving import solve_job

    traffic = solve_job(fabric, name, p).traffic
    busiest = float(traffic.out_gbps.max(initial=0.0))
    return traffic.scaled(_line_rate_gbps(fabric) / busiest) if busiest else traffic


def _of_jobs(fabric: Fabric, p: SharingParameters, seed: int) -> Demand:
    """Return the traffic of several jobs, each as `_of_job` does."""
    from optinet.jobs.shares import placed_jobs

    return summed(fabric, (_of_job(fabric, job.kind, job) for job, _ in placed_jobs(fabric, p, seed).values()))


def names() -> tuple[str, ...]:
    """Return the names of all workloads."""
    return tuple(_WORKLOADS)


def workload(name: str) -> Workload:
    """Return the workload called `name`; `DemandError` if there is none."""
    if name not in _WORKLOADS:
        raise DemandError(unknown_name("workload", name, names(), "workload"))
    return _WORKLOADS[name]


def parameters_of(name: str) -> type[BaseModel]:
    """Return the parameter model of a workload."""
    return workload(name).parameters


@dataclass(frozen=True, eq=False)
class Traffic:
    """What a workload asks of a fabric: a demand, and the collective or the flows that it is the traffic of, if any."""

    demand: Demand
    collective: CollectiveTime | None = None
    flows: FlowList | None = None


def _read_matrix(fabric: Fabric, files: list[Path]) -> Traffic:
    from optinet.workloads.files import read_demand

    return Traffic(read_demand(fabric, files[0]))


def _read_flows(fabric: Fabric, files: list[Path]) -> Traffic:
    from optinet.workloads.files import read_flows

    return _of_flows(fabric, read_flows(fabric, files[0]))


def _read_traces(fabric: Fabric, p: TraceParameters, files: list[Path]) -> Traffic:
    from optinet.workloads.chakra import read_trace
    from optinet.workloads.trace import trace_flows

    traces = [read_trace(path) for path in files]
    return _of_flows(fabric, trace_flows(fabric, traces, algorithm=p.algorithm, tflops=p.tflops))


def _of_flows(fabric: Fabric, flows: FlowList) -> Traffic:
    return Traffic(flows.line_rate_demand(fabric), flows=flows)


def demand(fabric: Fabric, name: str, parameters: Mapping[str, Any], seed: int = 0) -> Demand:
    """Return the demand of a workload on a fabric; `DemandError` naming every wrong parameter."""
    return traffic(fabric, name, parameters, seed).demand


def traffic(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any],
    seed: int = 0,
    routing: str = "ecmp",
    routing_options: Mapping[str, Any] | None = None,
    folder: str | Path = "",
    failed: FailureMasks | None = None,
) -> Traffic:
    """Return what a workload asks of a fabric.

    Parameters
    ----------
    fabric
        Where.
    name, parameters
        The workload.
    seed
        Seed of what it draws.
    routing, routing_options
        How the steps of a collective are routed.
    folder
        Where relative paths of files start.
    failed
        What is down. What is asked for stays the same (`FailureMasks.among` leaves out endpoints that are not served),
        but for collectives: one among all endpoints is among those served, and of several groups those go on that
        have all their ranks.

    Raises
    ------
    DemandError
        Naming every wrong parameter; if no group of a collective has all its ranks, or a flow an end that is not
        served.
    SolverError
        If the steps of a collective cannot be routed.
    """
    validated = _validated(fabric, name, parameters)
    if not isinstance(validated, CollectiveParameters):
        return _without_time(fabric, name, validated, seed, folder, failed)
    groups = _groups(fabric, validated, seed, failed)
    with _in_workload():
        found = collective_time(
            fabric,
            name,
            groups,
            validated.size_gb * 8.0,
            algorithm=validated.algorithm,
            routing=routing,
            routing_options=routing_options,
            overhead_s=STARTUP_S,
            domain_size=validated.domain_size,
            arc_up=arcs_up(failed),
        )
    return Traffic(found.schedule.line_rate_demand(fabric), found)


def check(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any],
    seed: int = 0,
    folder: str | Path = "",
    failed: FailureMasks | None = None,
) -> None:
    """Find out whether a workload fits a fabric without timing or routing anything.

    Parameters
    ----------
    fabric, name, parameters, seed, folder, failed
        As in `traffic`; files are read. Jobs, which need an accelerator besides, are for
        `optinet.models.job_on_fabric.check_job`.

    Raises
    ------
    DemandError
        As `traffic` does.
    """
    validated = _validated(fabric, name, parameters)
    if not isinstance(validated, CollectiveParameters):
        _without_time(fabric, name, validated, seed, folder, failed)
        return
    groups = _groups(fabric, validated, seed, failed)
    with _in_workload():
        call = Collective.of(fabric, name, groups, validated.size_gb * 8.0)
        if validated.algorithm != "best":
            options = {} if validated.domain_size is None else {"domain_size": validated.domain_size}
            algorithms.schedule(call, validated.algorithm, **options)


def _validated(fabric: Fabric, name: str, parameters: Mapping[str, Any]) -> Any:
    """Return the parameters of a workload checked, "line_rate" in Gb/s."""
    model = parameters_of(name)
    try:
        validated = model.model_validate(dict(parameters))
    except ValidationError as error:
        raise DemandError(problems_of(error, model, prefix=("workload",))) from None
    if getattr(validated, "gbps_per_endpoint", 0.0) == "line_rate":
        return validated.model_copy(update={"gbps_per_endpoint": _line_rate_gbps(fabric)})
    return validated


def _without_time(
    fabric: Fabric, name: str, validated: Any, seed: int, folder: str | Path, failed: FailureMasks | None
) -> Traffic:
    """Return what a workload asks for that is no collective: a demand, or flows from files."""
    entry = workload(name)
    if entry.demand is not None:
        return Traffic(entry.demand(fabric, validated, seed))
    assert entry.read is not None
    found = entry.read(fabric, validated, checked_files(validated, folder)[0])
    _check_flows(fabric, found.flows, failed)
    return found


def _groups(fabric: Fabric, p: CollectiveParameters, seed: int, failed: FailureMasks | None) -> NDArray[np.int64]:
    """Return the groups of a collective; with parts down, those that have all their ranks."""
    if failed is None or failed.served.all():
        return groups_of(fabric.n_endpoints, p.group_size, p.placement, seed)
    if p.group_size is None:
        served = np.flatnonzero(failed.served)
        return served[groups_of(len(served), None, p.placement, seed)]
    groups = groups_of(fabric.n_endpoints, p.group_size, p.placement, seed)
    whole = groups[failed.served[groups].all(axis=1)]
    if not len(whole):
        found = f"every group of {p.group_size} has an endpoint that is not served with {failed.text} down"
        raise DemandError(Problem("workload.group_size", found, "smaller groups, or parts that serve fewer of them"))
    return whole


def _check_flows(fabric: Fabric, flows: FlowList | None, failed: FailureMasks | None) -> None:
    if flows is None or failed is None:
        return
    ends = np.unique(np.concatenate((flows.source, flows.target)))
    lost = ends[~failed.served[ends]]
    if len(lost):
        name = fabric.node_names[fabric.endpoints[lost[0]]]
        found = f"{len(lost):,} endpoints of the flows are not served with {failed.text} down, {name} first"
        raise DemandError(Problem("workload.path", found, "parts down that serve none of them"))


@contextlib.contextmanager
def _in_workload() -> Iterator[None]:
    """Say of errors of a collective that they are in the workload."""
    try:
        yield
    except DemandError as error:
        raise DemandError(dataclasses.replace(p, where=f"workload.{p.where}") for p in error.problems) from None


def _line_rate_gbps(fabric: Fabric) -> float:
    """Return what the links of an endpoint carry together per direction, the mean of all endpoints."""
    is_endpoint = fabric.node_kind[fabric.arc_tail] != NodeKind.SWITCH
    return float(fabric.arc_capacity_gbps[is_endpoint].sum()) / max(fabric.n_endpoints, 1)
