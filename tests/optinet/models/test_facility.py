# SPDX-License-Identifier: Apache-2.0
"""Power chain and cooling, by hand."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.models.facility import cooling_overhead, facility_power, switch_cooling
from optinet.models.places import power_by_place_w
from tests.support.parts import PARTS, design

CATALOGUE = load_catalogue()
LEAF_SPINE = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}


def assessed(catalogue=PARTS, topology="leaf_spine", shape=LEAF_SPINE, **roles):
    fabric = topologies.build(topology, **shape)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 100))
    chosen = design(**roles) if catalogue is PARTS else Design.from_roles(roles)
    return assess(solution, chosen, catalogue)


def test_every_kind_of_heat_has_its_own_cooling():
    # 1,000 W through a chain of 0.8 lose 250 W. Air takes 0.4 W for a watt, the liquid 0.1
    places = {"tier 1": 600.0, "hosts": 300.0, "plant": 100.0}
    facility = facility_power(places, design(), PARTS)
    assert (facility.it_w, facility.chain_loss_w) == (1000, 250)
    carried = {heat.where: (heat.cooling, heat.heat_w, heat.cooling_w) for heat in facility.heats}
    assert carried == {
        "tier 1": ("air", 600, 240),
        "hosts": ("liquid", 300, 30),
        "plant": ("air", 100, 40),
        "power chain": ("air", 250, 100),
    }
    assert facility.cooling_w == 410
    assert facility.total_w == 1660
    assert facility.pue_ratio == 1.66


def test_only_what_is_lost_indoors_is_cooled():
    ups = CATALOGUE["ups"].values
    facility = facility_power({"tier 1": 1000.0}, Design({}), CATALOGUE)
    loss_w = 1000 * (1 / ups["efficiency_fraction"].value - 1)
    indoors_w = loss_w * ups["indoor_loss_fraction"].value
    overhead = CATALOGUE.value("air", "overhead_fraction")
    assert facility.chain_loss_w == pytest.approx(loss_w)
    assert facility.cooling_w == pytest.approx(overhead * (1000 + indoors_w))


def test_a_better_chain_saves_its_losses_and_their_cooling():
    powers = [
        facility_power({"tier 1": 1000.0}, Design({"power_chain": chain}), CATALOGUE).total_w
        for chain in ("ups", "hvdc", "panama", "sst")
    ]
    assert powers == sorted(powers, reverse=True)


def test_a_liquid_leaves_its_rest_to_air():
    air, liquid = (CATALOGUE.value(name, "overhead_fraction") for name in ("air", "liquid"))
    in_liquid = CATALOGUE.value("liquid", "liquid_fraction")
    expected = in_liquid * liquid + (1 - in_liquid) * air
    assert cooling_overhead("liquid", CATALOGUE) == pytest.approx(expected)


@pytest.mark.parametrize(("cooling", "chain"), [("air", "panama"), ("liquid", "sst")])
def test_rooms_lie_within_the_published_range(cooling, chain):
    # PUE of the published figures has a chain in it that is not told; the best and the usual one bracket them
    roles = {"cooling": cooling, "host_cooling": cooling, "power_chain": chain}
    pue = facility_power({"tier 1": 1000.0}, Design(roles), CATALOGUE).pue_ratio
    published = CATALOGUE[cooling].values["pue_ratio"]
    assert published.low <= pue <= published.high


def test_no_power_has_no_ratio():
    assert np.isnan(facility_power({}, design(), PARTS).pue_ratio)


@pytest.mark.parametrize(
    ("roles", "cooling"),
    [
        ({"switch": "switch_51t2", "optics": "retimed_800g_dr8"}, "air"),
        ({"switch": "switch_102t4", "optics": "npo_1t6"}, "air"),
        ({"switch": "switch_102t4", "optics": "cpo_2p5d_1t6"}, "liquid"),
        ({"switch": "switch_102t4", "ocs_optics": "cpo_bidi_800g_fr4"}, "liquid"),
        ({"switch": "nvswitch5_tray"}, "liquid"),
        ({"switch": "switch_102t4", "optics": "cpo_2p5d_1t6", "cooling": "air"}, "air"),
    ],
)
def test_cooling_suits_the_box_unless_the_design_says_otherwise(roles, cooling):
    assert switch_cooling(Design(roles), CATALOGUE) == cooling


def test_air_for_boxes_sold_with_liquid_is_remarked():
    roles = {"switch": "switch_102t4", "optics": "cpo_2p5d_1t6", "host_link": "retimed_800g_dr4_200g"}
    assert not any("air cools" in note for note in assessed(CATALOGUE, **roles).notes)
    assert any("air cools" in note for note in assessed(CATALOGUE, **roles, cooling="air").notes)


def test_power_is_where_the_parts_are():
    found = assessed(switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    fabric = topologies.build("leaf_spine", **LEAF_SPINE)
    places = power_by_place_w(found.power.lines, found.paths, fabric)
    assert sum(places.values()) == pytest.approx(found.power.network_w, rel=1e-12)
    # 4 NIC of 25 W and 4 modules of 15 W are in hosts
    assert places["hosts"] == pytest.approx(4 * 25 + 4 * 15, rel=1e-12)
    # the spine has a third of the boxes and of the external lasers, and 4 of the 12 ends that engines serve
    by_category = found.power.by_category_w
    (spine_w,) = (line.power_w for line in found.power.lines if (line.category, line.where) == ("switch", "tier 2"))
    engines_w, saved_w = 6 * 7, by_category["serdes difference"]
    expected = spine_w + by_category["external laser"] / 3 + (engines_w + saved_w) / 3
    assert places["tier 2"] == pytest.approx(expected, rel=1e-12)


def test_power_of_chips_and_of_an_optical_plant():
    found = assessed(topology="torus", shape={"dims": (4,), "length_m": 1.0}, chip="ici", cube_link="dac")
    assert {heat.where for heat in found.power.facility.heats} == {"chips", "power chain"}
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    found = assessed(topology="ocs_mesh", shape=mesh, switch="box", optics="fr4_bidi", host_link="aec", ocs="mems")
    heats = {heat.where: heat for heat in found.power.facility.heats}
    assert heats["plant"].heat_w == found.power.by_category_w["ocs"]
    # half of the power of a cable is in the host
    assert heats["hosts"].heat_w == pytest.approx(
        found.power.by_category_w["nic"] + found.power.by_category_w["cable"] / 2
    )
