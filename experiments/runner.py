# SPDX-License-Identifier: Apache-2.0
"""Running the points of a study: each solution once, on several processes, no finished point lost.

Points that share a solution (`experiments.plan`) are served by one process, which remembers it. A process is a pebble
pool of its own with one worker: a worker that hangs or dies costs one point, and the pool replaces it. Workers return
the bytes of a run file; only this process writes. Kernels are compiled by the first worker before the others are given
anything, because Numba's cache does not like many processes that compile at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import traceback
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiments.plan import grouped
from experiments.progress import Progress, Silent
from experiments.study import Point, Study
from optinet.errors import OptinetError, Problem, RunFileError

_FEW_POINTS = 2  # so many are done before a pool has started
_STOP_S = 1.0
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
    progress
        Told as the sweep goes on.
    command_line
        Kept in the runs' provenance.

    Raises
    ------
    RunFileError
        If the folder is not empty or cannot be written to.
    KeyboardInterrupt
        After everything finished has been written.
    """
    started = time.monotonic()
    runs_folder = claim_folder(folder, resume=resume)
    name = "failures.json" if shard is None else f"failures-{shard[0]}-of-{shard[1]}.json"
    result = SweepResult(runs_folder, runs_folder / name)
    todo = []
    for point in _shard(study.points(), shard):
        path = result.folder / file_name(point)
        if resume and _is_done(path, point):
            result.skipped.append(path)
        else:
            todo.append(point)
    with progress or Silent() as told:
        told.started(len(todo), len(result.skipped))
        sink = _Sink(result, told)
        count = min(workers or os.cpu_count() or 1, len(todo))
        if timeout_s is None and (count <= 1 or len(todo) <= _FEW_POINTS):
            _run_here(todo, sink, command_line)
        elif todo:
            _run_in_lanes(todo, count, sink, timeout_s, command_line)
    sink.close()
    done = {*result.written, *result.skipped}
    result.runs += [each for each in (result.folder / file_name(point) for point in study.points()) if each in done]
    result.seconds = time.monotonic() - started
    return result


def file_name(point: Point) -> str:
    """Return the name of a point's run file: readable, and distinct by the hash of its scenario."""
    words = re.sub(r"[^a-z0-9.]+", "-", point.name.lower()).strip("-.")[:80].strip("-.")
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

    def __init__(self, result: SweepResult, progress: Progress) -> None:
        self._result, self._progress = result, progress

    def done(self, point: Point, data: bytes, seconds: float) -> None:
        from optinet.results import write_run

        self._result.written.append(write_run(self._result.folder / file_name(point), data))
        self._progress.finished(point.name, seconds)

    def failed(self, point: Point, error: BaseException, seconds: float, text: str = "") -> None:
        mistake = isinstance(error, OptinetError)
        text = text or (str(error) if mistake else "".join(traceback.format_exception(error)))
        self._result.failures.append(Failure(point.name, point.case, dict(point.coordinates), text, mistake))
        self._write_failures()
        self._progress.finished(point.name, seconds, str(error) or type(error).__name__)

    def close(self) -> None:
        """Leave no record of failures that an earlier sweep met and this one did not."""
        if not self._result.failures:
            self._result.failures_path.unlink(missing_ok=True)

    def _write_failures(self) -> None:
        rows = [vars(failure) for failure in self._result.failures]
        part = self._result.failures_path.with_suffix(".part")
        part.write_text(json.dumps(rows, indent=1, default=str) + "\n", encoding="utf-8")
        part.replace(self._result.failures_path)


def point_bytes(point: Point, command_line: str = "") -> tuple[bytes, float]:
    """Evaluate a point; return the bytes of its run file and the seconds it took. What a worker does."""
    from experiments.evaluate import evaluate, evaluation_bytes

    started = time.perf_counter()
    data = evaluation_bytes(evaluate(point.scenario), point.case, command_line)
    return data, time.perf_counter() - started


def _run_here(points: Sequence[Point], sink: _Sink, command_line: str) -> None:
    for point in (point for group in grouped(points, 1) for point in group):
        started = time.perf_counter()
        try:
            data, seconds = point_bytes(point, command_line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other points are not to suffer
            sink.failed(point, error, time.perf_counter() - started)
        else:
            sink.done(point, data, seconds)


def _prepare_process() -> None:
    # read by Numba when it is imported, which has not happened yet: processes are the parallelism here
    os.environ["NUMBA_NUM_THREADS"] = "1"
    import experiments.evaluate  # noqa: F401 - not at the expense of the first point's time


def _prepare_lane(compiles: bool) -> None:
    if compiles:
        from experiments.evaluate import warm_up

        warm_up()


class _Lane:
    """One worker process and the points it has been given."""

    def __init__(self, compiles: bool) -> None:
        from pebble import CONSTS, ProcessPool

        CONSTS.term_timeout = _STOP_S  # a worker inside a kernel does not hear SIGTERM and is killed then
        self.pool = ProcessPool(max_workers=1, initializer=_prepare_process, context=get_context("spawn"))
        self.ready: Future[Any] = self.pool.schedule(_prepare_lane, args=(compiles,))
        self.points: dict[Future[Any], Point] = {}

    def give(self, group: Sequence[Point], timeout_s: float | None, command_line: str) -> None:
        for point in group:
            self.points[self.pool.schedule(point_bytes, args=(point, command_line), timeout=timeout_s)] = point


def _run_in_lanes(points: Sequence[Point], count: int, sink: _Sink, timeout_s: float | None, command_line: str) -> None:
    lanes = [_Lane(compiles=index == 0) for index in range(count)]
    try:
        waiting = deque(grouped(points, count))  # while the processes start
        lanes[0].ready.result()
        while True:
            for lane in lanes:
                if not lane.points and waiting and (lane.ready.done() or lane is lanes[0]):
                    lane.ready.result()
                    lane.give(waiting.popleft(), timeout_s, command_line)
            pending = [future for lane in lanes for future in lane.points]
            if not pending:
                return
            wait(
                [*pending, *(lane.ready for lane in lanes if waiting and not lane.ready.done())],
                return_when=FIRST_COMPLETED,
            )
            _collect(lanes, sink, timeout_s)
    except BaseException:
        _collect(lanes, sink, timeout_s)  # what has arrived is not to be lost
        raise
    finally:
        _stop(lanes)


def _collect(lanes: Sequence[_Lane], sink: _Sink, timeout_s: float | None) -> None:
    """Write what has arrived."""
    for lane in lanes:
        for future in [future for future in lane.points if future.done()]:
            point = lane.points.pop(future)
            error = future.exception()
            if error is None:
                sink.done(point, *future.result())
            elif isinstance(error, TimeoutError):
                sink.failed(point, TimeoutError(f"took longer than {timeout_s:g} s"), timeout_s or 0.0)
            else:
                sink.failed(
                    point, error, 0.0, "" if isinstance(error, OptinetError) else getattr(error, "traceback", "")
                )


def _stop(lanes: Sequence[_Lane]) -> None:
    for lane in lanes:
        lane.pool.stop()
    for lane in lanes:
        with contextlib.suppress(TimeoutError):
            lane.pool.join(timeout=_STOP_S)
