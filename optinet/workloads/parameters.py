# SPDX-License-Identifier: Apache-2.0
"""Parameters of the workloads that are no jobs; those of jobs are in `optinet.jobs.parameters`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from optinet.collectives import algorithms
from optinet.collectives.placement import Placement
from optinet.traffic import blocks

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


class FileParameters(BaseModel):
    """Traffic from a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: Annotated[str, Field(min_length=1)] = Field(
        description="CSV or npz file; a relative path starts at the scenario's own folder"
    )
    sha256: str | None = Field(default=None, description="hash of the content, filled in; it is checked where given")


class TraceParameters(FileParameters):
    """Chakra execution traces, one file for every rank."""

    retired: ClassVar[Mapping[str, str]] = {
        "startup_us": "how long transfers take to start comes from the design, as the network's latency and step_us of "
        "the role collectives"
    }

    path: Annotated[str, Field(pattern=r"\*")] = Field(
        description="Chakra traces, * standing for the rank; a relative path starts at the scenario's own folder"
    )
    algorithm: algorithms.Name = Field(default="best", description="how collectives are done, the best by default")
    tflops: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="rate of nodes that tell their operations; the recorded times by default"
    )
