# SPDX-License-Identifier: Apache-2.0
"""Multi-plane fabrics: counts, separation of the planes, full throughput."""

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies


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
