# SPDX-License-Identifier: Apache-2.0
"""ECMP on tori with holes by what the holes change, against the general method, which knows nothing of tori."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import SolverError
from optinet.routing.core_graph import CoreGraph
from optinet.routing.ecmp import node_demand
from optinet.routing.torus_holes import torus_load
from optinet.slices import slice_nodes

SHAPES = [
    ((4, 4, 4), False),
    ((2, 3, 4), False),
    ((5, 1, 4), False),
    ((3, 3), False),
    ((2, 2, 4), True),
    ((2, 4, 4), True),
]


def loads_or_error(fabric, demand, arc_up):
    try:
        return optinet.link_loads(fabric, demand, "ecmp", arc_up=arc_up).arc_load_gbps
    except SolverError:
        return None


def general_loads(fabric, demand, arc_up):
    """The same fabric without its structure, about which nothing is known then."""
    return loads_or_error(dataclasses.replace(fabric, structure=None), demand, arc_up)


@settings(max_examples=100)
@given(st.sampled_from(SHAPES), st.data())
def test_loads_agree_with_the_general_method(shape, data):
    """Any arcs down, one way or both, nodes that are down, or up and silent: the same loads, or no path in both."""
    dims, twisted = shape
    fabric = topologies.build("torus", dims=dims, twisted=twisted)
    n = fabric.n_nodes
    some = st.lists(st.integers(0, fabric.n_arcs - 1), max_size=6, unique=True)
    node = st.lists(st.integers(0, n - 1), max_size=3, unique=True)
    dead, quiet, deaf = (data.draw(node) for _ in range(3))
    arc_up = fabric.arc_mask(failed_nodes=dead)
    arc_up[data.draw(some)] = False
    if data.draw(st.booleans()):
        source, share = np.full(n, 3.0), np.full(n, 0.5)
        source[[*dead, *quiet]] = share[[*dead, *deaf]] = 0.0
        demand = optinet.Demand.rank_one(fabric, source, share)
    else:
        matrix = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 4, (n, n)).astype(float)
        matrix[[*dead, *quiet]] = matrix[:, [*dead, *deaf]] = 0.0
        matrix[:, data.draw(node)] = 0.0
        demand = optinet.Demand.from_matrix(fabric, matrix * (matrix > data.draw(st.integers(0, 2))))
    general, found = general_loads(fabric, demand, arc_up), loads_or_error(fabric, demand, arc_up)
    assert (found is None) == (general is None)
    if general is not None:
        np.testing.assert_allclose(found, general, rtol=1e-11, atol=1e-11 * general.max(initial=1.0))
        assert found.min(initial=0.0) >= 0.0


PODS = [
    {"slices": [{"chips": (4, 4, 8), "twisted": True}], "pod_cubes": 3},
    {"slices": [{"chips": (2, 2, 4)}, {"chips": (2, 2, 2)}], "pod_cubes": 4, "cube_side": 2},
    {"slices": [{"chips": (2, 3, 4)}], "pod_cubes": 26, "cube_side": 1},
]


@pytest.mark.parametrize("parameters", PODS)
def test_a_slice_of_a_pod_is_a_torus(parameters):
    """All traffic in one slice, chips silent, links down anywhere: as by the general method, or no path in both."""
    fabric, rng = topologies.build("tpu_pod", **parameters), np.random.default_rng(0)
    for index in range(len(fabric.structure.slices)):
        inside = slice_nodes(fabric, index)
        for number in range(9):
            arc_up = fabric.arc_mask(rng.choice(fabric.n_links, rng.integers(0, 5), replace=False))
            arc_up[rng.choice(fabric.n_arcs, rng.integers(0, 3))] = False
            source, share = np.zeros((2, fabric.n_nodes))
            source[inside[number % 3 :]] = share[inside] = 1.0
            matrix = np.outer(source, share) * rng.integers(0, 3, (fabric.n_nodes,) * 2)
            for demand in (
                optinet.Demand.rank_one(fabric, source, share),
                optinet.Demand.from_matrix(fabric, matrix),
            ):
                core = CoreGraph.of(fabric, arc_up, merge=demand.is_rank_one)
                assert torus_load(core, node_demand(core, demand)[1]) is not None
                general, found = general_loads(fabric, demand, arc_up), loads_or_error(fabric, demand, arc_up)
                assert (found is None) == (general is None)
                if general is not None:
                    np.testing.assert_allclose(found, general, rtol=1e-11, atol=1e-11 * general.max())


def test_it_is_used_where_it_is_right_and_nowhere_else():
    fabric = topologies.build("torus", dims=(4, 4, 4))

    def used(fabric, source=1.0, links=()):
        core = CoreGraph.of(fabric, fabric.arc_mask(list(links)), merge=True)
        none, index = np.zeros(0), np.zeros(0, dtype=np.int64)
        between = (index, index, none, np.broadcast_to(source, core.n_nodes), np.ones(core.n_nodes))
        return torus_load(core, between) is not None

    assert used(fabric, links=range(3))
    assert not used(fabric, links=range(100))
    assert not used(fabric, source=np.arange(64.0))
    assert not used(topologies.build("leaf_spine", leaves=2, spines=2, hosts_per_leaf=2))


@pytest.mark.parametrize("axis", [0, 2])
def test_a_ring_cut_open_is_a_line(axis):
    """On a line of n nodes the k-th link carries k (n - k) pairs each way."""
    dims = [1, 1, 1]
    dims[axis] = 8
    fabric = topologies.build("torus", dims=tuple(dims), capacity_gbps=1.0)
    load = optinet.link_loads(fabric, optinet.Demand.uniform(fabric), "ecmp", arc_up=fabric.arc_mask([7])).arc_load_gbps
    k = np.arange(1, 8)
    np.testing.assert_allclose(load[:14], np.repeat(k * (8 - k), 2))
    np.testing.assert_allclose(load[14:], 0.0)
