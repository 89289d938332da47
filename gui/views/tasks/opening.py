# SPDX-License-Identifier: Apache-2.0
"""Opens runs for the window, follows folders that grow, and writes notes; all reading happens in the worker."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from PyQt6.QtCore import QFileSystemWatcher, QObject, QStandardPaths, QTimer, pyqtSignal

from experiments.notes import Notes
from gui.jobs import Jobs
from gui.state.runs.frame import Batch
from gui.state.runs.library import Edit, Library
from gui.state.runs.selection import Selection
from gui.state.runs.session import Arrival, Session

FIRST_BARS = 24  # runs compared in the charts when a folder is opened
SETTLE_MS = 400  # a sweep finishes runs in bursts: those of this time are taken in together


@dataclass(frozen=True)
class Held:
    """A file that holds runs, or a folder, which may come to hold some."""

    path: str


@dataclass
class _Opening:
    """What is opened, the first of its runs, and whether nobody else has selected runs since."""

    paths: Sequence[str]
    first: str = ""
    may_select: bool = True
    held: tuple[str, ...] = ()


class Opener(QObject):
    """What is open in the window.

    `problems` carries lines about what cannot be read; `held` files and folders that could be opened, when they have
    been; `edited` the changes of notes, for undo.
    """

    problems = pyqtSignal(list)
    held = pyqtSignal(list)
    edited = pyqtSignal(list)

    def __init__(self, session: Session, selection: Selection, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.paths: list[str] = []
        self._session, self._selection, self._jobs = session, selection, jobs
        self._library = Library(_packs_folder())
        self._openings: list[_Opening] = []
        self._selecting = False
        selection.changed.connect(self._leave_selected)
        self._watcher = QFileSystemWatcher(self)
        self._settling = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settling.timeout.connect(self._poll)
        self._polling = False
        self._edits: list[Edit] = []
        self._watcher.directoryChanged.connect(lambda _: self._settling.start())

    def open(self, paths: Sequence[str]) -> None:
        """Open run files, packs and folders, and select runs that they bring."""
        self.paths = list(dict.fromkeys([*self.paths, *(path for path in paths if Path(path).exists())]))
        opening = _Opening(paths)
        self._openings.append(opening)
        self._jobs.stream(
            "Reading runs …",
            lambda: self._found(paths),
            partial(self._take_opened, opening),
            lambda _: self._opened(opening),
        )

    def follow(self, folder: Path) -> None:
        """Take in what a folder holds now, which is opened if it is not."""
        if folder.resolve() in self._library.folders:
            self._poll()
        else:
            self.open([str(folder)])

    def reload(self) -> None:
        """Read again what was opened, for files that have changed and folders that cannot be watched."""
        self._read("Reading runs …", self._library.refresh, self._watch)

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

    def repeat(self, edits: Sequence[Edit]) -> None:
        """Make edits of notes again, or the other way round as undo does; `edited` is not told."""
        self._read("Writing notes …", lambda: self._library.repeat(edits), lambda: None)

    def _read(self, label: str, items: Callable[[], Iterator[Batch | Edit | str]], then: Callable[[], object]) -> None:
        self._jobs.stream(label, lambda: self._arrivals(items()), self._take_followed, lambda _: then())

    def _found(self, paths: Sequence[str]) -> Iterator[Arrival | Edit | Held | str]:
        """Open, in the worker, one path after the other."""
        for path in paths:
            is_held, is_told = Path(path).is_dir(), False
            for item in self._arrivals(self._library.open([path])):
                is_held = is_held or (isinstance(item, Arrival) and bool(item.batch.keys))
                is_told = is_told or isinstance(item, str)
                yield item
            if is_held or not is_told:  # a file whose runs are open already brings nothing
                yield Held(path)

    def _arrivals(self, items: Iterator[Batch | Edit | str]) -> Iterator[Arrival | Edit | str]:
        """Prepare, in the worker, what the session takes in."""
        return (self._session.prepared(item) if isinstance(item, Batch) else item for item in items)

    def _take(self, items: Sequence[Arrival | Edit | Held | str]) -> None:
        problems = [item for item in items if isinstance(item, str)]
        if problems:
            self.problems.emit(problems)
        self._session.take(item for item in items if isinstance(item, Arrival))
        self._edits += [item for item in items if isinstance(item, Edit)]

    def _take_followed(self, items: list[Arrival | Edit | str]) -> None:
        """Take runs in; where none was selected, the first of all becomes so."""
        self._take(items)
        if not self._selection.keys and len(self._session):
            self._select([self._session.keys[0]])

    def _take_opened(self, opening: _Opening, items: list[Arrival | Edit | Held | str]) -> None:
        """Take runs in and select the first of them, unless something else has been selected meanwhile."""
        self._take(items)
        opening.held += tuple(item.path for item in items if isinstance(item, Held))
        new = (item.batch.keys[0] for item in items if isinstance(item, Arrival) and item.batch.keys)
        if not opening.first and (opening.may_select or not self._selection.keys) and (first := next(new, "")):
            opening.first = first
            self._select([first])

    def _opened(self, opening: _Opening) -> None:
        """Compare the new runs of the first one's workload, unless something else has been selected meanwhile."""
        self._openings.remove(opening)
        known = [path for path in opening.paths if str(Path(path).resolve()) in self._session]  # perhaps already before
        held = list(dict.fromkeys((*opening.held, *known)))
        self.paths = [path for path in self.paths if path in held or path not in opening.paths]
        if held:
            self.held.emit(held)
        if opening.may_select and opening.first in self._session:
            row = self._session.row(opening.first)
            workloads, keys = self._session.frame.texts("workload"), self._session.keys
            alike = (i for i in range(row, len(keys)) if workloads[i] == workloads[row])
            self._select([keys[i] for i in islice(alike, FIRST_BARS)], opening.first)
        self._watch()

    def _select(self, keys: Sequence[str], current: str | None = None) -> None:
        self._selecting = True
        try:
            self._selection.set(keys, current)
        finally:
            self._selecting = False

    def _leave_selected(self) -> None:
        """Leave what others have selected while runs are opened."""
        for opening in self._openings:
            opening.may_select = opening.may_select and self._selecting

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
