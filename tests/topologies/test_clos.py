# SPDX-License-Identifier: Apache-2.0
"""Fat-trees and leaf-spines against Al-Fares et al. (SIGCOMM 2008) and hand counts."""

from fractions import Fraction

import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import TopologyError


@pytest.mark.parametrize(
    ("k", "hosts", "switches", "links", "mean"),
    [
        (4, 16, 20, 48, Fraction(82, 15)),
        (8, 128, 80, 384, Fraction(726, 127)),
        (16, 1024, 320, 3072, Fraction(5998, 1023)),
        (48, 27648, 2880, 82944, Fraction(164686, 27647)),
    ],
)
def test_fat_tree_counts_and_distances(k, hosts, switches, links, mean):
    fabric = topologies.build("fat_tree", k=k)
    assert (fabric.n_endpoints, fabric.n_nodes - fabric.n_endpoints, fabric.n_links) == (hosts, switches, links)
    metrics = optinet.path_metrics(fabric)
    assert metrics.diameter == 6
    total = sum(int(count) * hops for hops, count in enumerate(metrics.distance_counts))
    assert Fraction(total, int(metrics.distance_counts.sum())) == mean
    assert metrics.distance_counts.sum() == hosts * (hosts - 1)


@pytest.mark.parametrize("k", [4, 8, 16])
def test_fat_tree_carries_uniform_traffic_in_full(k):
    fabric = topologies.build("fat_tree", k=k, capacity_gbps=1.0)
    loads = optinet.link_loads(fabric, optinet.Demand.uniform(fabric, 1.0 / (fabric.n_endpoints - 1)))
    assert loads.throughput == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(("uplink_gbps", "throughput"), [(1.0, Fraction(1, 24)), (2.0, Fraction(1, 15))])
def test_leaf_spine_uniform_throughput(uplink_gbps, throughput):
    # 4 leaves x 4 hosts, 2 spines: min(1 / (N - 1), S u / (h (N - h)))
    fabric = topologies.build(
        "leaf_spine", leaves=4, spines=2, hosts_per_leaf=4, host_gbps=1.0, uplink_gbps=uplink_gbps
    )
    loads = optinet.link_loads(fabric, optinet.Demand.uniform(fabric))
    assert loads.throughput == pytest.approx(float(throughput), rel=1e-12)


def test_clos3_of_the_reference_size():
    fabric = topologies.build(
        "clos3", pods=4, leaves_per_pod=32, aggs_per_pod=32, cores=64, hosts_per_leaf=32, links_agg_core=16
    )
    tiers = np.bincount(fabric.node_tier)
    assert tiers.tolist() == [4096, 128, 128, 64]
    assert fabric.n_links == 12288
    ports = np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)[4096:]
    assert set(ports) == {64}


def test_clos3_with_more_aggs_than_cores_shares_the_cores():
    # gcd(4, 2) = 2 groups: aggs 0 and 2 of each pod meet core 0, aggs 1 and 3 core 1
    fabric = topologies.build("clos3", pods=2, leaves_per_pod=2, aggs_per_pod=4, cores=2, hosts_per_leaf=1)
    core_links = fabric.arc_head[::2][fabric.link_class == 2] - (fabric.n_nodes - 2)
    assert core_links.tolist() == [0, 1, 0, 1, 0, 1, 0, 1]


def test_an_odd_fat_tree_is_refused():
    with pytest.raises(TopologyError, match="odd"):
        topologies.build("fat_tree", k=5)


def test_all_problems_of_the_parameters_are_named():
    with pytest.raises(TopologyError) as caught:
        topologies.build("leaf_spine", leafs=4, spines=0, hosts_per_leaf="many")
    text = str(caught.value)
    assert (
        len(caught.value.problems) == 4
    )  # unknown leafs, missing leaves, spines too small, hosts_per_leaf not a number
    assert "leafs" in text
    assert "leaves" in text
    assert "spines" in text
    assert "hosts_per_leaf" in text


def test_an_unknown_topology_gets_the_nearest_name():
    with pytest.raises(TopologyError, match="did you mean 'fat_tree'"):
        topologies.build("fattree", k=4)


def test_every_topology_describes_itself():
    for name in topologies.names():
        text = topologies.describe(name)
        assert name in text
        assert "required" in text
