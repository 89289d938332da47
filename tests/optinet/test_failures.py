# SPDX-License-Identifier: Apache-2.0
"""Failures: what is down, what remains by hand, and what reconfiguring brings back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import TopologyError
from optinet.failures import arcs_up, ends_up, fair_links
from optinet.rewiring import block_links
from optinet.slices import slice_nodes


def mesh(**more):
    shape = {"blocks": 4, "hosts_per_block": 6, "uplinks_per_block": 6, "ocs_ports": 8} | more
    return topologies.build("ocs_mesh", **shape)


def uniform_in_slice(fabric):
    share = np.zeros(fabric.n_nodes)
    share[slice_nodes(fabric)] = 1.0
    return optinet.Demand.rank_one(fabric, share, share)


def test_one_box_of_three_takes_a_third_of_the_links():
    # each of three OCS carries one 4-cycle, two links of every block
    fabric = mesh()
    up = arcs_up(fabric, optinet.Failure(ocs=(1,)))
    assert fabric.plant.n_ocs == 3
    assert np.count_nonzero(~up) == 2 * 4
    assert np.count_nonzero(~ends_up(fabric, optinet.Failure(ocs=(1,)))) == 8


def test_reconfiguring_brings_throughput_back():
    fabric = mesh(blocks=8, hosts_per_block=16, uplinks_per_block=14, ocs_ports=32)
    demand = optinet.Demand.uniform(fabric, 800.0 / 127)
    impact = optinet.failure_impact(fabric, demand, optinet.Failure(ocs=(0,)))
    between = 16 * 16 * 800.0 / 127  # of two blocks, which two links of 800 Gb/s join
    assert impact.healthy == pytest.approx(1600 / between)
    # ten uplinks of fourteen are left for the demand of seven blocks
    assert impact.remaining < impact.reconfigured <= 10 * 800 / (7 * between)
    plant = impact.rewiring.fabric.plant
    assert impact.rewiring.n_moves > 0
    assert np.all(plant.circuit_ocs > 0)
    assert block_links(impact.rewiring.fabric).sum(axis=1).max() <= 10


def test_circuits_stay_where_moving_them_gains_nothing():
    # what is left of four blocks is a ring of double links, which carries as much as any other four links a block
    fabric = mesh()
    demand = optinet.Demand.uniform(fabric, 800.0 / 23)
    impact = optinet.failure_impact(fabric, demand, optinet.Failure(ocs=(0,)))
    assert impact.remaining == impact.reconfigured == pytest.approx(4 * 800 / (4 * 36 * 800.0 / 23))
    assert impact.rewiring.n_moves == 0
    assert impact.rewiring.n_removed == 4


def test_without_a_demand_every_pair_keeps_its_share():
    change = optinet.reconfigure_around(mesh(), optinet.Failure(ocs=(0,)))
    links = block_links(change.fabric)
    assert links.sum(axis=1).tolist() == [4, 4, 4, 4]
    assert links[np.triu_indices(4, 1)].min() == 1
    assert np.all(change.fabric.plant.circuit_ocs > 0)


def test_a_power_domain_is_a_quarter():
    fabric = mesh(blocks=5, uplinks_per_block=8, ocs_ports=10)
    failure = optinet.power_domain(fabric.plant, 1)
    assert failure.ocs == (1,)
    assert np.bincount(fabric.node_group[fabric.plant.end_node[~ends_up(fabric, failure)]]).tolist() == [2] * 5
    assert optinet.power_domain(topologies.build("tpu_pod", cubes=(1, 1, 2)).plant, 3).ocs == tuple(range(3, 48, 4))
    with pytest.raises(TopologyError, match="0 to 3"):
        optinet.power_domain(fabric.plant, 4)


def test_a_port_of_a_mesh():
    fabric = mesh()
    impact = optinet.failure_impact(fabric, optinet.Demand.uniform(fabric), optinet.Failure(ports=((0, 0),)))
    plant = impact.rewiring.fabric.plant
    assert plant.n_circuits == fabric.plant.n_circuits - 1
    assert not np.any((plant.end_ocs == 0) & (plant.end_port == 0) & (plant.end_circuit >= 0))


@pytest.mark.parametrize(
    ("failure", "lost"),
    [
        (optinet.Failure(groups=(3,)), 64),  # a cube
        (optinet.Failure(nodes=(192, 193, 194, 195)), 4),  # a host of four chips in it
        (optinet.Failure(ports=((0, 6),)), 0),  # the + face of one of its positions
    ],
)
def test_a_spare_cube_brings_a_slice_back(failure, lost):
    fabric = topologies.build("tpu_pod", slices=[{"chips": (8, 8, 8)}], pod_cubes=9)
    impact = optinet.failure_impact(fabric, uniform_in_slice(fabric), failure, routing="ecmp")
    assert impact.reconfigured == pytest.approx(impact.healthy)
    assert impact.remaining < 0.9 * impact.healthy
    assert (impact.lost_endpoints, impact.lost_after) == (lost, 0)
    assert impact.rewiring.fabric.structure.slices[0].cubes == (0, 1, 2, 8, 4, 5, 6, 7)
    assert impact.rewiring.n_moves == 96


def test_no_spare_cube_helps_against_a_lost_box():
    fabric = topologies.build("tpu_pod", slices=[{"chips": (4, 4, 8)}], pod_cubes=3)
    impact = optinet.failure_impact(fabric, uniform_in_slice(fabric), optinet.Failure(ocs=(0,)), routing="ecmp")
    assert impact.rewiring.n_moves == 0
    assert impact.rewiring.n_removed == 2
    assert impact.remaining == impact.reconfigured < impact.healthy


def test_without_a_spare_cube_the_slice_goes_on_with_what_is_left():
    fabric = topologies.build("tpu_pod", cubes=(1, 1, 2))
    impact = optinet.failure_impact(fabric, optinet.Demand.uniform(fabric), optinet.Failure(ports=((5, 0),)))
    assert (impact.rewiring.n_moves, impact.rewiring.n_removed) == (0, 1)
    assert impact.remaining == impact.reconfigured < impact.healthy


def test_a_demand_whose_path_is_cut_has_no_throughput():
    fabric = mesh(blocks=2, uplinks_per_block=2, ocs_ports=4)
    impact = optinet.failure_impact(fabric, optinet.Demand.uniform(fabric), optinet.Failure(ocs=(0,)))
    assert impact.healthy > 0
    assert (impact.remaining, impact.reconfigured) == (0.0, 0.0)


def test_a_demand_given_pair_by_pair():
    fabric = topologies.build("tpu_pod", slices=[{"chips": (4, 4, 8)}], pod_cubes=3)
    n = fabric.n_nodes
    gbps = np.zeros((n, n))
    gbps[:128, :128] = 1.0
    for demand in (optinet.Demand.from_matrix(fabric, gbps), uniform_in_slice(fabric)):
        impact = optinet.failure_impact(fabric, demand, optinet.Failure(groups=(1,)), routing="ecmp")
        assert impact.reconfigured == pytest.approx(impact.healthy) == pytest.approx(400.0 / 128)


@settings(max_examples=60)
@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_fair_links_fit_and_leave_nothing_over(n, seed):
    rng = np.random.default_rng(seed)
    links = np.triu(rng.integers(0, 6, (n, n)), 1)
    links += links.T
    most = rng.integers(0, links.sum(axis=1) + 3)
    fit = fair_links(links, most)
    assert np.array_equal(fit, fit.T)
    assert np.all(fit <= links)
    free = most - fit.sum(axis=1)
    assert free.min() >= 0
    assert not np.any((fit < links) & (free[:, None] > 0) & (free[None, :] > 0))
    share = min([1.0, *(most / np.maximum(links.sum(axis=1), 1))[links.sum(axis=1) > 0]])
    assert np.all(fit >= np.floor(links * share))


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"ocs": (3,)}, "failure.ocs: 3; allowed: 0 to 2"),
        ({"nodes": (-1,)}, "failure.nodes: -1"),
        ({"links": (999,)}, "failure.links: 999"),
        ({"groups": (4,)}, "failure.groups: 4; allowed: 0 to 3"),
        ({"ports": ((0, 8),)}, "no fiber end is on port 8 of OCS 0"),
    ],
)
def test_mistakes(failure, words):
    with pytest.raises(TopologyError, match=words):
        optinet.reconfigure_around(mesh(), optinet.Failure(**failure))
