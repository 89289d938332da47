# SPDX-License-Identifier: Apache-2.0
"""Where the limit of a concurrent flow is, by words and link class, and what one more link brings when solved anew."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies


def uniform(fabric, **options):
    return optinet.concurrent_flow(fabric, optinet.Demand.uniform(fabric), **options)


def classes(limit):
    return {each.link_class: each for each in limit.classes}


@pytest.mark.parametrize(
    ("name", "parameters", "text"),
    [
        ("leaf_spine", {"leaves": 4, "spines": 2, "hosts_per_leaf": 4, "host_gbps": 1, "uplink_gbps": 2},
         "cuts: 32 arcs of host-leaf part the endpoints into 16 sets of 1"),
        ("torus", {"dims": (4, 4, 8)}, "cuts: 256 arcs of torus part the endpoints into 8 sets of 16"),
        ("torus", {"dims": (4, 4, 4)}, "no narrow place: the length of the paths over 384 arcs of torus"),
        ("tpu_pod", {"cubes": (2, 2, 2), "cube_side": 2},
         "no narrow place: the length of the paths over 192 arcs of cube-electrical and 192 arcs of cube-ocs"),
    ],
)  # fmt: skip
def test_the_limit_of_regular_fabrics(name, parameters, text):
    fabric = topologies.build(name, **parameters)
    limit = optinet.limit_of(fabric, uniform(fabric))
    assert limit.text == text
    assert limit.arc_share.sum() == pytest.approx(1.0)
    assert sum(each.share for each in limit.classes) == pytest.approx(1.0)


def test_a_pod_that_lost_a_link_to_the_core():
    fabric = topologies.build("fat_tree", k=4, capacity_gbps=1)
    arc_up = fabric.arc_mask(failed_links=[fabric.n_links - 1])
    flow = uniform(fabric, arc_up=arc_up)
    # 3 of 4 links to the core are left for 4 x 12 demands
    assert flow.lower == flow.upper == pytest.approx(3 / 48)
    limit = optinet.limit_of(fabric, flow, arc_up=arc_up)
    assert limit.text.startswith("a cut: 6 arcs of agg-core surround 4 endpoints with 4 switches")
    core = classes(limit)["agg-core"]
    assert (core.share, core.deciding_arcs) == (pytest.approx(1.0), 6)
    assert core.one_more_link == pytest.approx(1 / 48)
    lost = 2 * (fabric.n_links - 1)
    assert not limit.arc_share[lost : lost + 2].any()


def test_one_link_between_two_parts_and_one_more():
    graph = nx.barbell_graph(3, 0)
    nx.set_edge_attributes(graph, 10.0, "capacity_gbps")
    nx.set_edge_attributes(graph, "inside", "link_class")
    graph.edges[2, 3].update(capacity_gbps=1.0, link_class="between")
    fabric = optinet.Fabric.from_networkx(graph)
    demand = optinet.Demand.uniform(fabric)
    flow = optinet.concurrent_flow(fabric, demand, "lp")
    limit = optinet.limit_of(fabric, flow)
    assert "of between" in limit.text and limit.text.startswith("a cut: ") and "inside" not in limit.text
    (gain,) = optinet.sensitivity(fabric, demand, flow)
    # 9 pairs each way cross it: a second one doubles the throughput of 1 / 9
    assert (gain.link_class, gain.at_most) == ("between", pytest.approx(1 / 9))
    assert (gain.lower, gain.upper) == (pytest.approx(1 / 9, rel=1e-6), pytest.approx(1 / 9, rel=1e-6))


def test_one_more_link_where_others_are_as_full_brings_nothing():
    fabric = topologies.build("leaf_spine", leaves=4, spines=2, hosts_per_leaf=4, host_gbps=1, uplink_gbps=1)
    demand = optinet.Demand.uniform(fabric)
    (gain,) = optinet.sensitivity(fabric, demand, optinet.concurrent_flow(fabric, demand))
    assert gain.at_most > 0
    assert gain.upper == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_proof_bounds_what_one_more_link_brings(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 8))
    graph = nx.gnm_random_graph(n, 2 * n, seed=seed % 1000)
    graph.add_edges_from((v, (v + 1) % n) for v in range(n))
    for edge in graph.edges:
        graph.edges[edge].update(capacity_gbps=float(rng.integers(1, 4)), link_class=str(rng.choice(["a", "b"])))
    fabric = optinet.Fabric.from_networkx(graph)
    demand = optinet.Demand.from_matrix(fabric, rng.random((n, n)))
    flow = optinet.concurrent_flow(fabric, demand, "lp")
    for gain in optinet.sensitivity(fabric, demand, flow):
        link = slice(2 * gain.link, 2 * gain.link + 2)
        wider = fabric.arc_capacity_gbps.copy()
        wider[link] *= 2.0
        graph.edges[tuple(fabric.node_names[v] for v in fabric.arc_tail[link])]["capacity_gbps"] *= 2.0
        more = optinet.concurrent_flow(optinet.Fabric.from_networkx(graph), demand, "lp").lower - flow.lower
        graph.edges[tuple(fabric.node_names[v] for v in fabric.arc_tail[link])]["capacity_gbps"] /= 2.0
        assert gain.lower - 1e-6 <= more <= gain.upper + 1e-6
        assert more <= gain.at_most + 1e-6


def test_nothing_limits_what_is_not_there():
    fabric = topologies.build("torus", dims=(3,))
    limit = optinet.limit_of(fabric, optinet.concurrent_flow(fabric, optinet.Demand.uniform(fabric, 0.0)))
    assert (limit.text, len(limit.arcs), limit.classes) == ("nothing limits it", 0, ())
