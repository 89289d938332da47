# SPDX-License-Identifier: Apache-2.0
"""The engine in processes of its own: whatever a solver does, the window stays and a job can be cancelled at once."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, QProcess, QTimer, pyqtSignal

from gui.state.scenario.job import Job

GRACE_MS = 400  # for writing down what is finished, before the process is killed
POLL_MS = 500  # how often time left and new run files are looked at


class Engine(QObject):
    """Runs sweeps; several may run at a time.

    `changed` tells that a job has something new to say, `written` that run files are there, `ended` that a job is over.
    """

    changed = pyqtSignal()
    written = pyqtSignal(object, object)  # Job, list[str]
    started = pyqtSignal(object)  # Job
    ended = pyqtSignal(object)  # Job

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[Job] = []
        self._running: dict[Job, _Process] = {}
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def active(self) -> list[Job]:
        """The jobs that run now, in the order they were started."""
        return [job for job in self.jobs if job.is_active]

    def start(self, title: str, study: Path, folder: Path, options: Sequence[str] = ()) -> Job:
        """Run a study file into a folder; points that are there already are not run again."""
        arguments = ["sweep", str(study), "-o", str(folder), "--resume", *options]
        return self.start_command(title, folder, ["-m", "gui.leash", *arguments, "--progress", "json"], arguments)

    def start_command(self, title: str, folder: Path, arguments: Sequence[str], shown: Sequence[str]) -> Job:
        """Run Python with these arguments as a job; `shown` is what the log calls them."""
        job = Job(title, folder, shlex.join(["optinet", *shown]))
        self.jobs.append(job)
        process = _Process(job, arguments, self)
        self._running[job] = process
        process.ended.connect(self._end)
        job.changed.connect(self.changed.emit)
        process.start()
        self._timer.start()
        self.started.emit(job)
        self.changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job; what it has finished stays."""
        process = self._running.get(job)
        if process is not None:
            process.cancel()

    def clear(self) -> None:
        """Forget the jobs that are over."""
        self.jobs = self.active
        self.changed.emit()

    def shutdown(self) -> None:
        """Kill everything that runs, at once."""
        self._timer.stop()
        for process in tuple(self._running.values()):
            process.kill()
        self._running.clear()

    def _poll(self) -> None:
        for job, process in tuple(self._running.items()):
            if files := process.new_files():
                self.written.emit(job, files)
        self.changed.emit()

    def _end(self, job: Job) -> None:
        process = self._running.pop(job)
        if files := process.new_files():
            self.written.emit(job, files)
        process.deleteLater()
        if not self._running:
            self._timer.stop()
        self.ended.emit(job)
        self.changed.emit()


class _Process(QObject):
    """The process of one job, leader of its own session, so that its workers can be ended with it."""

    ended = pyqtSignal(object)

    def __init__(self, job: Job, arguments: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._job = job
        self._cancelled = self._over = False
        self._text = b""
        self._pid = 0
        self._seen = _run_files(job.folder)
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(list(arguments))
        self._process.setStandardOutputFile(QProcess.nullDevice())
        if os.name == "posix":
            self._process.setUnixProcessParameters(QProcess.UnixProcessFlag.CreateNewSession)
        self._process.readyReadStandardError.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._patience = QTimer(self, singleShot=True, interval=GRACE_MS)
        self._patience.timeout.connect(self._kill_all)

    def start(self) -> None:
        self._process.start()
        self._pid = int(self._process.processId() or 0)

    def cancel(self) -> None:
        """Ask the process to stop, and kill it and its workers if it does not at once."""
        self._cancelled = True
        if os.name == "posix" and self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGINT)
            self._patience.start()
        else:
            self._kill_all()

    def kill(self) -> None:
        """Kill the process and wait until it is gone."""
        self._cancelled = True
        self._kill_all()
        if not self._process.waitForFinished(2000) and not self._over:
            self._over = True  # what it was started for may be gone when it ends
            self._job.end(1, cancelled=True)

    def new_files(self) -> list[str]:
        """Return the run files that have come to be since this was asked last."""
        now = _run_files(self._job.folder)
        new, self._seen = now - self._seen, now
        return sorted(name for name, _ in new)

    def _kill_all(self) -> None:
        """Kill the process and the workers it has started."""
        if not self._pid:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        elif not self._over:
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(self._pid)], check=False, capture_output=True)

    def _read(self) -> None:
        self._text += bytes(self._process.readAllStandardError().data())
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            self._job.take(line.decode(errors="replace"))

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._over:
            return
        self._over = True
        self._patience.stop()
        self._text += b"\n" if self._text else b""
        self._read()
        self._kill_all()  # workers that outlived a leader that crashed
        self._job.end(code, crashed=status == QProcess.ExitStatus.CrashExit, cancelled=self._cancelled)
        self.ended.emit(self._job)

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and not self._over:
            self._over = True
            self._job.take(f"Python cannot be started: {self._process.errorString()}")
            self._job.end(1)
            self.ended.emit(self._job)


def _run_files(folder: Path) -> set[tuple[str, int]]:
    """Return the run files of a folder with the times they were written; none if there is no such folder."""
    try:
        entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".h5") and entry.name[0] != "."]
        return {(entry.path, entry.stat().st_mtime_ns) for entry in entries}
    except OSError:
        return set()
