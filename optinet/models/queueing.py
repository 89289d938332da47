# SPDX-License-Identifier: Apache-2.0
r"""Queueing: how long packets wait at arcs that are busy, and the latency of a fabric under load.

An arc serves packets one by one at its capacity. With utilization :math:`\rho`, service times S and packets that
arrive as a Poisson process, the mean time a packet waits before its service begins is (F. Pollaczek, 1930; A.
Khinchine, 1932; L. Kleinrock, "Queueing Systems", vol. 1, 1975, sections 5.6 and 3.2)

.. math:: W_q = \frac{\rho}{2 (1 - \rho)} \frac{E[S^2]}{E[S]} \quad \text{(M/G/1)}, \qquad
          W_q = \frac{\rho S}{2 (1 - \rho)} \quad \text{(M/D/1)}, \qquad
          W_q = \frac{\rho S}{1 - \rho} \quad \text{(M/M/1)}.

Example. Packets of 1500 B take 120 ns at 100 Gb/s; at half load they wait 60 ns on average if all are alike.

Where this stops being valid. At :math:`\rho \ge 1` there is no steady state and the wait is infinite. Close to 1 the
mean is dominated by rare, long queues that real buffers drop and congestion control keeps away: arcs above
`VALID_UTILIZATION` are counted and should be read as "congested", not as a number. Poisson arrivals, independent from
arc to arc (Kleinrock's independence approximation), suit many small flows. A collective sends in bursts and waits
longer; paced or scheduled traffic waits less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.errors import Problem, SolverError
from optinet.models.latency import LatencyDistribution
from optinet.models.values import unwrapped

if TYPE_CHECKING:
    from optinet.routing.signatures import HopKinds
    from optinet.solution import Solution

Floats = NDArray[np.float64]

VALID_UTILIZATION = 0.95
"""Above this an arc is congested and its mean wait says little (engineering estimate)."""


@dataclass(frozen=True, eq=False)
class LoadedLatency:
    """Latency of the traffic at a load that does not change.

    Parameters
    ----------
    times
        Zero-load latency and waiting of every path signature; the part ``queueing`` is the mean wait. Infinite where
        a path crosses a kind of arcs some of which are saturated.
    wait_ns
        shape (n_arcs,): mean wait at each arc; infinite at utilization 1.
    utilization
        shape (n_arcs,): at the load in question.
    """

    times: LatencyDistribution
    wait_ns: Floats
    utilization: Floats

    @property
    def n_congested(self) -> int:
        """Arcs above `VALID_UTILIZATION`, whose waits are not to be trusted."""
        return int(np.count_nonzero(self.utilization > VALID_UTILIZATION))


def md1_wait_ns(utilization: ArrayLike, service_ns: ArrayLike) -> Floats:
    """Return the mean wait with packets of one size (M/D/1).

    Parameters
    ----------
    utilization
        >= 0, any shape.
    service_ns
        Time one packet takes, of a shape that fits.
    """
    return 0.5 * mm1_wait_ns(utilization, service_ns)


def mm1_wait_ns(utilization: ArrayLike, service_ns: ArrayLike) -> Floats:
    """Return the mean wait with exponentially distributed packet sizes (M/M/1), for reference.

    Parameters
    ----------
    utilization
        >= 0, any shape.
    service_ns
        Mean time a packet takes, of a shape that fits.
    """
    rho, service = np.broadcast_arrays(np.asarray(utilization, dtype=np.float64), service_ns)
    wait = np.full(rho.shape, np.inf)
    np.divide(rho * service, 1 - rho, out=wait, where=rho < 1)
    return wait


def mg1_wait_ns(
    utilization: ArrayLike, capacity_gbps: ArrayLike, packet_bytes: ArrayLike, packet_fraction: ArrayLike = 1.0
) -> Floats:
    """Return the mean wait with a mix of packet sizes (M/G/1, Pollaczek-Khinchine).

    Parameters
    ----------
    utilization
        >= 0, any shape.
    capacity_gbps
        > 0, of a shape that fits; an arc without capacity has no wait.
    packet_bytes, packet_fraction
        shape (n_sizes,), or one number: the sizes and the share of packets of each size. One size is M/D/1.

    Raises
    ------
    SolverError
        If sizes are not positive and finite, or the shares do not sum to 1.
    """
    size, share = _mix(packet_bytes, packet_fraction)
    effective_bits = 8 * float(share @ size**2) / float(share @ size)
    capacity = np.asarray(capacity_gbps, dtype=np.float64)
    service_ns = np.divide(effective_bits, capacity, out=np.zeros_like(capacity), where=capacity > 0)
    return md1_wait_ns(utilization, service_ns)


def erlang_b(servers: int, offered_erlang: float) -> float:
    """Return the share of circuits refused when none waits (A. K. Erlang, 1917).

    Parameters
    ----------
    servers
        Circuits that can be held at once, >= 0.
    offered_erlang
        Requests per holding time, >= 0.
    """
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered_erlang * blocked / (n + offered_erlang * blocked)
    return blocked


def loaded_latency(
    solution: Solution,
    times: LatencyDistribution,
    packet_bytes: ArrayLike = 4096,
    packet_fraction: ArrayLike = 1.0,
    *,
    load_scale: float = 1.0,
) -> LoadedLatency:
    """Return the latency over the traffic with queueing along the paths.

    A path waits, at each hop, the mean wait over the arcs of that hop's kind, weighted by their load. So the mean over
    the traffic is exact for the given arc waits, while the spread among paths of one composition is averaged out.
    Waiting for the sender's own link is inside; the time a packet itself takes is not, since switches cut through.

    Parameters
    ----------
    solution
        A demand routed on a fabric.
    times
        Zero-load latency of the same solution (`optinet.models.latency.latency`).
    packet_bytes, packet_fraction
        As in `mg1_wait_ns`; 4096 B is the largest InfiniBand MTU and RoCE's usual one.
    load_scale
        The load, in multiples of the solution's demand; >= 0.

    Raises
    ------
    SolverError
        If the packet mix makes no sense or the scale is negative or not a number.
    """
    if not 0 <= load_scale < np.inf:
        raise SolverError(Problem("load_scale", f"{load_scale}", "at least 0, finite"))
    utilization = solution.loads.utilization * load_scale
    wait_ns = mg1_wait_ns(utilization, solution.fabric.arc_capacity_gbps, packet_bytes, packet_fraction)
    kind_ns = _mean_by_kind(solution.paths.kinds, solution.loads.arc_load_gbps, wait_ns)
    hops = solution.paths.hops
    # 0 hops over a saturated kind are no wait, not 0 * inf
    waits = np.where(hops > 0, hops * kind_ns, 0.0).sum(axis=1)
    mean = unwrapped(waits @ times.weight) if len(times.weight) else np.nan
    loaded = LatencyDistribution(
        times.latency_ns + waits, times.weight, {**times.components_ns, "queueing": mean}, times.includes_nic
    )
    return LoadedLatency(loaded, wait_ns, utilization)


def _mean_by_kind(kinds: HopKinds, load_gbps: Floats, wait_ns: Floats) -> Floats:
    """Return the mean wait over the arcs of each kind, weighted by load; 0 for a kind that carries nothing."""
    used = load_gbps > 0
    kind, load = kinds.arc_kind[used], load_gbps[used]
    n_kinds = len(kinds.link_class)
    total = np.bincount(kind, weights=load, minlength=n_kinds)
    weighted = np.bincount(kind, weights=load * wait_ns[used], minlength=n_kinds)
    return np.divide(weighted, total, out=np.zeros(n_kinds), where=total > 0)


def _mix(packet_bytes: ArrayLike, packet_fraction: ArrayLike) -> tuple[Floats, Floats]:
    size = np.atleast_1d(np.asarray(packet_bytes, dtype=np.float64))
    share = np.atleast_1d(np.asarray(packet_fraction, dtype=np.float64))
    problems = []
    if not (size.ndim == 1 and len(size) and np.all((size > 0) & (size < np.inf))):
        problems.append(Problem("packet_bytes", str(size), "positive numbers"))
    if share.shape != size.shape or not (np.all(share >= 0) and abs(share.sum() - 1) < 1e-9):
        problems.append(Problem("packet_fraction", str(share), "a share for each size, together 1"))
    if problems:
        raise SolverError(problems)
    return size, share
