# SPDX-License-Identifier: Apache-2.0
"""What a worker process does: evaluate one point after another and return the bytes of its run file.

The same functions serve local processes and those on the machines of a cluster. Light to import: the engine is loaded
when a process is prepared, not at the expense of the first point's time.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.facts import Facts
    from experiments.study import Point

_GIB = 1024**3
_SHARE = 0.9  # of the machine's memory for all workers; engineering estimate: the rest is for the system and the parent


class WorkerDiedError(Exception):
    """The process that worked on a point ended before the point did."""


@dataclass(frozen=True)
class Limits:
    """What one point may take.

    Parameters
    ----------
    timeout_s
        Longest time; None for any.
    memory_gib
        Most memory of the process that works on it, code and libraries inside; None for any.
    """

    timeout_s: float | None = None
    memory_gib: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a point.

    Parameters
    ----------
    data
        The bytes of its run file.
    facts
        What the run can be found by; the process that writes the file need not read it to index it.
    seconds
        Time on the clock that it took.
    making_s
        Processor time for making the bytes from what was computed.
    """

    data: bytes
    facts: Facts
    seconds: float
    making_s: float


def evaluated(point: Point, command_line: str = "") -> Outcome:
    """Evaluate a point."""
    from experiments.evaluate import evaluate, evaluation_content
    from experiments.facts import facts_from
    from optinet.results.writer import run_bytes

    started = time.perf_counter()
    try:
        evaluation = evaluate(point.scenario)
        busy = time.thread_time()
        content = evaluation_content(evaluation, point.case, command_line, point.study, point.place)
        data = run_bytes(content)
    except MemoryError as error:
        raise MemoryError(str(error)) from None  # numpy's own would not survive the way to another process
    making_s = time.thread_time() - busy
    return Outcome(data, facts_from(content, point.file_name), time.perf_counter() - started, making_s)


def fair_memory_gib(workers: int) -> float:
    """Return the memory that each of some workers on this machine may take, so that they do not run it out."""
    return _SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB / workers


def prepare_process(memory_gib: float | None) -> None:
    """Make this process a worker: one thread, a bound on its memory, the engine loaded.

    Beyond the bound an allocation fails, which costs the point and neither the machine nor the other points.
    """
    # read by Numba when it is imported, which has not happened yet: processes are the parallelism here
    os.environ["NUMBA_NUM_THREADS"] = "1"
    if memory_gib is not None:
        bound_memory(memory_gib)
    import experiments.evaluate
    import experiments.facts  # noqa: F401


def bound_memory(memory_gib: float) -> None:
    """Let allocations of this process fail beyond a bound."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = int(memory_gib * _GIB)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if most < 0 else min(wanted, most), most))


def compile_kernels() -> None:
    """Compile every kernel, or load it from the cache."""
    from experiments.evaluate import warm_up

    warm_up()


def fingerprint() -> str:
    """Return a hash of the code and data that results depend on: two machines are to have the same."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for package in ("optinet", "topologies", "experiments"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
