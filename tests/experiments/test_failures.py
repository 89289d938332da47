# SPDX-License-Identifier: Apache-2.0
"""The table [failures] of a scenario: from parts to causes, into the run file and back, and mistakes in it."""

import numpy as np
import pytest

from experiments.charts.reliability import QUANTITIES
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.report import report_html
from experiments.run_text import run_text
from experiments.scenario import load_scenario
from optinet.errors import ScenarioError
from optinet.results import open_run

TEXT = """
[topology]
name = "leaf_spine"
leaves = 4
spines = 2
hosts_per_leaf = 16
links_per_pair = 8
[workload]
name = "uniform"
gbps_per_endpoint = 800.0
[routing]
name = "ecmp"
[design]
switch = "switch_102t4"
host_link = "retimed_800g_dr4_200g"
optics = "cpo_2p5d_1t6"
[racks]
tier_1 = 2
[failures]
samples = 60
[failures.group.row]
nodes = ["{node}"]
fit = 1e5
repair_hours = 10
"""


@pytest.fixture
def scenario_path(tmp_path):
    def write(text=TEXT, node="64"):
        path = tmp_path / "row.toml"
        path.write_text(text.replace("{node}", node), encoding="utf-8")
        return path

    return write


def test_causes_follow_from_the_parts_and_the_run_file_keeps_them(scenario_path, tmp_path):
    evaluation = evaluate(load_scenario(scenario_path(node=name_of_leaf())))
    risks = evaluation.failing.risks
    causes = {(cause.kind, cause.where): cause for cause in risks.causes}
    # an engine of 1.6 Tb/s serves two links of 800 Gb/s: a leaf has 16 ends to hosts and 16 to spines, a spine 32
    assert causes["module", "leaf-spine"].count == (4 * 16 + 2 * 32) // 2
    assert causes["module", "leaf-spine"].extent == 2.0
    # 8 of the lanes of an engine draw light for its two links, a laser module feeds 32: four engines, eight links
    assert causes["external_laser", "tier 1"].count == 4 * 4
    assert causes["external_laser", "tier 1"].extent == 8.0
    assert causes["external_laser", "tier 2"].count == 2 * 4
    engines = causes["module", "leaf-spine"].fit * 16
    assert causes["box_swap", "tier 1"].fit == pytest.approx(engines)
    assert causes["rack", "tier 1"].count == 2
    assert causes["group", "scenario"].down_fraction == pytest.approx(1e6 / (1e9 + 1e6))
    assert causes["host", "hosts"].count == 64

    path = tmp_path / "row.h5"
    path.write_bytes(evaluation_bytes(evaluation))
    run = open_run(path)
    table = run.table("availability")
    assert np.all(np.diff(table["rate_gbps"]) < 0)
    assert np.all(np.diff(table["rate_time_fraction"]) > -1e-12)
    at = run.metrics["delivered_at_99_9_gbps_per_endpoint"]
    assert at.value == pytest.approx(table["delivered_gbps"][1] / 64)
    assert at.low <= at.value <= at.high <= run.metrics["delivered_gbps_per_endpoint"].value
    cost = run.metrics["cost_at_99_9_usd_per_gbps"].value
    assert cost == pytest.approx(run.metrics["cost_usd"].value / table["delivered_gbps"][1])
    assert "at least so long" in run_text(run)
    assert run.scenario["failures"]["group"]["row"]["fit"] == 1e5


def name_of_leaf():
    import topologies

    fabric = topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=16, links_per_pair=8)
    return str(fabric.node_names[64])


def test_a_collective_is_timed_and_stops_where_an_endpoint_is_down(scenario_path, tmp_path):
    text = TEXT.replace('name = "uniform"\ngbps_per_endpoint = 800.0', 'name = "all_reduce"\nsize_gb = 1.0')
    evaluation = evaluate(load_scenario(scenario_path(text, name_of_leaf())))
    found = evaluation.assessment
    intact = found.metric("collective_time_ms").value
    assert found.metric("step_time_p50_ms").value == pytest.approx(intact, rel=0.2)
    assert found.metric("step_time_p50_ms").value <= found.metric("step_time_p99_ms").value
    assert 0 < found.metric("step_stopped_time_fraction").value < 0.1
    p50, p99 = (found.metric(f"step_time_running_{name}_ms").value for name in ("p50", "p99"))
    assert p50 <= p99 <= found.metric("step_time_p99_ms").value and np.isfinite(p99)

    path = tmp_path / "row.h5"
    path.write_bytes(evaluation_bytes(evaluation))
    page = report_html([path])
    for title, _ in QUANTITIES.values():
        assert page.count(f">{title}<") == 1
    for level in ("99", "99_9", "99_99"):
        rate = found.metric(f"delivered_at_{level}_gbps_per_endpoint")
        cells = f"{rate.value:,.1f}", f"{rate.low:,.1f} to {rate.high:,.1f}"
        assert f'<td class="n">{cells[0]}</td><td class="n">{cells[1]}</td>' in page
    assert f'<td class="n">{found.metric("step_time_p99_ms").value:,.4g}</td>' in page


def test_mistakes_name_what_there_is(scenario_path):
    wrong = TEXT.replace("samples = 60", 'samples = 0\ncauses = ["modul"]')
    with pytest.raises(ScenarioError) as caught:
        load_scenario(scenario_path(wrong))
    message = str(caught.value)
    assert "row.toml:20" in message
    assert "did you mean 'module'" in message
    with pytest.raises(ScenarioError) as caught:
        evaluate(load_scenario(scenario_path(node=name_of_leaf() + "x")))
    assert "failures.group.row.nodes" in str(caught.value)
    assert f"did you mean '{name_of_leaf()}'" in str(caught.value)
