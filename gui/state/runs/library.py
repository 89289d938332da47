# SPDX-License-Identifier: Apache-2.0
"""What is open: run files, packs, and folders of runs with their index; all of this belongs in the reading worker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.facts import NOTED, SHOWN, WORDS, facts_of
from experiments.index import Index
from experiments.notes import Notes, read_notes, write_notes
from gui.state.runs.columns import COLUMNS
from gui.state.runs.entry import one_line
from gui.state.runs.frame import Batch, FileSource
from gui.state.runs.note_changes import from_to
from optinet.errors import OptinetError
from optinet.results import open_run

_NOTED_AT_ONCE = 100  # runs whose notes are written before the table shows them
FIRST = 200  # runs of a folder that are shown before the others are looked up
AT_ONCE = 100_000  # runs handed over in one go; every further part copies those before it
_NUMBERS = tuple(column.id for column in COLUMNS if column.numeric and column.shown)
_TEXTS = (*(column.id for column in COLUMNS if not column.numeric and column.shown), "title", WORDS)


@dataclass(frozen=True)
class Edit:
    """What the notes of a run were and are."""

    key: str
    before: Notes
    after: Notes


class Library:
    """Opens runs and follows folders that grow.

    Parameters
    ----------
    packs
        Folder that packed files are taken apart in.
    """

    def __init__(self, packs: Path) -> None:
        self._packs = packs
        self._indexes: dict[Path, Index] = {}
        self._files = FileSource()
        self._file_runs: dict[str, int] = {}

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that are open."""
        return tuple(self._indexes)

    def open(self, paths: Sequence[str]) -> Iterator[Batch | str]:
        """Yield the runs of files, packs and folders, and one line of text for each that cannot be opened."""
        for path in map(Path, paths):
            try:
                if path.is_dir():
                    yield from self._folder(path.resolve())
                elif path.is_file() and _is_pack(path):
                    yield from self._folder(self._unpacked(path))
                else:
                    yield from self._file(path.resolve())
            except (OptinetError, OSError) as error:
                yield one_line(error)

    def poll(self) -> Iterator[Batch | str]:
        """Yield what is new, changed and gone in the open folders."""
        for folder, index in tuple(self._indexes.items()):
            try:
                yield from self._updates(folder, index)
            except (OptinetError, OSError) as error:
                yield one_line(error)

    def refresh(self) -> Iterator[Batch | str]:
        """Yield what is new, changed and gone in the open folders, and the single files as they are now."""
        yield from self.poll()
        for key in tuple(self._file_runs):
            try:
                yield from self._file(Path(key))
            except (OptinetError, OSError) as error:
                yield one_line(error)

    def edit(self, keys: Sequence[str], change: Callable[[Notes], Notes]) -> Iterator[Batch | Edit | str]:
        """Change the notes of runs, which live beside their files; yield what was done, and the runs as they are then.

        Runs whose notes cannot be written stay as they are, with one line of text for each.
        """
        yield from self._edited(keys, lambda _, before: change(before))

    def repeat(self, edits: Sequence[Edit]) -> Iterator[Batch | str]:
        """Make each edit again, and yield the runs as they are then."""
        changes = {edit.key: from_to(edit.before, edit.after) for edit in edits}
        found = self._edited(tuple(changes), lambda key, before: changes[key](before))
        yield from (item for item in found if not isinstance(item, Edit))

    def _edited(self, keys: Sequence[str], change: Callable[[str, Notes], Notes]) -> Iterator[Batch | Edit | str]:
        for start in range(0, len(keys), _NOTED_AT_ONCE):
            done = []
            for key in keys[start : start + _NOTED_AT_ONCE]:
                path = Path(key)
                try:
                    before = read_notes(path)
                    after = change(key, before)
                    if after != before:
                        write_notes(path, after)
                        done.append(key)
                        yield Edit(key, before, after)
                except (OptinetError, OSError) as error:
                    yield one_line(error)
            yield from self._noted(done)

    def _noted(self, keys: Sequence[str]) -> Iterator[Batch | str]:
        """Yield runs again whose notes have changed."""
        for key in keys:
            if key in self._file_runs:
                yield from self._file(Path(key))
        files: dict[Path, list[str]] = {}
        for path in map(Path, keys):
            files.setdefault(path.parent, []).append(path.name)
        for folder in files.keys() & self._indexes.keys():
            yield from self._updates(folder, self._indexes[folder], files[folder])

    def forget(self) -> None:
        """Close everything."""
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()
        self._file_runs.clear()
        self._files = FileSource()

    def _file(self, path: Path) -> Iterator[Batch]:
        key = str(path)
        if path.parent in self._indexes and path.exists():
            yield from self._updates(path.parent, self._indexes[path.parent])
            return
        facts = facts_of(open_run(path))
        if key in self._file_runs:
            run = self._file_runs[key]
            self._files.replace(run, facts)
            yield Batch(self._files, changed=(run,), facts=[facts])
        else:
            self._file_runs[key] = run = self._files.add(facts)
            yield Batch(self._files, (run,), (key,), facts=[facts])

    def _unpacked(self, path: Path) -> Path:
        from experiments.pack import unpack

        status = path.stat()
        folder = self._packs / f"{path.stem}-{status.st_mtime_ns:x}-{status.st_size:x}"
        if not folder.is_dir():
            self._packs.mkdir(parents=True, exist_ok=True)
            unpack(path, folder)
        return folder.resolve()

    def _folder(self, folder: Path) -> Iterator[Batch | str]:
        loose = [key for key in self._file_runs if Path(key).parent == folder]
        if loose:
            yield Batch(self._files, gone=tuple(self._file_runs.pop(key) for key in loose))
        if folder not in self._indexes:
            self._indexes[folder] = Index(folder, update=False)
        index = self._indexes[folder]
        rows = index.rows(count=FIRST)
        if rows:
            yield _at_hand(folder, index, rows)
        if more := index.rows(first=FIRST):
            yield from _columns(folder, index, more)
        yield from self._updates(folder, index)

    @staticmethod
    def _updates(folder: Path, index: Index, files: Collection[str] | None = None) -> Iterator[Batch | str]:
        """Yield what is new, changed and gone in a folder, or of some of its files."""
        for step in index.updates(files):
            yield from step.problems
            if step.noted:
                facts = index.facts(step.noted, only={*SHOWN, *NOTED})
                yield Batch(index, changed=step.noted, facts=facts, only=frozenset({WORDS, *NOTED}))
            else:
                keys = tuple(str(folder / file) for file in index.files(step.new))
                yield Batch(index, step.new, keys, step.changed, step.gone, index.facts((*step.new, *step.changed)))


def _is_pack(path: Path) -> bool:
    from experiments.pack import is_pack  # loads what runs sweeps, which opening a folder does not need

    return is_pack(path)


def _at_hand(folder: Path, index: Index, rows: Sequence[tuple[int, str]]) -> Batch:
    runs = tuple(run for run, _ in rows)
    return Batch(index, runs, tuple(str(folder / file) for _, file in rows), facts=index.facts(runs))


def _columns(folder: Path, index: Index, rows: Sequence[tuple[int, str]]) -> Iterator[Batch]:
    """Yield many runs column by column, those of the standard table alone."""
    runs = np.array([run for run, _ in rows], dtype=np.int64)
    place = np.full(int(runs.max()) + 1, -1, dtype=np.int64)
    place[runs] = np.arange(len(runs))
    numbers = {name: _numbers_at(place, len(runs), *index.number_column(name)) for name in _NUMBERS}
    texts = {name: _texts_at(place, len(runs), *index.text_column(name)) for name in _TEXTS}
    prefix = f"{folder}/"
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        yield Batch(
            index,
            tuple(runs[part].tolist()),
            tuple(prefix + file for _, file in rows[part]),
            numbers={name: column[part] for name, column in numbers.items()},
            texts={name: column[part] for name, column in texts.items()},
        )


def _numbers_at(
    place: NDArray[np.int64], count: int, runs: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    column = np.full(count, np.nan)
    known = runs < len(place)
    rows = place[runs[known]]
    column[rows[rows >= 0]] = values[known][rows >= 0]
    return column


def _texts_at(place: NDArray[np.int64], count: int, runs: NDArray[np.int64], values: Sequence[str]) -> list[str]:
    column = [""] * count
    last = len(place)
    rows = np.where(runs < last, place[np.minimum(runs, last - 1)], -1).tolist()
    for row, value in zip(rows, values, strict=True):
        if row >= 0:
            column[row] = value
    return column
