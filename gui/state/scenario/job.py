# SPDX-License-Identifier: Apache-2.0
"""A sweep that runs in a process of its own, as far as its lines tell."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from experiments.progress import before_text, duration_text, left_text
from gui.state.event import Event

LOG_LINES = 400
JOB_COLUMNS = ("Job", "Status", "Points", "Done", "Failed", "Time s", "Folder", "Message")
JOB_NUMBERS = frozenset(range(2, 6))
MISTAKE = 2  # exit code for a user's mistake, as the command line has it


class JobStatus(Enum):
    """How far a job is; the value is what the table of jobs says."""

    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job:
    """One sweep; `changed` fires with every line that says something new.

    Parameters
    ----------
    title
        What is run.
    folder
        Where its run files go.
    command
        The command line, for the log.
    clock
        Seconds that only grow.
    """

    def __init__(self, title: str, folder: Path, command: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed = Event()
        self.title, self.folder, self.command = title, folder, command
        self.status = JobStatus.STARTING
        self.points = self.done = self.failed = 0
        self.message = ""
        self.log: list[str] = [f"$ {command}"]
        self._clock = clock
        self._started = clock()
        self._ended: float | None = None
        self._left: tuple[float, float] | None = None  # seconds left, and when that was said
        self._spoken: list[str] = []  # lines that are no events, such as an error

    @property
    def is_active(self) -> bool:
        """Whether the process still runs."""
        return self._ended is None

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return (self._clock() if self._ended is None else self._ended) - self._started

    @property
    def left_s(self) -> float | None:
        """Seconds that are left as estimated last; None if nothing is known."""
        if self._left is None or not self.is_active:
            return None
        seconds, said = self._left
        return max(0.0, seconds - (self._clock() - said))

    @property
    def share(self) -> float:
        """Share that is done, from 0 to 1: of the points, or of the time that a single one takes by the estimate."""
        if self.status == JobStatus.FINISHED:
            return 1.0
        if self.points > 1:
            return (self.done + self.failed) / self.points
        if self._left is None:
            return 0.0
        seconds, said = self._left
        left = max(0.0, seconds - ((self._ended or self._clock()) - said))
        return min(0.99, self.seconds / max(self.seconds + left, 1e-9))

    def text(self) -> str:
        """Return status and time in words."""
        counts = f"{self.done + self.failed:,} of {self.points:,}" if self.points > 1 else ""
        failed = f"{self.failed:,} failed" if self.failed and self.points > 1 else ""
        if not self.is_active:
            over = f"{self.status.value} after {duration_text(self.seconds)}"
            return ", ".join(filter(None, [over, f"{counts} done" if counts else "", failed]))
        left = self.left_s
        soon = "" if left is None else left_text(left)
        if self.points > 1 and self.done + self.failed >= self.points:
            soon = "writing the comparison"
        return ", ".join(filter(None, [f"{self.status.value} {counts}".strip(), failed, soon]))

    def row(self) -> tuple[str, ...]:
        """Return its texts in the order of `JOB_COLUMNS`."""
        counts = str(self.points), str(self.done), str(self.failed)
        return self.title, self.status.value, *counts, f"{self.seconds:.1f}", str(self.folder), self.message

    def take(self, line: str) -> None:
        """Take a line of the process's progress; one that is no event is kept for the log."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "event" not in event:
            self._say(line)
            self._spoken.append(line)
            return
        self.status = JobStatus.RUNNING
        self.points = int(event.get("points", self.points))
        self.done, self.failed = int(event.get("done", self.done)), int(event.get("failed", self.failed))
        left = event.get("left_s", event.get("estimated_s"))
        self._left = None if left is None else (float(left), self._clock())
        if event["event"] == "started" and event.get("done_before"):
            self._say(before_text(int(event["done_before"])))
        elif event["event"] == "failed":
            self.message = str(event.get("error", ""))
            self._say(f"FAILED {event.get('point') or self.title}: {self.message}")
        elif event["event"] == "finished":
            self._say(f"{event.get('point') or self.title}: {float(event.get('seconds', 0.0)):.2f} s")
        elif text := str(event.get("text", "")):  # of all that it does
            self._say(text)
            self._spoken += [text] if event["event"] == "error" else []
        self.changed.emit()

    def end(self, code: int, *, crashed: bool = False, cancelled: bool = False) -> None:
        """Take note that the process has ended.

        Parameters
        ----------
        code
            Exit code; the number of the signal if it crashed.
        crashed
            Whether a signal ended it.
        cancelled
            Whether the user did.
        """
        self._ended = self._clock()
        if cancelled:
            self.status, self.message = JobStatus.CANCELLED, ""
        elif crashed:
            self.status = JobStatus.FAILED
            self.message = f"the process that computed it was ended by {_signal_name(code)}; the viewer is not affected"
        elif code or self.failed:
            self.status = JobStatus.FAILED
            spoken = "; ".join(self._spoken[-3:])
            self.message = self.message or spoken or f"it ended with exit code {code}"
        else:
            self.status = JobStatus.FINISHED
        if self.message:
            self._say(self.message)
        self.changed.emit()

    def _say(self, line: str) -> None:
        self.log = [*self.log, line][-LOG_LINES:]


def _signal_name(code: int) -> str:
    try:
        return f"signal {signal.Signals(code).name}"
    except ValueError:
        return f"code {code}"
