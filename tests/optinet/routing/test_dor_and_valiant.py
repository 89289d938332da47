# SPDX-License-Identifier: Apache-2.0
"""Dimension order and Valiant in exact rationals, by walking and by listing paths."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optinet
import topologies
from tests.support import routing_reference as reference


def walk(torus, ahead, behind, node, vector):
    """Return arcs and end of a walk axis by axis; link ``rank * n + node`` leads from a node ahead on its axis."""
    arcs, n = [], len(ahead[0])
    for axis, steps in enumerate(vector):
        rank = torus.link_axes.index(axis) if steps else 0
        for _ in range(abs(steps)):
            before = node
            node = int((ahead if steps > 0 else behind)[axis][node])
            arcs.append(2 * (rank * n + before) if steps > 0 else 2 * (rank * n + node) + 1)
    return arcs, node


def reference_dor(torus, demand, tie):
    ahead = [torus.neighbor(axis) for axis in range(len(torus.dims))]
    behind = [np.argsort(each) for each in ahead]
    reach = [range(-k, k + 1) if k > 1 else (0,) for k in torus.dims]
    vectors = sorted(itertools.product(*reach), key=lambda v: sum(map(abs, v)))
    load = Counter()
    for source in range(len(demand)):
        shortest = {}
        for vector in vectors:
            _, end = walk(torus, ahead, behind, source, vector)
            known = shortest.setdefault(end, [vector])
            if vector not in known and sum(map(abs, vector)) == sum(map(abs, known[0])):
                known.append(vector)
        for target, rate in enumerate(demand[source].tolist()):
            ways = [max(shortest[target])] if tie == "positive" else shortest[target]
            for vector in ways:
                for arc in walk(torus, ahead, behind, source, vector)[0]:
                    load[arc] += Fraction(rate) / len(ways)
    return load


@pytest.mark.parametrize("tie", ["split", "positive"])
@pytest.mark.parametrize(
    ("dims", "twisted"),
    [((6,), False), ((4, 5), False), ((2, 4), False), ((1, 4, 3), False), ((2, 2, 4), True), ((2, 4, 4), True)],
)
def test_dimension_order(dims, twisted, tie):
    fabric = topologies.build("torus", dims=dims, twisted=twisted)
    n = fabric.n_endpoints
    demand = np.random.default_rng(0).integers(0, 3, (n, n)) * (1 - np.eye(n, dtype=int))
    expected = reference_dor(fabric.structure, demand, tie)
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, demand), "dor", tie=tie)
    assert loads.arc_load_gbps == pytest.approx([float(expected[arc]) for arc in range(fabric.n_arcs)])


def test_the_tie_rule_on_an_8_by_8_torus():
    # transpose, the worst case with ties split, gets 2/7; half a ring's shift 1/2, or 1/4 where ties go one way
    fabric = topologies.build("torus", dims=(8, 8), capacity_gbps=1.0)
    x, y = np.divmod(np.arange(64), 8)
    transpose = optinet.Demand.permutation(fabric, 8 * y + x)
    half = optinet.Demand.permutation(fabric, 8 * ((x + 4) % 8) + y)
    assert optinet.link_loads(fabric, transpose, "dor").throughput == pytest.approx(2 / 7)
    assert optinet.link_loads(fabric, half, "dor").throughput == pytest.approx(1 / 2)
    assert optinet.link_loads(fabric, half, "dor", tie="positive").throughput == pytest.approx(1 / 4)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_valiant(seed):
    # switches and chips joined at random, hosts with one link each
    rng = np.random.default_rng(seed)
    n_forwarding, n_hosts = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    kinds = np.concatenate((rng.integers(1, 3, n_forwarding), np.zeros(n_hosts, dtype=int)))
    kinds[0] = 1
    ends = [(i, int(rng.integers(i))) for i in range(1, n_forwarding)]
    ends += [tuple(rng.choice(n_forwarding, 2, replace=False).tolist()) for _ in range(int(rng.integers(4)))]
    hosted = rng.integers(n_forwarding, size=n_hosts)
    ends += [(n_forwarding + host, int(node)) for host, node in enumerate(hosted)]
    fabric = optinet.Fabric.from_links(kinds, ends, capacity_gbps=1.0, cost=rng.integers(1, 3, len(ends)))
    at = np.concatenate((np.arange(n_forwarding), hosted))
    turning = [v for v in range(n_forwarding) if kinds[v] == 1 or v in hosted]
    n = fabric.n_endpoints
    demand = rng.integers(0, 3, (n, n)).astype(float)
    load = Counter()
    for i, j in itertools.permutations(range(n), 2):
        source, target = int(fabric.endpoints[i]), int(fabric.endpoints[j])
        vias = [int(at[source])] if at[source] == at[target] else turning
        for via in vias:
            for a, b in ((source, via), (via, target)):
                parts = reference.split_ecmp(fabric, a, b) if a != b else {}
                for arc, part in parts.items():
                    load[arc] += Fraction(demand[i, j]) * part / len(vias)
    loads = optinet.link_loads(fabric, optinet.Demand.from_matrix(fabric, demand), "valiant")
    assert loads.arc_load_gbps == pytest.approx([float(load[arc]) for arc in range(fabric.n_arcs)], abs=1e-9)
