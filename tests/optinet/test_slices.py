# SPDX-License-Identifier: Apache-2.0
"""Slices of a pod: each is the torus of its shape, plans move the circuits that differ, spare cubes step in."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import TopologyError
from optinet.slices import face_pairs, pod_of, slice_nodes
from optinet.structure import Pod, PodSlice, structure_from_dict, structure_to_dict, twist_of


def pod(*slices, **more):
    return topologies.build(
        "tpu_pod", slices=[one if isinstance(one, dict) else {"chips": one} for one in slices], **more
    )


def circuits(fabric):
    return {frozenset(ends) for ends in fabric.plant.circuit_ends.tolist()}


@pytest.mark.parametrize(
    ("cubes", "chips", "circuits_", "ends", "ports"),
    [((4, 4, 4), 4096, 3072, 6144, 128), ((4, 5, 7), 8960, 6720, 13440, 280), ((4, 4, 9), 9216, 6912, 13824, 288)],
)
@pytest.mark.parametrize("duplex", [False, True])
def test_inventory(cubes, chips, circuits_, ends, ports, duplex):
    fabric = topologies.build("tpu_pod", cubes=cubes, duplex=duplex)
    plant = fabric.plant
    assert (fabric.n_endpoints, plant.n_ocs, plant.n_circuits, plant.n_ends) == (chips, 48, circuits_, ends)
    assert plant.ports_needed == ports * (2 if duplex else 1)
    assert np.bincount(fabric.link_class).tolist() == [144 * chips // 64, circuits_]


@pytest.mark.parametrize(
    ("side", "chips", "twisted"),
    [
        (4, (4, 4, 8), True), (4, (8, 4, 4), True), (4, (4, 8, 8), True), (4, (8, 8, 4), False), (2, (2, 2, 2), False),
        (2, (2, 4, 6), False), (2, (4, 2, 2), True), (1, (2, 3, 4), False), (2, (4, 4, 8), True), (3, (3, 6, 3), True),
    ],
)  # fmt: skip
def test_a_slice_is_the_torus_of_its_shape(side, chips, twisted):
    n_cubes = int(np.prod(chips)) // side**3
    cubes = tuple(np.random.default_rng(1).permutation(n_cubes + 2)[:n_cubes].tolist())
    fabric = pod({"chips": chips, "twisted": twisted, "cubes": cubes}, pod_cubes=n_cubes + 2, cube_side=side)
    alone, torus = optinet.slice_fabric(fabric), topologies.build("torus", dims=chips, twisted=twisted)
    assert np.array_equal(alone.arc_tail, torus.arc_tail)
    assert np.array_equal(alone.arc_head, torus.arc_head)
    # the pod's own links are those of the torus, the optical ones those that leave a cube
    whole = topologies.build("tpu_pod", cubes=[n // side for n in chips], cube_side=side, twisted=twisted)
    assert np.array_equal(alone.link_class, whole.link_class)
    assert np.array_equal(alone.link_length_m, whole.link_length_m)
    assert set(alone.node_group) == set(cubes)


@pytest.mark.parametrize(
    ("chips", "ratio"),
    [
        ((4, 4, 8), Fraction(96, 55)),
        ((4, 8, 8), Fraction(32, 23)),
        ((8, 8, 16), Fraction(384, 223)),
        ((8, 16, 16), Fraction(128, 93)),
    ],
)
def test_twisting_a_slice_gains_what_theory_says(chips, ratio):
    # TPU v4, ISCA 2023, measured 1.63 and 1.31 for the first two: the model is the ideal and must not be below
    throughput = []
    for twisted in (False, True):
        alone = optinet.slice_fabric(pod({"chips": chips, "twisted": twisted}))
        throughput.append(optinet.concurrent_flow(alone, optinet.Demand.uniform(alone)).throughput)
    assert throughput[1] / throughput[0] == pytest.approx(float(ratio), rel=1e-6)


@pytest.mark.parametrize(
    ("v4", "v3", "ratio"),
    [
        ((4, 4, 4), (8, 8), 2), ((4, 4, 8), (8, 16), 2), ((4, 8, 8), (16, 16), 2), ((8, 8, 8), (16, 32), 4),
        ((8, 8, 16), (32, 32), 2),
    ],
)  # fmt: skip
def test_bisection_of_v4_over_v3(v4, v3, ratio):
    cuts = [optinet.bisection(fabric) for fabric in (optinet.slice_fabric(pod(v4)), topologies.build("torus", dims=v3))]
    assert all(cut.lower == cut.upper for cut in cuts)
    assert cuts[0].lower == ratio * cuts[1].lower


def test_twisting_doubles_the_best_cut_known():
    # 4 x 8 x 8 twisted: four times the 16 x 16 torus; no proof is known, so the bounds must leave room for it
    cut = optinet.bisection(optinet.slice_fabric(pod({"chips": (4, 8, 8), "twisted": True})))
    assert cut.lower <= 4 * 32 <= cut.upper
    assert cut.upper == 4 * 32


PLANS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans()), min_size=1, max_size=4
)


def plan(sizes, rng, n_cubes=40, side=2):
    """Slices of given shape on random cubes, as many as fit, twisted where wanted and allowed."""
    free, slices = rng.permutation(n_cubes).tolist(), []
    for *size, twisted in sizes:
        count = int(np.prod(size))
        if count <= len(free):
            chips = tuple(side * n for n in size)
            slices.append(PodSlice(chips, tuple(free[:count]), twisted and twist_of(chips) is not None))
            free = free[count:]
    return slices


@settings(max_examples=30)
@given(PLANS, PLANS, st.integers(0, 2**32 - 1))
def test_moves_between_two_plans_are_the_circuits_that_differ(first, second, seed):
    rng = np.random.default_rng(seed)
    fabric = pod((2, 2, 2), cube_side=2, pod_cubes=40)
    one = optinet.set_slices(fabric, plan(first, rng)).fabric
    change = optinet.set_slices(one, plan(second, rng))
    two = change.fabric
    assert change.n_moves == len(circuits(two) - circuits(one))
    assert change.n_removed == len(circuits(one) - circuits(two))
    for each in (one, two):  # every slice is whole, needs 3 b^2 circuits per cube, and ports are conserved
        cubes = sum(len(part.cubes) for part in each.structure.slices)
        assert each.plant.n_circuits == 3 * 4 * cubes
        assert np.array_equal(each.plant.end_port, fabric.plant.end_port)
        for index in range(len(each.structure.slices)):
            optinet.slice_fabric(each, index)
    back = optinet.set_slices(two, one.structure.slices)
    assert (back.n_moves, back.n_removed) == (change.n_removed, change.n_moves)


def test_several_slices_do_not_touch():
    fabric = pod((8, 8, 8), (4, 4, 8), pod_cubes=12)
    assert fabric.structure.spare_cubes == (10, 11)
    slice_of = np.full(fabric.n_nodes, -1)
    for index in (0, 1):
        slice_of[slice_nodes(fabric, index)] = index
    optical = fabric.plant.circuit_link
    assert np.array_equal(slice_of[fabric.arc_tail[2 * optical]], slice_of[fabric.arc_head[2 * optical]])
    assert np.bincount(slice_of[fabric.arc_tail[2 * optical]]).tolist() == [48 * 8, 48 * 2]
    assert structure_from_dict(structure_to_dict(fabric.structure)) == fabric.structure


def test_a_whole_pod_takes_other_slices():
    fabric = topologies.build("tpu_pod", cubes=(4, 4, 9))
    change = optinet.set_slices(fabric, [(16, 16, 16), (16, 16, 16)])
    assert isinstance(change.fabric.structure, Pod)
    assert len(change.fabric.structure.spare_cubes) == 16
    assert change.n_kept + change.n_moves == 128 * 48
    # the first is a part of the pod that keeps all but the wraps along the axis that is cut
    assert change.n_kept >= 16 * (3 * 64 - 16)
    back = optinet.set_slices(change.fabric, pod_of(fabric).slices)
    assert circuits(back.fabric) == circuits(fabric)


def test_slices_stand_where_they_keep_most_circuits():
    fabric = pod((8, 8, 8), (4, 4, 8), pod_cubes=12)
    again = optinet.set_slices(fabric, [(4, 4, 8), (8, 8, 8)])
    assert (again.n_moves, again.n_removed) == (0, 0)
    # the lower half of the cube keeps all but its four faces along the third axis, at 16 positions each
    half = optinet.set_slices(fabric, [(8, 8, 4)])
    assert half.fabric.structure.slices[0].cubes == (0, 2, 4, 6)
    assert (half.n_moves, half.n_kept) == (4 * 16, 8 * 16)
    # twisting re-joins the wraps of the short axes alone
    twisted = optinet.set_slices(pod((4, 4, 8)), [PodSlice((4, 4, 8), twisted=True)])
    assert (twisted.n_moves, twisted.n_kept) == (4 * 16, 2 * 16)


def test_a_spare_cube_takes_the_place_of_one_that_failed():
    fabric = pod((8, 8, 8), (4, 4, 4), pod_cubes=11)
    change = optinet.swap_cube(fabric, 3)
    assert change.fabric.structure.slices[0].cubes == (0, 1, 2, 9, 4, 5, 6, 7)
    assert change.fabric.structure.spare_cubes == (3, 10)
    assert change.n_moves == 6 * 16  # six faces have another partner
    alone = optinet.swap_cube(fabric, 8, spare=10)
    assert (alone.n_moves, alone.n_removed) == (3 * 16, 3 * 16)  # its own neighbor on every axis
    # two cubes in a row share the circuits of both faces between them
    pair = optinet.swap_cube(pod((4, 4, 8), pod_cubes=3), 0)
    assert pair.n_moves == 4 * 16


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda: pod((4, 4, 6)),
            r"slices\[0\].chips: 4 x 4 x 6; allowed: three multiples of the cube side 4, such as 4 x 4 x 8",
        ),
        (lambda: pod({"chips": (4, 4, 4), "twisted": True}), "a 4 x 4 x 4 torus cannot be twisted"),
        (lambda: pod((8, 8, 8), pod_cubes=7), "take 8 cubes and 7 are left"),
        (lambda: pod({"chips": (4, 4, 8), "cubes": (1,)}), "1 cubes for 4 x 4 x 8 chips"),
        (lambda: pod({"chips": (4, 4, 8), "cubes": (1, 1)}), "cube 1 is taken twice"),
        (lambda: pod({"chips": (4, 4, 8), "cubes": (1, 9)}, pod_cubes=4), "cube 9 is not in the pod"),
        (lambda: topologies.build("tpu_pod"), "neither of cubes and slices given"),
        (lambda: pod((4, 4, 4), cubes=(1, 1, 2)), "both of cubes and slices given"),
        (lambda: pod((4, 4, 8), twisted=True), "twisted is given beside slices"),
        (lambda: optinet.swap_cube(pod((4, 4, 8)), 0), "no spare cube"),
        (lambda: optinet.swap_cube(pod((4, 4, 8), pod_cubes=4), 3), "cube 3 is in no slice"),
        (lambda: optinet.swap_cube(pod((4, 4, 8), pod_cubes=4), 0, 1), "cube 1 is not spare; allowed: 2, 3"),
        (lambda: optinet.slice_fabric(pod((4, 4, 8)), 1), "slice 1; allowed: 0 to 0"),
        (lambda: optinet.set_slices(topologies.build("torus", dims=(4, 4, 4)), [(4, 4, 4)]), "is no pod of cubes"),
    ],
)
def test_mistakes(build, words):
    with pytest.raises(TopologyError, match=words):
        build()


def test_a_slice_that_lost_a_link_is_no_torus():
    fabric = pod((4, 4, 8))
    broken = optinet.reconfigure(fabric, fabric.plant.circuit_ends[1:], structure=fabric.structure).fabric
    with pytest.raises(TopologyError, match="has 383 of the 384 links"):
        optinet.slice_fabric(broken)


def test_circuits_of_one_cube_of_one_chip_join_nothing():
    assert len(face_pairs(Pod(2, 1, (PodSlice((1, 1, 2), (0, 1)),)))) == 2
