# SPDX-License-Identifier: Apache-2.0
"""From a saved run back to what the models need, without solving: its solution, design and catalogue values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.failed import failed_parts, masks_of
from experiments.saved_design import saved_design
from optinet import workloads
from optinet.catalogue import Catalogue
from optinet.design import Design
from optinet.errors import Problem, RunFileError, SolverError
from optinet.failure_masks import FailureMasks
from optinet.failures import among
from optinet.jobs.phase import SolvedJob
from optinet.jobs.sharing import SharingJob, sharing_demand
from optinet.jobs.solving import job_demand
from optinet.reliability.left import FALLBACK
from optinet.results import Run
from optinet.results.job_content import job_of, sharing_of
from optinet.results.replay_content import replay_of
from optinet.routing.signatures import HopKinds, PathSignatures
from optinet.solution import Solution
from optinet.traffic.demand import Demand


@dataclass(frozen=True, eq=False)
class Saved:
    """What a run was assessed from.

    Parameters
    ----------
    run
        The run.
    solution
        Fabric, loads and paths as they are in the file.
    design
        Which component plays which role.
    catalogue
        The values and ranges the run used, whatever the catalogue says today.
    """

    run: Run
    solution: Solution
    design: Design
    catalogue: Catalogue


def reopened(run: Run) -> Saved:
    """Return what a run was assessed from.

    Raises
    ------
    OptinetError
        If the run lacks a part, or was made by an optinet whose components or workloads this one does not know.
    """
    if missing := [name for name in ("paths", "routing", "catalogue") if not run.table(name)]:
        raise RunFileError(Problem(str(run.path), f"has no {', '.join(missing)}", "a run made by 'run' or 'sweep'"))
    fabric = run.fabric
    job, sharing = job_of(run.table), sharing_of(run.table)
    design, catalogue = saved_design(run)
    failed = _masks(run)
    traffic = _traffic(run, job, sharing, failed)
    tried, paths = run.table("routing"), run.table("paths")
    kinds = HopKinds.of(fabric)
    if kinds.link_class.tolist() != paths["kind_link_class"].tolist():
        raise RunFileError(Problem(str(run.path), "its paths do not fit its fabric", "a run made by this optinet"))
    solution = Solution(
        fabric=fabric,
        demand=among(fabric, traffic.demand, failed.served) if failed else traffic.demand,
        loads=run.loads,
        alternatives=dict(zip(tried["name"], tried["throughput"].tolist(), strict=True)),
        paths=PathSignatures(paths["hops"], paths["length_m"], paths["weight"], kinds, str(paths["method"])),
        collective=traffic.collective,
        job=job,
        sharing=sharing,
        replay=replay_of(run.table),
        failed=failed,
    )
    return Saved(run, solution, design, catalogue)


def saved_demand(run: Run, failed: FailureMasks | None = None) -> Demand:
    """Return what was asked of the fabric of a run, a collective with these parts down; raises as `reopened` does."""
    if missing := [key for key in ("workload", "routing", "seed") if key not in run.scenario]:
        raise RunFileError(Problem(str(run.path), f"its scenario has no {', '.join(missing)}", "a run made by 'run'"))
    return _traffic(run, job_of(run.table), sharing_of(run.table), failed).demand


def saved_routing(run: Run) -> tuple[str, dict[str, Any]]:
    """Return the routing whose loads a run holds, and its options where its scenario gives it some."""
    asked = dict(run.scenario.get("routing", {}))
    used = run.routing
    return (used, asked) if asked.pop("name", "") == used else (used, {})


def _masks(run: Run) -> FailureMasks | None:
    """Return what was down in a run, with the endpoints served then; None where everything worked."""
    if not (parts := failed_parts(run.scenario)):
        return None
    table = run.table("failed")
    masks = next(masks_of(run.fabric, run.scenario, parts))
    return dataclasses.replace(masks, served=np.asarray(table["endpoint_served"]) != 0) if table else masks


def _traffic(
    run: Run, job: SolvedJob | None, sharing: tuple[SharingJob, ...], failed: FailureMasks | None
) -> workloads.Traffic:
    """Return what was asked of the fabric of a run; that of jobs as they were timed then, without timing them again."""
    if sharing:
        return workloads.Traffic(sharing_demand(run.fabric, sharing))
    if job is not None:
        demand = job_demand(run.fabric, job)
        return workloads.Traffic(demand.scaled(1.0 / float(run.table("job")["cycle_s"])))
    workload, options = dict(run.scenario["workload"]), dict(run.scenario["routing"])
    terms = (run.fabric, workload.pop("name"), workload, run.scenario["seed"])
    routing = options.pop("name")
    if not run.table("collective"):  # anything else asks what it does, whatever is down
        return workloads.traffic(*terms, routing, options, run.path.parent)
    try:
        return workloads.traffic(*terms, routing, options, run.path.parent, failed)
    except SolverError:  # steps of a collective without a way, with parts down
        if failed is None:
            raise
        return workloads.traffic(*terms, FALLBACK, None, run.path.parent, failed)
