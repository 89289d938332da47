# SPDX-License-Identifier: Apache-2.0
"""The index of a folder of runs: an SQLite file that answers filters without opening the runs.

It holds nothing that is not in the runs and their notes, so it may be deleted at any time. It is brought up to date
whenever it is opened: by size and time of each file, so that only new and changed runs are read. Where it cannot be
written, the index lives in memory. A sweep does not write to it while it runs.
"""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.facts import Facts, facts_of
from experiments.notes import notes_path
from experiments.query import Query, parse, where
from optinet.errors import OptinetError, Problem, RunFileError
from optinet.results import find_runs, open_run

NAME = ".optinet-index.sqlite"
_VERSION = 1  # of the tables below; an index of another version is made anew
_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, file TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, words TEXT NOT NULL, problem TEXT NOT NULL
);
CREATE TABLE texts (run INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, folded TEXT NOT NULL);
CREATE TABLE numbers (run INTEGER NOT NULL, name TEXT NOT NULL, number REAL NOT NULL);
CREATE TABLE names (name TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (name, kind));
CREATE INDEX texts_by_name ON texts (name, run);
CREATE INDEX texts_by_run ON texts (run);
CREATE INDEX numbers_by_name ON numbers (name, number, run);
CREATE INDEX numbers_by_run ON numbers (run);
"""
_AT_ONCE = 200  # runs per transaction
_WAIT_S = 10.0


@dataclass(frozen=True)
class Found:
    """One run of an index: where it is, and the texts and numbers that were asked for."""

    path: Path
    texts: dict[str, str]
    numbers: dict[str, float]


class Index:
    """The index of one folder; a context manager.

    Parameters
    ----------
    folder
        The folder of the runs.

    Raises
    ------
    RunFileError
        If there is no such folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            what = "is a file" if self.folder.exists() else "no such folder"
            raise RunFileError(Problem(str(folder), what, "a folder of run files"))
        self._database = _opened(self.folder / NAME)
        try:
            self.update()
        except sqlite3.Error:  # a full disk, or damage that only now shows
            self._database.close()
            self._database = _connected(":memory:")
            self.update()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the index."""
        self._database.close()

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM runs WHERE problem = ''").fetchone()[0])

    @property
    def problems(self) -> list[str]:
        """What is wrong with the files that cannot be read."""
        return [row[0] for row in self._database.execute("SELECT problem FROM runs WHERE problem != '' ORDER BY file")]

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
        known = {file: (run, stamp) for run, file, stamp in self._database.execute("SELECT id, file, stamp FROM runs")}
        stamps = {path.name: _stamp(path) for path in find_runs([self.folder])}
        gone = [run for file, (run, stamp) in known.items() if stamps.get(file) != stamp]
        new = [file for file, stamp in stamps.items() if file not in known or known[file][1] != stamp]
        with self._database:
            self._forget(gone)
        for start in range(0, len(new), _AT_ONCE):
            with self._database:
                for file in new[start : start + _AT_ONCE]:
                    self._read(file, stamps[file])
        return len(new)

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
        rows = self._database.execute(
            f"SELECT id, file FROM runs WHERE problem = '' AND {condition} ORDER BY file", parameters
        ).fetchall()
        found = {run: Found(self.folder / file, {}, {}) for run, file in rows}
        for name in dict.fromkeys((*names, *([sort] if sort else []))):
            self._fill(found, name)
        runs = list(found.values())
        return _sorted(runs, sort, descending) if sort else runs

    def _fill(self, found: dict[int, Found], name: str) -> None:
        for run, number in self._database.execute("SELECT run, number FROM numbers WHERE name = ?", [name]):
            if run in found:
                found[run].numbers[name] = number
        for run, text in self._database.execute("SELECT run, text FROM texts WHERE name = ?", [name]):
            if run in found:
                found[run].texts[name] = text

    def _names(self, kind: str) -> set[str]:
        return {row[0] for row in self._database.execute("SELECT name FROM names WHERE kind = ?", [kind])}

    def _forget(self, runs: Sequence[int]) -> None:
        for table, key in (("runs", "id"), ("texts", "run"), ("numbers", "run")):
            self._database.executemany(f"DELETE FROM {table} WHERE {key} = ?", [(run,) for run in runs])

    def _read(self, file: str, stamp: str) -> None:
        try:
            facts, problem = facts_of(open_run(self.folder / file)), ""
        except OptinetError as error:
            facts, problem = Facts({}, {}), str(error)
        run = self._database.execute(
            "INSERT INTO runs (file, stamp, words, problem) VALUES (?, ?, ?, ?)", [file, stamp, facts.words, problem]
        ).lastrowid
        texts = [(run, name, text, text.lower()) for name, text in facts.texts.items() if text]
        numbers = [(run, name, number) for name, number in facts.numbers.items() if not math.isnan(number)]
        self._database.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", texts)
        self._database.executemany("INSERT INTO numbers VALUES (?, ?, ?)", numbers)
        names = [(name, "text") for name in facts.texts] + [(name, "number") for name in facts.numbers]
        self._database.executemany("INSERT OR IGNORE INTO names VALUES (?, ?)", names)


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
    database = sqlite3.connect(name, timeout=_WAIT_S)
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


def _stamp(path: Path) -> str:
    """Return what changes when a run file or its notes change."""
    return ":".join(_parts(path, notes_path(path)))


def _parts(*paths: Path) -> Iterator[str]:
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            yield "-"
        else:
            yield f"{status.st_mtime_ns}.{status.st_size}"


def _sorted(runs: list[Found], name: str, descending: bool) -> list[Found]:
    if any(name in run.numbers for run in runs):
        have = [run for run in runs if name in run.numbers]
        have.sort(key=lambda run: run.numbers[name], reverse=descending)
        return have + [run for run in runs if name not in run.numbers]
    have = [run for run in runs if run.texts.get(name)]
    have.sort(key=lambda run: run.texts[name].lower(), reverse=descending)
    return have + [run for run in runs if not run.texts.get(name)]
