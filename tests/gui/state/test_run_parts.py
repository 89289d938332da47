# SPDX-License-Identifier: Apache-2.0
"""Failed parts of a scenario as parts in the viewer, and back."""

from __future__ import annotations

import pytest

from experiments.evaluate import evaluate, evaluation_bytes
from experiments.scenario import load_scenario
from gui.state.fabric.failed_parts import links_down, nodes_down
from gui.state.fabric.run_parts import scenario_with, table_of_parts
from gui.state.fabric.scene_reading import scene_of
from gui.state.runs.entry import read_entry
from optinet.results import open_run

MESH = """
title = "Mesh"
topology = {name = "ocs_mesh", blocks = 4, hosts_per_block = 4, uplinks_per_block = 9, ocs_ports = 12}
workload = {name = "uniform"}
design = {switch = "switch_102t4", host_link = "aec_1t6", ocs_optics = "bidi_800g_fr4", ocs = "palomar"}
[failed]
nodes = ["host0", "host1?"]
links = [3, ["block0", "block3"]]
ocs = [2]
groups = [1]
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mesh")
    (folder / "mesh.toml").write_text(MESH)
    (folder / "mesh.h5").write_bytes(evaluation_bytes(evaluate(load_scenario(folder / "mesh.toml"))))
    return scene_of(read_entry(open_run(folder / "mesh.h5")))


def test_the_parts_of_a_scenario_come_back_as_its_table(scene):
    table = table_of_parts(scene, scene.own_parts)
    assert table == {
        "nodes": ["host0", "host1?"],
        "links": [("host3", "block0"), ("block0", "block3")],  # the first by what it joins, not by its number
        "ocs": [2],
        "groups": [1],
    }
    assert {part.title for part in scene.own_parts} >= {"block 1", "OCS 2", "nodes host1?"}
    assert (~scene.run.link_up).nonzero()[0].tolist() == links_down(scene, scene.own_parts).tolist()
    assert (~scene.run.node_up).nonzero()[0].tolist() == nodes_down(scene, scene.own_parts).tolist()


def test_a_scenario_with_other_parts_down_is_titled_so(scene):
    fewer = scenario_with(scene, scene.own_parts[-1:])
    assert fewer["failed"] == {"ocs": [2]} and fewer["title"] == "Mesh, without OCS 2"
    assert "failed" not in scenario_with(scene, ()) and scenario_with(scene, ())["title"] == "Mesh"
