# SPDX-License-Identifier: Apache-2.0
"""Jobs solved on fabrics: volumes and times by hand on a fabric that blocks nothing, memory by hand, and errors."""

from __future__ import annotations

import numpy as np
import pytest

import topologies
from optinet.catalogue import load_catalogue
from optinet.errors import DemandError
from optinet.jobs.solving import solve_job
from optinet.jobs.transformer import Transformer
from optinet.models.job_on_fabric import transformers

SHAPE = {
    "layers": 12, "hidden": 64, "heads": 16, "kv_heads": 4, "head_width": 4, "ffn": 256, "vocabulary": 1000,
}  # fmt: skip
EXPERTS = SHAPE | {"experts": 8, "experts_per_token": 2, "expert_ffn": 64, "shared_experts": 1, "dense_layers": 2}
CLOS = topologies.build(
    "leaf_spine", leaves=4, spines=4, hosts_per_leaf=4, links_per_pair=1, host_gbps=100, uplink_gbps=100
)
GBIT = 8e-9  # of a byte
PART = 128 * 64 * 2 * GBIT  # activations of a microbatch


def training(**changes):
    job = {"model": SHAPE, "sequence": 128, "global_batch": 8, "parallelism": {"tp": 4, "pp": 2}, **changes}
    return solve_job(CLOS, "training", job)


def by_kind(job, phase="step"):
    return {(x.kind, x.operation, x.members): x for x in job.phase(phase).exchanges}


def test_volumes_of_a_step_are_those_of_the_papers():
    solved = training()
    job, found = solved.job, by_kind(solved.job)
    # six layers of two blocks: forward gather and scatter, backward the same and one more gather
    assert {key: (x.size_gbit, x.count) for key, x in found.items() if x.kind in ("tensor", "pipeline")} == {
        ("tensor", "all_gather", "tensor"): (pytest.approx(PART), 36),
        ("tensor", "reduce_scatter", "tensor"): (pytest.approx(PART), 24),
        ("pipeline", "send", "pipeline"): (pytest.approx(PART / 4), 1),
    }
    attention = 64 * (64 + 2 * 16) + 64 * 64
    own = (6 * (attention + 2 * 64 + 3 * 64 * 256) + 1000 * 64) / 4
    assert found["data", "reduce_scatter", "data"].size_gbit == pytest.approx(own * 4 * GBIT)
    assert found["data", "all_gather", "data"].size_gbit == pytest.approx(own * 2 * GBIT)
    step = job.phase("step")
    assert (step.microbatches, step.fill, job.stages, job.replicas) == (4, 1, 2, 2)
    model = Transformer(**SHAPE)
    # scores of attention are computed again
    flop = 128 * (model.training_flop(128) + model.attention_flop(64)) / 2 / 4
    assert step.tflop == pytest.approx(flop / 1e12)


def test_times_and_traffic_on_a_fabric_that_blocks_nothing():
    solved = training()
    sent = 0.0
    for x in solved.job.phase("step").exchanges:
        p = {"tensor": 4, "data": 2, "pipeline": 1}[x.members]
        share = 1.0 if x.operation == "send" else (p - 1) / p
        assert x.transfer_s == pytest.approx(share * x.size_gbit / 100)
        assert x.bound_s <= x.transfer_s * (1 + 1e-9)
        sent += share * x.size_gbit * x.count * (1 if x.once else 4)
    # each endpoint sends it all, of two stages one way each
    assert solved.traffic.out_gbps == pytest.approx(np.full(16, sent))


@pytest.mark.parametrize(("zero", "operations"), [
    (0, [("all_reduce", 1, True)]),
    (2, [("reduce_scatter", 1, True), ("all_gather", 1, True)]),
    (3, [("reduce_scatter", 1, False), ("all_gather", 2, False)]),
])  # fmt: skip
def test_zero_exchanges_gradients_and_weights_as_often_as_its_stage_needs(zero, operations):
    found = [x for x in training(zero=zero).job.phase("step").exchanges if x.kind == "data"]
    assert [(x.operation, x.count, x.once) for x in found] == operations


def test_memory_is_shared_out_as_zero_says():
    own = (6 * (10240 + 2 * 64 + 3 * 64 * 256) + 1000 * 64) / 4
    for zero, shards in ((0, (1, 1, 1)), (1, (1, 1, 2)), (2, (1, 2, 2)), (3, (2, 2, 2))):
        memory = training(zero=zero).job.memory
        held = (memory.weights_gb, memory.gradients_gb, memory.optimizer_gb)
        assert held == pytest.approx([own * b / s / 1e9 for b, s in zip((2, 4, 12), shards, strict=True)])
        # two microbatches in flight of six layers: 4 h + q, k, v, output + three inner widths
        width = 4 * 64 + 64 + 2 * 16 + 64 + 3 * 256
        assert memory.activations_gb == pytest.approx(128 / 4 * 6 * 2 * width * 2 / 1e9)
    full = training(recompute="full").job
    assert full.memory.activations_gb == pytest.approx(128 / 4 * (6 * 2 * 64 + width) * 2 / 1e9)
    assert by_kind(full)["tensor", "all_gather", "tensor"].count == 48


def test_experts_receive_every_token_as_often_as_it_has_experts():
    solved = training(model=EXPERTS, parallelism={"tp": 2, "pp": 2, "ep": 4}, precision={"dispatch": 1})
    dispatch, combine = [x for x in solved.job.phase("step").exchanges if x.kind == "expert"]
    numbers = 128 / 2 * 2 * 64
    assert (dispatch.size_gbit, combine.size_gbit) == pytest.approx((numbers * GBIT, numbers * 2 * GBIT))
    assert dispatch.count == combine.count == pytest.approx(2 * 6 * 10 / 12)  # ten of twelve layers
    # all to all among four: three quarters leave
    assert dispatch.transfer_s == pytest.approx(0.75 * numbers * GBIT / 100)
    routed = 10 * 8 * 3 * 64 * 64 / 2 / 4
    gradients = by_kind(solved.job)["data", "reduce_scatter", "expert data"]
    assert gradients.size_gbit == pytest.approx(routed * 4 * GBIT)


def test_a_scale_up_domain_takes_the_groups_inside_it_off_the_fabric():
    job = {"model": SHAPE, "sequence": 128, "global_batch": 8, "scale_up_endpoints": 4, "parallelism": {"tp": 4}}
    solved = solve_job(CLOS, "training", job, scale_up_gbps=800.0)
    gather = by_kind(solved.job)["tensor", "all_gather", "tensor"]
    assert (gather.transfer_s, gather.steps, gather.algorithm) == (pytest.approx(0.75 * PART / 800), 3, "scale-up")
    data = [x for x in solved.job.phase("step").exchanges if x.kind == "data"]
    assert solved.traffic.out_gbps == pytest.approx(np.full(16, sum(0.75 * x.size_gbit for x in data)))
    with pytest.raises(DemandError, match="scale_up_gbps"):
        solve_job(CLOS, "training", job)


def test_serving_reads_weights_and_cache_for_every_token():
    job = {"model": SHAPE, "prompt": 96, "output": 64, "batch": 8, "parallelism": {"tp": 4, "pp": 2}}
    solved = solve_job(CLOS, "serving", job).job
    weights = (6 * (10240 + 2 * 64 + 3 * 64 * 256) + 1000 * 64) / 4 * 2
    cache = 160 * 6 * 2 * 4 * 4 / 4 * 2  # of one request: six layers, keys and values of one of four heads, 2 bytes
    assert (solved.memory.weights_gb, solved.cache_gb) == pytest.approx((weights / 1e9, 8 * cache / 1e9))
    decode, prefill = solved.phase("decode"), solved.phase("prefill")
    # two microbatches of four requests, on average 96 + 32 of 160 tokens in the cache
    assert decode.memory_gb == pytest.approx((weights + 4 * cache * 128 / 160) / 1e9)
    assert (decode.microbatches, decode.count, prefill.count) == (2, 64, 8)
    reduce = by_kind(solved, "decode")["tensor", "all_reduce", "tensor"]
    assert (reduce.size_gbit, reduce.count) == (pytest.approx(4 * 64 * 2 * GBIT), 12)
    assert solved.tokens == 2 * 8 * 64
    model = Transformer(**SHAPE)
    assert prefill.tflop == pytest.approx(96 * model.forward_flop(48) / 2 / 4 / 1e12)


def test_requests_fill_the_memory_that_is_left():
    job = {"model": SHAPE, "prompt": 96, "output": 64, "parallelism": {"tp": 4, "pp": 2}}
    weights, cache = 210560 / 1e9, 15360 / 1e9
    solved = solve_job(CLOS, "serving", job, memory_gb=weights + 5.5 * cache).job
    assert solved.memory.weights_gb == pytest.approx(weights)
    assert solved.batch == 4  # five fit, of two stages each has as many


@pytest.mark.parametrize(
    ("name", "changes", "memory_gb", "where", "says"),
    [
        ("training", {"global_batch": 9}, 1, "workload.global_batch", "8 or 10"),
        ("training", {"sequence": 130}, 1, "workload.sequence", "a multiple of 4"),
        ("training", {"virtual_stages": 7}, 1, "workload.virtual_stages", "1 to 6"),
        ("training", {}, 0.002, "workload", "zero = 2 ("),
        ("training", {"zero": 0}, 0.0025, "workload", "zero = 1 ("),
        ("training", {"model": "llama_3_40b"}, 1, "workload.model", "llama_3_405b"),
        ("training", {"micro_bath": 1}, 1, "workload.micro_bath", "micro_batch"),
        ("training", {"model": SHAPE | {"heads": "many"}}, 1, "workload.model.heads", "whole number"),
        ("serving", {"prompt": 96, "batch": 1000}, 0.0004, "workload.batch", "at most"),
        ("serving", {"prompt": 96}, 0.00015, "workload.parallelism", "tp = 8"),
        ("mining", {}, 1, "name", "serving, training"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(name, changes, memory_gb, where, says):
    whole = {"training": {"sequence": 128, "global_batch": 8}, "serving": {"output": 64}}.get(name, {})
    job = {"model": SHAPE, "parallelism": {"tp": 4, "pp": 2}, **whole, **changes}
    with pytest.raises(DemandError) as caught:
        solve_job(CLOS, name, job, memory_gb=memory_gb, models=transformers(load_catalogue()))
    assert [each.where for each in caught.value.problems] == [where]
    assert says in str(caught.value)
