# SPDX-License-Identifier: Apache-2.0
"""Serving: prompts are read in one pass each (prefill), then answers generated token by token (decode).

A replica keeps a batch of requests. Reading a prompt is limited by operations; a token of the whole batch by reading
weights and cache from memory, because every weight is read for few tokens (R. Pope et al., "Efficiently Scaling
Transformer Inference", arXiv 2211.05102). With pipeline stages the batch is divided so that all of them work. Nothing
of the exchanges is hidden. Endpoints take turns between prompts and answers; prompts are not cut into chunks.
"""

from __future__ import annotations

from collections.abc import Iterator

from optinet.errors import DemandError, Problem
from optinet.jobs.exchanges import serving_exchanges
from optinet.jobs.memory import Memory, fitting, held
from optinet.jobs.parallelism import Placement
from optinet.jobs.parameters import ServingParameters
from optinet.jobs.phase import Phase, SolvedJob
from optinet.jobs.transformer import Transformer


def serving_job(
    name: str, model: Transformer, placed: Placement, p: ServingParameters, memory_gb: float = float("inf")
) -> SolvedJob:
    """Return a batch of requests in every replica, its exchanges not solved yet.

    Parameters
    ----------
    name, model
        What is served.
    placed
        Where.
    p
        Prompts, answers and the rest.
    memory_gb
        What an endpoint has for it.

    Raises
    ------
    DemandError
        If the weights or the cache do not fit in memory, with what would.
    """
    _check(placed, p, memory_gb)
    request_gb = _request_gb(model, placed, p)
    weights_gb = _weights_gb(model, placed.tp, placed.pp, placed.ep, p)
    most = _most_requests(memory_gb - weights_gb, request_gb, p)
    if most < (p.batch or 1):
        raise DemandError(_too_large(weights_gb, request_gb, most, memory_gb, model, placed, p))
    batch = p.batch if p.batch is not None else max(most // placed.pp, 1) * placed.pp if most >= placed.pp else most
    cache_gb = request_gb * batch
    phases = (_prefill(model, placed, p, batch), _decode(model, placed, p, batch, cache_gb))
    return SolvedJob(
        kind="serving",
        model=name,
        n_endpoints=placed.n_endpoints,
        stages=placed.pp,
        replicas=placed.dp,
        batch=batch,
        tokens=float(placed.dp * batch * p.output),
        model_tflop=(
            model.forward_flop(p.prompt + p.output / 2) + model.forward_flop(p.prompt / 2) * p.prompt / p.output
        )
        / 1e12,
        compute=p.compute,
        phases=phases,
        memory=Memory(weights_gb, 0.0, 0.0, cache_gb),
        cache_gb=cache_gb,
        overlaps=False,
    )


def _check(placed: Placement, p: ServingParameters, memory_gb: float) -> None:
    problems = []
    if placed.cp > 1:
        problems.append(Problem("workload.parallelism.cp", f"{placed.cp}: a prompt is read whole", "1"))
    if p.batch is None and memory_gb == float("inf"):
        problems.append(Problem("workload.batch", "is left out and the memory is not known", "requests of a replica"))
    if problems:
        raise DemandError(problems)


def _most_requests(free_gb: float, request_gb: float, p: ServingParameters) -> int:
    if free_gb == float("inf"):
        return p.batch or 0
    return int(free_gb / request_gb) if free_gb > 0 else 0


def _prefill(model: Transformer, placed: Placement, p: ServingParameters, batch: int) -> Phase:
    tokens = float(p.prompt)
    return Phase(
        name="prefill",
        count=batch,
        microbatches=1,
        fill=0.0,
        tokens=tokens * placed.dp,
        tflop=_tflop(model, placed, tokens, p.prompt / 2),
        routed_fraction=model.routed_fraction * model.forward_flop(0) / model.forward_flop(p.prompt / 2),
        memory_gb=0.0,
        exchanges=tuple(serving_exchanges(model, placed, p.precision, tokens)),
    )


def _decode(model: Transformer, placed: Placement, p: ServingParameters, batch: int, cache_gb: float) -> Phase:
    microbatches = min(placed.pp, batch)
    tokens, context = batch / microbatches, p.prompt + p.output / 2
    own = held(model, placed.tp, placed.pp, placed.ep)
    routed_gb = own.routed * p.precision.weight / 1e9
    if model.is_mixture:
        # experts that no token of the group goes to are not read; tokens choose evenly and independently
        group_tokens = tokens * max(placed.ep / placed.tp, 1.0)
        untouched = (1.0 - model.experts_per_token / model.experts) ** group_tokens
        routed_gb *= 1.0 - untouched
    shared_gb = own.shared * p.precision.weight / 1e9
    read_gb = shared_gb + routed_gb + cache_gb / microbatches * context / (p.prompt + p.output)
    return Phase(
        name="decode",
        count=p.output,
        # a stage that has no microbatch of its own waits for the one there is
        microbatches=placed.pp,
        fill=0.0,
        tokens=float(batch * placed.dp),
        tflop=_tflop(model, placed, tokens, context),
        routed_fraction=model.routed_fraction * model.forward_flop(0) / model.forward_flop(context),
        memory_gb=read_gb,
        exchanges=tuple(serving_exchanges(model, placed, p.precision, tokens)),
    )


def _tflop(model: Transformer, placed: Placement, tokens: float, context: float) -> float:
    stage = model.stage_layers(placed.pp) / model.layers
    return model.forward_flop(context) * tokens * stage / placed.tp / 1e12


def _weights_gb(model: Transformer, tp: int, pp: int, ep: int, p: ServingParameters) -> float:
    own = held(model, tp, pp, ep)
    return (own.shared + own.routed) * p.precision.weight / 1e9


def _request_gb(model: Transformer, placed: Placement, p: ServingParameters) -> float:
    """Return the cache of a whole request on an endpoint; heads are shared out over tensor ranks, a latent is not."""
    share = 1.0 if model.kv_rank else max(1.0 / placed.tp, 1.0 / model.kv_heads)
    layers = model.stage_layers(placed.pp)
    numbers = (p.prompt + p.output) * layers * model.cache_width * share
    return numbers * p.precision.activation / 1e9


def _too_large(
    weights_gb: float,
    request_gb: float,
    most: int,
    limit_gb: float,
    model: Transformer,
    placed: Placement,
    p: ServingParameters,
) -> Problem:
    if most:
        found = f"{p.batch} requests take {p.batch or 0:,} x {request_gb:.2g} GB beside {weights_gb:.3g} GB of weights"
        return Problem("workload.batch", f"{found}, {limit_gb:.3g} GB are free", f"at most {most}")
    found = f"{weights_gb:.3g} GB of weights and {request_gb:.2g} GB of cache an endpoint, {limit_gb:.3g} GB are free"
    fits = fitting(_smaller(model, placed, p), limit_gb)
    return Problem("workload.parallelism", found, fits or "accelerators with more memory, or fewer bytes a weight")


def _smaller(model: Transformer, placed: Placement, p: ServingParameters) -> Iterator[tuple[str, float]]:
    for factor in (2, 4, 8, 16, 32, 64):
        for name, tp, pp, ep in (
            ("tp", placed.tp * factor, placed.pp, placed.ep),
            ("pp", placed.tp, placed.pp * factor, placed.ep),
            ("ep", placed.tp, placed.pp, placed.ep * factor),
        ):
            fits = tp * pp <= placed.n_endpoints and model.heads % tp == 0 and pp <= model.layers
            if not fits or (name == "ep" and (not model.is_mixture or model.experts % ep)):
                continue
            cut = Placement(placed.endpoint.reshape(-1)[: tp * pp].reshape(pp, 1, 1, tp), 1)
            wanted = {"tp": tp, "pp": pp, "ep": ep}[name]
            yield f"{name} = {wanted}", _weights_gb(model, tp, pp, ep, p) + _request_gb(model, cut, p)
