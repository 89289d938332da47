# SPDX-License-Identifier: Apache-2.0
"""The SQLite file of an index: its tables, and opening it in spite of damage, age and other processes."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

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
_WAIT_S = 10.0


def opened(path: Path) -> sqlite3.Connection:
    """Open an index; make it anew where it is damaged, and in memory where it is in use or cannot be written."""
    try:
        return connected(str(path))
    except sqlite3.OperationalError:
        return connected(":memory:")
    except sqlite3.DatabaseError:  # not a database, or a broken one
        with contextlib.suppress(OSError, sqlite3.Error):
            path.unlink(missing_ok=True)
            return connected(str(path))
    return connected(":memory:")


def connected(name: str) -> sqlite3.Connection:
    """Open a database that has the tables, empty ones unless it had those of this version."""
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
