# SPDX-License-Identifier: Apache-2.0
"""Optics of a switch: counts of its fullest box, the edge they need, what a failure takes down."""

import numpy as np
import pytest

import topologies
from optinet.models.packaging import edge_uses, switch_optics
from optinet.models.physical_path import physical_paths
from tests.support.parts import PARTS, design

SHAPE = {"leaves": 4, "spines": 2, "hosts_per_leaf": 3}


def optics_of(topology="leaf_spine", parts=PARTS, shape=SHAPE, **roles):
    fabric = topologies.build(topology, **shape)
    made = design(**roles)
    found = switch_optics(fabric, physical_paths(fabric, made, parts), made, parts)
    return {(one.where, one.module): one for one in found}


def test_pluggable_modules_with_copper_to_the_hosts():
    found = optics_of(switch="box", optics="dr8", host_link="aec")
    assert list(found) == [("tier 1", "dr8"), ("tier 2", "dr8")]
    leaf, spine = found.values()
    # a leaf has 2 uplinks of 800 Gb/s, a spine 4
    assert (leaf.modules, leaf.lasers, leaf.external_lasers, leaf.optics_gbps) == (2, 4, 0, 1600)
    assert (spine.modules, spine.lasers, spine.optics_gbps, spine.optics_w) == (4, 8, 3200, 4 * 15)
    assert (spine.serdes, spine.electrical_loss_db, spine.packaging) == ("serdes_lr_112g", 22, "retimed")
    # 3.2 Tb/s at 0.1 Tb/s/mm, on two rack units
    assert (spine.edge, spine.edge_needed_mm, spine.edge_available_mm) == ("front panel", pytest.approx(32), 860)
    # a module is unplugged while the rest runs
    assert (spine.module_failure_gbps, spine.laser_failure_gbps, spine.repair_gbps) == (800, 800, 800)
    assert spine.attach_yield_fraction == 1
    assert np.isnan(spine.lane_light_mw)


def test_engines_fed_from_outside():
    found = optics_of(switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    leaf, spine = found["tier 1", "engine_1t6"], found["tier 2", "engine_1t6"]
    # a leaf has 3 host links and 2 uplinks, two links an engine, 4 lanes a link
    assert (leaf.modules, leaf.optics_gbps, leaf.external_lasers, leaf.lasers) == (3, 4000, 1, 8)
    assert leaf.optics_w == 3 * 7 + 8
    assert leaf.serdes == "serdes_xsr"
    # 8 x 250 mW for 32 lanes through a connector of 0.4 dB
    assert leaf.lane_light_mw == pytest.approx(62.5 * 10**-0.04)
    assert (leaf.edge, leaf.edge_needed_mm, leaf.edge_available_mm) == ("package", 4, 10)
    # an engine is two links; its laser module feeds 32 lanes, 8 links, of which 5 are there; the box is 4 Tb/s
    assert (leaf.module_failure_gbps, leaf.laser_failure_gbps, leaf.repair_gbps) == (1600, 4000, 4000)
    assert (spine.modules, spine.module_failure_gbps, spine.repair_gbps) == (2, 1600, 3200)
    assert leaf.attach_yield_fraction == pytest.approx(0.9**3)
    # a spine's laser module feeds more than the spine has
    assert spine.laser_failure_gbps == 3200


def test_a_laser_that_feeds_little_takes_down_little():
    parts = PARTS.with_values({"els.tx_lanes_fed": 8})
    spine = optics_of(parts=parts, switch="box_200", optics="engine_1t6", host_link="dr4_200g")["tier 2", "engine_1t6"]
    assert (spine.external_lasers, spine.laser_failure_gbps) == (2, 1600)


def test_the_edge_is_that_of_one_asic_of_a_box():
    planes = {"planes": 4, "leaves": 2, "spines": 1, "hosts_per_leaf": 2}
    roles = {"switch": "box_of_4", "optics": "engine_1t6", "host_link": "dr4_200g"}
    leaf = optics_of("multiplane", shape=planes, **roles)["tier 1", "engine_1t6"]
    # each of four ASICs has two host links and an uplink of 200 Gb/s
    assert (leaf.optics_gbps, leaf.edge_needed_mm, leaf.repair_gbps) == (2400, pytest.approx(0.6), 2400)


def test_edges_that_nobody_knows_are_left_open():
    found = optics_of(switch="box_200", optics="dr8_lpo", host_link="dr4_200g", parts=PARTS)
    spine = found["tier 2", "dr8_lpo"]
    assert np.isnan(spine.edge_needed_mm)
    assert all(np.isnan(use.utilization) for use in edge_uses(found.values()))


def test_what_shares_an_edge_is_taken_together():
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    roles = {"switch": "box_200", "host_link": "dr4_200g", "ocs_optics": "dr8", "ocs": "mems"}
    two_edges = edge_uses(optics_of("ocs_mesh", shape=mesh, optics="engine_1t6", **roles).values())
    # 2 host links of 800 Gb/s by engines at 1 Tb/s/mm, 4 uplinks by modules at 0.1
    assert [(use.edge, use.needed_mm, use.available_mm) for use in two_edges] == [
        ("package", pytest.approx(1.6), 10),
        ("front panel", pytest.approx(32), 860),
    ]
    (one_edge,) = edge_uses(optics_of("ocs_mesh", shape=mesh, optics="dr8_1t6", **roles).values())
    assert (one_edge.modules, one_edge.optics_gbps, one_edge.needed_mm) == (("dr8_1t6", "dr8"), 4800, pytest.approx(48))
    assert one_edge.utilization == pytest.approx(48 / 860)


def test_draws_broadcast():
    drawn = PARTS.draw(50, seed=1)
    spine = optics_of(parts=drawn, switch="box_200", optics="engine_1t6", host_link="dr4_200g")["tier 2", "engine_1t6"]
    assert spine.edge_needed_mm == pytest.approx(
        3.2 / drawn.value("packaging_cpo_2p5d", "bandwidth_density_tbps_per_mm"), rel=1e-12
    )


def test_copper_alone_has_none():
    shape = {"dims": (4,), "capacity_gbps": 800, "length_m": 1.0}
    assert optics_of("torus", shape=shape, chip="ici", cube_link="dac") == {}
