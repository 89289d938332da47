# SPDX-License-Identifier: Apache-2.0
"""A job in a run file, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optinet.jobs.memory import Memory
from optinet.jobs.parallelism import Parallelism
from optinet.jobs.phase import Exchange, Phase, SolvedJob
from optinet.models.job import JobReport
from optinet.models.values import median

_JOB = (
    *("kind", "model", "compute", "routing", "n_endpoints", "stages", "replicas"),
    *("batch", "tokens", "model_tflop", "cache_gb", "overlaps"),
)
_MEMORY = ("weights_gb", "gradients_gb", "optimizer_gb", "activations_gb")
_PHASE = ("name", "count", "microbatches", "fill", "tokens", "tflop", "routed_fraction", "memory_gb")
_TIMES = ("micro_s", "compute_s", "exposed_s", "bubble_s", "exchange_s")
_EXCHANGE = (
    *("kind", "operation", "members", "size_gbit", "count", "once"),
    *("transfer_s", "steps", "bound_s", "algorithm"),
)


def job_groups(job: SolvedJob, report: JobReport) -> dict[str, dict[str, Any]]:
    """Return the groups of a job: itself, its phases with their times, and its exchanges."""
    rows = [(phase.name, each) for phase in job.phases for each in phase.exchanges]
    times = [report.times[phase.name] for phase in job.phases]
    return {
        "job": {
            **{name: getattr(job, name) for name in _JOB},
            **{name: getattr(job.memory, name) for name in _MEMORY},
            "parallelism": job.parallelism.model_dump_json(exclude_none=True),
            "cycle_s": median(report.cycle_s),
        },
        "job_phases": {name: [getattr(phase, name) for phase in job.phases] for name in _PHASE}
        | {name: [median(getattr(each, name)) for each in times] for name in _TIMES},
        "job_exchanges": {"phase": [phase for phase, _ in rows]}
        | {name: [getattr(each, name) for _, each in rows] for name in _EXCHANGE},
    }


def job_of(table: Callable[[str], Mapping[str, Any]]) -> SolvedJob | None:
    """Return the job that `job_groups` described; None where a run has none.

    Parameters
    ----------
    table
        Returns the columns of a group, or none where a run has no such group.
    """
    job = table("job")
    if not job:
        return None
    exchanges = [
        (str(row.pop("phase")), Exchange(**row)) for row in _rows(table("job_exchanges"), ("phase", *_EXCHANGE))
    ]
    phases = [
        Phase(**row, exchanges=tuple(each for phase, each in exchanges if phase == row["name"]))
        for row in _rows(table("job_phases"), _PHASE)
    ]
    plain = {name: _plain(job[name]) for name in _JOB}
    plain["overlaps"] = bool(plain["overlaps"])
    parallelism = Parallelism.model_validate_json(str(job["parallelism"]))
    memory = Memory(*(float(job[name]) for name in _MEMORY))
    return SolvedJob(**plain, phases=tuple(phases), memory=memory, parallelism=parallelism)


def _rows(table: Mapping[str, Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = [list(map(_plain, table[name])) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
