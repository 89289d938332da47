# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import importlib
import pkgutil

import h5py
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

import optinet
import optinet.kernels
import topologies
from experiments import evaluate as module
from experiments import fabrics
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import load_scenario
from experiments.study import load_study
from optinet.assessing import assess
from optinet.design import Design
from optinet.errors import ScenarioError
from optinet.results import open_run, write_run
from tests.support.waiting import wait_for_the_next_second


@pytest.fixture
def solves(monkeypatch):
    """Count the calls of the solver, with nothing remembered from other tests."""
    fabrics._recent.cache_clear()
    monkeypatch.setattr(module, "_solutions", type(module._solutions)(4))
    calls = []
    solve = optinet.solve
    monkeypatch.setattr(
        optinet, "solve", lambda *args, **kwargs: calls.append(args) or solve(*args, **kwargs), raising=False
    )
    return calls


def test_an_evaluation_is_build_solve_assess(scenario_path):
    result = evaluate(load_scenario(scenario_path))
    fabric = topologies.build("leaf_spine", leaves=2, spines=2, hosts_per_leaf=2, links_per_pair=1)
    # four hosts that send 800 Gb/s each: 800/3 to every other
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 800.0 / 3), routing="best")
    roles = {"switch": "switch_102t4", "host_link": "aec_1t6", "optics": "retimed_1t6_dr8"}
    expected = assess(solution, Design.from_roles(roles))
    assert result.fabric.content_sha256 == fabric.content_sha256
    np.testing.assert_allclose(result.solution.loads.arc_load_gbps, solution.loads.arc_load_gbps, rtol=1e-12)
    found = [(metric.name, metric.value, metric.unit) for metric in result.assessment.metrics]
    np.testing.assert_equal(found, [(metric.name, metric.value, metric.unit) for metric in expected.metrics])
    assert set(result.seconds) == {"build", "design", "solve", "assess"}


def test_designs_on_one_fabric_share_a_solution(scenario_path, solves):
    first = evaluate(load_scenario(scenario_path))
    second = evaluate(
        load_scenario(scenario_path, ["design.optics=lpo_1t6_dr8", "catalogue.switch_102t4.power_w=1000"])
    )
    assert len(solves) == 1
    assert second.solution is first.solution
    assert second.assessment.metric("network_kw") != first.assessment.metric("network_kw")


@pytest.mark.parametrize(
    "change", ["seed=1", "topology.spines=1", "workload.gbps_per_endpoint=400.0", "routing.name=ecmp"]
)
def test_what_a_solution_depends_on_makes_another_one(scenario_path, solves, change):
    scenario, other = load_scenario(scenario_path), load_scenario(scenario_path, [change])
    evaluate(scenario)
    evaluate(other)
    assert len(solves) == 2


def test_the_same_graph_on_another_plant_keeps_its_own_plant(tmp_path, solves):
    path = tmp_path / "mesh.toml"
    path.write_text(
        """\
topology = {name = "ocs_mesh", blocks = 4, hosts_per_block = 2, uplinks_per_block = 4, ocs_ports = 136}
workload = {name = "uniform"}
design = {switch = "switch_102t4", host_link = "aec_1t6", ocs_optics = "bidi_800g_fr4", ocs = "palomar"}
"""
    )
    one = evaluate(load_scenario(path))
    # eight ports hold two ends of each of the four blocks: two devices in place of one
    two = evaluate(load_scenario(path, ["topology.ocs_ports=8"]))
    assert len(solves) == 1
    assert (one.assessment.metric("ocs_boxes").value, two.assessment.metric("ocs_boxes").value) == (1, 2)


def test_only_a_few_fabrics_and_solutions_are_remembered():
    recent = module._Recent(2)
    made = []
    for key in "ababcba":
        recent.get(key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "a"]


def test_two_runs_of_one_scenario_differ_in_the_provenance_alone(scenario_path, tmp_path, solves):
    paths = []
    for index, command_line in enumerate(("optinet run a", "optinet run another")):
        data = evaluation_bytes(evaluate(load_scenario(scenario_path)), command_line=command_line)
        paths.append(write_run(tmp_path / f"{index}.h5", data))
        wait_for_the_next_second()
    first, second = map(_everything, paths)
    assert first.keys() == second.keys()
    differing = {name for name in first if first[name] != second[name]}
    assert {"provenance/command_line", "provenance/started_utc"} <= differing
    assert {name.split("/")[0] for name in differing} == {"provenance"}
    assert open_run(paths[0]).content_sha256 == open_run(paths[1]).computed_sha256()


def _everything(path):
    """Return every array and attribute of a file as bytes."""
    found = {}

    def take(name, item):
        found.update({f"{name}@{key}": str(value) for key, value in item.attrs.items() if "_LIST" not in key})
        if isinstance(item, h5py.Dataset):
            found[name] = str(np.asarray(item[()]).tolist())

    with h5py.File(path) as file:
        take("", file)
        file.visititems(take)
    return found


def test_a_run_file_holds_the_values_used_with_their_sources(scenario_path, tmp_path):
    result = evaluate(load_scenario(scenario_path, ["catalogue.retimed_1t6_dr8.power_w=20"]))
    run = open_run(write_run(tmp_path / "r.h5", evaluation_bytes(result, case="here")))
    table = run.table("catalogue")
    rows = {
        (component, key): i for i, (component, key) in enumerate(zip(table["component"], table["key"], strict=True))
    }
    assert tuple(rows) == result.assessment.values_used
    changed, shipped = rows["retimed_1t6_dr8", "power_w"], rows["switch_102t4", "power_w"]
    assert (table["value"][changed], table["source"][changed], table["unit"][changed]) == (20.0, "scenario", "W")
    assert table["low"][shipped] < table["value"][shipped] < table["high"][shipped]
    cited = {source for text in table["source"] for source in text.split()} - {"estimate", "scenario"}
    assert cited and cited <= set(run.table("sources")["id"])


def test_a_run_file_holds_what_the_models_say(scenario_path, tmp_path):
    result = evaluate(load_scenario(scenario_path))
    run = open_run(write_run(tmp_path / "r.h5", evaluation_bytes(result, case="here")))
    assessment = result.assessment
    assert (run.title, run.case, run.routing, run.verdict) == ("Small", "here", "ecmp", assessment.verdict)
    assert run.scenario == result.scenario.resolved()
    for metric in assessment.metrics:
        stored = dataclasses.asdict(run.metrics[metric.name])
        np.testing.assert_equal(stored, dataclasses.asdict(metric))
    assert dict(zip(run.power_categories, run.power_w, strict=True)) == assessment.power.by_category_w
    assert run.power_w.sum() / 1000 == pytest.approx(run.metrics["network_kw"].value, rel=1e-12)
    assert run.cost_usd.sum() == pytest.approx(run.metrics["cost_usd"].value, rel=1e-12)
    np.testing.assert_array_equal(run.latency_ns, assessment.latency.latency_ns)
    assert run.latency_weight.sum() == pytest.approx(1.0, rel=1e-12)
    assert run.table("latency")["histogram_weight"].sum() == pytest.approx(1.0, rel=1e-12)
    (budget,) = run.budgets
    assert budget["link_class"] == "leaf-spine"
    assert budget["typical_margin_db"] == run.metrics["worst_link_typical_margin_db"].value
    np.testing.assert_allclose(np.cumsum(budget["mean_loss_db"]), budget["cumulative_loss_db"], rtol=1e-12)
    bom = run.table("bom")
    assert sum(count for role, count in zip(bom["role"], bom["count"], strict=True) if role == "switch") == 4
    assert run.notes == assessment.notes


def test_a_design_that_does_not_fit_is_an_error_with_the_role(scenario_path):
    with pytest.raises(ScenarioError, match=r"design\.host_link: host-leaf is 50 m, .* reaches 4\.89 m"):
        evaluate(load_scenario(scenario_path, ["topology.host_length_m=50.0"]))


def test_after_the_warm_up_nothing_is_left_to_compile(study_path):
    module.warm_up()
    before = _compiled()
    for point in load_study(study_path).points():
        evaluate(point.scenario)
    assert sum(before.values()) > 5
    assert _compiled() == before


def _compiled():
    """Return how many variants of each kernel are compiled."""
    names = [info.name for info in pkgutil.iter_modules(optinet.kernels.__path__, "optinet.kernels.")]
    kernels = {f"{name}.{key}": value for name in names for key, value in vars(importlib.import_module(name)).items()}
    return {name: len(value.signatures) for name, value in kernels.items() if isinstance(value, Dispatcher)}
