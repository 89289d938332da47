# SPDX-License-Identifier: Apache-2.0
"""Multi-plane fabrics: counts, separation of the planes, full throughput."""

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import TopologyError


def test_counts_of_four_planes():
    fabric = topologies.build("multiplane", planes=4, leaves=64, spines=32, hosts_per_leaf=64, links_per_pair=2)
    assert fabric.n_endpoints == 4096
    assert np.bincount(fabric.node_tier).tolist() == [4096, 256, 128]
    ports = np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)
    assert set(ports[:4096]) == {4}
    assert set(ports[4096:]) == {128}


def test_planes_meet_only_at_hosts():
    fabric = topologies.build("multiplane", planes=3, leaves=2, spines=2, hosts_per_leaf=2)
    graph = fabric.to_networkx()
    graph.remove_nodes_from([f"host{i}" for i in range(4)])
    assert nx.number_connected_components(graph) == 3


@pytest.mark.parametrize("pattern", ["uniform", "matrix"])
def test_every_plane_carries_its_share(pattern):
    fabric = topologies.build(
        "multiplane", planes=2, leaves=3, spines=3, hosts_per_leaf=3, host_gbps=1.0, uplink_gbps=1.0
    )
    demand = optinet.Demand.uniform(fabric, 2.0 / 8)
    if pattern == "matrix":
        demand = optinet.Demand.from_matrix(fabric, demand.to_matrix())
    loads = optinet.link_loads(fabric, demand)
    assert loads.throughput == pytest.approx(1.0, abs=1e-12)
    assert loads.arc_load_gbps[fabric.arc_tail < 9] == pytest.approx(1.0)


def test_planes_of_one_switch_and_of_several_links():
    fabric = topologies.build(
        "multiplane", planes=4, leaves=1, spines=0, hosts_per_leaf=8, links_per_host=[5, 4, 4, 5], host_gbps=200.0
    )
    assert fabric.n_links == 8 * 18
    assert np.bincount(fabric.arc_head[::2])[8:].tolist() == [40, 32, 32, 40]
    whole = optinet.Demand.uniform(fabric, 18 * 200 / 7)
    assert optinet.link_loads(fabric, whole).throughput == pytest.approx(1.0)
    assert optinet.concurrent_flow(fabric, whole).lower == pytest.approx(1.0)


def test_one_switch_in_each_plane_is_solved_by_symmetry():
    fabric = topologies.build("multiplane", planes=18, leaves=1, spines=0, hosts_per_leaf=72, host_gbps=400.0)
    found = optinet.concurrent_flow(fabric, optinet.Demand.uniform(fabric, 7200 / 71))
    assert found.lower == pytest.approx(1.0)
    assert found.upper == pytest.approx(1.0)
    cut = optinet.bisection(fabric)
    assert cut.lower == cut.upper == 18 * 36


@pytest.mark.parametrize(
    ("changes", "says"), [({"leaves": 2}, "only spines join 2 leaves"), ({"links_per_host": [1, 2]}, "2 entries")]
)
def test_planes_that_do_not_hold_together_are_told(changes, says):
    parameters = {"planes": 4, "leaves": 1, "spines": 0, "hosts_per_leaf": 8} | changes
    with pytest.raises(TopologyError, match=says):
        topologies.build("multiplane", **parameters)
