# SPDX-License-Identifier: Apache-2.0
"""What a sweep tells its user while it runs: a live bar on a terminal, plain lines when piped."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Protocol, TextIO, TypeAlias

from experiments.labels import counted

Form: TypeAlias = Literal["auto", "bar", "lines", "json", "none"]

PREPARING = "workers are still starting; the first time, kernels are compiled, which takes a minute or two"
_PRIOR = 0.02  # share of all work that the plan counts like, beside what has been observed
_SEEN = 3  # points of each worker after which it has been seen how many work at a time


class Progress(Protocol):
    """Told about a sweep as it goes on; a context manager around it."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def started(self, points: int, done_before: int, estimated_s: float = 0.0, lanes: int = 1) -> None:
        """Tell that `points` points are to be run on `lanes` workers, besides `done_before` of an earlier sweep."""

    def preparing(self) -> None:
        """Tell that workers take long to start, once."""

    def finished(self, name: str, seconds: float, error: str = "", share: float = 0.0) -> None:
        """Tell that a point is done, or failed with `error`; `share` of all the work is about what it was."""


class Silent:
    """Tells nothing."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def started(self, points: int, done_before: int, estimated_s: float = 0.0, lanes: int = 1) -> None:
        """Do nothing."""

    def preparing(self) -> None:
        """Do nothing."""

    def finished(self, name: str, seconds: float, error: str = "", share: float = 0.0) -> None:
        """Do nothing."""


class Lines(Silent):
    """One plain line for each point, on standard error."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._points = self._done = 0

    def started(self, points: int, done_before: int, estimated_s: float = 0.0, lanes: int = 1) -> None:  # noqa: ARG002
        """Print how many points there are."""
        self._points = points
        before = f", {done_before} done before" if done_before else ""
        about = f", about {duration_text(estimated_s)}" if estimated_s else ""
        self._print(f"{counted(points, 'point')} to run{before}{about}")

    def preparing(self) -> None:
        """Print what is being waited for."""
        self._print(PREPARING)

    def finished(self, name: str, seconds: float, error: str = "", share: float = 0.0) -> None:  # noqa: ARG002
        """Print the point's line."""
        self._done += 1
        outcome = f"FAILED: {_shortened(error)}" if error else f"{seconds:.2f} s"
        self._print(f"[{self._done}/{self._points}] {name}: {outcome}")

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class JsonLines(Silent):
    """One JSON object on a line for each event, on standard error: for programs that follow a sweep."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._points = self._done = self._failed = 0
        self._left = TimeLeft()

    def started(self, points: int, done_before: int, estimated_s: float = 0.0, lanes: int = 1) -> None:
        """Write the event "started"."""
        self._points = points
        self._left = TimeLeft(estimated_s, lanes)
        self._write(event="started", points=points, done_before=done_before, estimated_s=round(estimated_s, 3))

    def preparing(self) -> None:
        """Write the event "preparing"."""
        self._write(event="preparing", message=PREPARING)

    def finished(self, name: str, seconds: float, error: str = "", share: float = 0.0) -> None:
        """Write the event "finished" or "failed"."""
        self._done += not error
        self._failed += bool(error)
        left_s = self._left.after(share, seconds)
        counts = {"done": self._done, "failed": self._failed, "points": self._points}
        outcome = {"error": error} if error else {}
        event = "failed" if error else "finished"
        self._write(event=event, point=name, seconds=round(seconds, 6), **counts, left_s=round(left_s, 3), **outcome)

    def _write(self, **event: object) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


class TimeLeft:
    """The time left: the plan at first, then more and more by what points have taken of the time planned for them.

    What comes before the first point, such as compiling, is no part of what points take.

    Parameters
    ----------
    estimated_s
        How long all of the work takes by plan.
    lanes
        How many points are worked on at a time, until as many as are has been seen.
    clock
        Seconds that only grow.
    """

    def __init__(self, estimated_s: float = 0.0, lanes: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lanes = clock, max(1, lanes)
        self._planned_s = estimated_s * self._lanes  # of all workers together
        self._share = self._timed_share = self._busy_s = 0.0
        self._points = 0
        self._began = math.inf
        self._said = estimated_s, clock()

    def after(self, share: float, seconds: float) -> float:
        """Return the seconds left when a point is done that was this share of the work and took so many seconds.

        Of points that failed it is not always known how long they took: 0 then.
        """
        now = self._clock()
        self._share = min(1.0, self._share + share)
        if seconds > 0:
            self._timed_share += share
            self._busy_s += seconds
            self._points += 1
            self._began = min(self._began, now - seconds)
        whole_s = (self._busy_s + _PRIOR * self._planned_s) / (self._timed_share + _PRIOR)
        seen = self._busy_s / (now - self._began) if now > self._began else 0.0
        at_once = seen if seen and self._points >= _SEEN * self._lanes else self._lanes
        self._said = whole_s * (1.0 - self._share) / at_once, now
        return self._said[0]

    @property
    def text(self) -> str:
        """What is left now, in words; empty where nothing is known."""
        left_s, said = self._said
        if not left_s:
            return ""
        return left_text(left_s - (self._clock() - said))


class Bar(Silent):
    """A bar with the time left; failures stay on screen above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        counts = TextColumn("{task.fields[done]}/{task.fields[points]}")
        left = TextColumn("{task.fields[left].text}", markup=False)  # asked anew whenever the bar is drawn
        text = TextColumn("{task.description}", markup=False)
        columns = (BarColumn(), counts, TimeElapsedColumn(), left, text)
        self._bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
        self._left = TimeLeft()
        self._done = 0

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar off the screen."""
        self._bar.stop()

    def started(self, points: int, done_before: int, estimated_s: float = 0.0, lanes: int = 1) -> None:
        """Show the bar."""
        self._left = TimeLeft(estimated_s, lanes)
        self._task = self._bar.add_task("starting workers", total=1.0, done=0, points=points, left=self._left)
        if done_before:
            self._bar.console.print(before_text(done_before), markup=False, highlight=False)

    def preparing(self) -> None:
        """Say beside the bar what is being waited for."""
        self._bar.update(self._task, description=PREPARING)

    def finished(self, name: str, seconds: float, error: str = "", share: float = 0.0) -> None:
        """Advance the bar."""
        self._done += 1
        self._left.after(share, seconds)
        self._bar.update(self._task, advance=share, description=name, done=self._done)
        if error:
            self._bar.console.print(f"FAILED {name}: {_shortened(error)}", markup=False, highlight=False)


def for_stream(stream: TextIO, form: Form = "auto") -> Progress:
    """Return what suits a stream: a bar on a terminal, lines elsewhere, unless one form is asked for."""
    if form == "json":
        return JsonLines(stream)
    if form == "none":
        return Silent()
    return Bar() if form == "bar" or (form == "auto" and stream.isatty()) else Lines(stream)


def _shortened(error: str) -> str:
    first, *more = error.splitlines()
    return f"{first} (and {len(more)} more)" if more else first


def before_text(done_before: int) -> str:
    """Return how many points an earlier sweep left."""
    return f"{counted(done_before, 'point')} {'was' if done_before == 1 else 'were'} done before"


def left_text(left_s: float) -> str:
    """Return in words what is left by an estimate."""
    return f"about {duration_text(left_s)} left" if left_s > 0 else "longer than estimated"


def duration_text(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
