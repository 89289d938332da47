# SPDX-License-Identifier: Apache-2.0
"""Jobs placed on a fabric with what the accelerator and the library of a design have: memory, own links, start-up.

Parallelism and slices are searched for by the time of a token, as the assumptions of a job are listed.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from optinet.errors import CatalogueError, DemandError, OptinetError, Problem, SolverError
from optinet.failure_masks import FailureMasks, arcs_up
from optinet.jobs.parallelism import ONE, Parallelism, place
from optinet.jobs.parameters import JobParameters, SharingParameters
from optinet.jobs.phase import SolvedJob
from optinet.jobs.search import Search, SliceResult, check_search, search_parallelism, search_slices
from optinet.jobs.shares import placed_jobs, sharing_parameters
from optinet.jobs.sharing import SharingJob, share_fabric
from optinet.jobs.solving import JobOnFabric, check_placed, job_traffic, solve_job, validated
from optinet.jobs.transformer import Transformer
from optinet.models.job import TYPICAL_WAY_S, accelerator_of, job_cycle_s, memory_for_job_gb
from optinet.models.values import has, nominal
from optinet.structure import Blocks
from optinet.validation import problems_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.fabric import Fabric


def job_on_fabric(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any],
    routing: str,
    design: Design,
    catalogue: Catalogue,
    failed: FailureMasks | None = None,
) -> JobOnFabric:
    """Place and time a job with the memory and the links that the accelerator of a design has.

    Parameters
    ----------
    fabric, name, parameters, routing
        As in `optinet.jobs.solving.solve_job`.
    design, catalogue
        Give the accelerator and the assumptions, as listed.
    failed
        What is down; exchanges are routed around it.

    Raises
    ------
    CatalogueError
        If the design names no accelerator, or one without what a job needs.
    DemandError
        If an endpoint of the job is not served.
    OptinetError
        As `optinet.jobs.solving.solve_job` does.
    """
    p = validated(name, parameters)
    return _solved(fabric, p, routing, design, catalogue, failed, is_open=p.parallelism == "best")


def jobs_on_fabric(
    fabric: Fabric,
    parameters: Mapping[str, Any] | SharingParameters,
    routing: str,
    design: Design,
    catalogue: Catalogue,
    seed: int = 0,
    failed: FailureMasks | None = None,
) -> tuple[SharingJob, ...]:
    """Place several jobs on a fabric, time each alone, and what they do to each other.

    Parameters
    ----------
    fabric, routing, design, catalogue, failed
        As in `job_on_fabric`; parallelism is searched for as if each job were alone.
    parameters
        Of `optinet.jobs.parameters.SharingParameters`.
    seed
        Seed of a random placement.

    Raises
    ------
    DemandError
        Where endpoints overlap or exceed the fabric, and as `job_on_fabric` does, naming the job.
    """
    solved = []
    for name, (p, is_open) in placed_jobs(fabric, sharing_parameters(parameters), seed).items():
        with _naming(name):
            solved.append((name, _solved(fabric, p, routing, design, catalogue, failed, is_open=is_open)))
    mask = arcs_up(failed)
    return share_fabric(fabric, solved, lambda job: job_cycle_s(job, TYPICAL_WAY_S, design, catalogue), mask)


def _solved(
    fabric: Fabric,
    p: JobParameters,
    routing: str,
    design: Design,
    catalogue: Catalogue,
    failed: FailureMasks | None,
    *,
    is_open: bool,
) -> JobOnFabric:
    """Place and time a job as its parameters say, or with the best parallelism where they leave it open."""
    _check_served(fabric, p, failed)
    mask = arcs_up(failed)
    if not is_open:
        return solve_job(fabric, p.kind, p, routing, arc_up=mask, **_limits(p, design, catalogue))
    job = best_parallelism(fabric, p.kind, p, routing, design, catalogue, p.candidates, mask).best.job
    assert job is not None
    placed = place(fabric, job.parallelism)
    return JobOnFabric(job, placed, job_traffic(fabric, placed, job))


def _check_served(fabric: Fabric, p: JobParameters, failed: FailureMasks | None) -> None:
    """Raise `DemandError` if a job, which waits for its slowest endpoint, has one that is not served."""
    if failed is None or failed.served.all():
        return
    wanted = p.parallelism if isinstance(p.parallelism, Parallelism) else Parallelism()
    members = place(fabric, wanted.model_copy(update=ONE)).endpoint.ravel()
    lost = members[~failed.served[members]]
    if len(lost):
        name = fabric.node_names[fabric.endpoints[lost[0]]]
        found = f"{len(lost):,} of {len(members):,} endpoints are not served with {failed.text} down, {name} first"
        allowed = "endpoints that are served, by slice, endpoints or first_endpoint, or parts down that serve none"
        raise DemandError(Problem("workload.parallelism", found, allowed))


def check_job(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any] | JobParameters,
    design: Design,
    catalogue: Catalogue,
    failed: FailureMasks | None = None,
) -> None:
    """Find out whether a job fits endpoints, model and memory, without timing what it exchanges.

    Parameters
    ----------
    fabric, name, parameters, design, catalogue, failed
        As in `job_on_fabric`.

    Raises
    ------
    CatalogueError, OptinetError
        As `job_on_fabric` does.
    """
    p = validated(name, parameters)
    _check(fabric, p, design, catalogue, failed, is_open=p.parallelism == "best")


def check_jobs(
    fabric: Fabric,
    parameters: Mapping[str, Any] | SharingParameters,
    design: Design,
    catalogue: Catalogue,
    seed: int = 0,
    failed: FailureMasks | None = None,
) -> None:
    """Find out whether several jobs fit, each as `check_job` does; parameters as in `jobs_on_fabric`."""
    for name, (p, is_open) in placed_jobs(fabric, sharing_parameters(parameters), seed).items():
        with _naming(name):
            _check(fabric, p, design, catalogue, failed, is_open=is_open)


def _check(
    fabric: Fabric,
    p: JobParameters,
    design: Design,
    catalogue: Catalogue,
    failed: FailureMasks | None,
    *,
    is_open: bool,
) -> None:
    _check_served(fabric, p, failed)
    if getattr(p, "circuits", "fixed") != "fixed":
        joined_blocks(fabric)
    limits = _limits(p, design, catalogue)
    check = check_search if is_open else check_placed
    check(fabric, p, limits["memory_gb"], limits["scale_up_gbps"], limits["models"])


def joined_blocks(fabric: Fabric) -> int:
    """Return how many blocks an OCS layer joins; `SolverError` if that is not how a fabric is built."""
    if not isinstance(fabric.structure, Blocks) or fabric.plant is None:
        problem = "circuits per part need blocks joined through OCS"
        raise SolverError(Problem("workload.circuits", problem, "a topology such as ocs_mesh, or circuits = 'fixed'"))
    return fabric.structure.blocks


@contextlib.contextmanager
def _naming(job: str) -> Iterator[None]:
    """Say of which of several jobs an error is."""
    try:
        yield
    except OptinetError as error:
        raise type(error)(
            dataclasses.replace(each, where=each.where.replace("workload", f"workload.jobs.{job}", 1))
            for each in error.problems
        ) from None


def best_parallelism(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any] | JobParameters,
    routing: str,
    design: Design,
    catalogue: Catalogue,
    most: int = 40,
    arc_up: NDArray[np.bool_] | None = None,
) -> Search:
    """Return the parallelism and placement with which a job takes least time for a token, as listed.

    Parameters
    ----------
    fabric, name, parameters, routing, design, catalogue
        As in `job_on_fabric`.
    most
        Candidates that are solved at most, >= 1.
    arc_up
        shape (n_arcs,): which arcs are up; all when None.
    """
    p = validated(name, parameters)
    limits = _limits(p, design, catalogue) | {"arc_up": arc_up}
    return search_parallelism(fabric, name, p, routing, _per_token(design, catalogue), most=most, **limits)


def best_slices(
    fabric: Fabric,
    n_chips: int,
    name: str,
    parameters: Mapping[str, Any] | JobParameters,
    routing: str,
    design: Design,
    catalogue: Catalogue,
    most: int = 12,
) -> tuple[SliceResult, ...]:
    """Return what a job does on every slice shape of a pod with so many chips, the fastest first.

    Parameters
    ----------
    fabric
        A pod of cubes.
    n_chips
        Chips of the slice.
    name, parameters, routing, design, catalogue, most
        As in `best_parallelism`, on every shape.
    """
    p = validated(name, parameters)
    limits = _limits(p, design, catalogue)
    return search_slices(fabric, n_chips, name, p, routing, _per_token(design, catalogue), most=most, **limits)


def _limits(p: JobParameters, design: Design, catalogue: Catalogue) -> dict[str, Any]:
    """Return what accelerator and library of a design allow: memory, own links, start-up of a step; and the models."""
    accelerator = accelerator_of(design, catalogue, p.compute)
    memory_gb = memory_for_job_gb(accelerator, design, catalogue)
    return {"memory_gb": memory_gb, "models": transformers(catalogue), **timing_of(p.compute, design, catalogue)}


def timing_of(compute: str, design: Design, catalogue: Catalogue) -> dict[str, Any]:
    """Return what exchanges are timed with besides a fabric, as options of `optinet.jobs.solving.solve_job`."""
    accelerator = accelerator_of(design, catalogue, compute)
    own_links = has(catalogue, accelerator, "scale_up_gbps")
    return {
        "scale_up_gbps": nominal(catalogue, accelerator, "scale_up_gbps") if own_links else None,
        "startup_s": nominal(catalogue, design.component("collectives"), "step_us") * 1e-6 + TYPICAL_WAY_S,
    }


def _per_token(design: Design, catalogue: Catalogue) -> Callable[[SolvedJob], float]:
    return lambda job: job_cycle_s(job, TYPICAL_WAY_S, design, catalogue) / job.tokens


def transformers(catalogue: Catalogue) -> dict[str, Transformer]:
    """Return the transformers of a catalogue by name, as listed.

    Raises
    ------
    CatalogueError
        If a scenario has set numbers of one that do not go together.
    """
    return {name: _transformer(name, catalogue) for name in catalogue.ids("transformer")}


def _transformer(name: str, catalogue: Catalogue) -> Transformer:
    listed = catalogue[name].values
    shape = {key: int(listed[key].value) for key in Transformer.model_fields if key in listed}
    try:
        return Transformer.model_validate(shape)
    except ValidationError as error:
        raise CatalogueError(problems_of(error, Transformer, prefix=("catalogue", name))) from None
