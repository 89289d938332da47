# SPDX-License-Identifier: Apache-2.0
"""How long traffic waits when circuits are set anew: the OCS switches, links come up again, the controller acts.

Only the circuits that move wait: they are drained, switched, acquired again and checked, and then carry traffic. All
circuits of one command wait for the last of them. A command of several circuits takes

    max(switching time + (circuits - 1) x time per further circuit, bulk switching time)

on the OCS that sets most; boxes work at the same time. Most boxes turn all their mirrors at once and list neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optinet.models.physical_path import PhysicalPath
from optinet.models.values import Quantity, largest, optional, text_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.rewiring import Rewiring

_WITH_DSP = ("retimed", "lro")


@dataclass(frozen=True)
class Reconfiguration:
    """Time to set circuits anew, in three parts that follow one another.

    Parameters
    ----------
    switching_time_ms
        Of the OCS.
    reacquire_time_ms
        Until the transceivers carry data again.
    controller_overhead_ms
        Deciding, commanding and checking.
    """

    switching_time_ms: Quantity
    reacquire_time_ms: Quantity
    controller_overhead_ms: Quantity

    @property
    def total_ms(self) -> Quantity:
        """The three together."""
        return self.switching_time_ms + self.reacquire_time_ms + self.controller_overhead_ms


def control_component(paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue) -> str:
    """Return the design's `ocs_control`, or the one that fits the optics: a DSP takes longer to lock again."""
    optics = next(path.end_a for path in paths if path.through_ocs)
    with_dsp = text_of(catalogue, optics, "packaging") in _WITH_DSP
    return design.get("ocs_control") or ("ocs_control_dsp" if with_dsp else "ocs_control_lpo")


def switching_time_ms(ocs: str, catalogue: Catalogue, circuits: int = 1) -> Quantity:
    """Return the time an OCS takes to set some circuits in one command.

    Parameters
    ----------
    ocs
        Component id.
    catalogue
        Its values.
    circuits
        Circuits set on this box, >= 0; none take no time.
    """
    if not circuits:
        return 0.0
    one_ms = catalogue.value(ocs, "switching_time_ms")
    if circuits == 1:
        return one_ms
    in_turn_ms = one_ms + (circuits - 1) * optional(catalogue, ocs, "switching_time_ms_per_circuit")
    return largest(in_turn_ms, optional(catalogue, ocs, "bulk_switching_time_ms"))


def reconfiguration(
    paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue, circuits_per_ocs: int = 1
) -> Reconfiguration | None:
    """Return the reconfiguration time of a design, or None if no link passes an OCS.

    Parameters
    ----------
    paths
        Physical path of every link class.
    design, catalogue
        The components and their values.
    circuits_per_ocs
        Circuits set anew on the OCS that sets most.
    """
    if not any(path.through_ocs for path in paths):
        return None
    control = control_component(paths, design, catalogue)
    return Reconfiguration(
        switching_time_ms(design.component("ocs"), catalogue, circuits_per_ocs),
        catalogue.value(control, "reacquire_time_ms"),
        catalogue.value(control, "controller_overhead_ms"),
    )


@dataclass(frozen=True, eq=False)
class TimedChange:
    """A change of circuits in time, as `optinet.simulate_flows` takes it.

    The arcs are those of the fabric before the change, in their order, then those of the new circuits.

    Parameters
    ----------
    capacity_gbps
        shape (n_arcs,): at the beginning; 0 for the new circuits.
    arc_after
        shape (fabric.n_arcs,): the arc that each arc of the fabric after the change is.
    capacity_changes
        time_s, arc and capacity_gbps: circuits that go are drained when the change starts, new ones carry traffic when
        their dark time is over. Circuits that stay are not in it.
    """

    capacity_gbps: NDArray[np.float64]
    arc_after: NDArray[np.int64]
    capacity_changes: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]


def timed_change(moved: Rewiring, start_s: float, dark_s: float) -> TimedChange:
    """Return a rewiring in time: drain, switch, restore, of just the circuits that move.

    Parameters
    ----------
    moved
        From `optinet.rewire` or `optinet.reconfigure`.
    start_s
        When circuits are drained, >= 0.
    dark_s
        How long new circuits take to carry traffic, >= 0: `Reconfiguration.total_ms` of the most moves on one OCS.
    """
    before, after = moved.before, moved.fabric
    link = np.where(moved.link_before >= 0, moved.link_before, 0)
    link[moved.added_links] = before.n_links + np.arange(moved.n_moves)
    arc_after = np.column_stack((2 * link, 2 * link + 1)).ravel()
    gone, new = _arcs(moved.removed_links), arc_after[_arcs(moved.added_links)]
    new_gbps = after.arc_capacity_gbps[_arcs(moved.added_links)]
    changes = (
        np.repeat([start_s, start_s + dark_s], [len(gone), len(new)]),
        np.concatenate((gone, new)),
        np.concatenate((np.zeros(len(gone)), new_gbps)),
    )
    return TimedChange(np.concatenate((before.arc_capacity_gbps, np.zeros(len(new)))), arc_after, changes)


def _arcs(links: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.column_stack((2 * links, 2 * links + 1)).ravel()
