# SPDX-License-Identifier: Apache-2.0
"""What is carried in states of failure: closed forms on leaf-spine fabrics, symmetry of tori, rewiring."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import TopologyError
from optinet.failures import among
from optinet.reliability.carried import carried
from optinet.reliability.curve import availability_curve, time_at_most
from optinet.reliability.risks import Cause, Damage, Risks
from optinet.reliability.sampling import draw_states
from optinet.reliability.slice_states import SliceStates
from optinet.slices import slice_nodes

SPINES = 4


def leaf_spine():
    """4 leaves of 4 hosts, one 100 Gb/s link to each of 4 spines: nothing to spare."""
    return topologies.build(
        "leaf_spine", leaves=4, spines=SPINES, hosts_per_leaf=4, links_per_pair=1, host_gbps=100, uplink_gbps=100
    )


def solved(fabric, gbps=None):
    n = fabric.n_endpoints
    return optinet.solve(fabric, optinet.Demand.uniform(fabric, 100.0 / (n - 1) if gbps is None else gbps), "ecmp")


def damage(fabric, states):
    """Damage from (links, nodes, ends) down in each state."""
    n_ends = fabric.plant.n_ends if fabric.plant else 0
    sizes = (fabric.n_links, fabric.n_nodes, n_ends)
    flags = [np.zeros((len(states), size), dtype=bool) for size in sizes]
    for i, state in enumerate(states):
        for flag, down in zip(flags, state, strict=True):
            flag[i, list(down)] = True
    return Damage(*flags)


def spine_risks(fabric, q):
    spines = np.flatnonzero(fabric.node_tier == 2)
    nodes = np.array([np.arange(SPINES), spines])
    return Risks(fabric, [Cause("switch", "spine", "tier 2", SPINES, q / (1 - q) * 1e9, 1.0, nodes=nodes)])


def test_failed_spines_leave_their_share_and_the_curve_is_binomial():
    """A leaf sends 4 hosts x 100 x 12/15 Gb/s over S - k spines of 100 Gb/s: throughput (S - k) 100 / 320."""
    fabric, q = leaf_spine(), 0.05
    solution, risks = solved(fabric), spine_risks(fabric, q)
    states = draw_states(risks, 100)
    found = carried(solution, risks.damage(states.failed))
    failed = np.array([len(each) for each in states.failed])
    left = np.minimum(1.0, (SPINES - failed) * 100 / 320)
    # without a spine a leaf's four hosts still reach each other: one leaf is the largest part
    expected = np.where(failed < SPINES, 1600.0 * left, 4 * 3 * 100 / 15)
    np.testing.assert_allclose(found.delivered_gbps, expected, rtol=1e-9)
    np.testing.assert_allclose(found.served_fraction, np.where(failed < SPINES, 1.0, 0.25))
    curve = availability_curve(states, found)
    pmf = [comb(SPINES, k) * q**k * (1 - q) ** (SPINES - k) for k in range(SPINES + 1)]
    np.testing.assert_allclose(curve.time_fraction, np.cumsum(pmf), rtol=1e-9)
    assert [level.delivered_gbps for level in curve.levels] == pytest.approx(
        [1000, 1000, 500]  # 98.60, 99.952 and 99.9994 % of the time at most 1, 2 and 3 are down
    )
    assert curve.mean_gbps == pytest.approx(np.dot(pmf, [1600, 1500, 1000, 500, 80]), rel=1e-9)


def test_hosts_cut_off_are_not_served_and_others_go_on():
    fabric = leaf_spine()
    host_link = int(np.flatnonzero(fabric.arc_tail[::2] == 0)[0])
    leaf = int(np.flatnonzero(fabric.node_tier == 1)[0])
    found = carried(
        solved(fabric), damage(fabric, [((), (), ()), ((host_link,), (), ()), ((), (leaf,), ()), ((), (0,), ())])
    )
    np.testing.assert_allclose(found.served_fraction, [1, 15 / 16, 12 / 16, 15 / 16])
    np.testing.assert_allclose(found.delivered_gbps, [1600, 15 * 14 * 100 / 15, 12 * 11 * 100 / 15, 15 * 14 * 100 / 15])
    assert found.n_solved == 4


def test_planes_keep_a_host_that_lost_one_and_count_components_over_all():
    fabric = topologies.build("multiplane", planes=2, leaves=2, spines=2, hosts_per_leaf=2)
    host = fabric.endpoints[0]
    up = [int(arc // 2) for arc in np.flatnonzero(fabric.arc_tail == host)]
    found = carried(solved(fabric, 1.0), damage(fabric, [((), (), ()), ((up[0],), (), ()), (tuple(up), (), ())]))
    np.testing.assert_allclose(found.served_fraction, [1, 1, 0.75])
    assert found.delivered_gbps[1] == pytest.approx(found.delivered_gbps[0])


@pytest.mark.parametrize("options", [{"dims": (4, 4, 4)}, {"dims": (2, 2, 4), "twisted": True}])
def test_states_that_a_translation_maps_onto_each_other_are_solved_once_and_right(options):
    fabric = topologies.build("torus", **options)
    solution = optinet.solve(fabric, optinet.Demand.uniform(fabric), "ecmp")
    rng = np.random.default_rng(3)
    singles = [((link,), (), ()) for link in range(fabric.n_links)]
    doubles = [
        (tuple(rng.choice(fabric.n_links, 2, replace=False)), (int(rng.integers(fabric.n_nodes)),), ())
        for _ in range(8)
    ]
    states = damage(fabric, singles + doubles)
    found = carried(solution, states)
    assert found.n_solved <= 3 + len(doubles)
    for i in (1, len(singles) - 1, len(singles), len(singles) + 7):
        up = np.ones(fabric.n_endpoints, dtype=bool)
        up[states.nodes[i]] = False
        demand = among(fabric, solution.demand, up)
        throughput = optinet.link_loads(fabric, demand, "ecmp", arc_up=states.arcs_up(fabric, i)).throughput
        assert found.delivered_gbps[i] == pytest.approx(min(1, throughput) * demand.total_gbps, rel=1e-9)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 15), min_size=1, max_size=4, unique=True), st.data())
def test_more_failures_never_raise_the_optimum(links, data):
    """Of all routings: what fits with fewer arcs fits with more. ECMP may gain by a failure and is not held to it."""
    fabric = topologies.build("leaf_spine", leaves=4, spines=4, hosts_per_leaf=1, links_per_pair=1)
    inner = np.flatnonzero(
        (fabric.node_kind[fabric.arc_tail[::2]] == 2) & (fabric.node_kind[fabric.arc_head[::2]] == 2)
    )
    fewer = data.draw(st.lists(st.sampled_from(links), unique=True, max_size=len(links) - 1))
    demand = optinet.Demand.permutation(fabric, [1, 2, 3, 0], 100.0)
    throughput = []
    for failed in (fewer, links):
        try:
            mask = fabric.arc_mask(inner[failed])
            throughput.append(optinet.concurrent_flow(fabric, demand, "lp", arc_up=mask).upper)
        except optinet.OptinetError:
            throughput.append(0.0)  # cut off
    assert throughput[1] <= throughput[0] * (1 + 1e-9)


def test_a_spare_cube_takes_the_place_of_one_that_lost_a_chip():
    fabric = topologies.build("tpu_pod", slices=[{"chips": (4, 4, 8)}], pod_cubes=3)
    used = ~np.isin(fabric.node_group, fabric.structure.spare_cubes) * 1.0
    demand = optinet.Demand.rank_one(fabric, used, used)
    solution = optinet.solve(fabric, demand, "ecmp")
    chip = int(np.flatnonzero(used)[0])
    states = damage(fabric, [((), (), ()), ((), (chip,), ())])
    stays, moves = (carried(solution, states, rewire=rewire) for rewire in (False, True))
    assert stays.served_fraction[1] == pytest.approx(127 / 128)
    assert moves.served_fraction[1] == 1.0
    np.testing.assert_allclose(moves.delivered_gbps, moves.delivered_gbps[0])
    with pytest.raises(TopologyError, match="no optical circuit switches"):
        carried(solved(leaf_spine()), damage(leaf_spine(), [((), (), ())]), rewire=True)


@pytest.mark.parametrize(
    "options",
    [
        {"slices": [{"chips": (4, 4, 6)}], "pod_cubes": 15, "cube_side": 2},
        {"slices": [{"chips": (4, 4, 8), "twisted": True}], "pod_cubes": 17, "cube_side": 2},
        {"cubes": (2, 2, 2), "cube_side": 2},
    ],
)
def test_states_of_a_slice_are_solved_on_its_torus_as_pod_by_pod(options, monkeypatch):
    """Chips, links inside cubes, fiber ends and whole OCS down, of spare cubes too: as with every fabric built."""
    fabric, rng = topologies.build("tpu_pod", **options), np.random.default_rng(5)
    plant, in_slice = fabric.plant, np.zeros(fabric.n_nodes)
    in_slice[slice_nodes(fabric)] = 5.0
    solution = optinet.solve(fabric, optinet.Demand.rank_one(fabric, in_slice, in_slice), "ecmp")

    def some(count, most):
        return tuple(rng.choice(count, rng.integers(0, most), replace=False).tolist())

    rows = [((), (), ()), ((), (0,), ())]
    for number in range(24):
        box = np.flatnonzero(plant.end_ocs == rng.integers(plant.n_ocs)) if number % 4 == 0 else []
        rows.append((some(fabric.n_links, 3), some(fabric.n_nodes, 3), (*some(plant.n_ends, 3), *box)))
    states = damage(fabric, rows)
    states.links[:, plant.circuit_link] |= (states.ends | states.nodes[:, plant.end_node])[:, plant.circuit_ends].any(2)
    assert SliceStates.of(solution) is not None
    on_torus = carried(solution, states, rewire=True, clock=lambda _, arc_up: float(np.count_nonzero(~arc_up)))
    monkeypatch.setattr(SliceStates, "of", lambda _: None)
    one_by_one = carried(solution, states, rewire=True)
    np.testing.assert_allclose(on_torus.delivered_gbps, one_by_one.delivered_gbps, rtol=1e-9)
    np.testing.assert_allclose(on_torus.served_fraction, one_by_one.served_fraction)
    assert len(np.unique(on_torus.delivered_gbps.round(6))) > 5
    assert np.isinf(on_torus.step_s[on_torus.served_fraction < 1]).all()
    # what is down of the slice now: nothing where a spare cube stands in
    assert on_torus.step_s[0] == 0.0
    assert on_torus.step_s[1] == (np.inf if "cubes" in options else 0.0)


def test_a_step_is_timed_where_all_are_served_and_stops_elsewhere():
    fabric = leaf_spine()
    solution, risks = solved(fabric), spine_risks(fabric, 0.05)
    states = draw_states(risks, 100)
    found = carried(solution, risks.damage(states.failed), clock=lambda _, arc_up: float(np.count_nonzero(~arc_up)))
    failed = np.array([len(each) for each in states.failed])
    np.testing.assert_array_equal(found.step_s, np.where(failed == SPINES, np.inf, 8.0 * failed))
    assert time_at_most(states, found.step_s, 0.5) == 0.0
    assert time_at_most(states, found.step_s, 0.99) == 16.0
    assert time_at_most(states, found.step_s, 1.0) == np.inf
