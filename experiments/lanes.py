# SPDX-License-Identifier: Apache-2.0
"""Worker processes on this machine.

A lane is one worker process and the points it has been given; points with one solution go to one lane, which remembers
it. It is a pebble pool of its own with one worker: a worker that hangs or dies costs one point and is replaced. Kernels
are compiled by the first lane before the others are given anything, because Numba's cache does not like many processes
that compile at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from multiprocessing import get_context
from typing import Any, Protocol

from experiments import worker
from experiments.study import Point
from experiments.worker import Limits

_STOP_S = 1.0


class Lane(Protocol):
    """Works on one point after the other.

    Attributes
    ----------
    ready
        Done when the lane can be given points.
    points
        The point behind each future that is under way.
    """

    ready: Future[Any]
    points: dict[Future[Any], Point]

    def give(self, point: Point) -> None:
        """Queue a point; its future gives what `experiments.worker.evaluated` returns."""


class Crew(Protocol):
    """All lanes of a sweep.

    Attributes
    ----------
    lanes
        Those that are there now.
    """

    lanes: list[Any]

    def refresh(self) -> None:
        """Take notice of workers that came or went."""

    def stop(self) -> None:
        """End all work, within about a second."""


class OwnProcess:
    """One worker process, replaced when it dies.

    pebble replaces it as well, but gives up its pool when the process dies between two calls or in mid-message.
    """

    def __init__(self, memory_gib: float | None) -> None:
        self._memory_gib = memory_gib
        self.pool = self._new_pool()

    def schedule(self, function: Callable[..., Any], *args: Any, timeout_s: float | None = None) -> Future[Any]:
        """Queue a call."""
        try:
            return self.pool.schedule(function, args=args, timeout=timeout_s)
        except RuntimeError:
            stop_pools([self.pool])
            self.pool = self._new_pool()
            return self.pool.schedule(function, args=args, timeout=timeout_s)

    def _new_pool(self) -> Any:
        from pebble import CONSTS, ProcessPool

        CONSTS.term_timeout = _STOP_S  # a worker inside a kernel does not hear SIGTERM and is killed then
        initargs, context = (self._memory_gib,), get_context("spawn")
        return ProcessPool(max_workers=1, initializer=worker.prepare_process, initargs=initargs, context=context)


class LocalLane:
    """One process on this machine."""

    def __init__(self, limits: Limits, command_line: str, *, compiles: bool) -> None:
        self._limits, self._command_line = limits, command_line
        self._prepare = worker.compile_kernels if compiles else _nothing
        self.process = OwnProcess(limits.memory_gib)
        self.ready = self.process.schedule(self._prepare)
        self.points: dict[Future[Any], Point] = {}
        self._started_twice = False

    def give(self, point: Point) -> None:
        """Queue a point."""
        args = point, self._command_line
        self.points[self.process.schedule(worker.evaluated, *args, timeout_s=self._limits.timeout_s)] = point

    def look(self) -> None:
        """Start once more if the process died while it was starting; something else may have killed it."""
        if self.ready.done() and not self._started_twice and is_death(self.ready.exception()):
            self._started_twice = True
            self.ready = self.process.schedule(self._prepare)


class LocalCrew:
    """Some processes on this machine."""

    def __init__(self, count: int, limits: Limits, command_line: str) -> None:
        self._all = [LocalLane(limits, command_line, compiles=index == 0) for index in range(count)]
        self.lanes = self._all[:1]

    def refresh(self) -> None:
        """Let the other processes work once the first has compiled."""
        for lane in self._all:
            lane.look()
        if self._all[0].ready.done():
            self.lanes = self._all

    def stop(self) -> None:
        """Kill the processes."""
        stop_pools([lane.process.pool for lane in self._all])


def stop_pools(pools: Sequence[Any]) -> None:
    """Stop pebble pools, all at once, and do not wait long for any."""
    for pool in pools:
        pool.stop()
    for pool in pools:
        with contextlib.suppress(TimeoutError):
            pool.join(timeout=_STOP_S)


def is_death(error: BaseException | None) -> bool:
    """Whether an error tells that the process, or the worker of a cluster, ended before its work did."""
    names = ("ProcessExpired", "BrokenProcessPool", "WorkerDiedError", "KilledWorker", "CancelledError")
    return type(error).__name__ in names


def _nothing() -> None:
    pass
