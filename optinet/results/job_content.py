# SPDX-License-Identifier: Apache-2.0
"""Jobs in a run file, and back: one by itself, or several with what they do to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from optinet.jobs.memory import Memory
from optinet.jobs.parallelism import Parallelism
from optinet.jobs.phase import Exchange, Phase, SolvedJob
from optinet.jobs.sharing import SharingJob
from optinet.models.job import JobReport
from optinet.models.sharing import SharingReport
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


_SHARE = ("stretch", "worst_stretch")


def job_groups(job: SolvedJob, report: JobReport) -> dict[str, dict[str, Any]]:
    """Return the groups of a job: itself, its phases with their times, and its exchanges."""
    times = [report.times[phase.name] for phase in job.phases]
    rows = [(phase.name, each) for phase in job.phases for each in phase.exchanges]
    return {
        "job": {**_job_row(job), "cycle_s": median(report.cycle_s)},
        "job_phases": _columns(job.phases, _PHASE)
        | {name: [median(getattr(each, name)) for each in times] for name in _TIMES},
        "job_exchanges": {"phase": [phase for phase, _ in rows]} | _columns([each for _, each in rows], _EXCHANGE),
    }


def sharing_groups(reports: Sequence[SharingReport]) -> dict[str, dict[str, Any]]:
    """Return the groups of several jobs: a row for each, and for each phase and exchange of each."""
    if not reports:
        return {}
    jobs = [_job_row(each.job.alone) | _share_row(each) for each in reports]
    phases = [(each, phase) for each in reports for phase in each.job.alone.phases]
    times = [each.together.times[phase.name] for each, phase in phases]
    exchanges = [(each, phase, x) for each, phase in phases for x in phase.exchanges]
    return {
        "jobs": {name: [row[name] for row in jobs] for name in jobs[0]},
        "jobs_phases": {"job": [each.job.name for each, _ in phases]}
        | _columns([phase for _, phase in phases], _PHASE)
        | {name: [median(getattr(each, name)) for each in times] for name in _TIMES},
        "jobs_exchanges": {
            "job": [each.job.name for each, *_ in exchanges],
            "phase": [phase.name for _, phase, _ in exchanges],
            **_columns([x for *_, x in exchanges], _EXCHANGE),
            **{f"{name}_ratio": [f for each in reports for f in getattr(each.job, name)] for name in _SHARE},
        },
    }


def _job_row(job: SolvedJob) -> dict[str, Any]:
    return {
        **{name: getattr(job, name) for name in _JOB},
        **{name: getattr(job.memory, name) for name in _MEMORY},
        "parallelism": job.parallelism.model_dump_json(exclude_none=True),
    }


def _share_row(each: SharingReport) -> dict[str, Any]:
    job, report = each.job, each.together
    numbers = {
        "cycle_s": report.cycle_s,
        "alone_s": each.alone_s,
        "worst_s": each.worst_s,
        "slowdown_ratio": each.slowdown_ratio,
        "worst_slowdown_ratio": each.worst_slowdown_ratio,
        "exposed_fraction": report.exposed_s / report.cycle_s,
        "tokens_per_s": report.tokens_per_s,
        "j_per_token": report.energy_j / job.alone.tokens,
        "usd_per_million_tokens": report.cost_usd / job.alone.tokens * 1e6,
    }
    plain = {name: getattr(job, name) for name in ("name", "held_by", "mean_cycle_s")}
    return plain | {name: median(value) for name, value in numbers.items()}


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
    return _job(job, _rows(table("job_phases"), _PHASE), _rows(table("job_exchanges"), ("phase", *_EXCHANGE)))


def sharing_of(table: Callable[[str], Mapping[str, Any]]) -> tuple[SharingJob, ...]:
    """Return the jobs that `sharing_groups` described; () where a run has no such."""
    jobs = table("jobs")
    if not jobs:
        return ()
    phases = _rows(table("jobs_phases"), ("job", *_PHASE))
    exchanges = _rows(table("jobs_exchanges"), ("job", "phase", *_EXCHANGE, *(f"{name}_ratio" for name in _SHARE)))
    found = []
    for row in _rows(jobs, ("name", "held_by", "mean_cycle_s", "parallelism", *_JOB, *_MEMORY)):
        own = [{k: v for k, v in each.items() if k != "job"} for each in exchanges if each["job"] == row["name"]]
        stretch, worst = ([each.pop(f"{name}_ratio") for each in own] for name in _SHARE)
        parts = [each for each in phases if each["job"] == row["name"]]
        job = _job(row, [{k: v for k, v in each.items() if k != "job"} for each in parts], own)
        found.append(
            SharingJob(str(row["name"]), job, tuple(stretch), tuple(worst), str(row["held_by"]), row["mean_cycle_s"])
        )
    return tuple(found)


def _job(row: Mapping[str, Any], phases: list[dict[str, Any]], exchanges: list[dict[str, Any]]) -> SolvedJob:
    of_phase = [(str(each.pop("phase")), Exchange(**each)) for each in exchanges]
    plain = {name: _plain(row[name]) for name in _JOB}
    plain["overlaps"] = bool(plain["overlaps"])
    return SolvedJob(
        **plain,
        phases=tuple(
            Phase(**each, exchanges=tuple(x for phase, x in of_phase if phase == each["name"])) for each in phases
        ),
        memory=Memory(*(float(row[name]) for name in _MEMORY)),
        parallelism=Parallelism.model_validate_json(str(row["parallelism"])),
    )


def _columns(rows: Iterable[Any], names: Iterable[str]) -> dict[str, Any]:
    rows = list(rows)
    return {name: [getattr(row, name) for row in rows] for name in names}


def _rows(table: Mapping[str, Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    columns = [list(map(_plain, table[name])) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
