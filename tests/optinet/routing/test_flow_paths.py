# SPDX-License-Identifier: Apache-2.0
"""Hashed paths of flows: they are paths, they spread as the routing splits, and they do not depend on other flows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet import routing as routings
from optinet.errors import SolverError
from tests.support import routing_reference as reference

FABRICS = {
    "fat_tree": {"k": 4},
    "multiplane": {"planes": 2, "leaves": 3, "spines": 2, "hosts_per_leaf": 2},
    "torus": {"dims": (4, 6)},
    "twisted": {"dims": (2, 2, 4), "twisted": True},
    "ocs_mesh": {"blocks": 6, "hosts_per_block": 3, "uplinks_per_block": 11},
}


def build(name):
    return topologies.build("torus" if name == "twisted" else name, **FABRICS[name])


def require_paths(fabric, source, target, offsets, arcs):
    """Check that every row is a path from source to target."""
    hops, first = np.diff(offsets), offsets[:-1]
    moving = hops > 0
    assert np.array_equal(moving, source != target)
    assert (offsets[0], offsets[-1]) == (0, len(arcs))
    assert offsets.dtype == arcs.dtype == np.int64
    assert np.array_equal(fabric.arc_tail[arcs[first[moving]]], fabric.endpoints[source[moving]])
    assert np.array_equal(fabric.arc_head[arcs[offsets[1:][moving] - 1]], fabric.endpoints[target[moving]])
    inner = np.setdiff1d(np.arange(len(arcs)), first)
    assert np.array_equal(fabric.arc_tail[arcs[inner]], fabric.arc_head[arcs[inner - 1]])
    assert np.all(fabric.forwards[fabric.arc_tail[arcs[inner]]])


CASES = [
    (name, routing)
    for name in FABRICS
    for routing in routings.names()
    if routing not in ("best", "optimal")
    and (routing != "dor" or name in ("torus", "twisted"))
    and (routing != "up_down" or name in ("fat_tree", "multiplane"))
    and (routing != "direct_transit" or name == "ocs_mesh")
]


@pytest.mark.parametrize(("name", "routing"), CASES)
def test_flows_spread_as_the_routing_splits(name, routing):
    fabric = build(name)
    n, subflows = fabric.n_endpoints, 400
    rng = np.random.default_rng(1)
    source, target = rng.integers(0, n, (2, 60))
    matrix = np.zeros((n, n))
    np.add.at(matrix, (source, target), 1.0)
    load = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, matrix), routing).arc_load_gbps
    offsets, arcs = optinet.flow_paths(fabric, source, target, routing, subflows=subflows, seed=3)
    require_paths(fabric, np.repeat(source, subflows), np.repeat(target, subflows), offsets, arcs)
    mean = np.bincount(arcs, minlength=fabric.n_arcs) / subflows
    # the mean of so many draws: at most five standard deviations of a sum of shares off
    assert np.all(np.abs(mean - load) <= 5 * np.sqrt(load / subflows) + 1e-9)


@pytest.mark.parametrize("routing", ["ecmp", "paths", "wcmp"])
@settings(max_examples=30)
@given(fabric=reference.random_fabrics(), seed=st.integers(0, 2**32 - 1))
def test_paths_on_irregular_fabrics(routing, fabric, seed):
    arc_up = fabric.arc_mask(failed_links=[seed % fabric.n_links])
    source, target = np.nonzero(reference.reachable(fabric, reference.split_paths, arc_up))
    offsets, arcs = optinet.flow_paths(fabric, source, target, routing, seed=seed, arc_up=arc_up)
    require_paths(fabric, source, target, offsets, arcs)
    assert np.all(arc_up[arcs] & (fabric.arc_capacity_gbps[arcs] > 0))
    for i, (s, t) in enumerate(zip(source, target, strict=True)):
        shortest = reference.shortest(
            fabric, reference.simple_paths(fabric, *fabric.endpoints[[s, t]].tolist(), arc_up)
        )
        assert tuple(arcs[offsets[i] : offsets[i + 1]].tolist()) in shortest


@pytest.mark.parametrize("routing", ["ecmp", "wcmp", "valiant", "k_shortest"])
def test_a_path_depends_on_seed_and_pair_alone(routing):
    fabric = build("fat_tree")
    rng = np.random.default_rng(4)
    source, target = rng.integers(0, 16, (2, 300))
    rows = lambda result: [tuple(row) for row in np.split(result[1], result[0][1:-1])]  # noqa: E731
    paths = rows(optinet.flow_paths(fabric, source, target, routing, 7))
    assert paths == rows(optinet.flow_paths(fabric, source, target, routing, 7))
    assert paths != rows(optinet.flow_paths(fabric, source, target, routing, 8))
    # the last flow of another pair, and every flow of one pair, keep their paths when all others are left out
    pair = (source == source[-1]) & (target == target[-1])
    alone = rows(optinet.flow_paths(fabric, source[pair], target[pair], routing, 7))
    assert alone == [path for path, kept in zip(paths, pair, strict=True) if kept]
    # flows of one pair differ: 40 of them find all four paths between two pods
    many = rows(optinet.flow_paths(fabric, np.zeros(40, dtype=int), np.full(40, 15), "ecmp"))
    assert len(set(many)) == 4


def test_the_tie_rule_of_dimension_order():
    fabric = topologies.build("torus", dims=(8,))
    source, target = np.zeros(50, dtype=int), np.full(50, 4)
    _, both = optinet.flow_paths(fabric, source, target, "dor")
    assert set(both.tolist()) == set(range(0, 8, 2)) | set(range(9, 17, 2))
    _, one_way = optinet.flow_paths(fabric, source, target, "dor", tie="positive")
    assert set(one_way.tolist()) == set(range(0, 8, 2))


def test_hops_are_those_of_the_routing_on_a_large_fabric():
    fabric = topologies.build("fat_tree", k=16)
    rng = np.random.default_rng(0)
    source, target = rng.integers(0, fabric.n_endpoints, (2, 20_000))
    offsets, arcs = optinet.flow_paths(fabric, source, target)
    require_paths(fabric, source, target, offsets, arcs)
    same_leaf, same_pod = source // 8 == target // 8, source // 64 == target // 64
    expected = np.select([source == target, same_leaf, same_pod], [0, 2, 4], 6)
    assert np.array_equal(np.diff(offsets), expected)


def test_no_flows_and_flows_to_oneself():
    fabric = build("ocs_mesh")
    for routing in ("ecmp", "valiant", "direct_transit", "k_shortest"):
        offsets, arcs = optinet.flow_paths(fabric, [], [], routing)
        assert (offsets.tolist(), arcs.tolist()) == ([0], [])
        offsets, arcs = optinet.flow_paths(fabric, [3, 0], [3, 1], routing, subflows=2)
        assert np.diff(offsets).tolist() == [0, 0, 2, 2]


def test_what_is_wrong_is_named():
    fabric = build("fat_tree")
    with pytest.raises(SolverError, match=r"source: endpoint 16; allowed: 0 to 15\ntarget: 1 entries; allowed: 2"):
        optinet.flow_paths(fabric, [0, 16], [1])
    with pytest.raises(SolverError, match="float64 of shape"):
        optinet.flow_paths(fabric, [0.5], [1])
    with pytest.raises(SolverError, match="subflows: 0"):
        optinet.flow_paths(fabric, [0], [1], subflows=0)
    with pytest.raises(SolverError, match="unknown routing 'best'"):
        optinet.flow_paths(fabric, [0], [1], "best")
    with pytest.raises(SolverError, match="unknown key 'tie'"):
        optinet.flow_paths(fabric, [0], [1], tie="positive")
    with pytest.raises(SolverError, match="1 endpoints with flows have no link that is up, the first is 'host0'"):
        optinet.flow_paths(fabric, [0, 0], [1, 2], arc_up=fabric.arc_mask(failed_links=[0]))
    with pytest.raises(SolverError, match="no path from 'host0' to 'host2'"):
        optinet.flow_paths(fabric, [0], [2], arc_up=fabric.arc_mask(failed_nodes=[24, 25]))
    with pytest.raises(SolverError, match="'chip\\(0,0\\)' to 'chip\\(0,1\\)' meets a failed link"):
        torus = build("torus")
        optinet.flow_paths(torus, [0], [1], "dor", arc_up=torus.arc_mask(failed_links=[24]))
