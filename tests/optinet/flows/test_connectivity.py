# SPDX-License-Identifier: Apache-2.0
"""Edge connectivity of known fabrics, and against networkx on random graphs of both kinds."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import SolverError


@pytest.mark.parametrize(
    ("name", "parameters", "with_host_links", "without"),
    [
        ("torus", {"dims": (4, 4, 4)}, 6, 6),
        ("torus", {"dims": (2, 3)}, 4, 4),  # parallel links along the axis of two
        ("hypercube", {"dimensions": 5}, 5, 5),
        ("fat_tree", {"k": 8}, 1, 4),
        ("leaf_spine", {"leaves": 4, "spines": 3, "hosts_per_leaf": 2, "links_per_pair": 2}, 1, 6),
        ("slim_fly", {"q": 5, "hosts_per_switch": 1}, 1, 7),
        ("full_mesh", {"switches": 5, "hosts_per_switch": 2, "links_per_pair": 2}, 1, 8),
        ("multiplane", {"planes": 4, "leaves": 3, "spines": 2, "hosts_per_leaf": 2}, 4, 0),  # planes share hosts alone
    ],
)
def test_known_fabrics(name, parameters, with_host_links, without):
    fabric = topologies.build(name, **parameters)
    assert optinet.edge_connectivity(fabric) == with_host_links
    assert optinet.edge_connectivity(fabric, host_links=False) == without


def test_failures_count_and_a_host_is_no_way_through():
    fabric = topologies.build("torus", dims=(4, 4))
    assert optinet.edge_connectivity(fabric, arc_up=fabric.arc_mask(failed_links=[0])) == 3
    graph = nx.Graph([("a", "h"), ("h", "b")])
    nx.set_edge_attributes(graph, 1.0, "capacity_gbps")
    nx.set_node_attributes(graph, {"a": "chip", "b": "chip", "h": "host"}, "kind")
    assert optinet.edge_connectivity(optinet.Fabric.from_networkx(graph)) == 0
    graph.add_edge("a", "b", capacity_gbps=1.0)
    assert optinet.edge_connectivity(optinet.Fabric.from_networkx(graph)) == 1
    with pytest.raises(SolverError, match="fewer than two endpoints"):
        optinet.edge_connectivity(topologies.build("full_mesh", switches=1, hosts_per_switch=1))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_hosts_on_several_switches(seed, n_switches, n_hosts, one_way):
    rng = np.random.default_rng(seed)
    graph = nx.MultiDiGraph() if one_way else nx.MultiGraph()
    kinds = ["host"] * n_hosts + ["chip"] + [str(rng.choice(["chip", "switch"])) for _ in range(n_switches)]
    graph.add_nodes_from((v, {"kind": kind}) for v, kind in enumerate(kinds))
    for _ in range(int(rng.integers(1, 4 * len(kinds)))):
        a, b = rng.choice(len(kinds), 2, replace=False)
        graph.add_edge(int(a), int(b), capacity_gbps=1.0)
    fabric = optinet.Fabric.from_networkx(graph)
    # every ordered pair, a host split into what sends and what receives
    units = nx.DiGraph()
    for tail, head, gbps in zip(
        fabric.arc_tail.tolist(), fabric.arc_head.tolist(), fabric.arc_capacity_gbps, strict=True
    ):
        if gbps > 0:
            ends = (tail, "out"), (head, "in")
            units.add_edge(*ends, capacity=units.get_edge_data(*ends, {"capacity": 0})["capacity"] + 1)
    units.add_nodes_from((v, way) for v in range(len(kinds)) for way in ("in", "out"))
    units.add_edges_from(((v, "in"), (v, "out")) for v, kind in enumerate(kinds) if kind != "host")
    ends = fabric.endpoints.tolist()
    pairs = [nx.maximum_flow_value(units, (a, "out"), (b, "in")) for a in ends for b in ends if a != b]
    assert optinet.edge_connectivity(fabric) == min(pairs)


@settings(max_examples=100)
@given(st.integers(3, 9), st.integers(2, 30), st.integers(0, 10**6), st.booleans())
def test_it_is_what_networkx_finds(n, m, seed, directed):
    graph = nx.gnm_random_graph(n, m, seed=seed, directed=directed)
    nx.set_edge_attributes(graph, 1.0, "capacity_gbps")
    assert optinet.edge_connectivity(optinet.Fabric.from_networkx(graph)) == nx.edge_connectivity(graph)
