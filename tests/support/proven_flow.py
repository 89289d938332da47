# SPDX-License-Identifier: Apache-2.0
"""Concurrent flow whose two proofs are checked without the engine."""

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

import optinet


def proven(fabric, demand, method="auto", gap=0.01, arc_up=None, **options):
    """Return the answer after checking both of its proofs without the engine."""
    answer = optinet.concurrent_flow(fabric, demand, method, gap, arc_up=arc_up, **options)
    assert answer.lower <= answer.upper
    matrix = demand.to_matrix()
    capacity = fabric.arc_capacity_gbps * (1 if arc_up is None else arc_up)
    flow, length = answer.arc_flow_gbps, answer.arc_length
    assert np.all(flow >= 0) and np.all(flow <= capacity * (1 + 1e-9))
    # what enters a node, less what leaves it, is what it receives less what it sends
    net = np.bincount(fabric.arc_head, flow, fabric.n_nodes) - np.bincount(fabric.arc_tail, flow, fabric.n_nodes)
    wanted = np.zeros(fabric.n_nodes)
    wanted[fabric.endpoints] = answer.lower * (matrix.sum(axis=0) - matrix.sum(axis=1))
    assert net == pytest.approx(wanted, abs=1e-6 * max(1.0, flow.max()))
    # as much flow as demand times distance can need at least
    far = demand_distance(fabric, matrix, np.where(capacity > 0, 1.0, np.inf))
    assert flow.sum() >= answer.lower * far * (1 - 1e-9)
    # any lengths bound the throughput by capacity times length over demand times distance
    distance = demand_distance(fabric, matrix, np.where(capacity > 0, length, np.inf))
    assert answer.upper >= capacity @ length / distance * (1 - 1e-7)
    return answer


def demand_distance(fabric, matrix, length):
    """Demand times distance, hosts split into a sender and a receiver so that they do not forward."""
    n = fabric.n_nodes
    used = np.isfinite(length)
    head = np.where(fabric.forwards[fabric.arc_head], fabric.arc_head, fabric.arc_head + n)[used]
    tail = fabric.arc_tail[used]
    shortest = {}
    for u, v, far in zip(tail.tolist(), head.tolist(), length[used].tolist(), strict=True):
        shortest[u, v] = min(far, shortest.get((u, v), np.inf))
    rows, columns = np.array(list(shortest)).T
    # scipy drops zeros: they stand for lengths too small to matter
    graph = sparse.csr_array((np.maximum(list(shortest.values()), 1e-300), (rows, columns)), shape=(2 * n, 2 * n))
    sinks = np.where(fabric.forwards[fabric.endpoints], fabric.endpoints, fabric.endpoints + n)
    distance = dijkstra(graph, indices=fabric.endpoints)[:, sinks]
    wanted = matrix > 0
    return float((matrix[wanted] * distance[wanted]).sum())
