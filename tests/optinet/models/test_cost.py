# SPDX-License-Identifier: Apache-2.0
"""Cost by category, by hand."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.catalogue import load_catalogue
from optinet.models.bom import BillOfMaterials, BomLine
from optinet.models.cost import OPTICS, cost
from optinet.models.facility import FacilityPower
from tests.support.parts import PARTS, design, with_range


def assessed(topology, parameters, catalogue=PARTS, **roles):
    fabric = topologies.build(topology, **parameters)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 100))
    return assess(solution, design(catalogue, **roles), catalogue)


def cost_of(topology, parameters, **roles):
    return assessed(topology, parameters, **roles).cost


def test_leaf_spine_by_hand():
    shape = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}
    report = cost_of("leaf_spine", shape, switch="box", optics="dr8", host_link="aec")
    assert report.by_category_usd == pytest.approx(
        {
            "switch": 3 * 10_000,
            "cable": 4 * 400,
            "module": 8 * 500,
            "fiber": 4 * 16 * 50 * 0.1,
            "connector": 8 * 40,
            "jumper": 8 * 40,
            "panel": 2 * 200,
            "nic": 4 * 1500,
        }
    )
    total = 30_000 + 1_600 + 4_000 + 320 + 320 + 720 + 6_000
    assert report.total_usd == pytest.approx(total)
    assert report.per_endpoint_usd == pytest.approx(total / 4)
    assert report.usd_per_delivered_gbps == pytest.approx(total / 1200)


def test_an_ocs_is_paid_for_all_its_ports():
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    report = cost_of("ocs_mesh", mesh, switch="box", optics="fr4_bidi", host_link="aec", ocs="mems")
    assert report.by_category_usd["ocs"] == 2 * 136 * 300
    assert report.by_category_usd["circulator"] == 32 * 60


def test_a_year_of_energy_is_apart():
    # 1 kW from the grid for 8,760 hours at 0.1 USD
    report = cost(BillOfMaterials(()), FacilityPower(800.0, 150.0, 50.0), 0, 0.0, design(), PARTS)
    assert report.energy_usd_per_year == pytest.approx(876)
    assert report.total_usd == 0
    assert np.isnan(report.per_endpoint_usd)
    assert np.isnan(report.usd_per_delivered_gbps)


def test_lasers_are_inside_the_price_of_what_holds_them():
    bom = BillOfMaterials((BomLine("laser", "els", "tier 1", 8), BomLine("external_laser", "els", "tier 1", 1)))
    report = cost(bom, FacilityPower(0.0, 0.0, 0.0), 1, 1.0, design(), PARTS)
    assert report.by_category_usd == {"external_laser": 350}


def test_low_and_high_take_every_price_at_its_end():
    parts = with_range(with_range(PARTS, "box.price_usd", 8_000, 15_000), "dr8.price_usd", 400, 900)
    shape = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}
    found = assessed("leaf_spine", shape, parts, switch="box", optics="dr8", host_link="aec")
    metric = found.metric("cost_usd")
    assert metric.low == pytest.approx(metric.value - 3 * 2_000 - 8 * 100)
    assert metric.high == pytest.approx(metric.value + 3 * 5_000 + 8 * 400)
    each = found.metric("cost_per_endpoint_usd")
    assert (each.low, each.high) == (pytest.approx(metric.low / 4), pytest.approx(metric.high / 4))


def test_price_and_bill_of_materials_of_co_packaged_optics_are_apart():
    catalogue = load_catalogue()
    shape = {"leaves": 4, "spines": 2, "hosts_per_leaf": 8, "links_per_pair": 2}
    roles = {"switch": "switch_102t4", "optics": "cpo_2p5d_1t6", "host_link": "retimed_800g_dr4_200g"}
    report = assessed("leaf_spine", shape, catalogue, **roles).cost
    engines = 4 * 2 + 2 * 4 + 4 * 4  # one for two link ends: 4 uplinks and 8 hosts at a leaf, 8 links at a spine
    lasers = 4 * 2 + 2  # 6 engines of 8 lanes at a leaf take two modules of 32, 4 at a spine one
    hosts = 32 * 500
    assert report.sum_usd("cost_usd", *OPTICS) == pytest.approx(engines * 1096.5 + lasers * 350 + hosts)
    assert report.sum_usd("maker_usd", *OPTICS) == pytest.approx(engines * 440.5 + lasers * 350 + hosts)
    assert report.sum_usd("maker_usd") - report.total_usd == pytest.approx(-engines * (1096.5 - 440.5))


def test_energy_over_the_life_is_added():
    shape = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}
    found = assessed("leaf_spine", shape, switch="box", optics="dr8", host_link="aec")
    report, facility_kw = found.cost, found.metric("facility_kw").value
    assert report.energy_kwh_per_year == pytest.approx(facility_kw * 8760)
    assert report.over_life_usd == pytest.approx(report.total_usd + 4 * facility_kw * 8760 * 0.1)
    assert found.metric("life_cost_per_endpoint_usd").value == pytest.approx(report.over_life_usd / 4)
    assert found.metric("life_cost_usd_per_gbps").value == pytest.approx(report.over_life_usd / 1200)
