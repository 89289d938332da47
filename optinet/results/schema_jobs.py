# SPDX-License-Identifier: Apache-2.0
"""Groups of a run file: one job on the fabric, or several."""

from __future__ import annotations

from dataclasses import replace

from optinet.results.column import Column, flag, real, text, whole

GROUPS: dict[str, dict[str, Column]] = {
    "job": {
        "kind": text("'training' or 'serving'"),
        "model": text("what is trained or served"),
        "compute": text("number format whose peak rate counts"),
        "routing": text("routing its exchanges were timed with"),
        "parallelism": text("into how many parts it is cut and where they are, as a scenario says it, as JSON"),
        "n_endpoints": whole("endpoints of the job"),
        "stages": whole("pipeline stages"),
        "replicas": whole("replicas of what is outside routed experts"),
        "batch": real("sequences of a step, or requests that each replica answers at a time"),
        "tokens": real("tokens of a cycle: a step, or a batch of requests"),
        "model_tflop": real("operations that the model needs for one of these tokens"),
        "weights_gb": real("weights on the fullest endpoint"),
        "gradients_gb": real("gradients on it"),
        "optimizer_gb": real("states of the optimizer on it"),
        "activations_gb": real("activations on it, or its cache"),
        "cache_gb": real("cache of keys and values on it"),
        "overlaps": flag("whether exchanges run behind computing, as the assumptions say"),
        "cycle_s": real("time of a cycle that the rates of the demand follow from"),
    },
    "job_phases": {
        "name": text("what is done", "name"),
        "count": real("how often in a cycle", "name"),
        "microbatches": real("microbatches of one phase", "name"),
        "fill": real("microbatches' worth of time in which the pipeline fills", "name"),
        "tokens": real("tokens of one phase", "name"),
        "tflop": real("operations of an endpoint of the fullest stage in a microbatch", "name"),
        "routed_fraction": real("share of them in routed experts", "name"),
        "memory_gb": real("read from memory in a microbatch", "name"),
        "micro_s": real("time of a microbatch on one stage", "name"),
        "compute_s": real("time of a phase spent computing, or reading memory", "name"),
        "exposed_s": real("time of a phase spent waiting for the network", "name"),
        "bubble_s": real("time of a phase in which the pipeline fills", "name"),
        "exchange_s": real("time of all exchanges of a phase, hidden ones inside", "name"),
    },
    "job_exchanges": {
        "phase": text("phase it belongs to", "exchange"),
        "kind": text("dimension of parallelism it is for", "exchange"),
        "operation": text("collective, or 'send'", "exchange"),
        "members": text("kind of group that exchanges", "exchange"),
        "size_gbit": real("size as the operation counts it", "exchange"),
        "count": real("how often in a microbatch, or at the end", "exchange"),
        "once": flag("whether at the end of a phase and not in every microbatch", "exchange"),
        "transfer_s": real("time of its bits on the busiest arc", "exchange"),
        "steps": whole("steps one after another", "exchange"),
        "bound_s": real("least time that any algorithm needs for the bits", "exchange"),
        "algorithm": text("how it is done", "exchange"),
    },
}


def _of_several(group: str, dim: str) -> dict[str, Column]:
    """Return the columns of a group of one job as those of several."""
    return {name: replace(column, dims=(dim,)) for name, column in GROUPS[group].items()}


GROUPS |= {
    "jobs": {
        "name": text("job, as the scenario calls it", "name"),
        **_of_several("job", "name"),
        "cycle_s": real("time of a cycle beside the other jobs", "name"),
        "mean_cycle_s": real("the same with a way of 1 us through the network, by which its rates go", "name"),
        "held_by": text("link class on which it loses most time to other jobs; empty if it loses none", "name"),
        "alone_s": real("time of a cycle with the fabric for itself", "name"),
        "worst_s": real("time of a cycle if it always met the exchanges of others that slow it most", "name"),
        "slowdown_ratio": real("cycle_s over alone_s", "name"),
        "worst_slowdown_ratio": real("worst_s over alone_s", "name"),
        "exposed_fraction": real("share of a cycle that waits for the network", "name"),
        "tokens_per_s": real("tokens beside the other jobs, while steps count", "name"),
        "j_per_token": real("energy from the grid, lost work inside", "name"),
        "usd_per_million_tokens": real("prices over the service life and electricity, lost work inside", "name"),
    },
    "jobs_phases": {"job": text("job it belongs to", "phase"), **_of_several("job_phases", "phase")},
    "jobs_exchanges": {
        "job": text("job it belongs to", "exchange"),
        **_of_several("job_exchanges", "exchange"),
        "stretch_ratio": real("time of its bits beside the other jobs over that alone, mean", "exchange"),
        "worst_stretch_ratio": real("the same always meeting what slows it most", "exchange"),
    },
}
