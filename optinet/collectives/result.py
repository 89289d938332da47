# SPDX-License-Identifier: Apache-2.0
"""What timing a collective gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.collectives.schedule import Schedule
from optinet.shown import Shown

if TYPE_CHECKING:
    from optinet.routing.signatures import PathSignatures


@dataclass(frozen=True, eq=False)
class PhaseTime(Shown):
    """How long the steps of a phase take.

    Parameters
    ----------
    name, repeat
        As in the schedule.
    alpha_s
        Start-up time of a step.
    transfer_s
        Time a step's bits take on the busiest arc.
    busiest
        Link class of that arc.
    paths
        Composition of the paths of a step; None where start-up times were given.
    """

    name: str
    repeat: int
    alpha_s: float
    transfer_s: float
    busiest: str
    paths: PathSignatures | None = None

    @property
    def time_s(self) -> float:
        """Time of all steps."""
        return self.repeat * (self.alpha_s + self.transfer_s)


@dataclass(frozen=True, eq=False)
class CollectiveTime(Shown):
    """What came of timing a collective.

    Parameters
    ----------
    operation, algorithm, routing, method
        What was timed; the algorithm found when the best was asked for, and the routing of the slowest step.
    shape, size_gbit
        Groups and ranks of each, and the full buffer of a rank.
    time_s
        From the first bit to the last.
    bus_gbps
        Bus bandwidth of a rank, as nccl-tests defines it (`optinet.collectives.operation`).
    bound_s
        Bandwidth bound that no algorithm beats; `bound_reason` says what holds it back.
    latency_share
        Share of the time that is start-up time of steps.
    steps
        Steps one after another.
    phases
        Time of each phase, by loads.
    schedule
        What is sent; ``schedule.phases[i].traffic.demand(fabric)`` is the demand of one step.
    tried
        The same for every algorithm of `alternatives`.
    alternatives
        Time of every algorithm that was tried, by name, in seconds; those that could not win any more are left out.
    """

    operation: str
    algorithm: str
    routing: str
    method: str
    shape: tuple[int, int]
    size_gbit: float
    time_s: float
    bus_gbps: float
    bound_s: float
    bound_reason: str
    latency_share: float
    steps: int
    phases: tuple[PhaseTime, ...]
    schedule: Schedule
    tried: dict[str, tuple[PhaseTime, ...]]
    alternatives: dict[str, float]
