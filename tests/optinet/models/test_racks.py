# SPDX-License-Identifier: Apache-2.0
"""Racks by height and by power, by hand."""

import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import CatalogueError

CATALOGUE = load_catalogue()
ROW = {"leaves": 64, "spines": 32, "hosts_per_leaf": 32, "links_per_pair": 1}
PLUGGABLE = {"switch": "switch_51t2", "optics": "retimed_800g_dr8", "host_link": "aec_800g"}


def assessed(values=None, shape=ROW, racks=None, **roles):
    fabric = topologies.build("leaf_spine", **shape)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.01))
    design = Design.from_roles({**PLUGGABLE, **roles}, racks=racks)
    return assess(solution, design, CATALOGUE.with_values(values or {}))


def test_boxes_fill_a_rack_to_its_height_where_power_lets_them():
    leaf, spine = assessed().racks
    # a leaf has 32 cable ends of 9 W and 32 modules of 15 W, a spine 64 modules; boxes at full load take 940 W
    assert leaf.box_w == pytest.approx(940 + 32 * 9 + 32 * 15)
    assert spine.box_w == pytest.approx(940 + 64 * 15)
    # 42 units for boxes of 2
    assert (leaf.rack, leaf.boxes, leaf.boxes_by_height, leaf.boxes_per_rack, leaf.racks) == ("rack_air", 64, 21, 21, 4)
    assert leaf.rack_kw == pytest.approx(21 * 1.708)
    assert not leaf.is_over_limit


def test_a_rack_over_its_limit_is_flagged_with_what_would_carry_it():
    found = assessed({"rack_air.power_limit_kw": 20.0})
    leaf, spine = found.racks
    assert (leaf.boxes_per_rack, leaf.racks) == (11, 6)  # 11 x 1.708 kW = 18.8 kW
    assert leaf.full_kw == pytest.approx(21 * 1.708)
    assert leaf.is_over_limit and spine.is_over_limit
    (note,) = (note for note in found.notes if note.startswith("tier 1: rack_air"))
    assert note == (
        "tier 1: rack_air carries 20 kW and 21 switch_51t2, which fill it, draw 36 kW: 11 go into a rack; "
        "a full one needs rack_liquid 140 kW, rack_kyber 600 kW"
    )
    assert found.metric("racks_over_limit").value == leaf.racks + spine.racks
    assert found.metric("rack_kw").value <= 20


def test_a_box_beyond_a_whole_rack_is_an_error_that_says_what_carries_it():
    with pytest.raises(CatalogueError) as caught:
        assessed({"rack_air.power_limit_kw": 1.8})
    (problem,) = caught.value.problems  # the spine's; a leaf of 1.71 kW fits
    assert problem.where == "design.rack"
    assert problem.found == "one switch_51t2 of tier 2 draws 1.9 kW, rack_air carries 1.8 kW"
    assert problem.allowed.startswith("rack_liquid 140 kW")


def test_liquid_cooled_boxes_are_in_liquid_cooled_racks():
    shape = {"leaves": 4, "spines": 2, "hosts_per_leaf": 8, "links_per_pair": 2}
    roles = {"switch": "switch_102t4", "optics": "cpo_2p5d_1t6", "host_link": "retimed_800g_dr4_200g"}
    assert {each.rack for each in assessed(shape=shape, **roles).racks} == {"rack_liquid"}
    assert {each.rack for each in assessed(shape=shape, **roles, rack="rack_kyber").racks} == {"rack_kyber"}


def test_accelerators_are_counted_by_power():
    hosts = assessed(accelerator="b300").racks[-1]
    # 1,400 W at the die through supplies of 0.9, a NIC of 50 W and one end of a cable of 9 W
    assert hosts.box_w == pytest.approx(1400 / 0.9 + 50 + 9)
    assert (hosts.where, hosts.rack, hosts.boxes) == ("hosts", "rack_liquid", 2048)
    assert hosts.boxes_per_rack == int(140_000 / hosts.box_w) == 86
    assert hosts.racks == -(-2048 // 86)
    assert not hosts.is_over_limit


def test_racks_are_as_told_and_hold_leaves_beside_hosts():
    found = assessed(accelerator="b300", racks={"hosts": 32, "tier_1": "hosts", "tier_2": 8})
    leaf, spine, hosts = found.racks
    assert (hosts.boxes_per_rack, hosts.racks, spine.boxes_per_rack, spine.racks) == (32, 64, 8, 4)
    assert (leaf.boxes, leaf.boxes_per_rack, leaf.racks, leaf.rack) == (64, 1, 0, "rack_liquid")
    # 32 hosts with the leaf they share, and 8 spines
    rack_kw = 32 * (1.4 / 0.9 + 0.050 + 0.009) + 1.708
    assert hosts.rack_kw == leaf.rack_kw == pytest.approx(rack_kw)
    assert spine.rack_kw == pytest.approx(8 * 1.9)
    assert found.metric("racks").value == 64 + 4
    assert found.metric("racks_over_limit").value == 0


def test_a_rack_told_beyond_what_it_carries_is_built_and_flagged():
    found = assessed(accelerator="b300", racks={"hosts": 128, "tier_1": 40})
    leaf, _, hosts = found.racks
    assert (hosts.racks, leaf.racks) == (16, 2)
    assert found.metric("racks_over_limit").value == 16 + 2
    notes = [note for note in found.notes if " stand in a rack" in note]
    assert notes == [
        (
            "tier 1: 40 switch_51t2 stand in a rack, which with all in it draws 68 kW; rack_air carries 40, "
            "rack_liquid 140 kW, rack_kyber 600 kW"
        ),
        "tier 1: 40 switch_51t2 stand in a rack, 21 fit rack_air by height",
        (
            "hosts: 128 b300 stand in a rack, which with all in it draws 207 kW; rack_liquid carries 140, "
            "rack_kyber 600 kW"
        ),
    ]


def test_hosts_filled_by_power_make_room_for_the_leaves_beside_them():
    hosts = assessed(accelerator="b300", racks={"tier_1": "hosts"}).racks[-1]
    each_w = 1400 / 0.9 + 50 + 9 + 64 * 1708 / 2048
    assert hosts.boxes_per_rack == int(140_000 / each_w)


def test_racks_that_cannot_be_are_named():
    with pytest.raises(CatalogueError) as caught:
        assessed(racks={"hosts": 8, "tier_1": "hosts", "tier_3": 4, "plant": 1})
    wrong = {problem.where: problem for problem in caught.value.problems}
    assert list(wrong) == ["racks.hosts", "racks.tier_1", "racks.tier_3", "racks.plant"]
    assert "design.accelerator" in wrong["racks.hosts"].found
    assert wrong["racks.tier_1"].allowed == "design.accelerator, or a whole number"
    assert wrong["racks.tier_3"].allowed == "tier_1, tier_2"


def test_an_optical_switch_takes_a_rack_of_its_own_kind():
    fabric = topologies.build("ocs_mesh", blocks=8, hosts_per_block=8, uplinks_per_block=8, ocs_ports=136)
    roles = {"switch": "switch_102t4", "host_link": "aec_1t6", "ocs_optics": "bidi_800g_fr4", "ocs": "palomar"}
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric))
    plant = assess(solution, Design.from_roles(roles), CATALOGUE).racks[-1]
    assert (plant.where, plant.component, plant.rack, plant.boxes_by_height) == ("plant", "palomar", "rack_air", 5)
    assert plant.box_w == pytest.approx(85)


def test_on_draws_racks_are_as_drawn():
    fabric = topologies.build("leaf_spine", **ROW)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.01))
    drawn = assess(solution, Design.from_roles(PLUGGABLE), CATALOGUE.draw(50, seed=1))
    assert drawn.racks[0].rack_kw.shape == (50,)
    metric = drawn.metric("rack_kw")
    assert metric.low < metric.value < metric.high
