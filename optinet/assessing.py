# SPDX-License-Identifier: Apache-2.0
"""Assessing: a solution, a design and catalogue values give all six answers.

A solution knows no watts; here it is powered, timed, budgeted and priced. One solution serves many designs, and on a
drawn catalogue every quantity is an array over the draws, so that Monte Carlo is one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from optinet.arguments import public
from optinet.assessment import Assessment
from optinet.catalogue import Catalogue, load_catalogue
from optinet.design import Design
from optinet.fabric import Fabric
from optinet.headline import headline
from optinet.models.availability import failures
from optinet.models.bom import bill_of_materials
from optinet.models.collectives import collective_report
from optinet.models.conservation import Balance, balances
from optinet.models.copper_links import copper_links
from optinet.models.cost import cost
from optinet.models.job import job_report
from optinet.models.latency import latency
from optinet.models.link_budget import link_budgets
from optinet.models.link_limits import link_limits
from optinet.models.packaging import switch_optics
from optinet.models.physical_path import physical_paths
from optinet.models.power import full_load_w, power
from optinet.models.racks import network_racks
from optinet.models.reconfiguration import reconfiguration
from optinet.models.replay import replay_report
from optinet.models.sharing import sharing_reports
from optinet.remarks import failure_remarks, remarks
from optinet.solution import Solution


@public
def assess(solution: Solution, design: Design | Mapping[str, str], catalogue: Catalogue | None = None) -> Assessment:
    """Run all models.

    Parameters
    ----------
    solution
        A fabric with one demand routed and solved.
    design
        Which component plays which role: a `Design`, or component ids by role.
    catalogue
        The shipped one unless given; with `Catalogue.draw` every quantity becomes an array of shape (n_draws,).

    Raises
    ------
    CatalogueError
        Naming everything in which the design does not fit the fabric; see `physical_paths`.
    """
    if isinstance(design, Mapping):
        design = Design.from_roles(design, catalogue)
    values = (load_catalogue() if catalogue is None else catalogue).recording()
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
        replay=replay_report(solution.replay, solution.paths, times.mean_ns, design, values),
        copper=copper_links(paths, values),
        job=job,
        sharing=sharing_reports(solution.sharing, *job_terms),
        notes=(),
        metrics=(),
        values_used=(),
    )
    return replace(
        found,
        notes=(*failure_remarks(solution), *remarks(found, fabric.plant, design, values)),
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
