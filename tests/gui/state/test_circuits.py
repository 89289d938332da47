# SPDX-License-Identifier: Apache-2.0
"""The port matrix against the plant, and the steps of a reconfiguration from one set of circuits to another."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.circuits import fabric_change
from gui.state.fabric.circuits import playback_of, port_matrix
from gui.state.fabric.reconfiguration import around_ocs, between_runs
from gui.state.fabric.scene_reading import scene_of
from gui.state.runs.entry import read_entry
from optinet.results import open_run

POD = {"cube_side": 2, "pod_cubes": 4}
ONE, OTHER = [{"chips": (4, 2, 2), "cubes": (0, 1)}], [{"chips": (4, 2, 2), "cubes": (0, 2)}]


@pytest.fixture
def entry(make_run):
    def entry(name, slices):
        return read_entry(open_run(make_run(name, topology="tpu_pod", parameters={**POD, "slices": slices})))

    return entry


def test_the_matrix_holds_the_circuits_of_one_device(entry):
    scene = scene_of(entry("one", ONE))
    plant = scene.plant
    matrix = port_matrix(plant, 0, plant.circuit_ends, plant.circuit_link)
    assert matrix.n_ports == 8 and matrix.plugged == 8
    # device 0 serves axis x: the + faces of cubes 0 and 1 (ports 0 and 2) to the - faces of 1 and 0 (ports 3 and 1)
    assert sorted(tuple(sorted(pair)) for pair in matrix.ports.tolist()) == [(0, 3), (1, 2)]
    assert matrix.at(0, 3) == matrix.at(3, 0) is not None and matrix.at(0, 1) is None
    assert "port" in matrix.describe(0, scene) and "% of capacity" in matrix.describe(0, scene)
    assert matrix.summary() == "2 circuits on 8 plugged of 8 ports"


def test_playback_leads_step_by_step_from_the_circuits_of_one_run_to_those_of_the_other(entry):
    scene, other = scene_of(entry("one", ONE)), entry("other", OTHER)
    change = fabric_change(scene.run.fabric, other.run.fabric, ({}, {"slices": OTHER}))
    playback = playback_of("to the other", change, 25.0)
    plant, wanted = scene.plant, other.run.fabric.plant
    assert playback.n_steps == 2 * len(playback.devices) + 1

    def pairs(ends):
        return {tuple(sorted(pair)) for pair in ends.tolist()}

    before, links = playback.circuits(0)
    assert pairs(before) == pairs(plant.circuit_ends) and set(links) == set(plant.circuit_link)
    assert len(playback.dark_links(0)) == len(playback.new_links(0)) == 0
    after, _ = playback.circuits(playback.n_steps - 1)
    assert pairs(after) == pairs(wanted.circuit_ends)
    for step in range(playback.n_steps):
        ends, _ = playback.circuits(step)
        assert len(np.unique(ends)) == ends.size  # no port is in two circuits on the way
        assert playback.describe(step)
    assert playback.dark_links(1).size and not playback.new_links(1).size
    assert f"{playback.n_moves:,} are set anew, each dark for 25 ms" in playback.describe(0)


def test_what_cannot_be_reconfigured_is_said_in_a_line(entry, make_run):
    scene = scene_of(entry("one", ONE))
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 6}
    other = read_entry(open_run(make_run("mesh", topology="ocs_mesh", parameters=mesh)))
    assert "no circuits lead from one to the other" in between_runs(scene, other)
    assert "\n" not in between_runs(scene, other)
    around = around_ocs(scene_of(other), 0)
    assert around.n_moves == 0 and around.devices == (0,)  # the only device: all circuits go
    # this run names no cubes, so that they may stand where they are: nothing moves
    assert between_runs(scene, entry("other", OTHER)).describe(0) == "No circuit moves."
