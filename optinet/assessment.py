# SPDX-License-Identifier: Apache-2.0
"""Assessing: a solution, a design and catalogue values give all six answers.

A solution knows no watts; here it is powered, timed, budgeted and priced. One solution serves many designs, and on a
drawn catalogue every quantity is an array over the draws, so that Monte Carlo is one call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from optinet.headline import headline
from optinet.metric import Metric
from optinet.models.availability import FailureReport, failures
from optinet.models.bom import BillOfMaterials, bill_of_materials
from optinet.models.collectives import CollectiveReport, collective_report
from optinet.models.conservation import Balance, balances
from optinet.models.copper import CopperLink, copper_links
from optinet.models.cost import CostReport, cost
from optinet.models.job import JobReport, job_report
from optinet.models.latency import LatencyDistribution, latency
from optinet.models.link_budget import LinkBudget, link_budgets, worst
from optinet.models.link_limits import LinkLimits, link_limits
from optinet.models.packaging import SwitchOptics, switch_optics
from optinet.models.power import PowerReport, full_load_w, power
from optinet.models.racks import Racks, network_racks
from optinet.models.reconfiguration import Reconfiguration, reconfiguration
from optinet.models.sharing import SharingReport, sharing_reports
from optinet.physical_path import PhysicalPath, physical_paths
from optinet.remarks import remarks

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.fabric import Fabric
    from optinet.solution import Solution


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
    job: JobReport | None
    sharing: tuple[SharingReport, ...]
    notes: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values_used: tuple[tuple[str, str], ...]

    @property
    def verdict(self) -> str:
        """Verdict of the worst link class: closes, at risk, infeasible; empty without optical links."""
        budget = worst(self.budgets)
        return budget.verdict if budget else ""

    def metric(self, name: str) -> Metric:
        """Return a headline number by name; KeyError if there is none."""
        return {metric.name: metric for metric in self.metrics}[name]


def assess(solution: Solution, design: Design, catalogue: Catalogue | None = None) -> Assessment:
    """Run all models.

    Parameters
    ----------
    solution
        A fabric with one demand routed and solved.
    design
        Which component plays which role.
    catalogue
        The shipped one unless given; with `Catalogue.draw` every quantity becomes an array of shape (n_draws,).

    Raises
    ------
    CatalogueError
        Naming everything in which the design does not fit the fabric; see `optinet.physical_path.physical_paths`.
    """
    if catalogue is None:
        from optinet.catalogue import load_catalogue

        catalogue = load_catalogue()
    values = catalogue.recording()
    fabric = solution.fabric
    paths = physical_paths(fabric, design, values)
    bom = bill_of_materials(fabric, paths, design, values)
    watts = power(solution, paths, bom, design, values)
    times = latency(solution.paths, paths, design, values)
    budgets = link_budgets(paths, values)
    racks = network_racks(bom, full_load_w(watts, paths, bom, fabric, values), fabric.n_endpoints, design, values)
    price = cost(bom, watts.facility, fabric.n_endpoints, solution.delivered_gbps, design, values)
    broken = failures(bom, values)
    pause = reconfiguration(paths, design, values, _most_circuits(fabric))
    optics = switch_optics(fabric, paths, design, values)
    way_s, network_w = times.mean_ns * 1e-9, watts.facility.total_w
    job_terms = (fabric.n_endpoints, way_s, network_w, price.total_usd, design, values)
    job = job_report(solution.job, *job_terms) if solution.job is not None else None
    found = Assessment(
        paths=paths,
        bom=bom,
        power=watts,
        latency=times,
        budgets=budgets,
        limits=link_limits(paths, design, values),
        racks=racks,
        cost=price,
        failures=broken,
        optics=optics,
        balances=_checked(balances(fabric, paths, bom, design, values)),
        reconfiguration=pause,
        collective=collective_report(solution.collective, paths, design, values),
        copper=copper_links(paths, values),
        job=job,
        sharing=sharing_reports(solution.sharing, *job_terms),
        notes=(),
        metrics=(),
        values_used=(),
    )
    return replace(
        found,
        notes=tuple(remarks(found, fabric.plant, design, values)),
        metrics=tuple(headline(found, solution)),
        values_used=values.used,
    )


def _checked(found: tuple[Balance, ...]) -> tuple[Balance, ...]:
    """Stop at a bill of materials that does not balance, which is a fault of the counting and never of the user."""
    for balance in found:
        if not balance.holds:
            msg = f"{balance.where}: {balance.supplied:g} {balance.what}, {balance.needed:g} needed"
            raise RuntimeError(msg)
    return found


def _most_circuits(fabric: Fabric) -> int:
    """Return the circuits of the OCS that has most, all of which a new plan of circuits may change."""
    plant = fabric.plant
    return int(np.bincount(plant.end_ocs[plant.circuit_ends[:, 0]]).max(initial=1)) if plant else 1
