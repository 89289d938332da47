# SPDX-License-Identifier: Apache-2.0
"""Mouse and keys on a long table do what they do on any table of Qt, however many ranges are selected."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QItemSelectionModel, QPoint, Qt
from PyQt6.QtGui import QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import QAbstractItemView, QTableView

from gui.views.widgets import row_selection
from gui.views.widgets.row_selection import RowDelegate, RowSelection, RowsView

NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT = Qt.MouseButton.LeftButton
N = 12


def _shown(qtbot, view, model):
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.resize(200, 500)
    qtbot.addWidget(view)
    view.show()
    return view


@pytest.fixture(params=[64, 0])
def tables(qtbot, request, monkeypatch):
    """Ours and Qt's own, side by side; ours with Qt told of the ranges, and with Qt told of none."""
    monkeypatch.setattr(row_selection, "MOST_RANGES", request.param)
    model = QStandardItemModel()
    for i in range(N):
        model.appendRow([QStandardItem(str(i)), QStandardItem("x")])
    ours, usual = _shown(qtbot, RowsView(), model), _shown(qtbot, QTableView(), model)
    ours.setSelectionModel(RowSelection(model, ours))
    ours.setItemDelegate(RowDelegate(ours))
    yield ours, usual
    ours.setModel(None)


def _at(view, row):
    return view.visualRect(view.model().index(row, 0)).center()


def _usual(view):
    return sorted({index.row() for index in view.selectionModel().selectedRows()})


def _ours(view):
    return np.flatnonzero(view.selectionModel().mask).tolist()


def test_gestures_select_what_they_select_in_a_table_of_qt(tables, qtbot):
    def click(row, keys=NONE):
        return lambda view: qtbot.mouseClick(view.viewport(), LEFT, keys, _at(view, row))

    def click_beside(view):
        qtbot.mouseClick(view.viewport(), LEFT, pos=QPoint(20, view.viewport().height() - 4))

    def press(key, keys=NONE):
        return lambda view: qtbot.keyClick(view, key, keys)

    def drag(first, last, keys=NONE):
        def do(view):
            qtbot.mousePress(view.viewport(), LEFT, keys, _at(view, first))
            for row in np.linspace(first, last, 5).astype(int).tolist():
                qtbot.mouseMove(view.viewport(), _at(view, row) + QPoint(1, 0))
            qtbot.mouseRelease(view.viewport(), LEFT, keys, _at(view, last))

        return do

    gestures = [
        *(click(2), click(5, SHIFT), click(8, CTRL), click(9, CTRL), click(8, CTRL), click(3, CTRL), click(3, CTRL)),
        *(press(Qt.Key.Key_Down, SHIFT), press(Qt.Key.Key_Down, SHIFT), press(Qt.Key.Key_Up, SHIFT)),
        *(press(Qt.Key.Key_Down, CTRL), press(Qt.Key.Key_Space, CTRL), press(Qt.Key.Key_Down), click(1)),
        *(press(Qt.Key.Key_End, CTRL | SHIFT), click(4), lambda view: view.selectAll(), click(7, CTRL), click(6)),
        *(drag(3, 8), drag(9, 6), click(0, CTRL), click_beside),
    ]
    for step, gesture in enumerate(gestures):
        for view in tables:
            gesture(view)
        ours, usual = tables
        assert _ours(ours) == _usual(usual), step
        assert ours.currentIndex().row() == usual.currentIndex().row(), step


def test_a_selection_of_many_ranges_is_painted_and_a_right_click_keeps_it(tables, qtbot):
    view, _ = tables
    chosen = view.selectionModel()
    chosen.take(np.arange(0, N, 2))
    view.repaint()
    image = view.viewport().grab().toImage()
    grounds = {row: image.pixelColor(QPoint(60, _at(view, row).y())) for row in range(N)}
    assert len({grounds[row].name() for row in range(0, N, 2)}) == 1
    assert len({grounds[row].name() for row in range(1, N, 2)}) == 1
    assert grounds[0] != grounds[1]
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.RightButton, pos=_at(view, 4))
    assert _ours(view) == list(range(0, N, 2))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.RightButton, pos=_at(view, 5))
    assert _ours(view) == [5]


def test_rows_that_come_are_not_selected_and_another_table_has_none(tables):
    view, _ = tables
    chosen, model, told = view.selectionModel(), view.model(), []
    chosen.rows_changed.connect(lambda: told.append(_ours(view)))
    chosen.select(model.index(N - 1, 0), QItemSelectionModel.SelectionFlag.ClearAndSelect)
    model.setRowCount(N + 3)
    assert len(chosen.mask) == N + 3 and _ours(view) == [N - 1]
    chosen.select(model.index(N + 1, 0), QItemSelectionModel.SelectionFlag.Select)
    model.clear()
    assert _ours(view) == [] and told == [[N - 1], [N - 1, N + 1]]
