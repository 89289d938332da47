# SPDX-License-Identifier: Apache-2.0
"""The catalogue's values, put together by hand, give the sums that their sources print."""

import pytest

from optinet.catalogue import load_catalogue
from optinet.models.link_budget import link_margin

CATALOGUE = load_catalogue()
HOURS_PER_YEAR = 8760


def value(component, key):
    return CATALOGUE.value(component, key)


def bound(component, key, end):
    return getattr(CATALOGUE[component].values[key], end)


def margin_db(budget_db, *parts):
    return link_margin(budget_db, [(loss_db, 0.0, count) for loss_db, count in parts]).margin_db


OCS_PATH = (value("lumentum_r300", "insertion_loss_db"), 1), (value("mpo_low_loss", "loss_db"), 4)
OCS_PATH_MAX = (value("lumentum_r300", "insertion_loss_max_db"), 1), (value("mpo_low_loss", "loss_max_db"), 4)
HALF_KM = (value("smf", "attenuation_db_per_km"), 0.5)
CIRCULATORS = (value("circulator_o_band", "loss_db"), 2)


def test_dr4_leaves_three_decibels_to_its_channel():
    budget_db = value("dr4_100g", "tx_oma_min_dbm") - value("dr4_100g", "rx_sensitivity_dbm")
    assert budget_db == pytest.approx(3.6)
    assert budget_db - 0.6 == pytest.approx(value("dr4_100g", "channel_allowance_db"))


def test_a_path_through_an_ocs_closes_with_dr4_typically():
    assert margin_db(3.0, *OCS_PATH, HALF_KM) == pytest.approx(3.0 - 2.27)


@pytest.mark.parametrize("lane", ["dr4_100g", "fr4_100g"])
def test_with_all_losses_at_their_largest_it_closes_with_neither(lane):
    allowance_db = value(lane, "channel_allowance_db")
    found_db = margin_db(allowance_db, *OCS_PATH_MAX, HALF_KM)
    assert found_db == pytest.approx(allowance_db - 4.57)
    assert found_db < 0


def test_circulators_are_too_much_for_dr4_and_not_for_fr4():
    parts = (*OCS_PATH, HALF_KM, CIRCULATORS)
    assert margin_db(value("dr4_100g", "channel_allowance_db"), *parts) == pytest.approx(3.0 - 3.67)
    assert margin_db(value("fr4_100g", "channel_allowance_db"), *parts) == pytest.approx(4.0 - 3.67)
    gain_db = value("google_soft_fec", "gain_db")
    assert margin_db(value("dr4_100g", "channel_allowance_db") + gain_db, *parts) == pytest.approx(4.6 - 3.67)


def test_measured_200g_lanes_reach_through_liquid_crystal_and_circulators():
    lane = "dr8_200g_measured"
    budget_db = value(lane, "tx_oma_dbm") - value(lane, "tdecq_db") - value(lane, "rx_sensitivity_dbm")
    assert budget_db == pytest.approx(7.2, abs=0.02)
    parts = ((value("coherent_dlc_320", "insertion_loss_db"), 1), (value("mpo_standard", "loss_db"), 4), CIRCULATORS)
    assert margin_db(7.2, *parts) == pytest.approx(7.2 - 5.4)


def test_failure_rate_of_the_field():
    fit = value("reliability_published", "hard_failure_fraction") / HOURS_PER_YEAR * 1e9
    assert fit == pytest.approx(719, abs=0.5)
    assert value("retimed_1t6_dr8", "fit") == pytest.approx(fit, abs=1)
    assert 1e9 / value("cpo_published", "engine_mtbf_hours") == pytest.approx(385, abs=0.5)


def test_copper_of_a_rack_costs_what_is_printed_for_a_gigabit():
    usd_per_gbps = value("nvl72", "copper_price_usd") / (value("nvl72", "domain_tbps") * 1000)
    assert usd_per_gbps == pytest.approx(0.42, abs=0.005)
    assert value("nvlink5_copper", "price_usd") == pytest.approx(0.42 * 400)
    fraction = value("nvl72", "copper_price_usd") / value("nvl72", "optics_price_usd")
    assert fraction == pytest.approx(value("copper_published", "optics_price_fraction"))
    assert value("nvl72", "cables") == 72 * 18 * 4


def test_bandwidth_of_a_domain_is_that_of_its_processors():
    both_ways = 2 / 8 / 1e6  # Gb/s one way to PB/s both ways
    atlas = value("atlas950", "endpoints") * value("ascend_950", "scale_up_gbps") * both_ways
    assert atlas == pytest.approx(16.4, abs=0.05)
    assert value("atlas950", "domain_tbps") == pytest.approx(16.3 / both_ways / 1e3)
    nvl72_tbps = value("nvl72", "endpoints") * value("b200", "scale_up_gbps") / 1000
    assert nvl72_tbps == pytest.approx(518.4)  # 129.6 TB/s both ways, printed as 130
    assert nvl72_tbps <= value("nvl72", "domain_tbps")
    assert value("nvl72", "switch_chips") * value("nvswitch5", "capacity_gbps") == pytest.approx(nvl72_tbps * 1000)


def test_ends_on_the_switches_of_a_pod():
    cubes = value("tpu_v4_pod", "endpoints") / value("tpu_v4_pod", "cube_endpoints")
    ends = cubes * value("tpu_v4_pod", "cube_optical_links")
    assert (cubes, ends) == (64, 6144)
    assert ends == value("tpu_v4_pod", "ocs") * value("palomar", "usable_ports")
    cubes = value("tpu_v7_pod", "endpoints") / value("tpu_v7_pod", "cube_endpoints")
    assert cubes * value("tpu_v7_pod", "cube_optical_links") == value("tpu_v7_pod", "ocs_ports") == 13_824


def test_co_packaging_saves_what_was_measured():
    pluggable_w = value("retimed_1t6_dr8", "power_w")
    assert 1 - value("cpo_published", "total_power_w") / pluggable_w == pytest.approx(0.64)
    assert 1 - value("bailly", "port_optics_power_w") / value("retimed_800g_dr8", "power_w") == pytest.approx(0.64)
    assert value("cpo_published", "optics_power_saving_fraction") == 0.65


def test_modules_of_cloudmatrix():
    inside = 384 * 7 * 2
    assert inside == value("cloudmatrix384", "scale_up_modules")
    assert inside + 384 * 4 == value("cloudmatrix384", "optical_modules")


def test_fibers_of_a_co_packaged_switch():
    lanes = value("bailly", "capacity_gbps") / 100
    assert 2 * lanes == value("bailly", "fibers")
    assert value("bailly", "fibers") / value("mpo_low_loss", "fibers") == value("bailly", "connectors")
    assert value("q3450", "engines") * value("q3450", "engine_fibers") == value("q3450", "fibers")
    assert value("shuffle_box", "fibers_per_rack_unit") * 40 == value("shuffle_box", "fibers_per_rack")


def test_yield_of_all_engines_of_a_switch():
    engines = 32
    good = value("packaging_cpo_2d", "attach_yield_fraction")
    assert good**engines == pytest.approx(0.194, abs=0.0005)
    assert 0.87**engines == pytest.approx(0.01, abs=0.002)  # what is printed for it is the 32nd power of something else


def test_time_of_a_packet_and_of_a_code_word():
    assert pytest.approx(value("rs544_400g", "block_time_ns")) == 5440 / 425
    assert pytest.approx(value("rs544_800g", "block_time_ns")) == 5440 / 850
    assert pytest.approx(value("latency_published", "store_and_forward_4kb_800g_ns"), abs=0.05) == 4096 * 8 / 800
    assert value("latency_published", "store_and_forward_9kb_400g_ns") == 9000 * 8 / 400


@pytest.mark.parametrize(
    ("published", "component", "gbps"),
    [
        ("retimed_800g_usd_per_gbps", "retimed_800g_dr8", 800),
        ("retimed_1t6_usd_per_gbps", "retimed_1t6_dr8", 1600),
        ("lpo_800g_usd_per_gbps", "lpo_800g_dr8", 800),
        ("switch_51t2_usd_per_gbps", "switch_51t2", 51_200),
        ("switch_cpo_102t4_usd_per_gbps", "sn6810", 102_400),
        ("q3450_usd_per_gbps", "q3450", 115_200),
    ],
)
def test_prices_for_a_gigabit(published, component, gbps):
    assert value(component, "price_usd") / gbps == pytest.approx(value("price_published", published), abs=0.006)


def test_engines_with_their_share_of_a_laser_cost_what_is_printed_for_a_gigabit():
    laser_usd = value("elsfp_8", "price_usd") * 8 / value("elsfp_8", "tx_lanes_fed")
    for key, published in (("price_usd", "cpo_usd_per_gbps"), ("bom_usd", "cpo_bom_usd_per_gbps")):
        usd_per_gbps = (value("cpo_2p5d_1t6", key) + laser_usd) / 1600
        assert usd_per_gbps == pytest.approx(value("price_published", published))
    assert bound("cpo_2p5d_1t6", "bom_usd", "high") < bound("cpo_2p5d_1t6", "price_usd", "low")


def test_light_in_glass():
    for index, end in (("group_index", "1310"), ("long_wave_group_index", "1550")):
        assert value("smf", index) / 0.299792458 == pytest.approx(4.896, abs=0.002), end
    assert value("smf", "latency_ns_per_m") == pytest.approx(4.896, abs=0.005)
