# SPDX-License-Identifier: Apache-2.0
"""Bills of materials: counts by hand, published inventories, conservation."""

import numpy as np
import pytest

import topologies
from optinet.models.bom import bill_of_materials, fed_lanes, switch_boxes
from optinet.models.physical_path import physical_paths
from tests.support.parts import PARTS, design


def bom_of(topology, parameters, **roles):
    fabric = topologies.build(topology, **parameters)
    made = design(**roles)
    return bill_of_materials(fabric, physical_paths(fabric, made, PARTS), made, PARTS)


def table(bom):
    return {(line.role, line.component, line.where): line.count for line in bom.lines}


def test_leaf_spine_line_by_line():
    shape = {"leaves": 4, "spines": 2, "hosts_per_leaf": 2}
    bom = bom_of("leaf_spine", shape, switch="box", optics="dr8", host_link="aec")
    assert table(bom) == {
        ("switch", "box", "tier 1"): 4,
        ("switch", "box", "tier 2"): 2,
        ("cable", "aec", "host-leaf"): 8,
        ("module", "dr8", "leaf-spine"): 16,  # both ends of 8 links
        ("laser", "dr8", "leaf-spine"): 32,
        ("fiber", "smf", "leaf-spine"): 128,  # 8 links of 16 strands
        ("jumper", "mpo_low_loss", "leaf-spine"): 16,  # an MPO-16 at each module
        ("connector", "mpo_low_loss", "leaf-spine"): 16,  # and one at each of two panels
        ("panel", "patch_panel", "leaf-spine"): 3,  # 256 positions, 100 in a rack unit
        ("nic", "nic_800g", "hosts"): 8,
    }
    (fiber,) = bom.of("fiber")
    assert fiber.length_m == 128 * 50
    assert (bom.fibers, bom.ocs_ports_used) == (128, 0)


def test_a_switch_of_51_tbps_at_100_gbps_a_lane():
    # one spine with 64 links of 800 Gb/s: 512 lanes, 1,024 fibers, 64 MPO-16 on the switch's side
    shape = {"leaves": 64, "spines": 1, "hosts_per_leaf": 1}
    parts = PARTS.with_values({"box.asic_capacity_gbps": 51_200, "box.capacity_gbps": 51_200})
    fabric = topologies.build("leaf_spine", **shape)
    made = design(switch="box", optics="dr8", host_link="aec")
    paths = physical_paths(fabric, made, parts)
    assert paths[1].lanes_per_link * paths[1].n_links == 512
    bom = bill_of_materials(fabric, paths, made, parts)
    assert bom.fibers == 1024
    assert bom.count("connector") == 2 * 64  # the same again on the leaves' side


def test_tpu_pod_of_4096_chips():
    pod = {"cubes": (4, 4, 4), "cube_side": 4, "link_gbps": 800 / 6}
    bom = bom_of("tpu_pod", pod, chip="ici", optics="fr4_bidi", cube_link="dac", ocs="mems")
    assert bom.count("ocs") == 48
    assert bom.ocs_ports_used == 6144 == 48 * 128
    assert bom.fibers == 6144  # 3,072 links of two segments
    assert bom.count("circulator") == 6144
    assert bom.count("cable") == 9216 / 6  # six links of 133 Gb/s share a cable of 800
    assert bom.count("module") == 6144 / 2  # the two fibers of a module are two links
    assert bom.count("chip") == 4096
    assert bom.count("switch") == 0


@pytest.mark.parametrize(("optics", "strands"), [("fr8_bidi", 1), ("fr4_bidi", 2), ("dr8", 16)])
def test_links_of_several_strands_take_parallel_copies_of_the_plant(optics, strands):
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    bom = bom_of("ocs_mesh", mesh, switch="box", optics=optics, host_link="aec", ocs="mems")
    # 4 blocks of 4 uplinks, spare ones included, fit one OCS
    assert bom.count("ocs") == strands
    assert bom.ocs_ports_used == 16 * strands
    assert bom.fibers == 16 * strands
    assert bom.of("fiber")[0].length_m == 16 * strands * 50
    assert bom.count("module") == 16
    assert bom.count("circulator") == (32 if optics == "fr4_bidi" else 0)


def test_planes_share_boxes_of_four_asics_and_external_lasers():
    # 4 planes of 4 leaves and 2 spines: every box holds the four ASICs at one position
    planes = {"planes": 4, "leaves": 4, "spines": 2, "hosts_per_leaf": 2}
    bom = bom_of("multiplane", planes, switch="box_of_4", optics="engine_1t6", host_link="dr4_200g")
    counts = table(bom)
    assert counts["switch", "box_of_4", "tier 1"] == 4
    assert counts["switch", "box_of_4", "tier 2"] == 2
    # 32 host links of 200 Gb/s: 8 host modules of 800, 4 engines of 1,600
    assert counts["module", "dr4_200g", "host-leaf"] == 8
    assert counts["module", "engine_1t6", "host-leaf"] == 4
    # a leaf box has 4 x (2 + 2) link ends of one lane each, a spine box 4 x 4: one laser module of 32 lanes
    assert counts["external_laser", "els", "tier 1"] == 4
    assert counts["external_laser", "els", "tier 2"] == 2
    assert bom.count("pm_fiber") == 6 * 8
    assert counts["laser", "els", "tier 1"] == 4 * 8
    assert counts["laser", "dr4_200g", "host-leaf"] == 16  # the pluggable's own
    # 4 x 8 links x 2 strands x 2 ends and 32 x 2 at the leaves, in boxes of 500
    assert bom.count("shuffle", where="leaf-spine") == 1
    assert bom.count("connector", where="leaf-spine") == 0
    assert bom.count("nic") == 8  # four links of 200 Gb/s are one NIC of 800


def test_external_lasers_feed_one_box_each():
    shape = {"leaves": 5, "spines": 1, "hosts_per_leaf": 1}
    fabric = topologies.build("leaf_spine", **shape)
    made = design(switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    paths = physical_paths(fabric, made, PARTS)
    # engines of 1.6T have 8 lanes, so a link of 800 takes 4
    assert fed_lanes(fabric, paths, PARTS).tolist() == [0.0] * 5 + [8.0] * 5 + [20.0]
    # laser modules of 16 lanes: two at the spine, and one in each leaf though the five leaves together need 2.5
    bom = bill_of_materials(fabric, paths, made, PARTS.with_values({"els.tx_lanes_fed": 16}))
    assert table(bom)["external_laser", "els", "tier 1"] == 5
    assert table(bom)["external_laser", "els", "tier 2"] == 2


@pytest.mark.parametrize(
    ("topology", "parameters"),
    [
        ("clos3", {"pods": 2, "leaves_per_pod": 2, "aggs_per_pod": 2, "cores": 2, "hosts_per_leaf": 3}),
        ("multiplane", {"planes": 4, "leaves": 2, "spines": 2, "hosts_per_leaf": 2, "links_per_pair": 2}),
        ("ocs_mesh", {"blocks": 5, "hosts_per_block": 2, "uplinks_per_block": 4}),
    ],
)
def test_strands_are_conserved_from_end_to_end(topology, parameters):
    """Every strand leaves a module fiber at one end and enters one at the other."""
    fabric = topologies.build(topology, **parameters)
    made = design(switch="box_200", optics="engine_1t6", host_link="dr4_200g", ocs="mems")
    paths = physical_paths(fabric, made, PARTS)
    bom = bill_of_materials(fabric, paths, made, PARTS)
    for path in paths:
        lanes = {end: PARTS.value(end, "lanes") for end in (path.end_a, path.end_b)}
        ends = path.n_links + path.spare_ends / 2
        at_a = ends * path.units_per_end_a * lanes[path.end_a] * 2
        at_b = ends * path.units_per_end_b * lanes[path.end_b] * 2
        assert at_a == at_b == ends * path.strands_per_link
        (fiber,) = (line for line in bom.of("fiber") if line.where == path.link_class)
        assert fiber.count == (path.n_links * path.segments + path.spare_ends) * path.strands_per_link
        assert bom.count("module", where=path.link_class) >= ends * (path.units_per_end_a + path.units_per_end_b)


def test_boxes_hold_one_asic_of_each_plane_or_neighbors_of_a_tier():
    planes = topologies.build("multiplane", planes=4, leaves=2, spines=1, hosts_per_leaf=1)
    boxes = switch_boxes(planes, 4)
    assert boxes[:2].tolist() == [-1, -1]
    assert np.array_equal(boxes[2:].reshape(4, 3), np.tile([0, 1, 2], (4, 1)))
    assert len(np.unique(switch_boxes(planes, 2)[2:])) == 6
    clos = topologies.build("leaf_spine", leaves=3, spines=2, hosts_per_leaf=1)
    assert switch_boxes(clos, 2)[3:].tolist() == [0, 0, 1, 2, 2]
