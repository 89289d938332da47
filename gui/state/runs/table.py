# SPDX-License-Identifier: Apache-2.0
"""The rows and columns of the runs table after filter, sort and column choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.facts import WORDS
from experiments.plain_values import decimals_of
from gui.state.csv_text import csv_text
from gui.state.event import Event
from gui.state.runs import filters
from gui.state.runs.columns import Column, columns_for
from gui.state.runs.entry import RunEntry
from gui.state.runs.frame import Frame
from gui.state.runs.keys import Keys
from gui.state.runs.meanings import meanings_of
from gui.state.runs.session import Session

NAMING = ("design", "title", "workload")  # what a run is called by, shown as columns or not
AT_ONCE = 2000  # runs up to which filter and sort take no noticeable time
Submit = Callable[[Callable[[], Any], Callable[[Any], object]], object]
"""Does the first in a worker and hands its result to the second."""


@dataclass(frozen=True, eq=False)
class View:
    """What is shown of which runs; made by `arranged`, perhaps in a worker.

    Parameters
    ----------
    frame
        The runs.
    columns
        The columns shown.
    order
        Row of `frame` in each row of the table; shape (n_shown,).
    place
        Row of the table of each run, -1 for those that do not pass; shape (n_runs,).
    problem, hint
        What is wrong with the filter, and why no run passes it.
    """

    frame: Frame
    columns: tuple[Column, ...]
    order: NDArray[np.int64]
    place: NDArray[np.int64]
    problem: str = ""
    hint: str = ""


def arranged(frame: Frame, columns: Sequence[Column], text: str, by: Column | None, descending: bool) -> View:
    """Return the runs that pass a filter, sorted by a column; this reads what it needs of runs not at hand."""
    for column in columns:
        (frame.numbers if column.numeric else frame.texts)(column.id)
    for name in NAMING:
        frame.texts(name)
    result = filters.apply(frame, text)
    columns = [_alike(column, frame) for column in columns]
    rows = np.flatnonzero(result.keep)
    order = rows if by is None else rows[_rank(frame, rows, by, descending)]
    place = np.full(len(frame), -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return View(frame, tuple(columns), order, place, result.problem, result.hint)


def _alike(column: Column, frame: Frame) -> Column:
    """Return a column whose numbers have the same decimals, where its own are not fixed."""
    if not column.numeric or column.decimals >= 0:
        return column
    return replace(column, decimals=decimals_of(frame.numbers(column.id)))


def _rank(frame: Frame, rows: NDArray[np.int64], by: Column, descending: bool) -> NDArray[np.int64]:
    if by.numeric:
        values = frame.numbers(by.id)[rows]
        missing = np.isnan(values)
    else:
        texts = frame.folded(by.id)
        chosen = [texts[row] for row in rows]
        # ranks of the distinct texts, so that descending keeps ties in order of opening
        rank_of = {text: rank for rank, text in enumerate(sorted(set(chosen)))}
        values = np.array([rank_of[text] for text in chosen], dtype=float)
        missing = np.array([not text for text in chosen], dtype=bool)
    key = np.where(missing, np.inf, -values if descending else values)
    return np.lexsort((key, missing))


class RunsTable:
    """A view of the session's runs as a table; `changed` fires when rows or columns are other than before.

    Parameters
    ----------
    session
        The runs.
    submit
        Runs work off the GUI thread, for many runs; without it everything is done at once. Of requests that wait only
        the newest is answered, so that every keystroke may ask.
    """

    def __init__(self, session: Session, submit: Submit | None = None) -> None:
        self.changed = Event()
        self.filter_text = ""
        self.sort_id: str | None = None
        self.descending = False
        self._session, self._submit = session, submit
        self._shown: dict[str, bool] = {}
        self._request = self._answered = 0
        self._names: tuple[frozenset[str], frozenset[str]] | None = None
        self.all_columns: tuple[Column, ...] = ()
        self.meanings: dict[str, str] = {}  # of the columns, as far as they have been asked for
        self._asked: object = None
        self.view = View(Frame(), (), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        session.changed.connect(self._refill)
        self._refill()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns shown."""
        return self.view.columns

    @property
    def order(self) -> NDArray[np.int64]:
        """Row of the session's frame in each row; shape (n_shown,)."""
        return self.view.order

    @property
    def filter_problem(self) -> str:
        """What is wrong with the filter; empty if nothing is."""
        return self.view.problem

    @property
    def total(self) -> int:
        """Number of opened runs."""
        return len(self.view.frame)

    def text(self, row: int, column: Column) -> str:
        """Return a cell as it is shown."""
        return column.text(self.view.frame, int(self.view.order[row]))

    def key(self, row: int) -> str:
        """Return the key of the run in a row."""
        return self.view.frame.keys[self.view.order[row]]

    def row(self, index: int) -> RunEntry:
        """Return the run in a row."""
        entry = self._session.get(self.key(index))
        if entry is None:
            raise LookupError(self.key(index))
        return entry

    def rows_of(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Return the rows of runs in ascending order, of those that pass the filter.

        There are none while runs have gone and the view of those that are left is on its way.
        """
        place, numbering = self.view.place, self._session.frame.rows
        if self.view.frame.rows is not numbering:
            return np.zeros(0, dtype=np.int64)
        same = isinstance(keys, Keys) and keys.numbering is numbering
        at = keys.rows if same else self._session.rows(keys)  # type: ignore[union-attr]
        found = place[at[at < len(place)]]  # the others have come since
        return np.sort(found[found >= 0])

    def row_of(self, key: str | None) -> int | None:
        """Return the row of a run; None where it does not pass the filter."""
        rows = self.rows_of([key] if key is not None else [])
        return int(rows[0]) if len(rows) else None

    @property
    def row_keys(self) -> Keys:
        """Keys of the runs, row by row."""
        return self.keys_of(slice(None))

    def keys_of(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Keys:
        """Return the keys of the runs in some rows."""
        return Keys(self.view.frame, self.view.order[rows])

    def help_of(self, column: Column) -> str:
        """Return what a column means, and how it is filtered by, as far as that is known by now."""
        meaning = column.help or self.meanings.get(column.id, "")
        value = "<number" if column.numeric else ":yes" if column.id == "star" else ":text"
        example = f"Filter by {column.id}{value}"
        return "\n".join(filter(None, (meaning[:1].upper() + meaning[1:], example)))

    def ask_meanings(self, then: Callable[[], object] = lambda: None) -> None:
        """Find out what the columns mean and do something then, unless that is known already."""
        frame, columns = self._session.frame, self.all_columns
        if self._asked == self._names:
            return
        self._asked = self._names

        def arrived(found: dict[str, str]) -> None:
            self.meanings = {**self.meanings, **found}
            then()

        submit = self._submit or _at_once
        submit(partial(meanings_of, frame, columns), arrived)

    def is_shown(self, column: Column) -> bool:
        """Whether a column is shown."""
        return self._shown.get(column.id, column.shown)

    @property
    def columns_chosen(self) -> bool:
        """Whether others are shown than at first."""
        return bool(self._shown)

    def show_columns(self, ids: Iterable[str]) -> None:
        """Show these columns and no others."""
        wanted = set(ids)
        self._shown = {column.id: column.id in wanted for column in self.all_columns}
        self._update()

    def reset_columns(self) -> None:
        """Show the columns that are shown at first."""
        self._shown = {}
        self._update()

    def set_filter(self, text: str) -> None:
        """Filter the rows; see `gui.state.runs.filters`."""
        if text != self.filter_text:
            self.filter_text = text
            self._update()

    def sort(self, column_id: str | None, descending: bool = False) -> None:
        """Sort by a column, None for the order of opening. Runs without a value come last either way."""
        if (column_id, descending) != (self.sort_id, self.descending):
            self.sort_id, self.descending = column_id, descending
            self._update()

    def as_csv(self) -> str:
        """Return the visible rows and columns as comma-separated text, numbers at full precision."""
        return csv_of(self.view)

    def _refill(self) -> None:
        frame = self._session.frame
        names = (frame.number_names, frame.text_names)
        if names != self._names:
            self._names = names
            self.all_columns = columns_for(frame)
        self._update()

    def _update(self) -> None:
        self._request += 1
        request, frame = self._request, self._session.frame
        columns = [column for column in self.all_columns if self.is_shown(column)]
        by = next((column for column in self.all_columns if column.id == self.sort_id), None)
        text, descending = self.filter_text, self.descending

        def work() -> View | None:
            return arranged(frame, columns, text, by, descending) if request == self._request else None

        needed = [WORDS, *NAMING, *(column.id for column in columns)]
        if self._submit is None or (len(frame) <= AT_ONCE and all(map(frame.has, needed))):
            self._arrived(request, work())
        else:
            self._submit(work, partial(self._arrived, request))

    def _arrived(self, request: int, view: View | None) -> None:
        """Show a view, unless a newer one is shown, which may have been at hand at once."""
        if view is not None and request > self._answered:
            self._answered = request
            self._session.frame.adopt(view.frame)
            self.view = view
            self.changed.emit()


def _at_once(work: Callable[[], Any], then: Callable[[Any], object]) -> object:
    return then(work())


def csv_of(view: View) -> str:
    """Return rows and columns of a view as comma-separated text, numbers at full precision."""
    rows = ([column.value(view.frame, row) for column in view.columns] for row in view.order.tolist())
    return csv_text([column.heading for column in view.columns], rows)
