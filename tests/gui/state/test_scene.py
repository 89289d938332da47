# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import topologies
from gui.state.fabric.link_facts import LinkFacts
from gui.state.fabric.quantities import LENGTH, LOAD, MARGIN, UTILIZATION
from gui.state.fabric.scene_reading import scene_of
from gui.state.fabric.view import FabricViewState
from gui.state.runs.entry import read_entry
from optinet.results import open_run

SHAPE = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}


@pytest.fixture
def read(make_run):
    def read(name="run", **content):
        return scene_of(read_entry(open_run(make_run(name, **content))))

    return read


@pytest.fixture
def scene(read):
    # links: 4 of hosts, then leaf0-spine twice, leaf1-spine twice; arcs 2 i and 2 i + 1
    used = np.zeros(16)
    used[[0, 1]] = 0.1, 0.3
    used[[8, 9, 10, 11]] = 0.2, 0.4, 0.9, 0.5
    return read(parameters=SHAPE, utilization=used)


def test_the_legend_of_margins_says_what_they_are_of(scene):
    assert scene.remarks(MARGIN) == () and scene.remarks(UTILIZATION) == ()
    host, up = scene.class_names
    facts = {host: LinkFacts(host, "copper", 3.0), up: LinkFacts(up, "fiber", 1.2)}
    both = dataclasses.replace(scene, facts=facts)
    assert both.remarks(MARGIN) == ("fiber: at 3 sigma", "copper: longest link")
    only = dataclasses.replace(scene, facts={**facts, host: LinkFacts(host, "copper")})
    assert only.remarks(MARGIN) == ("fiber: at 3 sigma",)


def test_a_link_has_the_larger_value_of_its_two_arcs(scene):
    assert scene.link_values[UTILIZATION.id] == pytest.approx([30, 0, 0, 0, 40, 90, 0, 0])
    assert scene.link_values[LOAD.id] == pytest.approx([240, 0, 0, 0, 320, 720, 0, 0])
    assert scene.link_values[LENGTH.id] == pytest.approx([3, 3, 3, 3, 50, 50, 50, 50])


def test_parallel_links_share_a_segment_with_the_value_of_the_fullest(scene):
    drawing = scene.opening
    assert scene.n_links == 8 and drawing.n_segments == 6
    values = scene.link_values[UTILIZATION.id]
    segment = int(drawing.most(values).argmax())
    assert drawing.leading_link(segment, values) == 5
    assert sorted(drawing.links_of(segment)) == [4, 5]
    assert drawing.copies.sum() == 8
    assert sorted(drawing.sample_order) == list(range(6))


def test_a_link_is_described_in_both_directions_with_units(scene):
    segment = int(scene.opening.most(scene.link_values[UTILIZATION.id]).argmax())
    assert scene.describe_links(scene.opening.links_of(segment)) == (
        "leaf0 – spine0",
        "leaf-spine, 50 m, the fullest of 2 parallel links",
        "to spine0: 90.0 %, 720 of 800 Gb/s",
        "to leaf0: 50.0 %, 400 of 800 Gb/s",
    )


def test_a_node_is_described_with_units(scene):
    assert scene.describe_node(0) == (
        "host0",
        "host, tier 0, rack 0, 1 link",
        "800 Gb/s per direction in all",
        "utilization 20.0 % mean, 30.0 % largest",
    )
    assert scene.describe_node(4)[:3] == ("leaf0", "switch, tier 1, rack 0, 4 links", "3,200 Gb/s per direction in all")


def test_the_census_counts_nodes_by_kind_and_all_links(scene, read):
    assert scene.census() == "4 hosts, 3 switches, 8 links"
    assert read("t", topology="torus", parameters={"dims": (3, 3)}).census() == "9 chips, 18 links"


def test_the_segments_of_hosts_are_known(scene):
    assert np.flatnonzero(scene.is_host_link).tolist() == [0, 1, 2, 3]


def test_a_fabric_without_links_has_a_scene(read):
    scene = read(topology="torus", parameters={"dims": (1,)}, utilization=np.zeros(0))
    assert scene.opening.n_segments == 0
    assert scene.describe_node(0) == ("chip(0)", "chip, tier 0, 0 links")


def test_sixteen_cubed_chips_are_read_and_laid_out(read):
    shape = {"cubes": (4, 4, 4), "cube_side": 4}
    scene = read(topology="tpu_pod", parameters=shape, utilization=np.linspace(0, 1, 2 * 12288))
    assert scene.n_links == topologies.build("tpu_pod", **shape).n_links == 12288
    assert scene.opening.n_segments == 12288 + 3 * 256
    state = FabricViewState()
    state.show(scene)
    assert len(state.segments) == scene.opening.n_segments and state.n_links_shown == 12288


def test_the_color_range_follows_the_run_until_it_is_locked(scene, read):
    state = FabricViewState()
    state.show(scene)
    assert (state.scale.low, state.scale.high) == (0.0, 100.0)
    over = read("over", parameters=SHAPE, utilization=2.5)
    state.show(over)
    assert state.scale.high == pytest.approx(250)
    state.set_scale_locked(True)
    state.show(scene)
    assert state.scale.high == pytest.approx(250)
    state.set_scale_stretched(True)
    assert state.scale.high == pytest.approx(90) and not state.scale_locked
    state.set_quantity(LOAD)
    assert state.scale.high == pytest.approx(720)


def test_the_camera_stays_for_another_run_of_the_same_fabric(scene, read):
    state = FabricViewState()
    state.show(scene)
    state.orbit(30, 5)
    turned = state.camera
    state.show(read("again", parameters=SHAPE, utilization=0.7))
    assert state.camera == turned
    state.show(read("other", topology="torus", parameters={"dims": (4, 4, 4)}))
    assert state.camera != turned


def test_what_was_fitted_is_fitted_to_a_new_size_and_what_was_moved_is_not(scene):
    state = FabricViewState()
    state.resize(800, 600)
    state.show(scene)
    before = state.camera.zoom
    state.resize(400, 900)
    assert state.camera.zoom != before
    state.zoom(2.0)
    moved = state.camera
    state.resize(700, 500)
    assert state.camera == moved


def test_host_links_can_be_left_out(scene):
    state = FabricViewState()
    state.show(scene)
    assert sorted(state.segments) == list(range(6))
    state.set_link_filter(host_links=False)
    assert sorted(int(link) for s in state.segments for link in state.drawing.links_of(s)) == [4, 5, 6, 7]
    assert len(state.values) == 6 and state.n_links_shown == 4
