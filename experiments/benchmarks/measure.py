# SPDX-License-Identifier: Apache-2.0
"""Time and peak memory of one piece of work, in a process of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pebble import ProcessPool

Work = Callable[[], NDArray[np.float64]]
"""The timed part; returns what the sides are compared by."""


@dataclass(frozen=True)
class Effort:
    """How much to measure.

    Parameters
    ----------
    quick
        Leave out what takes minutes or gigabytes.
    repeats
        Runs of which the median is taken.
    enough_s
        No run is started after so many seconds.
    limit_s
        Most that all runs of one measurement may take together, preparations inside; then they are stopped.
    isolated
        A process for each measurement; without one there is no memory of its own to tell.
    """

    quick: bool = False
    repeats: int = 7
    enough_s: float = 20.0
    limit_s: float = 600.0
    isolated: bool = True


@dataclass(frozen=True, eq=False)
class Measurement:
    """What came of some work.

    Parameters
    ----------
    seconds
        Median over the runs; infinite if they were stopped.
    runs
        Number of runs.
    peak_mb
        Largest resident memory of the process, interpreter and libraries inside; NaN if it was not its own.
    answer
        What the work returned.
    """

    seconds: float
    runs: int
    peak_mb: float
    answer: NDArray[np.float64]


def measured(
    prepare: Callable[..., Work], arguments: tuple[Any, ...], effort: Effort, *, warm_up: tuple[Any, ...] | None = None
) -> Measurement:
    """Measure work.

    Parameters
    ----------
    prepare
        A function of a module, since another process must find it: builds the inputs and returns the work.
    arguments
        Of `prepare`.
    effort
        How often.
    warm_up
        Arguments of a small case done first, so that compiling is not measured; none for work that is not compiled.
    """
    if not effort.isolated:
        return _run(prepare, arguments, effort, warm_up)
    with ProcessPool(max_workers=1, context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.schedule(_run, (prepare, arguments, effort, warm_up), timeout=effort.limit_s).result()
        except TimeoutError:
            return Measurement(np.inf, 0, np.nan, np.zeros(0))


def _run(
    prepare: Callable[..., Work], arguments: tuple[Any, ...], effort: Effort, warm_up: tuple[Any, ...] | None
) -> Measurement:
    if warm_up is not None:
        prepare(*warm_up)()
    work = prepare(*arguments)
    seconds: list[float] = []
    while len(seconds) < effort.repeats and (not seconds or sum(seconds) < effort.enough_s):
        start = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - start)
    peak_mb = _peak_mb() if effort.isolated else np.nan
    return Measurement(statistics.median(seconds), len(seconds), peak_mb, np.asarray(answer, dtype=np.float64))


def children(pid: int) -> list[int]:
    """Return the worker processes that a process has; none where the system does not tell."""
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        # Python's own helper that cleans up after the workers is none of them
        return [int(child) for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]
    return []


def resident_mb(pid: int) -> float:
    """Return the memory a process has in use, in MB of 2^20 bytes; `OSError` where the system does not tell."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _peak_mb() -> float:
    """Return the largest resident memory of this process, NaN where the system does not tell.

    Not from getrusage: its mark is inherited from the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return np.nan
    return next(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
