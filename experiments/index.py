# SPDX-License-Identifier: Apache-2.0
"""The index of a folder of runs: an SQLite file that answers filters without opening the runs.

It holds nothing that is not in the runs and their notes, so it may be deleted at any time. It is brought up to date
whenever it is opened: by size and time of each file, so that only new and changed runs are read. Where it cannot be
written, the index lives in memory. A sweep does not write to it while it runs.

Texts and numbers are stored name by name, so that one column of all runs is read in one go; a run keeps its number when
it is read again.
"""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.facts import Facts, facts_of
from experiments.notes import SUFFIX as NOTES_SUFFIX
from experiments.query import Query, parse, where
from optinet.errors import OptinetError, Problem, RunFileError
from optinet.results import open_run
from optinet.results.schema import SUFFIX

NAME = ".optinet-index.sqlite"
_VERSION = 2  # of the tables below; an index of another version is made anew
_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, file TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, words TEXT NOT NULL, problem TEXT NOT NULL
);
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE texts (
    name INTEGER NOT NULL, run INTEGER NOT NULL, text TEXT NOT NULL, folded TEXT NOT NULL, PRIMARY KEY (name, run)
) WITHOUT ROWID;
CREATE TABLE numbers (
    name INTEGER NOT NULL, run INTEGER NOT NULL, number REAL NOT NULL, PRIMARY KEY (name, run)
) WITHOUT ROWID;
"""
_AT_ONCE = 200  # most runs per transaction
_AT_ONCE_S = 0.1  # longest transaction while an update is watched
_WAIT_S = 10.0


@dataclass(frozen=True)
class Found:
    """One run of an index: where it is, and the texts and numbers that were asked for."""

    path: Path
    texts: dict[str, str]
    numbers: dict[str, float]


@dataclass(frozen=True)
class Update:
    """What one step of bringing an index up to date has found: numbers of runs that are new, changed and gone."""

    new: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()


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
        self._lock = RLock()
        self._is_closed = False
        self._database = _opened(self.folder / NAME)
        self._ids: dict[tuple[str, str], int] = {}
        self._load_names()
        if update:
            self.update()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the index."""
        self.close()

    def close(self) -> None:
        """Close the index; who still reads it in another thread finds it empty."""
        with self._lock:
            self._is_closed = True
            self._database.close()

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*) FROM runs WHERE problem = ''")[0][0])

    @property
    def problems(self) -> list[str]:
        """What is wrong with the files that cannot be read."""
        return [row[0] for row in self._rows("SELECT problem FROM runs WHERE problem != '' ORDER BY file")]

    @property
    def numbers(self) -> set[str]:
        """Names of all numbers that runs have."""
        return self._names("number")

    @property
    def texts(self) -> set[str]:
        """Names of all texts that runs have."""
        return self._names("text")

    def update(self) -> int:
        """Read the runs that are new or changed, forget those that are gone; return how many were read."""
        return sum(len(step.new) + len(step.changed) + len(step.problems) for step in self.updates())

    def updates(self) -> Iterator[Update]:
        """Do what `update` does, yielding after every few runs what has been found."""
        try:
            yield from self._updates()
        except sqlite3.Error:  # a full disk, or damage that only now shows
            with self._lock:
                gone = tuple(row[0] for row in self._rows_or_none("SELECT id FROM runs"))
                self._database.close()
                self._database = _connected(":memory:")
                self._ids = {}
            yield Update(gone=gone)
            yield from self._updates()

    def _updates(self) -> Iterator[Update]:
        known = {file: (run, stamp) for run, file, stamp in self._rows("SELECT id, file, stamp FROM runs")}
        stamps = _stamps(self.folder)
        gone = [run for file, (run, _) in known.items() if file not in stamps]
        if gone:
            with self._lock, self._database:
                self._forget(gone)
                self._database.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in gone])
            yield Update(gone=tuple(gone))
        waiting = [file for file, stamp in stamps.items() if file not in known or known[file][1] != stamp]
        waiting.reverse()
        while waiting:
            new: list[int] = []
            changed: list[int] = []
            lost: list[int] = []
            problems: list[str] = []
            due = time.monotonic() + _AT_ONCE_S
            # readers of other threads wait for one step at most
            with self._lock, self._database:
                for _ in range(_AT_ONCE):
                    file = waiting.pop()
                    before = known[file][0] if file in known else None
                    run, problem = self._read(file, stamps[file], before)
                    if problem:
                        problems.append(problem)
                        lost += [] if before is None else [run]
                    else:
                        (new if before is None else changed).append(run)
                    if not waiting or time.monotonic() > due:
                        break
            yield Update(tuple(new), tuple(changed), tuple(lost), tuple(problems))

    def fill(self, facts: Iterable[Facts]) -> None:
        """Take these facts for those of the files of the folder, in order of name, without reading them.

        For measurements on more runs than anybody wants to compute.
        """
        with self._lock, self._database:
            for (file, stamp), each in zip(_stamps(self.folder).items(), facts, strict=True):
                self._put(file, stamp, each)

    def rows(self, *, first: int = 0, count: int = -1) -> list[tuple[int, str]]:
        """Return number and file name of readable runs in order of number, from the first or a later one on."""
        sql = "SELECT id, file FROM runs WHERE problem = '' ORDER BY id LIMIT ? OFFSET ?"
        return self._rows(sql, [count, first])

    def files(self, runs: Sequence[int]) -> list[str]:
        """Return the file names of some runs."""
        return [self._rows("SELECT file FROM runs WHERE id = ?", [run])[0][0] for run in runs]

    def facts(self, runs: Sequence[int]) -> list[Facts]:
        """Return all texts and numbers of some runs."""
        found = {run: Facts({}, {}) for run in runs}
        if not found:
            return []
        for table, value in (("texts", "text"), ("numbers", "number")):
            names = {key: name for (kind, name), key in self._ids.items() if kind == value}
            # by name and range of runs, as they are stored
            rows = self._rows(
                f"SELECT name, run, {value} FROM {table} WHERE name IN ({','.join(map(str, names))})"
                " AND run BETWEEN ? AND ?",
                [min(found), max(found)],
            )
            for name, run, item in rows:
                if run in found:
                    getattr(found[run], table)[names[name]] = item
        return [found[run] for run in runs]

    def number_column(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the runs that have a number, and it; both of shape (n_runs,)."""
        rows = self._rows("SELECT run, number FROM numbers WHERE name = ?", [self._ids.get(("number", name), -1)])
        table = np.fromiter(chain.from_iterable(rows), dtype=float, count=2 * len(rows)).reshape(len(rows), 2)
        return table[:, 0].astype(np.int64), table[:, 1].copy()

    def text_column(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return the runs that have a text, and it; without a name, all words of each run in lower case."""
        if name:
            rows = self._rows("SELECT run, text FROM texts WHERE name = ?", [self._ids.get(("text", name), -1)])
        else:
            rows = self._rows("SELECT id, words FROM runs WHERE problem = ''")
        return np.array([row[0] for row in rows], dtype=np.int64), [row[1] for row in rows]

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
        for name in filter(None, (*names, sort)):
            if name not in self.numbers | self.texts:
                problem = parse(f"{name}:", (), self.numbers | self.texts).problem
                raise OptinetError(Problem("", problem.replace("text column", "number or text")))
        condition, parameters = where(query.terms)
        rows = self._rows(f"SELECT id, file FROM runs WHERE problem = '' AND {condition} ORDER BY file", parameters)
        found = {run: Found(self.folder / file, {}, {}) for run, file in rows}
        for name in dict.fromkeys((*names, *([sort] if sort else []))):
            self._fill(found, name)
        runs = list(found.values())
        return _sorted(runs, sort, descending) if sort else runs

    def _fill(self, found: dict[int, Found], name: str) -> None:
        for run, number in zip(*self.number_column(name), strict=True):
            if run in found:
                found[int(run)].numbers[name] = float(number)
        for run, text in zip(*self.text_column(name), strict=True):
            if run in found:
                found[int(run)].texts[name] = text

    def _rows(self, sql: str, parameters: Sequence[str | float] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return [] if self._is_closed else self._database.execute(sql, parameters).fetchall()

    def _rows_or_none(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self._rows(sql)
        except sqlite3.Error:
            return []

    def _names(self, kind: str) -> set[str]:
        return {name for each, name in tuple(self._ids) if each == kind}

    def _load_names(self) -> None:
        self._ids = {(kind, name): key for key, name, kind in self._rows("SELECT id, name, kind FROM names")}

    def _id_of(self, kind: str, name: str) -> int:
        """Return the number of a name, a new one for a new name."""
        found = self._ids.get((kind, name))
        if found is None:
            self._database.execute("INSERT OR IGNORE INTO names (name, kind) VALUES (?, ?)", [name, kind])
            self._load_names()  # another process may have added it
            found = self._ids[kind, name]
        return found

    def _forget(self, runs: Sequence[int]) -> None:
        for table, kind in (("texts", "text"), ("numbers", "number")):
            keys = [key for (each, _), key in self._ids.items() if each == kind]
            pairs = [(key, run) for key in keys for run in runs]
            self._database.executemany(f"DELETE FROM {table} WHERE name = ? AND run = ?", pairs)

    def _read(self, file: str, stamp: str, before: int | None) -> tuple[int, str]:
        """Read a run into the index, as the one it was `before` if any; return its number and what is wrong with it."""
        try:
            facts, problem = facts_of(open_run(self.folder / file)), ""
        except OptinetError as error:
            facts, problem = Facts({}, {}), str(error)
        return self._put(file, stamp, facts, problem, before), problem

    def _put(self, file: str, stamp: str, facts: Facts, problem: str = "", before: int | None = None) -> int:
        """Write down what a run can be found by; return its number."""
        if before is not None:
            self._forget([before])
        run = self._database.execute(
            "INSERT OR REPLACE INTO runs (id, file, stamp, words, problem) VALUES (?, ?, ?, ?, ?)",
            [before, file, stamp, facts.words, problem],
        ).lastrowid
        assert run is not None  # a row was inserted
        texts = [(self._id_of("text", name), run, text, text.lower()) for name, text in facts.texts.items()]
        numbers = [(self._id_of("number", name), run, number) for name, number in facts.numbers.items()]
        self._database.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", [row for row in texts if row[2]])
        self._database.executemany("INSERT INTO numbers VALUES (?, ?, ?)", [r for r in numbers if not math.isnan(r[2])])
        return run


def _opened(path: Path) -> sqlite3.Connection:
    """Open an index; make it anew where it is damaged, and in memory where it is in use or cannot be written."""
    try:
        return _connected(str(path))
    except sqlite3.OperationalError:
        return _connected(":memory:")
    except sqlite3.DatabaseError:  # not a database, or a broken one
        with contextlib.suppress(OSError, sqlite3.Error):
            path.unlink(missing_ok=True)
            return _connected(str(path))
    return _connected(":memory:")


def _connected(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=_WAIT_S, check_same_thread=False)  # `Index` has a lock
    try:
        database.execute("PRAGMA synchronous = OFF")  # what is lost can be read again
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            with database:
                for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    database.execute(f'DROP TABLE "{table}"')
                database.executescript(_TABLES)
                database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("SELECT count(*) FROM runs").fetchone()
        database.execute("BEGIN IMMEDIATE")  # fails here, not half way, where nothing can be written
        database.rollback()
    except sqlite3.Error:
        database.close()
        raise
    return database


def _stamps(folder: Path) -> dict[str, str]:
    """Return for every run file of a folder, in order of name, what changes when it or its notes change."""
    found: dict[str, str] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((SUFFIX, NOTES_SUFFIX)) and not entry.name.startswith("."):
                    with contextlib.suppress(OSError):  # gone meanwhile
                        status = entry.stat()
                        found[entry.name] = f"{status.st_mtime_ns}.{status.st_size}"
    except OSError as error:
        raise RunFileError(Problem(str(folder), f"cannot be read: {error.strerror or error}")) from None
    runs = sorted(name for name in found if name.endswith(SUFFIX))
    return {name: f"{found[name]}:{found.get(name.removesuffix(SUFFIX) + NOTES_SUFFIX, '-')}" for name in runs}


def _sorted(runs: list[Found], name: str, descending: bool) -> list[Found]:
    if any(name in run.numbers for run in runs):
        have = [run for run in runs if name in run.numbers]
        have.sort(key=lambda run: run.numbers[name], reverse=descending)
        return have + [run for run in runs if name not in run.numbers]
    have = [run for run in runs if run.texts.get(name)]
    have.sort(key=lambda run: run.texts[name].lower(), reverse=descending)
    return have + [run for run in runs if not run.texts.get(name)]
