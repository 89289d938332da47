# SPDX-License-Identifier: Apache-2.0
"""A concurrent flow as it is told: two proven bounds, the flow of the one and the lengths that prove the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optinet.shown import Shown


@dataclass(frozen=True, eq=False)
class ConcurrentFlow(Shown):
    """The largest common scale factor of a demand that any routing can carry, between two proven bounds.

    Parameters
    ----------
    lower
        Carried by `arc_flow_gbps`. Infinite if there is no demand.
    upper
        Proven by `arc_length`; at least `lower`.
    method
        How it was found: "symmetric", "lp" or "fptas".
    note
        Why the gap is larger than asked for, or why a method gave way to another; empty when all went as asked.
    arc_flow_gbps
        shape (n_arcs,), >= 0: the flow of `lower` times the demand, within every capacity.
    arc_length
        shape (n_arcs,), >= 0, per Gb/s: lengths under which one unit of every demand travels at least 1 in all, so
        that no scale factor above ``upper = sum(capacity * length)`` fits. They say where the limit is
        (`optinet.flows.limit`): one more Gb/s on an arc adds at most its length to the throughput.
    """

    lower: float
    upper: float
    method: str
    note: str
    arc_flow_gbps: NDArray[np.float64]
    arc_length: NDArray[np.float64]

    @property
    def throughput(self) -> float:
        """The scale factor that is proven to fit: `lower`."""
        return self.lower

    @property
    def gap(self) -> float:
        """``(upper - lower) / lower``: 0 for an empty demand, infinite if nothing fits yet something might."""
        if self.upper <= self.lower:
            return 0.0
        return (self.upper - self.lower) / self.lower if self.lower > 0 else np.inf
