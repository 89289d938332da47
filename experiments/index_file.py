# SPDX-License-Identifier: Apache-2.0
"""The SQLite file of an index: its tables, and using it in spite of damage, age, other threads and other processes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

NAME = ".optinet-index.sqlite"
_VERSION = 3  # of the tables below; an index of another version is made anew
_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, file TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, problem TEXT NOT NULL
);
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (kind, name));
CREATE TABLE parts (id INTEGER PRIMARY KEY, content BLOB NOT NULL);
"""
_WAIT_S = 10.0


class IndexFile:
    """The database of an index, which several threads may share.

    Parameters
    ----------
    path
        The file; it is made anew where it is damaged, and the database is in memory where it is in use or cannot be
        written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = RLock()
        self._database = _opened(path)
        self.is_closed = False

    def close(self) -> None:
        """Close it; who still reads it in another thread finds it empty."""
        with self._lock:
            self.is_closed = True
            self._database.close()

    def forsake(self) -> None:
        """Go on with empty tables in memory."""
        with self._lock:
            self._database.close()
            self._database = _connected(":memory:")

    @property
    def version(self) -> int:
        """What is another after another process has written to it."""
        rows = self.rows("PRAGMA data_version")
        return int(rows[0][0]) if rows else -1

    def rows(self, sql: str, parameters: Sequence[str | int] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self._lock:
            return [] if self.is_closed else self._database.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Have it for oneself, and keep all that is done or nothing of it."""
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")  # what is read from here on stays so
            yield self._database


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
    """Open a database that has the tables, empty ones unless it had those of this version."""
    database = sqlite3.connect(name, timeout=_WAIT_S, check_same_thread=False)  # `IndexFile` has a lock
    try:
        database.execute("PRAGMA synchronous = OFF")  # what is lost can be read again
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            with database:
                for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    database.execute(f'DROP TABLE "{table}"')
                database.executescript(_TABLES)
                database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("SELECT id FROM runs LIMIT 1").fetchone()
        database.execute("BEGIN IMMEDIATE")  # fails here, not half way, where nothing can be written
        database.rollback()
    except sqlite3.Error:
        database.close()
        raise
    return database
