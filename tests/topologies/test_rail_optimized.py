# SPDX-License-Identifier: Apache-2.0
"""Rail-optimized fabrics against Alibaba HPN (SIGCOMM 2024), and two published systems of other shapes."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import TopologyError

HPN_POD = {
    "gpus_per_server": 8,
    "servers_per_segment": 128,
    "segments": 15,
    "planes": 2,
    "spines": 60,
    "host_gbps": 200,
    "leaf_spine_gbps": 400,
}


def ports(fabric):
    return np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)


def capacity_gbps(fabric, node, class_name):
    """Capacity of a node's links of one class."""
    arcs = (fabric.arc_tail == node) & (np.repeat(fabric.link_class, 2) == fabric.link_class_names.index(class_name))
    return int(fabric.arc_capacity_gbps[arcs].sum())


def delivered_gbps(fabric, gbps_per_endpoint):
    demand = optinet.Demand.uniform(fabric, gbps_per_endpoint / (fabric.n_endpoints - 1))
    return optinet.link_loads(fabric, demand).throughput * gbps_per_endpoint


def test_inventory_of_an_hpn_pod():
    fabric = topologies.build("rail_optimized", **HPN_POD)
    assert fabric.n_endpoints == 15360
    assert np.bincount(fabric.node_tier).tolist() == [15360, 2 * 15 * 8, 2 * 60]
    leaves, spines = (np.flatnonzero(fabric.node_tier == tier) for tier in (1, 2))
    assert np.bincount(fabric.node_group[:15360]).tolist() == [1024] * 15
    assert np.bincount(fabric.node_group[leaves]).tolist() == [16] * 15
    assert set(ports(fabric)[leaves]) == {128 + 60}
    assert set(ports(fabric)[spines]) == {15 * 8}
    down, up = (capacity_gbps(fabric, leaves[0], name) for name in ("host-leaf", "leaf-spine"))
    assert Fraction(down, up) == Fraction(25600, 24000)
    # 128 GPUs of a leaf's rail are 2 hops apart, all others 4
    assert optinet.path_metrics(fabric).distance_counts.tolist() == [0, 0, 15360 * 127, 0, 15360 * (15360 - 128)]


def test_uniform_traffic_in_an_hpn_pod():
    # half of what 128 GPUs send outside their leaf fills its 60 x 400 Gb/s: x = 375 x 15359 / 15232
    fabric = topologies.build("rail_optimized", **HPN_POD)
    assert delivered_gbps(fabric, 400.0) == pytest.approx(378.127, abs=1e-3)
    assert delivered_gbps(fabric, 400.0) == pytest.approx(375 * 15359 / 15232, rel=1e-12)


def test_spines_of_hpn_are_oversubscribed_fifteen_to_one_towards_the_cores():
    fabric = topologies.build("rail_optimized", **HPN_POD | {"pods": 2, "cores": 60, "links_spine_core": 8})
    spine = np.flatnonzero(fabric.node_tier == 2)[-1]
    assert ports(fabric)[spine] == 128
    down, up = (capacity_gbps(fabric, spine, name) for name in ("leaf-spine", "spine-core"))
    assert Fraction(down, up) == 15
    assert fabric.n_endpoints == 30720


@pytest.fixture
def small():
    return topologies.build(
        "rail_optimized", gpus_per_server=2, servers_per_segment=3, segments=2, spines=4, planes=2, pods=2, cores=2
    )


def test_a_gpu_meets_the_leaf_of_its_rail(small):
    assert small.n_endpoints == 24
    for arc in np.flatnonzero(small.arc_tail < 24):
        host, leaf = small.node_names[small.arc_tail[arc]], small.node_names[small.arc_head[arc]]
        segment, _, rail = host.removeprefix("host(").removesuffix(")").split(",")
        assert leaf.split(".")[1] == f"leaf({segment},{rail})"
    assert set(ports(small)[:24]) == {2}


def test_planes_meet_only_at_hosts(small):
    graph = small.to_networkx()
    graph.remove_nodes_from([name for name in graph if name.startswith("host")])
    planes = list(nx.connected_components(graph))
    assert [{name.split(".")[0] for name in plane} for plane in planes] == [{"plane0"}, {"plane1"}]
    assert [len(plane) for plane in planes] == [18, 18]  # 8 leaves, 8 spines, 2 cores


def test_leaves_meet_the_spines_of_their_pod_and_pods_meet_at_cores(small):
    graph = small.to_networkx()
    for pod, segments in enumerate([(0, 1), (2, 3)]):
        for segment in segments:
            above = {name for name in graph[f"plane0.leaf({segment},1)"] if "spine" in name}
            assert above == {f"plane0.spine{4 * pod + j}" for j in range(4)}
    # gcd(4, 2) = 2 groups: even spines of both pods meet core 0, odd ones core 1
    assert set(graph["plane1.core1"]) == {f"plane1.spine{i}" for i in (1, 3, 5, 7)}
    # from any GPU: 2 on its leaf, 9 others in its pod 4 hops away, 12 in the other pod 6 hops away
    assert optinet.path_metrics(small).distance_counts.tolist() == [0, 0, 48, 0, 216, 0, 288]


def test_pods_without_cores_are_refused_with_all_else_that_is_wrong():
    with pytest.raises(TopologyError) as caught:
        topologies.build("rail_optimized", gpus_per_server=8, servers_per_segment=0, segments=1, rails=8, pods=2)
    assert {problem.where.removeprefix("rail_optimized.") for problem in caught.value.problems} == {
        *("servers_per_segment", "spines", "rails", "cores")
    }
    assert "only cores join 2 pods" in str(caught.value)


def test_uniform_traffic_in_the_folded_clos_that_opera_compares_with():
    # 72 ToR of 9 hosts and 3 uplinks, 3:1, switches of 12 ports (Mellette et al., NSDI 2020): (3 / 9) (647 / 639)
    fabric = topologies.build(
        "clos3",
        pods=12,
        leaves_per_pod=6,
        aggs_per_pod=3,
        cores=18,
        hosts_per_leaf=9,
        **dict.fromkeys(("host_gbps", "leaf_agg_gbps", "agg_core_gbps"), 1.0),
    )
    assert fabric.n_endpoints == 648
    assert set(ports(fabric)[648:]) == {12}
    assert delivered_gbps(fabric, 1.0) == pytest.approx(float(Fraction(3, 9) * Fraction(647, 639)), rel=1e-12)
    assert delivered_gbps(fabric, 1.0) == pytest.approx(0.33751, abs=5e-6)


def test_uniform_traffic_in_cloudmatrix_384():
    # 48 nodes of 8 NPUs and 7 L1 switches; L1 switch s of every node is joined to the 16 L2 switches of sub-plane s
    graph = nx.Graph()
    for node in range(48):
        for s in range(7):
            for npu in range(8):
                graph.add_edge(("npu", node, npu), ("L1", node, s), capacity_gbps=56 * 8)
            for i in range(16):
                graph.add_edge(("L1", node, s), ("L2", s, i), capacity_gbps=28 * 8)
    nx.set_node_attributes(graph, {name: "host" for name in graph if name[0] == "npu"}, "kind")
    fabric = optinet.Fabric.from_networkx(graph)
    kinds = [name[0] for name in fabric.node_names]
    assert [kinds.count(kind) for kind in ("npu", "L1", "L2")] == [384, 336, 112]
    assert set(ports(fabric)[[kind == "L2" for kind in kinds]]) == {48}
    capacity = {"npu": 0.0, "L2": 0.0}
    for arc in np.flatnonzero(fabric.arc_tail == fabric.node_names.index(("L1", 5, 3))):
        capacity[kinds[fabric.arc_head[arc]]] += fabric.arc_capacity_gbps[arc] / 8
    assert capacity == {"npu": 448.0, "L2": 448.0}  # GB/s down and up
    # what fills the 7 x 56 GB/s of an NPU
    assert delivered_gbps(fabric, 392 * 8.0) == pytest.approx(3136.0, rel=1e-12)
    same = topologies.build(
        "multiplane", planes=7, leaves=48, spines=16, hosts_per_leaf=8, host_gbps=448, uplink_gbps=224
    )
    assert (same.n_nodes, same.n_links) == (fabric.n_nodes, fabric.n_links)
    assert delivered_gbps(same, 3136.0) == pytest.approx(3136.0, rel=1e-12)
