# SPDX-License-Identifier: Apache-2.0
"""Workloads: named sources of demand with parameters, as scenarios use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from optinet.errors import DemandError, unknown_name
from optinet.fabric import Fabric, NodeKind
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


def _between_blocks(fabric: Fabric, p: GravityParameters | SkewedParameters, seed: int) -> Demand:
    shares = p.shares(p.blocks, seed)
    rates = blocks.block_rates(shares, fabric.n_endpoints // p.blocks, p.gbps_per_endpoint)
    return blocks.between_blocks(fabric, rates)


@dataclass(frozen=True)
class Workload:
    """One kind of workload: its parameter model and what makes the demand of (fabric, parameters, seed)."""

    parameters: type[BaseModel]
    demand: Callable[[Fabric, Any, int], Demand]
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
}


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


def demand(fabric: Fabric, name: str, parameters: Mapping[str, Any], seed: int = 0) -> Demand:
    """Return the demand of a workload on a fabric; `DemandError` naming every wrong parameter."""
    entry = workload(name)
    try:
        validated = entry.parameters.model_validate(dict(parameters))
    except ValidationError as error:
        raise DemandError(problems_of(error, entry.parameters, prefix=("workload",))) from None
    if getattr(validated, "gbps_per_endpoint", 0.0) == "line_rate":
        validated = validated.model_copy(update={"gbps_per_endpoint": _line_rate_gbps(fabric)})
    return entry.demand(fabric, validated, seed)


def _line_rate_gbps(fabric: Fabric) -> float:
    """Return what the links of an endpoint carry together per direction, the mean of all endpoints."""
    is_endpoint = fabric.node_kind[fabric.arc_tail] != NodeKind.SWITCH
    return float(fabric.arc_capacity_gbps[is_endpoint].sum()) / max(fabric.n_endpoints, 1)
