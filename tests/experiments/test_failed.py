# SPDX-License-Identifier: Apache-2.0
"""Scenarios with parts down: as fabrics built without these parts, as `optinet fail`, and back from their run files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from experiments import cli
from experiments.compare import comparison
from experiments.degraded import degraded
from experiments.difference import differences
from experiments.evaluate import evaluate, evaluation_bytes
from experiments.export import demand_of, node_link
from experiments.report import report_html
from experiments.saved import reopened
from experiments.scenario import load_scenario
from experiments.study import load_study
from optinet.errors import OptinetError, TopologyError
from optinet.reliability.settings import FailedParts
from optinet.results import open_run

ROW = """
title = "Row"
topology = {name = "leaf_spine", leaves = 4, spines = 2, hosts_per_leaf = 8, links_per_pair = 4}
workload = {name = "uniform"}
design = {switch = "switch_51t2", host_link = "aec_800g", optics = "lpo_800g_dr8", accelerator = "b300"}
"""
MESH = """
topology = {name = "ocs_mesh", blocks = 4, hosts_per_block = 8, uplinks_per_block = 9, ocs_ports = 12}
workload = {name = "uniform"}
design = {switch = "switch_102t4", host_link = "aec_1t6", ocs_optics = "bidi_800g_fr4", ocs = "palomar"}
"""
TORUS = """
topology = {name = "torus", dims = [4, 4]}
workload = {name = "uniform"}
routing = {name = "dor"}
design = {chip = "tpu_ici", cube_link = "cube_copper"}
"""
JOB = (
    """{name = "training", model = "llama_3_70b", sequence = 4096, global_batch = 64, parallelism = {tp = 4, pp = 4}}"""
)
SEVERAL = """{name = "jobs", placement = "random", jobs = {
    a = {name = "training", model = "llama_3_70b", sequence = 4096, global_batch = 64, parallelism = {tp = 4, pp = 4},
         endpoints = 16},
    b = {name = "serving", model = "llama_3_70b", parallelism = {tp = 8}}}}""".replace("\n", "")
WITHOUT = "failed.nodes=['spine1']"


@pytest.fixture
def scenario(tmp_path):
    def load(text, *changes):
        path = tmp_path / "scenario.toml"
        path.write_text(text)
        return load_scenario(path, changes)

    return load


@pytest.fixture
def run(tmp_path, scenario):
    def make(text, *changes, name="run.h5"):
        (tmp_path / name).write_bytes(evaluation_bytes(evaluate(scenario(text, *changes))))
        return open_run(tmp_path / name)

    return make


def write_trace(folder, n_ranks):
    """Write a trace of computing and of an all-to-all of 40 MB among all ranks, t.0.json and on."""
    exchange = [{"name": "comm_type", "int64Val": "6"}, {"name": "comm_size", "int64Val": "40000000"}]
    for rank in range(n_ranks):
        nodes = [
            {"version": "0.0.4"},
            {"id": "1", "name": "forward", "type": "COMP_NODE", "durationMicros": f"{100 + rank}"},
            {"id": "2", "type": "COMM_COLL_NODE", "dataDeps": ["1"], "attr": exchange},
        ]
        (folder / f"t.{rank}.json").write_text("\n".join(map(json.dumps, nodes)))


def metrics(evaluation):
    return {metric.name: metric.value for metric in evaluation.assessment.metrics}


@pytest.mark.parametrize(
    ("workload", "compared"),
    [
        ("{name = 'uniform'}", ("throughput", "latency_p99_ns", "loaded_latency_mean_ns", "delivered_tbps")),
        ("{name = 'all_reduce', group_size = 16}", ("collective_time_ms", "collective_bound_ms")),
        (JOB, ("step_time_ms", "throughput", "exposed_communication_fraction")),
        (SEVERAL, ("slowdown_ratio", "tokens_per_s", "throughput")),
        ("{name = 'flow_file', path = 'FOLDER/flows.csv'}", ("makespan_ms", "flow_p50_ms")),
        ("{name = 'chakra_trace', path = 'FOLDER/t.*.json'}", ("makespan_ms", "exposed_ms", "flow_p99_ms")),
    ],
    ids=["uniform", "all_reduce", "training", "jobs", "flows", "trace"],
)
def test_without_a_spine_a_fabric_does_what_one_built_without_it_does(scenario, tmp_path, workload, compared):
    flows = "".join(f"host{i},host{(i + 8) % 32},40\n" for i in range(32))
    (tmp_path / "flows.csv").write_text(f"source,target,size_gbit\n{flows}")
    write_trace(tmp_path, 32)
    asked = (f"workload={workload.replace('FOLDER', str(tmp_path))}", "routing.name=ecmp")
    whole = metrics(evaluate(scenario(ROW, *asked)))
    failed, built = (metrics(evaluate(scenario(ROW, *asked, each))) for each in (WITHOUT, "topology.spines=1"))
    for name in compared:
        assert failed[name] == pytest.approx(built[name], rel=1e-9), name
    assert failed[compared[0]] != pytest.approx(whole[compared[0]], rel=1e-5)
    assert (failed["links_down"], failed["lost_endpoints"]) == (16, 0)
    assert failed["cost_usd"] == whole["cost_usd"] > built["cost_usd"]  # what is down was bought
    assert failed["network_kw"] > built["network_kw"]


@pytest.mark.parametrize(
    ("text", "changes", "parts"),
    [
        (ROW, (), FailedParts(nodes=("leaf3",), links=(("leaf0", "spine1"), 3))),
        (ROW, ("workload={name='all_reduce'}",), FailedParts(nodes=("leaf3",))),
        (ROW, ("workload={name='chakra_trace', path='FOLDER/t.*.json'}",), FailedParts(nodes=("spine1",))),
        (MESH, ("routing.name=ecmp",), FailedParts(ocs=(0,), groups=(2,))),
        (MESH, ("workload.gbps_per_endpoint=1600.0",), FailedParts(ocs=(0,))),
        (TORUS, ("workload.gbps_per_endpoint=100.0",), FailedParts(nodes=("chip(1,1)",))),
    ],
    ids=["row", "all_reduce", "trace", "mesh", "best", "torus"],
)
def test_a_run_with_parts_down_is_what_fail_says_of_the_intact_one(run, tmp_path, text, changes, parts):
    write_trace(tmp_path, 12)
    changes = [each.replace("FOLDER", str(tmp_path)) for each in changes]
    table = f"failed={json.dumps(parts.plain()).replace(':', ' =')}"
    said, found = degraded(run(text, *changes), parts), run(text, *changes, table, name="failed.h5")
    assert found.loads.throughput == pytest.approx(said.throughput)
    assert found.metrics["delivered_tbps"].value == pytest.approx(said.delivered_gbps / 1e3)
    assert found.metrics["lost_endpoints"].value == said.lost_endpoints
    assert found.metrics["links_down"].value == said.links_down == (~found.link_up).sum()
    assert found.routing == said.routing
    np.testing.assert_allclose(found.arc_load_gbps, said.arc_load_gbps)
    assert not found.arc_load_gbps[~np.repeat(found.link_up, 2)].any()
    # and from its file: what it was assessed from, what else fails, what it would be without
    again = reopened(found).solution
    assert again.delivered_gbps == pytest.approx(said.delivered_gbps)
    np.testing.assert_array_equal(again.failed.arc_up, said.arc_up)
    assert demand_of(found).total_gbps == pytest.approx(again.demand.total_gbps)
    assert degraded(found, FailedParts()).throughput == pytest.approx(said.throughput)
    assert degraded(found, FailedParts(), instead=True).throughput == pytest.approx(said.throughput_before)


def test_fail_says_that_a_collective_without_a_whole_group_does_not_run(run):
    found = degraded(
        run(ROW, "workload={name='all_reduce', group_size=8, placement='strided'}"), FailedParts(nodes=("leaf3",))
    )
    assert (found.throughput, found.delivered_gbps, found.lost_endpoints) == (0.0, 0.0, 32)
    assert "no group of the collective has all its ranks" in found.limit


def test_dimension_order_gives_way_where_a_hole_is_in_it(run):
    found = run(TORUS, "failed.nodes=['chip(1,1)']")
    assert found.routing == "ecmp" and found.scenario["routing"]["name"] == "dor"


def test_what_cannot_run_without_parts_is_refused(scenario, tmp_path):
    write_trace(tmp_path, 32)
    for workload, words in (
        (JOB, "8 of 32 endpoints are not served with leaf3 down"),
        (SEVERAL, "workload.jobs.a.parallelism: "),
        (f"{{name='chakra_trace', path='{tmp_path}/t.*.json'}}", "8 endpoints of the flows are not served .* host24"),
        ("{name='all_reduce', group_size=8, placement='strided'}", "every group of 8 has an endpoint"),
    ):
        with pytest.raises(OptinetError, match=words):
            evaluate(scenario(ROW, f"workload={workload}", "failed.nodes=['leaf3']"))
    alone = JOB.replace("pp = 4", "pp = 4, endpoints = 16")  # a job beside the rack that is down goes on
    assert metrics(evaluate(scenario(ROW, f"workload={alone}", "failed.nodes=['leaf3']")))["lost_endpoints"] == 8
    with pytest.raises(OptinetError, match="no two endpoints that send each other something reach each other"):
        evaluate(scenario(ROW, "failed.nodes=['leaf*']"))


def test_mistakes_are_told_with_their_lines(scenario, tmp_path):
    table = '[failed]\nnodes = ["spin1", "leaf0"]\nlinks = [["leaf0", "leaf1"], 99]\nocs = [0]\ngroups = ["row"]\n'
    with pytest.raises(OptinetError) as caught:
        scenario(f"{ROW}\n{table}")
    lines = str(caught.value).splitlines()
    for line, words in (
        (8, "failed.nodes: no node is called 'spin1'; allowed: host0, host1, ..., spine0, spine1; did you mean"),
        (9, "failed.links: no link joins 'leaf0' and 'leaf1'"),
        (9, "failed.links: 99; allowed: 0 to 63"),
        (10, "failed.ocs: 0; allowed: none: the fabric has no optical circuit switches"),
        (11, "failed.groups: no group is called 'row'"),
    ):
        assert any(f"scenario.toml:{line}: {words}" in each for each in lines), words
    with pytest.raises(OptinetError, match=r"\[failed\] or \[phases\]"):
        scenario(ROW, WITHOUT, "phases.length_s=1.0")


def test_parts_down_are_an_axis_of_a_study(tmp_path):
    grid = '[grid]\nfailed = [{}, {nodes = ["spine1"]}, {nodes = []}]\n'
    base = ROW.replace("\n", "\nbase.").removesuffix("base.").replace("base.\n", "")
    (tmp_path / "study.toml").write_text(f"{base.lstrip()}{grid}".replace("base.title", "title"))
    points = load_study(tmp_path / "study.toml").points()
    assert [point.scenario.failed for point in points] == [None, FailedParts(nodes=("spine1",))]
    assert len({point.scenario.content_sha256 for point in points}) == 2
    assert "failed" not in points[0].scenario.resolved()


def test_failures_are_drawn_beside_parts_that_are_down(scenario):
    half = "failures={samples=30, group={half={nodes=['spine1'], fit=5e3, repair_hours=4.0}}}"
    found = evaluate(scenario(ROW, half, "failed.groups=['half']"))
    assert found.failing.found.delivered_gbps[0] == pytest.approx(found.solution.delivered_gbps)
    kinds = [cause.kind for cause in found.failing.risks.causes]
    first = int(found.failing.risks.first[kinds.index("group")])
    same = [i for i, risks in enumerate(found.failing.states.failed) if risks.tolist() == [first]]
    assert found.failing.found.delivered_gbps[same] == pytest.approx(found.solution.delivered_gbps)
    assert found.failing.found.delivered_gbps.min() < found.solution.delivered_gbps * 0.99


def test_runs_say_what_is_down(run, tmp_path):
    intact, down = run(ROW), run(ROW, "failed.nodes=['leaf3']", name="down.h5")
    graph = json.loads(node_link(down))
    assert {node["id"] for node in graph["nodes"] if not node["up"]} == {"leaf3"}
    assert sum(not link["up"] for link in graph["links"]) == 32
    assert ("scenario", "failed.nodes") in {(each.part, each.name) for each in differences(intact, down)}
    table = comparison([intact, down])
    assert any("down: leaf3; 16 of 64 links carry nothing, 8 of 32" in text for text in table.footnotes)
    page = report_html([intact.path, down.path])
    assert "delivers 445.2 Gb/s per endpoint with leaf3 down, 55.6 % of what it does whole" in page
    assert "Least network power: Row, 7.4" in page  # and not the one that carries less


def test_the_command_writes_the_run_with_parts_down(run, tmp_path, capsys):
    path = run(ROW).path
    with pytest.raises(SystemExit) as ended:
        cli.main(["fail", str(path), "--node", "spine1", "-o", str(tmp_path / "down.h5")])
    assert ended.value.code == 0 and "down: spine1" in capsys.readouterr().out
    down = open_run(tmp_path / "down.h5")
    assert down.scenario["failed"] == {"nodes": ["spine1"]}
    with pytest.raises(SystemExit):
        cli.main(["fail", str(down.path), "--group", "0", "--json"])
    assert json.loads(capsys.readouterr().out)["lost_endpoints"] == 32
    with pytest.raises(TopologyError, match="0 to 0"):
        degraded(down, FailedParts(groups=(7,)))
