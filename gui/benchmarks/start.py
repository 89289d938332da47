# SPDX-License-Identifier: Apache-2.0
"""How long the viewer takes from the start of its process until its window can be used.

Each start is a process of its own without settings, as at the first start: on the sample runs, or on those that are
named. The window is painted when it has been painted whole for the first time, its runs are there when the table has
them, and it is at rest when fabric and charts are drawn as well. Processor time is that of all threads. Before a cold
start everything that Python and the packages are read from is taken out of the system's file cache.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STEPS = ("window painted", "runs in the table", "at rest")
_PROGRAM = "import sys; from gui.benchmarks.start import start; sys.exit(start(float(sys.argv[1]), sys.argv[2:]))"
_TICK_MS = 2


def print_starts(paths: Sequence[Path], repeat: int) -> None:
    """Print the medians of some warm starts and, where the system can be told to forget files, a cold one."""
    forgets = hasattr(os, "posix_fadvise")
    if forgets:
        _forget_files()
        _print("cold", [_measured(paths)])
    else:
        _measured(paths)
    _print(f"warm, median of {repeat}", [_measured(paths) for _ in range(repeat)])


def _measured(paths: Sequence[Path]) -> dict[str, list[float]]:
    command = [sys.executable, "-c", _PROGRAM, str(time.time()), *map(str, paths)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    times: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return times


def _print(title: str, starts: Sequence[dict[str, list[float]]]) -> None:
    for step in STEPS:
        wall, processor = (1e3 * statistics.median(each[step][i] for each in starts) for i in (0, 1))
        sys.stdout.write(f"{title:<22}{step:<20}{wall:8.0f} ms {processor:8.0f} ms of processor\n")
    sys.stdout.flush()


def _forget_files() -> None:
    """Take the files of Python and of all packages out of the file cache, as after the machine has been started."""
    for folder in {Path(__file__).parents[2], Path(sys.prefix), Path(sys.base_prefix, "lib")}:
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".pyc", ".so", ".h5", ".toml") or ".so." in path.name:
                descriptor = os.open(path, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)


def start(begun_s: float, paths: Sequence[str]) -> int:
    """Start the viewer, print after how many seconds on the clock and of the processor each step was done, and end.

    Parameters
    ----------
    begun_s
        When the process was started, seconds since the epoch.
    paths
        What to open; the sample runs if nothing.
    """
    from PyQt6.QtCore import QEvent, QObject, QTimer
    from PyQt6.QtWidgets import QApplication

    from gui import app

    times: dict[str, tuple[float, float]] = {}

    def done(step: str) -> None:
        times.setdefault(step, (time.time() - begun_s, time.process_time()))

    class FirstPaint(QObject):
        """Finds the window when it is painted the first time, and looks at it from then on."""

        def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
            if event is not None and event.type() == QEvent.Type.Paint:
                application.removeEventFilter(self)
                looking.timeout.connect(_looking(application, done))
                QTimer.singleShot(0, lambda: done(STEPS[0]))  # the turn after that in which all is painted
                looking.start()
            return False

    application, looking = QApplication(sys.argv[:1]), QTimer(interval=_TICK_MS)
    finder = FirstPaint()
    application.installEventFilter(finder)
    code = app.run(application, app.parser().parse_args(["--fresh", *paths]))
    sys.stdout.write(json.dumps(times) + "\n")
    return code


def _looking(application: Any, done: Callable[[str], None]) -> Callable[[], None]:
    """Return what notes the steps that are done, and closes the window after the last."""
    from gui.views.window.main_window import MainWindow

    window = next(each for each in application.topLevelWidgets() if isinstance(each, MainWindow))

    def look() -> None:
        if window.table.total:
            done(STEPS[1])
            in_front = [panel for panel in window.panels.values() if panel.is_in_front]
            busy = window.jobs.is_busy or window.finder.is_busy
            if not busy and all(panel.is_made for panel in in_front) and window.fabric.is_complete:
                done(STEPS[2])
                window.close()

    return look
