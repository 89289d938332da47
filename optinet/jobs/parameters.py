# SPDX-License-Identifier: Apache-2.0
"""What a scenario says of jobs: the parameters of the workloads training, serving and jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from optinet.collectives.placement import Placement as EndpointOrder
from optinet.jobs.memory import Precision, Recompute
from optinet.jobs.parallelism import Parallelism
from optinet.jobs.transformer import Transformer

_Count = Annotated[int, Field(ge=1)]


class JobParameters(BaseModel):
    """What training and serving have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str] = ""

    model: str | Transformer = Field(description="a transformer of the catalogue, or a table with its shape")
    parallelism: Parallelism | Literal["best"] = Field(
        default="best", description="into how many parts it is cut, and where they are; searched for if left out"
    )
    candidates: _Count = Field(default=64, description="parallelisms that a search solves at most")
    compute: Literal["bf16", "fp8"] = Field(default="bf16", description="whose peak rate of the accelerator counts")
    scale_up_endpoints: _Count = Field(
        default=1, description="endpoints in a row that the accelerators' own links join besides; 1 for none"
    )


class TrainingParameters(JobParameters):
    """Training a transformer."""

    kind: ClassVar[str] = "training"

    sequence: _Count = Field(default=8192, description="tokens of a sequence")
    global_batch: _Count = Field(description="sequences of a step")
    micro_batch: _Count = Field(default=1, description="sequences of a microbatch")
    virtual_stages: _Count = Field(default=1, description="parts of the model on each endpoint of the pipeline")
    zero: Literal[0, 1, 2, 3] = Field(
        default=1, description="what replicas share out: 1 optimizer, 2 gradients too, 3 weights too, 0 nothing"
    )
    recompute: Recompute = Field(
        default="selective", description="what is computed again: scores of attention alone, or all but layer inputs"
    )
    precision: Precision = Field(default=Precision(), description="bytes of weights, activations, gradients, optimizer")
    circuits: Literal["fixed", "per_part"] = Field(
        default="fixed",
        description="on blocks joined through OCS: as the topology has them, or besides what circuits of their own for "
        "parts of a step gain",
    )


class ServingParameters(JobParameters):
    """Serving a transformer: prompts are read, then answers generated token by token."""

    kind: ClassVar[str] = "serving"

    prompt: _Count = Field(default=2048, description="tokens of a prompt")
    output: _Count = Field(default=512, description="tokens of an answer")
    batch: _Count | None = Field(
        default=None, description="requests each replica answers at a time; as many as memory holds if left out"
    )
    precision: Precision = Field(default=Precision(), description="bytes of weights and activations")


class _Share(BaseModel):
    """Where one of several jobs runs."""

    endpoints: _Count | Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] | None = Field(
        default=None,
        description="how many endpoints it takes, or which; an equal part of the rest if left out",
    )
    slice: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="the slice of a pod it runs on; on a pod of several the next free one if left out"
    )


class TrainingShare(_Share, TrainingParameters):
    """Training as one of several jobs."""

    name: Literal["training"] = Field(description="what the job does")


class ServingShare(_Share, ServingParameters):
    """Serving as one of several jobs."""

    name: Literal["serving"] = Field(description="what the job does")


Share = Annotated[TrainingShare | ServingShare, Field(discriminator="name")]


class SharingParameters(BaseModel):
    """Several jobs on one fabric."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: Annotated[Mapping[str, Share], Field(min_length=1)] = Field(
        description="each job by a name of its own: name = 'training' or 'serving', its endpoints, and its parameters"
    )
    placement: EndpointOrder = Field(
        default="packed",
        description="endpoints of jobs that do not list them: packed one after another, strided in turns, or random "
        "by the seed",
    )
