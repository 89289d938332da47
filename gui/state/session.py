# SPDX-License-Identifier: Apache-2.0
"""The opened runs and the list of what was opened lately."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from experiments.facts import Facts
from gui.state.event import Event
from gui.state.frame import Batch, FileSource, Frame
from gui.state.keys import Keys
from gui.state.runs import RunEntry

RECENT_LENGTH = 12


class Session:
    """The runs that are open, in the order they were opened.

    `changed` fires after every change, and before it `lost` where runs have gone: `kept` tells which of the rows before
    are left.
    """

    def __init__(self) -> None:
        self.changed, self.lost = Event(), Event()
        self.kept: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.recent: list[str] = []
        self.frame = Frame()
        self._row_of: dict[str, int] = {}
        self._added = FileSource()

    @property
    def entries(self) -> Sequence[RunEntry]:
        """All opened runs; each is looked up when it is taken out."""
        return _Entries(self.frame)

    @property
    def keys(self) -> Keys:
        """The key of every opened run."""
        return Keys(self.frame, np.arange(len(self.frame)))

    def __len__(self) -> int:
        return len(self.frame)

    def __contains__(self, key: object) -> bool:
        return key in self._row_of

    def row(self, key: str) -> int:
        """Return the row of a run in `frame`."""
        return self._row_of[key]

    def rows(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Return the rows of runs in `frame`, of those that are open."""
        rows = np.fromiter(map(self._row_of.get, keys, repeat(-1)), dtype=np.int64)
        return rows[rows >= 0]

    def get(self, key: str | None) -> RunEntry | None:
        """Return the run with this key; None if it is not open."""
        row = self._row_of.get(key) if key is not None else None
        return None if row is None else _entry(self.frame, row)

    def take(self, batches: Iterable[Batch]) -> None:
        """Take in runs that are new, changed or gone; new ones that are open already are left as they are."""
        before = self.frame
        for given in batches:
            known = not self._row_of.keys().isdisjoint(given.keys)
            batch = given.only([key not in self._row_of for key in given.keys]) if known else given
            count = len(self.frame)
            kept = self.frame.without(batch.source, batch.gone)
            self.frame = self.frame.taken(batch)
            if batch.gone:
                self._lose(kept)
            else:
                self._row_of.update(zip(batch.keys, range(count, len(self.frame)), strict=True))
        if self.frame is not before:
            self.changed.emit()

    def add(self, entries: Iterable[RunEntry]) -> None:
        """Open runs whose values are at hand; one that is open already is replaced where it stands."""
        batches = []
        for entry in {entry.key: entry for entry in entries}.values():
            facts = Facts(dict(entry.texts), dict(entry.numbers))
            if entry.key in self._row_of:
                run = int(self.frame.run[self._row_of[entry.key]])
                self._added.replace(run, facts)
                batches.append(Batch(self._added, changed=(run,), facts=[facts]))
            else:
                batches.append(Batch(self._added, (self._added.add(facts),), (entry.key,), facts=[facts]))
        self.take(batches)

    def close(self, keys: Iterable[str]) -> None:
        """Close runs."""
        rows = keys.rows if isinstance(keys, Keys) and keys.numbering is self.frame.rows else self.rows(keys)
        if len(rows):
            keep = np.ones(len(self.frame), dtype=bool)
            keep[rows] = False
            self.frame = self.frame.kept(keep)
            self._lose(keep)
            self.changed.emit()

    def _lose(self, kept: NDArray[np.bool_]) -> None:
        self.kept = kept
        self._row_of = dict(zip(self.frame.keys, range(len(self.frame)), strict=True))
        self.lost.emit()

    def remember(self, paths: Iterable[str]) -> None:
        """Put opened files and folders at the head of the recent list."""
        for path in paths:
            absolute = str(Path(path).resolve())
            self.recent = [absolute, *(old for old in self.recent if old != absolute)][:RECENT_LENGTH]
        self.changed.emit()


class _Entries(Sequence[RunEntry]):
    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    @overload
    def __getitem__(self, row: int) -> RunEntry: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[RunEntry, ...]: ...
    def __getitem__(self, row: int | slice) -> RunEntry | tuple[RunEntry, ...]:
        if isinstance(row, slice):
            return tuple(_entry(self._frame, each) for each in range(*row.indices(len(self))))
        return _entry(self._frame, range(len(self))[row])


def _entry(frame: Frame, row: int) -> RunEntry:
    values = _Values(frame, row)
    return RunEntry(frame.keys[row], _Texts(values), _Numbers(values))


class _Values:
    """The values of one row: those of columns at hand, and all others when one of them is asked for."""

    def __init__(self, frame: Frame, row: int) -> None:
        self.frame, self.row = frame, row

    @cached_property
    def facts(self) -> Facts:
        return self.frame.facts(self.row)


class _Texts(Mapping[str, str]):
    def __init__(self, values: _Values) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        frame = self._values.frame
        if frame.has(name):
            return frame.texts(name)[self._values.row]
        found = self._values.facts.texts.get(name)
        if found is None and name not in frame.text_names:
            raise KeyError(name)
        return found or ""

    def __iter__(self) -> Iterator[str]:
        return iter(self._values.facts.texts)

    def __len__(self) -> int:
        return len(self._values.facts.texts)


class _Numbers(Mapping[str, float]):
    def __init__(self, values: _Values) -> None:
        self._values = values

    def __getitem__(self, name: str) -> float:
        if self._values.frame.has(name):
            value = float(self._values.frame.numbers(name)[self._values.row])
            if np.isnan(value):
                raise KeyError(name)
            return value
        return self._values.facts.numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values.facts.numbers)

    def __len__(self) -> int:
        return len(self._values.facts.numbers)
