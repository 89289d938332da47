# SPDX-License-Identifier: Apache-2.0
"""Workloads: named sources of demand with parameters, as scenarios use them.

The traffic of a collective comes at line rate: all it sends, scaled so that the busiest endpoint sends what its links
carry. How long it takes is solved besides, step by step (`optinet.collectives`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from optinet.collectives import algorithms
from optinet.collectives.placement import Placement, groups_of
from optinet.collectives.timing import CollectiveTime, collective_time
from optinet.errors import DemandError, unknown_name
from optinet.fabric import Fabric, NodeKind
from optinet.jobs.parameters import JobParameters, ServingParameters, TrainingParameters
from optinet.traffic import blocks, patterns
from optinet.traffic.demand import Demand
from optinet.validation import problems_of

_Rate = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["line_rate"],
    Field(description="what every endpoint sends, Gb/s, or 'line_rate': what its links carry together"),
]


class UniformParameters(BaseModel):
    """Uniform all-to-all."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    gbps_per_endpoint: _Rate = 800.0


class GridNeighborsParameters(UniformParameters):
    """Nearest neighbors on a wrapped grid of ranks."""

    dims: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] | None = Field(
        default=None, description="grid of ranks, row-major; the fabric's own grid, or one ring, when left out"
    )


class _BetweenBlocks(BaseModel):
    blocks: Annotated[int, Field(ge=2)] = Field(description="equal, consecutive groups of endpoints")
    gbps_per_endpoint: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=800.0, description="what every endpoint of the busiest block sends, Gb/s"
    )


class GravityParameters(blocks.Gravity, _BetweenBlocks):
    """Between blocks in proportion to the product of their sizes, which the seed draws."""


class SkewedParameters(blocks.Skewed, _BetweenBlocks):
    """A share with a few partner blocks, which the seed draws, and the rest evenly."""


class CollectiveParameters(BaseModel):
    """A collective operation among groups that take all endpoints."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    size_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=1.0, description="full buffer of a rank as nccl-tests counts it, GB (engineering estimate: gradients)"
    )
    algorithm: algorithms.Name = Field(default="best", description="how it is done; the fastest that suits by default")
    group_size: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="ranks of a group, all groups at once; all endpoints by default"
    )
    placement: Placement = Field(
        default="packed", description="consecutive endpoints, every n-th one, or at random by the seed"
    )
    domain_size: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="for hierarchical: consecutive ranks of a scale-up domain; the fabric's by default"
    )


_CHOICE_STEP_S = 3e-6
"""What a step is taken to start up in when the best algorithm is chosen, which no design may change (engineering
estimate: 1.9 us of the library and about 1 us on the way); the time it then takes is that of the design."""


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
        (fabric, parameters, seed) -> demand; None for a collective, which is timed as well.
    help
        One line for users.
    """

    parameters: type[BaseModel]
    demand: Callable[[Fabric, Any, int], Demand] | None
    help: str


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
    "training": Workload(
        TrainingParameters, lambda fabric, p, _: _of_job(fabric, "training", p), "what a step of training sends, mean"
    ),
    "serving": Workload(
        ServingParameters, lambda fabric, p, _: _of_job(fabric, "serving", p), "what a batch of requests sends, mean"
    ),
}

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
    """What a workload asks of a fabric: a demand, and the collective that it is the traffic of, if it is of one."""

    demand: Demand
    collective: CollectiveTime | None = None


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

    Raises
    ------
    DemandError
        Naming every wrong parameter.
    SolverError
        If the steps of a collective cannot be routed.
    """
    entry = workload(name)
    try:
        validated = entry.parameters.model_validate(dict(parameters))
    except ValidationError as error:
        raise DemandError(problems_of(error, entry.parameters, prefix=("workload",))) from None
    if getattr(validated, "gbps_per_endpoint", 0.0) == "line_rate":
        validated = validated.model_copy(update={"gbps_per_endpoint": _line_rate_gbps(fabric)})
    if entry.demand is not None:
        return Traffic(entry.demand(fabric, validated, seed))
    assert isinstance(validated, CollectiveParameters)
    groups = groups_of(fabric.n_endpoints, validated.group_size, validated.placement, seed)
    try:
        found = collective_time(
            fabric,
            name,
            groups,
            validated.size_gb * 8.0,
            algorithm=validated.algorithm,
            routing=routing,
            routing_options=routing_options,
            overhead_s=_CHOICE_STEP_S,
            domain_size=validated.domain_size,
        )
    except DemandError as error:
        raise DemandError(dataclasses.replace(p, where=f"workload.{p.where}") for p in error.problems) from None
    return Traffic(found.schedule.line_rate_demand(fabric), found)


def _line_rate_gbps(fabric: Fabric) -> float:
    """Return what the links of an endpoint carry together per direction, the mean of all endpoints."""
    is_endpoint = fabric.node_kind[fabric.arc_tail] != NodeKind.SWITCH
    return float(fabric.arc_capacity_gbps[is_endpoint].sum()) / max(fabric.n_endpoints, 1)
