# SPDX-License-Identifier: Apache-2.0
"""Changing circuits: ports are conserved, kept links keep what they have, new ones follow from their fiber ends."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from optinet.errors import TopologyError


def mesh(blocks=4, uplinks=6, **more):
    return topologies.build("ocs_mesh", blocks=blocks, hosts_per_block=2, uplinks_per_block=uplinks, **more)


def block_links(fabric, blocks):
    links = np.zeros((blocks, blocks), dtype=int)
    group = fabric.node_group[fabric.plant.end_node[fabric.plant.circuit_ends]]
    np.add.at(links, tuple(group.T), 1)
    return links + links.T


def check(change):
    """Fiber ends stay plugged, every link follows from its circuit, and the counts add up."""
    old, new = change.before.plant, change.fabric.plant
    for name in ("end_ocs", "end_port", "end_node", "end_gbps", "end_leg_m"):
        assert np.array_equal(getattr(old, name), getattr(new, name))
    fabric, ends = change.fabric, new.circuit_ends
    links = np.column_stack((fabric.arc_tail, fabric.arc_head))[::2][new.circuit_link]
    assert np.array_equal(np.sort(links, axis=1), np.sort(new.end_node[ends], axis=1))
    assert np.array_equal(fabric.arc_capacity_gbps[2 * new.circuit_link], new.end_gbps[ends].min(axis=1))
    assert np.array_equal(fabric.link_length_m[new.circuit_link], new.end_leg_m[ends].sum(axis=1))
    assert change.n_kept + change.n_moves == new.n_circuits
    assert change.n_kept + change.n_removed == old.n_circuits
    assert change.moves_per_ocs.sum() == change.n_moves
    stay = change.link_before >= 0
    assert np.array_equal(np.flatnonzero(~stay), change.added_links)
    gone = np.setdiff1d(np.arange(change.before.n_links), change.link_before[stay])
    assert np.array_equal(gone, change.removed_links)
    assert np.array_equal(fabric.link_length_m[stay], change.before.link_length_m[change.link_before[stay]])


@settings(max_examples=30)
@given(st.integers(3, 7), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_any_links_within_the_uplinks_are_set(blocks, uplinks, seed):
    rng = np.random.default_rng(seed)
    uplinks += uplinks % 2
    fabric = mesh(blocks, max(uplinks, blocks - 1 + (blocks - 1) % 2), ocs_ports=2 * blocks)
    links = np.zeros((blocks, blocks), dtype=int)
    for _ in range(60):
        a, b = rng.choice(blocks, 2, replace=False)
        if max(links[a].sum(), links[b].sum()) < uplinks:
            links[[a, b], [b, a]] += 1
    change = optinet.rewire(fabric, links, prove=False)
    check(change)
    assert np.array_equal(block_links(change.fabric, blocks), links)
    back = optinet.rewire(change.fabric, block_links(fabric, blocks), prove=False)
    check(back)
    assert back.fabric.structure == fabric.structure


def test_two_links_exchange_their_partners():
    # one OCS with two ends of each block: 0-1, 2-3 and twice nothing in between become 0-2, 1-3
    fabric = mesh(blocks=4, uplinks=2, circuits=((0, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 0)))
    assert (fabric.plant.n_ocs, fabric.plant.n_ends, fabric.plant.n_circuits) == (1, 8, 2)
    change = optinet.rewire(fabric, [[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])
    check(change)
    assert (change.n_moves, change.n_removed, change.n_kept, change.least_moves) == (2, 2, 0, 2)
    assert fabric.n_links == change.fabric.n_links == 10
    assert change.fabric.link_class_names == fabric.link_class_names
    # a link more between blocks 0 and 1 leaves all others alone
    more = optinet.rewire(fabric, [[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    assert (more.n_moves, more.n_removed, more.n_kept) == (1, 0, 2)


def test_a_slower_end_slows_the_circuit():
    fabric = mesh(blocks=3, uplinks=4)
    slow = fabric.node_group[fabric.plant.end_node] == 2
    plant = dataclasses.replace(
        fabric.plant, end_gbps=np.where(slow, 400.0, 800.0), end_leg_m=np.where(slow, 5.0, 50.0)
    )
    change = optinet.rewire(dataclasses.replace(fabric, plant=plant), [[0, 1, 3], [1, 0, 1], [3, 1, 0]])
    added = change.added_links
    assert change.n_moves == 1  # from a uniform mesh of two links for each pair
    assert change.fabric.arc_capacity_gbps[2 * added].tolist() == [400.0]
    assert change.fabric.link_length_m[added].tolist() == [55.0]
    assert change.fabric.link_class_names == ("host-leaf", "block-ocs", "ocs-400g")


def test_given_circuits():
    fabric = mesh(blocks=3, uplinks=2)
    ends = fabric.plant.circuit_ends
    same = optinet.reconfigure(fabric, ends[::-1, ::-1])
    check(same)
    assert (same.n_moves, same.n_removed) == (0, 0)
    none = optinet.reconfigure(fabric, np.empty((0, 2), dtype=int))
    check(none)
    assert (none.n_moves, none.n_removed, none.fabric.n_links) == (0, 3, 6)
    check(optinet.reconfigure(none.fabric, ends))


def test_ends_that_failed_are_left_alone():
    fabric = mesh(blocks=4, uplinks=6, ocs_ports=8)
    assert fabric.plant.n_ocs == 3
    usable = fabric.plant.end_ocs != 1
    change = optinet.rewire(fabric, 1 - np.eye(4, dtype=int), usable=usable)
    check(change)
    assert np.all(usable[change.fabric.plant.circuit_ends])


def ends_of_two_boxes(fabric):
    return [[int(np.flatnonzero(fabric.plant.end_ocs == ocs)[0]) for ocs in (0, 1)]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: optinet.reconfigure(f, [[0, 99]]), "0 to 11"),
        (lambda f: optinet.reconfigure(f, [[0, 1], [1, 2]]), "fiber end 1 is in 2 circuits"),
        (lambda f: optinet.reconfigure(f, f.plant.circuit_ends[[0, 0]]), "is in 2 circuits"),
        (lambda _: optinet.reconfigure(two := mesh(ocs_ports=8), ends_of_two_boxes(two)), "OCS 0 to one of OCS 1"),
        (lambda f: optinet.reconfigure(f, [[0.5, 1]]), "not all fiber ends"),
        (lambda f: optinet.rewire(f, [[0, 9, 0], [9, 0, 0], [0, 0, 0]]), "block 0 has 9 links, 5 more than its ends"),
        (lambda f: optinet.rewire(f, [[0, 1], [1, 0]]), "block 2, and 2 rows of links"),
        (lambda f: optinet.rewire(f, np.zeros((3, 3), int), usable=np.ones(2, bool)), "one entry per fiber end"),
        (lambda f: optinet.rewire(f, np.zeros((3, 3), int), block_of_node=[0]), "one entry per node"),
        (lambda _: optinet.reconfigure(topologies.build("torus", dims=(3, 3)), [[0, 1]]), "no optical plant"),
    ],
)
def test_mistakes(call, words):
    with pytest.raises(TopologyError, match=words):
        call(mesh(blocks=3, uplinks=4))
