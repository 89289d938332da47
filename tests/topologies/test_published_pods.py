# SPDX-License-Identifier: Apache-2.0
"""A TPU v4 pod beside published figures: what its links carry, and the packet switches it does without."""

import pytest

import optinet
import topologies


def test_bisection_and_all_links_of_a_tpu_v4_pod():
    """Cloud TPU v4 page: 24 TB/s of bisection, 1.1 PB/s of all links; 45 GB/s a link from the JAX scaling book."""
    torus = topologies.build("torus", dims=(16, 16, 16), capacity_gbps=8 * 45.0)
    cut = optinet.bisection(torus)
    assert cut.lower == cut.upper == 512
    assert cut.lower * 45e9 == pytest.approx(23.04e12)
    assert cut.lower * 45e9 == pytest.approx(24e12, rel=0.1)
    assert torus.n_arcs * 45e9 == pytest.approx(1.1e15, rel=0.1)
    assert torus.n_arcs == 4096 * 6


def test_a_clos_of_40_port_switches_instead_of_48_ocs():
    """SemiAnalysis: about 568 InfiniBand switches for 4,096 endpoints; three full tiers of radix k need 5 N / k."""
    clos = topologies.build("fat_tree", k=40)
    switches = (clos.n_nodes - clos.n_endpoints) * 4096 / clos.n_endpoints
    assert switches == 5 * 4096 / 40 == 512
    assert switches == pytest.approx(568, rel=0.15)
    assert topologies.build("tpu_pod", cubes=(4, 4, 4)).plant.n_ocs == 48
