# SPDX-License-Identifier: Apache-2.0
"""Opens runs for the window, follows folders that grow, and writes notes; all reading happens in the worker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QFileSystemWatcher, QObject, QStandardPaths, QTimer, pyqtSignal

from experiments.notes import Notes
from gui.jobs import Jobs
from gui.state.frame import Batch
from gui.state.library import Edit, Library
from gui.state.selection import Selection
from gui.state.session import Session

FIRST_BARS = 24  # runs compared in the charts when a folder is opened
SETTLE_MS = 400  # a sweep finishes runs in bursts: those of this time are taken in together


class Opener(QObject):
    """What is open in the window.

    `problems` carries lines about what cannot be read; `edited` the changes of notes, for undo.
    """

    problems = pyqtSignal(list)
    edited = pyqtSignal(list)

    def __init__(self, session: Session, selection: Selection, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paths: list[str] = []
        self._session, self._selection, self._jobs = session, selection, jobs
        self._library = Library(_packs_folder())
        self._automatic: Sequence[str] = ()
        self._watcher = QFileSystemWatcher(self)
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self._poll)
        self._polling = False
        self._edits: list[Edit] = []
        self._watcher.directoryChanged.connect(lambda _: self._settling.start())

    def open(self, paths: Sequence[str]) -> None:
        """Open run files, packs and folders."""
        self.paths = list(dict.fromkeys([*self.paths, *(path for path in paths if Path(path).exists())]))
        self._read("Reading runs …", lambda: self._library.open(paths), self._opened)

    def follow(self, folder: Path) -> None:
        """Take in what a folder holds now, which is opened if it is not."""
        if folder.resolve() in self._library.folders:
            self._poll()
        else:
            self.open([str(folder)])

    def reload(self) -> None:
        """Read again what was opened, for files that have changed and folders that cannot be watched."""
        self._read("Reading runs …", self._library.refresh, self._opened)

    def close(self, keys: Sequence[str]) -> None:
        """Close runs; the worker is the last to hold them, for to let go of very many takes long."""
        held = self._session.frame.parts()
        if len(keys) == len(self._session):
            self.paths = []
            self._jobs.submit("", self._library.forget, lambda _: self._forgotten())
        self._session.close(keys)
        self._jobs.submit("", partial(_let_go, held), lambda _: None)

    def _forgotten(self) -> None:
        """Close what was still being read when all was closed: its files have been let go of."""
        self._session.close(self._session.keys)
        self._watch()

    def shutdown(self) -> None:
        """Let go of all files; the worker has stopped."""
        self._watcher.blockSignals(True)  # a folder that changes now would be looked at by nobody, again and again
        self._settling.stop()
        self._library.forget()

    def edit(self, keys: Sequence[str], change: Callable[[Notes], Notes]) -> None:
        """Change the notes of runs, which live beside their files."""
        self._read("Writing notes …", lambda: self._library.edit(keys, change), self._edited)

    def restore(self, notes: dict[str, Notes]) -> None:
        """Give runs the notes they had, as undo does; `edited` is not told."""
        self._read("Writing notes …", lambda: self._library.restore(notes), lambda: None)

    def _read(self, label: str, items: Callable[[], Iterator[Batch | Edit | str]], then: Callable[[], object]) -> None:
        self._jobs.stream(label, items, self._take, lambda _: then())

    def _take(self, items: list[Batch | Edit | str]) -> None:
        problems = [item for item in items if isinstance(item, str)]
        if problems:
            self.problems.emit(problems)
        self._session.take(item for item in items if isinstance(item, Batch))
        self._edits += [item for item in items if isinstance(item, Edit)]
        if not self._selection.keys and len(self._session):
            self._automatic = (self._session.keys[0],)
            self._selection.set(self._automatic)

    def _opened(self) -> None:
        """Compare the runs of the first run's workload, unless the user has selected something else meanwhile."""
        current = self._selection.current
        if current is not None and self._selection.keys == self._automatic:
            workloads, keys = self._session.frame.texts("workload"), self._session.keys
            wanted = workloads[self._session.row(current)]
            alike = (key for key, workload in zip(keys, workloads, strict=True) if workload == wanted)
            self._selection.set([key for key, _ in zip(alike, range(FIRST_BARS), strict=False)], current)
        self._automatic = ()
        self._watch()

    def _edited(self) -> None:
        edits, self._edits = self._edits, []
        if edits:
            self.edited.emit(edits)

    def _watch(self) -> None:
        wanted, watched = {str(folder) for folder in self._library.folders}, set(self._watcher.directories())
        if watched - wanted:
            self._watcher.removePaths(sorted(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(sorted(wanted - watched))

    def _poll(self) -> None:
        if self._polling:
            self._settling.start()  # look again when this look is over
            return
        self._polling = True
        self._read("", self._library.poll, self._polled)

    def _polled(self) -> None:
        self._polling = False


def _let_go(held: list[object]) -> None:
    while held:  # one after the other, so that the window has its turn between them
        held.pop()


def _packs_folder() -> Path:
    """Return where packs are taken apart."""
    cache = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)
    return Path(cache or tempfile.gettempdir()) / "packs"
