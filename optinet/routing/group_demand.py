# SPDX-License-Identifier: Apache-2.0
"""The demand between groups of endpoints, pair by pair, for routings that treat every pair on its own."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from optinet.routing.core_graph import CoreGraph, Ints
from optinet.traffic.demand import Demand


def n_group_pairs(core: CoreGraph, demand: Demand) -> int:
    """Return an upper bound on the pairs of groups with demand, found without listing them."""
    if demand.matrix is not None:
        return int(min(demand.matrix.nnz, core.n_groups**2))
    senders, receivers = (core.by_group(gbps) for gbps in (demand.out_gbps, demand.in_gbps))
    return int(np.count_nonzero(senders) * np.count_nonzero(receivers))


def group_demand(core: CoreGraph, demand: Demand) -> sparse.coo_array:
    """Return Gb/s between groups, traffic within a group included; shape (n_groups, n_groups)."""
    if demand.is_rank_one:
        assert demand.source_gbps is not None and demand.target_share is not None
        gbps = np.outer(core.by_group(demand.source_gbps), core.by_group(demand.target_share))
        gbps[np.diag_indices(core.n_groups)] -= core.by_group(demand.source_gbps * demand.target_share)
        return sparse.coo_array(np.maximum(gbps, 0.0))  # a difference of equals may round below 0
    return core.group_matrix(demand).tocoo()


def at_nodes(core: CoreGraph, by_group: sparse.coo_array) -> tuple[Ints, Ints]:
    """Return the core nodes that the entries of `group_demand` go from and to."""
    row, column = by_group.coords
    return core.group_node[row], core.group_node[column]
