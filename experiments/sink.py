# SPDX-License-Identifier: Apache-2.0
"""Where the outcomes of a sweep's points go: run files, the index of their folder, a record of failures."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from experiments.lanes import is_death
from experiments.progress import Progress
from experiments.study import Point, Study
from experiments.worker import Limits, Outcome
from optinet.errors import OptinetError, Problem, RunFileError

if TYPE_CHECKING:
    from experiments.facts import Facts
    from experiments.index import Index

_FAILURES_EVERY_S = 1.0
_MANY_POINTS = 50  # of fewer, starting workers is most of what they cost
_INDEXED_AT_ONCE = 200  # one transaction for so many is much faster than one for each


@dataclass(frozen=True)
class Failure:
    """A point that gave no run."""

    point: str
    case: str
    coordinates: dict[str, Any]
    error: str
    is_mistake: bool  # of the user, not a fault of optinet


@dataclass
class Effort:
    """What the points that were run have cost.

    Parameters
    ----------
    evaluating_s
        Of each point, time on the clock in its worker, making the bytes of its run file inside.
    making_s, writing_s
        Of each point, processor time for making these bytes, and time on the clock until they are on the disk.
    planning_s, handling_s
        In all, processor time of this process before the first point was given out, and from then on for giving out,
        collecting and indexing all of them, writing aside. `handling_s` is 0 where this process has also computed.
    """

    evaluating_s: list[float] = field(default_factory=list)
    making_s: list[float] = field(default_factory=list)
    writing_s: list[float] = field(default_factory=list)
    planning_s: float = 0.0
    handling_s: float = 0.0

    @property
    def files_s(self) -> list[float]:
        """Time for making and writing the run file of each point."""
        return [making_s + writing_s for making_s, writing_s in zip(self.making_s, self.writing_s, strict=True)]

    @property
    def text(self) -> str:
        """A sentence for people; empty where it would be about how a sweep starts."""
        if len(self.evaluating_s) < _MANY_POINTS:
            return ""
        each_s = self.handling_s / len(self.files_s)
        handled = f"; giving it out and indexing it {_time(each_s)}" if each_s else ""
        evaluated, filed = _time(median(self.evaluating_s)), _time(median(self.files_s))
        return f"A point took {evaluated}, making and writing its file {filed} (medians){handled}."


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms" if seconds < 1.0 else f"{seconds:.3g} s"


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
    effort
        What the points have cost.
    """

    folder: Path
    failures_path: Path
    written: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    runs: list[Path] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0
    effort: Effort = field(default_factory=Effort)


class Sink:
    """Takes what comes of each point: writes run files, notes them in the index, records failures, tells the progress.

    Parameters
    ----------
    result
        Filled in as points come.
    study
        Whose points they are.
    progress
        Told of every point.
    costs
        About what each point costs, by its name.
    limits
        What a point might take.
    indexes
        Whether the folder is this sweep's alone, so that the runs go into its index at once. Where others write to it,
        perhaps over a network, whoever looks at the folder first reads them.
    """

    def __init__(
        self,
        result: SweepResult,
        study: Study,
        progress: Progress,
        costs: Mapping[str, float],
        limits: Limits,
        *,
        indexes: bool,
    ) -> None:
        self._result, self._study, self._progress, self._limits = result, study, progress, limits
        self._costs, self._total = costs, sum(costs.values()) or 1.0
        self._places: dict[str, int] = {}
        self._died: set[str] = set()
        self._failures_written = 0.0
        self._indexes = indexes
        self._index: Index | None = None
        self._found: dict[str, Facts] = {}
        self.writing_s = 0.0  # processor time

    def done(self, point: Point, outcome: Outcome) -> None:
        """Take a run."""
        from optinet.results import write_run

        began, busy = time.perf_counter(), time.thread_time()
        self._result.written.append(write_run(self._result.folder / point.file_name, outcome.data))
        self.writing_s += time.thread_time() - busy
        effort = self._result.effort
        effort.writing_s.append(time.perf_counter() - began)
        effort.evaluating_s.append(outcome.seconds)
        effort.making_s.append(outcome.making_s)
        if self._indexes:
            self._found[point.file_name] = outcome.facts
            if len(self._found) >= _INDEXED_AT_ONCE:
                self.note_runs()
        self._progress.finished(point.name, outcome.seconds, share=self._share(point))

    def preparing(self) -> None:
        """Take note that workers take long to start."""
        self._progress.preparing()

    def note_runs(self) -> None:
        """Put the runs since the last time into the index of their folder."""
        if not self._found:
            return
        from experiments.index import Index

        self._index = self._index or Index(self._result.folder, update=False)
        self._index.add(self._found.items())
        self._found = {}

    def close(self) -> None:
        """Leave the index; runs that are not in it are read by whoever looks at the folder first."""
        if self._index:
            self._index.close()

    def is_first_death(self, point: Point) -> bool:
        """Whether a point's worker has not died before; something else may have killed it."""
        first = point.name not in self._died
        self._died.add(point.name)
        return first

    def failed(self, point: Point, error: BaseException, seconds: float, trace: str = "") -> None:
        """Take a point that gave no run."""
        mistake = isinstance(error, OptinetError)
        if isinstance(error, OptinetError):
            message = "\n".join(map(str, self._study.located(point, error.problems)))
        else:
            message = _message(error, self._limits)
        is_fault = not mistake and not isinstance(error, TimeoutError | MemoryError) and not is_death(error)
        text = (trace or "".join(traceback.format_exception(error))) if is_fault else message
        self._places[point.name] = point.place
        self._result.failures.append(Failure(point.name, point.case, dict(point.coordinates), text, mistake))
        if time.monotonic() - self._failures_written > _FAILURES_EVERY_S:
            self.write_failures()
        self._progress.finished(point.name, seconds, message, self._share(point))

    def write_failures(self) -> None:
        """Record all failures so far, in the study's order whichever came first.

        What an earlier sweep met and this one did not is recorded no more.
        """
        path = self._result.failures_path
        if not self._result.failures:
            path.unlink(missing_ok=True)
            return
        self._result.failures.sort(key=lambda failure: self._places[failure.point])
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
