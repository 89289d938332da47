# SPDX-License-Identifier: Apache-2.0
"""The headline numbers of an assessment, each with its unit and its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from optinet.fabric import NodeKind
from optinet.metric import Metric
from optinet.models.cost import OPTICS
from optinet.models.link_budget import worst
from optinet.models.packaging import edge_uses
from optinet.models.queueing import loaded_latency
from optinet.models.sharing import sharing_totals
from optinet.models.values import Quantity, largest, median
from optinet.units import unit_of

if TYPE_CHECKING:
    from optinet.assessment import Assessment
    from optinet.fabric import Fabric
    from optinet.flows.quick_bisection import Bisection
    from optinet.jobs.phase import SolvedJob
    from optinet.models.availability import FailureReport
    from optinet.models.bom import BillOfMaterials
    from optinet.models.collectives import CollectiveReport
    from optinet.models.copper_links import CopperLink
    from optinet.models.cost import CostReport
    from optinet.models.job import JobReport
    from optinet.models.latency import LatencyDistribution
    from optinet.models.link_budget import LinkBudget
    from optinet.models.packaging import SwitchOptics
    from optinet.models.physical_path import PhysicalPath
    from optinet.models.power import PowerReport
    from optinet.models.racks import Racks
    from optinet.models.reconfiguration import Reconfiguration
    from optinet.models.replay import ReplayReport
    from optinet.solution import Solution

_PROOFS = {
    "formula": "by a theorem",
    "bounds meet": "the best cut found, with as few as eigenvalues demand",
    "bounds": "between what eigenvalues or traffic demand and the best cut found",
}
_BUSY_FRACTION = 0.8
"""Utilization of the busiest link at which latency under load is told."""


def headline(assessment: Assessment, solution: Solution) -> Iterator[Metric]:
    """Yield the headline numbers.

    Parameters
    ----------
    assessment
        What the models say.
    solution
        What was assessed.
    """
    yield from _size(solution)
    yield from _delivery(solution)
    yield from _speed(assessment.latency)
    yield from _queueing(solution, assessment.latency)
    yield from _collective(assessment.collective)
    yield from _replay(assessment.replay)
    yield from _watts(assessment.power, solution.fabric.n_endpoints)
    yield from _racks(assessment.racks)
    yield from _copper(assessment.copper)
    yield from _optics(assessment.budgets)
    yield from _packaging(assessment.optics)
    yield from _plant(assessment.bom, assessment.reconfiguration)
    yield from _money(assessment.cost)
    yield from _parts(assessment.bom, assessment.paths, assessment.failures)
    if solution.job is not None and assessment.job is not None:
        yield from _job(assessment.job, solution.job)
    if assessment.sharing:
        yield from (_metric(*each) for each in sharing_totals(assessment.sharing))


def scale_out_metrics(fabric: Fabric, scale_out: Fabric) -> Iterator[Metric]:
    """Yield what an endpoint has in its scale-out network, and how many times as much in this one.

    Parameters
    ----------
    fabric, scale_out
        The scale-up network and the scale-out network of the same endpoints; both rates are per direction.
    """
    up_gbps, out_gbps = endpoint_gbps(fabric), endpoint_gbps(scale_out)
    yield _metric("scale_out_gbps", out_gbps, "what the scale-out links of an endpoint carry together per direction")
    meaning = "endpoint_gbps over scale_out_gbps, both per direction"
    yield _metric("scale_up_to_scale_out_ratio", up_gbps / out_gbps, meaning)


def endpoint_gbps(fabric: Fabric) -> float:
    """Return what the links of an endpoint carry together per direction, Gb/s, mean over the endpoints."""
    at_endpoint = fabric.node_kind[fabric.arc_tail] != NodeKind.SWITCH
    return float(fabric.arc_capacity_gbps[at_endpoint].sum()) / max(fabric.n_endpoints, 1)


def _metric(name: str, value: Quantity, meaning: str, bounds: Sequence[float] = (np.nan, np.nan)) -> Metric:
    """Return a metric: over draws their median, 5th and 95th percentile, else the number and its bounds."""
    low, high = (float(bound) for bound in np.percentile(value, (5, 95))) if np.ndim(value) else bounds
    draws = np.asarray(value, dtype=np.float64) if np.ndim(value) else None
    return Metric(name, median(value), low, high, unit_of(name), meaning, draws)


def _size(solution: Solution) -> Iterator[Metric]:
    fabric = solution.fabric
    tiers = np.unique(fabric.node_tier[fabric.node_kind == NodeKind.SWITCH])
    yield _metric("endpoints", float(fabric.n_endpoints), "hosts and chips")
    yield _metric("switch_tiers", float(len(tiers)), "tiers of packet switches")
    meaning = "what the links of an endpoint carry together per direction, mean"
    yield _metric("endpoint_gbps", endpoint_gbps(fabric), meaning)
    yield _bisection(solution.bisection)


def _bisection(cut: Bisection | None) -> Metric:
    meaning = "links between the two halves of the endpoints where they are fewest"
    if cut is None:
        return _metric("bisection_links", np.nan, meaning)
    bounds = (np.nan, np.nan) if cut.is_proven else (cut.lower, cut.upper)
    return _metric("bisection_links", cut.lower, f"{meaning}: {_PROOFS[cut.method]}", bounds)


def _delivery(solution: Solution) -> Iterator[Metric]:
    yield _metric(
        "delivered_gbps_per_endpoint",
        solution.delivered_gbps_per_endpoint,
        "delivered rate per endpoint and direction, at min(1, throughput) of the demand",
    )
    yield _metric(
        "delivered_tbps",
        solution.delivered_gbps / 1e3,
        "delivered rate of all endpoints together, each bit counted once end to end",
    )
    yield _metric("throughput", solution.throughput, "largest common scale factor of the demand that fits")
    if (bounds := solution.optimum_gbps_per_endpoint) is not None:
        name, meaning = "optimum_gbps_per_endpoint", "delivered rate per endpoint of the best of all routings, proven"
        yield Metric(name, bounds[0], *bounds, unit_of(name), meaning)
    if solution.failed is not None:
        down, served = np.count_nonzero(~solution.failed.link_up), np.count_nonzero(solution.failed.served)
        lost = solution.fabric.n_endpoints - served
        yield _metric("links_down", float(down), "links that carry nothing because parts are down")
        yield _metric("lost_endpoints", float(lost), "endpoints that are down, or cannot reach most others")
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
    what = f"latency with queueing of 4096 B packets (M/D/1), the busiest link at {100 * _BUSY_FRACTION:.0f} %"
    yield _metric("loaded_latency_mean_ns", loaded.mean_ns, f"mean {what}")
    yield _metric("loaded_latency_p99_ns", loaded.p99_ns, f"99th percentile over the traffic of {what}")


def _collective(found: CollectiveReport | None) -> Iterator[Metric]:
    if found is None:
        return
    solved = found.solved
    what = f"{solved.operation.replace('_', '-')} by {solved.algorithm}"
    yield _metric("collective_time_ms", found.time_s * 1e3, f"time of the {what}, latency of its steps inside")
    yield _metric(
        "collective_bound_ms",
        solved.bound_s * 1e3,
        f"bandwidth bound that no algorithm beats on this fabric: {solved.bound_reason}",
    )
    yield _metric("bus_gbps_per_endpoint", found.bus_gbps, f"bus bandwidth of the {what}, as nccl-tests defines it")
    yield _metric("collective_latency_fraction", found.latency_fraction, f"share of latency in the time of the {what}")
    yield _metric("collective_steps", float(solved.steps), f"steps of the {what}, one after another")


def _replay(found: ReplayReport | None) -> Iterator[Metric]:
    if found is None:
        return
    what = "of the flows replayed one by one under max-min sharing"
    computing_s = found.replay.computing_s
    yield _metric("makespan_ms", found.makespan_s * 1e3, f"when the last {what} has ended, latency inside")
    yield _metric("computing_ms", computing_s * 1e3, "computing of the endpoint that has most of it")
    yield _metric("exposed_ms", (found.makespan_s - computing_s) * 1e3, "makespan_ms less computing_ms")
    yield _metric("flows", float(found.replay.n_flows), "flows on links")
    yield _metric("flow_startup_us", found.startup_s * 1e6, "time of a flow besides its bits and its way through fiber")
    yield _metric("flow_p50_ms", found.completion_s(50.0) * 1e3, f"median time from begin to end {what}")
    yield _metric(
        "flow_p99_ms", found.completion_s(99.0) * 1e3, f"99th percentile of the time from begin to end {what}"
    )


def _watts(watts: PowerReport, n_endpoints: int) -> Iterator[Metric]:
    yield _metric("network_kw", watts.network_w / 1e3, "power of the network, NIC and on-chip networks inside")
    yield _metric(
        "network_without_nic_and_chip_kw",
        watts.network_without_nic_and_chip_w / 1e3,
        "power of the network without NIC and on-chip networks",
    )
    per_endpoint_w = watts.network_w / n_endpoints if n_endpoints else np.nan
    yield _metric("network_w_per_endpoint", per_endpoint_w, "network_kw per endpoint")
    yield _metric("facility_kw", watts.facility.total_w / 1e3, "power from the grid, power chain and cooling inside")
    yield _metric("pue_ratio", watts.facility.pue_ratio, "facility_kw over network_kw")
    yield _metric("energy_pj_per_bit", watts.energy_pj_per_bit, "network_kw over delivered bits")


def _racks(racks: tuple[Racks, ...]) -> Iterator[Metric]:
    densest_kw = largest(*(each.rack_kw for each in racks)) if racks else np.nan
    over = sum(each.racks for each in racks if each.is_over_limit)
    yield _metric("racks", sum(each.racks for each in racks), "racks of switches, of OCS, and of hosts where told")
    yield _metric("rack_kw", densest_kw, "power of the densest of these racks at full load")
    yield _metric("racks_over_limit", over, "racks of these that power keeps from being filled, or told beyond it")


def _copper(copper: tuple[CopperLink, ...]) -> Iterator[Metric]:
    worst_db = min((each.margin_db for each in copper), default=np.nan)
    yield _metric("worst_copper_margin_db", worst_db, "loss budget left by the copper links that have least")


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


def _money(price: CostReport) -> Iterator[Metric]:
    what = "price of all network parts"
    bounds = [median(price.sum_usd(end)) for end in ("low_usd", "high_usd")]
    each, delivered = ([median(per(usd)) for usd in bounds] for per in (price.per_endpoint, price.per_delivered))
    yield _metric("cost_usd", price.total_usd, what, bounds)
    yield _metric("cost_per_endpoint_usd", price.per_endpoint_usd, f"{what} per endpoint", each)
    yield _metric("cost_usd_per_gbps", price.usd_per_delivered_gbps, f"{what} per delivered Gb/s", delivered)
    yield _metric(
        "optics_usd", price.sum_usd("cost_usd", *OPTICS), "price of optical modules, engines and their lasers"
    )
    yield _metric(
        "optics_bom_usd",
        price.sum_usd("maker_usd", *OPTICS),
        "the same with co-packaged engines at what their parts cost",
    )
    yield _metric("energy_kwh_per_year", price.energy_kwh_per_year, "energy of a year of facility power")
    yield _metric("energy_usd_per_year", price.energy_usd_per_year, "a year of facility power")
    life = "cost_usd and the energy of its service life"
    yield _metric("life_cost_usd", price.over_life_usd, life)
    yield _metric("life_cost_per_endpoint_usd", price.per_endpoint(price.over_life_usd), f"{life}, per endpoint")
    yield _metric("life_cost_usd_per_gbps", price.per_delivered(price.over_life_usd), f"{life}, per delivered Gb/s")


def _parts(bom: BillOfMaterials, paths: tuple[PhysicalPath, ...], broken: FailureReport) -> Iterator[Metric]:
    yield _metric("switch_boxes", bom.count("switch"), "packet switches")
    yield _metric("modules", bom.count("module"), "optical modules and engines")
    yield _metric("lasers", bom.count("laser"), "laser chips, external ones included")
    yield _metric("fibers", bom.fibers, "installed strands of single-mode fiber; two segments through an OCS")
    yield _metric("pm_fibers", bom.count("pm_fiber"), "polarization-maintaining fibers")
    pairs = sum(path.n_links * path.pairs_per_link for path in paths)
    yield _metric("copper_pairs", pairs, "differential pairs of all copper links, both directions")
    yield _metric("failures_per_day", broken.total_per_day, "expected failures of active parts")


def _job(report: JobReport, job: SolvedJob) -> Iterator[Metric]:
    what = "trained" if job.kind == "training" else "generated"
    if job.kind == "training":
        yield _metric("step_time_ms", report.cycle_s * 1e3, "a step of training")
    else:
        # a prompt passes all stages, one after the other
        first_s = report.times["prefill"].micro_s * job.stages
        token_s = report.times["decode"].total_s
        yield _metric("first_token_ms", first_s * 1e3, "from a prompt to the first token of its answer, no queue")
        yield _metric("tokens_per_s_per_user", 1.0 / token_s, "tokens of one answer while it is generated")
        yield _metric("requests_in_flight", float(job.batch * job.replicas), "answers that are generated at a time")
        yield _metric("cache_gb", job.cache_gb, "keys and values on an endpoint")
    yield _metric("tokens_per_s", report.tokens_per_s, f"tokens {what} by all endpoints, while steps count")
    per_endpoint = report.tokens_per_s / job.n_endpoints
    yield _metric("tokens_per_s_per_endpoint", per_endpoint, f"tokens {what} by an endpoint of the job")
    exposed = report.exposed_s / report.cycle_s
    yield _metric("exposed_communication_fraction", exposed, "share of the time that waits for the network")
    yield _metric("bubble_fraction", report.bubble_s / report.cycle_s, "share of the time in which the pipeline fills")
    yield _metric("mfu_fraction", report.mfu_fraction, "operations that the model needs over those of the peak rate")
    yield _metric("memory_gb", job.memory.total_gb, "what the fullest endpoint holds")
    yield _metric(
        "memory_fraction", report.memory_fraction, "memory_gb over what a job may fill, the reserve left free"
    )
    yield _metric("j_per_token", report.energy_j / job.tokens, "energy from the grid, lost work inside")
    network_energy = report.network_energy_j / report.energy_j
    yield _metric("network_energy_fraction", network_energy, "share of the network in j_per_token")
    usd = report.cost_usd / job.tokens * 1e6
    yield _metric("usd_per_million_tokens", usd, "prices over the service life and electricity, lost work inside")
    network_cost = report.network_cost_usd / report.cost_usd
    yield _metric("network_cost_fraction", network_cost, "share of the network in usd_per_million_tokens")
