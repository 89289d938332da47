# SPDX-License-Identifier: Apache-2.0
"""Racks by height and by power, by hand."""

import pytest

import optinet
import topologies
from optinet.assessment import assess
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import CatalogueError

CATALOGUE = load_catalogue()
ROW = {"leaves": 64, "spines": 32, "hosts_per_leaf": 32, "links_per_pair": 1}
PLUGGABLE = {"switch": "switch_51t2", "optics": "retimed_800g_dr8", "host_link": "aec_800g"}


def assessed(values=None, shape=ROW, **roles):
    fabric = topologies.build("leaf_spine", **shape)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.01))
    return assess(solution, Design.from_roles({**PLUGGABLE, **roles}), CATALOGUE.with_values(values or {}))


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
