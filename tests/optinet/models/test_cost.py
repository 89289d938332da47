# SPDX-License-Identifier: Apache-2.0
"""Cost by category, by hand."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.assessment import assess
from optinet.models.bom import BillOfMaterials, BomLine
from optinet.models.cost import cost
from optinet.models.facility import FacilityPower
from tests.support.parts import PARTS, design


def cost_of(topology, parameters, **roles):
    fabric = topologies.build(topology, **parameters)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, 100))
    return assess(solution, design(**roles), PARTS).cost


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
