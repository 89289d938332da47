# SPDX-License-Identifier: Apache-2.0
"""Running the points of a study: each solution once, on several processes, no finished point lost.

Points that share a solution (`experiments.plan`) go to one worker, which remembers it: a process of this machine
(`experiments.lanes`) or of a cluster (`experiments.cluster`). Workers return the bytes of a run file; only this process
writes. A point whose worker died is tried once more; a point that fails is recorded and stops no other.
"""

from __future__ import annotations

import json
import os
import re
import time
import traceback
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from experiments import worker
from experiments.lanes import Crew, Lane, LocalCrew, is_death
from experiments.plan import Group, plan_of
from experiments.progress import Progress, Silent
from experiments.study import Point, Study
from experiments.worker import Limits
from optinet.errors import OptinetError, Problem, RunFileError

_FEW_POINTS = 2  # so many are done before a pool has started
_LOOK_S = 1.0
_AT_HAND = 16  # points of a lane, which takes them in order: looking at hundreds of them for each costs milliseconds
_FAILURES_EVERY_S = 1.0
_LEFTOVER_S = 600.0


@dataclass(frozen=True)
class Failure:
    """A point that gave no run."""

    point: str
    case: str
    coordinates: dict[str, Any]
    error: str
    is_mistake: bool  # of the user, not a fault of optinet


@dataclass
class SweepResult:
    """What a sweep did.

    Parameters
    ----------
    folder
        Where the run files are.
    written, skipped
        Run files made now, and found complete by ``resume``.
    runs
        Both, in the order of the study.
    failures, failures_path
        Points that gave no run, and the file that lists them with their errors.
    seconds
        Wall time.
    """

    folder: Path
    failures_path: Path
    written: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    runs: list[Path] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0


def sweep(
    study: Study,
    folder: str | os.PathLike[str],
    *,
    workers: int | None = None,
    resume: bool = False,
    shard: tuple[int, int] | None = None,
    timeout_s: float | None = None,
    memory_gib: float | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
    command_line: str = "",
) -> SweepResult:
    """Run every point of a study that is not done yet and write its run file.

    Parameters
    ----------
    study
        What to run.
    folder
        Where the run files go; absent or empty unless `resume`.
    workers
        Processes; all processors when None. One, or a study of very few points, runs in this process.
    resume
        Skip points whose run file is in the folder, whole, and of the same scenario.
    shard
        (i, n): run only the i-th of n parts, 1 <= i <= n, chosen by hash, for job arrays.
    timeout_s
        Longest time for one point; a point that takes longer fails.
    memory_gib
        Most memory of one worker process; a point that needs more fails. By default processes on this machine share
        nine tenths of its memory; on a cluster its own bounds hold.
    cluster
        Address of a Dask scheduler, whose workers do the work instead of processes on this machine.
    progress
        Told as the sweep goes on.
    command_line
        Kept in the runs' provenance.

    Raises
    ------
    RunFileError
        If the folder is not empty or cannot be written to, or a file cannot, as when the disk is full.
    OptinetError
        If the cluster does not answer, or its workers have other code than this process.
    KeyboardInterrupt
        After everything finished has been written.
    """
    started = time.monotonic()
    runs_folder = claim_folder(folder, resume=resume)
    name = "failures.json" if shard is None else f"failures-{shard[0]}-of-{shard[1]}.json"
    result = SweepResult(runs_folder, runs_folder / name)
    todo, done_before = remaining(study, runs_folder, resume=resume, shard=shard)
    result.skipped = done_before
    count = min(workers or os.cpu_count() or 1, len(todo)) or 1
    here = cluster is None and timeout_s is None and memory_gib is None and (count == 1 or len(todo) <= _FEW_POINTS)
    if cluster is None and memory_gib is None and not here:
        memory_gib = worker.fair_memory_gib(count)
    limits = Limits(timeout_s, memory_gib)
    with progress or Silent() as told:
        plan = plan_of(todo, count)
        told.started(len(todo), len(done_before), plan.estimated_s(count))
        sink = _Sink(result, told, plan.costs, limits)
        try:
            if here:
                _run_here(plan.groups, sink, command_line)
            elif todo:
                crew = _crew(cluster, count, limits, command_line)
                try:
                    _run_in_lanes(plan.groups, crew, sink)
                finally:
                    crew.stop()
        finally:
            sink.write_failures()
    done = {*result.written, *result.skipped}
    result.runs += [each for each in (result.folder / file_name(point) for point in study.points()) if each in done]
    result.seconds = time.monotonic() - started
    return result


def _crew(cluster: str | None, count: int, limits: Limits, command_line: str) -> Crew:
    if cluster is not None:
        from experiments.cluster import ClusterCrew

        return ClusterCrew(cluster, limits, command_line)
    return LocalCrew(count, limits, command_line)


def remaining(
    study: Study, folder: Path, *, resume: bool = False, shard: tuple[int, int] | None = None
) -> tuple[list[Point], list[Path]]:
    """Return the points a sweep would run, and the run files that are done already; see `sweep`."""
    todo, done = [], []
    for point in _shard(study.points(), shard):
        path = folder / file_name(point)
        if resume and _is_done(path, point):
            done.append(path)
        else:
            todo.append(point)
    return todo, done


def file_name(point: Point) -> str:
    """Return the name of a point's run file: readable, and distinct by the hash of its scenario."""
    words = re.sub(r"[^a-z0-9.]+", "-", (point.name or point.scenario.title).lower()).strip("-.")[:80].strip("-.")
    return f"{words or 'run'}--{point.scenario.content_sha256[:8]}.h5"


def claim_folder(folder: str | os.PathLike[str], *, resume: bool = False) -> Path:
    """Make a folder for runs, or check that an existing one may be used; `RunFileError` if not."""
    path = Path(folder)
    try:
        if path.exists() and not path.is_dir():
            raise RunFileError(Problem(str(path), "is a file", "a folder for the runs"))
        if path.is_dir() and not resume and (entries := len(list(path.iterdir()))):
            found = f"is not empty ({entries} {'entry' if entries == 1 else 'entries'})"
            raise RunFileError(
                Problem(str(path), found, "an absent or empty folder, or --resume to run what is missing")
            )
        path.mkdir(parents=True, exist_ok=True)
        check_writable(path)
        _remove_leftovers(path)
    except OSError as error:
        raise RunFileError(Problem(str(path), f"cannot be made: {error.strerror}")) from None
    return path


def _remove_leftovers(folder: Path) -> None:
    """Remove what a sweep killed while writing left; a young file may be one that another shard is just writing."""
    for part in folder.glob(".*.part"):
        if time.time() - part.stat().st_mtime > _LEFTOVER_S:
            part.unlink(missing_ok=True)


def check_writable(folder: Path) -> None:
    """Raise `RunFileError` at once if a run file could not be written into a folder after long computing."""
    trial = folder / f".{os.getpid()}.part"
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise RunFileError(Problem(str(folder), f"cannot be written to: {error.strerror}")) from None


def _shard(points: Iterable[Point], shard: tuple[int, int] | None) -> list[Point]:
    if shard is None:
        return list(points)
    part, parts = shard
    return [point for point in points if int(point.scenario.content_sha256[:12], 16) % parts == part - 1]


def _is_done(path: Path, point: Point) -> bool:
    from optinet.results import open_run

    try:
        return open_run(path).scenario_sha256 == point.scenario.content_sha256
    except RunFileError:
        return False


class _Sink:
    """Takes what comes of each point: writes run files, records failures, tells the progress."""

    def __init__(self, result: SweepResult, progress: Progress, costs: Mapping[str, float], limits: Limits) -> None:
        self._result, self._progress, self._limits = result, progress, limits
        self._costs, self._total = costs, sum(costs.values()) or 1.0
        self._died: set[str] = set()
        self._failures_written = 0.0

    def done(self, point: Point, data: bytes, seconds: float) -> None:
        from optinet.results import write_run

        self._result.written.append(write_run(self._result.folder / file_name(point), data))
        self._progress.finished(point.name, seconds, share=self._share(point))

    def is_first_death(self, point: Point) -> bool:
        """Whether a point's worker has not died before; something else may have killed it."""
        first = point.name not in self._died
        self._died.add(point.name)
        return first

    def failed(self, point: Point, error: BaseException, seconds: float, trace: str = "") -> None:
        message, mistake = _message(error, self._limits), isinstance(error, OptinetError)
        is_fault = not mistake and not isinstance(error, TimeoutError | MemoryError) and not is_death(error)
        text = (trace or "".join(traceback.format_exception(error))) if is_fault else message
        self._result.failures.append(Failure(point.name, point.case, dict(point.coordinates), text, mistake))
        if time.monotonic() - self._failures_written > _FAILURES_EVERY_S:
            self.write_failures()
        self._progress.finished(point.name, seconds, message, self._share(point))

    def write_failures(self) -> None:
        """Record all failures so far; leave no record of those that an earlier sweep met and this one did not."""
        path = self._result.failures_path
        if not self._result.failures:
            path.unlink(missing_ok=True)
            return
        rows = [vars(failure) for failure in self._result.failures]
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_text(json.dumps(rows, indent=1, default=str) + "\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise RunFileError(Problem(str(path), f"cannot be written: {error.strerror or error}")) from None
        self._failures_written = time.monotonic()

    def _share(self, point: Point) -> float:
        return self._costs.get(point.name, 0.0) / self._total


def _message(error: BaseException, limits: Limits) -> str:
    """Return in words what made a point fail."""
    if isinstance(error, TimeoutError):
        return f"took longer than {limits.timeout_s or 0:g} s"
    if isinstance(error, MemoryError):
        bound = f"the {limits.memory_gib:.3g} GiB each worker may take" if limits.memory_gib else "what there is"
        return f"needs more memory than {bound}: {error}".rstrip(": ")
    if is_death(error):
        return f"its worker ended twice without a result, as when memory runs out: {error}"
    return str(error) or type(error).__name__


def _run_here(groups: Sequence[Group], sink: _Sink, command_line: str) -> None:
    for point in (point for group in groups for point in group.points):
        started = time.perf_counter()
        try:
            data, seconds = worker.point_bytes(point, command_line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other points are not to suffer
            sink.failed(point, error, time.perf_counter() - started)
        else:
            sink.done(point, data, seconds)


def _run_in_lanes(groups: Sequence[Group], crew: Crew, sink: _Sink) -> None:
    waiting = deque(groups)
    try:
        while True:
            crew.refresh()
            for lane in crew.lanes:
                if lane.ready.done() and not lane.points and waiting:
                    _check_ready(lane)
                    for point in waiting.popleft().points:
                        lane.give(point)
            if not waiting and not any(lane.points for lane in crew.lanes):
                return
            pending = [future for lane in crew.lanes for future in islice(lane.points, _AT_HAND)]
            pending += [lane.ready for lane in crew.lanes if waiting and not lane.ready.done()]
            if pending:
                wait(pending, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            else:
                time.sleep(_LOOK_S)  # a cluster without workers at the moment
            _collect(crew.lanes, sink, _AT_HAND)
    except BaseException:
        _collect(crew.lanes, sink)  # what has arrived is not to be lost
        raise


def _check_ready(lane: Lane) -> None:
    """Let the sweep fail as a whole if a worker cannot even be prepared."""
    error = lane.ready.exception()
    if isinstance(error, MemoryError) or is_death(error):
        found = "a worker ended while it was starting, before any point"
        raise OptinetError(Problem("", f"{found}: {error}", "more memory for each worker, see --memory-gib")) from None
    lane.ready.result()


def _collect(lanes: Sequence[Lane], sink: _Sink, at_most: int | None = None) -> None:
    """Write what has arrived, of each lane the first points at most."""
    for lane in lanes:
        for future in [future for future in islice(lane.points, at_most) if future.done()]:
            point = lane.points.pop(future)
            error = CancelledError() if future.cancelled() else future.exception()
            if error is None:
                sink.done(point, *future.result())
            elif is_death(error) and sink.is_first_death(point):
                lane.give(point)
            else:
                sink.failed(point, error, 0.0, getattr(error, "traceback", ""))
