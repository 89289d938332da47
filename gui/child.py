# SPDX-License-Identifier: Apache-2.0
"""One command of optinet in a process of its own, whose output is wanted: it may crash or be stopped at any time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QObject, QProcess

_GRACE_MS = 2000


class Child(QObject):
    """Runs one command at a time; starting another stops the one before."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a command runs."""
        return self._process is not None

    def start(
        self, arguments: Sequence[str], on_output: Callable[[str], object], on_failure: Callable[[str], object]
    ) -> None:
        """Run ``optinet ARGUMENTS``; hand over what it prints, or why there is nothing."""
        self.stop()
        process = QProcess(self)
        self._process = process

        def finished() -> None:
            if self._process is not process:
                return  # stopped, or another has been started
            self._process = None
            process.deleteLater()
            output = bytes(process.readAllStandardOutput().data()).decode(errors="replace")
            errors = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
            if process.exitStatus() == QProcess.ExitStatus.NormalExit and process.exitCode() == 0:
                on_output(output)
            else:
                lines = errors.splitlines() or [f"optinet {arguments[0]} has crashed"]
                on_failure(lines[-1] if "Traceback" in lines[0] else " ".join(lines))

        process.finished.connect(finished)
        process.errorOccurred.connect(
            lambda error: finished() if error == QProcess.ProcessError.FailedToStart else None
        )
        process.start(sys.executable, ["-m", "gui.leash", *arguments])

    def stop(self) -> None:
        """Kill what runs, and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(_GRACE_MS)
            process.deleteLater()
