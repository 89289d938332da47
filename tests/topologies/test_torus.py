# SPDX-License-Identifier: Apache-2.0
"""Tori, plain and twisted: distances, wiring and inventory against closed forms."""

import itertools

import numpy as np
import pytest

import optinet
import topologies
from optinet.errors import TopologyError


def distance_sum(fabric):
    """Sum of distances from one chip; the fabric is vertex-transitive."""
    counts = optinet.path_metrics(fabric).distance_counts
    return int(counts @ np.arange(len(counts))) // fabric.n_nodes


@pytest.mark.parametrize("dims", [(4, 4, 8), (16, 16, 16), (8, 8, 16), (5, 5, 5), (7,), (2, 3, 4), (1, 6)])
def test_distances_follow_the_ring_formula(dims):
    # a ring of k has mean distance k/4 (even) or (k^2 - 1) / (4 k) (odd), self included; axes add up
    n = int(np.prod(dims))
    expected = sum(n * k // 4 if k % 2 == 0 else n * (k * k - 1) // (4 * k) for k in dims)
    fabric = topologies.build("torus", dims=dims)
    assert distance_sum(fabric) == expected
    assert optinet.path_metrics(fabric).diameter == sum(k // 2 for k in dims)


@pytest.mark.parametrize(
    ("dims", "plain", "twisted", "diameter"),
    [
        ((4, 4, 8), 512, 440, 6),
        ((4, 8, 8), 1280, 1104, 6),
        ((8, 8, 16), 8192, 7136, 12),
        ((8, 16, 16), 20480, 17856, 12),
    ],
)
def test_twisting_shortens_distances(dims, plain, twisted, diameter):
    assert distance_sum(topologies.build("torus", dims=dims)) == plain
    for order in set(itertools.permutations(dims)):
        fabric = topologies.build("torus", dims=order, twisted=True)
        assert distance_sum(fabric) == twisted
        assert optinet.path_metrics(fabric).diameter == diameter


def test_symmetry_shortcut_agrees_with_searching_from_every_chip():
    for twisted in (False, True):
        fabric = topologies.build("torus", dims=(2, 2, 4), twisted=twisted)
        general = optinet.Fabric.from_networkx(fabric.to_networkx())
        assert general.structure is None
        assert np.array_equal(
            optinet.path_metrics(fabric).distance_counts, optinet.path_metrics(general).distance_counts
        )


def test_a_dimension_of_two_carries_parallel_links():
    fabric = topologies.build("torus", dims=(2, 2))
    assert fabric.n_links == 8
    assert sorted(zip(fabric.arc_tail[:4:2], fabric.arc_head[:4:2], strict=True)) == [(0, 2), (1, 3)]


def test_a_torus_that_has_no_twist_is_refused():
    for dims in ((4, 4, 4), (1, 1, 3), (1, 2, 2)):  # an axis of size 1 has no wrap that could shift another
        with pytest.raises(TopologyError, match="k x 2k x 2k"):
            topologies.build("torus", dims=dims, twisted=True)


def test_one_chip_is_a_torus_without_links_but_no_pod():
    assert topologies.build("torus", dims=(1, 1)).n_links == 0
    with pytest.raises(TopologyError, match="at least two chips"):
        topologies.build("tpu_pod", cubes=(1, 1, 1), cube_side=1)


@pytest.mark.parametrize("dims", [(2_000_000,), (1_000_000, 1_000_000)])
def test_a_fabric_that_no_memory_holds_is_a_mistake_of_the_user(dims):
    with pytest.raises(TopologyError, match=r"1,000,000|too large for this machine"):
        topologies.build("torus", dims=dims)


@pytest.mark.parametrize(("cubes", "twisted"), [((4, 4, 4), False), ((1, 1, 2), True), ((1, 2, 2), True)])
def test_a_pod_is_the_torus_of_its_chips(cubes, twisted):
    pod = topologies.build("tpu_pod", cubes=cubes, twisted=twisted)
    torus = topologies.build("torus", dims=tuple(4 * c for c in cubes), twisted=twisted)
    assert np.array_equal(pod.arc_tail, torus.arc_tail)
    assert np.array_equal(pod.arc_head, torus.arc_head)


def test_inventory_of_a_4096_chip_pod():
    pod = topologies.build("tpu_pod", cubes=(4, 4, 4))
    plant = pod.plant
    assert pod.n_endpoints == 4096
    assert np.bincount(pod.link_class).tolist() == [9216, 3072]
    assert (plant.n_ocs, plant.n_ends, plant.n_circuits, plant.ports_needed) == (48, 6144, 3072, 128)
    assert set(np.bincount(plant.end_ocs)) == {128}
    # every circuit joins the two ends of its own link
    assert np.array_equal(
        plant.end_node[plant.circuit_ends], np.column_stack((pod.arc_tail, pod.arc_head))[::2][plant.circuit_link]
    )


def test_a_144_cube_pod_needs_288_ports():
    plant = topologies.build("tpu_pod", cubes=(4, 4, 9)).plant
    assert (plant.n_ocs, plant.n_ends, plant.ports_needed) == (48, 13824, 288)


def test_building_is_reproducible():
    a, b = (topologies.build("tpu_pod", cubes=(2, 2, 2)) for _ in range(2))
    assert a.content_sha256 == b.content_sha256
    assert a.content_sha256 != topologies.build("tpu_pod", cubes=(2, 2, 2), link_gbps=100).content_sha256


def test_axes_may_differ_in_rate_and_length():
    fabric = topologies.build("torus", dims=(4, 4, 4), capacity_gbps=[512, 1024, 1024], length_m=[3, 1, 1])
    assert fabric.link_class_names == ("axis0", "axis1", "axis2")
    assert [set(fabric.arc_capacity_gbps[::2][fabric.link_class == axis]) for axis in range(3)] == [
        {512.0},
        {1024.0},
        {1024.0},
    ]
    demand = optinet.Demand.uniform(fabric)
    # an axis carries 64 * 4 / 8 = 32 pairs on each link under dimension-order routing
    assert optinet.link_loads(fabric, demand, routing="dor").throughput == pytest.approx(16.0)
    exact = optinet.concurrent_flow(fabric, demand, method="lp")
    assert optinet.concurrent_flow(fabric, demand).lower == pytest.approx(exact.lower, rel=1e-6)


def test_axes_that_do_not_match_are_told():
    with pytest.raises(TopologyError, match="2 given for 3 axes"):
        topologies.build("torus", dims=(4, 4, 4), capacity_gbps=[1, 2])
