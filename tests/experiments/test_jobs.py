# SPDX-License-Identifier: Apache-2.0
"""Jobs as scenarios: from the file to the run file and back, and mistakes with their lines."""

from __future__ import annotations

import pytest

from experiments.evaluate import evaluate, evaluation_bytes
from experiments.saved import reopened
from experiments.scenario import load_scenario
from experiments.uncertainty import tornado
from optinet.assessing import assess
from optinet.catalogue.kinds import KINDS
from optinet.errors import OptinetError
from optinet.results import open_run

CLOS = """
title = "small"
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 8, links_per_pair = 2}
design = {switch = "switch_51t2", host_link = "aec_800g", optics = "retimed_800g_dr8", accelerator = "b300"}
"""
TRAINING = (
    CLOS
    + """
[workload]
name = "training"
model = "llama_3_70b"
sequence = 4096
global_batch = 64
[workload.parallelism]
tp = 4
pp = 4
"""
)
SERVING = CLOS + '\n[workload]\nname = "serving"\nmodel = "llama_3_70b"\nparallelism = {tp = 8}\n'
SEVERAL = (
    CLOS
    + """
[workload]
name = "jobs"
placement = "random"
[workload.jobs.train]
name = "training"
model = "llama_3_70b"
sequence = 4096
global_batch = 64
parallelism = {tp = 4, pp = 4}
endpoints = 16
[workload.jobs.chat]
name = "serving"
model = "llama_3_70b"
parallelism = {tp = 8}
"""
)
JOB_METRICS = ("step_time_ms", "tokens_per_s", "memory_fraction", "j_per_token", "usd_per_million_tokens")


@pytest.fixture
def scenario(tmp_path):
    def load(text, *overrides):
        path = tmp_path / "job.toml"
        path.write_text(text)
        return load_scenario(path, overrides)

    return load


@pytest.mark.parametrize("text", [TRAINING, SERVING], ids=["training", "serving"])
def test_a_job_comes_back_from_its_run_file_as_it_was(scenario, tmp_path, text):
    found = evaluate(scenario(text))
    path = tmp_path / "job.h5"
    path.write_bytes(evaluation_bytes(found))
    saved = reopened(open_run(path))
    assert saved.solution.job == found.solution.job
    again = assess(saved.solution, saved.design, saved.catalogue)
    for metric in found.assessment.metrics:
        assert again.metric(metric.name).value == pytest.approx(metric.value, rel=1e-9, nan_ok=True), metric.name
    drivers = tornado(saved, ["usd_per_million_tokens"])["usd_per_million_tokens"]
    assert {"job_practice.goodput_fraction", "b300.price_usd", "service_life.life_years"} <= {d.name for d in drivers}


def test_every_assumption_of_a_job_is_listed_with_its_source_and_is_in_a_tornado(scenario, tmp_path):
    # a mixture cut in every way there is, in long sequences, so that no kind of exchange is empty or wholly hidden
    shape = (
        "{layers = 8, hidden = 8192, heads = 64, kv_heads = 8, head_width = 128, ffn = 28672, vocabulary = 32000, "
        "experts = 8, experts_per_token = 2, expert_ffn = 14336}"
    )
    trains = "sequence = 32768\nglobal_batch = 32\nparallelism = {tp = 2, pp = 2, cp = 2, ep = 4}"
    jobs = {"training": trains, "serving": "parallelism = {tp = 4, ep = 8}"}
    assumed, moved, used = set(), set(), set()
    for name, rest in jobs.items():
        path = tmp_path / "job.h5"
        found = evaluate(scenario(f'{CLOS}[workload]\nname = "{name}"\nmodel = {shape}\n{rest}\n'))
        path.write_bytes(evaluation_bytes(found))
        saved = reopened(open_run(path))
        used |= set(assess(saved.solution, saved.design, saved.catalogue).values_used)
        # what the schema requires of the kinds that only jobs look at, and of what turns energy and time into money
        for component in saved.catalogue.ids():
            if saved.catalogue[component].kind in ("job", "collective_library", "energy", "service_life"):
                assumed |= {(component, key) for key in KINDS[saved.catalogue[component].kind].values}
        drivers = tornado(saved, [metric for metric in JOB_METRICS if metric in saved.run.metrics])
        moved |= {driver.name for each in drivers.values() for driver in each}
    listed = {f"{component}.{key}": saved.catalogue[component].values[key] for component, key in assumed & used}
    assert set(KINDS["job"].values) <= {name.split(".")[1] for name in listed}
    assert all(value.low < value.high for value in listed.values())
    assert all(value.source != "estimate" or "engineering estimate" in value.note for value in listed.values())
    assert listed.keys() <= moved


def test_several_jobs_come_back_from_their_run_file_as_they_were(scenario, tmp_path):
    found = evaluate(scenario(SEVERAL))
    path = tmp_path / "jobs.h5"
    path.write_bytes(evaluation_bytes(found))
    saved = reopened(open_run(path))
    assert saved.solution.sharing == found.solution.sharing
    again = assess(saved.solution, saved.design, saved.catalogue)
    for metric in found.assessment.metrics:
        assert again.metric(metric.name).value == pytest.approx(metric.value, rel=1e-9, nan_ok=True), metric.name
    table = open_run(path).table("jobs")
    assert list(table["name"]) == ["train", "chat"]
    assert max(table["slowdown_ratio"]) == pytest.approx(found.assessment.metric("slowdown_ratio").value)
    assert (table["slowdown_ratio"] > 1).all()
    assert (table["slowdown_ratio"] <= table["worst_slowdown_ratio"]).all()
    assert found.assessment.metric("tokens_per_s").value == pytest.approx(table["tokens_per_s"].sum())


def test_a_mistake_in_one_of_several_jobs_names_it(scenario):
    with pytest.raises(OptinetError, match=r"jobs\.train\.parallelism\.tp: 3 does not divide 64 heads"):
        evaluate(scenario(SEVERAL.replace("{tp = 4, pp = 4}", "{tp = 3}")))
    with pytest.raises(OptinetError, match=r"job\.toml:\d+: workload\.jobs\.chat\.batc: unknown key.*'batch'"):
        scenario(SEVERAL + "batc = 3\n")


def test_rates_of_the_demand_are_the_mean_of_a_step(scenario):
    found = evaluate(scenario(TRAINING))
    step_s = found.assessment.metric("step_time_ms").value / 1e3
    # rings of four tensor ranks and of two replicas; three of four stages send on, and three send back
    share = {"tensor": 3 / 4, "data": 1 / 2, "pipeline": 2 * 3 / 4}
    sent_gbit = sum(
        x.size_gbit * x.count * share[x.kind] * (1 if x.once else 32)
        for x in found.solution.job.phase("step").exchanges
    )
    assert found.demand.total_gbps == pytest.approx(32 * sent_gbit / step_s)
    assert found.solution.throughput >= 1


def test_faster_links_never_make_a_step_longer(scenario):
    times = [
        evaluate(scenario(TRAINING, f"topology.host_gbps={rate}")).assessment.metric("step_time_ms").value
        for rate in (400.0, 800.0)
    ]
    assert times[0] > times[1]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "tp = 4",
            "tp = 4\ntpp = 4",
            r"job\.toml:13: workload\.parallelism\.tpp: unknown key 'tpp'.*did you mean 'tp'",
        ),
        ("tp = 4", "tp = 0", r"job\.toml:12: workload\.parallelism\.tp: 0 is below the smallest"),
        ("llama_3_70b", "llama_3_7b", r"workload\.model: unknown transformer 'llama_3_7b'.*did you mean 'llama_3_70b'"),
        ("tp = 4", "tp = 3", r"workload\.parallelism\.tp: 3 does not divide 64 heads"),
        ("global_batch = 64", "global_batch = 63", r"workload\.global_batch: .*; allowed: 62 or 64"),
        (', accelerator = "b300"', "", r"design\.accelerator: the fabric needs this role"),
        ('"b300"', '"tpu_v2"', r"'tpu_v2' has no hbm_gb, hbm_tbps, price_usd, which a job needs; allowed: tpu_v5p"),
        ("tp = 4\npp = 4", "tp = 1\npp = 1", r"workload: .* GB an endpoint .*; allowed: zero = 3"),
    ],
)
def test_a_mistake_is_one_clear_error(scenario, old, new, says):
    with pytest.raises(OptinetError, match=says):
        evaluate(scenario(TRAINING.replace(old, new)))
