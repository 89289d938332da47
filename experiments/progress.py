# SPDX-License-Identifier: Apache-2.0
"""What a sweep tells its user while it runs: a live bar on a terminal, plain lines when piped."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, TextIO


class Progress(Protocol):
    """Told about a sweep as it goes on; a context manager around it."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def started(self, points: int, done_before: int) -> None:
        """Tell that `points` points are to be run, besides `done_before` that an earlier sweep left."""

    def finished(self, name: str, seconds: float, error: str = "") -> None:
        """Tell that a point is done, or failed with `error`."""


class Silent:
    """Tells nothing."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def started(self, points: int, done_before: int) -> None:
        """Do nothing."""

    def finished(self, name: str, seconds: float, error: str = "") -> None:
        """Do nothing."""


class Lines(Silent):
    """One plain line for each point, on standard error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._points = self._done = 0

    def started(self, points: int, done_before: int) -> None:
        """Print how many points there are."""
        self._points = points
        before = f", {done_before} done before" if done_before else ""
        self._print(f"{points} points to run{before}")

    def finished(self, name: str, seconds: float, error: str = "") -> None:
        """Print the point's line."""
        self._done += 1
        outcome = f"FAILED: {error.splitlines()[0]}" if error else f"{seconds:.2f} s"
        self._print(f"[{self._done}/{self._points}] {name}: {outcome}")

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class Bar(Silent):
    """A bar with the time left; failures stay on screen above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        text = TextColumn("{task.description}", markup=False)
        self._bar = RichProgress(*columns, text, console=Console(stderr=True), transient=True)
        self._started = time.monotonic()
        self._before = 0

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar off the screen."""
        self._bar.stop()

    def started(self, points: int, done_before: int) -> None:
        """Show the bar."""
        self._task = self._bar.add_task("starting workers", total=points)
        if done_before:
            self._bar.console.print(f"{done_before} points were done before", markup=False, highlight=False)

    def finished(self, name: str, seconds: float, error: str = "") -> None:  # noqa: ARG002 - the bar has its own clock
        """Advance the bar."""
        self._bar.update(self._task, advance=1, description=name)
        if error:
            self._bar.console.print(f"FAILED {name}: {error.splitlines()[0]}", markup=False, highlight=False)


def for_stream(stream: TextIO) -> Progress:
    """Return what suits a stream: a bar on a terminal, lines elsewhere."""
    return Bar() if stream.isatty() else Lines(stream)
