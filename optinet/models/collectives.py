# SPDX-License-Identifier: Apache-2.0
"""The time of a collective in a design: its steps take the latency of the components on their paths.

A step starts up in what the library takes for it and the latency of its longest path, at zero load, from endpoint to
endpoint (`optinet.models.latency`); then its bits pass at the solved rate. How long bits take is the solver's, and the
same for every design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optinet.models.latency import latency
from optinet.models.physical_path import PhysicalPath
from optinet.models.values import Quantity

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.collectives.result import CollectiveTime, PhaseTime
    from optinet.design import Design


@dataclass(frozen=True, eq=False)
class CollectiveReport:
    """A collective in a design; quantities are arrays on a drawn catalogue.

    Parameters
    ----------
    solved
        What the solver says.
    step_us
        What the library takes for a step.
    alpha_s
        Start-up time of a step of every phase.
    times_s
        Time of every algorithm that was tried, by name.
    """

    solved: CollectiveTime
    step_us: Quantity
    alpha_s: tuple[Quantity, ...]
    times_s: dict[str, Quantity]

    @property
    def time_s(self) -> Quantity:
        """Time of the algorithm whose traffic was solved."""
        return self.times_s[self.solved.algorithm]

    @property
    def bus_gbps(self) -> Quantity:
        """Bus bandwidth of a rank, as nccl-tests defines it."""
        return self.solved.bus_gbps * self.solved.time_s / self.time_s

    @property
    def latency_fraction(self) -> Quantity:
        """Share of the time that is start-up time of steps."""
        moving = sum(phase.repeat * phase.transfer_s for phase in self.solved.phases)
        return 1.0 - moving / self.time_s


def collective_report(
    solved: CollectiveTime | None, physical: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue
) -> CollectiveReport | None:
    """Return the time of a collective in a design; None for none, or where nothing is sent.

    Parameters
    ----------
    solved
        The collective, with the paths of its steps.
    physical
        Physical path of every link class.
    design, catalogue
        The components and their values.
    """
    if solved is None or not solved.phases:
        return None
    step_us = catalogue.value(design.component("collectives"), "step_us")
    known: dict[int, Quantity] = {}  # phases there and back have one set of paths

    def alpha_s(phase: PhaseTime) -> Quantity:
        if phase.paths is None:
            return phase.alpha_s
        if id(phase.paths) not in known:
            known[id(phase.paths)] = latency(phase.paths, physical, design, catalogue).max_ns
        return step_us * 1e-6 + known[id(phase.paths)] * 1e-9

    def total_s(phases: Sequence[PhaseTime]) -> Quantity:
        total: Quantity = 0.0
        for phase in phases:
            total = total + phase.repeat * (alpha_s(phase) + phase.transfer_s)
        return total

    return CollectiveReport(
        solved=solved,
        step_us=step_us,
        alpha_s=tuple(alpha_s(phase) for phase in solved.phases),
        times_s={name: total_s(phases) for name, phases in solved.tried.items()},
    )
