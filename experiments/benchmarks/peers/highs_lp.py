# SPDX-License-Identifier: Apache-2.0
"""HiGHS through scipy: the largest throughput of any routing, as a linear program (https://highs.dev).

max t such that, for every source s, flow x[s, arc] leaves s and t * demand[s, v] of it stays at every other v, and the
flows of all sources together fit the capacities (source-aggregated maximum concurrent flow; F. Shahrokhi, D. Matula,
JACM 37, 1990). Hosts of one switch are one node, and t is at most what their own links allow.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from experiments.benchmarks.measure import Work
from experiments.benchmarks.peers import version_of

NAME = "HiGHS, scipy"


def version() -> str | None:
    """Return scipy's version, or None."""
    return version_of("scipy")


def throughput(
    topology: str, parameters: dict[str, object], workload: dict[str, object], method: Literal["highs-ds", "highs-ipm"]
) -> Work:
    """Return the work: the optimum for a demand on a fabric whose hosts have one link each.

    Parameters
    ----------
    topology, parameters, workload
        As `experiments.benchmarks.inputs.demanded` takes them.
    method
        HiGHS's simplex or its interior point.
    """
    from scipy.optimize import linprog

    from experiments.benchmarks.inputs import demanded

    fabric, demand = demanded(topology, parameters, workload)
    inner = fabric.forwards[fabric.arc_tail] & fabric.forwards[fabric.arc_head]
    number = np.cumsum(fabric.forwards) - 1
    n, m = int(fabric.forwards.sum()), int(inner.sum())
    tail, head, capacity = (each[inner] for each in (fabric.arc_tail, fabric.arc_head, fabric.arc_capacity_gbps))
    host = ~fabric.forwards[fabric.arc_tail]
    holder = np.arange(fabric.n_nodes)
    holder[fabric.arc_tail[host]] = fabric.arc_head[host]
    at = number[holder[fabric.endpoints]]
    pairs = demand.to_matrix()
    gbps = np.zeros((n, n))
    np.add.at(gbps, (at[:, None], at), pairs)
    np.fill_diagonal(gbps, 0.0)
    own = np.zeros(fabric.n_nodes)
    own[fabric.arc_tail[host]] = fabric.arc_capacity_gbps[host]
    most = np.divide(
        own[fabric.endpoints], pairs.sum(axis=1), out=np.full(len(at), np.inf), where=own[fabric.endpoints] > 0
    )

    into = sparse.coo_array((np.ones(m), (number[head], np.arange(m))), shape=(n, m))
    out_of = sparse.coo_array((np.ones(m), (number[tail], np.arange(m))), shape=(n, m))
    stays = (into - out_of).tocsr()
    everyone, senders = np.arange(n), np.flatnonzero(gbps.sum(axis=1))
    scale = float(gbps.max())
    blocks = [stays[everyone != s] for s in senders]
    wanted = -np.concatenate([gbps[s, everyone != s] for s in senders])[:, None] / scale
    balance: Any = sparse.hstack([sparse.block_diag(blocks), sparse.csr_array(wanted)], format="csr")
    fits: Any = sparse.hstack([*([sparse.eye_array(m)] * len(senders)), sparse.csr_array((m, 1))], format="csr")
    objective: NDArray[np.float64] = np.zeros(len(senders) * m + 1)
    objective[-1] = -1.0
    unit = float(capacity.max())

    def work() -> np.ndarray:
        zeros = np.zeros(balance.shape[0])
        best: Any = linprog(objective, A_ub=fits, b_ub=capacity / unit, A_eq=balance, b_eq=zeros, method=method)
        return np.array([min(-best.fun * unit / scale, float(most.min()))])

    return work
