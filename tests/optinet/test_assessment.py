# SPDX-License-Identifier: Apache-2.0
"""Assessments end to end: headline numbers, notes, draws, and the shipped catalogue against published systems."""

import math

import numpy as np
import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.errors import CatalogueError
from optinet.fabric import NodeKind
from optinet.models.power import external_laser_w
from optinet.units import unit_of
from tests.support.parts import PARTS, design

SHAPES = {
    "leaf_spine": {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2},
    "ocs_mesh": {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4},
    "tpu_pod": {"cubes": (2, 2, 2), "cube_side": 2, "link_gbps": 800 / 6},
    "multiplane": {"planes": 4, "leaves": 2, "spines": 1, "hosts_per_leaf": 2},
}


def assessed(topology, parts=PARTS, gbps_per_pair=100.0, **roles):
    fabric = topologies.build(topology, **SHAPES[topology])
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, gbps_per_pair))
    return assess(solution, design(parts, **roles), parts)


def test_headline_numbers_are_those_of_the_models():
    found = assessed("leaf_spine", switch="box", optics="dr8", host_link="aec")
    values = {metric.name: metric.value for metric in found.metrics}
    assert values["delivered_gbps_per_endpoint"] == pytest.approx(300)
    assert values["throughput"] == pytest.approx(8 / 3)
    assert values["latency_mean_ns"] == found.latency.mean_ns
    assert values["latency_p99_ns"] == found.latency.p99_ns
    assert values["network_kw"] == pytest.approx(1.7545, rel=1e-12)
    assert values["network_without_nic_and_chip_kw"] == pytest.approx(1.6545, rel=1e-12)
    # a chain of 0.8, whose losses air carries like the heat of the switches; a liquid carries that of the hosts
    hosts_kw = 4 * 25e-3 + 4 * 9e-3
    cooling_kw = 0.4 * (1.7545 - hosts_kw + 1.7545 * 0.25) + 0.1 * hosts_kw
    assert values["facility_kw"] == pytest.approx(1.7545 * 1.25 + cooling_kw, rel=1e-12)
    assert values["pue_ratio"] == pytest.approx(values["facility_kw"] / 1.7545, rel=1e-12)
    assert values["energy_usd_per_year"] == pytest.approx(values["facility_kw"] * 8760 * 0.1, rel=1e-12)
    assert values["energy_pj_per_bit"] == pytest.approx(1754.5 / 1.2, rel=1e-12)
    assert values["worst_link_typical_margin_db"] == pytest.approx(3.68, rel=1e-12)
    assert values["cost_usd"] == pytest.approx(42_960)
    assert values["cost_per_endpoint_usd"] == pytest.approx(10_740)
    assert (values["fibers"], values["modules"], values["switch_boxes"], values["ocs_boxes"]) == (64, 8, 3, 0)
    assert math.isnan(values["reconfiguration_ms"])
    assert found.reconfiguration is None
    assert found.verdict == "closes"


def test_metrics_carry_the_unit_of_their_name_and_no_range_without_draws():
    found = assessed("ocs_mesh", switch="box", optics="fr4_bidi", host_link="aec", ocs="mems")
    assert len({metric.name for metric in found.metrics}) == len(found.metrics)
    for metric in found.metrics:
        assert metric.unit == unit_of(metric.name)
        assert metric.meaning
        if metric.name.startswith("cost_"):  # prices at both ends of their ranges, which are none here
            assert metric.low == pytest.approx(metric.value) == metric.high
        else:
            assert math.isnan(metric.low) and math.isnan(metric.high)
    assert found.metric("network_kw").unit == "kW"
    assert found.metric("failures_per_day").unit == "day-1"
    assert found.metric("cost_usd_per_gbps").unit == "USD s Gbit-1"


def test_notes_say_what_the_numbers_do_not():
    notes = "\n".join(assessed("ocs_mesh", switch="box", optics="fr4_bidi", host_link="aec", ocs="unrated_ocs").notes)
    assert "block-ocs: each link takes 2 fibers, so the plant is built 2 times" in notes
    assert "block-ocs: 4 spare fibers have optics and OCS ports but no circuit" in notes
    assert "failures_per_day leaves out aec, nic_800g, unrated_ocs: no failure rate listed" in notes
    assert "gearbox" not in notes
    mixed = assessed("ocs_mesh", switch="box_200", optics="fr4_bidi", host_link="aec", ocs="mems").notes
    assert "block-ocs: fr4_bidi has 100 Gb/s lanes, box_200 200; a gearbox is taken to be in the module" in mixed
    shared = assessed("multiplane", switch="box_of_4", optics="engine_1t6", host_link="dr4_200g").notes
    assert "host-leaf: one dr4_200g serves 4 links of 200 Gb/s; they share its power and price" in shared
    assert "host-leaf: one engine_1t6 serves 8 links of 200 Gb/s; they share its power and price" in shared


def test_optics_that_do_not_fit_their_edge_are_noted():
    tight = PARTS.with_values({"box_200.package_edge_mm": 2})
    found = assessed("leaf_spine", tight, switch="box_200", optics="engine_1t6", host_link="dr4_200g")
    assert "tier 1: engine_1t6 for 3,200 Gb/s need 3 mm of package, box_200 has 2" in found.notes
    assert found.metric("edge_utilization").value == pytest.approx(1.6)
    # a failed engine is changed with the box out of service, a module by itself
    assert found.metric("blast_radius_gbps").value == 3200
    assert found.metric("lasers_per_switch").value == 8
    plugged = assessed("leaf_spine", switch="box", optics="dr8", host_link="aec")
    assert plugged.metric("blast_radius_gbps").value == 800


def test_links_that_do_not_close_are_noted_and_the_verdict_is_of_the_worst():
    roles = {"switch": "box", "host_link": "aec", "ocs": "mems"}
    risky = assessed("ocs_mesh", optics="fr4_bidi", **roles)
    assert risky.verdict == "at risk"
    assert any(note.startswith("block-ocs: at risk, typical margin 0.81 dB, 3 sigma margin") for note in risky.notes)
    lossy = PARTS.with_values({"mems.insertion_loss_db": 6.0, "mems.insertion_loss_max_db": 6.0})
    broken = assessed("ocs_mesh", lossy, optics="fr4_bidi", **roles)
    assert broken.verdict == "infeasible"
    assert broken.metric("links_expected_to_fail").value == pytest.approx(6, abs=0.01)


def test_copper_alone_has_no_verdict():
    fabric = topologies.build("torus", dims=(4,), capacity_gbps=800.0, length_m=1.0)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 1.0))
    found = assess(solution, design(chip="ici", cube_link="dac"), PARTS)
    assert found.verdict == ""
    assert found.budgets == ()
    assert math.isnan(found.metric("worst_link_3sigma_margin_db").value)
    assert found.metric("links_expected_to_fail").value == 0


def test_a_fabric_without_links_is_assessed_all_the_same():
    fabric = optinet.Fabric.from_links([NodeKind.HOST, NodeKind.HOST], np.empty((0, 2)), capacity_gbps=[])
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 0.0))
    found = assess(solution, design(), PARTS)
    assert found.bom.lines == ()
    assert found.power.network_w == 0
    assert math.isnan(found.metric("latency_mean_ns").value)


def test_values_used_are_recorded():
    found = assessed("leaf_spine", switch="box", optics="dr8", host_link="aec")
    assert list(found.values_used) == sorted(set(found.values_used))
    used = set(found.values_used)
    for pair in (
        ("box", "power_w"),
        ("dr8", "tx_oma_dbm"),
        ("aec", "reach_m"),
        ("smf", "latency_ns_per_m"),
        ("ups", "efficiency_fraction"),
    ):
        assert pair in used
    assert not {"mems", "ici", "dac"} & {component for component, _ in used}


def test_a_missing_role_stops_the_assessment():
    with pytest.raises(CatalogueError, match=r"design\.optics"):
        assessed("leaf_spine", switch="box", host_link="aec")


# the shipped catalogue ------------------------------------------------------------------------------------------------

DESIGNS = {
    "retimed": ("leaf_spine", {"switch": "switch_102t4", "optics": "retimed_1t6_dr8", "host_link": "aec_1t6"}),
    "cpo": ("leaf_spine", {"switch": "switch_102t4", "optics": "cpo_2p5d_1t6", "host_link": "retimed_800g_dr4_200g"}),
    "mesh": (
        "ocs_mesh",
        {"switch": "switch_102t4", "host_link": "aec_1t6", "ocs_optics": "bidi_800g_fr4", "ocs": "palomar"},
    ),
    "pod": (
        "tpu_pod",
        {"chip": "tpu_ici", "cube_link": "cube_copper", "ocs_optics": "bidi_tpu_800g", "ocs": "palomar"},
    ),
    "planes": (
        "multiplane",
        {"switch": "switch_115t2", "optics": "cpo_3d_1t6", "host_link": "retimed_800g_dr4_200g"},
    ),
}


def shipped(name, catalogue=None, **more):
    topology, roles = DESIGNS[name]
    fabric = topologies.build(topology, **SHAPES[topology])
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 10.0))
    return assess(solution, Design.from_roles({**roles, **more}), catalogue)


@pytest.mark.parametrize("name", DESIGNS)
def test_draws_give_arrays_throughout_that_surround_the_plain_values(name):
    catalogue = load_catalogue()
    plain, drawn = shipped(name), shipped(name, catalogue.draw(400, seed=7))
    assert drawn.power.network_w.shape == drawn.cost.total_usd.shape == drawn.latency.mean_ns.shape == (400,)
    assert drawn.bom == plain.bom
    assert drawn.values_used == plain.values_used
    for metric, exact in zip(drawn.metrics, plain.metrics, strict=True):
        if math.isnan(metric.low):
            assert metric.value == pytest.approx(exact.value, nan_ok=True), metric.name
        else:
            assert metric.low <= metric.value <= metric.high, metric.name
    for metric in ("network_kw", "latency_mean_ns"):
        assert drawn.metric(metric).low < plain.metric(metric).value < drawn.metric(metric).high


def test_one_draw_is_what_its_values_give():
    catalogue = load_catalogue()
    drawn = catalogue.draw(3, seed=11)
    many = shipped("retimed", drawn)
    # counts keep their listed value in every draw
    quantities = [pair for pair in many.values_used if unit_of(pair[1]) != "1" or pair[1].endswith("_fraction")]
    shape = ("rate_gbps", "lane_gbps", "capacity_gbps", "asic_capacity_gbps", "max_port_gbps", "reach_m", "max_loss_db")
    second = {
        f"{component}.{key}": float(drawn.value(component, key)[1])
        for component, key in quantities
        if key not in (*shape, "electrical_loss_db")
    }
    one = shipped("retimed", catalogue.with_values(second))
    for quantity in ("network_w", "energy_pj_per_bit"):
        assert getattr(one.power, quantity) == pytest.approx(getattr(many.power, quantity)[1], rel=1e-12)
    assert one.cost.total_usd == pytest.approx(many.cost.total_usd[1], rel=1e-12)
    assert one.latency.p99_ns == pytest.approx(many.latency.p99_ns[1], rel=1e-12)
    assert one.budgets[0].margin.margin_db == pytest.approx(many.budgets[0].margin.margin_db[1], abs=1e-12)


def test_a_box_of_quantum_x_photonics():
    # 144 ports of 800 Gb/s over four planes: 143 hosts and an uplink on each of four ASICs of 144 x 200 Gb/s
    shape = {"planes": 4, "leaves": 1, "spines": 1, "hosts_per_leaf": 143}
    fabric = topologies.build("multiplane", **shape)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 1.0))
    roles = {"switch": "switch_115t2", "optics": "cpo_2p5d_1t6", "host_link": "retimed_800g_dr4_200g"}
    bom = assess(solution, Design.from_roles(roles)).bom
    assert bom.count("switch", where="tier 1") == 1
    # 576 lanes of 200 Gb/s on 72 engines are fed by 18 laser modules of 8 lasers, a quarter of 576
    engines = sum(line.count for line in bom.of("module") if line.component == "cpo_2p5d_1t6")
    assert engines == 72 + 1  # one more at the spine's end of the uplinks
    assert bom.count("external_laser", where="tier 1") == 18
    assert bom.count("laser", where="tier 1") == 144 == 576 / 4
    # E1: 288 data fibers in each of four packages
    assert bom.fibers == 4 * 288


def test_a_switch_of_51_tbps_has_512_lanes_and_1024_fibers():
    fabric = topologies.build("leaf_spine", leaves=64, spines=1, hosts_per_leaf=1)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 1.0))
    roles = {"switch": "switch_51t2", "optics": "retimed_800g_dr8", "host_link": "aec_800g"}
    found = assess(solution, Design.from_roles(roles))
    assert found.paths[1].lanes_per_link * found.paths[1].n_links == 512
    assert found.bom.fibers == 1024
    assert found.bom.count("connector") == 2 * 64


def test_co_packaged_optics_save_what_is_published():
    # 1.6T: 25 W retimed, 7 W of engine + 2 W of laser: 64 %, Meta's 65 %
    optics_w = {}
    for name in ("retimed", "cpo"):
        report = shipped(name).power
        lines = [line for line in report.lines if line.where == "leaf-spine" and line.category.startswith("module")]
        optics_w[name] = sum(line.power_w for line in lines)
    laser_w = external_laser_w("elsfp_8", load_catalogue()) / 4
    engines = 4
    assert 1 - (optics_w["cpo"] + engines * laser_w) / optics_w["retimed"] == pytest.approx(0.64, abs=1e-9)


def test_packagings_rank_by_power_as_their_electrical_loss():
    optics = ("retimed_1t6_dr8", "lro_1t6_dr8", "lpo_1t6_dr8")
    watts = [shipped("retimed", optics=one).power.network_w for one in optics]
    engines = ("npo_1t6", "cpo_2p5d_1t6", "cpo_3d_1t6")
    watts_near = [shipped("cpo", optics=one).power.network_w for one in engines]
    assert np.all(np.diff(watts) < 0) and np.all(np.diff(watts_near) < 0)
    serdes = {one: shipped("cpo", optics=one).power.by_category_w["serdes difference"] for one in engines}
    assert serdes["npo_1t6"] > serdes["cpo_2p5d_1t6"] > serdes["cpo_3d_1t6"]
    assert "serdes difference" not in shipped("retimed", optics="lpo_1t6_dr8").power.by_category_w
