# SPDX-License-Identifier: Apache-2.0
"""Results show themselves in a few lines, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest

import optinet
import topologies
from optinet.design import Design
from optinet.shown import shown


@pytest.fixture(scope="module")
def row():
    return topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=4, links_per_pair=1)


def test_a_fabric_tells_its_counts_and_units(row):
    links = "16 host-leaf of 800 Gb/s, 3 m; 8 leaf-spine of 800 Gb/s, 50 m"
    assert repr(row) == f"<Fabric Clos: 16 hosts, 6 switches; links: {links}>"
    pod = topologies.build("tpu_pod", cubes=(2, 1, 1), cube_side=2)
    assert repr(pod).startswith("<Fabric Torus: 16 chips; links: ") and repr(pod).endswith("; 12 OCS>")
    one_way = optinet.Fabric.from_links([1, 1], [[0, 1]], capacity_gbps=400.0, reverse_capacity_gbps=0.0)
    assert repr(one_way) == "<Fabric: 2 chips; links: 1 link of 400 Gb/s, 0 m>"


def test_what_is_solved_and_assessed_tells_its_headline(row):
    demand = optinet.Demand.uniform(row, 100.0)
    assert repr(demand) == "<Demand of 16 endpoints: 24,000 Gb/s in all, rank one>"
    solution = optinet.solve(row, demand)
    # a leaf sends 4 x 12 x 100 Gb/s up, over two links of 800
    assert repr(solution).startswith("<Solution by ecmp: throughput 0.333333, 500 Gb/s per endpoint delivered; <Fabric")
    design = {"switch": "switch_51t2", "host_link": "aec_800g", "optics": "lpo_800g_dr8"}
    assessment = optinet.assess(solution, Design.from_roles(design))
    assert repr(assessment).startswith("<Assessment: closes; delivered_gbps_per_endpoint 500, ")
    with pytest.raises(optinet.OptinetError, match="did you mean 'network_kw'"):
        assessment.metric("networkkw")


def test_arrays_are_told_by_size_and_range(row):
    loads = optinet.link_loads(row, optinet.Demand.uniform(row, 100.0))
    assert repr(loads) == (
        "LinkLoads(arc_load_gbps=<48 values, 1500 to 2400>, utilization=<48 values, 1.875 to 3>, "
        "throughput=0.333333, routing='ecmp')"
    )
    assert shown(np.zeros((2, 3))) == "<2 x 3 values, 0 to 0>"
    assert shown(np.array([True, False])) == "<2 values, 1 True>"
    assert shown(np.zeros(0)) == "<0 values>"
    assert shown(np.float64(1 / 3)) == "0.333333"
    assert shown(tuple(range(7))) == "<7 entries>"
    assert shown([1.0, "a"]) == "(1, 'a')"
    assert shown({"a": 1.0}) == "{'a': 1}"
    huge = topologies.build("torus", dims=(16, 16, 16))
    for result in (huge, optinet.link_loads(huge, optinet.Demand.uniform(huge)), optinet.bisection(huge)):
        assert len(repr(result)) < 300
