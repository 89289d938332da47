# SPDX-License-Identifier: Apache-2.0
"""The shipped data: complete, sourced, consistent with itself and with the arithmetic its notes quote."""

from __future__ import annotations

import re
from math import log10, sqrt

import pytest
from scipy.special import erfcinv

from optinet.catalogue import load_catalogue
from optinet.catalogue.kinds import KINDS
from optinet.catalogue.loader import shipped_files
from optinet.catalogue.reading import SOURCES, read_all
from optinet.design import ROLES
from optinet.models.power import external_laser_w
from optinet.units import unit_of

CATALOGUE = load_catalogue()
VALUES = [(name, key, value) for name in CATALOGUE.ids() for key, value in CATALOGUE[name].values.items()]
PARTS_OF_POWER = ("dsp_power_w", "laser_power_w", "driver_power_w", "tia_power_w", "other_power_w")


def value(component, key):
    return CATALOGUE.value(component, key)


def optional(component, key):
    return value(component, key) if key in CATALOGUE[component].values else 0.0


def laser_power_w(module):
    """Power of the external lasers that feed one module."""
    per_lane = external_laser_w("elsfp_8", CATALOGUE) / value("elsfp_8", "tx_lanes_fed")
    return optional(module, "external_laser_lanes") * per_lane


COMPONENTS = {
    "ocs": "palomar lumentum_r64 lumentum_r300 calient_s320 coherent_dlc_64 coherent_dlc_320 coherent_dlc_512"
    " polatis_192 polatis_384 polatis_576 polatis_576_mixnet telescent_1008 rotor_128 ipronics_one32 siph_mems_64"
    " lightmatter_32 epiphotonics_plzt_16 eo_tflt_8",
    "switch": "switch_51t2 switch_102t4 switch_115t2",
    "module": "retimed_800g_dr8 lro_800g_dr8 lpo_800g_dr8 retimed_1t6_dr8 lro_1t6_dr8 lpo_1t6_dr8 npo_1t6 cpo_2d_1t6"
    " cpo_2p5d_1t6 cpo_3d_1t6 bidi_800g_fr4 bidi_2x400g_fr4 bidi_800g_fr8 cpo_bidi_800g_fr4 duplex_2x400g_fr4"
    " bidi_tpu_800g retimed_800g_dr4_200g lpo_800g_dr4_200g",
    "external_laser": "elsfp_8",
    "cable": "dac_800g_100g_lanes dac_800g_200g_lanes aec_800g acc_800g aec_1t6 cube_copper",
    "serdes": "serdes_lr_112g serdes_lr_224g serdes_vsr serdes_xsr serdes_ucie",
    "connector": "mpo_standard mpo_low_loss lc mmc pm_mpo",
    "fiber": "smf pm_fiber",
    "circulator": "circulator_o_band",
    "shuffle": "shuffle_box",
    "phy": "kp4_800g kp4_400g",
    "nic": "nic_800g",
    "chip": "tpu_ici",
    "power_chain": "ups hvdc panama sst",
    "cooling": "air liquid",
    "energy": "electricity",
    "ocs_control": "ocs_control_dsp ocs_control_lpo ocs_control_scheduled",
    "rack": "rack_air rack_liquid rack_kyber",
    "accelerator": "tpu_v4 tpu_v7 h100 b200 b300 rubin ascend_910c ascend_950 trainium2 trainium3 maia_200 mtia_v2",
    "system": "tpu_v4_pod tpu_v5p_pod tpu_v7_pod nvl72 nvl576 cloudmatrix384 atlas950 trainium3_ultraserver",
    "asic": "tomahawk5 tomahawk_ultra tomahawk6 quantum_x800 nvswitch5",
    "cpo_switch": "q3450 sn6810 sn6800 bailly davisson",
    "packaging": "packaging_retimed packaging_lro packaging_lpo packaging_npo packaging_cpo_2d packaging_cpo_2p5d"
    " packaging_cpo_3d",
    "optical_lane": "dr4_100g fr4_100g dr8_200g dr8_200g_measured fr4_200g google_bidi",
    "fec": "rs544_400g rs544_800g rs544_hamming rs272 google_soft_fec",
    "laminate": "laminate_m7 laminate_m8 laminate_m9",
    "coupler": "microlens_array",
}


@pytest.mark.parametrize(("kind", "names"), COMPONENTS.items())
def test_every_kind_has_its_components(kind, names):
    assert set(names.split()) <= set(CATALOGUE.ids(kind))


def test_everything_shipped_is_valid_and_found_by_the_fast_way_too():
    components, sources, problems = read_all(shipped_files())
    assert problems == []
    assert CATALOGUE.ids() == tuple(components)
    assert {name: CATALOGUE[name] for name in CATALOGUE.ids()} == components
    assert CATALOGUE.sources() == sources
    assert set(CATALOGUE.kinds()) == set(KINDS)


def test_no_component_is_defined_in_two_files():
    names = [name for file in shipped_files().files for name in file.values if name != SOURCES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rate", ["400g", "800g", "1t6"])
def test_every_packaging_is_there_at_every_rate(rate):
    dr = {"400g": "400g_dr4", "800g": "800g_dr8", "1t6": "1t6_dr8"}[rate]
    pluggable = [f"{packaging}_{dr}" for packaging in ("retimed", "lro", "lpo")]
    near = [f"{packaging}_{rate}" for packaging in ("npo", "cpo_2d", "cpo_2p5d", "cpo_3d")]
    assert set(pluggable + near) <= set(CATALOGUE.ids("module"))
    lanes = {(value(name, "lanes"), value(name, "lane_gbps")) for name in pluggable + near}
    assert len(lanes) == 1


def test_every_source_is_cited_and_every_citation_has_a_source():
    cited = {source for _, _, found in VALUES for source in found.cited} - {"estimate"}
    quoted = {source for _, _, found in VALUES for source in re.findall(r"\[([A-Z]\w+)\]", found.note)}
    assert cited | quoted == set(CATALOGUE.sources())


def test_units_are_those_their_keys_promise():
    assert [(name, key, found.unit) for name, key, found in VALUES if found.unit != unit_of(key)] == []


def test_values_lie_in_their_ranges():
    assert [(name, key) for name, key, found in VALUES if not found.low <= found.value <= found.high] == []


def test_an_estimate_gives_its_reason_and_is_never_sure():
    estimates = [(name, key, found) for name, key, found in VALUES if found.basis == "estimate"]
    assert [
        (name, key)
        for name, key, found in estimates
        if found.confidence == "A" or not re.match(r"(engineering estimate|conflict)", found.note)
    ] == []
    assert [(name, key) for name, key, found in VALUES if found.source == "estimate" and not found.note] == []


def test_defaults_of_the_roles_are_components_of_the_right_kind():
    for role in ROLES.values():
        if role.default is not None:
            assert CATALOGUE[role.default].kind in role.kinds


@pytest.mark.parametrize(
    ("component", "key", "expected"),
    [
        ("lumentum_r300", "insertion_loss_db", 1.5),
        ("palomar", "insertion_loss_db", 1.6),
        ("coherent_dlc_320", "insertion_loss_db", 2.6),
        ("polatis_384", "insertion_loss_db", 1.5),
        ("palomar", "switching_time_ms", 10),
        ("lumentum_r300", "switching_time_ms", 25),
        ("coherent_dlc_320", "switching_time_ms", 100),
        ("polatis_384", "switching_time_ms", 25),
        ("palomar", "power_max_w", 108),
        ("lumentum_r300", "power_w", 100),
        ("calient_s320", "power_w", 45),
        ("retimed_1t6_dr8", "power_w", 25),
        ("lro_1t6_dr8", "power_w", 18),
        ("lpo_1t6_dr8", "power_w", 11),
        ("retimed_800g_dr8", "power_w", 15),
        ("lro_800g_dr8", "power_w", 10.5),
        ("lpo_800g_dr8", "power_w", 7.5),
        ("cpo_2p5d_1t6", "power_w", 7),
        ("retimed_1t6_dr8", "electrical_loss_db", 22),
        ("npo_1t6", "electrical_loss_db", 12),
        ("cpo_2d_1t6", "electrical_loss_db", 6),
        ("cpo_2p5d_1t6", "electrical_loss_db", 4),
        ("cpo_3d_1t6", "electrical_loss_db", 1),
        ("retimed_1t6_dr8", "tx_oma_dbm", 2.4),
        ("retimed_1t6_dr8", "rx_sensitivity_dbm", -7.2),
        ("mpo_standard", "loss_db", 0.35),
        ("mpo_standard", "loss_max_db", 0.75),
        ("mpo_low_loss", "loss_db", 0.15),
        ("mpo_low_loss", "loss_max_db", 0.35),
        ("lc", "loss_db", 0.12),
        ("smf", "attenuation_db_per_km", 0.34),
        ("smf", "latency_ns_per_m", 4.9),
        ("ups", "efficiency_fraction", 0.92),
        ("hvdc", "efficiency_fraction", 0.93),
        ("panama", "efficiency_fraction", 0.975),
        ("sst", "efficiency_fraction", 0.985),
        ("retimed_800g_dr8", "price_usd", 520),
        ("retimed_1t6_dr8", "price_usd", 1000),
        ("lumentum_r300", "price_usd_per_port", 350),
    ],
)
def test_picked_values(component, key, expected):
    assert value(component, key) == expected


@pytest.mark.parametrize("module", CATALOGUE.ids("module"))
class TestModules:
    def test_parts_of_its_power_add_up(self, module):
        assert sum(value(module, key) for key in PARTS_OF_POWER) == pytest.approx(value(module, "power_w"), abs=1e-9)

    def test_its_rate_is_lanes_times_lane_rate(self, module):
        assert value(module, "rate_gbps") == value(module, "lanes") * value(module, "lane_gbps")
        assert value(module, "lanes") % value(module, "lanes_per_fiber") == 0

    def test_a_typical_pair_tolerates_more_than_the_worst_compliant_pair(self, module):
        budget_db = value(module, "tx_oma_dbm") - value(module, "tdecq_db") - value(module, "rx_sensitivity_dbm")
        budget_db += optional(module, "inner_fec_gain_db")
        assert budget_db > value(module, "channel_allowance_db")

    def test_only_modules_without_own_lasers_draw_on_external_ones(self, module):
        assert (value(module, "laser_power_w") == 0) == (optional(module, "external_laser_lanes") > 0)

    def test_only_retimed_and_half_retimed_modules_have_a_dsp(self, module):
        assert (value(module, "dsp_power_w") > 0) == (CATALOGUE.text(module, "packaging") in ("retimed", "lro"))


@pytest.mark.parametrize("suffix", ["800g_dr8", "1t6_dr8"])
@pytest.mark.parametrize("key", ["power_w", "price_usd", "latency_ns", "fit"])
def test_leaving_out_the_dsp_saves(suffix, key):
    retimed, lro, lpo = (value(f"{packaging}_{suffix}", key) for packaging in ("retimed", "lro", "lpo"))
    assert retimed > lro > lpo


@pytest.mark.parametrize("key", ["power_w", *PARTS_OF_POWER, "price_usd", "lanes"])
@pytest.mark.parametrize("packaging", ["retimed", "lpo"])
def test_a_host_module_with_half_the_lanes_is_half_a_module(packaging, key):
    assert value(f"{packaging}_800g_dr4_200g", key) == pytest.approx(value(f"{packaging}_1t6_dr8", key) / 2)


def test_channel_of_the_standards():
    assert value("retimed_800g_dr8", "channel_allowance_db") == 0.5 * 0.5 + 2.75  # 500 m at 0.5 dB/km and connectors
    assert value("duplex_2x400g_fr4", "channel_allowance_db") == 2 * 0.5 + 3.0  # 2 km


def test_sn6810_with_its_optics_is_what_was_published():
    electronics_w = value("switch_102t4", "power_w")
    long_reach_w = (value("serdes_lr_224g", "energy_pj_per_bit") - value("serdes_xsr", "energy_pj_per_bit")) * 102.4
    assert electronics_w - long_reach_w + 128 * 4.5 == pytest.approx(1960, abs=0.5)
    assert value("switch_102t4", "price_usd") + 102400 * 0.74 == pytest.approx(120_000)


def test_q3450_with_its_engines_and_lasers_is_what_was_published():
    engines, laser_modules = 72, 18
    assert engines * value("cpo_2p5d_1t6", "rate_gbps") == value("switch_115t2", "capacity_gbps")
    assert laser_modules * value("elsfp_8", "tx_lanes_fed") == engines * value("cpo_2p5d_1t6", "lanes")
    assert laser_modules * value("elsfp_8", "lanes") == engines * value("cpo_2p5d_1t6", "lasers")
    price_usd = value("switch_115t2", "price_usd")
    price_usd += engines * value("cpo_2p5d_1t6", "price_usd") + laser_modules * value("elsfp_8", "price_usd")
    assert price_usd == pytest.approx(120_000)


def test_asics_fill_their_box():
    for box in CATALOGUE.ids("switch"):
        assert value(box, "asics") * value(box, "asic_capacity_gbps") == value(box, "capacity_gbps")


@pytest.mark.parametrize(
    ("engine", "with_laser_w"), [("cpo_2p5d_1t6", 9.0), ("cpo_2d_1t6", 10.8), ("npo_1t6", 8.0), ("cpo_3d_1t6", 6.0)]
)
def test_engine_and_its_lasers_draw_what_is_published_for_both(engine, with_laser_w):
    assert laser_power_w(engine) == pytest.approx(2.0)
    assert value(engine, "power_w") + laser_power_w(engine) == pytest.approx(with_laser_w)


def test_co_packaging_saves_what_was_measured():
    pluggable_w = value("retimed_1t6_dr8", "power_w")
    assert 1 - (value("cpo_2p5d_1t6", "power_w") + 2) / pluggable_w == pytest.approx(0.64)  # Meta: 65 %
    bailly_w = (value("cpo_2d_1t6", "power_w") + 2) / 2
    assert 1 - bailly_w / value("retimed_800g_dr8", "power_w") == pytest.approx(0.64)


@pytest.mark.parametrize(
    ("engine", "serdes", "low_pj", "high_pj"),
    [
        ("cpo_2d_1t6", "serdes_xsr", 7, 10),
        ("cpo_2p5d_1t6", "serdes_xsr", 5, 9),
        ("cpo_3d_1t6", "serdes_ucie", 3, 5),
        ("lpo_1t6_dr8", "serdes_lr_224g", 10, 15),
    ],
)
def test_energy_with_the_host_interface_is_in_the_published_ladder(engine, serdes, low_pj, high_pj):
    optics_pj = (value(engine, "power_w") + laser_power_w(engine)) / (value(engine, "rate_gbps") / 1000)
    assert low_pj <= optics_pj + value(serdes, "energy_pj_per_bit") <= high_pj


def test_each_packaging_has_a_serdes_that_reaches_it():
    reach_db = {name: value(name, "max_loss_db") for name in CATALOGUE.ids("serdes")}
    assert reach_db["serdes_lr_112g"] > reach_db["serdes_vsr"]
    for serdes, module, shorter in (
        ("serdes_lr_112g", "retimed_800g_dr8", "serdes_vsr"),
        ("serdes_lr_224g", "retimed_1t6_dr8", "serdes_vsr"),
        ("serdes_lr_224g", "lpo_1t6_dr8", "serdes_vsr"),
        ("serdes_vsr", "npo_1t6", "serdes_xsr"),
        ("serdes_xsr", "cpo_2d_1t6", "serdes_ucie"),
        ("serdes_xsr", "cpo_2p5d_1t6", "serdes_ucie"),
    ):
        assert reach_db[shorter] < value(module, "electrical_loss_db") <= reach_db[serdes]
    assert value("cpo_3d_1t6", "electrical_loss_db") <= reach_db["serdes_ucie"]


def test_gain_of_the_inner_fec_follows_from_the_error_rates():
    # PAM4: BER = 3/8 erfc(q / sqrt 2), OMA is proportional to q, noise to the square root of the symbol rate
    def q(ber):
        return sqrt(2) * erfcinv(8 / 3 * ber)

    gain_db = 10 * log10(q(2.4e-4) / q(4.8e-3)) - 5 * log10(113.4375 / 106.25)
    assert value("bidi_800g_fr4", "inner_fec_gain_db") == pytest.approx(gain_db, abs=0.05)


def test_failure_rates_follow_from_the_field_data():
    hard_fit = value("retimed_800g_dr8", "fit")
    assert value("lpo_800g_dr8", "fit") == pytest.approx(hard_fit * 0.03244 / 0.05681, abs=0.5)
    port_fit, pluggable_fit = 1e9 / 2.6e6, 1e9 / 550_000
    assert value("cpo_2p5d_1t6", "fit") == pytest.approx(2 * port_fit * hard_fit / pluggable_fit, abs=1)


def test_launch_power_of_tpu_optics_follows_from_its_mean_and_extinction():
    extinction = 10**0.433
    oma_dbm = 2.5 + 10 * log10(2 * (extinction - 1) / (extinction + 1))
    assert value("bidi_tpu_800g", "tx_oma_dbm") == pytest.approx(oma_dbm, abs=0.01)


def test_ocs_of_the_mixnet_paper():
    """Table 2: ports and switching time of each class; one, four and sixteen pairs took 41.44, 42.44 and 46.75 ms."""
    table = {
        "telescent_1008": (1008, 120_000),
        "polatis_576": (576, 25),
        "calient_s320": (320, 25),
        "palomar": (136, 10),
        "rotor_128": (128, 0.01),
        "lightmatter_32": (32, 0.007),
        "epiphotonics_plzt_16": (16, 1e-5),
    }
    for ocs, (ports, switching_ms) in table.items():
        assert (value(ocs, "ports"), value(ocs, "switching_time_ms")) == (ports, switching_ms)
    one, each = (value("polatis_576_mixnet", f"switching_time_ms{tail}") for tail in ("", "_per_circuit"))
    assert [round(one + each * (pairs - 1), 2) for pairs in (1, 16)] == [41.44, 46.75]
    assert one + each * 3 == pytest.approx(42.44, rel=0.002)  # measured; not used in the line


def test_known_errors_are_not_repeated():
    panama = CATALOGUE["panama"].values["efficiency_fraction"]
    assert panama.high <= 0.98  # "above 98 %" in the source's text contradicts its table
    for ocs in CATALOGUE.ids("ocs"):  # "1000 times the speed of a packet switch" is not about switching time
        if CATALOGUE.text(ocs, "technology") in ("MEMS", "DLC", "DBS", "robotic"):
            assert CATALOGUE[ocs].values["switching_time_ms"].low >= 1
    assert value("tpu_v7", "scale_up_gbps") == value("tpu_v5p", "scale_up_gbps") == 4800  # TB/s printed as Tb/s
    # a column of memory bandwidths printed as interconnect
    assert value("tpu_v6e", "scale_up_gbps") == 3200
    assert value("tpu_v7", "hbm_tbps") == pytest.approx(7.372 * 8)
    assert value("tpu_v4", "bf16_tflops") == 275  # 137.5 is half of the vendor's
    assert value("cloudmatrix384", "rack_kw") * 16 < 1000  # 172.8 kW for each of 16 racks would be 2.76 MW
    assert value("switch_51t2", "latency_ns") == 600  # 250 ns belongs to Tomahawk Ultra
    assert CATALOGUE["retimed_800g_dr8"].values["fit"].low >= 100  # "below 1 FIT" is not credible beside the field
    assert 1 - (value("cpo_2p5d_1t6", "power_w") + 2) / value("retimed_1t6_dr8", "power_w") < 0.70


@pytest.mark.parametrize(
    ("component", "key", "others"),
    [
        ("palomar", "switching_time_ms", {25, 1.2}),
        ("lumentum_r300", "insertion_loss_db", {3}),
        ("retimed_1t6_dr8", "power_w", {30}),
        ("lro_1t6_dr8", "power_w", {20, 16}),
        ("lpo_1t6_dr8", "power_w", {10}),
        ("cpo_2p5d_1t6", "power_w", {5, 6.4, 9}),
        ("cpo_published", "optics_power_saving_fraction", {0.3}),
        ("cpo_published", "broadcom_cost_saving_fraction", {0}),
        ("switch_51t2", "latency_ns", {250}),
        ("tomahawk5", "latency_ns", {250}),
        ("q3450", "price_usd", {176_600}),
        ("cpo_2p5d_1t6", "bom_usd", {500, 105}),
        ("elsfp_8", "optical_power_mw", {282}),
        ("tpu_v7_pod", "ocs", {108}),
        ("cloudmatrix384", "optical_modules", {6912}),
        ("cloudmatrix384", "rack_kw", {172.8}),
        ("tpu_v7", "scale_up_gbps", {1200}),
        ("retimed_800g_dr8", "fit", {1, 1818}),
        ("lpo_800g_dr8", "price_usd", {1500}),
        ("dac_800g_200g_lanes", "reach_m", {2.5}),
        ("nvl72", "switch_chips", {36}),
        ("packaging_cpo_2d", "attach_yield_fraction", {0.87}),
        ("panama", "efficiency_fraction", {0.98}),
        ("switch_51t2", "price_usd", {95_000}),
    ],
)
def test_a_conflict_between_sources_is_told_beside_the_pick(component, key, others):
    found = CATALOGUE[component].values[key]
    assert {other.value for other in found.conflicts} == others
    assert all(other.note for other in found.conflicts)
    assert f"conflict: {found.conflicts[0].value:,.10g} [" in found.remark


def test_figures_of_free_kinds_say_what_they_are():
    assert [(name, key) for name, key, found in VALUES if KINDS[CATALOGUE[name].kind].free and not found.note] == []
