# SPDX-License-Identifier: Apache-2.0
r"""A demand that changes: what following it with the circuits gains, and what the dark time of each change costs.

A phase is a stretch of time with one demand. Staying on circuits carries the share :math:`\theta_s` of it. Changing
them, the circuits that move are dark for a time T: drained, switched, acquired again, restored. Meanwhile the circuits
that stay carry :math:`\theta_d`, and from then on :math:`\theta_n` is carried. Over a phase of length L the mean is

.. math:: \theta_s \qquad\text{or}\qquad
          \frac{\theta_d \min(T, L) + \theta_n \max(L - T, 0)}{L}

so that changing pays when the phase is longer than :math:`T (\theta_n - \theta_d) / (\theta_n - \theta_s)`, or when a
message is larger than what staying carries in that time.

Shares are of the demand, at most 1: traffic is scaled alike, and pairs that no path joins while circuits are dark wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.engineering.topology import BlockLayer, engineer_topology
from optinet.engineering.traffic import Method, engineer_traffic, unreachable
from optinet.errors import Problem, SolverError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Change:
    """One phase, with the circuits as they were and as they become.

    Parameters
    ----------
    stay_fraction, dark_fraction, new_fraction
        Share of the phase's demand carried by the old circuits, by those in both, and by the new ones; 0 to 1.
    demand_gbps
        The phase's demand, all of it.
    circuits_moved, circuits
        Circuits of the new ones that are not among the old, and all new ones.
    """

    stay_fraction: float
    dark_fraction: float
    new_fraction: float
    demand_gbps: float
    circuits_moved: int
    circuits: int

    def mean_fraction(self, length_s: ArrayLike, dark_s: ArrayLike) -> Floats:
        """Return the share of the demand carried over a phase in which the circuits change.

        Parameters
        ----------
        length_s
            Of the phase, > 0.
        dark_s
            Time the moved circuits are dark, >= 0; both broadcast.
        """
        length, dark = np.asarray(length_s, dtype=np.float64), np.asarray(dark_s, dtype=np.float64)
        if not self.circuits_moved:
            return np.broadcast_to(self.new_fraction, np.broadcast_shapes(length.shape, dark.shape)).copy()
        part = np.minimum(dark / length, 1.0)
        mean: Floats = self.dark_fraction * part + self.new_fraction * (1.0 - part)
        return mean

    def break_even_s(self, dark_s: ArrayLike) -> Floats:
        """Return how long the phase must last before changing carries as much as staying; inf if it never does."""
        dark = np.asarray(dark_s, dtype=np.float64)
        gain = self.new_fraction - self.stay_fraction
        if gain <= 1e-9:
            return np.full(dark.shape, np.inf)
        # where even the circuits that stay carry more than all old ones, changing pays at once
        longest: Floats = dark * max(self.new_fraction - self.dark_fraction, 0.0) / gain
        return np.where(self.dark_fraction >= self.stay_fraction, 0.0, longest)

    def break_even_gbit(self, dark_s: ArrayLike) -> Floats:
        """Return how much the phase must send, over all blocks, before changing is done sooner than staying."""
        size: Floats = self.break_even_s(dark_s) * self.stay_fraction * self.demand_gbps
        return size


def carried_fraction(demand: Floats, capacity: Floats, method: Method = "auto") -> float:
    """Return the share of a demand, 0 to 1, that trunks carry; pairs that they do not join wait."""
    demand = np.array(demand, dtype=np.float64)
    np.fill_diagonal(demand, 0.0)
    total = float(demand.sum())
    if total == 0:
        return 1.0
    lost = unreachable(demand, capacity, np.ones(len(demand), dtype=bool))
    demand[lost[:, 0], lost[:, 1]] = 0.0
    joined = float(demand.sum()) / total
    return joined and joined * min(1.0, engineer_traffic(demand, capacity, method=method).throughput)


def change(
    demand: Floats, layer: BlockLayer, old: Ints, new: Ints, method: Method = "auto", kept: Ints | None = None
) -> Change:
    """Return what staying on circuits and changing them carry of a demand.

    Parameters
    ----------
    demand
        shape (n, n), Gb/s.
    layer
        The blocks.
    old, new
        shape (n, n), symmetric: circuits before and after.
    method
        How traffic is split, see `engineer_traffic`.
    kept
        shape (n, n): circuits that stay as they are. When None all that a pair has before and after; wiring them onto
        OCS ports may move more (`optinet.rewire`).
    """
    kept = np.minimum(old, new) if kept is None else kept
    stay, dark, after = (
        carried_fraction(demand, layer.capacity_gbps(circuits), method) for circuits in (old, kept, new)
    )
    total = float(demand.sum() - np.trace(demand))
    return Change(stay, dark, after, total, int((new - kept).sum()) // 2, int(new.sum()) // 2)


def follow(
    demands: Sequence[Floats],
    layer: BlockLayer,
    first: Ints,
    lag: int = 0,
    method: Method = "auto",
    hedge_fraction: float = 0.0,
) -> tuple[Change, ...]:
    """Change the circuits at the start of every phase, for the demand of that phase or of an earlier one.

    Parameters
    ----------
    demands
        Of each phase, shape (n, n), Gb/s.
    layer
        The blocks.
    first
        Circuits before the first phase.
    lag
        Phases by which the demand that circuits are chosen for is stale, >= 0; before there is any the first circuits
        stay.
    method, hedge_fraction
        As in `engineer_topology`.

    Returns
    -------
    tuple[Change, ...]
        One for each phase; `stay_fraction` is what the circuits of the phase before carry.
    """
    if lag < 0:
        raise SolverError(Problem("lag", f"{lag}", "0 or more phases"))
    circuits, changes = first, []
    for phase, demand in enumerate(demands):
        wanted = circuits
        if phase >= lag:
            wanted = engineer_topology(demands[phase - lag], layer, "prices", hedge_fraction).circuits
        changes.append(change(demand, layer, circuits, wanted, method))
        circuits = wanted
    return tuple(changes)


def mispredicted(demand: Floats, error_fraction: float, seed: int) -> Floats:
    """Return a demand as a wrong forecast has it: every pair times a log-normal factor of mean 1.

    Parameters
    ----------
    demand
        shape (n, n).
    error_fraction
        Standard deviation of the factor, >= 0.
    seed
        Of the draw.
    """
    sigma = np.sqrt(np.log1p(error_fraction**2))
    factor = np.random.default_rng(seed).lognormal(-(sigma**2) / 2, sigma, demand.shape)
    wrong: Floats = demand * factor
    return wrong


def capacity_changes(
    layer: BlockLayer, old: Ints, new: Ints, start_s: float, dark_s: float
) -> tuple[Floats, Ints, Floats]:
    """Return a change of circuits as `capacity_changes` of `optinet.simulate_flows`, over trunks as arcs.

    Arc ``u n + v`` is the trunk from block u to block v. Only the circuits that move are taken: at `start_s` the trunks
    that lose circuits shrink to what stays, `dark_s` later the trunks that gain some grow.

    Returns
    -------
    tuple
        time_s, arc, capacity_gbps, each of shape (n_changes,).
    """
    kept = np.minimum(old, new)
    shrink, grow = np.flatnonzero((kept < old).ravel()), np.flatnonzero((new > kept).ravel())
    time = np.repeat([start_s, start_s + dark_s], [len(shrink), len(grow)])
    gbps = [layer.capacity_gbps(circuits).ravel()[arcs] for circuits, arcs in ((kept, shrink), (new, grow))]
    return time, np.concatenate((shrink, grow)), np.concatenate(gbps)
