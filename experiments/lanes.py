# SPDX-License-Identifier: Apache-2.0
"""Worker processes on this machine.

A lane is one worker process and the points it has been given; points with one solution go to one lane, which remembers
it. It is a pebble pool of its own with one worker: a worker that hangs or dies costs one point, and the pool replaces
it. Kernels are compiled by the first lane before the others are given anything, because Numba's cache does not like
many processes that compile at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
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
        """Queue a point; its future gives what `experiments.worker.point_bytes` returns."""


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


class LocalLane:
    """One process on this machine."""

    def __init__(self, limits: Limits, command_line: str, *, compiles: bool) -> None:
        from pebble import CONSTS, ProcessPool

        CONSTS.term_timeout = _STOP_S  # a worker inside a kernel does not hear SIGTERM and is killed then
        self._limits, self._command_line = limits, command_line
        self.pool = ProcessPool(
            max_workers=1,
            initializer=worker.prepare_process,
            initargs=(limits.memory_gib,),
            context=get_context("spawn"),
        )
        self.ready: Future[Any] = self.pool.schedule(worker.compile_kernels if compiles else _nothing)
        self.points: dict[Future[Any], Point] = {}

    def give(self, point: Point) -> None:
        """Queue a point."""
        args = (point, self._command_line)
        self.points[self.pool.schedule(worker.point_bytes, args=args, timeout=self._limits.timeout_s)] = point


class LocalCrew:
    """Some processes on this machine."""

    def __init__(self, count: int, limits: Limits, command_line: str) -> None:
        self._all = [LocalLane(limits, command_line, compiles=index == 0) for index in range(count)]
        self.lanes = self._all[:1]

    def refresh(self) -> None:
        """Let the other processes work once the first has compiled."""
        if self._all[0].ready.done():
            self.lanes = self._all

    def stop(self) -> None:
        """Kill the processes."""
        stop_pools([lane.pool for lane in self._all])


def stop_pools(pools: Sequence[Any]) -> None:
    """Stop pebble pools, all at once, and do not wait long for any."""
    for pool in pools:
        pool.stop()
    for pool in pools:
        with contextlib.suppress(TimeoutError):
            pool.join(timeout=_STOP_S)


def _nothing() -> None:
    pass
