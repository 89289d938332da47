# SPDX-License-Identifier: Apache-2.0
"""Latency of path signatures, by hand."""

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.models.latency import LatencyDistribution, latency
from optinet.models.physical_path import physical_paths
from tests.support.parts import PARTS, design, with_range


def latency_of(topology, parameters, parts=PARTS, demand=None, routing="ecmp", **roles):
    fabric = topologies.build(topology, **parameters)
    made = design(**roles)
    solution = optinet.solve(fabric, demand(fabric) if demand else optinet.Demand.uniform(fabric), routing=routing)
    return latency(solution.paths, physical_paths(fabric, made, parts), made, parts)


LEAF_SPINE = {"leaves": 2, "spines": 1, "hosts_per_leaf": 2}


def test_leaf_spine_by_hand():
    found = latency_of("leaf_spine", LEAF_SPINE, switch="box", optics="dr8", host_link="aec")
    host_link = 90 + 50 + 30 + 3 * 4.5  # FEC, the host's MAC and PCS, retimers, copper
    spine_link = 90 + 2 * 50 + 50 * 5.0  # FEC, two modules, fiber
    near = 2 * host_link + 500 + 2 * 600
    far = near + 2 * spine_link + 2 * 500
    assert sorted(found.latency_ns) == pytest.approx([near, far], rel=1e-12)
    # of the three other hosts one is below the same leaf
    assert found.mean_ns == pytest.approx((near + 2 * far) / 3, rel=1e-12)
    assert (found.min_ns, found.p50_ns, found.p99_ns, found.max_ns) == pytest.approx((near, far, far, far), rel=1e-12)
    assert found.quantile_ns(0.3) == pytest.approx(near, rel=1e-12)
    assert found.includes_nic
    assert found.components_ns == pytest.approx(
        {
            "switch": 500 + 2 / 3 * 1000,
            "chip": 0,
            "phy": 280 + 2 / 3 * 180,
            "modules": 60 + 2 / 3 * 200,
            "ocs": 0,
            "propagation": 27 + 2 / 3 * 500,
            "endpoints": 1200,
        },
        rel=1e-12,
    )
    assert sum(found.components_ns.values()) == pytest.approx(found.mean_ns, rel=1e-12)


def test_scale_up_ethernet_budget():
    # SUE RM104: 2 x 50 ns bridge + 2 x 50 ns link and PHY + 250 ns switch + 2 x 10 m fiber of 4.96 ns/m = 549 ns
    parts = PARTS.with_values(
        {
            "nic_800g.latency_ns": 50,
            "kp4_800g.fec_latency_ns": 0,
            "kp4_800g.mac_pcs_latency_ns": 50,
            "box.latency_ns": 250,
            "dr8.latency_ns": 0,
            "smf.latency_ns_per_m": 4.96,
        }
    )
    shape = {"leaves": 1, "spines": 1, "hosts_per_leaf": 2, "host_length_m": 10}
    found = latency_of("leaf_spine", shape, parts, switch="box", optics="dr8", host_link="dr8")
    assert found.mean_ns == pytest.approx(549.2, rel=1e-12)


def test_a_hop_through_an_ocs():
    mesh = {"blocks": 4, "hosts_per_block": 1, "uplinks_per_block": 4}
    roles = {"switch": "box", "host_link": "aec", "ocs": "mems"}
    found = latency_of("ocs_mesh", mesh, optics="fr4_bidi", **roles)
    # two switches, three links of which one is optical and passes the OCS
    expected = 2 * (90 + 50 + 30 + 13.5) + 2 * 500 + (90 + 100 + 10 + 100 * 5) + 1200
    assert found.latency_ns == pytest.approx([expected], rel=1e-12)
    assert found.components_ns["ocs"] == 10


def test_inner_fec_counts_once_per_link():
    mesh = {"leaves": 2, "spines": 1, "hosts_per_leaf": 1}
    plain = latency_of("leaf_spine", mesh, switch="box", optics="dr8", host_link="aec")
    coded = latency_of("leaf_spine", mesh, switch="box", optics="dr8_slow_fec", host_link="aec")
    assert coded.mean_ns - plain.mean_ns == pytest.approx(2 * 60, rel=1e-12)


def test_chips_have_no_nic_and_their_hop_has_the_phy_inside():
    found = latency_of("torus", {"dims": (4,), "length_m": 1.0}, chip="ici", cube_link="dac")
    # two neighbors one hop away, one chip two hops
    assert np.unique(found.latency_ns.round(9)).tolist() == [504.5, 1009]
    assert found.mean_ns == pytest.approx(504.5 * 4 / 3, rel=1e-12)
    assert not found.includes_nic
    assert found.components_ns["phy"] == found.components_ns["endpoints"] == 0


def test_links_of_one_class_may_differ_in_length():
    graph = nx.Graph()
    graph.add_edge("a", "b", capacity_gbps=800, length_m=1)
    graph.add_edge("b", "c", capacity_gbps=800, length_m=3)
    fabric = optinet.Fabric.from_networkx(graph)
    made = design(chip="ici", cube_link="aec")
    solution = optinet.solve(fabric, optinet.Demand.permutation(fabric, [1, 0, 2]))
    found = latency(solution.paths, physical_paths(fabric, made, PARTS), made, PARTS)
    # the traffic between a and b knows its own meter, not the class's mean of two
    assert found.components_ns["propagation"] == pytest.approx(4.5, rel=1e-12)


def test_no_traffic_has_no_latency():
    found = latency_of(
        "leaf_spine",
        LEAF_SPINE,
        demand=lambda fabric: optinet.Demand.uniform(fabric, 0.0),
        switch="box",
        optics="dr8",
        host_link="aec",
    )
    assert all(np.isnan(value) for value in (found.mean_ns, found.min_ns, found.p99_ns, found.max_ns))


def test_draws_give_a_distribution_each():
    drawn = with_range(PARTS, "box.latency_ns", 300, 900).draw(50, seed=3)
    found = latency_of("leaf_spine", LEAF_SPINE, drawn, switch="box", optics="dr8", host_link="aec")
    rest = 2 * (90 + 50 + 30 + 13.5) + 2 * (90 + 100 + 250) + 1200
    assert found.latency_ns.shape == (50, 2)
    assert found.p99_ns.shape == (50,)
    assert found.p99_ns == pytest.approx(rest + 3 * drawn.value("box", "latency_ns"), rel=1e-12)
    assert found.components_ns["switch"] == pytest.approx(7 / 3 * drawn.value("box", "latency_ns"), rel=1e-12)


def test_weighted_quantiles():
    found = LatencyDistribution(np.array([30.0, 10.0, 20.0]), np.array([0.01, 0.5, 0.49]), {}, includes_nic=False)
    assert (found.min_ns, found.p50_ns, found.p99_ns, found.max_ns) == (10, 10, 20, 30)
    assert found.quantile_ns(0.995) == 30
    assert found.mean_ns == pytest.approx(0.3 + 5 + 9.8)
