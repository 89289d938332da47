# SPDX-License-Identifier: Apache-2.0
"""The smallest Clos for a number of endpoints: tiers, ports, and where a tier is added."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import TopologyError
from optinet.fabric import NodeKind
from topologies.sized_clos import smallest


def built(endpoints, radix, oversubscription=1.0):
    return topologies.build(
        "sized_clos", endpoints=endpoints, radix=radix, oversubscription=oversubscription, link_gbps=1.0
    )


def uniform_gbps_per_host(fabric):
    demand = optinet.Demand.uniform(fabric, 1 / (fabric.n_endpoints - 1))
    return optinet.link_loads(fabric, demand, "ecmp").throughput


@pytest.mark.parametrize(
    ("endpoints", "tiers", "switches"),
    [(8, 1, 1), (9, 2, 5), (32, 2, 12), (33, 3, 27), (128, 3, 80)],  # R, R^2/2 and R^3/4 hosts for R = 8
)
def test_a_tier_is_added_beyond_each_limit(endpoints, tiers, switches):
    fabric = built(endpoints, 8)
    is_switch = fabric.node_kind == NodeKind.SWITCH
    assert fabric.n_endpoints == endpoints
    assert len(np.unique(fabric.node_tier[is_switch])) == tiers
    assert is_switch.sum() == switches


@pytest.mark.parametrize("k", [4, 8, 16])
def test_a_full_one_is_the_fat_tree(k):
    ours, theirs = built(k**3 // 4, k), topologies.build("fat_tree", k=k, capacity_gbps=1.0)
    assert (ours.n_nodes, ours.n_links) == (theirs.n_nodes, theirs.n_links)
    of_ours, of_theirs = optinet.path_metrics(ours), optinet.path_metrics(theirs)
    assert (of_ours.diameter, of_ours.mean_distance) == (of_theirs.diameter, of_theirs.mean_distance)
    assert uniform_gbps_per_host(ours) == pytest.approx(1.0)


def test_beyond_three_tiers_the_radix_that_would_do_is_told():
    with pytest.raises(
        TopologyError, match=r"129 endpoints .* three tiers of 8 ports at 1:1; allowed: 9 ports or more"
    ):
        built(129, 8)


@pytest.mark.parametrize("oversubscription", [1.0, 2.0, 4.0])
def test_leaves_are_oversubscribed_and_nothing_above_them(oversubscription):
    fabric = built(600, 16, oversubscription)
    graph = nx.MultiGraph(np.column_stack((fabric.arc_tail[::2], fabric.arc_head[::2])).tolist())
    tier = fabric.node_tier
    for node in np.flatnonzero(fabric.node_kind == NodeKind.SWITCH):
        below = sum(tier[other] < tier[node] for _, other in graph.edges(node))
        above = graph.degree(node) - below
        if tier[node] == 1:
            assert below <= oversubscription * above + 1e-9
        elif tier[node] == 2:
            assert below == above


@pytest.mark.parametrize(("oversubscription", "least"), [(1.0, 1.0), (2.0, 0.5), (4.0, 0.25)])
def test_uniform_traffic_gets_what_the_oversubscription_leaves(oversubscription, least):
    throughput = uniform_gbps_per_host(built(4096, 64, oversubscription))
    # what stays inside a leaf passes no uplink
    assert least - 1e-9 <= throughput <= least * 1.1 + 1e-9


@given(endpoints=st.integers(1, 300), radix=st.integers(4, 24), oversubscription=st.sampled_from([1.0, 1.5, 2.0, 3.0]))
@settings(max_examples=60)
def test_every_fabric_keeps_to_its_ports(endpoints, radix, oversubscription):
    shape = smallest(endpoints, radix, oversubscription)
    if shape is None:
        return
    fabric = built(endpoints, radix, oversubscription)
    is_switch = fabric.node_kind == NodeKind.SWITCH
    degree = np.bincount(fabric.arc_tail, minlength=fabric.n_nodes)
    assert degree[is_switch].max() <= radix
    assert (degree[~is_switch] == 1).all()
    assert (is_switch.sum(), fabric.n_links - endpoints) == (shape.switches, shape.links)
    hosts = np.bincount(fabric.arc_head[: 2 * endpoints : 2], minlength=fabric.n_nodes)[is_switch]
    of_leaf = hosts[fabric.node_tier[is_switch] == 1]
    assert of_leaf.max() - of_leaf.min() <= 1
    graph = nx.Graph(np.column_stack((fabric.arc_tail, fabric.arc_head)).tolist())
    assert nx.is_connected(graph)


def test_the_fewest_tiers_then_switches_are_taken():
    # at 2:1, 64 ports make leaves of 42 hosts and 21 uplinks: 49 leaves, and 21 spines that take one link of each
    assert smallest(2048, 64, 2.0)[:5] == (2, 1, 49, 21, 1)
