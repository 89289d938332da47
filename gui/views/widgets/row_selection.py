# SPDX-License-Identifier: Apache-2.0
"""Which rows of a very long table are selected.

Qt keeps the selection as a list of ranges, looks through all of them for every cell that it paints, and merges them one
by one. With every third of 100,000 rows selected, as after selecting all that pass a filter and clearing it, each click
and each painting then takes half a second. Here a mask over the rows is what counts, and Qt is told only while the
ranges are few, so that screen readers hear of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QAbstractItemModel, QEvent, QItemSelection, QItemSelectionModel, QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QInputEvent, QMouseEvent
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

MOST_RANGES = 64  # that Qt is told of
_Flag = QItemSelectionModel.SelectionFlag


class RowSelection(QItemSelectionModel):
    """The selected rows of a table, as mouse, keys and programs set them.

    `rows_changed` fires after every change; Qt's own `selectionChanged` only while the ranges are few.
    """

    rows_changed = pyqtSignal()

    def __init__(self, model: QAbstractItemModel, view: QTableView) -> None:
        super().__init__(model, view)
        self._mask = self._before = np.zeros(0, dtype=bool)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Whether each row is selected; shape (n_rows,)."""
        return _fitted(self._mask, self._count())

    def is_chosen(self, row: int) -> bool:
        """Whether a row is selected."""
        return row < len(self._mask) and bool(self._mask[row])

    def take(self, rows: NDArray[np.int64]) -> None:
        """Select these rows and no others; `rows_changed` is not told."""
        mask = np.zeros(self._count(), dtype=bool)
        mask[rows] = True
        self._before = mask
        self._show(mask)

    def select(self, chosen: QItemSelection | QModelIndex, command: QItemSelectionModel.SelectionFlag) -> None:  # type: ignore[override]
        """Do what a gesture asks for; while one goes on, such as a drag, its part is done anew on what was before."""
        if command == _Flag.NoUpdate:
            return
        if command & _Flag.Clear:
            self._before = np.zeros(self._count(), dtype=bool)
        elif not command & _Flag.Current:
            self._before = self.mask
        mask = _fitted(self._before, self._count()).copy()
        for first, last in _spans(chosen):
            part = slice(first, last + 1)
            mask[part] = ~mask[part] if command & _Flag.Toggle else bool(command & _Flag.Select)
        if not np.array_equal(mask, self._mask):
            self._show(mask)
            self.rows_changed.emit()

    def reset(self) -> None:
        """Forget the rows of a table that is another now."""
        super().reset()
        self._mask = self._before = np.zeros(0, dtype=bool)

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def _show(self, mask: NDArray[np.bool_]) -> None:
        self._mask = mask
        ends = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
        selection, model = QItemSelection(), self.model()
        if model is not None and len(ends) <= 2 * MOST_RANGES:
            last = max(model.columnCount() - 1, 0)
            for first, end in ends.reshape(-1, 2).tolist():
                selection.select(model.index(first, 0), model.index(end - 1, last))
        super().select(selection, _Flag.ClearAndSelect)


class RowsView(QTableView):
    """A table whose selection is a `RowSelection`."""

    def selectionCommand(self, index: QModelIndex, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:  # type: ignore[override]
        """Return what a gesture does: Qt asks its own ranges what is selected, which may not know all."""
        command = super().selectionCommand(index, event)
        chosen = self.selectionModel()
        if not isinstance(chosen, RowSelection) or not index.isValid():
            return command
        is_press = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress
        if is_press and event.button() == Qt.MouseButton.RightButton and chosen.is_chosen(index.row()):  # type: ignore[union-attr]
            return _Flag.NoUpdate  # a menu is for all that is selected
        if command & _Flag.Toggle and isinstance(event, QInputEvent) and is_press:
            self._dragged = _Flag.Deselect if chosen.is_chosen(index.row()) else _Flag.Select
            return (command & ~_Flag.Toggle) | self._dragged
        if command & _Flag.Toggle and event is not None and event.type() == QEvent.Type.MouseMove:
            return (command & ~_Flag.Toggle) | self._dragged
        return command

    _dragged = _Flag.Select


class RowDelegate(QStyledItemDelegate):
    """Paints the cells of selected rows as selected where Qt does not know that they are."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Say how a cell is painted."""
        super().initStyleOption(option, index)
        view = self.parent()
        chosen = view.selectionModel() if isinstance(view, QTableView) else None
        if option is not None and isinstance(chosen, RowSelection) and chosen.is_chosen(index.row()):
            option.state |= QStyle.StateFlag.State_Selected


def _spans(chosen: QItemSelection | QModelIndex) -> list[tuple[int, int]]:
    if isinstance(chosen, QModelIndex):
        return [(chosen.row(), chosen.row())] if chosen.isValid() else []
    return [(each.top(), each.bottom()) for each in chosen]


def _fitted(mask: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Return a mask for a table that has grown or shrunk at its end."""
    if len(mask) == count:
        return mask
    fitted = np.zeros(count, dtype=bool)
    fitted[: len(mask)] = mask[:count]
    return fitted
