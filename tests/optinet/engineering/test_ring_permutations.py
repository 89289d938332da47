# SPDX-License-Identifier: Apache-2.0
"""All-reduce over several one-way rings that an OCS sets up at once, as in TopoOpt (Wang et al., NSDI 2023)."""

import numpy as np
import pytest

import optinet


@pytest.mark.parametrize(("p", "strides"), [(16, (1, 3, 5, 7)), (8, (1, 3))])
def test_edge_disjoint_rings_share_an_all_reduce(p, strides):
    """2 (p - 1) a + 2 (p - 1) / p (n / rings) b: every ring reduces its part of the data on circuits of its own."""
    size_gbit, latency_s, link_gbps = 8.0, 5e-6, 100.0
    node = np.arange(p)
    links = np.concatenate([np.column_stack((node, (node + stride) % p)) for stride in strides])
    fabric = optinet.Fabric.from_links([1] * p, links, capacity_gbps=link_gbps, reverse_capacity_gbps=0.0)
    assert len(np.unique(links, axis=0)) == len(links)  # no two rings share a circuit
    steps, rings = 2 * (p - 1), len(strides)
    # flow (ring, step, node) passes a chunk on to the next node of its ring, once it has come from the one before
    index = np.arange(rings * steps * p).reshape(rings, steps, p)
    arcs = np.broadcast_to(2 * (np.arange(rings)[:, None, None] * p + node), index.shape)
    before = np.stack([index[r, :-1][:, (node - stride) % p] for r, stride in enumerate(strides)])
    after = np.column_stack((before.ravel(), index[:, 1:].ravel()))
    chunk_gbit = size_gbit / rings / p
    result = optinet.simulate_flows(
        fabric.arc_capacity_gbps,
        np.arange(index.size + 1),
        arcs.ravel(),
        np.full(index.size, chunk_gbit),
        after=after,
        latency_s=np.full(index.size, latency_s),
    )
    expected = 2 * (p - 1) * latency_s + 2 * (p - 1) / p * (size_gbit / rings) / link_gbps
    assert result.makespan_s == pytest.approx(expected, rel=1e-9)
