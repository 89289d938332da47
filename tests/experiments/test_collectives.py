# SPDX-License-Identifier: Apache-2.0
"""Collectives as workloads: from a scenario to the run file, the tables and the tornado."""

from __future__ import annotations

import numpy as np
import pytest

import optinet
from experiments.compare import comparison
from experiments.draft import Draft
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.run_text import run_text
from experiments.saved import reopened
from experiments.scenario import scenario_of
from experiments.uncertainty import tornado
from optinet.collectives.algorithms import ALGORITHMS, names

TORUS = {
    "topology": {"name": "torus", "dims": [2, 2, 4], "capacity_gbps": 400.0},
    "design": {"chip": "tpu_ici", "cube_link": "cube_copper"},
}


def evaluated(**workload):
    return evaluate(scenario_of(Draft(TORUS | {"workload": workload})))


def test_the_names_are_those_of_the_algorithms():
    assert names() == ("best", *ALGORITHMS)


def test_a_collective_goes_from_scenario_to_run_file_and_tables(tmp_path):
    found = evaluated(name="all_reduce", size_gb=0.064, algorithm="bucket")
    (tmp_path / "run.h5").write_bytes(evaluation_bytes(found, "torus"))
    run = optinet.open_run(tmp_path / "run.h5")
    metrics, table = run.metrics, run.table("collective")
    # three parts, of which at any time one goes along the axis of 4
    assert metrics["collective_steps"].value == 2 * 3 * 3 == sum(table["n_steps"])
    assert metrics["collective_bound_ms"].value == pytest.approx(2 * 15 / 16 * 0.512 / 2400 * 1e3)
    steps = table["n_steps"] * (table["alpha_s"] + table["transfer_s"])
    assert metrics["collective_time_ms"].value == pytest.approx(1e3 * steps.sum())
    assert metrics["collective_time_ms"].low < metrics["collective_time_ms"].value < metrics["collective_time_ms"].high
    assert metrics["bus_gbps_per_endpoint"].value == pytest.approx(2 * 15 / 16 * 0.512 / steps.sum())
    # a step of neighbors: the library, and one hop of the chip
    hop_ns = found.catalogue.value("tpu_ici", "hop_latency_ns")
    library_us = found.catalogue.value("collective_library", "step_us")
    assert table["alpha_s"].min() == pytest.approx(library_us * 1e-6 + hop_ns * 1e-9, abs=20e-9)
    assert "all_reduce by bucket: 0.064 GB, 1 groups of 16 ranks" in run_text(run)
    shown = comparison([run]).to_json()["rows"][0]
    assert shown["collective_time_ms.all_reduce"] == metrics["collective_time_ms"].value
    # the library's share is an input, and tells in the tornado
    drivers = {driver.name for driver in tornado(reopened(run), ["collective_time_ms"])["collective_time_ms"]}
    assert {"collective_library.step_us", "tpu_ici.hop_latency_ns"} <= drivers


def test_a_small_collective_takes_few_steps_and_a_large_one_few_bits():
    small, large = (evaluated(name="all_reduce", size_gb=size).assessment.collective for size in (1e-6, 1.0))
    assert small.solved.steps < large.solved.steps
    assert small.latency_fraction > 0.9 > large.latency_fraction


def test_groups_are_placed_side_by_side_or_spread():
    packed, strided = (
        evaluated(name="all_gather", algorithm="ring", group_size=4, placement=place).solution.collective
        for place in ("packed", "strided")
    )
    assert packed.shape == strided.shape == (4, 4)
    assert np.array_equal(packed.schedule.phases[0].traffic.source[:4], [0, 1, 2, 3])
    assert np.array_equal(strided.schedule.phases[0].traffic.source[:4], [0, 4, 8, 12])
    # rows along the long axis: half of 8 Gbit of each of 4 has to cross its middle, over 8 links
    assert packed.bound_s == pytest.approx(4 * 4.0 / 3200)
    assert packed.time_s == pytest.approx(3 * 2.0 / 400, rel=1e-3)


@pytest.mark.parametrize(
    ("workload", "message"),
    [
        ({"name": "all_reduce", "group_size": 5}, "workload.group_size: 5 does not divide 16 .* 4, 8, 16"),
        ({"name": "broadcast", "algorithm": "bucket"}, "workload.algorithm: bucket does not do .* suit: ring"),
        ({"name": "all_reduce", "algorithm": "buckets"}, "did you mean 'bucket'"),
    ],
)
def test_mistakes_say_what_would_do(workload, message):
    with pytest.raises(optinet.OptinetError, match=message):
        evaluated(**workload)
