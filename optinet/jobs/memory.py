# SPDX-License-Identifier: Apache-2.0
"""What an endpoint holds in its memory while it trains, and what would fit where that is too much.

Weights, gradients and optimizer states as S. Rajbhandari et al., "ZeRO", arXiv 1910.02054: stage 1 shards the
optimizer over the replicas of a weight, stage 2 the gradients too, stage 3 the weights too. Activations as
V. Korthikanti et al., arXiv 2205.05198: a pipeline that alternates forward and backward passes holds as many
microbatches on its first stage as it has stages, and with v parts of the model on each endpoint 1 + (p - 1) / (p v)
times that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from optinet.jobs.parallelism import Placement
from optinet.jobs.transformer import Transformer

Recompute: TypeAlias = Literal["selective", "full"]


_Bytes = Annotated[float, Field(gt=0, le=64, allow_inf_nan=False)]


class Precision(BaseModel):
    """Bytes of a number, as it is kept and sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: _Bytes = Field(default=2.0, description="of a weight")
    activation: _Bytes = Field(default=2.0, description="of an activation, and of a number in the cache")
    gradient: _Bytes = Field(default=4.0, description="of a gradient")
    optimizer: _Bytes = Field(default=12.0, description="of all states of a parameter, its master copy inside")
    dispatch: _Bytes = Field(default=2.0, description="of an activation on its way to an expert")


@dataclass(frozen=True)
class Memory:
    """What the fullest endpoint holds, GB (1e9 bytes)."""

    weights_gb: float
    gradients_gb: float
    optimizer_gb: float
    activations_gb: float

    @property
    def total_gb(self) -> float:
        """All of it."""
        return self.weights_gb + self.gradients_gb + self.optimizer_gb + self.activations_gb


@dataclass(frozen=True)
class Held:
    """Parameters on the endpoint that holds most.

    Parameters
    ----------
    shared
        Those outside routed experts.
    routed
        Those of routed experts.
    """

    shared: float
    routed: float


def held(model: Transformer, tp: int, pp: int, ep: int) -> Held:
    """Return the parameters that an endpoint of the fullest stage holds before any sharding over replicas."""
    stage = model.stage_layers(pp) / model.layers
    ends = 1 if model.tied_embedding or pp > 1 else 2  # embedding and head are on the first and the last stage
    shared = (model.layer_parameters * stage + ends * model.embedding_parameters) / tp
    return Held(shared, model.routed_parameters * stage / ep)


def training_memory(
    model: Transformer,
    placed: Placement,
    precision: Precision,
    tokens: float,
    zero: int,
    recompute: Recompute,
    virtual_stages: int = 1,
    microbatches: int = 1,
) -> Memory:
    """Return what the fullest endpoint holds.

    Parameters
    ----------
    tokens
        Tokens of a microbatch, all of its sequences and parts together.
    zero
        Stage 0 to 3.
    recompute
        "selective": scores of attention alone are computed again; "full": everything but the input of each layer.
    virtual_stages
        Parts of the model on each endpoint of an interleaved pipeline.
    microbatches
        Of a step and a replica: no more are in flight.
    """
    own = held(model, placed.tp, placed.pp, placed.ep)
    shards = (placed.shared_replicas, placed.expert_replicas)

    def gb(size: float, first_sharded: int) -> float:
        by = shards if zero >= first_sharded else (1, 1)
        return (own.shared / by[0] + own.routed / by[1]) * size / 1e9

    layers = model.stage_layers(placed.pp)
    in_flight = min(
        placed.pp * (1 + (placed.pp - 1) / (placed.pp * virtual_stages) * (virtual_stages > 1)), microbatches
    )
    local = tokens / (placed.tp * placed.cp)
    kept = model.hidden if recompute == "full" else model.activation_width
    # what is computed again is held for one layer at a time
    numbers = local * (layers * in_flight * kept + (model.activation_width if recompute == "full" else 0.0))
    return Memory(
        gb(precision.weight, 3),
        gb(precision.gradient, 2),
        gb(precision.optimizer, 1),
        numbers * precision.activation / 1e9,
    )


def fitting(total_gb: Iterator[tuple[str, float]], limit_gb: float, most: int = 3) -> str:
    """Return the first changes after which a job fits, such as "pp = 8 (61 GB)"."""
    found = []
    for change, needed_gb in total_gb:
        if needed_gb <= limit_gb:
            found.append(f"{change} ({needed_gb:.3g} GB)")
        if len(found) == most:
            break
    return " or ".join(found)
