# SPDX-License-Identifier: Apache-2.0
"""Strata and draws against enumeration of every state."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

import optinet
from optinet.reliability.risks import Cause, Risks
from optinet.reliability.sampling import RARE, States, draw_states


def risks_of(*causes):
    """Risks over as many links between two switches, (count, q, links each takes down) at a time."""
    n_links = sum(count * extent for count, _, extent in causes)
    fabric = optinet.Fabric.from_links([2, 2], [[0, 1]] * n_links, capacity_gbps=1.0)
    found, first = [], 0
    for i, (count, q, extent) in enumerate(causes):
        links = first + np.arange(count * extent)
        pairs = np.array([np.repeat(np.arange(count), extent), links])
        found.append(Cause("module", f"part {i}", "link", count, q / (1 - q) * 1e9, 1.0, links=pairs))
        first += count * extent
    return Risks(fabric, found)


def enumerated(risks):
    """Every state with its probability."""
    q = risks.down_fraction
    for state in itertools.product((0, 1), repeat=len(q)):
        down = np.array(state, dtype=bool)
        yield down, float(np.prod(np.where(down, q, 1 - q)))


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0.01, 0.4), st.integers(1, 2)), min_size=1, max_size=3))
def test_strata_have_the_probability_of_their_states(causes):
    risks = risks_of(*causes)
    states = draw_states(risks, 50, seed=1)
    of_stratum = {}
    cause_of = np.repeat(np.arange(len(risks.causes)), np.diff(risks.first))
    for down, probability in enumerated(risks):
        key = (int(down.sum()), int(cause_of[down].max(initial=-1)))
        of_stratum[key] = of_stratum.get(key, 0.0) + probability
    for failed, stratum in zip(states.failed, states.stratum, strict=True):
        assert len(set(failed.tolist())) == len(failed)
        key = (len(failed), int(cause_of[failed].max(initial=-1)))
        assert states.stratum_fraction[stratum] == pytest.approx(of_stratum[key], rel=1e-9)
    looked_at = sum(p for p in of_stratum.values() if p >= RARE)
    assert states.weight.sum() == pytest.approx(looked_at, rel=1e-9)
    assert states.unseen_fraction == pytest.approx(1 - looked_at, abs=1e-9)


def test_intervals_hold_the_enumerated_fraction_as_often_as_they_say():
    # of twelve risks any one, then what takes most; the share with at most 3 of 16 links up is about 0.1 %
    risks = risks_of((6, 0.05, 1), (4, 0.08, 2), (2, 0.02, 1))
    exact = {}
    for down, probability in enumerated(risks):
        left = 16 - int(risks.damage([np.flatnonzero(down)]).links.sum())
        exact[left] = exact.get(left, 0.0) + probability
    inside, off = [], []
    for seed in range(20):
        states = draw_states(risks, 300, seed)
        left = 16 - risks.damage(states.failed).links.sum(axis=1)
        for least in (8, 10, 12, 14):
            found, true = states.fraction(left >= least), sum(p for n, p in exact.items() if n >= least)
            inside.append(found.low <= true <= found.high)
            off.append((found.value - true) / found.error)
    assert np.mean(inside) >= 0.9
    assert 0.2 < np.std(off) < 1.3
    assert abs(np.mean(off)) < 0.4


def test_with_equal_weights_intervals_are_those_of_a_poisson_count():
    """Of n draws x miss it; expected are half the 5 % point of chi-square with 2 x to the 95 % with 2 x + 2."""
    n, p = 40, 0.2
    states = States(
        (), np.full(n, p / n), np.zeros(n, dtype=int), np.array([p]), np.array([n]), np.array([False]), 0.01
    )
    for x in (0, 1, 7):
        found = states.fraction(np.arange(n) >= x)
        low, high = chi2.ppf(0.05, 2 * x) / 2 if x else 0.0, chi2.ppf(0.95, 2 * x + 2) / 2
        assert found == pytest.approx((p * (1 - x / n), p * (1 - high / n), p * (1 - low / n) + 0.01))


def test_two_parallel_links_have_their_exact_probabilities():
    q = 0.01
    states = draw_states(risks_of((2, q, 1)), 10)
    up = 2 - np.array([len(each) for each in states.failed])
    both = states.fraction(up == 2)
    assert both.value == pytest.approx((1 - q) ** 2, rel=1e-12)
    assert both.value - both.low < 1e-4  # of the one state in which both are down, not known to be all
    assert states.fraction(up == 1).value == pytest.approx(2 * q * (1 - q), rel=1e-12)
    assert states.fraction(up == 0).value == pytest.approx(q * q, rel=1e-9)


def test_rare_and_grave_causes_are_looked_at():
    """One power domain that is down a hundred-thousandth of the time, beside ten thousand modules."""
    risks = risks_of((10_000, 1e-5, 1), (1, 1e-5, 500))
    states = draw_states(risks, 200)
    grave = np.array([risks.first[-1] - 1 in each for each in states.failed])
    assert states.fraction(grave).value == pytest.approx(1e-5, rel=0.02)
    assert np.count_nonzero(grave) >= 2
    assert states.weight[grave].max() < 1.1e-5
    assert states.unseen_fraction < 1e-6
