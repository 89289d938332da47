# SPDX-License-Identifier: Apache-2.0
"""What a reader of an assessment must know beside its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optinet.fabric import NodeKind
from optinet.models.facility import AIR, is_sold_liquid_cooled, switch_cooling
from optinet.models.packaging import edge_uses
from optinet.models.racks import rack_notes
from optinet.models.values import median, nominal

if TYPE_CHECKING:
    from optinet.assessment import Assessment
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.models.link_budget import LinkBudget
    from optinet.models.physical_path import PhysicalPath
    from optinet.plant import OpticalPlant
    from optinet.solution import Solution


DOWN = "down: "
"""Begins what is said of parts that are down."""


def remarks(assessment: Assessment, plant: OpticalPlant | None, design: Design, catalogue: Catalogue) -> Iterator[str]:
    """Yield one text for each: links that do not close, copies of the plant, shared modules, racks, cooling.

    Parameters
    ----------
    assessment
        What the models say.
    plant
        Of the fabric that was assessed.
    design, catalogue
        The components and their values.
    """
    for budget in assessment.budgets:
        if budget.verdict != "closes":
            yield _budget_note(budget)
    for use in edge_uses(assessment.optics):
        if median(use.utilization) > 1 + 1e-9:
            yield (
                f"{use.where}: {' and '.join(use.modules)} for {use.optics_gbps:,.0f} Gb/s need "
                f"{median(use.needed_mm):,.0f} mm of {use.edge}, {use.switch} has {use.available_mm:,.0f}"
            )
    for path in assessment.paths:
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
    yield from rack_notes(assessment.racks, catalogue)
    yield from _cooling_notes(design, catalogue)
    for link in assessment.copper:
        if link.length_m > link.reach.published_m * (1 + 1e-9):
            yield (
                f"{link.link_class}: {link.length_m:g} m of {link.reach.cable} are within its loss, with "
                f"{link.margin_db:.1f} dB to spare, and beyond the {link.reach.published_m:g} m usually told of it"
            )
    broken = assessment.failures
    if broken.unrated:
        yield f"failures_per_day leaves out {', '.join(broken.unrated)}: no failure rate listed"


def failure_remarks(solution: Solution) -> Iterator[str]:
    """Yield what a reader must know of a fabric with parts down."""
    failed = solution.failed
    if failed is None:
        return
    links, lost = int((~failed.link_up).sum()), int((~failed.served).sum())
    yield (
        f"{DOWN}{failed.text}; {links:,} of {len(failed.link_up):,} links carry nothing, {lost:,} of "
        f"{len(failed.served):,} endpoints are not served; power and cost are of the whole fabric"
    )


def _cooling_notes(design: Design, catalogue: Catalogue) -> Iterator[str]:
    if switch_cooling(design, catalogue) == AIR and is_sold_liquid_cooled(design, catalogue):
        yield "air cools boxes that are sold liquid-cooled only: co-packaged optics and their switches"


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
