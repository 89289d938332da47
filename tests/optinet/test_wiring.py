# SPDX-License-Identifier: Apache-2.0
"""Wiring block-to-block links onto OCS: guaranteed where theory says so, refused with a reason where impossible."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import optinet
from optinet.errors import TopologyError
from optinet.wiring.construct import construct, two_sides
from optinet.wiring.search import few_moves, fewest_moves, multigraph

TRIANGLE = 1 - np.eye(3, dtype=int)


def random_links(rng, most, allowed=None):
    """A random multigraph in which block b has at most most[b] links, nearly as many as fit."""
    n = len(most)
    free, links = np.array(most), np.zeros((n, n), dtype=int)
    pairs = [p for p in itertools.combinations(range(n), 2) if allowed is None or allowed(*p)]
    for _ in range(8 * int(free.sum())):
        a, b = pairs[rng.integers(len(pairs))]
        if free[a] and free[b]:
            free[[a, b]] -= 1
            links[[a, b], [b, a]] += 1
    return links


def check(wiring, links, ends):
    """Every link is placed, every OCS carries a matching of its ends, and kept circuits were there before."""
    assert np.array_equal(wiring.count.sum(axis=0), links)
    assert np.all(wiring.count.sum(axis=2) <= np.asarray(ends).T)
    assert np.array_equal(wiring.count, wiring.count.transpose(0, 2, 1))
    assert wiring.n_kept + wiring.n_moves == wiring.n_links == links.sum() // 2
    assert wiring.n_kept + wiring.n_removed == wiring.before.sum() // 2
    assert wiring.least_moves <= wiring.n_moves


def fewest_by_brute_force(links, ends, before):
    """Fewest circuits set anew over all wirings, None if there is none: every way to place every link."""
    n_ocs = ends.shape[1]
    pairs = multigraph(links)
    best = None
    for ocs in itertools.product(range(n_ocs), repeat=len(pairs)):
        used = np.zeros((n_ocs, len(ends)), dtype=int)
        count = np.zeros_like(before)
        for o, (a, b) in zip(ocs, pairs, strict=True):
            used[o, [a, b]] += 1
            count[o, [a, b], [b, a]] += 1
        if np.all(used <= ends.T):
            moves = len(pairs) - int(np.minimum(count, before).sum()) // 2
            best = moves if best is None else min(best, moves)
    return best


@settings(max_examples=60)
@given(st.integers(2, 10), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_even_ends_can_always_be_wired(n_blocks, n_ocs, seed):
    # blocks of different size spread over OCS of different size in the same proportions
    rng = np.random.default_rng(seed)
    ends = 2 * np.outer(rng.integers(1, 4, n_blocks), rng.integers(1, 3, n_ocs))
    links = random_links(rng, ends.sum(axis=1))
    wiring = optinet.wire(links, ends)
    check(wiring, links, ends)
    assert wiring.method in ("petersen", "koenig")


@settings(max_examples=60)
@given(st.integers(2, 10), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_two_sides_can_always_be_wired(n_blocks, n_ocs, per_ocs, seed):
    rng = np.random.default_rng(seed)
    left = n_blocks // 2
    ends = np.full((n_blocks, n_ocs), per_ocs)
    links = random_links(rng, ends.sum(axis=1), lambda a, b: (a < left) != (b < left))
    wiring = optinet.wire(links, ends)
    check(wiring, links, ends)
    assert wiring.method == "koenig"


@settings(max_examples=40)
@given(st.integers(3, 10), st.integers(2, 5), st.integers(1, 2), st.integers(0, 2**32 - 1))
def test_even_ends_can_always_be_rewired(n_blocks, n_ocs, half, seed):
    rng = np.random.default_rng(seed)
    ends = np.full((n_blocks, n_ocs), 2 * half)
    now = optinet.wire(random_links(rng, ends.sum(axis=1)), ends).circuits
    links = random_links(rng, ends.sum(axis=1))
    check(optinet.wire(links, ends, now, prove=False), links, ends)


@settings(max_examples=80)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_moves_are_the_fewest(n_blocks, n_ocs, seed):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 4, (n_blocks, n_ocs))
    before = np.zeros((n_ocs, n_blocks, n_blocks), dtype=int)
    for o in range(n_ocs):
        before[o] = random_links(rng, ends[:, o])
    links = random_links(rng, ends.sum(axis=1))
    assume(0 < links.sum() // 2 <= 7)
    o, a, b = np.nonzero(np.triu(before, 1))
    now = np.repeat(np.column_stack((o, a, b)), before[o, a, b], axis=0)
    fewest = fewest_by_brute_force(links, ends, before)
    if fewest is None:
        with pytest.raises(TopologyError, match=r"too many|no wiring carries more|more than its ends"):
            optinet.wire(links, ends, now)
    else:
        wiring = optinet.wire(links, ends, now)
        check(wiring, links, ends)
        assert (wiring.n_moves, wiring.proven) == (fewest, True)


@pytest.mark.parametrize("e", [2, 4])
def test_the_heuristic_is_near_its_bound(e):
    rng = np.random.default_rng(1)
    ends = np.full((24, 48 // e), e)
    first = optinet.wire(random_links(rng, ends.sum(axis=1)), ends)
    links = random_links(rng, ends.sum(axis=1))
    wiring = optinet.wire(links, ends, first.circuits, prove=False)
    check(wiring, links, ends)
    assert wiring.n_moves <= 1.15 * wiring.least_moves < wiring.n_links
    program = fewest_moves(links, ends, first.count, all_links=True, time_limit_s=0.0)
    assert program.count is None  # no time, no answer, and no claim
    assert program.least_moves == 0


def test_nothing_wanted_and_nothing_changed():
    ends = np.full((3, 2), 2)
    none = optinet.wire(np.zeros((3, 3), dtype=int), ends, [[0, 0, 1]])
    assert (none.n_links, none.n_moves, none.n_removed, none.proven) == (0, 0, 1, True)
    first = optinet.wire(TRIANGLE, ends)
    again = optinet.wire(TRIANGLE, ends, first.circuits)
    assert np.array_equal(again.count, first.count)
    assert (again.n_moves, again.n_removed, again.proven) == (0, 0, True)


def test_a_triangle_through_two_ocs_of_one_end_each():
    with pytest.raises(TopologyError) as caught:
        optinet.wire(TRIANGLE, np.ones((3, 2), dtype=int))
    assert "blocks 0, 1, 2 have 3 links among themselves and the OCS carry at most 2" in str(caught.value)
    assert "1 on each of 2 OCS" in str(caught.value)
    check(optinet.wire(TRIANGLE, np.ones((3, 3), dtype=int)), TRIANGLE, np.ones((3, 3), dtype=int))


def test_three_ocs_cannot_carry_the_petersen_graph():
    # every set of blocks has room, so that only the integer program can tell: two edges must go before three colors do
    import networkx as nx

    links = nx.to_numpy_array(nx.petersen_graph(), dtype=int)
    with pytest.raises(TopologyError, match="no wiring carries more than 13 of the 15 links; left over is block"):
        optinet.wire(links, np.ones((10, 3), dtype=int))
    check(optinet.wire(links, np.ones((10, 4), dtype=int)), links, np.ones((10, 4), dtype=int))


def test_odd_ends_are_searched():
    # six blocks, five OCS of one end each: the complete graph is five perfect matchings
    links = 1 - np.eye(6, dtype=int)
    wiring = optinet.wire(links, np.ones((6, 5), dtype=int))
    check(wiring, links, np.ones((6, 5), dtype=int))
    assert construct(multigraph(links), np.ones((6, 5), dtype=int)) is None
    count, failed = few_moves(links, np.ones((6, 5), dtype=int), np.zeros((5, 6, 6), dtype=int), attempts=20)
    assert failed == 0 or count.sum() < links.sum()  # the search alone may fail, and then says so


@pytest.mark.parametrize(
    ("links", "ends", "now", "words"),
    [
        ([[0, 3], [3, 0]], [[1, 1], [2, 2]], None, "block 0 has 3 links, 1 more than its ends"),
        ([[0, 2], [2, 0]], [[2, 0], [1, 2]], None, "blocks 0 and 1 have 2 links between them, 1 too many"),
        ([[0, 1], [2, 0]], [[2], [2]], None, r"links\[0, 1\]: 1, but \[1, 0\] is 2"),
        ([[1, 1], [1, 0]], [[2], [2]], None, "zero diagonal"),
        ([[0, 1]], [[2], [2]], None, r"shape \(1, 2\)"),
        ([[0, 0.5], [0.5, 0]], [[2], [2]], None, "whole numbers"),
        ([[0, -1], [-1, 0]], [[2], [2]], None, "whole numbers"),
        ([[0, 1], [1, 0]], [[1], [1]], [[0, 0, 1], [0, 1, 0]], "block 0 has 2 circuits on OCS 0"),
        ([[0, 1], [1, 0]], [[1], [1]], [[1, 0, 1]], "OCS 0 to 0"),
        ([[0, 1], [1, 0]], [[1], [1]], [[0, 1, 1]], "no two blocks"),
        ([[0, 1], [1, 0]], [[1], [1]], [[0, 1]], "rows of 2"),
    ],
)
def test_mistakes(links, ends, now, words):
    with pytest.raises(TopologyError, match=words):
        optinet.wire(links, ends, now)


def test_two_sides():
    assert two_sides(np.array([[0, 1], [1, 2], [3, 4]]), 6).tolist() in (
        [0, 1, 0, 0, 1, 0],
        [0, 1, 0, 1, 0, 0],
    )
    assert two_sides(multigraph(TRIANGLE), 3) is None
