# SPDX-License-Identifier: Apache-2.0
"""Fabrics that grow: where a tier is added, and how their rows are told apart."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.compare import comparison
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.growth import cliffs, differing
from experiments.study import load_study
from optinet.results import open_run, write_run

STUDY = """
[base]
topology = {name = "sized_clos", endpoints = 8, radix = 8}
workload = {name = "uniform", gbps_per_endpoint = 800.0}
routing = {name = "ecmp"}
design = {switch = "switch_51t2", optics = "retimed_800g_dr8", host_link = "aec_800g"}
[[case]]
name = "retimed"
[[case]]
name = "linear"
design = {optics = "lpo_800g_dr8"}
[grid]
"topology.endpoints" = [8, 32, 64]
"topology.oversubscription" = [1.0, 3.0]
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    (folder / "scale.toml").write_text(STUDY)
    points = load_study(folder / "scale.toml").points()
    return [
        open_run(write_run(folder / f"{i}.h5", evaluation_bytes(evaluate(point.scenario), point.case)))
        for i, point in enumerate(points)
    ]


def test_a_tier_more_is_told_with_what_it_adds(runs):
    remarks = list(cliffs(runs))
    # one switch of 8 ports for 8 hosts; 32 are the most of two tiers at 1:1, and at 3:1 48
    assert [remark.split(",")[0] for remark in remarks] == [
        "retimed",
        "retimed",
        "retimed",
        "retimed",
        "linear",
        "linear",
        "linear",
        "linear",
    ]
    assert sum("2 tiers from 32 endpoints" in remark for remark in remarks) == 4
    assert sum("3 tiers from 64 endpoints" in remark for remark in remarks) == 4
    sizes = {
        run.scenario["topology"]["endpoints"]: run.metrics["cost_per_endpoint_usd"].value
        for run in runs
        if run.case == "retimed" and run.scenario["topology"]["oversubscription"] == 1.0
    }
    (third,) = (each for each in remarks if each.startswith("retimed, oversubscription=1: 3 tiers"))
    assert f"{100 * (sizes[64] / sizes[32] - 1):+.0f} % cost" in third


def test_rows_of_a_growing_fabric_are_told_apart_and_not_called_unlike(runs):
    table = comparison(runs)
    assert [row.case for row in table.rows][:2] == [
        "retimed, endpoints=8, oversubscription=1",
        "retimed, endpoints=8, oversubscription=3",
    ]
    assert not any("not like for like" in note for note in table.footnotes)
    shown = [column.key for column in table.columns]
    assert {"endpoints", "switch_tiers", "network_w_per_endpoint"} <= set(shown)
    assert any("3 tiers from 64 endpoints" in remark for remark in table.remarks)


@pytest.mark.parametrize("spend", ["cost_usd", "network_kw"])
def test_what_delivers_most_for_a_budget_is_marked(runs, spend):
    table = comparison(runs).with_front([spend, "delivered_tbps"])
    kept = sorted((row.values[spend], row.values["delivered_tbps"]) for row in table.rows if row.on_front)
    assert [given for _, given in kept] == sorted(given for _, given in kept)
    assert 0 < len(kept) < len(table.rows)
    # linear optics are cheaper and draw less on the same graph, so no retimed design is left but those without optics
    assert {row.case.split(",")[0] for row in table.rows if row.on_front and row.values["endpoints"] > 8} == {"linear"}


def test_what_tells_scenarios_apart():
    first = {"topology": {"name": "a", "k": 4}, "design": {"optics": "x"}, "title": "one", "workload": {"name": "u"}}
    second = {"topology": {"name": "a", "k": 8.0}, "design": {"optics": "x"}, "title": "two", "workload": {"name": "v"}}
    assert differing([first, second]) == ["k=4", "k=8"]
    assert differing([first, first]) == ["", ""]


def test_runs_that_do_not_grow_have_no_cliffs():
    run = SimpleNamespace(case="x", scenario={"topology": {"name": "torus"}}, metrics={}, path=Path("x.h5"))
    assert list(cliffs([run])) == []


def test_the_shipped_study_is_valid_and_covers_what_it_says():
    points = load_study("scale").points()
    assert len(points) == 4 * 7 * 3
    assert {point.scenario.topology.parameters["endpoints"] for point in points} == {2**n for n in range(10, 17)}
