# SPDX-License-Identifier: Apache-2.0
"""A design over time: states of failure drawn from its parts, what each carries, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optinet.errors import Problem, TopologyError
from optinet.fabric import Fabric
from optinet.metric import Metric
from optinet.models.risks import DesignRisks
from optinet.models.values import median
from optinet.reliability.carried import Carried, Clock, carried, require_circuits
from optinet.reliability.curve import AvailabilityCurve, availability_curve, level_name, time_at_most
from optinet.reliability.parts import nodes_named, ocs_problems
from optinet.reliability.risks import Cause, Risks
from optinet.reliability.sampling import States, draw_states
from optinet.reliability.settings import FailureSettings, RiskGroup
from optinet.units import unit_of

if TYPE_CHECKING:
    from optinet.assessment import Assessment
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.solution import Solution


@dataclass(frozen=True, eq=False)
class FailureStudy:
    """What came of drawing failures.

    Parameters
    ----------
    risks, states, found
        What may fail, the states drawn, and what each carries.
    curve
        The availability curve.
    """

    risks: Risks
    states: States
    found: Carried
    curve: AvailabilityCurve


def failure_study(
    solution: Solution,
    assessment: Assessment,
    design: Design,
    catalogue: Catalogue,
    settings: FailureSettings,
    clock: Clock | None = None,
) -> FailureStudy:
    """Draw states of failure of a design and solve them; what is down in the solution is down in all of them.

    Parameters
    ----------
    solution, assessment, design, catalogue
        The intact fabric, solved and assessed.
    settings
        How many states, and what may fail.
    clock
        Times a step of the job or collective that makes the demand.

    Raises
    ------
    TopologyError
        Naming every group with nodes or OCS that the fabric does not have.
    """
    fabric = solution.fabric
    parts = DesignRisks(fabric, assessment.paths, assessment.racks, design, catalogue, settings.power_domains)
    risks = Risks(fabric, [*parts.causes(settings.causes), *_groups(fabric, settings)])
    states = draw_states(risks, settings.samples, settings.seed)
    damage = risks.damage(states.failed)
    if (down := solution.failed) is not None:  # all the time, and not only in some states
        damage = damage.besides(~down.link_up, ~down.node_up, ~down.end_up)
    found = carried(solution, damage, rewire=settings.rewire, clock=clock)
    return FailureStudy(risks, states, found, availability_curve(states, found))


def check_failures(fabric: Fabric, settings: FailureSettings) -> None:
    """Find out whether a fabric has what a scenario says may fail, and circuits that are to be set anew.

    Raises
    ------
    TopologyError
        As `failure_study` does.
    """
    _groups(fabric, settings)
    if settings.rewire:
        require_circuits(fabric)


def failure_metrics(study: FailureStudy, assessment: Assessment, n_endpoints: int) -> Iterator[Metric]:
    """Yield what is delivered, at what cost and power, at each level of availability."""
    states, found, curve = study.states, study.found, study.curve
    cost_usd, network_w = median(assessment.cost.total_usd), median(assessment.power.network_w)
    for level in curve.levels:
        name = level_name(level.time_fraction)
        during = f"at least {100 * level.time_fraction:g} % of the time"
        rates = np.array([level.delivered_gbps, level.low_gbps, level.high_gbps])
        each = rates / n_endpoints if n_endpoints else np.full(3, np.nan)
        yield _metric(
            f"delivered_at_{name}_gbps_per_endpoint", f"delivered per endpoint {during}, failures sampled", *each
        )
        with np.errstate(divide="ignore"):
            usd, watts = cost_usd / rates, network_w / rates
        yield _metric(f"cost_at_{name}_usd_per_gbps", f"cost_usd per Gb/s delivered {during}", usd[0], usd[2], usd[1])
        yield _metric(
            f"power_at_{name}_w_per_gbps", f"network_kw per Gb/s delivered {during}", watts[0], watts[2], watts[1]
        )
        yield _metric(f"served_at_{name}_fraction", f"share of the endpoints served {during}", level.served_fraction)
    healthy = float(found.delivered_gbps[0])
    mean = curve.mean_gbps / healthy if healthy else np.nan
    yield _metric("delivered_mean_fraction", "mean over time of what is delivered, over that without failures", mean)
    whole = states.fraction(found.delivered_gbps >= healthy * (1 - 1e-9))
    meaning = "share of the time in which all is delivered that is without failures"
    yield _metric("full_delivery_time_fraction", meaning, *whole)
    if np.isnan(found.step_s).all():
        return
    runs = float(states.weight @ np.isfinite(found.step_s))
    for name, meaning, fraction in (
        ("p50", "median over time of a step, failures sampled", 0.5),
        ("p99", "time of a step not exceeded 99 % of the time, failures sampled", 0.99),
        ("running_p50", "median of a step over the time in which it runs, failures sampled", 0.5 * runs),
        ("running_p99", "time of a step not exceeded 99 % of the time in which it runs", 0.99 * runs),
    ):
        yield _metric(f"step_time_{name}_ms", meaning, 1e3 * time_at_most(states, found.step_s, fraction))
    yield _metric(
        "step_stopped_time_fraction", "share of the time in which an endpoint of the step is not served", 1.0 - runs
    )


def _metric(name: str, meaning: str, value: float, low: float = np.nan, high: float = np.nan) -> Metric:
    return Metric(name, float(value), float(low), float(high), unit_of(name), meaning)


def _groups(fabric: Fabric, settings: FailureSettings) -> list[Cause]:
    """Return the groups that a scenario names; `TopologyError` with every name that the fabric does not have."""
    problems: list[Problem] = []
    names = [str(name) for name in fabric.node_names] if settings.group else []
    causes = [_group(name, group, fabric, names, problems) for name, group in settings.group.items()]
    if problems:
        raise TopologyError(problems)
    return causes


def _group(name: str, group: RiskGroup, fabric: Fabric, names: list[str], problems: list[Problem]) -> Cause:
    where = f"failures.group.{name}"
    nodes = nodes_named(names, group.nodes, f"{where}.nodes", problems)
    problems += ocs_problems(fabric, group.ocs, f"{where}.ocs")
    if not group.nodes and not group.ocs:
        problems.append(Problem(where, "is empty", "nodes or ocs"))
    down = np.array(sorted(nodes), dtype=np.int64)
    ends = np.flatnonzero(np.isin(fabric.plant.end_ocs, group.ocs)) if fabric.plant else down[:0]
    return Cause(
        "group",
        name,
        "scenario",
        1,
        group.fit,
        group.repair_hours,
        nodes=np.array([np.zeros_like(down), down]),
        ends=np.array([np.zeros_like(ends), ends]),
    )
