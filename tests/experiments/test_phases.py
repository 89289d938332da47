# SPDX-License-Identifier: Apache-2.0
"""Scenarios whose demand changes: the table, what comes out, one row for all lengths, and the picture."""

import pytest

from experiments.compare import comparison
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.figures import break_even_chart, plot_break_even
from experiments.scenario import load_scenario
from experiments.study import load_study
from optinet.errors import OptinetError, ScenarioError
from optinet.results import open_run

SCENARIO = """
seed = 3
topology = {name = "ocs_mesh", blocks = 4, hosts_per_block = 4, uplinks_per_block = 12, circuits = "full"}
workload = {name = "skewed", blocks = 4, partners = 1, hot_fraction = 0.9, gbps_per_endpoint = 2400.0}
design = {switch = "switch_102t4", host_link = "aec_1t6", ocs_optics = "bidi_800g_fr4", ocs = "palomar"}
phases = {length_s = 1.0, count = 2}
"""


@pytest.fixture
def scenario_file(tmp_path):
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO)
    return path


def metrics_of(path, *overrides):
    return {metric.name: metric.value for metric in evaluate(load_scenario(path, overrides)).assessment.metrics}


def test_following_and_staying_are_metrics(scenario_file):
    long, short = (metrics_of(scenario_file, f"phases.length_s={length}") for length in ("100.0", "1e-3"))
    assert long["following_fraction"] > long["staying_fraction"] > short["following_fraction"]
    assert long["dark_ms"] == pytest.approx(66.2)
    assert long["break_even_s"] == short["break_even_s"]
    at_break_even = metrics_of(scenario_file, f"phases.length_s={long['break_even_s']}")
    assert at_break_even["following_fraction"] == pytest.approx(at_break_even["staying_fraction"])


def test_a_scenario_without_phases_is_as_it_was(scenario_file):
    scenario = load_scenario(scenario_file)
    assert scenario.resolved()["phases"] == {"length_s": 1.0, "count": 2, "lag": 0, "hedge_fraction": 0.0}
    scenario_file.write_text(SCENARIO.replace("phases", "# phases"))
    plain = load_scenario(scenario_file)
    assert "phases" not in plain.resolved()
    assert "following_fraction" not in {metric.name for metric in evaluate(plain).assessment.metrics}


def test_mistakes_in_phases_are_named(scenario_file):
    with pytest.raises(ScenarioError, match=r"phases\.length_s"):
        load_scenario(scenario_file, ["phases.length_s=0.0"])
    with pytest.raises(ScenarioError, match="length_s"):
        load_scenario(scenario_file, ["phases={lenght_s = 1.0}"])
    torus = 'topology = {name = "torus", dims = [4, 4]}'
    scenario = load_scenario(
        scenario_file,
        [torus, 'workload = {name = "uniform"}', 'design = {chip = "tpu_ici", cube_link = "cube_copper"}'],
    )
    with pytest.raises(OptinetError, match="ocs_mesh"):
        evaluate(scenario)


def test_lengths_of_phases_share_a_row_and_a_curve(scenario_file, tmp_path):
    runs = []
    for length in ("0.1", "1e-4", "10.0"):
        path = tmp_path / f"{length}.h5"
        path.write_bytes(
            evaluation_bytes(evaluate(load_scenario(scenario_file, [f"phases.length_s={length}"])), "MEMS")
        )
        runs.append(open_run(path))
    table = comparison(runs)
    assert [row.case for row in table.rows] == ["MEMS"]
    assert "break_even_s" in [column.key for column in table.columns]
    chart = break_even_chart(runs)
    curve, staying = chart.curves
    assert curve.x.tolist() == [1e-4, 0.1, 10.0]
    assert sorted(curve.y) == curve.y.tolist()
    assert curve.mark == (runs[0].metrics["break_even_s"].value, staying.y[0])
    plot_break_even(chart, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_shipped_studies_of_circuits():
    spine = load_study("ocs_versus_eps_spine").points()
    assert len(spine) == 20
    assert {point.case.split(",")[0] for point in spine} == {"EPS spine", "OCS MEMS", "OCS DLC", "OCS DBS"}
    even = load_study("reconfiguration_break_even").points()
    assert {point.scenario.design["ocs"] for point in even} >= {
        "telescent_1008",
        "coherent_dlc_320",
        "polatis_576",
        "palomar",
        "siph_mems_64",
        "epiphotonics_plzt_16",
    }
