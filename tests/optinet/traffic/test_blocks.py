# SPDX-License-Identifier: Apache-2.0
"""Traffic between blocks: what is drawn, and that endpoints carry what their blocks exchange."""

import numpy as np
import pytest

import topologies
from optinet import workloads
from optinet.errors import DemandError
from optinet.traffic.blocks import Gravity, Skewed, between_blocks, block_rates


def mesh(blocks=6, hosts=4):
    return topologies.build("ocs_mesh", blocks=blocks, hosts_per_block=hosts, uplinks_per_block=2 * blocks)


def test_gravity_is_the_product_of_sizes():
    shares = Gravity().shares(6, seed=3)
    assert np.array_equal(shares, shares.T)
    assert np.all(np.diag(shares) == 0)
    # four blocks: d_01 d_23 = d_02 d_13
    assert shares[0, 1] * shares[2, 3] == pytest.approx(shares[0, 2] * shares[1, 3])
    assert np.allclose(Gravity(variation_fraction=0).shares(5, 0), 1 - np.eye(5))


def test_sizes_vary_as_asked():
    pair = Gravity(variation_fraction=0.5).shares(20_001, seed=1)[0, 1:]
    assert pair.std() / pair.mean() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("n", [8, 9])
def test_a_share_goes_to_partners(n):
    shares = Skewed(partners=2, hot_fraction=0.6).shares(n, seed=5)
    assert np.array_equal(shares, shares.T)
    even = 0.4 / (n - 1)
    hot = np.where(shares > even * (1 + 1e-9), shares - even, 0.0)
    assert hot.sum() == pytest.approx(0.6 * (n - n % 2))
    assert np.all(np.count_nonzero(hot, axis=1) <= 2)
    assert np.allclose(Skewed(hot_fraction=0).shares(4, 0), (1 - np.eye(4)) / 3)


def test_seeds_draw_differently():
    for pattern in (Gravity(), Skewed()):
        assert np.array_equal(pattern.shares(8, 1), pattern.shares(8, 1))
        assert not np.array_equal(pattern.shares(8, 1), pattern.shares(8, 2))


@pytest.mark.parametrize("name", ["gravity", "skewed"])
def test_the_busiest_block_sends_the_rate_asked_for(name):
    demand = workloads.demand(mesh(), name, {"blocks": 6, "gbps_per_endpoint": 100.0}, seed=2)
    assert max(demand.out_gbps.max(), demand.in_gbps.max()) == pytest.approx(100.0)
    by_block = demand.to_matrix().reshape(6, 4, 6, 4).sum(axis=(1, 3))
    pattern = {"gravity": Gravity(), "skewed": Skewed()}[name]
    assert np.allclose(by_block, block_rates(pattern.shares(6, 2), 4, 100.0))


def test_endpoints_talk_to_their_likes():
    gbps = np.array([[5.0, 2.0], [3.0, 0.0]])
    demand = between_blocks(mesh(2, 3), gbps).to_matrix()
    assert np.allclose(demand[:3, 3:], np.eye(3) * 2 / 3)
    assert np.allclose(demand[3:, :3], np.eye(3))
    assert np.all(demand[:3, :3] == 0)


def test_blocks_that_do_not_divide_the_endpoints_are_named():
    with pytest.raises(DemandError, match="5 blocks of 24 endpoints"):
        workloads.demand(mesh(), "gravity", {"blocks": 5})
    with pytest.raises(DemandError, match="hot_fraction"):
        workloads.demand(mesh(), "skewed", {"blocks": 6, "hot_fraction": 2})
