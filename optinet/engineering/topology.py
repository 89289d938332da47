# SPDX-License-Identifier: Apache-2.0
"""Topology engineering: how many circuits to set between each pair of blocks for a demand.

Reference: L. Poutievski et al., "Jupiter Evolving: Transforming Google's Datacenter Network via Optical Circuit
Switches and Software-Defined Networking", SIGCOMM 2022. Blocks of any number of uplinks and any speed are joined
directly; a circuit runs at the slower of its two ends. Circuits are chosen so that the demand can grow as far as
possible under direct and one-transit routing, then so that little of it is in transit.

The relaxation to fractional circuits is a linear program (`optinet.engineering.program`) and bounds every topology.
Its circuits are rounded to whole ones within the uplinks; uplinks the demand leaves over go to the pairs in need of
most, in proportion to the demand, then evenly. Where trunks have many circuits rounding loses some parts in a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optinet.engineering import program
from optinet.engineering.rotor import round_robin
from optinet.engineering.traffic import Method, TrafficPlan, checked_matrices, engineer_traffic, unreachable
from optinet.errors import Problem, SolverError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOOD_ENOUGH = 0.005  # gap at which no other circuits are tried
_PROVEN = 1e-6  # gap of what a linear program has split
_AS_GOOD = 0.002  # throughputs this near count as equal, and stretch decides
_EVEN_SHARES = (0.1, 0.25, 0.5)  # of a uniform mesh mixed in where whole circuits fall short


@dataclass(frozen=True, eq=False)
class BlockLayer:
    """Blocks and their uplinks into an OCS layer.

    Parameters
    ----------
    uplinks
        shape (n,), >= 1: circuits each block can end.
    uplink_gbps
        shape (n,), > 0: speed of each block's uplinks; a circuit between two blocks runs at the slower speed.
    """

    uplinks: Ints
    uplink_gbps: Floats

    @classmethod
    def of(cls, n_blocks: int, uplinks: ArrayLike, uplink_gbps: ArrayLike) -> BlockLayer:
        """Return a layer of `n_blocks` blocks; one number stands for all blocks.

        Raises
        ------
        SolverError
            If there are fewer than two blocks, or numbers are too many, too few or out of range.
        """
        problems = []
        if n_blocks < 2:
            problems.append(Problem("n_blocks", f"{n_blocks}", "at least 2"))
        arrays = []
        for name, values in (("uplinks", uplinks), ("uplink_gbps", uplink_gbps)):
            array = np.asarray(values, dtype=np.float64)
            if array.shape not in ((), (n_blocks,)):
                problems.append(Problem(name, f"shape {array.shape}", f"one number, or {n_blocks}, one per block"))
            elif not np.all((array > 0) & (array < np.inf)) or (name == "uplinks" and np.any(array % 1)):
                allowed = "whole numbers of at least 1" if name == "uplinks" else "finite numbers above 0"
                problems.append(Problem(name, "an entry out of range", allowed))
            arrays.append(array)
        if problems:
            raise SolverError(problems)
        full = [np.broadcast_to(array, n_blocks) for array in arrays]
        return cls(full[0].astype(np.int64), full[1].copy())

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.uplinks)

    @property
    def circuit_gbps(self) -> Floats:
        """What a circuit between each pair carries per direction; shape (n, n), zero diagonal."""
        gbps = np.minimum(self.uplink_gbps[:, None], self.uplink_gbps)
        np.fill_diagonal(gbps, 0.0)
        return gbps

    def capacity_gbps(self, circuits: NDArray[np.int64 | np.float64]) -> Floats:
        """Return the trunk between each pair that a number of circuits makes; shape (n, n)."""
        return circuits * self.circuit_gbps


@dataclass(frozen=True, eq=False)
class TopologyPlan:
    """Circuits chosen for a demand, the traffic split over them, and how good both can be at most.

    Parameters
    ----------
    circuits
        shape (n, n), symmetric, zero diagonal.
    traffic
        The demand over these circuits.
    upper_throughput
        No circuits within the uplinks carry more, with at most one transit; inf if it was not computed.
    """

    circuits: Ints
    traffic: TrafficPlan
    upper_throughput: float

    @property
    def throughput(self) -> float:
        """Largest multiple of the demand that is carried."""
        return self.traffic.throughput

    @property
    def stretch(self) -> float:
        """Mean hops between blocks."""
        return self.traffic.stretch

    @property
    def gap(self) -> float:
        """How far circuits and split together may be from the best, as a share of the throughput."""
        return self.upper_throughput / self.throughput - 1.0 if np.isfinite(self.throughput) else 0.0


def uniform_circuits(layer: BlockLayer) -> Ints:
    """Return a mesh as even as whole circuits allow: between u and v in proportion to the uplinks of both.

    Blocks of equal uplinks get trunks that differ by one circuit at most; no uplink is spare that another spare one of
    a different block could join.
    """
    if layer.uplinks.min() < layer.uplinks.max():
        return round_circuits(_even(layer.uplinks.astype(np.float64)), layer.uplinks)
    each, more = divmod(int(layer.uplinks[0]), layer.n_blocks - 1)
    circuits = each * (1 - np.eye(layer.n_blocks, dtype=np.int64))
    # rounds of a tournament in a random order: neighbors of one block are not neighbors of each other
    rounds = round_robin(layer.n_blocks)
    for partner in np.random.default_rng(0).permutation(rounds)[:more]:
        paired = np.flatnonzero(partner != np.arange(layer.n_blocks))
        circuits[paired, partner[paired]] += 1
    return _with_spare_joined(circuits, circuits.astype(np.float64), layer.uplinks)


def engineer_topology(
    demand_gbps: Floats, layer: BlockLayer, method: Method = "auto", hedge_fraction: float = 0.0
) -> TopologyPlan:
    """Choose circuits for a demand and split its traffic over them.

    Parameters
    ----------
    demand_gbps
        shape (n, n), finite, >= 0; the diagonal is ignored.
    layer
        The blocks.
    method
        How the traffic is split over the circuits chosen, see `engineer_traffic`; while they are being chosen, "lp" is
        taken where it is fast.
    hedge_fraction
        0 to 1: share of every block's uplinks that goes into a uniform mesh whatever the demand, for the day the
        demand is another.

    Raises
    ------
    SolverError
        If shapes or numbers are wrong, or HiGHS gives up.
    """
    (demand,) = checked_matrices(demand_gbps)
    if len(demand) != layer.n_blocks:
        raise SolverError(Problem("demand_gbps", f"{len(demand)} blocks", f"{layer.n_blocks}, as the layer has"))
    if not 0 <= hedge_fraction <= 1:
        raise SolverError(Problem("hedge_fraction", f"{hedge_fraction:g}", "0 to 1"))
    if not demand.any():
        circuits = uniform_circuits(layer)
        return TopologyPlan(circuits, engineer_traffic(demand, layer.capacity_gbps(circuits)), np.inf)
    best = program.relaxation(demand, layer.circuit_gbps, layer.uplinks)
    if best is None:
        raise SolverError(Problem("engineer_topology", "HiGHS found no optimum", "a demand with less spread"))
    plans: list[TopologyPlan] = []
    for circuits in _candidates(best.circuits, demand, layer, hedge_fraction):
        circuits = _reaching(circuits, demand)
        traffic = engineer_traffic(
            demand, layer.capacity_gbps(circuits), method="prices" if method == "prices" else "auto"
        )
        plans.append(TopologyPlan(circuits, traffic, best.upper_throughput))
        if plans[-1].gap <= _GOOD_ENOUGH:
            break
    enough = max(plan.throughput for plan in plans) / (1 + _AS_GOOD)
    chosen = min((plan for plan in plans if plan.throughput >= enough), key=lambda plan: plan.stretch)
    if method != "lp" or chosen.traffic.gap < _PROVEN:
        return chosen
    return replace(chosen, traffic=engineer_traffic(demand, layer.capacity_gbps(chosen.circuits), method="lp"))


def _candidates(best: Floats, demand: Floats, layer: BlockLayer, hedge_fraction: float) -> Iterator[Ints]:
    """Yield whole circuits to try, from the ones that fit the demand closest to the uniform mesh.

    The best fractional circuits leave uplinks over where other blocks are the bottleneck. Given to the demand they save
    transit; spread evenly they give transit a way around what rounding took.
    """
    even = _even(layer.uplinks.astype(np.float64))
    weight = np.outer(layer.uplinks, layer.uplinks).astype(np.float64)
    spread = best + _scaled(weight, np.maximum(layer.uplinks - best.sum(axis=1), 0.0))
    if hedge_fraction < 1:
        for target in (_filled(best, demand, layer.uplinks), spread):
            yield round_circuits((1 - hedge_fraction) * target + hedge_fraction * even, layer.uplinks)
        for share in _EVEN_SHARES:
            if share > hedge_fraction:
                yield round_circuits((1 - share) * spread + share * even, layer.uplinks)
    yield uniform_circuits(layer)


def round_circuits(target: Floats, uplinks: Ints) -> Ints:
    """Return whole circuits near fractional ones, symmetric, within every block's uplinks.

    Parameters
    ----------
    target
        shape (n, n), symmetric, >= 0: row sums at most the uplinks.
    uplinks
        shape (n,).

    Largest remainders first, then the pairs that lie furthest under their target; what no two blocks can share stays
    spare.
    """
    whole = np.floor(target + 1e-9).astype(np.int64)
    np.fill_diagonal(whole, 0)
    spare = uplinks - whole.sum(axis=1)
    u, v = np.triu_indices(len(target), 1)
    remainder = (target - whole)[u, v]
    # among equals at random: in order of blocks they would make cliques, which have few ways around
    shuffled = np.random.default_rng(0).permutation(len(u))
    for pair in shuffled[np.argsort(-np.round(remainder[shuffled], 6), kind="stable")]:
        a, b = u[pair], v[pair]
        if remainder[pair] > 1e-9 and spare[a] > 0 and spare[b] > 0:
            _join(whole, spare, a, b)
    return _with_spare_joined(whole, target, uplinks)


def _with_spare_joined(circuits: Ints, target: Floats, uplinks: Ints) -> Ints:
    """Return circuits with uplinks left over joined, furthest under the target first."""
    whole = circuits.copy()
    spare = uplinks - whole.sum(axis=1)
    while np.count_nonzero(spare > 0) > 1:
        blocks = np.flatnonzero(spare > 0)
        under = ((target + 1.0) / (whole + 1.0))[np.ix_(blocks, blocks)]
        np.fill_diagonal(under, -1.0)
        a, b = np.unravel_index(int(under.argmax()), under.shape)
        _join(whole, spare, blocks[a], blocks[b])
    _use_last(whole, spare, target, uplinks)
    return whole


def _reaching(circuits: Ints, demand: Floats) -> Ints:
    """Return circuits over which every pair with demand has a path, one circuit taken from thick trunks for each."""
    circuits, everywhere = circuits.copy(), np.ones(len(demand), dtype=bool)
    for _ in range(len(demand) ** 2):
        lost = unreachable(demand, circuits.astype(np.float64), everywhere)
        if not len(lost):
            break
        a, b = lost[np.argmax(demand[lost[:, 0], lost[:, 1]])]
        c, d = int(circuits[a].argmax()), int(circuits[b].argmax())
        for u, v, change in ((a, c, -1), (b, d, -1), (a, b, 1), (c, d, 1 if c != d else 0)):
            circuits[u, v] += change
            circuits[v, u] += change
    return circuits


def _join(circuits: Ints, spare: Ints, a: int, b: int) -> None:
    circuits[a, b] += 1
    circuits[b, a] += 1
    spare[[a, b]] -= 1


def _use_last(circuits: Ints, spare: Ints, target: Floats, uplinks: Ints) -> None:
    """Use uplinks left over at one block alone: break a circuit of two others and join both to it.

    Done where the squared distance to the target does not grow by more than the uplinks are worth.
    """
    for last in np.flatnonzero(spare - np.floor(uplinks - target.sum(axis=1) + 1e-9) > 1):
        while spare[last] - (uplinks[last] - target[last].sum()) > 2 - 1e-6:
            over = 2 * (circuits - target)
            farther = 3 - over + over[last][:, None] + over[last]
            farther[circuits == 0] = np.inf
            farther[last], farther[:, last] = np.inf, np.inf
            a, b = (int(block) for block in np.unravel_index(int(farther.argmin()), farther.shape))
            if farther[a, b] > 2:
                break
            circuits[a, b] -= 1
            circuits[b, a] -= 1
            spare[[a, b]] += 1
            _join(circuits, spare, a, int(last))
            _join(circuits, spare, b, int(last))


def _even(uplinks: Floats) -> Floats:
    """Return fractional circuits in proportion to the uplinks of both ends that use up every block's uplinks.

    Symmetric matrix scaling; where a block has more uplinks than all others together, its rest stays spare.
    """
    return _scaled(np.outer(uplinks, uplinks), uplinks)


def _filled(circuits: Floats, demand: Floats, uplinks: Ints) -> Floats:
    """Return circuits plus what is left of the uplinks, in proportion to the demand first, then evenly."""
    total = circuits.copy()
    for weight in (np.maximum(demand, demand.T), np.outer(uplinks, uplinks).astype(np.float64)):
        total += _scaled(weight, np.maximum(uplinks - total.sum(axis=1), 0.0))
    return total


def _scaled(weight: Floats, room: Floats) -> Floats:
    """Fill rooms: all pairs grow in proportion to their weight; when a block is full, its pairs stop growing."""
    grown = np.zeros_like(weight)
    left, weight = room.copy(), weight.copy()
    np.fill_diagonal(weight, 0.0)
    full = left <= 1e-9 * room.max(initial=1.0)
    for _ in range(len(room)):
        weight[full] = 0.0
        weight[:, full] = 0.0
        speed = weight.sum(axis=1)
        growing = speed > 0
        if not growing.any():
            break
        step = float((left[growing] / speed[growing]).min())
        grown += step * weight
        left -= step * speed
        full |= left <= 1e-9 * room.max(initial=1.0)
    return grown
