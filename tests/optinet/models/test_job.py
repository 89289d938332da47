# SPDX-License-Identifier: Apache-2.0
"""Time, energy and money of a token, worked out by hand for one step on round numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import CatalogueError
from optinet.jobs.memory import Memory
from optinet.jobs.phase import Exchange, Phase, SolvedJob
from optinet.models.job import accelerator_of, job_report, memory_for_job_gb, phase_time

ROUND = {
    "b300.bf16_tflops": 2000.0, "b300.tdp_w": 1000.0, "b300.price_usd": 30000.0, "b300.hbm_gb": 200.0,
    "b300.hbm_tbps": 60.0, "job_practice.efficiency_fraction": 0.5, "job_practice.memory_efficiency_fraction": 0.8,
    "job_practice.tensor_overlap_fraction": 0.5, "job_practice.data_overlap_fraction": 1.0,
    "job_practice.expert_overlap_fraction": 0.0, "job_practice.expert_imbalance_ratio": 1.5,
    "collective_library.step_us": 4.0, "job_practice.goodput_fraction": 0.8, "job_practice.busy_power_fraction": 0.9,
    "job_practice.waiting_power_fraction": 0.5, "job_practice.host_w": 200.0, "job_practice.host_price_usd": 10000.0,
    "service_life.life_years": 5.0, "electricity.price_usd_per_kwh": 0.1, "ups.efficiency_fraction": 1.0,
    "liquid.overhead_fraction": 0.0, "air.overhead_fraction": 0.0,
}  # fmt: skip
CATALOGUE = load_catalogue().with_values(ROUND)
DESIGN = Design.from_roles({"accelerator": "b300"}, CATALOGUE)
TENSOR = Exchange("tensor", "all_gather", "tensor", 1.0, 10, transfer_s=0.0099, steps=10)  # 0.01 s with start-up
EXPERT = Exchange("expert", "all_to_all", "expert", 1.0, 2, transfer_s=0.02, steps=0)
DATA = Exchange("data", "reduce_scatter", "data", 1.0, 1, once=True, transfer_s=2.0, steps=0)


def step(*exchanges, **changes):
    phase = Phase(
        name="step", count=1, microbatches=8, fill=2, tokens=1e6, tflop=1000.0, routed_fraction=0.0, memory_gb=0.0,
        exchanges=exchanges,
    )  # fmt: skip
    return dataclasses.replace(phase, **changes)


def job(*phases, **changes):
    solved = SolvedJob(
        kind="training", model="m", n_endpoints=10, stages=3, replicas=1, batch=1, tokens=1e6, model_tflop=0.05,
        compute="bf16", phases=phases, memory=Memory(1.0, 2.0, 3.0, 4.0),
    )  # fmt: skip
    return dataclasses.replace(solved, **changes)


def timed(phase, catalogue=CATALOGUE, **changes):
    return phase_time(phase, job(phase, **changes), 6e-6, DESIGN, catalogue)


def test_half_of_tensor_exchanges_is_exposed_and_the_pipeline_fills():
    found = timed(step(TENSOR))
    # 1,000 TFLOP at half of 2,000 TFLOPS; ten exchanges of 10 ms, half of them behind that
    assert found.micro_s == pytest.approx(1.05)
    assert (found.compute_s, found.exposed_s, found.bubble_s) == pytest.approx((8.0, 0.4, 2.1))
    assert found.total_s == pytest.approx((8 + 2) * 1.05)
    assert found.exchange_s == pytest.approx(0.8)


def test_nothing_hides_longer_than_computing_takes():
    # gradients could hide their 2 s whole and have the second of one microbatch to do so
    assert timed(step(DATA)).exposed_s == pytest.approx(1.0)
    assert timed(step(DATA), overlaps=False).exposed_s == pytest.approx(2.0)


def test_the_busiest_expert_stretches_its_exchanges_and_its_share_of_computing():
    found = timed(step(EXPERT, routed_fraction=0.4))
    assert found.micro_s == pytest.approx(1.0 * (1 + 0.4 * 0.5) + 2 * 0.02 * 1.5)


def test_reading_memory_takes_over_where_it_is_slower():
    # 600 GB at 80 % of 60 Tb/s
    assert timed(step(memory_gb=600.0)).micro_s == pytest.approx(1.0)
    assert timed(step(memory_gb=12000.0)).micro_s == pytest.approx(2.0)


def test_energy_and_money_of_a_step():
    solved = job(step(TENSOR))
    report = job_report(solved, 40, 6e-6, 8000.0, 400_000.0, DESIGN, CATALOGUE)
    assert report.cycle_s == pytest.approx(10.5)
    assert report.tokens_per_s == pytest.approx(1e6 / 10.5)
    assert report.mfu_fraction == pytest.approx(0.05 * 1e6 / (10.5 * 20_000))
    # ten of forty endpoints, and a fifth of all steps is lost
    network_j = 8000 / 4 * 10.5 / 0.8
    endpoints_j = 10 * (1000 * (0.9 * 8.0 + 0.5 * 2.5) + 200 * 10.5) / 0.8
    assert report.network_energy_j == pytest.approx(network_j)
    assert report.energy_j == pytest.approx(network_j + endpoints_j)
    share_of_life = 10.5 / 0.8 / (5 * 8760 * 3600)
    usd_per_j = 0.1 / 3.6e6
    assert report.network_cost_usd == pytest.approx(100_000 * share_of_life + network_j * usd_per_j)
    total = 10 * 40_000 * share_of_life + endpoints_j * usd_per_j + report.network_cost_usd
    assert report.cost_usd == pytest.approx(total)


def test_every_assumption_moves_a_token_draw_by_draw():
    keys = [("job_practice", key) for key in load_catalogue()["job_practice"].values]
    phase = step(*(dataclasses.replace(TENSOR, kind=k) for k in ("tensor", "context", "pipeline", "expert", "data")))
    solved = job(phase, dataclasses.replace(phase, name="decode", memory_gb=9000.0))
    varied = load_catalogue().one_at_a_time(keys)
    report = job_report(solved, 40, 6e-6, 8000.0, 400_000.0, DESIGN, varied)
    cost = np.asarray(report.cost_usd).reshape(-1)
    assert cost.shape == (2 * len(keys) + 1,)
    # memory that is left free decides what fits, and not how long it takes
    still = [place for place in range(len(keys)) if cost[2 * place] == cost[2 * place + 1]]
    assert [keys[place][1] for place in still] == ["memory_reserve_fraction"]
    filled = np.asarray(report.memory_fraction).reshape(-1)[2 * still[0] : 2 * still[0] + 2]
    assert filled == pytest.approx(10.0 / (288 * np.array([0.95, 0.8])))


def test_an_accelerator_without_what_a_job_needs_is_refused_with_those_that_have_it():
    with pytest.raises(CatalogueError, match=r"'mtia_v2' has no bf16_tflops.*allowed: .*b200"):
        accelerator_of(Design({"accelerator": "mtia_v2"}), CATALOGUE, "bf16")
    with pytest.raises(CatalogueError, match=r"design\.accelerator"):
        accelerator_of(Design({}), CATALOGUE, "bf16")
    assert memory_for_job_gb("b300", DESIGN, CATALOGUE) == pytest.approx(180.0)
