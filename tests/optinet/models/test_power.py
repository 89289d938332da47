# SPDX-License-Identifier: Apache-2.0
"""Power by category, by hand."""

import numpy as np
import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.models.power import SPLIT
from optinet.models.serdes import long_reach_serdes, serdes_for
from tests.support.parts import PARTS, design, with_range


def power_of(topology, parameters, gbps_per_pair, parts=PARTS, **roles):
    fabric = topologies.build(topology, **parameters)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric, gbps_per_pair))
    return assess(solution, design(**roles), parts).power


LEAF_SPINE = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2, "links_per_pair": 2}


def test_electrical_network_line_by_line():
    report = power_of("leaf_spine", LEAF_SPINE, 100, switch="box", optics="dr8", host_link="aec")
    found = {(line.category, line.where): line.power_w for line in report.lines}
    # 4 hosts send 300 each; a leaf carries 600 from its hosts + 400 from the spine, the spine 800, of 6,400 each
    assert found["switch", "tier 1"] == pytest.approx(2 * 400 + 600 * 2000 / 6400, rel=1e-12)
    assert found["switch", "tier 2"] == pytest.approx(400 + 600 * 800 / 6400, rel=1e-12)
    assert [found[f"module {part}", "leaf-spine"] for part in SPLIT] == pytest.approx([56, 24, 16, 8, 16], rel=1e-12)
    assert found["cable", "host-leaf"] == 4 * 2 * 9
    assert found["nic", "hosts"] == 4 * 25
    assert not any(category == "serdes difference" for category, _ in found)
    total = 987.5 + 475 + 120 + 72 + 100
    assert report.network_w == pytest.approx(total, rel=1e-12)
    assert report.network_without_nic_and_chip_w == pytest.approx(total - 100, rel=1e-12)
    # 1,200 Gb/s delivered
    assert report.energy_pj_per_bit == pytest.approx(total / 1200 * 1000, rel=1e-12)
    assert sum(report.by_category_w.values()) == pytest.approx(total, rel=1e-12)


def test_switches_at_rest_draw_their_idle_share_and_optics_full_power():
    rest = power_of("leaf_spine", LEAF_SPINE, 0, switch="box", optics="dr8", host_link="aec")
    assert rest.by_category_w["switch"] == 3 * 400
    assert sum(rest.by_category_w[f"module {part}"] for part in SPLIT) == 8 * 15
    assert np.isnan(rest.energy_pj_per_bit)


def test_demand_beyond_capacity_is_powered_at_what_is_delivered():
    # the two links to the spine carry 1,600 out of each leaf: 4 pairs x 400
    full = power_of("leaf_spine", LEAF_SPINE | {"host_gbps": 800}, 400, switch="box", optics="dr8", host_link="aec")
    over = power_of("leaf_spine", LEAF_SPINE | {"host_gbps": 800}, 4000, switch="box", optics="dr8", host_link="aec")
    assert over.network_w == pytest.approx(full.network_w, rel=1e-12)
    assert over.delivered_gbps == pytest.approx(full.delivered_gbps, rel=1e-12)


def test_engines_near_the_asic_save_serdes_and_draw_external_lasers():
    roles = {"switch": "box_200", "host_link": "dr4_200g"}
    report = power_of("leaf_spine", LEAF_SPINE, 100, optics="engine_1t6", **roles)
    watts = report.by_category_w
    # reached over 4 dB: XSR 1.5 instead of LR 5 pJ/bit at 4 + 2 x 4 link ends of 800 Gb/s
    assert watts["serdes difference"] == pytest.approx(-3.5 * 12 * 0.8, rel=1e-12)
    # one laser module of 8 W in each of three boxes
    assert watts["external laser"] == 3 * 8
    # 8 spine link ends on 4 engines, 4 host link ends on 2, of 7 W; 4 host modules with 3 W of laser each
    assert watts["module dsp"] == 4 * 7
    assert watts["module laser"] == 4 * 3
    assert sum(watts[f"module {part}"] for part in SPLIT) == pytest.approx(6 * 7 + 4 * 15, rel=1e-12)


def test_serdes_by_electrical_loss():
    expected = {1: "serdes_ucie", 4: "serdes_xsr", 12: "serdes_vsr", 22: "serdes_lr_224g"}
    assert {loss: serdes_for(loss, "serdes_lr_224g", PARTS) for loss in expected} == expected
    assert [long_reach_serdes(lane) for lane in (50, 100, 200, 400)] == [
        "serdes_lr_112g",
        "serdes_lr_112g",
        "serdes_lr_224g",
        "serdes_lr_224g",
    ]


def test_chips_pay_for_routers_and_serdes():
    roles = {"chip": "ici", "cube_link": "dac"}
    report = power_of("torus", {"dims": (4,), "capacity_gbps": 800, "length_m": 1.0}, 100, **roles)
    # uniform on a ring of 4: mean distance 4/3, 300 Gb/s each: 4 x 400 Gb/s over hops; 8 arcs of 800 Gb/s.
    # A hop costs one router (1 pJ/bit) and two SerDes ends (2 x 2): 5 pJ/bit
    peak_w, load_w = 8 * 800 * 5e-3, 4 * 400 * 5e-3
    assert report.by_category_w["chip network"] == pytest.approx(0.25 * peak_w + 0.75 * load_w, rel=1e-12)
    assert report.by_category_w["cable"] == pytest.approx(4 * 2 * 0.1, rel=1e-12)
    assert report.network_without_nic_and_chip_w == pytest.approx(0.8, rel=1e-12)


def test_ocs_power_and_spare_optics():
    mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 4}
    report = power_of("ocs_mesh", mesh, 10, switch="box", optics="fr4_bidi", host_link="aec", ocs="mems")
    assert report.by_category_w["ocs"] == 2 * 100  # two copies of the plant for links of two strands
    assert sum(report.by_category_w[f"module {part}"] for part in SPLIT) == pytest.approx(16 * 15, rel=1e-12)


def test_parts_of_a_drawn_module_add_up_to_its_drawn_power():
    drawn = with_range(PARTS, "dr8.power_w", 12, 18).draw(200, seed=1)
    report = power_of("leaf_spine", LEAF_SPINE, 100, parts=drawn, switch="box", optics="dr8", host_link="aec")
    modules_w = sum(report.by_category_w[f"module {part}"] for part in SPLIT)
    assert modules_w.shape == (200,)
    assert modules_w == pytest.approx(8 * drawn.value("dr8", "power_w"), rel=1e-12)
    assert modules_w.std() > 1
    assert report.by_category_w["module dsp"] == pytest.approx(modules_w * 7 / 15, rel=1e-12)
