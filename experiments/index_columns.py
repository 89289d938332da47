# SPDX-License-Identifier: Apache-2.0
"""What an index knows of its runs, name by name: one text or number of all runs is read in a few milliseconds.

The values that runs have under one name stand together, in parts of so many runs each. A part of numbers is an array of
float64 with NaN where a run has none; one of texts is a sequence of texts, empty where a run has none. Both may end
before the last run of the part.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress, count

import numpy as np
from numpy.typing import NDArray

from experiments.facts import WORDS, Facts
from experiments.index_file import IndexFile

PART = 250  # runs; two parts of numbers fill a page of the file
_SPAN = 2**31  # parts that a name may have
_SEPARATOR = "\0"  # which no text holds, see `experiments.facts`


class IndexColumns:
    """The texts and numbers in the database of an index."""

    def __init__(self, file: IndexFile) -> None:
        self._file = file
        self._ids: dict[tuple[str, str], int] = {}
        self.load_names()

    def load_names(self) -> None:
        """Read the names again; other processes add some."""
        self._ids = {(kind, name): key for key, name, kind in self._file.rows("SELECT id, name, kind FROM names")}

    def names(self, kind: str) -> set[str]:
        """Return the names of all ``number`` or ``text`` values that runs have."""
        return {name for each, name in tuple(self._ids) if each == kind and name != WORDS}

    def numbers(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the runs that have a number, and it; both of shape (n_runs,)."""
        parts = self._parts("number", name)
        column = np.full((parts[-1][0] + 1) * PART if parts else 0, np.nan)
        for part, content in parts:
            values = np.frombuffer(content)
            column[part * PART : part * PART + len(values)] = values
        runs = np.flatnonzero(~np.isnan(column))
        return runs, column[runs]

    def texts(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return the runs that have a text, and it."""
        runs: list[int] = []
        texts: list[str] = []
        for part, content in self._parts("text", name):
            values = content.decode().split(_SEPARATOR)
            runs += compress(count(part * PART), values)
            texts += filter(None, values)
        return np.array(runs, dtype=np.int64), texts

    def _parts(self, kind: str, name: str) -> list[tuple[int, bytes]]:
        first = self._ids.get((kind, name), -1) * _SPAN
        rows = self._file.rows(
            "SELECT id, content FROM parts WHERE id BETWEEN ? AND ? ORDER BY id", [first, first + _SPAN - 1]
        )
        return [(key - first, content) for key, content in rows]

    def facts(self, runs: Sequence[int], only: Collection[str] | None = None) -> list[Facts]:
        """Return all texts and numbers of some runs, or those of some names alone."""
        texts: dict[int, dict[str, str]] = {run: {} for run in runs}
        numbers: dict[int, dict[str, float]] = {run: {} for run in runs}
        slots = _slots(runs)
        for (kind, name), key in tuple(self._ids.items()):
            if name == WORDS or (only is not None and name not in only):
                continue
            keys = ",".join(str(key * _SPAN + part) for part in slots)
            for at, content in self._file.rows(f"SELECT id, content FROM parts WHERE id IN ({keys})"):
                part = at - key * _SPAN
                if kind == "number":
                    values = np.frombuffer(content).tolist()
                    found = ((slot, values[slot]) for slot in slots[part] if slot < len(values))
                    for slot, number in found:
                        if not math.isnan(number):
                            numbers[part * PART + slot][name] = number
                else:
                    words = content.decode().split(_SEPARATOR)
                    for slot in slots[part]:
                        if slot < len(words) and words[slot]:
                            texts[part * PART + slot][name] = words[slot]
        return [Facts(texts[run], numbers[run]) for run in runs]

    def replace(
        self, database: sqlite3.Connection, facts: Mapping[int, Facts], only: Collection[str] | None = None
    ) -> None:
        """Give runs these texts and numbers and no others, or those of some names alone; a transaction is open.

        Every name is known from then on, also one without a value.
        """
        self.load_names()
        self._add_names(database, facts.values())
        for part, slots in _slots(facts).items():
            chosen = [facts[part * PART + slot] for slot in slots]
            keys = {
                key * _SPAN + part: each for each, key in self._ids.items() if only is None or each[1] in (*only, WORDS)
            }
            listed = ",".join(map(str, keys))
            before = dict(database.execute(f"SELECT id, content FROM parts WHERE id IN ({listed})"))
            after = {key: _with(before.get(key, b""), *each, slots, chosen) for key, each in keys.items()}
            changed = [(key, content) for key, content in after.items() if content != before.get(key, b"")]
            database.executemany("INSERT OR REPLACE INTO parts VALUES (?, ?)", changed)

    def _add_names(self, database: sqlite3.Connection, facts: Iterable[Facts]) -> None:
        names = {("text", WORDS): None}
        for each in facts:
            names |= dict.fromkeys(("text", name) for name in each.texts)
            names |= dict.fromkeys(("number", name) for name in each.numbers)
        new = [name for name in names if name not in self._ids]
        if new:
            database.executemany("INSERT INTO names (kind, name) VALUES (?, ?)", new)
            self.load_names()


class Table:
    """The columns of some runs of an index in their order, as filters ask for them; runs that come later are left out.

    Parameters
    ----------
    columns
        Those of the index.
    runs
        Numbers of the runs.
    """

    def __init__(self, columns: IndexColumns, runs: Sequence[int]) -> None:
        self._columns, self._count = columns, len(runs)
        self._row_of = np.full(max(runs, default=-1) + 2, -1, dtype=np.int64)
        self._row_of[np.array(runs, dtype=np.int64)] = np.arange(len(runs))

    def __len__(self) -> int:
        return self._count

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number of every run, NaN where it is missing; shape (n_runs,)."""
        runs, values = self._columns.numbers(name)
        column = np.full(self._count + 1, np.nan)
        column[self._rows(runs)] = values
        return column[:-1]

    def texts(self, name: str) -> list[str]:
        """Return a text of every run, empty where it is missing."""
        runs, values = self._columns.texts(name)
        column = [""] * (self._count + 1)
        for row, text in zip(self._rows(runs).tolist(), values, strict=True):
            column[row] = text
        return column[:-1]

    def folded(self, name: str) -> list[str]:
        """Return a text of every run in lower case."""
        texts = self.texts(name)
        return texts if name == WORDS else [text.lower() for text in texts]

    def _rows(self, runs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of runs, the one behind the last for others."""
        return self._row_of[np.minimum(runs, len(self._row_of) - 1)]


def _slots(runs: Iterable[int]) -> dict[int, list[int]]:
    """Return the places of runs in their parts, by part."""
    slots: dict[int, list[int]] = defaultdict(list)
    for run in sorted(runs):
        slots[run // PART].append(run % PART)
    return slots


def _with(content: bytes, kind: str, name: str, slots: Sequence[int], facts: Sequence[Facts]) -> bytes:
    """Return a part in which some runs have the values of `facts`."""
    if kind == "number":
        numbers = [each.numbers.get(name, math.nan) for each in facts]
        if not content and all(map(math.isnan, numbers)):
            return content
        column = np.full(max(len(content) // 8, slots[-1] + 1), np.nan)
        column[: len(content) // 8] = np.frombuffer(content)
        column[slots] = numbers
        return column.tobytes()
    texts = [each.texts.get(name, "") if name != WORDS else each.words for each in facts]
    if not content and not any(texts):
        return content
    values = content.decode().split(_SEPARATOR)
    values += [""] * (slots[-1] + 1 - len(values))
    for slot, text in zip(slots, texts, strict=True):
        values[slot] = text
    return _SEPARATOR.join(values).encode()
