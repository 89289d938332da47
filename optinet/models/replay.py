# SPDX-License-Identifier: Apache-2.0
r"""The time of flows replayed one by one in a design: what the library takes for each, and the network's latency.

A flow on links starts up in

.. math:: s = t_\text{library} + \bar t_\text{network} - \bar t_\text{fiber}

with the library's time for a step, where flows are of a library (a trace), the latency at zero load, mean over the
traffic, and the propagation through standard fiber along a path of mean length, which each flow has along its own way
already. Flows are replayed for s as listed and for its least and largest over all ranges of the catalogue; between them
times are read off straight lines (`optinet.replay`), so that ten thousand draws take three replays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.collectives.schedule import PROPAGATION_S_PER_M
from optinet.models.latency import latency
from optinet.models.values import Quantity
from optinet.replay import PERCENTILES, Replay
from optinet.units import is_count
from optinet.workloads.flow_list import FlowList, RoutedFlows

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.models.physical_path import PhysicalPath
    from optinet.routing.signatures import PathSignatures


@dataclass(frozen=True, eq=False)
class ReplayReport:
    """Flows replayed in a design; quantities are arrays on a drawn catalogue.

    Parameters
    ----------
    replay
        What came of the replays.
    startup_s
        What a flow on links takes besides its bits and the propagation on its way.
    """

    replay: Replay
    startup_s: Quantity

    @property
    def makespan_s(self) -> Quantity:
        """When everything has ended."""
        return self.replay.at(self.replay.makespan_s, self.startup_s)

    def completion_s(self, percentile: float) -> Quantity:
        """Return the time from begin to end that one of the `PERCENTILES` of the flows does not exceed."""
        return self.replay.at(self.replay.completion_s[:, PERCENTILES.index(percentile)], self.startup_s)


def replay_report(
    replay: Replay | None,
    paths: PathSignatures,
    mean_ns: Quantity,
    design: Design,
    catalogue: Catalogue,
) -> ReplayReport | None:
    """Return the times of a replay in a design; None for none.

    Parameters
    ----------
    replay
        The replay.
    paths, mean_ns
        Of the traffic: how its paths are composed, and their mean latency.
    design, catalogue
        The components and their values.
    """
    if replay is None:
        return None
    return ReplayReport(replay, _startup_s(replay, paths, mean_ns, design, catalogue))


def replayed_in(
    flows: RoutedFlows,
    paths: PathSignatures,
    physical: tuple[PhysicalPath, ...],
    design: Design,
    catalogue: Catalogue,
) -> Replay:
    """Replay flows for the start-up times that a design may have.

    Parameters
    ----------
    flows
        With their paths.
    paths
        How the paths of their traffic are composed.
    physical
        Physical path of every link class.
    design, catalogue
        The components, their values and ranges.

    Raises
    ------
    SolverError
        If flows wait for each other in a cycle.
    """

    def startup_s(values: Catalogue) -> Quantity:
        mean_ns = latency(paths, physical, design, values).mean_ns
        return _startup_s(flows.flows, paths, mean_ns, design, values)

    recording = catalogue.recording()
    listed_s = float(startup_s(recording))
    ranged = [key for key in recording.used if not is_count(key[1])]
    off_s = np.asarray(startup_s(catalogue.one_at_a_time(ranged))) - listed_s
    ends_s = (listed_s + off_s[off_s < 0].sum(), listed_s + off_s[off_s > 0].sum())
    return flows.replayed((listed_s, *ends_s))


def _startup_s(
    of: Replay | FlowList, paths: PathSignatures, mean_ns: Quantity, design: Design, catalogue: Catalogue
) -> Quantity:
    if not of.n_flows:
        return 0.0
    library_us = catalogue.value(design.component("collectives"), "step_us") if of.by_library else 0.0
    propagation_s = float(paths.length_m @ paths.weight) * PROPAGATION_S_PER_M
    return library_us * 1e-6 + mean_ns * 1e-9 - propagation_s
