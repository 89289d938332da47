# SPDX-License-Identifier: Apache-2.0
"""What is sent between whom in a microbatch and in a step of training, and in a pass of serving.

Sources, by kind:

- tensor: V. Korthikanti et al., arXiv 2205.05198. With sequence parallelism every block (attention, feed-forward)
  gathers its input and scatters its output; backward the same in mirror image, and the input is gathered once more. The
  volume of a gather and a scatter is that of one all-reduce (M. Shoeybi et al., Megatron-LM, arXiv 1909.08053).
- context: H. Liu et al., Ring Attention, arXiv 2310.01889; Llama 3, arXiv 2407.21783, section 3.3.2: keys and values
  are gathered forward, gathered again backward, and their gradients scattered.
- pipeline: D. Narayanan et al., arXiv 2104.04473: activations to the next stage and gradients back, each tensor rank
  its own part, once for every part of the model on an endpoint.
- expert: D. Lepikhin et al., GShard, arXiv 2006.16668: every token goes to its experts and back, forward and backward.
- data: S. Rajbhandari et al., ZeRO, arXiv 1910.02054: gradients are reduced once a step (all-reduce in stage 0, else
  reduce-scatter) and weights gathered (once a step in stages 1 and 2, forward and backward of every microbatch in stage
  3, which then also scatters the gradients of every microbatch).

Embedding, output head and the loss exchange little beside the layers and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from optinet.jobs.memory import Held, Precision, Recompute
from optinet.jobs.parallelism import Placement
from optinet.jobs.phase import Exchange
from optinet.jobs.transformer import Transformer

_GBIT = 8e-9  # of a byte


def training_exchanges(
    model: Transformer,
    placed: Placement,
    precision: Precision,
    tokens: float,
    own: Held,
    zero: int,
    recompute: Recompute,
    virtual_stages: int,
) -> Iterator[Exchange]:
    """Yield the exchanges of a microbatch and of a step of training.

    Parameters
    ----------
    model, placed, precision
        What is trained, where, and in how many bytes.
    tokens
        Tokens of a microbatch, all parts of its sequences together.
    own
        Parameters that an endpoint of the fullest stage holds.
    zero, recompute, virtual_stages
        As in `optinet.jobs.memory.training_memory`.
    """
    again = 1 if recompute == "full" else 0
    layers = model.stage_layers(placed.pp)
    part_gbit = tokens / placed.cp * model.hidden * precision.activation * _GBIT
    if placed.tp > 1:
        blocks = _tensor_blocks(model, layers)
        yield Exchange("tensor", "all_gather", "tensor", part_gbit, (3 + again) * blocks)
        yield Exchange("tensor", "reduce_scatter", "tensor", part_gbit, (2 + again) * blocks)
    if placed.cp > 1:
        cache_gbit = _cache_gbit(model, placed.tp, tokens, precision)
        yield Exchange("context", "all_gather", "context", cache_gbit, (2 + again) * layers)
        yield Exchange("context", "reduce_scatter", "context", cache_gbit, layers)
    if placed.ep > 1:
        yield from _expert(model, placed, precision, tokens, layers, 2 + again, 2 + again)
    if placed.pp > 1:
        yield Exchange("pipeline", "send", "pipeline", part_gbit / placed.tp, virtual_stages)
    for members, replicas, parameters in (
        ("data", placed.shared_replicas, own.shared),
        ("expert data", placed.expert_replicas, own.routed),
    ):
        if replicas > 1 and parameters:
            yield from _data(members, parameters, precision, zero)


def serving_exchanges(model: Transformer, placed: Placement, precision: Precision, tokens: float) -> Iterator[Exchange]:
    """Yield the exchanges of one forward pass of a microbatch, of `tokens` tokens in each replica."""
    layers = model.stage_layers(placed.pp)
    part_gbit = tokens * model.hidden * precision.activation * _GBIT
    if placed.tp > 1:
        yield Exchange("tensor", "all_reduce", "tensor", part_gbit, _tensor_blocks(model, layers))
    if placed.ep > 1:
        yield from _expert(model, placed, precision, tokens, layers, 1, 1)
    if placed.pp > 1:
        yield Exchange("pipeline", "send", "pipeline", part_gbit / placed.tp, 1)


def _tensor_blocks(model: Transformer, layers: int) -> float:
    """Return how many blocks of a stage are split over tensor ranks; routed experts are not."""
    split = model.layers if model.shared_experts or not model.is_mixture else model.layers - model.mixture_layers
    return layers * (1.0 + split / model.layers)


def _cache_gbit(model: Transformer, tp: int, tokens: float, precision: Precision) -> float:
    """Return the keys and values of some tokens in a layer that a tensor rank holds; a latent is held by all."""
    share = 1.0 if model.kv_rank else max(1.0 / tp, 1.0 / model.kv_heads)
    return tokens * model.cache_width * share * precision.activation * _GBIT


def _expert(
    model: Transformer,
    placed: Placement,
    precision: Precision,
    tokens: float,
    layers: int,
    dispatches: int,
    combines: int,
) -> Iterator[Exchange]:
    """Yield the way to the experts and back; a rank sends each of its tokens to every expert that the token passes."""
    mixture = layers * model.mixture_layers / model.layers
    numbers = tokens / (placed.cp * placed.tp) * model.experts_per_token * model.hidden
    yield Exchange("expert", "all_to_all", "expert", numbers * precision.dispatch * _GBIT, dispatches * mixture)
    yield Exchange("expert", "all_to_all", "expert", numbers * precision.activation * _GBIT, combines * mixture)


def _data(members: str, parameters: float, precision: Precision, zero: int) -> Iterator[Exchange]:
    gradient_gbit = parameters * precision.gradient * _GBIT
    weight_gbit = parameters * precision.weight * _GBIT
    if zero == 0:
        yield Exchange("data", "all_reduce", members, gradient_gbit, 1, once=True)
        return
    every = zero == 3
    yield Exchange("data", "reduce_scatter", members, gradient_gbit, 1, once=not every)
    yield Exchange("data", "all_gather", members, weight_gbit, 2 if every else 1, once=not every)
