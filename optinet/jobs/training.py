# SPDX-License-Identifier: Apache-2.0
"""A step of training: its microbatches, its operations and whether it fits."""

from __future__ import annotations

from collections.abc import Iterator

from optinet.errors import DemandError, Problem
from optinet.jobs.exchanges import training_exchanges
from optinet.jobs.memory import Memory, fitting, held, training_memory
from optinet.jobs.parallelism import Placement
from optinet.jobs.parameters import TrainingParameters
from optinet.jobs.phase import Phase, SolvedJob
from optinet.jobs.transformer import Transformer


def training_job(
    name: str, model: Transformer, placed: Placement, p: TrainingParameters, memory_gb: float = float("inf")
) -> SolvedJob:
    """Return a step of training, its exchanges not solved yet.

    Parameters
    ----------
    name, model
        What is trained.
    placed
        Where.
    p
        Batch, precision and the rest.
    memory_gb
        What an endpoint has for it.

    Raises
    ------
    DemandError
        If the batch does not divide, the stages do not hold a layer for each of their parts, or the job does not fit
        in memory; with what would.
    """
    _check_batch(model, placed, p)
    microbatches = p.global_batch // (placed.dp * p.micro_batch)
    tokens = float(p.micro_batch * p.sequence)
    memory = _memory(model, placed, p)
    if memory.total_gb > memory_gb:
        raise DemandError(_too_large(memory, memory_gb, model, placed, p))
    model_flop = model.training_flop(p.sequence)
    again = model.forward_flop(p.sequence / 2) if p.recompute == "full" else model.attention_flop(p.sequence / 2)
    stage = model.stage_layers(placed.pp) / model.layers
    tflop = (model_flop + again) * tokens * stage / (placed.tp * placed.cp) / 1e12
    exchanges = training_exchanges(
        model,
        placed,
        p.precision,
        tokens,
        held(model, placed.tp, placed.pp, placed.ep),
        p.zero,
        p.recompute,
        p.virtual_stages,
    )
    weights_flop = 3.0 * model.forward_flop(0)
    step = Phase(
        name="step",
        count=1,
        microbatches=microbatches,
        fill=(placed.pp - 1) / p.virtual_stages,
        tokens=float(p.global_batch * p.sequence),
        tflop=tflop,
        routed_fraction=model.routed_fraction * weights_flop / model_flop,
        memory_gb=0.0,
        exchanges=tuple(exchanges),
    )
    return SolvedJob(
        kind="training",
        model=name,
        n_endpoints=placed.n_endpoints,
        stages=placed.pp,
        replicas=placed.dp,
        batch=p.global_batch,
        tokens=step.tokens,
        model_tflop=model_flop / 1e12,
        compute=p.compute,
        phases=(step,),
        memory=memory,
    )


def _check_batch(model: Transformer, placed: Placement, p: TrainingParameters) -> None:
    problems = []
    whole = placed.dp * p.micro_batch
    if p.global_batch % whole:
        below = p.global_batch // whole * whole
        allowed = " or ".join(str(n) for n in (below, below + whole) if n)
        found = f"{p.global_batch} sequences are not whole microbatches: dp {placed.dp} x micro_batch {p.micro_batch}"
        problems.append(Problem("workload.global_batch", found, allowed))
    if p.sequence % (placed.cp * placed.tp):
        found = f"{p.sequence} tokens are not divided by cp {placed.cp} x tp {placed.tp}"
        problems.append(Problem("workload.sequence", found, f"a multiple of {placed.cp * placed.tp}"))
    if p.virtual_stages > 1 and placed.pp == 1:
        problems.append(Problem("workload.virtual_stages", f"{p.virtual_stages} without a pipeline", "1"))
    elif placed.pp * p.virtual_stages > model.layers:
        found = f"{placed.pp} stages x {p.virtual_stages} parts for {model.layers} layers"
        problems.append(Problem("workload.virtual_stages", found, f"1 to {model.layers // placed.pp}"))
    if problems:
        raise DemandError(problems)


def _memory(model: Transformer, placed: Placement, p: TrainingParameters) -> Memory:
    microbatches = p.global_batch // (placed.dp * p.micro_batch)
    tokens = float(p.micro_batch * p.sequence)
    return training_memory(model, placed, p.precision, tokens, p.zero, p.recompute, p.virtual_stages, microbatches)


def _too_large(
    memory: Memory, limit_gb: float, model: Transformer, placed: Placement, p: TrainingParameters
) -> Problem:
    parts = (
        f"weights {memory.weights_gb:.3g}, gradients {memory.gradients_gb:.3g}, optimizer {memory.optimizer_gb:.3g}, "
        f"activations {memory.activations_gb:.3g}"
    )
    found = f"{memory.total_gb:.3g} GB an endpoint ({parts}) where {limit_gb:.3g} GB are free for it"
    fits = fitting(_smaller(model, placed, p), limit_gb)
    return Problem("workload", found, fits or "more endpoints, or accelerators with more memory")


def _smaller(model: Transformer, placed: Placement, p: TrainingParameters) -> Iterator[tuple[str, float]]:
    """Yield what could be changed and the memory it would then take, the least change first."""
    for zero in range(p.zero + 1, 4):
        yield f"zero = {zero}", _memory(model, placed, p.model_copy(update={"zero": zero})).total_gb
    if p.recompute != "full":
        full = p.model_copy(update={"recompute": "full"})
        yield 'recompute = "full"', _memory(model, placed, full).total_gb
        yield (
            'zero = 3 and recompute = "full"',
            _memory(model, placed, full.model_copy(update={"zero": 3})).total_gb,
        )
    shape = placed.endpoint
    for factor in (2, 4, 8, 16, 32):
        for dimension, at in (("pp", 0), ("tp", 3)):
            wider = list(shape.shape)
            wider[at] *= factor
            # the same endpoints, fewer replicas: only how many there are of each matters here
            if wider[1] % factor or (dimension == "pp" and wider[0] > model.layers) or model.heads % wider[3]:
                continue
            wider[1] //= factor
            if wider[1] * wider[2] * wider[3] % placed.ep:
                continue
            other = Placement(shape.reshape(wider), placed.ep)
            if p.global_batch % (other.dp * p.micro_batch) == 0:
                yield f"{dimension} = {wider[at]} with dp = {wider[1]}", _memory(model, other, p).total_gb
