# SPDX-License-Identifier: Apache-2.0
"""Whatever the workload, each assumption that bears on it is in the tornado of its run, or has a reason not to be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from experiments.evaluate import evaluate, evaluation_bytes
from experiments.saved import reopened
from experiments.scenario import load_scenario
from experiments.uncertainty import tornado
from optinet import workloads
from optinet.assessing import assess
from optinet.results import open_run

FABRICS = {
    "clos": 'topology = {name = "leaf_spine", leaves = 2, spines = 2, hosts_per_leaf = 4, links_per_pair = 1}\n'
    'design = {switch = "switch_51t2", host_link = "aec_800g", optics = "retimed_800g_dr8", accelerator = "b300"}\n',
    "pod": 'topology = {name = "tpu_pod", cubes = [1, 1, 2]}\n'
    'design = {chip = "tpu_ici", cube_link = "cube_copper", optics = "bidi_tpu_800g", ocs = "palomar"}\n',
}
MIXTURE = (
    "{layers = 8, hidden = 8192, heads = 64, kv_heads = 8, head_width = 128, ffn = 28672, vocabulary = 32000, "
    "experts = 8, experts_per_token = 2, expert_ffn = 14336}"
)
TRAINS = f"model = {MIXTURE}, global_batch = 32, parallelism = {{tp = 2, ep = 4}}"
TOLD = {
    "gravity": "blocks = 2",
    "skewed": "blocks = 2",
    "matrix_file": 'path = "matrix.csv"',
    "flow_file": 'path = "flows.csv"',
    "chakra_trace": 'path = "trace.*.json"',
    "training": TRAINS,
    "serving": f"model = {MIXTURE}, parallelism = {{tp = 2, ep = 4}}",
    "jobs": f'jobs = {{one = {{name = "training", {TRAINS}}}}}',
}
ASSUMED = ("job", "collective_library", "energy", "service_life")  # kinds of components that nobody buys
COLLECTIVES = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast")
TIMES = dict.fromkeys(COLLECTIVES, "collective_time_ms") | {
    "chakra_trace": "makespan_ms",
    "training": "step_time_ms",
    "serving": "first_token_ms",
    "jobs": "tokens_per_s",
}
"""What the library's time for a step bears on; it has none with rates and with flows, which no library sends."""
NO_EFFECT = {
    ("jobs", "memory_reserve_fraction"): "how full memory is, is told of one job, not of several",
}
ASKED = {"size_gb", "variation_fraction", "hot_fraction", "partners"}
"""Estimates of what users ask for (a buffer, a pattern), and nothing that a model assumes of the network."""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "matrix.csv").write_text("source,target,gbps\n0,5,100\n")
    (tmp_path / "flows.csv").write_text("source,target,size_gbit\n0,5,1\n1,5,1\n")

    def attributes(**numbers):
        return [{"name": name, "int64Val": str(value)} for name, value in numbers.items()]

    for rank in range(8):
        nodes = [
            {"version": "0.0.4"},
            {"id": "1", "name": "forward", "type": "COMP_NODE", "durationMicros": f"{20 + 7 * rank}"},
            {"id": "2", "type": "COMM_COLL_NODE", "dataDeps": ["1"], "attr": attributes(comm_type=0, comm_size=4**10)},
            {"id": "3", "name": "backward", "type": "COMP_NODE", "dataDeps": ["1"], "durationMicros": "30"},
            {"id": "4", "type": "COMM_COLL_NODE", "dataDeps": ["3"], "attr": attributes(comm_type=6, comm_size=4**9)},
        ]
        (tmp_path / f"trace.{rank}.json").write_text("\n".join(map(json.dumps, nodes)))
    return tmp_path


def solved(folder, name):
    fabric = FABRICS["pod" if name == "uniform_in_slices" else "clos"]
    workload = ", ".join(filter(None, (f'name = "{name}"', TOLD.get(name))))
    (folder / "s.toml").write_text(f"{fabric}workload = {{{workload}}}\n")
    return evaluate(load_scenario(folder / "s.toml"))


@pytest.mark.parametrize("name", workloads.names())
def test_every_assumption_is_in_the_tornado(folder, name):
    found = solved(folder, name)
    (folder / "run.h5").write_bytes(evaluation_bytes(found))
    saved = reopened(open_run(folder / "run.h5"))
    again = assess(saved.solution, saved.design, saved.catalogue)
    drivers = tornado(saved, [metric.name for metric in again.metrics])
    moved = {driver.name for each in drivers.values() for driver in each}
    assumed = {
        f"{component}.{key}"
        for component, key in again.values_used
        if saved.catalogue[component].kind in ASSUMED and (name, key) not in NO_EFFECT
    }
    assert assumed <= moved
    by_library = {metric for metric, each in drivers.items() if "collective_library.step_us" in {d.name for d in each}}
    assert by_library >= {TIMES[name]} if name in TIMES else not by_library
    # parameters of the workload are what is asked for: none is a guess of how long something takes
    fields = workloads.parameters_of(name).model_fields
    assert {key for key, field in fields.items() if "estimate" in (field.description or "")} <= ASKED


def test_a_trace_is_replayed_where_the_lines_between_replays_end(folder):
    found = solved(folder, "chakra_trace")
    flows, replay, report = found.solution.flows, found.solution.replay, found.assessment.replay
    assert replay.startup_s[0] < replay.listed_s == replay.startup_s[1] < replay.startup_s[2]
    # 1.9 us of the library, and the network without the fiber that each flow counts along its own way
    mean_ns, length_m = found.assessment.latency.mean_ns, found.solution.paths.length_m @ found.solution.paths.weight
    assert report.startup_s == pytest.approx(1.9e-6 + mean_ns * 1e-9 - length_m * 4.9e-9) == replay.listed_s
    assert report.makespan_s == flows.simulated(replay.listed_s).makespan_s
    # between: rising, and off by less than a fiftieth of what the whole range does
    between = np.linspace(replay.startup_s[0], replay.startup_s[-1], 11)
    exact = np.array([flows.simulated(each).makespan_s for each in between])
    assert (np.diff(exact) > 0).all()
    assert np.abs(replay.at(replay.makespan_s, between) - exact).max() < 0.02 * np.ptp(exact)
    # beyond, on the lines that end there
    low, high = replay.makespan_s[:2], replay.startup_s[:2]
    assert replay.at(replay.makespan_s, 0.0) == pytest.approx(low[0] - high[0] * np.diff(low)[0] / np.diff(high)[0])
    # a library that takes ten times as long is no more than one replay away
    (folder / "slow.toml").write_text(
        (folder / "s.toml").read_text() + 'catalogue = {"collective_library.step_us" = 19.0}\n'
    )
    slow = evaluate(load_scenario(folder / "slow.toml"))
    assert slow.solution.replay.listed_s == pytest.approx(replay.listed_s + 17.1e-6)
    assert slow.assessment.metric("makespan_ms").value == 1e3 * flows.simulated(replay.listed_s + 17.1e-6).makespan_s
