# SPDX-License-Identifier: Apache-2.0
"""What all models together say of a solution in a design."""

from __future__ import annotations

from dataclasses import dataclass

from optinet.errors import OptinetError, unknown_name
from optinet.metric import Metric
from optinet.models.availability import FailureReport
from optinet.models.bom import BillOfMaterials
from optinet.models.collectives import CollectiveReport
from optinet.models.conservation import Balance
from optinet.models.copper_links import CopperLink
from optinet.models.cost import CostReport
from optinet.models.job import JobReport
from optinet.models.latency import LatencyDistribution
from optinet.models.link_budget import LinkBudget, worst
from optinet.models.link_limits import LinkLimits
from optinet.models.packaging import SwitchOptics
from optinet.models.physical_path import PhysicalPath
from optinet.models.power import PowerReport
from optinet.models.racks import Racks
from optinet.models.reconfiguration import Reconfiguration
from optinet.models.replay import ReplayReport
from optinet.models.sharing import SharingReport

_HEADLINE = ("delivered_gbps_per_endpoint", "latency_p99_ns", "network_kw", "worst_link_3sigma_margin_db", "cost_usd")


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything the models say about a solution in a design.

    Parameters
    ----------
    paths
        Physical path of every link class.
    bom, power, latency, budgets, racks, cost, failures
        What each model says; `budgets` has one entry per optical link class.
    limits
        What the links of each optical class could still cross, in the order of `budgets`.
    optics
        The optics of every tier of switches.
    copper
        Reach and loss of every class of copper links whose losses the catalogue tells.
    balances
        What the bill of materials supplies against what the fabric needs; all hold.
    reconfiguration
        None if no link passes an OCS.
    collective
        None if the demand is not the traffic of a collective.
    replay
        Times of the flows that the demand is the traffic of; None if it is of none.
    job
        Time, energy and money of the job that makes the demand; None where it is of none.
    sharing
        The same of each of several jobs on the fabric, beside the others.
    notes
        What a reader must know beside the numbers: links that do not close, copies of the plant, shared modules.
    metrics
        The headline numbers.
    values_used
        (component, key) of every catalogue value that went in, sorted.
    """

    paths: tuple[PhysicalPath, ...]
    bom: BillOfMaterials
    power: PowerReport
    latency: LatencyDistribution
    budgets: tuple[LinkBudget, ...]
    limits: tuple[LinkLimits, ...]
    copper: tuple[CopperLink, ...]
    racks: tuple[Racks, ...]
    cost: CostReport
    failures: FailureReport
    optics: tuple[SwitchOptics, ...]
    balances: tuple[Balance, ...]
    reconfiguration: Reconfiguration | None
    collective: CollectiveReport | None
    replay: ReplayReport | None
    job: JobReport | None
    sharing: tuple[SharingReport, ...]
    notes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values_used: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        shown = (metric for metric in self.metrics if metric.name in _HEADLINE)
        numbers = ", ".join(f"{metric.name} {metric.value:,.6g}" for metric in shown)
        return f"<Assessment: {self.verdict or 'no optical links'}; {numbers}; {len(self.metrics)} metrics>"

    @property
    def verdict(self) -> str:
        """Verdict of the worst link class: closes, at risk, infeasible; empty without optical links."""
        budget = worst(self.budgets)
        return budget.verdict if budget else ""

    def metric(self, name: str) -> Metric:
        """Return a headline number by name; `OptinetError` naming the nearest one if there is none."""
        metrics = {metric.name: metric for metric in self.metrics}
        if name not in metrics:
            raise OptinetError(unknown_name("assessment", name, tuple(metrics), "metric"))
        return metrics[name]
