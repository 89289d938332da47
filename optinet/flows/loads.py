# SPDX-License-Identifier: Apache-2.0
"""The load on every arc, and what it says of the demand as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.shown import Shown


@dataclass(frozen=True, eq=False)
class LinkLoads(Shown):
    """The load on every arc when the whole demand is routed.

    Parameters
    ----------
    arc_load_gbps
        shape (n_arcs,), >= 0; above the capacity where the demand does not fit.
    utilization
        shape (n_arcs,): load over capacity; 0 for an arc of capacity 0.
    throughput
        1 / largest utilization: the largest common scale factor of the demand that fits. Infinite if nothing flows.
    routing
        Name of the routing that gave these loads.
    """

    arc_load_gbps: NDArray[np.float64]
    utilization: NDArray[np.float64]
    throughput: float
    routing: str
