# SPDX-License-Identifier: Apache-2.0
"""From a scenario to an assessment, and to the bytes of its run file.

Fabrics and solutions are remembered per process by their content: designs that differ in components alone are priced
on one solution. Few are kept, so that the memory of a sweep's workers stays flat.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

import optinet
import topologies
from experiments.fabrics import fabric_of
from experiments.failed import failed_parts, masks_of
from experiments.fitting import fitted
from experiments.scenario import Scenario
from optinet import workloads
from optinet.assessing import assess
from optinet.assessment import Assessment
from optinet.catalogue import Catalogue, load_catalogue
from optinet.design import Design
from optinet.errors import OptinetError
from optinet.fabric import Fabric
from optinet.failure_masks import FailureMasks, arcs_up
from optinet.failure_study import FailureStudy, failure_metrics, failure_study
from optinet.failures import among
from optinet.headline import scale_out_metrics
from optinet.jobs.phase import SolvedJob
from optinet.jobs.sharing import sharing_demand
from optinet.metric import Metric
from optinet.models.following import PlantChange, follow_on_plant, phase_metrics
from optinet.models.job import job_cycle_s
from optinet.models.job_on_fabric import job_on_fabric, jobs_on_fabric
from optinet.models.latency import latency
from optinet.models.physical_path import physical_paths
from optinet.models.replay import replayed_in
from optinet.models.step_circuits import CircuitSet, circuit_sets, step_circuit_metrics, step_circuits
from optinet.models.step_clock import step_clock
from optinet.models.values import median
from optinet.reliability.left import solved_left
from optinet.results.availability_content import availability_groups, failed_groups
from optinet.results.content import RunContent, assessment_groups, catalogue_groups, fabric_groups, solution_groups
from optinet.results.job_content import job_groups, sharing_groups
from optinet.results.provenance import provenance
from optinet.results.writer import run_bytes
from optinet.routing import OPTIMUM, candidates
from optinet.solution import Solution
from optinet.traffic.demand import Demand

_Value = TypeVar("_Value")

# engineering estimate: a percentile of 256 draws is good to a few percent of the range, for a tenth of a point's time
N_DRAWS = 256
DRAW_SEED = 0


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A scenario with everything computed for it.

    Parameters
    ----------
    scenario
        What was asked.
    fabric, demand, solution, design, catalogue, assessment
        What came of it.
    seconds
        Time spent in each stage; next to nothing for a fabric or a solution that was remembered.
    failing
        What failures take away; None where the scenario does not ask.
    """

    scenario: Scenario
    fabric: Fabric
    demand: Demand
    solution: Solution
    design: Design
    catalogue: Catalogue
    assessment: Assessment
    seconds: Mapping[str, float]
    failing: FailureStudy | None = None

    def __repr__(self) -> str:
        return f"<Evaluation of {self.scenario.title or 'a scenario'}: {self.assessment!r} of {self.solution!r}>"


class _Recent(Generic[_Value]):
    """The results of the last few calls, by key."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        if key not in self._values:
            self._values[key] = make()
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]


_solutions: _Recent[Solution] = _Recent(4)
_changes: _Recent[tuple[PlantChange, ...]] = _Recent(4)
_circuit_sets: _Recent[tuple[CircuitSet, ...]] = _Recent(2)


def evaluate(scenario: Scenario) -> Evaluation:
    """Build, solve and assess a scenario.

    Raises
    ------
    OptinetError
        If the parts do not fit together: parameters, demand, routing or design on this fabric. Everything that can be
        told without solving is told at once.
    """
    try:
        return _evaluated(scenario)
    except OptinetError:
        fitted(scenario)
        raise


def _evaluated(scenario: Scenario) -> Evaluation:
    seconds: dict[str, float] = {}
    plan = scenario.resolved()
    with _Timed(seconds, "build"):
        fabric = fabric_of(plan["topology"])
    with _Timed(seconds, "design"):
        catalogue = load_catalogue().with_values(plan["catalogue"])
        design = Design.from_roles(plan["design"], catalogue, plan.get("racks"))
    with _Timed(seconds, "solve"):
        solution = _solution(fabric, plan, scenario.folder, design, catalogue)
    with _Timed(seconds, "assess"):
        assessment = with_intervals(assess(solution, design, catalogue), solution, design, catalogue)
    if scenario.scale_out:
        more = tuple(scale_out_metrics(fabric, fabric_of(plan["scale_out"])))
        assessment = dataclasses.replace(assessment, metrics=(*assessment.metrics, *more))
    if scenario.phases:
        with _Timed(seconds, "phases"):
            changes = _phase_changes(fabric, plan)
            more = tuple(phase_metrics(changes, scenario.phases.length_s, assessment.paths, design, catalogue))
            assessment = dataclasses.replace(assessment, metrics=(*assessment.metrics, *more))
    if plan["workload"].get("circuits", "fixed") != "fixed":
        with _Timed(seconds, "circuits"):
            more = tuple(_circuit_metrics(solution, plan, assessment, design, catalogue))
            assessment = dataclasses.replace(assessment, metrics=(*assessment.metrics, *more))
    failing = None
    if scenario.failures:
        with _Timed(seconds, "failures"):
            clock = step_clock(solution, design, catalogue, median(assessment.latency.mean_ns) * 1e-9)
            failing = failure_study(solution, assessment, design, catalogue, scenario.failures, clock)
            more = tuple(failure_metrics(failing, assessment, fabric.n_endpoints))
            assessment = dataclasses.replace(assessment, metrics=(*assessment.metrics, *more))
    return Evaluation(scenario, fabric, solution.demand, solution, design, catalogue, assessment, seconds, failing)


def with_intervals(
    assessment: Assessment, solution: Solution, design: Design, catalogue: Catalogue, n_draws: int = N_DRAWS
) -> Assessment:
    """Return an assessment whose metrics have the 5th and 95th percentile over draws of the catalogue's ranges.

    The seed is the same for every run, so that the ranges of two designs with a component in common move together.
    """
    drawn = {m.name: m for m in assess(solution, design, catalogue.draw(n_draws, DRAW_SEED)).metrics}
    metrics = (dataclasses.replace(m, low=drawn[m.name].low, high=drawn[m.name].high) for m in assessment.metrics)
    return dataclasses.replace(assessment, metrics=tuple(metrics))


def evaluation_bytes(evaluation: Evaluation, case: str = "", command_line: str = "", study: str = "") -> bytes:
    """Return the run file of an evaluation; see `evaluation_content`."""
    return run_bytes(evaluation_content(evaluation, case, command_line, study))


def evaluation_content(
    evaluation: Evaluation, case: str = "", command_line: str = "", study: str = "", point: int = -1
) -> RunContent:
    """Return what the run file of an evaluation holds.

    Parameters
    ----------
    evaluation
        What was computed.
    case
        The design of a study that it belongs to.
    command_line
        What the user asked for, kept in the provenance.
    study, point
        Title of the study it belongs to and its place there, kept there too.
    """
    scenario, assessment = evaluation.scenario, evaluation.assessment
    groups = {
        "scenario": {"toml": scenario.to_toml(), "json": json.dumps(scenario.resolved())},
        **fabric_groups(evaluation.fabric),
        **solution_groups(evaluation.solution),
        **failed_groups(evaluation.solution),
        **assessment_groups(assessment, evaluation.catalogue),
        **catalogue_groups(evaluation.catalogue, assessment.values_used),
        **_job_groups(evaluation),
        **(availability_groups(evaluation.failing) if evaluation.failing else {}),
        "uncertainty": {"n_draws": N_DRAWS, "seed": DRAW_SEED},
    }
    return RunContent(
        title=scenario.title or case,
        case=case,
        routing=evaluation.solution.routing,
        verdict=assessment.verdict,
        scenario_sha256=scenario.content_sha256,
        groups=groups,
        provenance=provenance(evaluation.seconds, command_line, study, point),
    )


def _job_groups(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    job, report, sharing = evaluation.solution.job, evaluation.assessment.job, evaluation.assessment.sharing
    return (job_groups(job, report) if job is not None and report is not None else {}) | sharing_groups(sharing)


def warm_up() -> None:
    """Compile every kernel, or load it from the cache, by solving small fabrics of all kinds with all routings."""
    torus = topologies.build("torus", dims=(2, 2, 4))
    optinet.path_metrics(torus)
    for fabric in (torus, topologies.build("leaf_spine", leaves=2, spines=2, hosts_per_leaf=2, links_per_pair=1)):
        for demand in (Demand.uniform(fabric), Demand.permutation(fabric, range(fabric.n_endpoints)[::-1])):
            for routing in candidates(fabric):
                optinet.solve(fabric, demand, routing)
            optinet.concurrent_flow(fabric, demand)
    # a shift along the long axis alone: no plain bound meets shortest paths, so that paths are searched for
    ahead = Demand.permutation(torus, np.arange(16).reshape(4, 4)[:, [1, 2, 3, 0]].ravel())
    optinet.concurrent_flow(torus, ahead, "fptas", gap=0.1, time_budget_s=5.0)
    mesh = topologies.build("ocs_mesh", blocks=4, hosts_per_block=1, uplinks_per_block=6)
    optinet.rewire(mesh, [[0, 4, 1, 1], [4, 0, 1, 1], [1, 1, 0, 4], [1, 1, 4, 0]], prove=False)


def _solution(fabric: Fabric, plan: Mapping[str, Any], folder: str, design: Design, catalogue: Catalogue) -> Solution:
    """Return what a workload asks of a fabric, solved; the traffic of jobs at the mean rates of their cycles."""
    workload, routing = dict(plan["workload"]), dict(plan["routing"])
    seed, kind, asked, parts = plan["seed"], workload.pop("name"), routing.pop("name"), failed_parts(plan)

    def solve(failed: FailureMasks | None = None, name: str = asked, timed: str = asked) -> Solution:
        options = routing if name == asked else {key: value for key, value in routing.items() if key in OPTIMUM}
        mask = arcs_up(failed)

        def solved(demand: Demand, **of: Any) -> Solution:
            left = among(fabric, demand, failed.served) if failed else demand
            return dataclasses.replace(optinet.solve(fabric, left, name, arc_up=mask, seed=seed, **options), **of)

        if kind == workloads.SEVERAL_JOBS:
            jobs = jobs_on_fabric(fabric, workload, timed, design, catalogue, seed, failed)
            return solved(sharing_demand(fabric, jobs), sharing=jobs)
        if kind in workloads.JOBS:
            found = job_on_fabric(fabric, kind, workload, timed, design, catalogue, failed)
            cycle_s = job_cycle_s(found.job, 0.0, design, catalogue)
            return solved(found.traffic.scaled(1.0 / cycle_s), job=found.job)
        traffic = workloads.traffic(fabric, kind, workload, seed, timed, options, folder, failed)
        solution = solved(traffic.demand, collective=traffic.collective)
        # a flow has one path, and the flow of the optimum is none of one path each
        taken = "ecmp" if solution.routing == "optimal" else solution.routing
        flows = traffic.flows.routed(fabric, taken, seed, arc_up=mask) if traffic.flows else None
        return dataclasses.replace(solution, flows=flows)

    def solve_left() -> Solution:
        # a fabric is not given another routing because something fails: the best is that of the intact fabric
        intact = {**plan, "failed": {}}
        kept = asked if asked != "best" else _solution(fabric, intact, folder, design, catalogue).routing

        def solve_by(failed: FailureMasks, name: str) -> Solution:
            return solve(failed, name, asked if name == kept else name)

        return solved_left(masks_of(fabric, plan, parts), kept, solve_by)

    solution = _solutions.get(_solution_key(fabric, plan, design), solve_left if parts else solve)
    # the same graph may hang on other optical switches, which the models look at and the solver does not
    solution = solution if solution.fabric is fabric else dataclasses.replace(solution, fabric=fabric)
    if solution.flows is not None:
        physical = physical_paths(fabric, design, catalogue)
        replay = replayed_in(solution.flows, solution.paths, physical, design, catalogue)
        return dataclasses.replace(solution, replay=replay)
    return solution if solution.job is None else _with_latency(solution, solution.job, design, catalogue)


def _solution_key(fabric: Fabric, plan: Mapping[str, Any], design: Design) -> Hashable:
    """Return what a solution depends on.

    How fast accelerators and library are decides the rates of jobs; what the network is built of only adds its latency.
    """
    asked = [plan["workload"], plan["routing"]]
    if plan["workload"]["name"] in (*workloads.JOBS, workloads.SEVERAL_JOBS):
        asked += [[design.get(role) for role in ("accelerator", "job", "collectives")], plan["catalogue"]]
    if plan.get("failed"):  # parts that are down are found by names and in the plant
        return fabric.content_sha256, _key([*asked, plan["failed"], plan.get("failures")]), plan["seed"]
    return fabric.graph_sha256, _key(asked), plan["seed"]


def _with_latency(solution: Solution, job: SolvedJob, design: Design, catalogue: Catalogue) -> Solution:
    """Return the solution of a job that waits for the network of a design too."""
    ways = latency(solution.paths, physical_paths(solution.fabric, design, catalogue), design, catalogue)
    without_s, with_s = (job_cycle_s(job, way_s, design, catalogue) for way_s in (0.0, median(ways.mean_ns) * 1e-9))
    return solution.scaled(without_s / with_s)


def _circuit_metrics(
    solution: Solution, plan: Mapping[str, Any], assessment: Assessment, design: Design, catalogue: Catalogue
) -> Iterator[Metric]:
    """Yield what circuits of their own for the parts of a training step gain."""
    fabric, job, domain = solution.fabric, solution.job, plan["workload"]["scale_up_endpoints"]
    assert job is not None
    key = (_solution_key(fabric, plan, design), fabric.plant.sha256 if fabric.plant else "")
    sets = _circuit_sets.get(key, lambda: circuit_sets(fabric, job, domain, design, catalogue))
    way_s = median(assessment.latency.mean_ns) * 1e-9
    yield from step_circuit_metrics(step_circuits(sets, way_s, assessment.paths, design, catalogue))


def _phase_changes(fabric: Fabric, plan: Mapping[str, Any]) -> tuple[PlantChange, ...]:
    """Return what circuits carry in each phase, which neither the technology nor the length of the phases changes."""
    workload, phases, seed = dict(plan["workload"]), dict(plan["phases"]), plan["seed"]
    del phases["length_s"]
    plant = fabric.plant.sha256 if fabric.plant else ""

    def follow() -> tuple[PlantChange, ...]:
        parameters = {key: value for key, value in workload.items() if key != "name"}
        seeds = range(seed, seed + phases["count"])
        demands = [workloads.demand(fabric, workload["name"], parameters, each) for each in seeds]
        return follow_on_plant(fabric, demands, phases["lag"], phases["hedge_fraction"])

    return _changes.get((fabric.graph_sha256, plant, _key([workload, phases]), seed), follow)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


class _Timed:
    """Add the time spent inside to `seconds`."""

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds, self._stage = seconds, stage

    def __enter__(self) -> None:
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._stage] = time.perf_counter() - self._started
