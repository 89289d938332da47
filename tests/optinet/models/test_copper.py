# SPDX-License-Identifier: Apache-2.0
"""Reach of copper from its loss, by hand and beside what is published."""

from math import sqrt

import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import CatalogueError
from optinet.models.copper import METERS_PER_INCH, conductor_loss_db_per_m, copper_reach, listed_reach_m
from optinet.models.serdes import nyquist_ghz

CATALOGUE = load_catalogue()
BACKPLANES = [name for name in CATALOGUE.ids("cable") if CATALOGUE.text(name, "medium") == "pcb"]


def reach_of(cable, **values):
    return copper_reach(cable, CATALOGUE.with_values(values) if values else CATALOGUE)


def test_nyquist_of_pam4():
    assert nyquist_ghz(100) == pytest.approx(26.5625)
    assert nyquist_ghz(200) == pytest.approx(53.125)


def test_passive_cable_by_hand():
    # 40 dB from die to die, 16 at either end, 10 dB/m at 110 GHz scaled by the square root of frequency
    found = reach_of("dac_800g_200g_lanes")
    per_m = 10 * sqrt(53.125 / 110)
    assert found.loss_db_per_m == pytest.approx(per_m)
    assert found.by_loss_m == found.reach_m == pytest.approx((40 - 32) / per_m)
    assert found.margin_db(1.0) == pytest.approx(8 - per_m)
    assert (found.serdes, found.conductor) == ("serdes_lr_224g", "twinax_26awg")
    assert str(found) == "40 dB at 53.12 GHz, less 32 dB of the ends, at 6.95 dB/m"


def test_equalizers_and_retimers_reach_farther():
    passive, linear, retimed = (reach_of(name).by_loss_m for name in ("dac_800g_200g_lanes", "acc_800g", "aec_1t6"))
    assert linear - passive == pytest.approx(10 / reach_of("acc_800g").loss_db_per_m)
    assert retimed > linear


def test_ends_beyond_the_budget_leave_nothing():
    found = reach_of("dac_1t6", **{"dac_1t6.end_loss_db": 22.0})
    assert found.reach_m == 0
    assert found.margin_db(0.0) == pytest.approx(-4)


@pytest.mark.parametrize("laminate", CATALOGUE.ids("laminate"))
@pytest.mark.parametrize(("frequency_ghz", "key"), [(26.56, "loss_26ghz"), (53.125, "loss_53ghz")])
def test_stripline_formula_gives_the_listed_loss(laminate, frequency_ghz, key):
    found = conductor_loss_db_per_m(laminate, frequency_ghz, CATALOGUE) * METERS_PER_INCH
    assert found == pytest.approx(CATALOGUE.value(laminate, f"{key}_db_per_inch"), abs=0.005)


def test_stripline_by_hand():
    # M9: Dk 3.0, Df 0.0008, k 0.080 at 53.125 GHz
    expected = 2.32 * 53.125 * sqrt(3.0) * 0.0008 + 0.080 * sqrt(53.125)
    assert conductor_loss_db_per_m("laminate_m9", 53.125, CATALOGUE) == pytest.approx(expected / 0.0254)


@pytest.mark.parametrize("lanes", ["100g", "200g"])
def test_better_laminates_reach_farther(lanes):
    reach_m = [reach_of(f"backplane_{laminate}_800g_{lanes}_lanes").by_loss_m for laminate in ("m7", "m8", "m9")]
    assert reach_m == sorted(reach_m)
    assert reach_m[-1] > 1.4 * reach_m[0]


@pytest.mark.parametrize("backplane", BACKPLANES)
def test_backplanes_cross_a_canister(backplane):
    # 16 inches; the loss of M7 leaves a tenth of it to spare at 224G
    assert reach_of(backplane).reach_m > 16 * METERS_PER_INCH


@pytest.mark.parametrize(
    ("cable", "low_m", "high_m"),
    [
        ("dac_800g_100g_lanes", 2, 3),
        ("dac_800g_200g_lanes", 1, 1.5),
        ("acc_800g", 2, 3),
        ("aec_800g", 3, 7),
        ("aec_1t6", 2, 5),
    ],
)
def test_the_reach_lies_in_the_published_range(cable, low_m, high_m):
    assert low_m <= reach_of(cable).by_loss_m <= high_m
    assert listed_reach_m(cable, CATALOGUE) == reach_of(cable).reach_m


def test_energy_of_both_ends_is_that_of_two_serdes():
    both = 2 * CATALOGUE.value("serdes_lr_224g", "energy_pj_per_bit")
    assert both == CATALOGUE.value("dac_800g_200g_lanes", "link_energy_pj_per_bit")


def assessed(host_link, host_length_m, **topology):
    shape = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 1} | topology
    fabric = topologies.build("leaf_spine", host_length_m=host_length_m, **shape)
    roles = {"switch": "switch_102t4", "optics": "retimed_800g_dr4_200g", "host_link": host_link}
    return assess(optinet.solve(fabric, optinet.Demand.uniform(fabric)), Design.from_roles(roles), CATALOGUE)


def test_a_cable_that_is_too_long_is_told_with_its_losses_and_with_what_would_reach():
    with pytest.raises(CatalogueError) as caught:
        assessed("dac_800g_200g_lanes", 3.0)
    (problem,) = caught.value.problems
    assert problem.where == "design.host_link"
    assert problem.found == (
        "host-leaf is 3 m, dac_800g_200g_lanes reaches 1.15 m "
        "(40 dB at 53.12 GHz, less 32 dB of the ends, at 6.95 dB/m)"
    )
    assert problem.allowed.startswith("what fits: cube_copper 3 m, aec_1t6 4.89 m, aec_800g 6.1 m")


def test_multimode_modules_need_multimode_fiber():
    fabric = topologies.build("leaf_spine", leaves=2, spines=1, hosts_per_leaf=2, uplink_length_m=30)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric))
    roles = {"switch": "switch_51t2", "optics": "lpo_800g_sr8", "host_link": "aec_800g"}
    with pytest.raises(CatalogueError, match=r"smf is single-mode .* lpo_800g_sr8 of leaf-spine .* allowed: om4"):
        assess(solution, Design.from_roles(roles), CATALOGUE)
    (fibers,) = assess(solution, Design.from_roles(roles | {"fiber": "om4"}), CATALOGUE).bom.of("fiber")
    assert (fibers.component, fibers.count) == ("om4", 2 * 16)


def test_a_backplane_is_refused_beyond_its_laminate():
    assert assessed("backplane_m9_800g_200g_lanes", 0.6).bom.count("cable") == 4
    with pytest.raises(CatalogueError) as caught:
        assessed("backplane_m7_800g_200g_lanes", 0.6)
    (problem,) = caught.value.problems
    assert "backplane_m7_800g_200g_lanes reaches 0.453 m" in problem.found
    assert "backplane_m9_800g_200g_lanes 0.61 m" in problem.allowed


def test_no_copper_reaches_farther_than_the_longest_published():
    shorter = CATALOGUE.with_values({"aec_1t6.reach_m": 2.0})
    found = copper_reach("aec_1t6", shorter)
    assert found.reach_m == 2.0 < found.by_loss_m
    assert str(found) == "the longest published; its loss would let it reach 4.89 m"


def test_a_change_of_the_loss_changes_what_reaches():
    changed = CATALOGUE.with_values({"twinax_26awg.loss_db_per_m": 5.0})
    assert copper_reach("dac_1t6", changed).by_loss_m == pytest.approx(2 * reach_of("dac_1t6").by_loss_m)


def test_the_losses_that_limit_a_link_are_among_the_values_used():
    used = assessed("backplane_m8_800g_200g_lanes", 0.4).values_used
    expected = {("laminate_m8", "dissipation_ratio"), ("serdes_lr_224g", "max_loss_db")}
    assert expected | {("backplane_m8_800g_200g_lanes", "end_loss_db")} <= set(used)
    assert not any(name.startswith(("laminate_m9", "aec")) for name, _ in used)
