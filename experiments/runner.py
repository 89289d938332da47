# SPDX-License-Identifier: Apache-2.0
"""Running the points of a study: each solution once, on several processes, no finished point lost.

Points that share a solution (`experiments.plan`) go to one worker, which remembers it: a process of this machine
(`experiments.lanes`) or of a cluster (`experiments.cluster`). Workers return the bytes of a run file; only this process
writes. A point whose worker died is tried once more; a point that fails is recorded and stops no other.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from multiprocessing import current_process
from pathlib import Path

from experiments import worker
from experiments.lanes import Crew, Lane, LocalCrew, is_death
from experiments.plan import FEW_POINTS, Group, plan_of
from experiments.progress import Progress, Silent
from experiments.sink import Sink, SweepResult
from experiments.study import Point, Study
from experiments.worker import Limits
from optinet.errors import OptinetError, Problem, RunFileError

_LOOK_S = 1.0
_SLOW_START_S = 10.0
_BEHIND = "put the sweep behind 'if __name__ == \"__main__\":'"
_AT_HAND = 4  # points that a lane is given ahead: pools look at all that they have, again and again
_LEFTOVER_S = 600.0


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
    _check_not_a_worker()
    started, busy = time.monotonic(), time.process_time()
    runs_folder = claim_folder(folder, resume=resume, hint=", or --resume to run what is missing")
    name = "failures.json" if shard is None else f"failures-{shard[0]}-of-{shard[1]}.json"
    result = SweepResult(runs_folder, runs_folder / name)
    todo, done_before = remaining(study, runs_folder, resume=resume, shard=shard)
    result.skipped = done_before
    count = min(workers or os.cpu_count() or 1, len(todo)) or 1
    here = cluster is None and timeout_s is None and memory_gib is None and (count == 1 or len(todo) <= FEW_POINTS)
    if cluster is None and memory_gib is None and not here:
        memory_gib = worker.fair_memory_gib(count)
    limits = Limits(timeout_s, memory_gib)
    with progress or Silent() as told:
        plan = plan_of(todo, count)
        told.started(len(todo), len(done_before), plan.estimated_s(count), 1 if here else count)
        sink = Sink(result, study, told, plan.costs, limits, indexes=shard is None)
        planned = time.process_time()
        try:
            if here:
                _run_here(plan.groups, sink, command_line)
            elif todo:
                crew = _crew(cluster, count, limits, command_line)
                try:
                    _run_in_lanes(plan.groups, crew, sink)
                finally:
                    crew.stop()
            sink.note_runs()
        finally:
            sink.close()
            sink.write_failures()
    effort = result.effort
    effort.planning_s = planned - busy
    effort.handling_s = 0.0 if here else time.process_time() - planned - sink.writing_s
    done = {*result.written, *result.skipped}
    result.runs += [each for each in (result.folder / point.file_name for point in study.points()) if each in done]
    result.seconds = time.monotonic() - started
    return result


def _check_not_a_worker() -> None:
    """End a worker process that comes here because it imports the script of its user."""
    if getattr(current_process(), "_inheriting", False):
        sys.exit("This script starts a sweep when it is imported, as by the workers of the sweep.\n" + _BEHIND)


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
        path = folder / point.file_name
        if resume and _is_done(path, point):
            done.append(path)
        else:
            todo.append(point)
    return todo, done


def claim_folder(folder: str | os.PathLike[str], *, resume: bool = False, hint: str = "") -> Path:
    """Make a folder for runs, or check that an existing one may be used; `RunFileError` with a hint if not."""
    path = Path(folder)
    try:
        if path.exists() and not path.is_dir():
            raise RunFileError(Problem(str(path), "is a file", "a folder for the runs"))
        if path.is_dir() and not resume and (entries := len(list(path.iterdir()))):
            found = f"is not empty ({entries} {'entry' if entries == 1 else 'entries'})"
            raise RunFileError(Problem(str(path), found, f"an absent or empty folder{hint}"))
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


def _run_here(groups: Sequence[Group], sink: Sink, command_line: str) -> None:
    for point in (point for group in groups for point in group.points):
        started = time.perf_counter()
        try:
            outcome = worker.evaluated(point, command_line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other points are not to suffer
            sink.failed(point, error, time.perf_counter() - started)
        else:
            sink.done(point, outcome)


def _run_in_lanes(groups: Sequence[Group], crew: Crew, sink: Sink) -> None:
    waiting = deque(deque(group.points) for group in groups)
    begun: dict[Lane, deque[Point]] = {}  # what is left of the group that a lane is at
    patient_until = time.monotonic() + _SLOW_START_S
    try:
        while True:
            crew.refresh()
            for lane in set(begun).difference(crew.lanes):  # its worker was lost, and it has no point any more
                waiting.appendleft(begun.pop(lane))
            for lane in crew.lanes:
                _feed(lane, begun, waiting)
            if not waiting and not begun and not any(lane.points for lane in crew.lanes):
                return
            pending = [future for lane in crew.lanes for future in lane.points]
            pending += [lane.ready for lane in crew.lanes if waiting and not lane.ready.done()]
            if pending:
                wait(pending, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            else:
                time.sleep(_LOOK_S)  # a cluster without workers at the moment
            _collect(crew.lanes, sink)
            if time.monotonic() > patient_until:
                patient_until = math.inf
                if not any(lane.ready.done() for lane in crew.lanes):
                    sink.preparing()
    except BaseException:
        _collect(crew.lanes, sink)  # what has arrived is not to be lost
        raise


def _feed(lane: Lane, begun: dict[Lane, deque[Point]], waiting: deque[deque[Point]]) -> None:
    """Give a lane so many points that it never waits for one, and the next group when it has finished its own."""
    if not lane.ready.done():
        return
    if lane not in begun and not lane.points and waiting:
        _check_ready(lane)
        begun[lane] = waiting.popleft()
    group = begun.get(lane)
    while group and len(lane.points) < _AT_HAND:
        lane.give(group.popleft())
    if not group:
        begun.pop(lane, None)


def _check_ready(lane: Lane) -> None:
    """Let the sweep fail as a whole if a worker cannot even be prepared."""
    error = lane.ready.exception()
    if isinstance(error, MemoryError) or is_death(error):
        found = "a worker ended while it was starting, before any point"
        allowed = f"more memory for each worker, see --memory-gib; in a script: {_BEHIND}"
        raise OptinetError(Problem("", f"{found}: {error}", allowed)) from None
    lane.ready.result()


def _collect(lanes: Sequence[Lane], sink: Sink) -> None:
    """Write what has arrived."""
    for lane in lanes:
        for future in [future for future in lane.points if future.done()]:
            point = lane.points.pop(future)
            error = CancelledError() if future.cancelled() else future.exception()
            if error is None:
                sink.done(point, future.result())
            elif is_death(error) and sink.is_first_death(point):
                lane.give(point)
            else:
                sink.failed(point, error, 0.0, getattr(error, "traceback", ""))
