# SPDX-License-Identifier: Apache-2.0
"""The opened runs as columns: a text or number of every run under one name, read when it is first asked for.

A hundred thousand runs have some ten million values; a table, a chart or a filter wants a handful of them. So that a
worker may read while the window goes on, a frame never changes: every step makes a new one that shares what stayed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from experiments.facts import WORDS, Facts

_Column = TypeVar("_Column")
KEEP_ALL = 4000  # up to so many runs every value is kept at hand; beyond, only columns that somebody has asked for


class Source(Protocol):
    """Where runs come from, and their values until they are columns: an `experiments.index.Index`, or some files."""

    @property
    def numbers(self) -> set[str]:
        """Names of all numbers that runs have."""

    @property
    def texts(self) -> set[str]:
        """Names of all texts that runs have."""

    def facts(self, runs: Sequence[int]) -> list[Facts]:
        """Return all texts and numbers of some runs."""

    def number_column(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the runs that have a number, and it."""

    def text_column(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return the runs that have a text, and it; without a name, all words of each run."""


class FileSource:
    """Runs opened one by one, whose values stay in memory."""

    def __init__(self) -> None:
        self._facts: list[Facts] = []

    def add(self, facts: Facts) -> int:
        """Add a run; return its number."""
        self._facts.append(facts)
        return len(self._facts) - 1

    def replace(self, run: int, facts: Facts) -> None:
        """Give a run other values."""
        self._facts[run] = facts

    @property
    def numbers(self) -> set[str]:
        """Names of all numbers that runs have."""
        return {name for facts in self._facts for name in facts.numbers}

    @property
    def texts(self) -> set[str]:
        """Names of all texts that runs have."""
        return {name for facts in self._facts for name in facts.texts}

    def facts(self, runs: Sequence[int]) -> list[Facts]:
        """Return all texts and numbers of some runs."""
        return [self._facts[run] for run in runs]

    def number_column(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the runs that have a number, and it."""
        found = [(run, facts.numbers[name]) for run, facts in enumerate(self._facts) if name in facts.numbers]
        return np.array([run for run, _ in found], dtype=np.int64), np.array([value for _, value in found], dtype=float)

    def text_column(self, name: str) -> tuple[NDArray[np.int64], list[str]]:
        """Return the runs that have a text, and it; without a name, all words of each run."""
        texts = [facts.words if name == WORDS else facts.texts.get(name, "") for facts in self._facts]
        return np.arange(len(texts)), texts


@dataclass(frozen=True, eq=False)
class Batch:
    """Runs of one source that are new, changed or gone; its values are of the new and the changed ones, in this order.

    Parameters
    ----------
    source
        Where they are from.
    new, changed, gone
        Numbers of runs in the source.
    keys
        Absolute paths of the new ones.
    facts
        All values; None for a large batch, which has `numbers` and `texts` instead and whatever else on demand.
    only
        Names of the values that have changed; None for any.
    numbers, texts
        Columns of a large batch by name.
    """

    source: Source
    new: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()
    changed: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    facts: Sequence[Facts] | None = None
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    texts: Mapping[str, list[str]] = field(default_factory=dict)
    only: frozenset[str] | None = None

    def those(self, keep: Sequence[bool]) -> Batch:
        """Return the batch with some of the new runs alone, and all that are changed and gone."""
        if all(keep):
            return self
        both = [*keep, *(True for _ in self.changed)]
        return Batch(
            self.source,
            tuple(compress(self.new, keep)),
            tuple(compress(self.keys, keep)),
            self.changed,
            self.gone,
            None if self.facts is None else list(compress(self.facts, both)),
            {name: column[np.array(both)] for name, column in self.numbers.items()},
            {name: list(compress(column, both)) for name, column in self.texts.items()},
            self.only,
        )

    def at_hand(self, opened: int) -> tuple[set[str], set[str]]:
        """Return the names of numbers and texts that are worth a column when so many runs are open already."""
        if self.facts is None:
            return set(self.numbers), set(self.texts)
        if opened + len(self.new) > KEEP_ALL:
            return set(), set()
        numbers = {name for facts in self.facts for name in facts.numbers}
        texts = {name for facts in self.facts for name in facts.texts}
        return numbers, texts | ({WORDS} if not opened else set())

    def number_values(self, name: str) -> NDArray[np.float64] | None:
        """Return a number of its runs; None where it is not at hand."""
        if self.facts is None:
            return self.numbers.get(name)
        return np.array([facts.numbers.get(name, np.nan) for facts in self.facts], dtype=float)

    def text_values(self, name: str) -> list[str] | None:
        """Return a text of its runs; None where it is not at hand."""
        if self.facts is None:
            return self.texts.get(name)
        return [facts.words if name == WORDS else facts.texts.get(name, "") for facts in self.facts]


@dataclass(frozen=True, eq=False)
class Frame:
    """All opened runs.

    Parameters
    ----------
    keys
        Absolute path of each run.
    source, run
        Which of the sources it is from, and its number there; shape (n_runs,).
    sources
        The sources.
    number_names, text_names
        Names of everything that runs have, at hand or not.
    values, rows
        Frames that share the first have the same runs with the same values. In those that share the second a run has
        the same row, if it is in both: runs are added at the end, and only those that go move others.
    """

    keys: list[str] = field(default_factory=list)
    source: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    run: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    sources: tuple[Source, ...] = ()
    number_names: frozenset[str] = frozenset()
    text_names: frozenset[str] = frozenset()
    values: object = field(default_factory=object)
    rows: object = field(default_factory=object)
    _numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    _texts: dict[str, list[str]] = field(default_factory=dict)
    _folded: dict[str, list[str]] = field(default_factory=dict)
    # texts of more runs than these, and which of them these are
    _wider: dict[str, tuple[list[str], NDArray[np.bool_]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def has(self, name: str) -> bool:
        """Whether a text or number is at hand, so that asking for it takes no time."""
        return name in self._numbers or name in self._texts

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number of every run, NaN where it is missing; shape (n_runs,)."""
        column = self._numbers.get(name)
        if column is None:
            column = np.full(len(self), np.nan)
            for place, source in enumerate(self.sources):
                rows, values = self._placed(place, *source.number_column(name))
                column[rows] = values
            self._numbers[name] = column
        return column

    def texts(self, name: str) -> list[str]:
        """Return a text of every run, empty where it is missing; all words in lower case for `WORDS`."""
        column = self._texts.get(name)
        if column is None:
            wider = self._wider.get(name)
            self._texts[name] = column = list(compress(*wider)) if wider is not None else self._read_texts(name)
            self._wider.pop(name, None)
        return column

    def _read_texts(self, name: str) -> list[str]:
        column = [""] * len(self)
        for place, source in enumerate(self.sources):
            runs, values = source.text_column(name)
            rows, order = self._placed(place, runs, np.arange(len(runs)))
            for row, at in zip(rows.tolist(), order.tolist(), strict=True):
                column[row] = values[at]
        return column

    def folded(self, name: str) -> list[str]:
        """Return a text of every run in lower case."""
        if name == WORDS:
            return self.texts(name)
        if name not in self._folded:
            self._folded[name] = [text.lower() for text in self.texts(name)]
        return self._folded[name]

    def facts(self, row: int) -> Facts:
        """Return all texts and numbers of one run."""
        return self.sources[int(self.source[row])].facts([int(self.run[row])])[0]

    def taken(self, batch: Batch) -> Frame:
        """Return a frame in which the runs of a batch are new, changed and gone."""
        sources = self.sources if batch.source in self.sources else (*self.sources, batch.source)
        place = sources.index(batch.source)
        frame = self._only(self.without(batch.source, batch.gone)) if batch.gone else self
        if batch.changed:
            frame = frame._changed(place, batch)
        if batch.new:
            frame = frame._extended(place, batch)
        return Frame(
            frame.keys,
            frame.source,
            frame.run,
            sources,
            self.number_names | batch.source.numbers,
            self.text_names | batch.source.texts,
            frame.values,
            frame.rows,
            frame._numbers,
            frame._texts,
            _wider=frame._wider,
        )

    def without(self, source: Source, runs: Sequence[int]) -> NDArray[np.bool_]:
        """Return whether each row is left when some runs of a source go; shape (n_runs,)."""
        if not runs or source not in self.sources:
            return np.ones(len(self), dtype=bool)
        return ~((self.source == self.sources.index(source)) & np.isin(self.run, runs))

    def kept(self, keep: NDArray[np.bool_]) -> Frame:
        """Return a frame of some of the runs, without the sources that none of them is from."""
        if not keep.any():
            return Frame()
        used, source = np.unique(self.source[keep], return_inverse=True)
        sources = tuple(self.sources[place] for place in used.tolist())
        return dataclasses.replace(self._only(keep), source=source.astype(np.int64), sources=sources)

    def _only(self, keep: NDArray[np.bool_]) -> Frame:
        """Return some of the runs; the texts of many are picked out when they are asked for, by a worker that waits."""
        wider = {name: (column, keep) for name, column in self._texts.items()}
        few = len(self) <= KEEP_ALL
        return Frame(
            list(compress(self.keys, keep)),
            self.source[keep],
            self.run[keep],
            self.sources,
            self.number_names,
            self.text_names,
            _numbers={name: column[keep] for name, column in self._numbers.items()},
            _texts={name: list(compress(*both)) for name, both in wider.items()} if few else {},
            _wider={} if few else wider,
        )

    def parts(self) -> list[object]:
        """Return what takes long to be let go of, in the order in which it can be."""
        return [self.keys, *(column for column, _ in self._wider.values()), *self._texts.values(), self]

    def adopt(self, other: Frame) -> None:
        """Take over the columns that a worker has read for the same runs."""
        if other.values is self.values:
            self._numbers.update({k: v for k, v in tuple(other._numbers.items()) if k not in self._numbers})
            self._texts.update({k: v for k, v in tuple(other._texts.items()) if k not in self._texts})

    def _placed(self, place: int, runs: NDArray[np.int64], values: NDArray) -> tuple[NDArray[np.int64], NDArray]:  # type: ignore[type-arg]
        """Return the rows of some runs of a source, and the values of those that are open."""
        mine = np.flatnonzero(self.source == place)
        if not len(mine) or not len(runs):
            return np.zeros(0, dtype=np.int64), values[:0]
        row_of = np.full(max(int(self.run[mine].max()), int(runs.max())) + 1, -1, dtype=np.int64)
        row_of[self.run[mine]] = mine
        rows = row_of[runs]
        return rows[rows >= 0], values[rows >= 0]

    def _changed(self, place: int, batch: Batch) -> Frame:
        rows, at = self._placed(place, np.array(batch.changed), np.arange(len(batch.changed)))
        at += len(batch.new)
        numbers, texts = _others(self._numbers, batch), _others(self._texts, batch)
        for name in self._numbers.keys() - numbers:
            column, values = self._numbers[name], batch.number_values(name)
            if values is not None:
                same = np.array_equal(column[rows], values[at], equal_nan=True)
                numbers[name] = column if same else column.copy()
                if not same:
                    numbers[name][rows] = values[at]
        for name in self._texts.keys() - texts:
            words, new = self._texts[name], batch.text_values(name)
            if new is not None:
                changed = [(row, new[i]) for row, i in zip(rows.tolist(), at.tolist(), strict=True)]
                texts[name] = words if all(words[row] == text for row, text in changed) else list(words)
                if texts[name] is not words:
                    for row, text in changed:
                        texts[name][row] = text
        # its values are others, so that columns read meanwhile for the runs as they were are not adopted
        return dataclasses.replace(
            self,
            values=object(),
            _numbers=numbers,
            _texts=texts,
            _folded=_others(self._folded, batch),
            _wider=_others(self._wider, batch),
        )

    def _extended(self, place: int, batch: Batch) -> Frame:
        """Add runs; a column for which the batch has no values is dropped, and read again when it is asked for."""
        at_hand_numbers, at_hand_texts = batch.at_hand(len(self))
        count = len(batch.new)
        missing = np.full(len(self) if at_hand_numbers - self.number_names else 0, np.nan)
        numbers, texts = {}, {}
        for name in {*self._numbers, *(at_hand_numbers - self.number_names)}:
            values = batch.number_values(name)
            if values is not None:
                numbers[name] = np.concatenate((self._numbers.get(name, missing), values[:count]))
        for name in {*self._texts, *(at_hand_texts - self.text_names)}:
            words = batch.text_values(name)
            if words is not None:
                added = words if len(words) == count else words[:count]
                texts[name] = (self._texts.get(name) or [""] * len(self)) + added
        return Frame(
            self.keys + list(batch.keys),
            np.concatenate((self.source, np.full(count, place, dtype=np.int64))),
            np.concatenate((self.run, np.array(batch.new, dtype=np.int64))),
            self.sources,
            self.number_names,
            self.text_names,
            rows=self.rows,
            _numbers=numbers,
            _texts=texts,
        )


def _others(columns: Mapping[str, _Column], batch: Batch) -> dict[str, _Column]:
    """Return the columns that are the same for the changed runs of a batch."""
    return {} if batch.only is None else {name: column for name, column in columns.items() if name not in batch.only}
