# SPDX-License-Identifier: Apache-2.0
"""Which endpoints each of several jobs has: a list of its own, a slice, or a number of those that are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from optinet.collectives.placement import Placement as EndpointOrder
from optinet.collectives.schedule import Ints
from optinet.errors import DemandError, Problem
from optinet.fabric import Fabric
from optinet.jobs.parallelism import Parallelism
from optinet.jobs.parameters import JobParameters, ServingShare, SharingParameters, TrainingShare
from optinet.slices import slice_nodes
from optinet.structure import Pod
from optinet.validation import problems_of

Share = TrainingShare | ServingShare


def sharing_parameters(parameters: Mapping[str, Any] | SharingParameters) -> SharingParameters:
    """Return the parameters of several jobs checked; `DemandError` naming every wrong one."""
    if isinstance(parameters, SharingParameters):
        return parameters
    try:
        return SharingParameters.model_validate(dict(parameters))
    except ValidationError as error:
        raise DemandError(problems_of(error, SharingParameters, prefix=("workload",))) from None


def placed_jobs(fabric: Fabric, p: SharingParameters, seed: int = 0) -> dict[str, tuple[JobParameters, bool]]:
    """Return every job's parameters with its endpoints in them, and whether its parallelism is to be searched for.

    Parameters
    ----------
    fabric
        Any fabric.
    p
        The jobs. Those that list endpoints or name a slice have these; the others are served from what is left in the
        order that `placement` says.
    seed
        Seed of a random placement.

    Raises
    ------
    DemandError
        Naming every job whose endpoints are another's or exceed what is there, with what would fit.
    """
    fixed, problems = _fixed(fabric, p)
    problems += [
        Problem(f"workload.jobs.{name}.parallelism.{key}", "is said of a job among several", f"{key} of the job itself")
        for name, job in p.jobs.items()
        if isinstance(job.parallelism, Parallelism)
        for key in ("endpoints", "slice", "first_endpoint")
        if getattr(job.parallelism, key)
    ]
    problems += [
        Problem(f"workload.jobs.{name}.circuits", "circuits per part are those of a job by itself", "fixed")
        for name, job in p.jobs.items()
        if getattr(job, "circuits", "fixed") != "fixed"
    ]
    if problems:
        raise DemandError(problems)
    members = {**{name: wanted for name, (wanted, _) in fixed.items()}, **_dealt(fabric, p, fixed, seed)}
    found: dict[str, tuple[JobParameters, bool]] = {}
    for name, job in p.jobs.items():
        is_open = not isinstance(job.parallelism, Parallelism)
        given = Parallelism() if is_open else job.parallelism
        assert isinstance(given, Parallelism)
        parallelism = given.model_copy(update=members[name])
        found[name] = (job.model_copy(update={"parallelism": parallelism}), is_open)
    return found


def _fixed(fabric: Fabric, p: SharingParameters) -> tuple[dict[str, tuple[dict[str, Any], Ints]], list[Problem]]:
    """Return what jobs with endpoints of their own say in a parallelism, these endpoints, and what is wrong."""
    problems: list[Problem] = []
    found: dict[str, tuple[dict[str, Any], Ints]] = {}
    owner = np.full(fabric.n_endpoints, -1)
    for name, share, members in _asked(fabric, p, problems):
        where = f"workload.jobs.{name}"
        outside = members[members >= fabric.n_endpoints]
        if len(outside):
            allowed = f"0 to {fabric.n_endpoints - 1:,}"
            problems.append(Problem(f"{where}.endpoints", f"endpoint {outside[0]} is not in the fabric", allowed))
            continue
        taken = members[owner[members] >= 0]
        if len(taken) or len(np.unique(members)) < len(members):
            other = list(found)[owner[taken[0]]] if len(taken) else name
            first = taken[0] if len(taken) else np.flatnonzero(np.bincount(members) > 1)[0]
            problems.append(
                Problem(f"{where}.endpoints", f"endpoint {first} is taken by {other} already", _free_text(owner))
            )
            continue
        found[name] = (share, members)
        owner[members] = len(found) - 1
    return found, problems


def _asked(fabric: Fabric, p: SharingParameters, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any], Ints]]:
    """Yield the jobs that list endpoints or run on slices, with their endpoints."""
    slices = fabric.structure.slices if isinstance(fabric.structure, Pod) else ()
    named = {job.slice for job in p.jobs.values() if job.slice is not None}
    free = [index for index in range(len(slices)) if index not in named]
    for name, job in p.jobs.items():
        where = f"workload.jobs.{name}"
        index = job.slice
        if index is None and job.endpoints is None and slices:
            if not free:
                problems.append(Problem(where, f"no slice is left of {len(slices)}", f"{len(slices)} jobs at most"))
                continue
            index = free.pop(0)
        if index is not None and job.endpoints is not None:
            problems.append(Problem(where, "both slice and endpoints are given", "one of them"))
        elif index is not None and index >= len(slices):
            shapes = ", ".join(f"{i}: {' x '.join(map(str, s.chips))}" for i, s in enumerate(slices))
            allowed = shapes or "slices of a pod of several: [topology] slices"
            problems.append(Problem(f"{where}.slice", f"the fabric has no slice {index}", allowed))
        elif index is not None:
            yield name, {"slice": index}, slice_nodes(fabric, index)
        elif isinstance(job.endpoints, tuple):
            yield name, {"endpoints": job.endpoints}, np.array(job.endpoints, dtype=np.int64)


def _dealt(
    fabric: Fabric, p: SharingParameters, fixed: Mapping[str, tuple[dict[str, Any], Ints]], seed: int
) -> dict[str, dict[str, Any]]:
    """Return the endpoints of jobs that give a number, or nothing, as a parallelism says them."""
    left = np.ones(fabric.n_endpoints, dtype=bool)
    for _, members in fixed.values():
        left[members] = False
    free = np.flatnonzero(left)
    open_ = [name for name in p.jobs if name not in fixed]
    asked = {name: job.endpoints for name, job in p.jobs.items() if isinstance(job.endpoints, int)}
    silent = [name for name in open_ if name not in asked]
    rest = len(free) - sum(asked.values())
    if rest < len(silent):
        sizes = " + ".join(f"{name} {n:,}" for name, n in asked.items())
        found = f"{sizes or 'the jobs'} on {len(free):,} endpoints" + (
            f", and {len(silent)} without a number" * bool(silent)
        )
        each = len(free) // max(len(open_), 1)
        allowed = f"{len(free):,} in all, such as {each:,} each" if each else f"at most {len(free):,} jobs"
        raise DemandError(Problem("workload.jobs", found, allowed))
    sizes_of = {name: asked.get(name, rest // max(len(silent), 1)) for name in open_}
    order = _order(free, sizes_of, p.placement, seed)
    return {name: _as_said(members) for name, members in order.items()}


def _order(free: Ints, sizes: Mapping[str, int], placement: EndpointOrder, seed: int) -> dict[str, Ints]:
    owner = np.repeat(np.arange(len(sizes)), list(sizes.values()))
    if placement == "strided":
        # the k-th of n endpoints of a job is due after (k + 1/2) / n of all
        due = np.concatenate([(np.arange(n) + 0.5) / n for n in sizes.values()]) if sizes else owner
        owner = owner[np.argsort(due, kind="stable")]
    elif placement == "random":
        free = np.random.default_rng(seed).permutation(free)
    return {name: np.sort(free[: len(owner)][owner == index]) for index, name in enumerate(sizes)}


def _as_said(members: Ints) -> dict[str, Any]:
    first = int(members[0])
    if np.array_equal(members, np.arange(first, first + len(members))):
        return {"endpoints": len(members), "first_endpoint": first}
    return {"endpoints": tuple(members.tolist())}


def _free_text(owner: Ints) -> str:
    """Return the endpoints that are free as runs, such as "8-15, 40-63"."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], owner < 0, [False])).astype(np.int8)))
    runs = [f"{begin}-{end - 1}" if end - begin > 1 else f"{begin}" for begin, end in edges.reshape(-1, 2)]
    return "free are " + ", ".join(runs[:6]) + (", ..." if len(runs) > 6 else "") if runs else "none is free"
