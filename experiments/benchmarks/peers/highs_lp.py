# SPDX-License-Identifier: Apache-2.0
"""HiGHS through scipy: the largest throughput of any routing, as a linear program (https://highs.dev).

max t such that, for every source s, flow x[s, arc] leaves s and t * demand[s, v] of it stays at every other v, and the
flows of all sources together fit the capacities (source-aggregated maximum concurrent flow; F. Shahrokhi, D. Matula,
JACM 37, 1990).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from experiments.benchmarks.measure import Work
from experiments.benchmarks.peers import version_of

NAME = "HiGHS, scipy"


def version() -> str | None:
    """Return scipy's version, or None."""
    return version_of("scipy")


def uniform_throughput(dims: tuple[int, ...]) -> Work:
    """Return the work: the optimum for one Gb/s between every ordered pair of a torus of 1 Gb/s links."""
    from scipy.optimize import linprog

    import topologies

    fabric = topologies.build("torus", dims=dims, capacity_gbps=1.0)
    n, m = fabric.n_nodes, fabric.n_arcs
    everyone = np.arange(n)
    into = sparse.coo_array((np.ones(m), (fabric.arc_head, np.arange(m))), shape=(n, m))
    out_of = sparse.coo_array((np.ones(m), (fabric.arc_tail, np.arange(m))), shape=(n, m))
    stays = (into - out_of).tocsr()
    blocks = [stays[everyone != s] for s in range(n)]
    demand = -np.ones((n * (n - 1), 1))
    balance = sparse.hstack((sparse.block_diag(blocks), sparse.csr_array(demand))).tocsr()
    fits = sparse.hstack((*([sparse.eye_array(m)] * n), sparse.csr_array((m, 1)))).tocsr()
    objective: NDArray[np.float64] = np.zeros(n * m + 1)
    objective[-1] = -1.0

    def work() -> np.ndarray:
        best = linprog(objective, A_ub=fits, b_ub=np.ones(m), A_eq=balance, b_eq=np.zeros(n * (n - 1)), method="highs")
        return np.array([-best.fun])

    return work
