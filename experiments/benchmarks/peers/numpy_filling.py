# SPDX-License-Identifier: Apache-2.0
"""Progressive filling in plain numpy: what one writes without a solver; the reference for max-min rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NAME = "numpy"


def version() -> str:
    """Return numpy's version."""
    return np.__version__


def max_min_rates(
    capacity_gbps: NDArray[np.float64], offsets: NDArray[np.int64], arcs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return max-min fair rates: in every round the arcs with the least fair share freeze their flows.

    Parameters
    ----------
    capacity_gbps
        shape (n_arcs,).
    offsets, arcs
        Paths as `optinet.max_min_rates` takes them.
    """
    n_arcs, n_flows = len(capacity_gbps), len(offsets) - 1
    flow = np.repeat(np.arange(n_flows), np.diff(offsets))
    left = capacity_gbps.copy()
    rate = np.full(n_flows, np.inf)
    rate[flow] = 0.0
    active = np.ones(len(arcs), dtype=bool)
    while active.any():
        hop_arc, hop_flow = arcs[active], flow[active]
        count = np.bincount(hop_arc, minlength=n_arcs)
        share = np.divide(left, count, out=np.full(n_arcs, np.inf), where=count > 0)
        least = share.min()
        frozen = np.unique(hop_flow[share[hop_arc] <= least * (1 + 1e-12)])
        rate[frozen] = least
        is_frozen = np.zeros(n_flows, dtype=bool)
        is_frozen[frozen] = True
        ends = active & is_frozen[flow]
        left -= least * np.bincount(arcs[ends], minlength=n_arcs)
        left = np.maximum(left, 0.0)
        active &= ~ends
    return rate
