# SPDX-License-Identifier: Apache-2.0
"""The fabric: networkx in and out, masks, hashes and what it refuses."""

import networkx as nx
import numpy as np
import pytest

from optinet.errors import TopologyError
from optinet.fabric import Fabric, NodeKind


def small_graph():
    """h1 -- s -- h2, with a 10 Gb/s and a 20 Gb/s link."""
    graph = nx.Graph()
    graph.add_node("h1", kind="host")
    graph.add_node("h2", kind="host")
    graph.add_edge("h1", "s", capacity_gbps=10, length_m=3)
    graph.add_edge("s", "h2", capacity_gbps=20, link_class="fast", cost=2)
    return graph


def test_from_networkx_fills_the_defaults():
    fabric = Fabric.from_networkx(small_graph())
    assert list(fabric.node_names) == ["h1", "h2", "s"]
    assert fabric.node_kind.tolist() == [NodeKind.HOST, NodeKind.HOST, NodeKind.SWITCH]
    assert fabric.link_class_names == ("link", "fast")
    assert fabric.arc_capacity_gbps.tolist() == [10, 10, 20, 20]
    assert fabric.link_length_m.tolist() == [3, 0]
    assert fabric.link_cost.tolist() == [1, 2]
    assert (fabric.n_nodes, fabric.n_links, fabric.n_arcs, fabric.n_endpoints) == (3, 2, 4, 2)


def test_a_graph_without_kinds_is_all_chips():
    fabric = Fabric.from_networkx(
        nx.cycle_graph(4, create_using=nx.Graph) if False else _with_capacity(nx.cycle_graph(4))
    )
    assert set(fabric.node_kind) == {NodeKind.CHIP}
    assert fabric.node_names == (0, 1, 2, 3)  # an int stays an int


def _with_capacity(graph, gbps=1.0):
    nx.set_edge_attributes(graph, gbps, "capacity_gbps")
    return graph


@pytest.mark.parametrize("kind", [nx.Graph, nx.MultiGraph, nx.DiGraph, nx.MultiDiGraph])
def test_all_graph_classes_are_taken_and_given_back(kind):
    fabric = Fabric.from_networkx(_with_capacity(nx.path_graph(3, create_using=kind)))
    again = Fabric.from_networkx(fabric.to_networkx())
    assert again.content_sha256 == fabric.content_sha256
    directed = kind in (nx.DiGraph, nx.MultiDiGraph)
    assert fabric.arc_capacity_gbps.tolist() == ([1, 0, 1, 0] if directed else [1, 1, 1, 1])


def test_parallel_edges_are_kept_apart():
    graph = nx.MultiGraph()
    graph.add_edge(0, 1, capacity_gbps=1)
    graph.add_edge(0, 1, capacity_gbps=2)
    assert Fabric.from_networkx(graph).arc_capacity_gbps.tolist() == [1, 1, 2, 2]


def test_every_problem_of_a_graph_is_named():
    graph = small_graph()
    graph.nodes["h1"]["kind"] = "hots"
    graph.edges["h1", "s"]["capacity_gbps"] = float("nan")
    del graph.edges["s", "h2"]["capacity_gbps"]
    graph.add_edge("s", "s", capacity_gbps=-1)
    graph.nodes["h2"].update(tier="leaf", group=-2)
    with pytest.raises(TopologyError) as caught:
        Fabric.from_networkx(graph)
    text = str(caught.value)
    assert "did you mean 'host'" in text
    assert "nan" in text
    assert "missing" in text
    assert "itself" in text
    assert "'leaf'; allowed: a whole number of at least 0" in text
    assert "-2; allowed: a whole number of at least -1" in text
    assert len(caught.value.problems) == 7


@pytest.mark.parametrize("name", ["length_m", "cost"])
def test_an_attribute_that_is_none_is_no_capacity_that_is_missing(name):
    graph = small_graph()
    graph.edges["h1", "s"][name] = None
    with pytest.raises(TopologyError, match=f"{name}: None; allowed: a finite number"):
        Fabric.from_networkx(graph)


def test_masks_leave_the_fabric_as_it_is():
    fabric = Fabric.from_networkx(small_graph())
    assert fabric.arc_mask(failed_links=[0]).tolist() == [False, False, True, True]
    assert fabric.arc_mask(failed_nodes=[2]).tolist() == [False] * 4
    assert fabric.arc_mask().all()
    with pytest.raises(TopologyError, match="0 to 1"):
        fabric.arc_mask(failed_links=[7])
    for wrong in ([True, False], [0.5], ["a"]):  # yes or no for each link is no list of indices
        with pytest.raises(TopologyError, match="whole numbers from 0 to 1"):
            fabric.arc_mask(failed_links=wrong)


def test_arrays_cannot_be_changed():
    fabric = Fabric.from_networkx(small_graph())
    for array in (fabric.arc_capacity_gbps, fabric.endpoints, fabric.forwards, fabric.arc_length_m, fabric.arc_cost):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5


def test_hashes_tell_content_apart():
    fabric, same = (Fabric.from_networkx(small_graph()) for _ in range(2))
    other = small_graph()
    other.edges["h1", "s"]["length_m"] = 4
    renamed = Fabric.from_networkx(nx.relabel_nodes(small_graph(), {"s": "t"}))
    assert fabric.content_sha256 == same.content_sha256
    assert Fabric.from_networkx(other).graph_sha256 != fabric.graph_sha256
    assert renamed.graph_sha256 == fabric.graph_sha256  # a solution does not depend on names
    assert renamed.content_sha256 != fabric.content_sha256


def test_from_links_refuses_what_cannot_be():
    with pytest.raises(TopologyError, match="arc_capacity_gbps") as caught:
        Fabric.from_links([1, 1], [(0, 1), (1, 5)], capacity_gbps=[1, -1])
    assert len(caught.value.problems) == 3  # capacity, tail, head
    assert np.all([problem.allowed for problem in caught.value.problems])
