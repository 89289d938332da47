# SPDX-License-Identifier: Apache-2.0
"""Searching over parallelisms, placements and slices: against trying everything, and errors."""

from __future__ import annotations

import pytest

import topologies
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import OptinetError
from optinet.jobs.search import _candidates
from optinet.jobs.solving import validated
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
    few = best_parallelism(fabric, "training", JOB, "dor", DESIGN, CATALOGUE, most=2)
    assert len(few.solved) == 2
    assert not few.is_proven


def place_given():
    return validated("training", JOB | {"parallelism": {}}).parallelism


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
