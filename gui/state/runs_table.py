# SPDX-License-Identifier: Apache-2.0
"""The rows and columns of the runs table after filter, sort and column choice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gui.state.columns import Column, columns_for
from gui.state.event import Event
from gui.state.filters import RunFilter
from gui.state.runs import RunEntry
from gui.state.session import Session


class RunsTable:
    """A view of the session's runs as a table; `changed` fires when rows or columns are other than before.

    `order` holds the index into `entries` of each row, `row_of` the row of each run by key.
    """

    def __init__(self, session: Session) -> None:
        self.changed = Event()
        self.filter_text = ""
        self.filter_problem = ""
        self.sort_id: str | None = None
        self.descending = False
        self._session = session
        self._shown: dict[str, bool] = {}
        session.changed.connect(self._refill)
        self._refill()

    def row(self, index: int) -> RunEntry:
        """Return the run in a row."""
        return self.entries[self.order[index]]

    @property
    def row_keys(self) -> list[str]:
        """Keys of the runs, row by row."""
        return list(self.row_of)

    def is_shown(self, column: Column) -> bool:
        """Whether a column is shown."""
        return self._shown.get(column.id, column.shown)

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
        """Filter the rows; see `gui.state.filters`."""
        self.filter_text = text
        self._update()

    def sort(self, column_id: str | None, descending: bool = False) -> None:
        """Sort by a column, None for the order of opening. Runs without a value come last either way."""
        self.sort_id, self.descending = column_id, descending
        self._update()

    def as_csv(self) -> str:
        """Return the visible rows and columns as comma-separated text, numbers at full precision."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.heading for column in self.columns])
        for index in self.order:
            entry = self.entries[index]
            writer.writerow(
                [entry.numbers.get(c.id, "") if c.numeric else entry.texts.get(c.id, "") for c in self.columns]
            )
        return text.getvalue()

    def _refill(self) -> None:
        if getattr(self, "entries", None) == self._session.entries:
            return
        self.entries = self._session.entries
        self.all_columns = columns_for(self.entries)
        self._filter = RunFilter(self.entries, self.all_columns)
        self._update()

    def _update(self) -> None:
        self.columns = tuple(column for column in self.all_columns if self.is_shown(column))
        result = self._filter.apply(self.filter_text)
        self.filter_problem = result.problem
        rows = np.flatnonzero(result.keep)
        self.order: NDArray[np.int64] = rows[self._rank(rows)]
        self.row_of = {self.entries[i].key: row for row, i in enumerate(self.order.tolist())}
        self.changed.emit()

    def _rank(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        column = next((c for c in self.all_columns if c.id == self.sort_id), None)
        if column is None:
            return np.arange(len(rows))
        if column.numeric:
            values = self._filter.numbers(column.id)[rows]
            missing = np.isnan(values)
        else:
            texts = self._filter.texts(column.id)
            # ranks of the distinct texts, so that descending keeps ties in order of opening
            _, values = np.unique([texts[i] for i in rows] or [""], return_inverse=True)
            values = values[: len(rows)].astype(float)
            missing = np.array([not texts[i] for i in rows], dtype=bool)
        key = np.where(missing, np.inf, -values if self.descending else values)
        return np.lexsort((key, missing))
