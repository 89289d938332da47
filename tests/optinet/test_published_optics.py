# SPDX-License-Identifier: Apache-2.0
"""Published inventories and figures of co-packaged switches, from the shipped catalogue through the models."""

import pytest

import optinet
import topologies
from optinet.assessing import assess
from optinet.catalogue import load_catalogue
from optinet.design import Design
from optinet.models.power import external_laser_w

CATALOGUE = load_catalogue()


def assessed(topology, roles, catalogue=CATALOGUE, **shape):
    fabric = topologies.build(topology, **shape)
    return assess(optinet.solve(fabric, optinet.Demand.uniform(fabric)), Design.from_roles(roles), catalogue)


@pytest.fixture(scope="module")
def quantum_x():
    """One Q3450 as the leaf of four planes: 143 hosts and an uplink on each of its four packages."""
    roles = {"switch": "switch_115t2", "optics": "cpo_2p5d_1t6", "host_link": "retimed_800g_dr4_200g"}
    return assessed("multiplane", roles, planes=4, leaves=1, spines=1, hosts_per_leaf=143)


def spine_of_51t(optics, catalogue=CATALOGUE):
    """A 51.2T switch with 64 ports of 800G, the spine above 64 leaves."""
    roles = {"switch": "switch_51t2", "optics": optics, "host_link": "retimed_800g_dr8"}
    found = assessed("leaf_spine", roles, catalogue, leaves=64, spines=1, hosts_per_leaf=1)
    return found, found.optics[-1]


def test_fibers_of_a_quantum_x_package(quantum_x):
    leaf = quantum_x.optics[0]
    assert (leaf.modules, leaf.optics_gbps) == (72, 115_200)  # 18 engines of 1.6T on each of four packages
    data, lasers = quantum_x.bom.fibers // 4, leaf.lasers // 4
    assert (data, lasers, data + lasers) == (288, 36, 324)
    # what was published for the box, 1,440, counts four laser fibers for each engine; two of them carry light
    assert 4 * (data + lasers) == 1296
    assert 72 * (16 + 4) == 1440
    arrays = [line.count for line in quantum_x.bom.of("fiber_array") if line.where == "host-leaf"]
    assert arrays == [72]  # one for each engine


def test_lasers_of_a_quantum_x_box(quantum_x):
    leaf = quantum_x.optics[0]
    assert (leaf.external_lasers, leaf.lasers) == (18, 144)
    lanes = leaf.optics_gbps / 200
    assert lanes / leaf.lasers == 4.0  # a pluggable with a laser in every lane has 576


def test_a_third_of_the_power_and_a_short_trace():
    retimed, engine = CATALOGUE["retimed_1t6_dr8"].values, "cpo_2p5d_1t6"
    laser_w = external_laser_w("elsfp_8", CATALOGUE) / 4
    engine_w = CATALOGUE.value(engine, "power_w") + laser_w
    assert engine_w == pytest.approx(9)
    # NVIDIA says 3.5 times less for 30 W, the upper end of what is known of modules; 30 / 9 is 3.33
    assert 3.3 <= retimed["power_w"].high / engine_w <= 3.5
    assert (retimed["electrical_loss_db"].value, CATALOGUE.value(engine, "electrical_loss_db")) == (22, 4)


def test_bailly_against_pluggables():
    _, pluggable = spine_of_51t("retimed_800g_dr8")
    _, bailly = spine_of_51t("cpo_2d_800g")
    assert pluggable.optics_w == 64 * 15 == 960
    # published 5.5 W for 800G, measured 5.4: 352 W and 345.6 W
    assert bailly.optics_w == pytest.approx(352, rel=0.02)
    at_published = CATALOGUE.with_values({"cpo_2d_800g.power_w": 5.5 - 2})
    assert spine_of_51t("cpo_2d_800g", at_published)[1].optics_w == pytest.approx(352)
    assert pluggable.optics_w / 51.2 == 18.75
    assert spine_of_51t("cpo_2d_800g", at_published)[1].optics_w / 51.2 == pytest.approx(6.875)


def test_connectors_of_a_51t_switch():
    found, spine = spine_of_51t("retimed_800g_dr8")
    (links,) = (path for path in found.paths if path.link_class == "leaf-spine")
    assert links.n_links * links.lanes_per_link == 512
    assert found.bom.count("fiber", where="leaf-spine") == 1024
    assert spine.modules == found.bom.count("jumper", where="leaf-spine") / 2 == 64  # an MPO-16 at every port


def test_a_rack_of_shuffles():
    units = CATALOGUE.value("shuffle_box", "fibers_per_rack") / CATALOGUE.value("shuffle_box", "fibers_per_rack_unit")
    assert units == 40


def test_time_between_failures_of_a_port():
    published = CATALOGUE["cpo_published"].values
    engine_hours = published["engine_mtbf_hours"].value
    pluggable_hours = published["pluggable_mtbf_hours"]
    assert [engine_hours / hours for hours in (pluggable_hours.high, pluggable_hours.low)] == [2.6, 5.2]
    # the models' rates of hard failures, a 400G port of each: inside that range too
    engine_fit = CATALOGUE.value("cpo_2d_1t6", "fit") / 2
    assert 2.6 <= CATALOGUE.value("retimed_400g_dr4", "fit") / engine_fit <= 5.2
