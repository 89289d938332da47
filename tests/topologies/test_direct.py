# SPDX-License-Identifier: Apache-2.0
"""Direct networks: counts, degrees and distances as exact fractions, and the loads of edge-transitive graphs."""

from fractions import Fraction

import networkx as nx
import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import TopologyError
from optinet.structure import HyperX, structure_from_dict, structure_to_dict
from topologies.slim_fly import GaloisField, prime_of


def mean_distance(fabric):
    counts = optinet.path_metrics(fabric).distance_counts
    return Fraction(sum(int(n) * hops for hops, n in enumerate(counts)), int(counts.sum()))


def degrees(fabric):
    return set(np.bincount(fabric.arc_tail, minlength=fabric.n_nodes).tolist())


def is_simple(fabric):
    pairs = np.sort(np.column_stack((fabric.arc_tail, fabric.arc_head))[::2], axis=1)
    return len(np.unique(pairs, axis=0)) == fabric.n_links


@pytest.mark.parametrize(
    ("name", "parameters", "nodes", "links", "degree", "diameter", "mean"),
    [
        ("hypercube", {"dimensions": 4}, 16, 32, 4, 4, Fraction(32, 15)),
        ("hypercube", {"dimensions": 6}, 64, 192, 6, 6, Fraction(64, 21)),
        ("full_mesh", {"switches": 7}, 7, 21, 6, 1, Fraction(1)),
        ("hyperx", {"dims": (4, 4)}, 16, 48, 6, 2, Fraction(8, 5)),
        ("hyperx", {"dims": (8, 8, 4, 4)}, 1024, 10240, 20, 4, Fraction(3328, 1023)),
        ("slim_fly", {"q": 5}, 50, 175, 7, 2, Fraction(13, 7)),
        ("slim_fly", {"q": 13}, 338, 3211, 19, 2, Fraction(655, 337)),
        ("slim_fly", {"q": 19}, 722, 722 * 29 // 2, 29, 2, Fraction(2 * 721 - 29, 721)),
    ],
)
def test_counts_and_distances(name, parameters, nodes, links, degree, diameter, mean):
    fabric = topologies.build(name, **parameters)
    assert (fabric.n_nodes, fabric.n_endpoints, fabric.n_links) == (nodes, nodes, links)
    assert degrees(fabric) == {degree}
    assert optinet.path_metrics(fabric).diameter == diameter
    assert mean_distance(fabric) == mean
    assert is_simple(fabric)


@pytest.mark.parametrize("graph", [nx.petersen_graph(), nx.heawood_graph()])
def test_cages_from_networkx(graph):
    nx.set_edge_attributes(graph, 1.0, "capacity_gbps")
    fabric = optinet.Fabric.from_networkx(graph)
    n, links, diameter, mean, throughput = {
        10: (10, 15, 2, Fraction(5, 3), Fraction(1, 5)),
        14: (14, 21, 3, Fraction(27, 13), Fraction(1, 9)),
    }[fabric.n_nodes]
    assert (fabric.n_endpoints, fabric.n_links, degrees(fabric)) == (n, links, {3})
    assert (optinet.path_metrics(fabric).diameter, mean_distance(fabric)) == (diameter, mean)
    assert uniform_throughput(fabric) == pytest.approx(float(throughput), rel=1e-12)


def uniform_throughput(fabric):
    return optinet.link_loads(fabric, optinet.Demand.uniform(fabric)).throughput


@pytest.mark.parametrize(
    ("name", "parameters", "throughput"),
    [
        ("hypercube", {"dimensions": 4}, Fraction(1, 8)),
        ("hypercube", {"dimensions": 6}, Fraction(1, 32)),
        ("hyperx", {"dims": (4, 4)}, Fraction(1, 4)),
        ("full_mesh", {"switches": 5}, Fraction(1)),
        ("slim_fly", {"q": 5}, Fraction(1, 13)),
    ],
)
def test_shortest_paths_load_all_arcs_of_an_edge_transitive_graph_alike(name, parameters, throughput):
    # arcs / (N (N - 1) mean distance)
    fabric = topologies.build(name, link_gbps=1.0, **parameters)
    assert uniform_throughput(fabric) == pytest.approx(float(throughput), rel=1e-12)


@pytest.mark.parametrize("name", ["hypercube", "full_mesh", "hyperx", "slim_fly", "random_regular"])
def test_hosts_stand_before_their_switches(name):
    shape = {
        "hypercube": {"dimensions": 3},
        "full_mesh": {"switches": 8},
        "hyperx": {"dims": (2, 4)},
        "slim_fly": {"q": 3},
        "random_regular": {"switches": 8, "degree": 3},
    }[name]
    bare = topologies.build(name, **shape)
    fabric = topologies.build(name, **shape, hosts_per_switch=3, host_gbps=100, host_length_m=2)
    switches = bare.n_nodes
    hosts = 3 * switches
    assert (fabric.n_endpoints, fabric.n_nodes, fabric.n_links) == (hosts, hosts + switches, hosts + bare.n_links)
    assert np.array_equal(fabric.arc_head[: 2 * hosts : 2], hosts + np.arange(hosts) // 3)
    assert np.array_equal(fabric.arc_tail[2 * hosts :] - hosts, bare.arc_tail)
    assert fabric.link_class_names == ("host-switch", *bare.link_class_names)
    assert set(fabric.arc_capacity_gbps[: 2 * hosts]) == {100.0}
    assert set(fabric.link_length_m[:hosts]) == {2.0}
    # a pair on one switch is 2 hops apart, all others 2 more than their switches
    same = Fraction(2, hosts - 1)
    assert mean_distance(fabric) == same * 2 + (1 - same) * (mean_distance(bare) + 2)


def test_neighbors_in_a_hypercube_differ_in_one_bit():
    fabric = topologies.build("hypercube", dimensions=5)
    assert set(np.bitwise_count(fabric.arc_tail ^ fabric.arc_head).tolist()) == {1}
    assert is_simple(fabric)


def test_every_axis_of_a_hyperx_has_its_own_links():
    fabric = topologies.build(
        "hyperx", dims=(3, 1, 4), links_per_pair=(2, 1, 3), link_gbps=(100, 200, 400), link_length_m=(1, 2, 5)
    )
    assert fabric.link_class_names == ("axis0", "axis1", "axis2")
    # lines x pairs x copies: 4 x 3 x 2 along the first axis, none along the second, 3 x 6 x 3 along the third
    assert np.bincount(fabric.link_class).tolist() == [24, 0, 54]
    assert degrees(fabric) == {2 * 2 + 3 * 3}
    tail, head = (np.array(np.unravel_index(ends[::2], (3, 1, 4))) for ends in (fabric.arc_tail, fabric.arc_head))
    assert np.array_equal(np.argmax(tail != head, axis=0), fabric.link_class)
    assert set(np.count_nonzero(tail != head, axis=0)) == {1}
    assert set(zip(fabric.link_class, fabric.arc_capacity_gbps[::2], fabric.link_length_m, strict=True)) == {
        (0, 100.0, 1.0),
        (2, 400.0, 5.0),
    }


def test_parallel_links_of_a_full_mesh():
    fabric = topologies.build("full_mesh", switches=4, links_per_pair=3)
    assert fabric.n_links == 18
    assert degrees(fabric) == {9}


def test_a_hyperx_remembers_its_shape():
    structure = topologies.build("hyperx", dims=(2, 3), hosts_per_switch=4).structure
    assert structure == HyperX((2, 3), 4)
    assert structure_from_dict(structure_to_dict(structure)) == structure


@pytest.mark.parametrize("q", [3, 4, 5, 7, 8, 9, 11, 16, 17, 25, 27])
def test_slim_fly_has_diameter_two_for_every_kind_of_prime_power(q):
    # q = 4 w + d: degree (3 q - d) / 2
    delta = {0: 0, 1: 1, 3: -1}[q % 4]
    degree, nodes = (3 * q - delta) // 2, 2 * q * q
    fabric = topologies.build("slim_fly", q=q)
    assert fabric.n_nodes == nodes
    assert degrees(fabric) == {degree}
    assert is_simple(fabric)
    assert optinet.path_metrics(fabric).diameter == 2
    assert mean_distance(fabric) == 2 - Fraction(degree, nodes - 1)


def test_the_slim_fly_of_50_switches_is_the_hoffman_singleton_graph():
    # the only graph of 50 nodes with degree 7 and girth 5
    graph = nx.Graph(topologies.build("slim_fly", q=5).to_networkx())
    assert {degree for _, degree in graph.degree} == {7}
    assert nx.girth(graph) == 5


@pytest.mark.parametrize("q", [4, 7, 9, 27])
def test_the_field_is_a_field(q):
    field = GaloisField.of(q)
    assert sorted(field.powers) == list(range(1, q))
    a, b, c = (i.ravel() for i in np.meshgrid(*[np.arange(q)] * 3, indexing="ij"))
    assert np.array_equal(field.times[a, field.plus[b, c]], field.plus[field.times[a, b], field.times[a, c]])
    assert np.array_equal(field.plus[field.minus[a, b], b], a)
    assert np.array_equal(field.times[field.times[a, b], c], field.times[a, field.times[b, c]])


def test_prime_powers():
    assert [q for q in range(1, 33) if prime_of(q)] == [
        *(2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27, 29, 31, 32)
    ]
    assert [prime_of(q) for q in (27, 49, 64, 97)] == [3, 7, 2, 97]


@pytest.mark.parametrize(
    ("switches", "degree"), [(2, 1), (3, 2), (5, 4), (6, 5), (8, 3), (9, 6), (40, 10), (301, 2), (500, 3)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_random_regular_is_simple_regular_and_connected(switches, degree, seed):
    fabric = topologies.build("random_regular", switches=switches, degree=degree, seed=seed)
    assert (fabric.n_endpoints, fabric.n_links) == (switches, switches * degree // 2)
    assert degrees(fabric) == {degree}
    assert is_simple(fabric)
    assert nx.is_connected(fabric.to_networkx())


def test_random_regular_depends_on_its_seed_alone():
    first, again, other = (topologies.build("random_regular", switches=64, degree=6, seed=s) for s in (7, 7, 8))
    assert first.content_sha256 == again.content_sha256
    assert first.content_sha256 != other.content_sha256


@pytest.mark.parametrize(
    ("switches", "degree", "bound"),
    [(50, 7, Fraction(13, 7)), (40, 10, Fraction(68, 39)), (1000, 24, Fraction(799, 333))],
)
def test_random_regular_comes_near_the_moore_bound_and_never_beats_it(switches, degree, bound):
    for seed in range(3):
        mean = mean_distance(topologies.build("random_regular", switches=switches, degree=degree, seed=seed))
        assert bound <= mean < Fraction(6, 5) * bound


@pytest.mark.parametrize(
    ("name", "parameters", "places"),
    [
        ("hypercube", {"dimensions": 0, "dims": 3}, {"dimensions", "dims"}),
        ("full_mesh", {"links_per_pair": 0}, {"switches", "links_per_pair"}),
        (
            "hyperx",
            {"dims": (4, 4), "links_per_pair": (1, 2, 3), "link_gbps": (100,), "hosts_per_switch": -1, "lenght": 1},
            {"links_per_pair", "link_gbps", "hosts_per_switch", "lenght"},
        ),
        ("hyperx", {"dims": (4, 0), "link_length_m": -1}, {"dims[1]", "link_length_m"}),
        ("slim_fly", {"q": 6, "link_gbps": 0}, {"q", "link_gbps"}),
        ("random_regular", {"switches": 5, "degree": 3, "seed": -1}, {"degree", "seed"}),
    ],
)
def test_all_that_is_wrong_is_named_at_once(name, parameters, places):
    with pytest.raises(TopologyError) as caught:
        topologies.build(name, **parameters)
    assert {problem.where for problem in caught.value.problems} == {f"{name}.{place}" for place in places}


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("slim_fly", {"q": 6}, "such as 5 or 7"),
        ("slim_fly", {"q": 100}, "such as 97 or 101"),
        ("random_regular", {"switches": 5, "degree": 3}, "odd number of link ends; allowed: 2 to 4, an even number"),
        ("random_regular", {"switches": 4, "degree": 4}, "allowed: 2 to 3"),
        ("random_regular", {"switches": 4, "degree": 1}, "not connected"),
        ("hyperx", {"dims": (4, 4), "link_gbps": (1, 2, 3)}, "3 given for 2 axes"),
    ],
)
def test_messages_say_what_is_allowed(name, parameters, words):
    with pytest.raises(TopologyError, match=words):
        topologies.build(name, **parameters)
