# SPDX-License-Identifier: Apache-2.0
"""Growing and refreshing block meshes: what moves, what never does, and small cases against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optinet.engineering.growth import add_blocks, day_one, refresh
from optinet.engineering.topology import BlockLayer, uniform_circuits
from optinet.errors import SolverError


@settings(max_examples=60)
@given(st.integers(2, 12), st.integers(1, 3), st.integers(2, 40))
def test_only_circuits_that_must_give_way_do(old, new, uplinks):
    before = uniform_circuits(BlockLayer.of(old, uplinks, 100.0))
    layer = BlockLayer.of(old + new, uplinks, 100.0)
    growth = add_blocks(before, layer)
    after = growth.circuits
    assert np.array_equal(after, after.T)
    assert np.all(after.sum(axis=1) <= uplinks)
    assert np.all(after[:old, :old] <= before)  # nothing is added between old blocks
    assert np.array_equal(after[old:], uniform_circuits(layer)[old:])
    assert growth.least_removed <= growth.circuits_removed <= growth.least_removed + old


def fewest_removed(before, layer):
    """Smallest number of circuits between old blocks whose removal makes room for what new blocks get."""
    old = len(before)
    gets = uniform_circuits(layer)[:old, old:].sum(axis=1)
    short = before.sum(axis=1) + gets - layer.uplinks[:old]
    pairs = [(a, b) for a, b in itertools.combinations(range(old), 2) for _ in range(before[a, b])]
    for count in range(len(pairs) + 1):
        for removed in itertools.combinations(pairs, count):
            freed = np.bincount(np.array(removed, dtype=int).ravel(), minlength=old)
            if np.all(freed >= short):
                return count
    return None


@pytest.mark.parametrize(("old", "uplinks"), [(3, 2), (3, 4), (4, 3), (4, 4), (5, 4)])
def test_removals_agree_with_brute_force(old, uplinks):
    before = uniform_circuits(BlockLayer.of(old, uplinks, 100.0))
    layer = BlockLayer.of(old + 1, uplinks, 100.0)
    assert add_blocks(before, layer).circuits_removed == fewest_removed(before, layer)


def test_the_sixty_fourth_block():
    """63 blocks of 512 uplinks: the new block takes its 512 circuits from 256 that give way, of 16,128."""
    before = uniform_circuits(BlockLayer.of(63, 512, 100.0))
    growth = add_blocks(before, BlockLayer.of(64, 512, 100.0))
    assert growth.circuits_added == 512
    assert growth.circuits_removed == 256
    assert growth.least_removed == 256
    assert before.sum() // 2 == 16_128


def test_spare_uplinks_are_used_before_any_circuit_moves():
    growth = add_blocks(np.array([[0, 2], [2, 0]]), BlockLayer.of(3, 4, 100.0), [[0, 2, 2], [2, 0, 2], [2, 2, 0]])
    assert (growth.circuits_added, growth.circuits_removed, growth.least_removed) == (4, 0, 0)


def test_a_refresh_over_two_generations():
    """Four blocks of three uplinks, 100 to 400 to 800 Gb/s: the OCS, the fibers and the six circuits never change."""
    steps = refresh(uniform_circuits(BlockLayer.of(4, 3, 100.0)), [100.0, 400.0, 800.0])
    assert [step.blocks_replaced for step in steps] == list(range(9))
    mesh = [step.mesh_gbps for step in steps]
    # two fast blocks share one circuit, three three, four all six
    assert mesh[:5] == [1200, 1200, 1200 + 600, 1200 + 1800, 4800]
    assert mesh[8] == 9600
    assert {step.clos_gbps for step in steps} == {1200.0}  # the spine of the first day holds every uplink back


def test_the_first_day():
    layer = BlockLayer.of(64, 512, 100.0)
    first = day_one(layer, blocks_there=8)
    assert (first.spine_ports, first.ocs_ports, first.block_optics) == (32_768, 32_768, 4_096)
    assert day_one(layer, 8, ports_per_uplink=2).ocs_ports == 65_536


def test_what_cannot_grow_is_refused():
    circuits = np.array([[0, 3], [3, 0]])
    with pytest.raises(SolverError, match="so that some are new"):
        add_blocks(circuits, BlockLayer.of(2, 3, 100.0))
    with pytest.raises(SolverError, match="at most its uplinks"):
        add_blocks(circuits, BlockLayer.of(3, 2, 100.0))
