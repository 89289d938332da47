# SPDX-License-Identifier: Apache-2.0
"""Traced paths on a run that has a design, checked against the run's own latencies and loads."""

from __future__ import annotations

import dataclasses
import textwrap

import numpy as np
import pytest

from experiments.evaluate import evaluate, evaluation_bytes
from experiments.plain_values import format_number
from experiments.scenario import load_scenario
from gui.state.fabric.paths import COLUMNS, trace
from gui.state.fabric.quantities import LATENCY, MARGIN
from gui.state.fabric.racks import racks_of_run
from gui.state.fabric.scene_reading import scene_of
from gui.state.runs.entry import read_entry
from optinet.fabric import NodeKind
from optinet.results import open_run


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "q3450.h5"
    path.write_bytes(evaluation_bytes(evaluate(load_scenario("q3450"))))
    return scene_of(read_entry(open_run(path)))


def test_every_plane_is_a_path_with_the_latency_loss_and_margin_of_the_run(scene):
    found = trace(scene, 0, 143)
    run = scene.run
    mean_ns = format_number(run.metric("latency_mean_ns").value)
    assert found.title == f"host0 to host143, routing ecmp: 4 paths, {mean_ns} ns on average" and found.n_paths == 4
    assert [path.share for path in found.paths] == pytest.approx([0.25] * 4) and not found.note
    assert found.links().tolist() == sorted(hop.arc // 2 for path in found.paths for hop in path.hops)
    for path in found.paths:
        assert [hop.link_class for hop in path.hops] == ["host-leaf"] * 2
        assert path.latency_ns == pytest.approx(run.metric("latency_mean_ns").value)
        assert path.hops[0].margin_db == pytest.approx(run.metric("worst_link_3sigma_margin_db").value)
        assert path.hops[0].loss_db == pytest.approx(float(run.budgets[0]["mean_loss_db"].sum()))
        assert path.fullest == pytest.approx(run.arc_utilization[[hop.arc for hop in path.hops]].max())
    lines = found.text().splitlines()
    assert lines[3].split("\t") == list(COLUMNS) and len(lines[4].split("\t")) == len(COLUMNS)
    assert scene.link_values[MARGIN.id] == pytest.approx(np.full(576, path.hops[0].margin_db))
    # 20 m of fiber at 4.9 ns/m, and coding and modules
    assert scene.link_values[LATENCY.id][0] == pytest.approx(20 * 4.9 + scene.facts["host-leaf"].link_ns)


def test_paths_go_around_what_has_failed_and_say_when_there_is_none(scene):
    plane0 = [int(link) for link in np.flatnonzero((scene.link_ends == 144).any(axis=1))]
    assert trace(scene, 0, 143, plane0).n_paths == 3
    of_host0 = np.flatnonzero((scene.link_ends == 0).any(axis=1)).tolist()
    cut = trace(scene, 0, 143, of_host0)
    assert not cut.paths and cut.problem
    assert "hosts and chips, not at plane0.leaf0" in trace(scene, 0, 144).problem


def test_a_routing_of_all_traffic_together_is_said_to_have_no_paths(scene, monkeypatch):
    monkeypatch.setattr(scene.run, "routing", "optimal")
    assert "no paths of single pairs" in trace(scene, 0, 1).note


def test_the_links_of_a_box_of_several_asics_pass_its_shuffle(scene):
    drawing = scene.opening
    (shuffle,) = drawing.shuffles
    to_shuffle = (drawing.segment_ends == shuffle).any(axis=1)
    assert to_shuffle.all() and drawing.n_segments == 144 + 4
    assert sorted(set(drawing.copies.tolist())) == [4, 144]
    folded = scene.drawing(scene.folds.everything)
    assert sorted(folded.copies.tolist()) == [144, 144, 144, 144, 576]


def test_a_run_without_a_design_has_paths_without_latency(scene):
    bare = dataclasses.replace(scene, facts={name: type(fact)(name) for name, fact in scene.facts.items()})
    (path, *_) = trace(bare, 0, 1).paths
    assert np.isnan(path.latency_ns) and "ns" not in path.heading()


def test_an_endpoint_that_has_lost_its_links_is_cut_off_and_small_shares_are_told_to_two_digits(scene):
    links = np.flatnonzero((scene.link_ends == 0).any(axis=1))
    assert trace(scene, 0, 1, links.tolist()).problem == "What has failed cuts host0 off from host1: no path is left."
    (path, *_) = trace(scene, 0, 100).paths
    assert path.heading().startswith("25 % of the traffic, 2 hops, ")
    assert dataclasses.replace(path, share=1 / 1024).heading().startswith("0.098 % of the traffic")


def test_a_split_of_all_traffic_together_is_that_of_the_run_with_the_options_of_its_scenario(tmp_path):
    # blocks 0 and 1 send each other nearly all there is: over their trunk and around by way of block 2, as when alone;
    # to block 2 they send little, and all of it directly
    (tmp_path / "gbps.csv").write_text("0,700,8\n700,0,8\n8,8,0\n")
    text = """
        [topology]
        name = "ocs_mesh"
        blocks = 3
        hosts_per_block = 1
        uplinks_per_block = 2
        [workload]
        name = "matrix_file"
        path = "gbps.csv"
        [routing]
        name = "direct_transit"
        method = "lp"
        [design]
        switch = "switch_51t2"
        host_link = "aec_800g"
        optics = "lpo_800g_dr8"
        ocs = "palomar"
        """
    (tmp_path / "mesh.toml").write_text(textwrap.dedent(text))
    path = tmp_path / "mesh.h5"
    path.write_bytes(evaluation_bytes(evaluate(load_scenario(tmp_path / "mesh.toml"))))
    mesh = scene_of(read_entry(open_run(path)))
    asked = np.array([[0, 700, 8], [700, 0, 8], [8, 8, 0]])
    load = np.zeros_like(mesh.arc_load_gbps)
    for source, target in np.argwhere(asked):
        found = trace(mesh, int(source), int(target))
        assert not found.note
        for taken in found.paths:
            load[[hop.arc for hop in taken.hops]] += asked[source, target] * taken.share
    assert load == pytest.approx(mesh.arc_load_gbps)


def test_the_asics_of_a_box_stand_in_one_rack_of_as_many_as_the_run_counts(scene):
    told, run = racks_of_run(scene.run), scene.run
    counted = run.table("racks")
    assert len(told.names) == sum(counted["racks"]) and told.names[0] == f"{counted['where'][0]} rack 0"
    # every plane is one ASIC of the one box, and hosts stand in no rack that is told
    switches = scene.node_kind == NodeKind.SWITCH
    assert (told.of_node[switches] == 0).all() and (told.of_node[~switches] == -1).all()
