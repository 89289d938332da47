# SPDX-License-Identifier: Apache-2.0
"""The opened runs and the list of what was opened lately."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from experiments.facts import Facts
from gui.state.event import Event
from gui.state.runs.entry import RunEntry
from gui.state.runs.frame import Batch, FileSource, Frame
from gui.state.runs.keys import Keys

RECENT_LENGTH = 12


@dataclass(frozen=True, eq=False)
class Arrival:
    """What taking a batch in comes to, which for very many runs a worker finds out; see `Session.prepared`.

    Parameters
    ----------
    before, after
        All opened runs.
    batch
        The batch, without the new runs that are open already.
    slots
        Those of its new runs.
    """

    before: Frame
    after: Frame
    batch: Batch
    slots: dict[str, int]


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
        # a key keeps its slot while rows move: to number a hundred thousand keys anew takes a tenth of a second
        self._slot_of: dict[str, int] = {}
        self._row: NDArray[np.int64] = np.zeros(0, dtype=np.int64)  # of each slot; -1 when its run is closed
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
        return self._row_of(key) >= 0

    def row(self, key: str) -> int:
        """Return the row of a run in `frame`.

        Raises
        ------
        KeyError
            If it is not open.
        """
        row = self._row_of(key)
        if row < 0:
            raise KeyError(key)
        return row

    def _row_of(self, key: object) -> int:
        slot = self._slot_of.get(key)  # type: ignore[call-overload]
        return -1 if slot is None else int(self._row[slot])

    def rows(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Return the rows of runs in `frame`, of those that are open."""
        slots = np.fromiter(map(self._slot_of.get, keys, repeat(-1)), dtype=np.int64)
        rows = self._row[slots[slots >= 0]]
        return rows[rows >= 0]

    def get(self, key: str | None) -> RunEntry | None:
        """Return the run with this key; None if it is not open."""
        row = self._row_of(key)
        return None if row < 0 else _entry(self.frame, row)

    def prepared(self, batch: Batch) -> Arrival:
        """Return what `take` does with a batch, unless something else has come in until then."""
        before, slots = self.frame, len(self._row)
        known = not self._slot_of.keys().isdisjoint(batch.keys)
        batch = batch.those([key not in self for key in batch.keys]) if known else batch
        numbered = dict(zip(batch.keys, range(slots, slots + len(batch.keys)), strict=True))
        return Arrival(before, before.taken(batch), batch, numbered)

    def take(self, batches: Iterable[Batch | Arrival]) -> None:
        """Take in runs that are new, changed or gone; new ones that are open already are left as they are."""
        before = self.frame
        for given in batches:
            in_time = isinstance(given, Arrival) and given.before is self.frame
            arrival = given if in_time else self.prepared(given.batch if isinstance(given, Arrival) else given)
            kept = self.frame.without(arrival.batch.source, arrival.batch.gone)
            self.frame = arrival.after
            if arrival.batch.gone:
                self._lose(kept)
            self._number(arrival.slots)
        if self.frame is not before:
            self.changed.emit()

    def _number(self, slots: dict[str, int]) -> None:
        """Take in slots of runs that stand last in the frame."""
        start = len(self._row)
        if next(iter(slots.values()), start) != start:  # none of the runs before is left
            slots = dict(zip(slots, range(start, start + len(slots)), strict=True))
        count = len(self.frame)
        self._row = np.concatenate((self._row, np.arange(count - len(slots), count)))
        few, many = sorted((self._slot_of, slots), key=len)
        many.update(few)  # this way round it takes no time to open very many runs beside few
        self._slot_of = many

    def add(self, entries: Iterable[RunEntry]) -> None:
        """Open runs whose values are at hand; one that is open already is replaced where it stands."""
        batches = []
        for entry in {entry.key: entry for entry in entries}.values():
            facts = Facts(dict(entry.texts), dict(entry.numbers))
            if entry.key in self:
                run = int(self.frame.run[self.row(entry.key)])
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
        if kept.any():
            row_after = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)  # what is closed already stays so
            self._row = row_after[self._row]
        else:
            self._slot_of, self._row = {}, self._row[:0]
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
