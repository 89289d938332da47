# SPDX-License-Identifier: Apache-2.0
"""Max-min fair rates: textbook answers, the certificate on random cases, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
from optinet.errors import SolverError


def rates(capacity, paths, **options):
    offsets = np.cumsum([0, *map(len, paths)])
    return optinet.max_min_rates(capacity, offsets, [arc for path in paths for arc in path], **options)


@pytest.mark.parametrize(
    ("capacity", "paths", "options", "expected"),
    [
        ([1, 1, 1], [[0, 1, 2], [0], [1], [2]], {}, ["1/2"] * 4),  # parking lot
        ([1, 1, 1], [[1], [0], [0, 1], [2], [0]], {}, ["2/3", "1/3", "1/3", "1", "1/3"]),
        ([10], [[0]] * 4, {"limit_gbps": [2, 2.6, 4, 5]}, ["2", "2.6", "2.7", "2.7"]),
        ([16], [[0]] * 4, {"weight": [2.5, 4, 0.5, 1], "limit_gbps": [4, 2, 10, 4]}, ["4", "2", "6", "4"]),
        ([10, 6, 8], [[0, 1, 2], [0], [1], [1, 2], [2], [0, 1]], {}, ["3/2", "7", "3/2", "3/2", "5", "3/2"]),
        ([3], [[0], [0, 0]], {}, ["1", "1"]),  # an arc that occurs twice is taken twice
        ([0, 5], [[0, 1], [1]], {}, ["0", "5"]),
    ],
)
def test_published_and_hand_computed_answers(capacity, paths, options, expected):
    assert rates(capacity, paths, **options) == pytest.approx([float(Fraction(x)) for x in expected], abs=1e-12)


def test_flows_without_arcs_get_their_limit():
    assert rates([1], [[], [0], []], limit_gbps=[3, np.inf, np.inf]).tolist() == [3, 1, np.inf]
    assert rates([1], []).tolist() == []


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_arcs, n_flows = draw(st.integers(1, 8)), draw(st.integers(1, 25))
    capacity = rng.choice([0.0, 1.0, 2.0, 3.5], n_arcs, p=[0.1, 0.5, 0.2, 0.2])
    paths = [
        rng.choice(n_arcs, int(rng.integers(1, min(n_arcs, 4) + 1)), replace=False).tolist() for _ in range(n_flows)
    ]
    weight = rng.choice([1.0, 2.0, 0.3], n_flows) if draw(st.booleans()) else None
    limit = rng.choice([0.1, 0.5, np.inf], n_flows) if draw(st.booleans()) else None
    return capacity, paths, weight, limit


@settings(max_examples=300)
@given(cases())
def test_every_flow_is_limited_or_has_a_bottleneck(case):
    capacity, paths, weight, limit = case
    x = rates(capacity, paths, weight=weight, limit_gbps=limit)
    level = x / (1.0 if weight is None else weight)
    used = np.zeros(len(capacity))
    top = np.zeros(len(capacity))
    for path, rate, height in zip(paths, x, level, strict=True):
        used[path] += rate
        top[path] = np.maximum(top[path], height)
    assert np.all(used <= capacity + 1e-9)
    for flow, path in enumerate(paths):
        at_limit = limit is not None and x[flow] >= limit[flow] - 1e-12
        bottlenecked = any(used[a] >= capacity[a] - 1e-9 and level[flow] >= top[a] - 1e-9 for a in path)
        assert at_limit or bottlenecked


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, -1], [0, 1], [0]), r"capacity_gbps\[1\]: -1"),
        (([1, np.nan], [0, 1], [0]), "nan"),
        (([1], [0, 2], [0]), "flow_offsets"),
        (([1], [0, 1], [3]), "flow_arcs: arc 3; allowed: 0 to 0"),
        (([1], [0, 1], [0], [0.0]), r"weight\[0\]: 0.0; allowed: above 0"),
        (([1], [0, 1], [0], [1.0, 2.0]), "2 entries; allowed: 1"),
        (([1], [0, 1], [0], None, [-1.0]), "limit_gbps"),
        (([1], [0, 0.5], [0]), "whole numbers"),
        (([[1]], [0, 1], [0]), r"shape \(1, 1\)"),
    ],
)
def test_wrong_input_is_named(arguments, words):
    with pytest.raises(SolverError, match=words):
        optinet.max_min_rates(*arguments)
