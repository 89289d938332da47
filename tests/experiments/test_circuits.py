# SPDX-License-Identifier: Apache-2.0
"""From one scenario's circuits to another's, as `optinet reconfigure` shows it."""

import json

import pytest

from experiments.circuits import change_json, change_text, circuit_change
from experiments.scenario import load_scenario
from optinet.errors import ScenarioError

POD = """\
title = "{title}"
topology = {{name = "tpu_pod", pod_cubes = 12, {topology}}}
workload = {{name = "uniform_in_slices"}}
design = {{chip = "tpu_ici", cube_link = "cube_copper", ocs_optics = "bidi_tpu_800g", ocs = "palomar"}}
"""
MESH = """\
title = "{title}"
topology = {{name = "ocs_mesh", blocks = 4, hosts_per_block = 2, uplinks_per_block = 6, {topology}}}
workload = {{name = "uniform"}}
design = {{switch = "switch_102t4", host_link = "aec_1t6", optics = "retimed_800g_dr8", ocs = "palomar"}}
"""


@pytest.fixture
def change(tmp_path):
    def make(before, after):
        scenarios = []
        for index, text in enumerate((before, after)):
            path = tmp_path / f"{index}.toml"
            path.write_text(text)
            scenarios.append(load_scenario(path))
        return circuit_change(*scenarios)

    return make


def pod(title, topology):
    return POD.format(title=title, topology=topology)


def test_from_one_plan_of_slices_to_another(change):
    found = change(
        pod("Two", "slices = [{chips = [8, 8, 8]}, {chips = [4, 4, 8]}]"),
        pod("Half", "slices = [{chips = [8, 8, 4]}, {chips = [4, 4, 8], twisted = true, cubes = [8, 9]}]"),
    )
    data = json.loads(json.dumps(change_json(found)))
    # the half of the first keeps 8 of 12 faces at 16 positions, the twist re-joins 4 of 6
    assert (data["circuits_before"], data["kept"], data["set_anew"]) == (480, (8 + 2) * 16, (4 + 4) * 16)
    assert data["taken_down"] == 480 - 160
    assert [row["set_anew"] for row in data["slices"]] == [64, 64]
    assert [row["circuits"] for row in data["slices"]] == [192, 96]
    text = change_text(found)
    assert text.startswith("Two -> Half\n")
    assert "128, those that differ" in text
    assert "0, 2, 4, 6" in text


def test_from_one_mesh_to_another(change):
    pairs = "circuits = [[0, 4, 1, 1], [4, 0, 1, 1], [1, 1, 0, 4], [1, 1, 4, 0]]"
    found = change(MESH.format(title="Uniform", topology="ocs_ports = 136"), MESH.format(title="Pairs", topology=pairs))
    data = change_json(found)
    assert (data["kept"], data["taken_down"], data["set_anew"], data["set_anew_at_least"]) == (8, 4, 4, 4)
    assert data["slices"] == []
    assert data["dark_ms"]["total"] == pytest.approx(sum(list(data["dark_ms"].values())[:3]))
    text = change_text(found)
    assert "4, proven least" in text
    assert "dark time" in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (pod("a", "slices = [{chips = [4, 4, 4]}]"), MESH.format(title="b", topology=""), "tpu_pod and ocs_mesh"),
        (
            pod("a", "slices = [{chips = [4, 4, 4]}]"),
            pod("b", "slices = [{chips = [4, 4, 4]}]").replace("12", "13"),
            "12 cubes, and 13 in the second",
        ),
        (
            pod("a", "slices = [{chips = [4, 4, 4]}]"),
            pod("b", "slices = [{chips = [4, 4, 4]}], cube_side = 2"),
            "4 chips along a cube, and 2",
        ),
        (
            MESH.format(title="a", topology=""),
            MESH.format(title="b", topology="").replace("blocks = 4", "blocks = 5"),
            "4 blocks, and 5 in the second",
        ),
    ],
)
def test_mistakes(change, before, after, words):
    with pytest.raises(ScenarioError, match=words):
        change(before.replace(", }", "}"), after.replace(", }", "}"))
