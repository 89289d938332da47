# SPDX-License-Identifier: Apache-2.0
"""The index of a folder of runs: an SQLite file that answers filters without opening the runs.

It holds nothing that is not in the runs and their notes, so it may be deleted at any time. It is brought up to date
whenever it is opened: by size and time of each file, so that only new and changed runs are read, and of those whose
notes alone have changed only the notes. Where it cannot be written, the index lives in memory. A sweep that has the
folder for itself notes its runs down as it goes on; what another process notes down is told like what is read here. A
run keeps its number when it is read again.
"""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.facts import NOTED, SHOWN, Facts, facts_of, notes_of
from experiments.index_columns import IndexColumns, Table
from experiments.index_file import NAME, IndexFile
from experiments.notes import SUFFIX as NOTES_SUFFIX
from experiments.notes import notes_path
from experiments.query import Query, parse, passing, why_none
from optinet.errors import OptinetError, Problem, RunFileError, nearest_name
from optinet.results import open_run
from optinet.results.schema import SUFFIX

_AT_ONCE = 200  # most runs per transaction
_AT_ONCE_S = 0.1  # longest time between two steps of an update that is watched
_NOTHING = Facts({}, {})


@dataclass(frozen=True)
class Found:
    """One run of an index: where it is, and the texts and numbers that were asked for."""

    path: Path
    texts: dict[str, str]
    numbers: dict[str, float]


@dataclass(frozen=True)
class Update:
    """What one step of bringing an index up to date has found: numbers of runs that are new, changed and gone.

    Of those that are `noted` nothing but the notes has changed.
    """

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    noted: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    """What is to be written down of a file."""

    file: str
    stamp: str
    facts: Facts
    problem: str = ""


class Index:
    """The index of one folder; a context manager. Several threads may share it.

    Parameters
    ----------
    folder
        The folder of the runs.
    update
        Whether to bring it up to date at once; `updates` does so step by step.

    Raises
    ------
    RunFileError
        If there is no such folder.
    """

    def __init__(self, folder: str | os.PathLike[str], *, update: bool = True) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            what = "is a file" if self.folder.exists() else "no such folder"
            raise RunFileError(Problem(str(folder), what, "a folder of run files"))
        self._file = IndexFile(self.folder / NAME)
        self._columns = IndexColumns(self._file)
        # number and stamp by file of the runs that have been told of; None until somebody asks: all that are in it
        self._told: dict[str, tuple[int, str]] | None = None
        self._broken: dict[str, tuple[int, str]] = {}
        self._unnamed: list[str] = []  # what is wrong with the names of files
        self._version: int | None = None  # of the database that these are from
        if update:
            self.update()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the index."""
        self.close()

    def close(self) -> None:
        """Close the index; who still reads it in another thread finds it empty."""
        self._file.close()

    def __len__(self) -> int:
        return int(self._file.rows("SELECT count(*) FROM runs WHERE problem = ''")[0][0])

    @property
    def problems(self) -> list[str]:
        """What is wrong with the files that cannot be read."""
        rows = self._file.rows("SELECT problem FROM runs WHERE problem != '' ORDER BY file")
        return [*(row[0] for row in rows), *self._unnamed]

    @property
    def numbers(self) -> set[str]:
        """Names of all numbers that runs have."""
        return self._columns.names("number")

    @property
    def texts(self) -> set[str]:
        """Names of all texts that runs have."""
        return self._columns.names("text")

    # -- bringing it up to date

    def update(self) -> int:
        """Read the runs that are new or changed, forget those that are gone; return how many are new or changed."""
        return sum(len(s.new) + len(s.changed) + len(s.noted) + len(s.problems) for s in self.updates())

    def updates(self, files: Collection[str] | None = None) -> Iterator[Update]:
        """Do what `update` does, yielding after every few runs what has been found.

        Parameters
        ----------
        files
            Names of run files: others are not looked at.
        """
        try:
            yield from self._updates(files)
        except sqlite3.Error:  # a full disk, or damage that only now shows
            if self._file.is_closed:
                return
            gone = tuple(run for run, _ in (self._told or {}).values())
            self._file.forsake()
            self._columns.load_names()
            self._told, self._broken, self._version = {}, {}, None
            yield Update(gone=gone)
            yield from self._updates(None)

    def _updates(self, files: Collection[str] | None) -> Iterator[Update]:
        if elsewhere := self._noted_elsewhere():
            yield elsewhere
        assert self._told is not None
        stamps = _stamps(self.folder, files)
        if files is None and (problems := self._leave_out_unnamed(stamps)):
            yield Update(problems=problems)
        known = {**self._told, **self._broken}
        if gone := [file for file in (known if files is None else files) if file in known and file not in stamps]:
            yield self._forget(gone)
        waiting = [file for file, stamp in stamps.items() if file not in known or known[file][1] != stamp]
        noted = [file for file in waiting if file in self._told and _of_run(known[file][1]) == _of_run(stamps[file])]
        for start in range(0, len(noted), _AT_ONCE):
            yield self._write(self._noted(noted[start : start + _AT_ONCE], stamps), only=NOTED)
        unread = iter(waiting if not noted else sorted(set(waiting) - set(noted)))
        while entries := list(self._read(unread, stamps)):
            yield self._write(entries)

    def _leave_out_unnamed(self, stamps: dict[str, str]) -> tuple[str, ...]:
        """Take out the files whose names no database can hold; return what has not been told of them yet."""
        before, self._unnamed = self._unnamed, []
        for file in _not_text(stamps):
            del stamps[file]
            shown = os.fsencode(file).decode(errors="replace")
            self._unnamed.append(str(Problem(str(self.folder / shown), "cannot be listed: its name is not UTF-8 text")))
        return tuple(each for each in self._unnamed if each not in before)

    def _noted_elsewhere(self) -> Update | None:
        """Return what other processes have done to the index since all that had been done was told."""
        version = self._file.version
        if version == self._version:
            return None
        rows = self._file.rows("SELECT id, file, stamp, problem FROM runs")
        self._broken = {file: (run, stamp) for run, file, stamp, problem in rows if problem}
        now = {file: (run, stamp) for run, file, stamp, problem in rows if not problem}
        before, self._told, self._version = self._told, now, version
        if before is None or before == now:
            return None
        self._columns.load_names()
        stamp_of, ids = dict(before.values()), dict(now.values())
        new = tuple(run for run in ids if run not in stamp_of)
        changed = tuple(run for run, stamp in ids.items() if run in stamp_of and stamp != stamp_of[run])
        return Update(new, changed, gone=tuple(run for run in stamp_of if run not in ids))

    def _forget(self, files: Sequence[str]) -> Update:
        """Take files out that are gone."""
        assert self._told is not None
        known = [self._told.get(file) or self._broken[file] for file in files]
        with self._file.writing() as database:
            self._columns.replace(database, {run: _NOTHING for run, _ in known})
            database.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run, _ in known])
        told = [self._told.pop(file, None) for file in files]
        for file in files:
            self._broken.pop(file, None)
        return Update(gone=tuple(each[0] for each in told if each))

    def _noted(self, files: Sequence[str], stamps: dict[str, str]) -> list[_Entry]:
        """Return the facts of runs whose notes have changed, as far as notes have a part in them."""
        assert self._told is not None
        facts = self.facts([self._told[file][0] for file in files], only=(*SHOWN, "tags"))
        return [
            _Entry(file, stamps[file], each.noted(notes_of(self.folder / file)))
            for file, each in zip(files, facts, strict=True)
        ]

    def _read(self, files: Iterator[str], stamps: dict[str, str]) -> Iterator[_Entry]:
        """Read some of the files, which goes on where it has stopped."""
        due = time.monotonic() + _AT_ONCE_S
        for file in islice(files, _AT_ONCE):
            try:
                yield _Entry(file, stamps[file], facts_of(open_run(self.folder / file)))
            except OptinetError as error:
                yield _Entry(file, stamps[file], _NOTHING, str(error))
            if time.monotonic() > due:
                return

    def _write(self, entries: Sequence[_Entry], only: Collection[str] | None = None) -> Update:
        """Write files down, or some names of them alone; return what is to be told."""
        assert self._told is not None
        runs = self._put(entries, only)
        new: list[int] = []
        changed: list[int] = []
        lost: list[int] = []
        for entry, run in zip(entries, runs, strict=True):
            self._broken.pop(entry.file, None)
            told = self._told.pop(entry.file, None)
            if entry.problem:
                lost += [told[0]] if told else []
                self._broken[entry.file] = run, entry.stamp
            else:
                (changed if told else new).append(run)
                self._told[entry.file] = run, entry.stamp
        problems = tuple(entry.problem for entry in entries if entry.problem)
        if only is not None:
            return Update(noted=tuple(changed))
        return Update(tuple(new), tuple(changed), (), tuple(lost), problems)

    def _put(self, entries: Sequence[_Entry], only: Collection[str] | None = None) -> list[int]:
        """Write files down in one transaction, unless another process was faster; return their numbers."""
        runs: list[int] = []
        written: dict[int, Facts] = {}
        with self._file.writing() as database:
            for entry in entries:
                found = database.execute("SELECT id, stamp FROM runs WHERE file = ?", [entry.file]).fetchone()
                run, stamp = found or (0, "")
                if stamp != entry.stamp:
                    is_whole = only is None or run  # or else the next update has to read it
                    row = [run or None, entry.file, entry.stamp if is_whole else "", entry.problem]
                    run = database.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", row).lastrowid or run
                    written[run] = entry.facts
                runs.append(run)
            self._columns.replace(database, written, only)
        return runs

    def add(self, facts: Iterable[tuple[str, Facts]]) -> None:
        """Take facts of files of the folder, by name, without reading the files.

        Where that is not possible, and where there are notes beside a file, the next update reads it.
        """
        left = iter(facts)
        while batch := list(islice(left, _AT_ONCE)):
            entries = [_Entry(file, f"{_stamp(self.folder / file)}:-", each) for file, each in batch]
            with contextlib.suppress(sqlite3.Error):
                self._put(entries)
        self._version = None

    # -- what is in it

    def rows(self, *, first: int = 0, count: int = -1) -> list[tuple[int, str]]:
        """Return number and file name of readable runs in order of number, from the first or a later one on."""
        found = self._file.rows(
            "SELECT id, file, stamp FROM runs WHERE problem = '' ORDER BY id LIMIT ? OFFSET ?", [count, first]
        )
        self._told = (self._told or {}) | {file: (run, stamp) for run, file, stamp in found}
        return [(run, file) for run, file, _ in found]

    def files(self, runs: Sequence[int]) -> list[str]:
        """Return the file names of some runs."""
        return [self._file.rows("SELECT file FROM runs WHERE id = ?", [run])[0][0] for run in runs]

    def facts(self, runs: Sequence[int], only: Collection[str] | None = None) -> list[Facts]:
        """Return all texts and numbers of some runs, or those of some names alone."""
        return self._columns.facts(runs, only)

    def number_column(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the runs that have a number, and it; both of shape (n_runs,)."""
        return self._columns.numbers(name)

    def text_column(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return the runs that have a text, and it; without a name, all words of each run in lower case."""
        return self._columns.texts(name)

    def query(self, text: str) -> Query:
        """Read a filter in the names of this index.

        Raises
        ------
        OptinetError
            If the filter makes no sense, or ends within a comparison.
        """
        query = parse(text, self.numbers, self.texts)
        problem = query.problem or (f"'{query.unfinished[0]}' needs a number" if query.unfinished else "")
        if problem:
            raise OptinetError(Problem("filter", problem))
        return query

    def find(
        self, text: str = "", *, names: Sequence[str] = (), sort: str = "", descending: bool = False
    ) -> list[Found]:
        """Return the runs for which a filter holds.

        Parameters
        ----------
        text
            The filter; see `experiments.query`.
        names
            Texts and numbers wanted of each run.
        sort
            A text or number to sort by, runs without it last; by file unless given.
        descending
            Sort from high to low.
        """
        query = self.query(text)
        known = self.numbers | self.texts
        unknown = [name for name in dict.fromkeys(filter(None, (*names, sort))) if name not in known]
        if unknown:
            raise OptinetError(
                Problem("", f"no number or text '{name}'", nearest=nearest_name(name, known)) for name in unknown
            )
        files, table = self._whole_runs()
        keep = np.flatnonzero(passing(table, query.terms)).tolist()
        runs = [Found(self.folder / files[row], {}, {}) for row in keep]
        for name in dict.fromkeys((*names, *([sort] if sort else []))):
            numbers, texts = table.numbers(name)[keep].tolist(), table.texts(name)
            for run, row, number in zip(runs, keep, numbers, strict=True):
                if not math.isnan(number):
                    run.numbers[name] = number
                if texts[row]:
                    run.texts[name] = texts[row]
        return _sorted(runs, sort, descending) if sort else runs

    def why_none(self, text: str) -> str:
        """Return why a filter finds no run; see `experiments.query.why_none`."""
        return why_none(self._whole_runs()[1], self.query(text).terms)

    def _whole_runs(self) -> tuple[list[str], Table]:
        """Return the files of the runs that can be read, and their columns."""
        rows = self._file.rows("SELECT id, file FROM runs WHERE problem = '' ORDER BY file")
        return [file for _, file in rows], Table(self._columns, [run for run, _ in rows])


def _of_run(stamp: str) -> str:
    """Return the part of a stamp that the run file has."""
    return stamp.partition(":")[0]


def _stamp(path: Path | os.DirEntry[str]) -> str:
    """Return what changes when a file does; empty if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_mtime_ns}.{status.st_size}"


def _stamps(folder: Path, files: Collection[str] | None = None) -> dict[str, str]:
    """Return for every run file of a folder, or for some, in order of name, what changes when it or its notes do."""
    if files is not None:
        both = ((file, _stamp(folder / file), _stamp(notes_path(folder / file))) for file in sorted(files))
        return {file: f"{of_run}:{of_notes or '-'}" for file, of_run, of_notes in both if of_run}
    found: dict[str, str] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_ours = entry.name.endswith((SUFFIX, NOTES_SUFFIX)) and not entry.name.startswith(".")
                if is_ours and (stamp := _stamp(entry)):
                    found[entry.name] = stamp
    except OSError as error:
        raise RunFileError(Problem(str(folder), f"cannot be read: {error.strerror or error}")) from None
    runs = sorted(name for name in found if name.endswith(SUFFIX))
    return {name: f"{found[name]}:{found.get(name.removesuffix(SUFFIX) + NOTES_SUFFIX, '-')}" for name in runs}


def _not_text(names: Collection[str]) -> list[str]:
    """Return the names that are text in no encoding, as files from other systems may have."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        return [name for name in names if name.encode(errors="ignore").decode() != name]
    return []


def _sorted(runs: list[Found], name: str, descending: bool) -> list[Found]:
    if any(name in run.numbers for run in runs):
        have = [run for run in runs if name in run.numbers]
        have.sort(key=lambda run: run.numbers[name], reverse=descending)
        return have + [run for run in runs if name not in run.numbers]
    have = [run for run in runs if run.texts.get(name)]
    have.sort(key=lambda run: run.texts[name].lower(), reverse=descending)
    return have + [run for run in runs if not run.texts.get(name)]
