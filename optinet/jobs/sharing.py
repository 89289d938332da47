# SPDX-License-Identifier: Apache-2.0
r"""Several jobs on one fabric: how much longer each takes because their traffic meets on links.

What an exchange asks of every link while it runs alone is solved: every phase of every exchange has its utilization
of every arc, 1 on its busiest (`optinet.collectives.timing.step_loads`). Where exchanges of several jobs are under way
at once and together ask more of an arc than it has, all that cross it slow down alike, and an exchange is as fast as
its most hindered transfer, since it ends with that one. The speeds :math:`s_j` of the exchanges are therefore the
max-min fair ones of

.. math:: \sum_j s_j u_{ja} \le 1 \text{ for every arc } a, \qquad s_j \le 1,

found by progressive filling: all rise together, and those stop that cross an arc which fills.

*When* exchanges meet depends on how the cycles of the jobs lie, which nobody controls. Two answers bracket it:

- together: cycles are not aligned, so that each job meets the others at any point of theirs. An exchange then runs at
  its mean speed over what the others do, each doing everything for the share of its time that this takes. Those shares
  grow with the slowdown, and are iterated to a fixed point.
- worst: every exchange always meets the exchanges of the others that slow it most.

Jobs whose cycles fall into step so that they avoid each other come as near to their times alone as their links allow;
the mean above assumes no such luck. An exchange that needs no link shares none: jobs on links of their own are exactly
as fast as alone. Nothing here changes paths or algorithms because others are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from optinet.collectives.schedule import Floats, Ints
from optinet.collectives.timing import StepLoad, step_loads
from optinet.fabric import Fabric
from optinet.flows.link_loads import link_loads
from optinet.jobs.phase import Exchange, SolvedJob
from optinet.jobs.solving import SCALE_UP, JobOnFabric, exchange_demand, job_demand
from optinet.traffic.demand import Demand, summed

_MOST_MEETINGS = 20_000
"""Combinations of what jobs do that are all solved; where there are more, `_DRAWS` for every exchange stand for them
(engineering estimate: the standard error of a mean speed is then below 0.5 / sqrt(400) = 2.5 %)."""
_DRAWS = 400
_LOST = 1e-5  # of its time that a job has to lose for a link class to be named
_ROUNDS = 200
_SETTLED = 1e-9
_FULL = 1.0 + 1e-9
_DIGITS = 9  # to which exchanges load the fabric alike


@dataclass(frozen=True)
class SharingJob:
    """One of several jobs on a fabric.

    Parameters
    ----------
    name
        As the scenario calls it.
    alone
        With the fabric for itself.
    stretch, worst_stretch
        shape (n_exchanges,), >= 1: time of the bits of every exchange over that alone, phase by phase in their order:
        on average over what the others do, and always meeting those that slow it most.
    held_by
        Link class on which it loses most of its time; empty if it loses none.
    mean_cycle_s
        Time of a cycle beside the others, by which its mean rates go.
    """

    name: str
    alone: SolvedJob
    stretch: tuple[float, ...]
    worst_stretch: tuple[float, ...]
    held_by: str = ""
    mean_cycle_s: float = float("nan")

    @property
    def together(self) -> SolvedJob:
        """The job beside the others."""
        return stretched(self.alone, self.stretch)

    @property
    def worst(self) -> SolvedJob:
        """The job if it always met those that slow it most."""
        return stretched(self.alone, self.worst_stretch)


def stretched(job: SolvedJob, stretch: Sequence[float]) -> SolvedJob:
    """Return a job with the bits of every exchange taking as many times longer, phase by phase in their order."""
    factors = iter(stretch)
    phases = tuple(
        replace(phase, exchanges=tuple(replace(x, transfer_s=x.transfer_s * next(factors)) for x in phase.exchanges))
        for phase in job.phases
    )
    return replace(job, phases=phases)


def share_fabric(
    fabric: Fabric,
    jobs: Sequence[tuple[str, JobOnFabric]],
    cycle_s: Callable[[SolvedJob], float],
    arc_up: NDArray[np.bool_] | None = None,
) -> tuple[SharingJob, ...]:
    """Return what several jobs, each solved alone on the same fabric, do to each other.

    Parameters
    ----------
    fabric
        The fabric.
    jobs
        Names and solved jobs; no endpoint is in two of them.
    cycle_s
        Seconds of a cycle of a job, its exchanges timed.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.
    """
    uses = [_Use.of(fabric, solved, arc_up) for _, solved in jobs]
    kinds = _contended(fabric, uses)
    shares = [_Share(use, solved.job) for use, (_, solved) in zip(uses, jobs, strict=True)]
    for members in _neighbors(uses, kinds):
        _settle([shares[j] for j in members], [kinds.of(uses[j]) for j in members], kinds.link_class, cycle_s)
    return tuple(
        SharingJob(
            name,
            solved.job,
            share.of_exchanges(share.stretch),
            share.of_exchanges(share.worst),
            fabric.link_class_names[share.held_by] if share.held_by >= 0 else "",
            cycle_s(stretched(solved.job, share.of_exchanges(share.stretch))),
        )
        for share, (name, solved) in zip(shares, jobs, strict=True)
    )


def sharing_demand(fabric: Fabric, jobs: Sequence[SharingJob]) -> Demand:
    """Return the traffic of several jobs from `share_fabric` at the mean rates of their cycles beside each other."""
    return summed(fabric, (job_demand(fabric, each.alone).scaled(1.0 / each.mean_cycle_s) for each in jobs))


def fair_speeds(use: Floats) -> tuple[Floats, Ints]:
    """Return the max-min fair speeds of exchanges under way together, 1 being that alone, for many meetings at once.

    Parameters
    ----------
    use
        shape (n_meetings, n_jobs, n_arcs), >= 0: utilization of every arc by each exchange at full speed.

    Returns
    -------
    tuple
        Speeds, and the arc that holds each back, -1 where none does; both of shape (n_meetings, n_jobs).
    """
    n_meetings, n_jobs, _ = use.shape
    speed, arc = np.ones((n_meetings, n_jobs)), np.full((n_meetings, n_jobs), -1)
    rising = np.ones((n_meetings, n_jobs), dtype=bool)
    for _ in range(n_jobs):
        taken = np.einsum("mj,mja->ma", np.where(rising, 0.0, speed), use)
        growing = np.einsum("mj,mja->ma", rising.astype(np.float64), use)
        level = np.full_like(growing, np.inf)
        np.divide(np.maximum(1.0 - taken, 0.0), growing, out=level, where=growing > 0)
        tightest = level.argmin(axis=1)
        meeting = np.arange(n_meetings)
        lowest = level[meeting, tightest]
        stops = rising & (use[meeting, :, tightest] > 0) & (lowest * _FULL < 1.0)[:, None]
        if not stops.any():
            break
        speed = np.where(stops, lowest[:, None], speed)
        arc = np.where(stops, tightest[:, None], arc)
        rising &= ~stops
    return speed, arc


@dataclass(frozen=True, eq=False)
class _Use:
    """How a job loads the fabric: the different states it can be in, and the exchanges that put it there.

    `utilization` has shape (n_states, n_arcs); `parts` the states of every exchange with their share of its time.
    """

    utilization: Floats
    parts: tuple[tuple[tuple[int, float], ...], ...]

    @classmethod
    def of(cls, fabric: Fabric, solved: JobOnFabric, arc_up: NDArray[np.bool_] | None) -> _Use:
        states: dict[bytes, int] = {}
        rows: list[Floats] = []
        known: dict[tuple[str, str, float], tuple[tuple[int, float], ...]] = {}
        parts = []
        for exchange in _exchanges(solved.job):
            key = (exchange.operation, exchange.members, exchange.size_gbit)
            if key not in known:
                found = []
                for load in _loads(fabric, solved, exchange, arc_up):
                    alike = np.round(load.utilization, _DIGITS).tobytes()
                    if alike not in states:
                        states[alike] = len(rows)
                        rows.append(load.utilization)
                    found.append((states[alike], load.time_s))
                total_s = sum(time_s for _, time_s in found)
                known[key] = tuple((state, time_s / total_s) for state, time_s in found if time_s > 0)
            parts.append(known[key])
        return cls(np.array(rows).reshape(len(rows), fabric.n_arcs), tuple(parts))


def _exchanges(job: SolvedJob) -> Iterator[Exchange]:
    return (exchange for phase in job.phases for exchange in phase.exchanges)


def _loads(fabric: Fabric, solved: JobOnFabric, exchange: Exchange, arc_up: NDArray[np.bool_] | None) -> list[StepLoad]:
    if exchange.algorithm == SCALE_UP:
        return []
    groups, routing = solved.placement.groups(exchange.members), solved.job.routing
    if exchange.operation != "send":
        size_gbit = exchange.size_gbit
        return step_loads(fabric, exchange.operation, groups, size_gbit, exchange.algorithm, routing, arc_up)
    loads = link_loads(fabric, exchange_demand(fabric, groups, exchange), routing, arc_up=arc_up)
    return [StepLoad(exchange.transfer_s, loads.utilization * loads.throughput)] if loads.throughput < np.inf else []


@dataclass(frozen=True, eq=False)
class _Kinds:
    """Arcs on which jobs can hinder each other, alike ones once: an arc of each kind, and its link class."""

    arc: Ints
    link_class: Ints

    def of(self, use: _Use) -> Floats:
        """Return the utilization of these arcs in every state, doing nothing last; shape (n_states + 1, n_kinds)."""
        return np.vstack((use.utilization[:, self.arc], np.zeros(len(self.arc))))


def _contended(fabric: Fabric, uses: Sequence[_Use]) -> _Kinds:
    most = np.array([use.utilization.max(axis=0, initial=0.0) for use in uses])
    arcs = np.flatnonzero((most.sum(axis=0) > _FULL) & (np.count_nonzero(most > 0, axis=0) > 1))
    link_class = fabric.link_class[arcs // 2]
    column = np.vstack((*(np.round(use.utilization[:, arcs], _DIGITS) for use in uses), link_class))
    _, first = np.unique(column, axis=1, return_index=True)
    return _Kinds(arcs[first], link_class[first])


def _neighbors(uses: Sequence[_Use], kinds: _Kinds) -> Iterator[list[int]]:
    """Yield the jobs that can hinder each other, directly or one by another."""
    touches = np.array([use.utilization[:, kinds.arc].max(axis=0, initial=0.0) > 0 for use in uses])
    left = set(range(len(uses)))
    while left:
        found = {left.pop()}
        reached = touches[list(found)].any(axis=0)
        while more := {j for j in left if (touches[j] & reached).any()}:
            left -= more
            found |= more
            reached = touches[list(found)].any(axis=0)
        if len(found) > 1:
            yield sorted(found)


@dataclass(eq=False)
class _Share:
    """How a job fares: the factor by which each of its states lasts longer, and where it loses time."""

    use: _Use
    job: SolvedJob
    stretch: Floats = field(init=False)
    worst: Floats = field(init=False)
    held_by: int = -1

    def __post_init__(self) -> None:
        self.stretch = np.ones(len(self.use.utilization))
        self.worst = self.stretch.copy()
        self._alone_s = np.zeros(len(self.stretch))
        times = (
            phase.count * x.count * (1.0 if x.once else phase.microbatches) * x.transfer_s
            for phase in self.job.phases
            for x in phase.exchanges
        )
        for parts, time_s in zip(self.use.parts, times, strict=True):
            for state, share in parts:
                self._alone_s[state] += share * time_s

    def of_exchanges(self, stretch: Floats) -> tuple[float, ...]:
        """Return the factor of every exchange; exactly 1 where no state of it lasts longer."""
        return tuple(
            1.0 + sum(share * (float(stretch[state]) - 1.0) for state, share in parts) for parts in self.use.parts
        )

    def probabilities(self, cycle_s: Callable[[SolvedJob], float]) -> Floats:
        """Return the share of its time the job is in every state, doing nothing on the network last."""
        total_s = cycle_s(stretched(self.job, self.of_exchanges(self.stretch)))
        busy = self._alone_s * self.stretch / total_s
        return np.append(busy, max(1.0 - float(busy.sum()), 0.0))


def _settle(
    shares: Sequence[_Share], use: Sequence[Floats], link_class: Ints, cycle_s: Callable[[SolvedJob], float]
) -> None:
    """Find how long every state of jobs lasts that hinder each other."""
    met = _Meetings(use)
    for share, worst in zip(shares, met.slowest(), strict=True):
        share.worst = 1.0 / worst[:-1]
    for _ in range(_ROUNDS):
        chances = [share.probabilities(cycle_s) for share in shares]
        found = [1.0 / mean[:-1] for mean in met.mean_speeds(chances)]
        change = max(float(np.abs(new - share.stretch).max()) for new, share in zip(found, shares, strict=True))
        for share, new in zip(shares, found, strict=True):
            share.stretch = new
        if change < _SETTLED:
            break
    lost = met.lost([share.probabilities(cycle_s) for share in shares])
    for share, by_arc in zip(shares, lost, strict=True):
        by_class = np.bincount(link_class, by_arc)
        share.held_by = int(by_class.argmax()) if by_class.max() > _LOST else -1


class _Meetings:
    """What jobs do at the same time: all combinations, or draws where there are too many."""

    def __init__(self, use: Sequence[Floats]) -> None:
        self._use, self._n_arcs = use, use[0].shape[1]
        counts = [len(each) for each in use]
        self._all = prod(counts) <= _MOST_MEETINGS
        if self._all:
            state = np.array(list(product(*map(range, counts))), dtype=np.int64)
            self._state, self._speed, self._arc = state, *self._solved(state)
        else:
            self._draws = np.random.default_rng(0).random((_DRAWS, len(use)))

    def _solved(self, state: Ints) -> tuple[Floats, Ints]:
        size = max(int(2e7) // (len(self._use) * max(self._n_arcs, 1)), 1)
        parts = []
        for begin in range(0, len(state), size):
            part = state[begin : begin + size]
            parts.append(fair_speeds(np.stack([use[part[:, j]] for j, use in enumerate(self._use)], axis=1)))
        speed, arc = zip(*parts, strict=True)
        return np.concatenate(speed), np.concatenate(arc)

    def mean_speeds(self, chances: Sequence[Floats]) -> list[Floats]:
        """Return the mean speed of every job in each of its states."""
        return [np.array([float(w @ speed) for w, speed, _ in self._of(j, chances)]) for j in range(len(self._use))]

    def lost(self, chances: Sequence[Floats]) -> list[Floats]:
        """Return the share of its time that each job loses on every arc."""
        found = []
        for j, chance in enumerate(chances):
            by_arc = np.zeros(self._n_arcs)
            for p, (w, speed, arc) in zip(chance, self._of(j, chances), strict=True):
                held = arc >= 0
                np.add.at(by_arc, arc[held], (p * w * (1.0 - speed))[held])
            found.append(by_arc)
        return found

    def slowest(self) -> list[Floats]:
        """Return the least speed of every job in each of its states."""
        even = [np.full(len(use), 1.0 / len(use)) for use in self._use]
        return [np.array([speed.min() for _, speed, _ in self._of(j, even)]) for j in range(len(self._use))]

    def _of(self, j: int, chances: Sequence[Floats]) -> Iterator[tuple[Floats, Floats, Ints]]:
        """Yield, for every state of a job, the chances of what it meets, its speed then, and the arc that holds it."""
        if self._all:
            others = np.ones(len(self._state))
            for k, chance in enumerate(chances):
                if k != j:
                    others *= chance[self._state[:, k]]
            for own in range(len(self._use[j])):
                rows = self._state[:, j] == own
                yield others[rows] / max(float(others[rows].sum()), 1e-300), self._speed[rows, j], self._arc[rows, j]
            return
        drawn = np.column_stack(
            [
                np.minimum(np.searchsorted(np.cumsum(chance), self._draws[:, k]), len(chance) - 1)
                for k, chance in enumerate(chances)
            ]
        )
        for own in range(len(self._use[j])):
            state = drawn.copy()
            state[:, j] = own
            speed, arc = self._solved(state)
            yield np.full(_DRAWS, 1.0 / _DRAWS), speed[:, j], arc[:, j]
