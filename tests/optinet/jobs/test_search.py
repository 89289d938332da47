# SPDX-License-Identifier: Apache-2.0
"""Searching over parallelisms, placements and slices: against trying everything, and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topologies
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import OptinetError
from optinet.jobs.least import LeastTimes
from optinet.jobs.parallelism import Placement, place
from optinet.jobs.phase import Exchange
from optinet.jobs.search import _candidates
from optinet.jobs.solving import Timer, job_of_parameters, model_of, validated
from optinet.models.job import job_cycle_s
from optinet.models.job_on_fabric import best_parallelism, best_slices, job_on_fabric, transformers

CATALOGUE = load_catalogue()
DESIGN = Design.from_roles({"accelerator": "b300"}, CATALOGUE)
JOB = {"model": "llama_3_70b", "sequence": 4096, "global_batch": 128}


def test_the_search_finds_what_trying_all_candidates_finds():
    fabric = topologies.build("torus", dims=(2, 4, 4), capacity_gbps=200)
    found = best_parallelism(fabric, "training", JOB, "dor", DESIGN, CATALOGUE, most=1000)
    assert found.is_proven
    times = []
    for wanted in _candidates(fabric, place_given(), transformers(CATALOGUE)["llama_3_70b"]):
        try:
            job = job_on_fabric(
                fabric, "training", JOB | {"parallelism": wanted.model_dump()}, "dor", DESIGN, CATALOGUE
            )
        except OptinetError:
            continue
        times.append(job_cycle_s(job.job, 1e-6, DESIGN, CATALOGUE))
    assert len(times) == found.n_fitting > len(found.solved)
    assert found.best.cycle_s * found.best.job.tokens == pytest.approx(min(times))
    assert all(each.bound_s <= each.cycle_s * (1 + 1e-9) for each in found.solved)
    few = best_parallelism(fabric, "training", JOB, "dor", DESIGN, CATALOGUE, most=1)
    assert len(few.solved) == 1
    assert not few.is_proven


@pytest.mark.parametrize("routing", ["dor", "ecmp"])
@pytest.mark.parametrize("dims", [(2, 4, 4), (8, 2, 2)])
def test_no_exchange_is_faster_than_the_least_time_it_was_given(dims, routing):
    fabric = topologies.build("torus", dims=dims, capacity_gbps=200)
    p = validated("training", {"model": MIXTURE, "sequence": 4096, "global_batch": 32})
    model, title = model_of(p)
    least, timer = LeastTimes(fabric, routing), Timer(fabric, p, routing)
    kinds = set()
    wanted = list(_candidates(fabric, place_given(), model))
    for each in wanted[:: len(wanted) // 60 + 1]:
        placed = place(fabric, each, model)
        job = timer.timed(job_of_parameters(title, model, placed, p, float("inf")), placed)
        for x in job.phase("step").exchanges:
            kinds.add((x.kind, x.operation))
            bounds = (least.at_line_rate_s(x, placed), least.along_axes_s(x, placed))
            assert bounds[0] <= bounds[1] * (1 + 1e-9) <= x.transfer_s * (1 + 1e-6), (each, x)
    assert {kind for kind, _ in kinds} == {"tensor", "expert", "pipeline", "data"}


def test_the_least_time_along_axes_by_hand():
    fabric = topologies.build("torus", dims=(4, 4, 4), capacity_gbps=100)
    least = LeastTimes(fabric, "dor")
    nodes = np.arange(64).reshape(4, 4, 4)
    lines = Placement(nodes.reshape(1, 16, 1, 4))
    # along a ring of four both directions, four links of six idle; every other node of it: two hops each
    gather = Exchange("tensor", "all_gather", "tensor", 4.0, 1)
    assert least.along_axes_s(gather, lines) == pytest.approx(3.0 / 200)
    assert least.at_line_rate_s(gather, lines) == pytest.approx(3.0 / 600)
    spread = Placement(nodes.reshape(4, 4, 2, 2).swapaxes(2, 3).reshape(1, 32, 1, 2))
    assert least.along_axes_s(gather, spread) == pytest.approx(2.0 * 2 / 200)
    # all to all: 64 x 64 pairs send a Gbit one hop on average along every axis, which has 64 x 2 x 100 Gb/s
    everyone = Exchange("expert", "all_to_all", "expert", 64.0, 1)
    assert least.along_axes_s(everyone, Placement(nodes.reshape(1, 64, 1, 1), 64)) == pytest.approx(64 * 64 / 12800)


def test_the_middle_of_a_box_that_does_not_go_around_by_hand():
    least = LeastTimes(topologies.build("torus", dims=(8, 4), capacity_gbps=100), "dor")
    nodes = np.arange(32).reshape(2, 4, 4)
    # eight boxes of four in a row, a Gbit between any two: two on each side of the middle link, so four pairs pass it
    rows = Placement(nodes.swapaxes(1, 2).reshape(1, 32, 1, 1), 4)
    everyone = Exchange("expert", "all_to_all", "expert", 4.0, 1)
    assert least.along_axes_s(everyone, rows) == pytest.approx(4 / 100)
    # stages two apart, pipelines of four side by side: two pass every link between the first and the last
    stages = Placement(np.arange(32).reshape(4, 8, 1, 1))
    assert least.along_axes_s(Exchange("pipeline", "send", "pipeline", 1.0, 1), stages) == pytest.approx(2 / 100)


@settings(max_examples=80)
@given(
    shape=st.sampled_from(
        [
            ((3, 4), False),
            ((5, 6), False),
            ((2, 8), False),
            ((4, 2, 4), False),
            ((3, 3, 4), False),
            ((2, 2, 4), True),
            ((2, 4, 4), True),
            ((3, 3, 6), True),
            ((2, 2, 6), True),
        ]
    ),
    routing=st.sampled_from(["dor", "ecmp"]),
    operation=st.sampled_from(["all_to_all", "send", "all_gather"]),
    data=st.data(),
)
def test_no_exchange_among_any_endpoints_is_faster_than_its_least_time(shape, routing, operation, data):
    fabric = topologies.build("torus", dims=shape[0], twisted=shape[1], capacity_gbps=100)
    n = fabric.n_endpoints
    p = data.draw(st.sampled_from([d for d in range(2, n + 1) if n % d == 0]))
    n_groups = data.draw(st.integers(1, n // p))
    groups = np.array(data.draw(st.permutations(range(n))))[: n_groups * p].reshape(n_groups, p)
    if operation == "send":
        placed, members = Placement(groups.T.reshape(p, n_groups, 1, 1)), "pipeline"
    else:
        placed, members = Placement(groups.reshape(1, n_groups, 1, p), p), "tensor"
    exchange = Exchange("any", operation, members, 1.0, 1)
    job = validated("training", JOB)
    solved = Timer(fabric, job, routing)._clock.timed(exchange, placed)
    assert LeastTimes(fabric, routing).along_axes_s(exchange, placed) <= solved.transfer_s * (1 + 1e-9)


def place_given():
    return validated("training", JOB | {"parallelism": {}}).parallelism


def test_on_a_twisted_torus_the_proof_finds_what_solving_all_that_endpoints_leave_finds(monkeypatch):
    fabric = topologies.build("torus", dims=(2, 4, 4), twisted=True, capacity_gbps=200)
    proven = best_parallelism(fabric, "training", JOB, "dor", DESIGN, CATALOGUE, most=10_000)
    monkeypatch.setattr(LeastTimes, "along_axes_s", LeastTimes.at_line_rate_s)
    every = best_parallelism(fabric, "training", JOB, "dor", DESIGN, CATALOGUE, most=10_000)
    assert proven.is_proven and every.is_proven
    assert len(proven.solved) < len(every.solved) / 2
    assert proven.best.cycle_s == pytest.approx(every.best.cycle_s)
    assert all(each.bound_s <= each.cycle_s * (1 + 1e-9) for each in proven.solved)


def test_slices_of_every_shape_are_compared():
    pod = topologies.build("tpu_pod", cubes=(2, 2, 2), cube_side=2, link_gbps=100)
    job = {"model": MIXTURE, "sequence": 4096, "global_batch": 64, "parallelism": {"ep": 64}}
    found = best_slices(pod, 64, "training", job, "dor", DESIGN, CATALOGUE, most=4)
    assert {each.chips for each in found} == {(2, 2, 16), (2, 4, 8), (4, 4, 4)}
    assert {each.chips for each in found if each.twisted} == {(2, 2, 16), (2, 4, 8)} - {(2, 4, 8)}
    still = next(each for each in found if each.chips == (4, 4, 4))
    assert still.circuits_moved == 0
    assert [each.search.best.cycle_s for each in found] == sorted(each.search.best.cycle_s for each in found)
    with pytest.raises(
        OptinetError, match="60 chips are not 1 to 8 whole cubes of 8; allowed: a multiple of 8 up to 64"
    ):
        best_slices(pod, 60, "training", job, "dor", DESIGN, CATALOGUE)


MIXTURE = {
    "layers": 8, "hidden": 2048, "heads": 16, "kv_heads": 4, "head_width": 128, "vocabulary": 32000, "experts": 64,
    "experts_per_token": 4, "expert_ffn": 1024,
}  # fmt: skip


def test_a_scenario_that_says_nothing_gets_the_best_parallelism():
    fabric = topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=8, links_per_pair=4)
    found = job_on_fabric(fabric, "training", JOB, "ecmp", DESIGN, CATALOGUE)
    best = best_parallelism(fabric, "training", JOB, "ecmp", DESIGN, CATALOGUE).best
    assert found.job == best.job
    assert found.placement.n_endpoints == 32
    with pytest.raises(OptinetError, match="GB an endpoint"):
        job_on_fabric(fabric, "training", JOB | {"model": "deepseek_v3"}, "ecmp", DESIGN, CATALOGUE)
