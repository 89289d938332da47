# SPDX-License-Identifier: Apache-2.0
"""Traffic between blocks: who talks to whom as a matrix of shares, and how endpoints of blocks take part in it.

Blocks are equal, consecutive groups of endpoints. The patterns are of the same shape whatever the fabric, so that one
demand is put on fabrics with and without blocks.

*Gravity*: two blocks exchange in proportion to the product of their sizes, which L. Poutievski et al., "Jupiter
Evolving", SIGCOMM 2022, find to describe their fabrics well. Sizes are drawn log-normally.

*Skewed*: every block exchanges a share of its traffic with a few partners, by random matchings, and the rest evenly
with all: jobs that span a few blocks each over a background.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.traffic.demand import Demand

Floats = NDArray[np.float64]


class Gravity(BaseModel):
    """Blocks of different sizes; traffic in proportion to the product of both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variation_fraction: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = Field(
        default=0.44,
        description="standard deviation of the blocks' sizes over their mean (engineering estimate: middle of the "
        "0.32-0.56 recalled for ten fabrics of Jupiter Evolving)",
    )

    def shares(self, n_blocks: int, seed: int) -> Floats:
        """Return the traffic between blocks, of any scale; shape (n, n), symmetric, zero diagonal."""
        sigma = np.sqrt(np.log1p(self.variation_fraction**2))
        size = np.random.default_rng(seed).lognormal(0.0, sigma, n_blocks)
        shares = np.outer(size, size)
        np.fill_diagonal(shares, 0.0)
        return shares


class Skewed(BaseModel):
    """Every block talks to a few partners and, with what is left, to all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partners: Annotated[int, Field(ge=1)] = Field(
        default=4, description="partners of each block (engineering estimate: jobs over a handful of blocks)"
    )
    hot_fraction: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        default=0.5, description="share of a block's traffic with its partners (engineering estimate)"
    )

    def shares(self, n_blocks: int, seed: int) -> Floats:
        """Return the traffic between blocks, of any scale; shape (n, n), symmetric, zero diagonal.

        Each of `partners` random matchings pairs all blocks, but one where their number is odd; a pair may be drawn
        more than once.
        """
        rng = np.random.default_rng(seed)
        hot = np.zeros((n_blocks, n_blocks))
        for _ in range(self.partners):
            order = rng.permutation(n_blocks)[: n_blocks // 2 * 2].reshape(-1, 2).T
            hot[order[0], order[1]] += 1.0 / self.partners
            hot[order[1], order[0]] += 1.0 / self.partners
        even = (1.0 - np.eye(n_blocks)) / max(1, n_blocks - 1)
        return self.hot_fraction * hot + (1.0 - self.hot_fraction) * even


Pattern = Gravity | Skewed


def block_rates(shares: Floats, endpoints_per_block: int, gbps_per_endpoint: float) -> Floats:
    """Scale traffic between blocks so that endpoints of the busiest block send or receive `gbps_per_endpoint` each.

    Parameters
    ----------
    shares
        shape (n, n): as a pattern gives them.
    endpoints_per_block, gbps_per_endpoint
        What one block can send: their product.
    """
    busiest = max(shares.sum(axis=1).max(), shares.sum(axis=0).max())
    return shares * (endpoints_per_block * gbps_per_endpoint / busiest) if busiest > 0 else shares


def between_blocks(fabric: Fabric, block_gbps: Floats) -> Demand:
    """Spread traffic between blocks over their endpoints: endpoint i of a block talks to endpoint i of each other.

    Parameters
    ----------
    fabric
        Its endpoints, in order, make blocks of equal size.
    block_gbps
        shape (n_blocks, n_blocks), >= 0; the diagonal carries nothing.

    Raises
    ------
    DemandError
        If the endpoints do not divide into so many blocks.
    """
    n_blocks = len(block_gbps)
    if fabric.n_endpoints % n_blocks or fabric.n_endpoints < n_blocks:
        found = f"{n_blocks} blocks of {fabric.n_endpoints} endpoints"
        raise DemandError(Problem("workload.blocks", found, "a number that divides the endpoints"))
    each = fabric.n_endpoints // n_blocks
    source, target = np.nonzero(block_gbps * (1 - np.eye(n_blocks)))
    lane = np.arange(each)
    row, column = ((block[:, None] * each + lane).ravel() for block in (source, target))
    gbps = np.repeat(block_gbps[source, target] / each, each)
    return Demand.from_matrix(fabric, sparse.coo_array((gbps, (row, column)), shape=(fabric.n_endpoints,) * 2))


def of_blocks(demand: Demand, block: NDArray[np.int64], n_blocks: int) -> Floats:
    """Return what blocks of endpoints send each other; shape (n_blocks, n_blocks), zero diagonal.

    Parameters
    ----------
    demand
        Between endpoints.
    block
        shape (n_endpoints,): the block of each endpoint.
    n_blocks
        Number of blocks.
    """
    gbps = np.zeros((n_blocks, n_blocks))
    if demand.matrix is not None:
        pairs = demand.matrix.tocoo()
        np.add.at(gbps, (block[pairs.coords[0]], block[pairs.coords[1]]), pairs.data)
    else:
        assert demand.source_gbps is not None and demand.target_share is not None
        sent, share = (np.bincount(block, v, n_blocks) for v in (demand.source_gbps, demand.target_share))
        gbps += np.outer(sent, share)
    np.fill_diagonal(gbps, 0.0)
    return gbps
