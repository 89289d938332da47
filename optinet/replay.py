# SPDX-License-Identifier: Apache-2.0
"""What came of replaying a list of flows, apart from what replays it, so that a run file is read without a solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PERCENTILES = (0.0, 1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0, 99.9, 100.0)
"""Shares of the flows whose times are told, in %."""


@dataclass(frozen=True, eq=False)
class Replay:
    """What came of replaying a list of flows for several start-up times.

    Parameters
    ----------
    routing
        Whose hash chose the paths.
    n_flows
        Flows on links.
    by_library
        Whether a library sends them, as in `optinet.workloads.flow_list.FlowList`.
    computing_s
        Work without links of the endpoint that has most.
    listed_s
        The start-up time of a flow in the design as listed.
    startup_s
        shape (k,): the start-up times replayed, rising.
    makespan_s
        shape (k,): when everything had ended.
    completion_s
        shape (k, n_percentiles): time from begin to end that a share of the flows on links does not exceed, for each of
        `PERCENTILES`; NaN without any.
    """

    routing: str
    n_flows: int
    by_library: bool
    computing_s: float
    listed_s: float
    startup_s: Floats
    makespan_s: Floats
    completion_s: Floats

    def at(self, values_s: Floats, startup_s: float | Floats) -> float | Floats:
        """Return times at any start-up, on straight lines through those replayed, which go on beyond the ends.

        Parameters
        ----------
        values_s
            shape (k,): one for every start-up time replayed.
        startup_s
            A number or an array, which is the shape of what is returned.
        """
        known, x = self.startup_s, np.asarray(startup_s, dtype=np.float64)
        if len(known) == 1:
            return np.full(x.shape, values_s[0]) if x.ndim else float(values_s[0])
        piece = np.clip(np.searchsorted(known, x, side="right") - 1, 0, len(known) - 2)
        slope = np.diff(values_s) / np.diff(known)
        found = values_s[piece] + slope[piece] * (x - known[piece])
        return found if x.ndim else float(found)
