# SPDX-License-Identifier: Apache-2.0
"""What a job does over and over, and what of it is known once it is solved on a fabric.

A job is a cycle of phases (one training step; or the prompts and the tokens of a batch of requests). A phase is a
number of equal microbatches on every pipeline stage, and what happens once at its end. Solved means that every
exchange has its time on the fabric. Seconds of computing are not here: they need an accelerator and assumptions with
ranges, see `optinet.models.job`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from optinet.jobs.memory import Memory
from optinet.jobs.parallelism import Parallelism


@dataclass(frozen=True)
class Exchange:
    """Something sent inside all groups of one kind at the same time.

    Parameters
    ----------
    kind
        "tensor", "context", "pipeline", "expert" or "data": what it is for, and by which assumption it overlaps.
    operation
        A collective of `optinet.collective_time`, or "send" to the next stage and back.
    members
        Kind of group, see `Placement.groups`.
    size_gbit
        Size as the operation counts it; of a "send" what each endpoint sends each way.
    count
        How often in a microbatch, or at the end of a phase.
    once
        Whether it happens once in a phase and not in every microbatch.
    transfer_s, steps
        Time that the bits of one take on the busiest arc, and its steps one after another, each with a start-up time
        of its own; NaN and 0 until solved.
    bound_s
        The least time that any algorithm needs for the bits.
    algorithm
        How it was done.
    """

    kind: str
    operation: str
    members: str
    size_gbit: float
    count: float
    once: bool = False
    transfer_s: float = float("nan")
    steps: int = 0
    bound_s: float = float("nan")
    algorithm: str = ""


@dataclass(frozen=True)
class Phase:
    """Equal microbatches on every stage of the pipeline.

    Parameters
    ----------
    name
        "step", "prefill" or "decode".
    count
        How often in a cycle.
    microbatches
        Of one phase.
    fill
        Microbatches' worth of time in which the pipeline fills and drains.
    tokens
        Of one phase, over all replicas.
    tflop
        Operations (1e12) of an endpoint of the fullest stage in a microbatch, what is computed again inside.
    routed_fraction
        Share of these operations in routed experts.
    memory_gb
        Read from memory by an endpoint in a microbatch where that may take longer than computing; else 0.
    exchanges
        Of a microbatch, and at the end.
    """

    name: str
    count: float
    microbatches: float
    fill: float
    tokens: float
    tflop: float
    routed_fraction: float
    memory_gb: float
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class SolvedJob:
    """A job on a fabric, every exchange timed.

    Parameters
    ----------
    kind
        "training" or "serving".
    model
        Name of the model.
    n_endpoints, stages, replicas
        Endpoints of the job, pipeline stages, and replicas of what is outside the experts.
    batch
        Sequences of a step; or requests that each replica has in flight.
    tokens
        Of a cycle: trained, or generated.
    model_tflop
        Operations (1e12) that the model needs for a token of these, nothing computed again.
    compute
        "bf16" or "fp8": which peak rate counts.
    phases
        Of a cycle.
    parallelism
        Into how many parts it is cut, and where they are.
    memory
        What the fullest endpoint holds.
    cache_gb
        The cache of keys and values on an endpoint; 0 in training. Counted in `memory` as activations.
    overlaps
        Whether exchanges run while others compute, as the assumptions say; else nothing is hidden.
    routing
        How traffic is routed.
    """

    kind: str
    model: str
    n_endpoints: int
    stages: int
    replicas: int
    batch: float
    tokens: float
    model_tflop: float
    compute: str
    phases: tuple[Phase, ...]
    memory: Memory
    parallelism: Parallelism = field(default_factory=Parallelism)
    cache_gb: float = 0.0
    overlaps: bool = True
    routing: str = ""

    def phase(self, name: str) -> Phase:
        """Return a phase by its name; KeyError if there is none."""
        return {phase.name: phase for phase in self.phases}[name]
