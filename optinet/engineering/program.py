# SPDX-License-Identifier: Apache-2.0
r"""Linear programs (HiGHS) over direct and one-transit paths, with trunks given or with circuits to choose.

Trunks given: carry all demand :math:`d` with the smallest largest utilization :math:`t` over capacities :math:`c`.
Circuits to choose: the trunk between u and v has :math:`s_{uv} x_{uv}` in each direction, for any :math:`x \ge 0`
with :math:`\sum_v x_{uv} \le t\, n_u`, the uplinks of block u times t. Integer circuits are not asked for, so
:math:`1 / t` bounds the throughput of every topology under every routing over at most one transit block.

Duality gives the proof: for any trunk prices :math:`\lambda \ge 0`, with :math:`\pi_{uv}` the cheapest path,

.. math:: t \ge \frac{\sum d\,\pi}{\sum c\,\lambda} \qquad\text{and}\qquad
          t \ge \frac{\sum d\,\pi}{\sum_u n_u \mu_u},\quad s_{uv}(\lambda_{uv} + \lambda_{vu}) \le \mu_u + \mu_v .

Both are computed anew from the solver's prices, so that its tolerances cannot make a bound wrong. Paths come into a
program as they are found missing (column generation): those cheaper than all that their pair has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PATHS_PER_ROUND = 4  # of each pair
_ROUNDS = 40
_CHEAPER = 1e-7  # share by which a path must be cheaper to be missing
_TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
# the programs are very degenerate: the simplex method is up to twenty times slower, but where trunks differ by orders
# of magnitude the interior point method may give up
_METHODS = ("highs-ipm", "highs-ds")


@dataclass(frozen=True, eq=False)
class Split:
    """A split over given trunks.

    Parameters
    ----------
    flow_gbps
        shape (n, n, n): as in `optinet.engineering.traffic.TrafficPlan`.
    lower_utilization
        No split has a smaller largest utilization.
    price
        shape (n, n): trunk prices that prove it.
    """

    flow_gbps: Floats
    lower_utilization: float
    price: Floats


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The best fractional circuits for a demand, and among those the ones with the least transit.

    Parameters
    ----------
    circuits
        shape (n, n), symmetric: within the uplinks, for the demand times `throughput`.
    throughput
        What they carry.
    upper_throughput
        Proven: no topology carries more.
    """

    circuits: Floats
    throughput: float
    upper_throughput: float


def split(demand: Floats, capacity: Floats, usable: Bools, start: Floats | None = None) -> Split | None:
    """Return the split with the smallest largest utilization and, among those, the least transit.

    Parameters
    ----------
    demand, capacity
        shape (n, n), zero diagonals; some demand.
    usable
        shape (n, n, n): whether there is a path from u to v by way of w, for w = v a trunk.
    start
        shape (n, n, n): a split whose paths the program begins with; all paths when None. Then the least transit is
        over the paths that came into the program.

    Returns
    -------
    Split | None
        None if HiGHS gives up.
    """
    node = np.arange(len(demand))
    wanted = usable & (demand > 0)[:, :, None]
    listed = wanted.copy()
    if start is not None:
        listed &= start > 0
        listed[:, node, node] = wanted[:, node, node]
    unit = float(demand.sum() / capacity.sum())  # utilizations near 1 suit the solver's tolerances
    lower, price = 0.0, np.zeros_like(demand)
    for _ in range(_ROUNDS):
        paths = _Paths.of(listed)
        program = _split_program(paths, demand, capacity * unit)
        found = program.solve(np.append(np.zeros(paths.count), 1.0))
        if found is None:
            return None
        answer = found
        cheapest, missing = _missing(answer.price, wanted, listed)
        bound = float((demand * cheapest).sum() / (capacity * answer.price).sum())
        if bound > lower:
            lower, price = bound, answer.price
        if not missing.any() or answer.x[-1] * unit <= lower * (1 + 1e-6):
            break
        listed |= missing
    least = program.solve(np.append(_transit_cost(paths, demand), 0.0), float(answer.x[-1]))
    flow = np.zeros((len(demand),) * 3)
    flow[paths.source, paths.target, paths.via] = np.maximum((least or answer).x[:-1], 0.0)
    flow *= np.divide(demand, flow.sum(axis=2), out=np.zeros_like(demand), where=demand > 0)[:, :, None]
    return Split(flow, lower, price)


def relaxation(demand: Floats, circuit_gbps: Floats, uplinks: Ints, gap: float = 1e-4) -> Relaxation | None:
    """Return the best fractional circuits for a demand, and the bound that they prove.

    Parameters
    ----------
    demand
        shape (n, n), zero diagonal; some demand.
    circuit_gbps
        shape (n, n), symmetric, > 0 off the diagonal: what a circuit between each pair carries per direction.
    uplinks
        shape (n,), >= 1: circuits each block can end.
    gap
        Share of the bound at which adding paths stops.

    Returns
    -------
    Relaxation | None
        None if HiGHS gives up.
    """
    n, node = len(demand), np.arange(len(demand))
    apart = ~np.eye(n, dtype=bool)
    wanted = (apart[:, None, :] & apart.T[None]) & (demand > 0)[:, :, None]
    wanted[:, node, node] = demand > 0
    listed = np.zeros((n, n, n), dtype=bool)
    listed[:, node, node] = demand > 0
    # demand over what all uplinks might carry: utilizations near 1
    unit = float(demand.sum() / (circuit_gbps.sum(axis=1) / (n - 1) * uplinks).sum())
    lower = 0.0
    for _ in range(_ROUNDS):
        paths = _Paths.of(listed)
        program = _circuit_program(paths, demand, circuit_gbps * unit, uplinks)
        found = program.solve(np.append(np.zeros(program.n_columns - 1), 1.0))
        if found is None:
            return None
        answer = found
        cheapest, missing = _missing(answer.price, wanted, listed)
        even = (answer.price + answer.price.T) / 2  # as good a proof where demand is symmetric, and free of ties
        for price, way in ((answer.price, cheapest), (even, _missing(even, wanted, listed)[0])):
            bound = _circuit_bound(demand, circuit_gbps * unit, uplinks, price, way, answer.block_price)
            lower = max(lower, bound * unit)
        value = answer.x[-1] * unit
        if not missing.any() or value <= lower * (1 + gap):
            break
        listed |= missing
    cost = np.append(_transit_cost(paths, demand), np.zeros(program.n_columns - paths.count))
    least = program.solve(cost, float(answer.x[-1]))
    circuits = np.zeros((n, n))
    circuits[np.triu_indices(n, 1)] = (least or answer).x[paths.count : -1] / answer.x[-1]
    return Relaxation(circuits + circuits.T, 1.0 / value, 1.0 / lower)


@dataclass(frozen=True, eq=False)
class _Paths:
    """Paths from source to target by way of via, via = target for the trunk; each of shape (count,)."""

    source: Ints
    target: Ints
    via: Ints

    @classmethod
    def of(cls, mask: Bools) -> _Paths:
        return cls(*(axis.astype(np.int64) for axis in np.nonzero(mask)))

    @property
    def count(self) -> int:
        return len(self.via)

    def hops(self, n: int) -> tuple[Ints, Ints]:
        """Return the trunk, u n + v, and the path of every hop."""
        path, two = np.arange(self.count), self.via != self.target
        trunk = np.concatenate((self.source * n + self.via, (self.via * n + self.target)[two]))
        return trunk, np.concatenate((path, path[two]))


@dataclass(frozen=True, eq=False)
class _Answer:
    """Variables, shape (n_columns,), prices of trunks per Gb/s, (n, n), and of blocks per uplink, (n,)."""

    x: Floats
    price: Floats
    block_price: Floats


@dataclass(frozen=True, eq=False)
class _Program:
    """Rows <= 0 of trunks, then of blocks; the parts of each pair's paths add up to one; the last variable is t."""

    rows: sparse.csr_array
    parts: sparse.csr_array
    trunk: Ints
    trunk_gbps: Floats
    uplinks: Ints
    n: int

    @property
    def n_columns(self) -> int:
        return int(self.rows.shape[1])

    def solve(self, cost: Floats, most: float | None = None) -> _Answer | None:
        """Minimise a cost, with t at most `most`."""
        from scipy.optimize import linprog  # slow to load

        bounds = [(0, None)] * (self.n_columns - 1) + [(0, most)]
        options: dict[str, Any] = {"A_ub": self.rows, "A_eq": self.parts, "bounds": bounds, "options": _TOLERANCES}
        b_ub, b_eq = np.zeros(self.rows.shape[0]), np.ones(self.parts.shape[0])
        for method in _METHODS:
            options["method"] = method
            found = linprog(cost, b_ub=b_ub, b_eq=b_eq, **options)
            if found.status == 0:
                break
        else:
            return None
        shadow = np.maximum(-found.ineqlin.marginals, 0.0)
        price = np.zeros(self.n**2)
        price[self.trunk] = shadow[: len(self.trunk)] / self.trunk_gbps
        return _Answer(found.x, price.reshape(self.n, self.n), shadow[len(self.trunk) :] / self.uplinks)


def _split_program(paths: _Paths, demand: Floats, capacity: Floats) -> _Program:
    """Variables: part of each path, t. Rows: load over capacity, less t."""
    hops, path = paths.hops(len(demand))
    trunk, row = np.unique(hops, return_inverse=True)
    gbps = capacity.ravel()[trunk]
    load = demand[paths.source, paths.target][path] / gbps[row]
    entries = np.concatenate((load, np.full(len(trunk), -1.0)))
    rows = np.concatenate((row, np.arange(len(trunk))))
    columns = np.append(path, np.full(len(trunk), paths.count))
    matrix = sparse.csr_array((entries, (rows, columns)), shape=(len(trunk), paths.count + 1))
    none = np.zeros(0, dtype=np.int64)
    return _Program(matrix, _parts(paths, len(demand), paths.count + 1), trunk, gbps, none, len(demand))


def _circuit_program(paths: _Paths, demand: Floats, circuit_gbps: Floats, uplinks: Ints) -> _Program:
    """Variables: part of each path, circuits of each pair, t. Rows: circuits in use less those set; set less t."""
    n = len(demand)
    u, v = np.triu_indices(n, 1)
    pair_of = np.zeros((n, n), dtype=np.int64)
    pair_of[u, v] = pair_of[v, u] = np.arange(len(u))
    hops, path = paths.hops(n)
    trunk = np.flatnonzero(~np.eye(n, dtype=bool))
    gbps = circuit_gbps.ravel()[trunk]
    row = np.searchsorted(trunk, hops)
    used = demand[paths.source, paths.target][path] / gbps[row]
    block, last = np.concatenate((u, v)), paths.count + len(u)
    entries = np.concatenate((used, np.full(len(trunk), -1.0), 1.0 / uplinks[block], np.full(n, -1.0)))
    rows = np.concatenate((row, np.arange(len(trunk)), len(trunk) + block, len(trunk) + np.arange(n)))
    set_of = paths.count + np.concatenate((pair_of.ravel()[trunk], np.tile(np.arange(len(u)), 2)))
    columns = np.concatenate((path, set_of, np.full(n, last)))
    matrix = sparse.csr_array((entries, (rows, columns)), shape=(len(trunk) + n, last + 1))
    return _Program(matrix, _parts(paths, n, last + 1), trunk, gbps, uplinks, n)


def _transit_cost(paths: _Paths, demand: Floats) -> Floats:
    cost: Floats = demand[paths.source, paths.target] / demand.max() * (paths.via != paths.target)
    return cost


def _parts(paths: _Paths, n: int, n_columns: int) -> sparse.csr_array:
    _, pair = np.unique(paths.source * n + paths.target, return_inverse=True)
    shape = (int(pair.max()) + 1, n_columns)
    return sparse.csr_array((np.ones(paths.count), (pair, np.arange(paths.count))), shape=shape)


def _missing(price: Floats, wanted: Bools, listed: Bools) -> tuple[Floats, Bools]:
    """Return the price of each pair's cheapest path, 0 without one, and the cheap paths that are not listed."""
    cost = np.where(wanted, price[:, None, :] + price.T[None], np.inf)
    known = np.where(listed, cost, np.inf).min(axis=2)
    cheapest = cost.min(axis=2)
    missing = ~listed & (cost < known[:, :, None] * (1 - _CHEAPER))
    if cost.shape[2] > _PATHS_PER_ROUND:
        ranked = np.where(missing, cost, np.inf)
        missing &= ranked <= np.partition(ranked, _PATHS_PER_ROUND - 1, axis=2)[:, :, _PATHS_PER_ROUND - 1, None]
    return np.where(np.isfinite(cheapest), cheapest, 0.0), missing


def _circuit_bound(
    demand: Floats, circuit_gbps: Floats, uplinks: Ints, price: Floats, cheapest: Floats, block_price: Floats
) -> float:
    """Return a proven lower bound of t; block prices are raised where they do not cover a circuit's trunks."""
    worth = circuit_gbps * (price + price.T)
    mu = block_price.copy()
    for u in np.argsort(-mu):
        short = worth[u] - mu[u] - mu
        short[u] = 0.0
        mu += np.maximum(short, 0.0)
    return float((demand * cheapest).sum() / (uplinks @ mu)) if mu.any() else 0.0
