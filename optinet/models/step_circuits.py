# SPDX-License-Identifier: Apache-2.0
r"""Circuits of their own for the parts of a training step, each change of circuits charged.

On blocks joined through OCS the exchanges of a step may each want other circuits: rings few trunks, experts all. The
circuits tried are those the fabric was built with, those engineered for all traffic of a step, and for each part of a
step those engineered for it alone. A *part* is all exchanges of a kind in the microbatches, or all at the end of the
step. On each of these circuits the exchanges are solved anew, on a fabric rewired on its plant.

Every choice of circuits for every part is tried. Circuits change when a part begins that has others than the part
before. In a microbatch the circuits of most exchanges stay set, and each run of exchanges on others takes two changes;
so do exchanges at the end of a step. With n changes and a time T for each, a step takes

.. math:: t = t_0 + n T,\qquad T^* = \max \frac{t_\text{fixed} - t_0}{n},

t_fixed being the best that one set of circuits does, and T* the time of a change up to which changing pays. T is the
OCS, the transceivers that lock again and the controller (`optinet.models.reconfiguration`), for the most circuits that
one OCS moves between two of the sets in use. During a change the job waits: neither circuits that stay nor computing
help. All replicas and stages take their parts of a step at the same time, as everywhere in `optinet.jobs`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from optinet.engineering.topology import engineer_topology
from optinet.fabric import Fabric
from optinet.jobs.parallelism import place
from optinet.jobs.phase import Exchange, SolvedJob
from optinet.jobs.solving import SCALE_UP, exchange_demand, job_demand, retimed
from optinet.metric import Metric
from optinet.models.following import layer_of
from optinet.models.job import job_cycle_s
from optinet.models.job_on_fabric import joined_blocks, timing_of
from optinet.models.reconfiguration import reconfiguration
from optinet.models.values import median
from optinet.rewiring import plant_of, rewire
from optinet.traffic.blocks import of_blocks
from optinet.units import unit_of

if TYPE_CHECKING:
    from optinet.catalogue import Catalogue
    from optinet.design import Design
    from optinet.models.physical_path import PhysicalPath

BUILT, WHOLE = "as built", "whole step"


@dataclass(frozen=True, eq=False)
class CircuitSet:
    """A job solved on one set of circuits.

    Parameters
    ----------
    name
        "as built", "whole step", or the part of a step that the circuits were engineered for.
    fabric
        With these circuits.
    job
        Its exchanges timed there.
    """

    name: str
    fabric: Fabric
    job: SolvedJob


@dataclass(frozen=True)
class StepCircuits:
    """What circuits of their own for the parts of a step gain.

    Parameters
    ----------
    built_s, fixed_s, phased_s
        A step on the circuits as built, on the best single set, and with the best choice for every part, changes
        inside.
    fixed
        Name of the best single set.
    chosen
        Set by part; the same for all where changing does not pay.
    changes
        Changes of circuits in a step.
    moves_per_ocs
        Most circuits that one OCS moves in a change.
    change_s
        Time of a change.
    break_even_s
        Time of a change up to which changing pays; 0 if no choice is better than the best single set.
    """

    built_s: float
    fixed_s: float
    phased_s: float
    fixed: str
    chosen: Mapping[str, str]
    changes: float
    moves_per_ocs: int
    change_s: float
    break_even_s: float


def circuit_sets(
    fabric: Fabric, job: SolvedJob, scale_up_endpoints: int, design: Design, catalogue: Catalogue
) -> tuple[CircuitSet, ...]:
    """Solve a job of training on the circuits as built, and on those engineered for its step and its parts.

    Parameters
    ----------
    fabric
        Blocks joined through OCS.
    job
        The job solved on the fabric.
    scale_up_endpoints
        Endpoints in a row that links of their own join besides.
    design, catalogue
        Give the accelerator and the library.

    Raises
    ------
    SolverError
        If the fabric is no such mesh.
    """
    n = joined_blocks(fabric)
    layer, block = layer_of(fabric, n), fabric.node_group[fabric.endpoints]
    placed = place(fabric, job.parallelism)
    wanted = {WHOLE: of_blocks(job_demand(fabric, job), block, n)}
    for part, exchanges in _parts(job).items():
        wanted[part] = np.zeros((n, n))
        for x in exchanges:
            if x.algorithm != SCALE_UP:
                sent = exchange_demand(fabric, placed.groups(x.members), x).scaled(x.count)
                wanted[part] += of_blocks(sent, block, n)
    found = [CircuitSet(BUILT, fabric, job)]
    limits = timing_of(job.compute, design, catalogue)
    known: dict[bytes, CircuitSet] = {}
    for name, demand in wanted.items():
        if not demand.any():
            continue
        circuits = engineer_topology(demand / demand.max(), layer, "prices").circuits
        if circuits.tobytes() not in known:
            rewired = rewire(fabric, circuits, prove=False).fabric
            timed = retimed(rewired, job, scale_up_endpoints, **limits)
            known[circuits.tobytes()] = CircuitSet(name, rewired, timed)
            found.append(known[circuits.tobytes()])
    return tuple(found)


def step_circuits(
    sets: Sequence[CircuitSet],
    way_s: float,
    paths: tuple[PhysicalPath, ...],
    design: Design,
    catalogue: Catalogue,
    change_s: float | None = None,
) -> StepCircuits:
    """Choose circuits for every part of a step.

    Parameters
    ----------
    sets
        From `circuit_sets`.
    way_s
        As in `optinet.models.job.job_report`.
    paths, design, catalogue
        As for `optinet.models.reconfiguration.reconfiguration`.
    change_s
        Time of a change; that of the design when None.
    """
    parts = _parts(sets[0].job)
    moves = {pair: _moves(sets[pair[0]].fabric, sets[pair[1]].fabric) for pair in combinations(range(len(sets)), 2)}
    plans = []
    for choice in product(range(len(sets)), repeat=len(parts)):
        job = _on_sets(sets, dict(zip(parts, choice, strict=True)))
        if not all(np.isfinite(x.transfer_s) for x in job.phase("step").exchanges):
            continue  # circuits that leave blocks of this part apart
        bits_s, changes = job_cycle_s(job, way_s, design, catalogue), _changes(job, parts, choice)
        most = max((moves[pair] for pair in combinations(sorted(set(choice)), 2)), default=0)
        dark_s = _change_s(most, paths, design, catalogue) if change_s is None else change_s
        plans.append((bits_s + changes * dark_s, changes, bits_s, choice, most, dark_s))
    single = {plan[3][0]: plan[2] for plan in plans if len(set(plan[3])) == 1}
    fixed = min(single, key=lambda each: single[each])
    # the fewest changes of those that are as good
    best = min(plans, key=lambda plan: (round(plan[0], 12), plan[1]))
    gains = [(single[fixed] - plan[2]) / plan[1] for plan in plans if plan[1] > 0]
    return StepCircuits(
        built_s=single[0],
        fixed_s=single[fixed],
        phased_s=best[0],
        fixed=sets[fixed].name,
        chosen={part: sets[index].name for part, index in zip(parts, best[3], strict=True)},
        changes=best[1],
        moves_per_ocs=best[4],
        change_s=best[5] if best[1] else _change_s(max(moves.values(), default=0), paths, design, catalogue),
        break_even_s=max(max(gains, default=0.0), 0.0),
    )


def step_circuit_metrics(found: StepCircuits) -> Iterator[Metric]:
    """Yield what the circuits of a step gain."""
    yield _metric("built_step_ms", found.built_s * 1e3, "a step on the circuits the fabric was built with")
    yield _metric("fixed_step_ms", found.fixed_s * 1e3, f"a step on the best single set of circuits: {found.fixed}")
    chosen = ", ".join(f"{part} on {name}" for part, name in found.chosen.items())
    yield _metric("phased_step_ms", found.phased_s * 1e3, f"a step with circuits per part, changes inside: {chosen}")
    yield _metric("circuit_changes_per_step", found.changes, "changes of circuits in a step that pay")
    yield _metric("circuit_change_ms", found.change_s * 1e3, "time for which the job waits at each change")
    meaning = "time of a change up to which circuits per part are faster than the best single set"
    yield _metric("break_even_change_ms", found.break_even_s * 1e3, meaning)


def _metric(name: str, value: float, meaning: str) -> Metric:
    return Metric(name, value, np.nan, np.nan, unit_of(name), meaning)


def _part(exchange: Exchange) -> str:
    return f"{exchange.kind} at the end" if exchange.once else exchange.kind


def _parts(job: SolvedJob) -> dict[str, list[Exchange]]:
    """Return the exchanges of a step by part, in the order of the job."""
    parts: dict[str, list[Exchange]] = {}
    for exchange in job.phase("step").exchanges:
        parts.setdefault(_part(exchange), []).append(exchange)
    return parts


def _on_sets(sets: Sequence[CircuitSet], chosen: Mapping[str, int]) -> SolvedJob:
    """Return the job with the exchanges of every part as timed on the circuits chosen for it."""
    step = sets[0].job.phase("step")
    exchanges = tuple(
        sets[chosen[_part(x)]].job.phase("step").exchanges[index] for index, x in enumerate(step.exchanges)
    )
    return dataclasses.replace(sets[0].job, phases=(dataclasses.replace(step, exchanges=exchanges),))


def _changes(job: SolvedJob, parts: Mapping[str, list[Exchange]], choice: Sequence[int]) -> float:
    """Return the changes of circuits in a step; the fill of the pipeline takes as many as other microbatches."""
    step = job.phase("step")
    runs: dict[int, float] = {}
    for exchanges, index in zip(parts.values(), choice, strict=True):
        if not exchanges[0].once:
            # exchanges of a kind that are as frequent follow one another: to the experts and back
            runs[index] = runs.get(index, 0.0) + max(x.count for x in exchanges)
    stays = max(runs, key=lambda index: runs[index], default=choice[0])
    inside = 2.0 * sum(count for index, count in runs.items() if index != stays)
    ends = {index for exchanges, index in zip(parts.values(), choice, strict=True) if exchanges[0].once} - {stays}
    return inside * (step.microbatches + step.fill) + (len(ends) + 1.0 if ends else 0.0)


def _moves(one: Fabric, other: Fabric) -> int:
    """Return the most circuits that one OCS sets anew, from either to the other."""
    before, after = plant_of(one), plant_of(other)
    now, then = (np.sort(plant.circuit_ends, axis=1) @ (before.n_ends, 1) for plant in (before, after))
    new = ~np.isin(then, now)
    gone = ~np.isin(now, then)
    counts = [
        np.bincount(plant.end_ocs[plant.circuit_ends[rows, 0]], minlength=1).max()
        for plant, rows in ((after, new), (before, gone))
    ]
    return int(max(counts))


def _change_s(moves: int, paths: tuple[PhysicalPath, ...], design: Design, catalogue: Catalogue) -> float:
    pause = reconfiguration(paths, design, catalogue, moves) if moves else None
    return median(pause.total_ms) * 1e-3 if pause else 0.0
