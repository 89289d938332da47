# SPDX-License-Identifier: Apache-2.0
"""Assessing: a solution, a design and catalogue values give all six answers.

A solution knows no watts; here it is powered, timed, budgeted and priced. One solution serves many designs, and on a
drawn catalogue every quantity is an array over the draws, so that Monte Carlo is one call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.fabric import NodeKind
from optinet.metric import Metric
from optinet.models.availability import FailureReport, failures
from optinet.models.bom import BillOfMaterials, bill_of_materials
from optinet.models.conservation import Balance, balances
from optinet.models.cost import CostReport, cost
from optinet.models.latency import LatencyDistribution, latency
from optinet.models.link_budget import LinkBudget, link_budgets, worst
from optinet.models.link_limits import LinkLimits, link_limits
from optinet.models.packaging import SwitchOptics, edge_uses, switch_optics
from optinet.models.power import PowerReport, power
from optinet.models.queueing import loaded_latency
from optinet.models.reconfiguration import Reconfiguration, reconfiguration
from optinet.models.values import Quantity, largest, median, nominal
from optinet.physical_path import PhysicalPath, physical_paths
from optinet.plant import OpticalPlant
from optinet.units import unit_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.fabric import Fabric
    from optinet.flows.solution import Solution

_BUSY_FRACTION = 0.8
"""Utilization of the busiest link at which latency under load is told."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """Everything the models say about a solution in a design.

    Parameters
    ----------
    paths
        Physical path of every link class.
    bom, power, latency, budgets, cost, failures
        What each model says; `budgets` has one entry per optical link class.
    limits
        What the links of each optical class could still cross, in the order of `budgets`.
    optics
        The optics of every tier of switches.
    balances
        What the bill of materials supplies against what the fabric needs; all hold.
    reconfiguration
        None if no link passes an OCS.
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
    cost: CostReport
    failures: FailureReport
    optics: tuple[SwitchOptics, ...]
    balances: tuple[Balance, ...]
    reconfiguration: Reconfiguration | None
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
    price = cost(bom, watts.facility, fabric.n_endpoints, solution.delivered_gbps, design, values)
    broken = failures(bom, values)
    pause = reconfiguration(paths, design, values, _most_circuits(fabric))
    optics = switch_optics(fabric, paths, design, values)
    headline = (
        _delivery(solution),
        _speed(times),
        _queueing(solution, times),
        _watts(watts),
        _optics(budgets),
        _packaging(optics),
        _plant(bom, pause),
        _money(price, bom, broken),
    )
    return Assessment(
        paths=paths,
        bom=bom,
        power=watts,
        latency=times,
        budgets=budgets,
        limits=link_limits(paths, design, values),
        cost=price,
        failures=broken,
        optics=optics,
        balances=_checked(balances(fabric, paths, bom, design, values)),
        reconfiguration=pause,
        notes=tuple(_notes(solution.fabric.plant, paths, budgets, optics, broken, design, values)),
        metrics=tuple(metric for group in headline for metric in group),
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


def _metric(name: str, value: Quantity, meaning: str) -> Metric:
    low, high = (float(bound) for bound in np.percentile(value, (5, 95))) if np.ndim(value) else (np.nan, np.nan)
    return Metric(name, median(value), low, high, unit_of(name), meaning)


def _delivery(solution: Solution) -> Iterator[Metric]:
    yield _metric(
        "delivered_gbps_per_endpoint",
        solution.delivered_gbps_per_endpoint,
        "delivered rate per endpoint and direction, at min(1, throughput) of the demand",
    )
    yield _metric("throughput", solution.throughput, "largest common scale factor of the demand that fits")
    yield _metric("stretch", solution.stretch, "mean links between switches of traffic that leaves its first switch")


def _speed(times: LatencyDistribution) -> Iterator[Metric]:
    what = "zero-load latency from endpoint to endpoint, FEC inside, " + (
        "with NIC" if times.includes_nic else "without NIC"
    )
    yield _metric("latency_mean_ns", times.mean_ns, f"mean {what}")
    yield _metric("latency_min_ns", times.min_ns, f"least {what}")
    yield _metric("latency_p50_ns", times.p50_ns, f"median {what}")
    yield _metric("latency_p99_ns", times.p99_ns, f"99th percentile over the traffic of {what}")
    yield _metric("latency_max_ns", times.max_ns, f"largest {what}")


def _queueing(solution: Solution, times: LatencyDistribution) -> Iterator[Metric]:
    # at a share of what each fabric can carry, because at a load that saturates a fabric there is no mean
    scale = _BUSY_FRACTION * solution.throughput if np.isfinite(solution.throughput) else 0.0
    loaded = loaded_latency(solution, times, load_scale=scale).times
    what = f"latency with queueing of 4096 B packets (M/D/1), the busiest link at {_BUSY_FRACTION:.0%}"
    yield _metric("loaded_latency_mean_ns", loaded.mean_ns, f"mean {what}")
    yield _metric("loaded_latency_p99_ns", loaded.p99_ns, f"99th percentile over the traffic of {what}")


def _watts(watts: PowerReport) -> Iterator[Metric]:
    yield _metric("network_kw", watts.network_w / 1e3, "power of the network, NIC and on-chip networks inside")
    yield _metric(
        "network_without_nic_and_chip_kw",
        watts.network_without_nic_and_chip_w / 1e3,
        "power of the network without NIC and on-chip networks",
    )
    yield _metric("facility_kw", watts.facility.total_w / 1e3, "power from the grid, power chain and cooling inside")
    yield _metric("energy_pj_per_bit", watts.energy_pj_per_bit, "network_kw over delivered bits")


def _optics(budgets: tuple[LinkBudget, ...]) -> Iterator[Metric]:
    budget = worst(budgets)
    typical_db = budget.margin.margin_db if budget else np.nan
    sigma_db = budget.margin.margin_3sigma_db if budget else np.nan
    extreme_db = budget.worst_margin_db if budget else np.nan
    failing: Quantity = 0.0
    for one in budgets:
        failing = failing + one.links_expected_to_fail
    yield _metric("worst_link_typical_margin_db", typical_db, "typical margin of the worst optical link class")
    yield _metric("worst_link_3sigma_margin_db", sigma_db, "3 sigma margin of the worst optical link class")
    yield _metric(
        "worst_link_worst_case_margin_db", extreme_db, "margin of its standard's channel over the worst losses"
    )
    n_links = sum(budget.n_links for budget in budgets)
    yield _metric("links_expected_to_fail", failing, "optical links expected not to close")
    yield _metric(
        "link_yield_fraction",
        1.0 - failing / n_links if n_links else np.nan,
        "share of the optical links expected to close",
    )


def _packaging(optics: tuple[SwitchOptics, ...]) -> Iterator[Metric]:
    edges = [use.utilization for use in edge_uses(optics) if np.all(np.isfinite(use.utilization))]
    yield _metric("lasers_per_switch", max((each.lasers for each in optics), default=0), "lasers of the fullest switch")
    yield _metric(
        "edge_utilization",
        largest(*edges) if edges else np.nan,
        "edge that the optics of the fullest switch need over the edge there is; above 1 they do not fit",
    )
    yield _metric(
        "blast_radius_gbps",
        max((each.repair_gbps for each in optics), default=np.nan),
        "what is down while a failed module or engine of the fullest switch is replaced, per direction",
    )


def _plant(bom: BillOfMaterials, pause: Reconfiguration | None) -> Iterator[Metric]:
    yield _metric("ocs_boxes", bom.count("ocs"), "optical circuit switches")
    yield _metric("ocs_ports_used", bom.ocs_ports_used, "ports taken on all OCS, spare fibers included")
    total_ms = pause.total_ms if pause else np.nan
    yield _metric(
        "reconfiguration_ms", total_ms, "OCS switching of all its circuits, link re-acquisition and controller together"
    )


def _money(price: CostReport, bom: BillOfMaterials, broken: FailureReport) -> Iterator[Metric]:
    yield _metric("cost_usd", price.total_usd, "price of all network parts")
    yield _metric("cost_per_endpoint_usd", price.per_endpoint_usd, "price of all network parts per endpoint")
    yield _metric("cost_usd_per_gbps", price.usd_per_delivered_gbps, "price of all network parts per delivered Gb/s")
    yield _metric("energy_usd_per_year", price.energy_usd_per_year, "a year of facility power")
    yield _metric("switch_boxes", bom.count("switch"), "packet switches")
    yield _metric("modules", bom.count("module"), "optical modules and engines")
    yield _metric("lasers", bom.count("laser"), "laser chips, external ones included")
    yield _metric("fibers", bom.fibers, "installed strands of single-mode fiber; two segments through an OCS")
    yield _metric("pm_fibers", bom.count("pm_fiber"), "polarization-maintaining fibers")
    yield _metric("failures_per_day", broken.total_per_day, "expected failures of active parts")


def _notes(
    plant: OpticalPlant | None,
    paths: tuple[PhysicalPath, ...],
    budgets: tuple[LinkBudget, ...],
    optics: tuple[SwitchOptics, ...],
    broken: FailureReport,
    design: Design,
    catalogue: Catalogue,
) -> Iterator[str]:
    for budget in budgets:
        if budget.verdict != "closes":
            yield _budget_note(budget)
    for use in edge_uses(optics):
        if median(use.utilization) > 1 + 1e-9:
            yield (
                f"{use.where}: {' and '.join(use.modules)} for {use.optics_gbps:,.0f} Gb/s need "
                f"{median(use.needed_mm):,.0f} mm of {use.edge}, {use.switch} has {use.available_mm:,.0f}"
            )
    for path in paths:
        if path.through_ocs and plant and path.strands_per_link > plant.ports_per_end:
            copies = -(-path.strands_per_link // plant.ports_per_end)
            takes = f"each link takes {path.strands_per_link} fibers"
            yield f"{path.link_class}: {takes}, so the plant is built {copies} times"
        if path.spare_ends:
            yield f"{path.link_class}: {path.spare_ends} spare fibers have optics and OCS ports but no circuit"
        yield from _gearbox_notes(path, catalogue, design)
        for module, units in dict.fromkeys(((path.end_a, path.units_per_end_a), (path.end_b, path.units_per_end_b))):
            if 0 < units < 1 - 1e-9:
                yield (
                    f"{path.link_class}: one {module} serves {1 / units:g} links of {path.gbps:g} Gb/s; "
                    "they share its power and price"
                )
    if broken.unrated:
        yield f"failures_per_day leaves out {', '.join(broken.unrated)}: no failure rate listed"


def _gearbox_notes(path: PhysicalPath, catalogue: Catalogue, design: Design) -> Iterator[str]:
    """A module slower per lane than the switch needs a gearbox: its lanes would take a whole fast lane each."""
    for module, kind in dict.fromkeys(((path.end_a, path.kind_a), (path.end_b, path.kind_b))):
        if path.medium == "copper" or kind != NodeKind.SWITCH:
            continue
        switch = design.component("switch")
        lane_gbps, fastest_gbps = nominal(catalogue, module, "lane_gbps"), nominal(catalogue, switch, "lane_gbps")
        if lane_gbps < fastest_gbps:
            yield (
                f"{path.link_class}: {module} has {lane_gbps:g} Gb/s lanes, {switch} {fastest_gbps:g}; "
                "a gearbox is taken to be in the module"
            )


def _budget_note(budget: LinkBudget) -> str:
    typical_db, sigma_db = median(budget.margin.margin_db), median(budget.margin.margin_3sigma_db)
    failing = median(budget.links_expected_to_fail)
    return (
        f"{budget.link_class}: {budget.verdict}, typical margin {typical_db:.2f} dB, 3 sigma margin {sigma_db:.2f} dB, "
        f"about {failing:.3g} of {budget.n_links} links do not close"
    )
