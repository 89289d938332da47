# SPDX-License-Identifier: Apache-2.0
"""Which parallelism, which placement and which slice suits a job best.

Candidates are all degrees of tensor, pipeline and expert parallelism in powers of two that fit the model, the batch and
the memory; on a torus each with several mappings to axes: every dimension as a compact block or along one axis.

Before anything is solved a candidate has a bound, a time that it cannot beat (`optinet.jobs.least`): at first with the
links of its own endpoints, then, on a torus with shortest paths, with what its place on the axes leaves of them. The
candidate with the lowest bound is bounded further or solved, and those whose bound is not below the best time found are
passed over; where none is left, the answer is proven among them. Where placements cannot be told apart by bounds,
degrees come in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from itertools import groupby, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optinet.collectives.schedule import STARTUP_S
from optinet.errors import OptinetError, Problem, TopologyError
from optinet.fabric import Fabric
from optinet.jobs.least import LeastTimes
from optinet.jobs.parallelism import ONE, Parallelism, Placement, grid_of, place
from optinet.jobs.parameters import JobParameters
from optinet.jobs.phase import Exchange, SolvedJob
from optinet.jobs.solving import Timer, job_of_parameters, model_of, scale_up_rate_gbps, validated
from optinet.jobs.transformer import Transformer
from optinet.slices import pod_of, set_slices, slice_fabric
from optinet.structure import PodSlice, twist_of

_MOST_TENSOR = 16
_PLACEMENTS_IN_A_ROW = 3


@dataclass(frozen=True, eq=False)
class Candidate:
    """A parallelism with its place.

    Parameters
    ----------
    parallelism
        As parameters of a job say it.
    bound_s
        Seconds of a cycle that it cannot beat on these endpoints.
    cycle_s
        Seconds of a cycle on the fabric; NaN where it was not solved.
    job
        The job, its exchanges timed; None where it was not solved.
    """

    parallelism: Parallelism
    bound_s: float
    cycle_s: float = float("nan")
    job: SolvedJob | None = None


@dataclass(frozen=True, eq=False)
class Search:
    """What came of a search.

    Parameters
    ----------
    solved
        Candidates that were solved, the fastest first.
    n_fitting
        Candidates that fit model, batch and memory.
    is_proven
        Whether no other candidate can be faster than the first.
    """

    solved: tuple[Candidate, ...]
    n_fitting: int
    is_proven: bool

    @property
    def best(self) -> Candidate:
        """The fastest."""
        return self.solved[0]


def search_parallelism(
    fabric: Fabric,
    name: str,
    parameters: Mapping[str, Any] | JobParameters,
    routing: str,
    time_s: Callable[[SolvedJob], float],
    *,
    most: int = 40,
    memory_gb: float = float("inf"),
    scale_up_gbps: float | None = None,
    startup_s: float = STARTUP_S,
    models: Mapping[str, Transformer] | None = None,
    arc_up: NDArray[np.bool_] | None = None,
) -> Search:
    """Return the fastest parallelism of a job on a fabric.

    Parameters
    ----------
    fabric, name, parameters, routing, memory_gb, scale_up_gbps, startup_s, models, arc_up
        As in `optinet.jobs.solving.solve_job`; of the parallelism given the slice, endpoints and cp are kept.
    time_s
        Seconds of a cycle of a job whose exchanges are timed; per token if the batch is left to the memory.
    most
        Candidates that are solved at most, >= 1.

    Raises
    ------
    DemandError
        With what the first candidate lacks, if none fits.
    """
    p = validated(name, parameters)
    model, title = model_of(p, models)
    timer, least = (
        Timer(fabric, p, routing, scale_up_gbps, startup_s, arc_up),
        LeastTimes(fabric, routing, p.scale_up_endpoints, scale_up_gbps or 0.0, whole=arc_up is None),
    )
    queue = list(_open(fabric, p, title, model, _given(p), memory_gb, time_s, least))
    n_fitting, solved, best_s, left = len(queue), list[Candidate](), float("inf"), False
    heapify(queue)
    while queue:
        each = heappop(queue)
        if each.bound_s >= best_s:
            continue
        placed = each.placed or place(fabric, each.parallelism)
        if each.placed is None and least.knows_axes:
            bound_s = time_s(_bounded(each.job, placed, least.along_axes_s))
            heappush(queue, replace(each, bound_s=bound_s, placed=placed))
            continue
        if len(solved) == most:
            left = True
            break
        job = timer.timed(replace(each.job, parallelism=each.parallelism, routing=routing), placed)
        solved.append(Candidate(each.parallelism, each.bound_s, time_s(job), job))
        best_s = min(best_s, solved[-1].cycle_s)
    return Search(tuple(sorted(solved, key=lambda each: each.cycle_s)), n_fitting, not left)


def check_search(
    fabric: Fabric,
    p: JobParameters,
    memory_gb: float = float("inf"),
    scale_up_gbps: float | None = None,
    models: Mapping[str, Transformer] | None = None,
) -> None:
    """Find out whether there is anything to search among; parameters and errors as of `search_parallelism`."""
    model, title = model_of(p, models)
    scale_up_rate_gbps(p, scale_up_gbps)
    next(_fitting(fabric, p, title, model, _given(p), memory_gb))


def _given(p: JobParameters) -> Parallelism:
    return p.parallelism if isinstance(p.parallelism, Parallelism) else Parallelism()


def _fitting(
    fabric: Fabric, p: JobParameters, title: str, model: Transformer, given: Parallelism, memory_gb: float
) -> Iterator[tuple[list[Parallelism], SolvedJob, Placement]]:
    """Yield parallelisms that fit model, batch and memory and differ in place alone, with the job on the first."""
    first: OptinetError | None = None
    some = False
    for _, alike in groupby(_candidates(fabric, given, model), lambda each: (each.tp, each.pp, each.ep)):
        wanted = list(alike)
        try:
            # placements of the same degrees differ in groups alone
            placed = place(fabric, wanted[0], model, "workload.parallelism")
            asked = p.model_copy(update={"parallelism": wanted[0]})
            job = job_of_parameters(title, model, placed, asked, memory_gb)
        except OptinetError as error:
            first = first or error
            continue
        some = True
        yield wanted, job, placed
    if not some:
        assert first is not None
        raise first


def _open(
    fabric: Fabric,
    p: JobParameters,
    title: str,
    model: Transformer,
    given: Parallelism,
    memory_gb: float,
    time_s: Callable[[SolvedJob], float],
    least: LeastTimes,
) -> Iterator[_Open]:
    """Yield the candidates that fit with their bounds at line rate; raise where none does."""
    number = 0
    for wanted, job, placed in _fitting(fabric, p, title, model, given, memory_gb):
        bound_s = time_s(_bounded(job, placed, least.at_line_rate_s))
        for position, parallelism in enumerate(wanted):
            turn = 0 if least.knows_axes else position // _PLACEMENTS_IN_A_ROW
            yield _Open(turn, bound_s, number, parallelism, job)
            number += 1


@dataclass(frozen=True, order=True)
class _Open:
    """A candidate that is not solved, first those of a low turn, then those of a low bound."""

    turn: int
    bound_s: float
    number: int
    parallelism: Parallelism = field(compare=False)
    job: SolvedJob = field(compare=False)
    placed: Placement | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class SliceResult:
    """A slice and the best that a job does on it.

    Parameters
    ----------
    chips, twisted
        Its shape.
    circuits_moved
        Circuits that setting it moves on the pod as it is.
    search
        The parallelisms tried on it.
    """

    chips: tuple[int, int, int]
    twisted: bool
    circuits_moved: int
    search: Search


def search_slices(
    fabric: Fabric,
    n_chips: int,
    name: str,
    parameters: Mapping[str, Any] | JobParameters,
    routing: str,
    time_s: Callable[[SolvedJob], float],
    *,
    most: int = 12,
    **options: Any,
) -> tuple[SliceResult, ...]:
    """Return what a job does on every slice shape of as many chips, the fastest first.

    Parameters
    ----------
    fabric
        A pod of cubes.
    n_chips
        Whole cubes, as many as the pod has at most.
    name, parameters, routing, time_s, options
        As in `search_parallelism`.
    most
        Candidates that are solved on each shape at most.

    Raises
    ------
    TopologyError
        If the fabric is no pod, or has no slice of so many chips; with the sizes it has.
    """
    shapes = _shapes(fabric, n_chips)
    results = []
    for chips, twisted in shapes:
        changed = set_slices(fabric, [PodSlice(chips, (), twisted)])
        alone = slice_fabric(changed.fabric)
        found = search_parallelism(alone, name, parameters, routing, time_s, most=most, **options)
        results.append(SliceResult(chips, twisted, changed.n_moves, found))
    return tuple(sorted(results, key=lambda each: each.search.best.cycle_s))


def _shapes(fabric: Fabric, n_chips: int) -> list[tuple[tuple[int, int, int], bool]]:
    """Return the shapes of slices of whole cubes, short axes first, and which can be twisted."""
    pod = pod_of(fabric)
    side, cubes = pod.cube_side, n_chips // pod.cube_side**3
    if cubes < 1 or cubes > pod.cubes or cubes * side**3 != n_chips:
        found = f"{n_chips} chips are not 1 to {pod.cubes} whole cubes of {side**3}"
        near = min(max(cubes, 1), pod.cubes) * side**3
        raise TopologyError(Problem("chips", found, f"a multiple of {side**3} up to {pod.cubes * side**3}, as {near}"))
    shapes = []
    for a in range(1, cubes + 1):
        for b in range(a, cubes // a + 1):
            c = cubes // a // b
            if a * b * c == cubes and c >= b:
                chips = (a * side, b * side, c * side)
                shapes.append((chips, False))
                if twist_of(chips) is not None:
                    shapes.append((chips, True))
    return shapes


def _bounded(job: SolvedJob, placed: Placement, least_s: Callable[[Exchange, Placement], float]) -> SolvedJob:
    """Return a job with exchanges that take their least times."""
    phases = (
        replace(phase, exchanges=tuple(replace(x, transfer_s=least_s(x, placed)) for x in phase.exchanges))
        for phase in job.phases
    )
    return replace(job, phases=tuple(phases))


def _candidates(fabric: Fabric, given: Parallelism, model: Transformer) -> Iterator[Parallelism]:
    endpoints = place(fabric, given.model_copy(update=ONE), model).endpoint.ravel()
    members, grid = len(endpoints), grid_of(fabric, endpoints)
    for tp, pp, ep in product(_powers(_MOST_TENSOR), _powers(model.layers), _powers(max(model.experts, 1))):
        stage = members // pp
        if members % (tp * pp * given.cp) or stage % ep or (model.is_mixture and ep < tp * given.cp):
            continue
        degrees = {"tp": tp, "pp": pp, "ep": ep, "dp": members // (tp * pp * given.cp)}
        plain = given.model_copy(update={**degrees, "axes": None})
        mappings = _mappings(grid, tp, pp, ep // (tp * given.cp) if ep > 1 else 1) if grid and given.cp == 1 else ()
        yield plain
        for axes in mappings:
            yield plain.model_copy(update={"axes": axes})


def _powers(most: int) -> list[int]:
    return [2**k for k in range(most.bit_length())]


def _mappings(grid: Sequence[int], tp: int, pp: int, ep: int) -> Iterator[dict[str, tuple[int, ...]]]:
    """Yield mappings to axes: tensor, expert and pipeline parts as compact blocks or along one axis, data the rest."""
    seen = set()
    for tensor in _blocks(grid, tp):
        left = tuple(n // t for n, t in zip(grid, tensor, strict=True))
        for expert in _blocks(left, ep):
            rest = tuple(n // e for n, e in zip(left, expert, strict=True))
            for stages in _blocks(rest, pp):
                data = tuple(n // s * e for n, s, e in zip(rest, stages, expert, strict=True))
                axes = {"tp": tensor, "pp": stages, "dp": data}
                key = (tensor, stages, expert)
                if key not in seen:
                    seen.add(key)
                    yield axes | ({"ep": expert} if ep > 1 else {})


def _blocks(grid: Sequence[int], size: int) -> list[tuple[int, ...]]:
    """Return the most compact box of a size in a grid, and those along one axis; none where it does not fit."""
    found: list[tuple[int, ...]] = []
    box, left = [1] * len(grid), size
    while left > 1:
        room = [axis for axis, n in enumerate(grid) if n % (box[axis] * 2) == 0]
        if not room or left % 2:
            return found
        box[min(room, key=lambda axis: box[axis])] *= 2
        left //= 2
    found.append(tuple(box))
    for axis, n in enumerate(grid):
        if n % size == 0:
            line = tuple(size if each == axis else 1 for each in range(len(grid)))
            if line not in found:
                found.append(line)
    return found
