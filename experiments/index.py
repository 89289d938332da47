# SPDX-License-Identifier: Apache-2.0
"""The index of a folder of runs: an SQLite file that answers filters without opening the runs.

It holds nothing that is not in the runs and their notes, so it may be deleted at any time. It is brought up to date
whenever it is opened: by size and time of each file, so that only new and changed runs are read. Where it cannot be
written, the index lives in memory. A sweep that has the folder for itself notes its runs down as it goes on; what
another process notes down is told like what is read here.

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
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.facts import Facts, facts_of
from experiments.index_file import NAME, connected, opened
from experiments.notes import SUFFIX as NOTES_SUFFIX
from experiments.query import Query, parse, where
from optinet.errors import OptinetError, Problem, RunFileError
from optinet.results import open_run
from optinet.results.schema import SUFFIX

_AT_ONCE = 200  # most runs per transaction
_AT_ONCE_S = 0.1  # longest transaction while an update is watched


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
        self._database = opened(self.folder / NAME)
        self._ids: dict[tuple[str, str], int] = {}
        self._load_names()
        self._told = self._readable()
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
        """Read the runs that are new or changed, forget those that are gone; return how many are new or changed."""
        return sum(len(step.new) + len(step.changed) + len(step.problems) for step in self.updates())

    def updates(self) -> Iterator[Update]:
        """Do what `update` does, yielding after every few runs what has been found."""
        try:
            yield from self._updates()
        except sqlite3.Error:  # a full disk, or damage that only now shows
            with self._lock:
                gone = tuple(row[0] for row in self._rows_or_none("SELECT id FROM runs"))
                self._database.close()
                self._database = connected(":memory:")
                self._ids, self._told = {}, {}
            yield Update(gone=gone)
            yield from self._updates()

    def _updates(self) -> Iterator[Update]:
        if elsewhere := self._noted_elsewhere():
            yield elsewhere
        known = {file: (run, stamp) for run, file, stamp in self._rows("SELECT id, file, stamp FROM runs")}
        stamps = _stamps(self.folder)
        gone = [run for file, (run, _) in known.items() if file not in stamps]
        if gone:
            with self._lock, self._database:
                self._forget(gone)
                self._database.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in gone])
            self._told = {file: told for file, told in self._told.items() if file in stamps}
            yield Update(gone=tuple(gone))
        waiting = [file for file, stamp in stamps.items() if file not in known or known[file][1] != stamp]
        waiting.reverse()
        while waiting:
            new: list[int] = []
            changed: list[int] = []
            lost: list[int] = []
            problems: list[str] = []
            rows = _Rows()
            due = time.monotonic() + _AT_ONCE_S
            # readers of other threads wait for one step at most
            with self._lock, self._database:
                for _ in range(_AT_ONCE):
                    file = waiting.pop()
                    before = known[file][0] if file in known else None
                    run, problem = self._read(file, stamps[file], before, rows)
                    told = self._told.pop(file, None)
                    if problem:
                        problems.append(problem)
                        lost += [run] if told else []
                    else:
                        (changed if told else new).append(run)
                        self._told[file] = run, stamps[file]
                    if not waiting or time.monotonic() > due:
                        break
                self._insert(rows)
            yield Update(tuple(new), tuple(changed), tuple(lost), tuple(problems))

    def add(self, facts: Iterable[tuple[str, Facts]]) -> None:
        """Take facts of files of the folder, by name, without reading the files.

        Where that is not possible, and where there are notes beside a file, the next update reads it.
        """
        left = iter(facts)
        while batch := list(islice(left, _AT_ONCE)):
            rows = _Rows()
            with contextlib.suppress(sqlite3.Error), self._lock, self._database:
                for file, each in batch:
                    stamp = f"{_stamp(self.folder / file)}:-"
                    found = self._rows("SELECT id, stamp FROM runs WHERE file = ?", [file])
                    before, seen = found[0] if found else (None, "")
                    if stamp != seen:  # a viewer may have been faster
                        self._put(file, stamp, each, "", before, rows)
                self._insert(rows)

    def rows(self, *, first: int = 0, count: int = -1) -> list[tuple[int, str]]:
        """Return number and file name of readable runs in order of number, from the first or a later one on."""
        found = self._rows(
            "SELECT id, file, stamp FROM runs WHERE problem = '' ORDER BY id LIMIT ? OFFSET ?", [count, first]
        )
        self._told |= {file: (run, stamp) for run, file, stamp in found}
        return [(run, file) for run, file, _ in found]

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

    def _readable(self) -> dict[str, tuple[int, str]]:
        """Return number and stamp of every run without a problem, by file."""
        rows = self._rows("SELECT id, file, stamp FROM runs WHERE problem = ''")
        return {file: (run, stamp) for run, file, stamp in rows}

    def _noted_elsewhere(self) -> Update | None:
        """Return what other processes have done to the index since an update told of everything."""
        before, self._told = self._told, self._readable()
        if before == self._told:
            return None
        self._load_names()
        runs, ids = dict(before.values()), dict(self._told.values())
        new = tuple(run for run in ids if run not in runs)
        changed = tuple(run for run, stamp in ids.items() if run in runs and stamp != runs[run])
        return Update(new, changed, tuple(run for run in runs if run not in ids))

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

    def _read(self, file: str, stamp: str, before: int | None, rows: _Rows) -> tuple[int, str]:
        """Read a run into the index, as the one it was `before` if any; return its number and what is wrong with it."""
        try:
            facts, problem = facts_of(open_run(self.folder / file)), ""
        except OptinetError as error:
            facts, problem = Facts({}, {}), str(error)
        return self._put(file, stamp, facts, problem, before, rows), problem

    def _put(self, file: str, stamp: str, facts: Facts, problem: str, before: int | None, rows: _Rows) -> int:
        """Write down a run, and in `rows` what it can be found by; return its number."""
        if before is not None:
            self._forget([before])
        run = self._database.execute(
            "INSERT OR REPLACE INTO runs (id, file, stamp, words, problem) VALUES (?, ?, ?, ?, ?)",
            [before, file, stamp, facts.words, problem],
        ).lastrowid
        assert run is not None  # a row was inserted
        # every name is known from then on, also one without a value
        texts = [(self._id_of("text", name), run, text, text.lower()) for name, text in facts.texts.items()]
        numbers = [(self._id_of("number", name), run, number) for name, number in facts.numbers.items()]
        rows.texts += (row for row in texts if row[2])
        rows.numbers += (row for row in numbers if not math.isnan(row[2]))
        return run

    def _insert(self, rows: _Rows) -> None:
        """Insert what several runs can be found by, in the order of the tables, so that each page is met once."""
        self._database.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", sorted(rows.texts))
        self._database.executemany("INSERT INTO numbers VALUES (?, ?, ?)", sorted(rows.numbers))


@dataclass
class _Rows:
    """Rows to be inserted."""

    texts: list[tuple[int, int, str, str]] = field(default_factory=list)
    numbers: list[tuple[int, int, float]] = field(default_factory=list)


def _stamp(path: Path | os.DirEntry[str]) -> str:
    """Return what changes when a file does; empty if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_mtime_ns}.{status.st_size}"


def _stamps(folder: Path) -> dict[str, str]:
    """Return for every run file of a folder, in order of name, what changes when it or its notes change."""
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


def _sorted(runs: list[Found], name: str, descending: bool) -> list[Found]:
    if any(name in run.numbers for run in runs):
        have = [run for run in runs if name in run.numbers]
        have.sort(key=lambda run: run.numbers[name], reverse=descending)
        return have + [run for run in runs if name not in run.numbers]
    have = [run for run in runs if run.texts.get(name)]
    have.sort(key=lambda run: run.texts[name].lower(), reverse=descending)
    return have + [run for run in runs if not run.texts.get(name)]
