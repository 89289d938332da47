# SPDX-License-Identifier: Apache-2.0
"""What every method of concurrent flow returns: a flow that fits, lengths that bound all flows, and paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optinet.flows.concurrent.problem import Floats, FlowProblem
from optinet.flows.concurrent.routes import Routes


@dataclass(frozen=True, eq=False)
class BoundedFlow:
    """What a method finds on the reduced graph.

    Parameters
    ----------
    throughput
        The scale factor carried by `flow_gbps`, shape (n_arcs,), which is within every capacity.
    length
        shape (n_arcs,), >= 0: lengths of the proof.
    distance
        The demand times its distance under these lengths, over all pairs; the bound is capacity times length over it.
    reached
        Whether the bounds are as close as was asked.
    routes
        The paths of the flow; None if it has none.
    """

    throughput: float
    flow_gbps: Floats
    length: Floats
    distance: float
    reached: bool = True
    routes: Routes | None = None

    @classmethod
    def without_demand(cls, problem: FlowProblem) -> BoundedFlow:
        """Return the answer where no demand crosses any arc of the graph."""
        return cls(np.inf, np.zeros(problem.n_arcs), np.zeros(problem.n_arcs), 0.0)

    @classmethod
    def nothing_found(cls, problem: FlowProblem) -> BoundedFlow:
        """Return the answer of a method that had no time."""
        return cls(0.0, np.zeros(problem.n_arcs), np.zeros(problem.n_arcs), 0.0, reached=False)
