# SPDX-License-Identifier: Apache-2.0
"""The table of runs: a Qt model over `gui.state.runs.table`, and the panel with the filter above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PyQt6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPoint,
    Qt,
    QTimer,
    pyqtSignal,
)
from PyQt6.QtGui import QAction, QFont, QFontMetrics, QPalette
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from experiments.labels import counted
from experiments.notes import Notes
from gui.state.hints import nothing_shown
from gui.state.runs.columns import COLUMNS, STAR, Column, fitted
from gui.state.runs.keys import Keys
from gui.state.runs.note_changes import note_as, starred, tags_as
from gui.state.runs.selection import Selection
from gui.state.runs.table import RunsTable, csv_of
from gui.views.runs.column_dialog import ColumnDialog, FilterHelp
from gui.views.runs.filter_box import FilterBox
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme, set_text_color
from gui.views.widgets.row_selection import RowDelegate, RowSelection, RowsView
from gui.views.widgets.table_picture import MOST_ROWS, TextTable, table_export

_Role = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignCenter
_CENTERED = ("star", "verdict")  # short words beside numbers
NO_MATCH = "No run passes the filter."
_TOOLTIPS = {"star": "Click to star the run, or to take its star away", "tag": "Double-click to edit the tags"}
EditNotes = Callable[[Sequence[str], Callable[[Notes], Notes]], object]
MAX_COLUMN_PX = 320
LEAST_TEXT_PX = 130  # of a long text that is shortened where there is no room
LEAST_NAME_PX = 200  # of the names of designs, which may differ at any place
PADDING_PX = 18
SIZED_ROWS = 200  # rows looked at for the width of a column
MEASURED_TEXTS = 8  # of these the longest, in letters, that are measured


class RunsModel(QAbstractTableModel):
    """Gives Qt the cells of a `RunsTable`, the current run in bold; tags and notes are written where they stand."""

    def __init__(self, table: RunsTable, selection: Selection, theme: Theme, edit: EditNotes) -> None:
        super().__init__()
        self.table, self.theme = table, theme
        self._selection, self._edit = selection, edit
        self._view = table.view
        self._bold = QFont()
        self._bold.setBold(True)
        table.changed.connect(self._table_changed)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of runs that pass the filter."""
        return 0 if parent is not None and parent.isValid() else len(self._view.order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns shown."""
        return 0 if parent is not None and parent.isValid() else len(self._view.columns)

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        """Return one aspect of a cell."""
        column = self._view.columns[index.column()]
        if role == _Role.TextAlignmentRole:
            return _alignment(column)
        if role in (_Role.DisplayRole, _Role.ToolTipRole, _Role.EditRole):
            if role == _Role.ToolTipRole and column.id in _TOOLTIPS:
                return _TOOLTIPS[column.id]
            return self.table.text(index.row(), column) or None
        if role == _Role.FontRole:
            return self._bold if self.table.key(index.row()) == self._selection.current else None
        if role == _Role.ForegroundRole and column.id == "verdict":
            return self.theme.verdict(self.table.text(index.row(), column))
        if role == _Role.ForegroundRole and column.id == "caveat":
            return self.theme.faint_text
        if role == _Role.ForegroundRole and column.id == "star":
            return self.theme.warning if self.table.text(index.row(), column) == STAR else self.theme.faint_text
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Tags and notes can be edited."""
        editable = index.isValid() and self._view.columns[index.column()].id in ("tag", "note")
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable if editable else super().flags(index)

    def setData(self, index: QModelIndex, value: Any, role: int = _Role.EditRole) -> bool:
        """Write tags or note of a run beside its file; what is shown changes when that is done."""
        column, text = self._view.columns[index.column()].id, str(value).strip()
        if role != _Role.EditRole or text == (self.data(index) or ""):
            return False
        change = tags_as(self.data(index) or "", text) if column == "tag" else note_as(text)
        self._edit([self.table.key(index.row())], change)
        return True

    def toggle_star(self, index: QModelIndex) -> None:
        """Star a run, or take its star away, where `index` is in the column of stars."""
        if self._view.columns[index.column()].id == "star":
            self._edit([self.table.key(index.row())], starred(self.data(index) != STAR))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        """Return one aspect of a header."""
        if orientation == Qt.Orientation.Vertical or section >= len(self._view.columns):
            return None
        column = self._view.columns[section]
        if role == _Role.DisplayRole:  # numbers stand off the edge, their heading as well
            return "\n".join(
                f"{line}\N{NO-BREAK SPACE}" if column.numeric else line for line in column.header.split("\n")
            )
        if role == _Role.TextAlignmentRole:
            return _alignment(column)
        if role == _Role.ToolTipRole:
            self.table.ask_meanings()
            return f"{column.heading}\n{self.table.help_of(column)}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 restores the order of opening."""
        known = 0 <= column < len(self._view.columns)
        self.table.sort(self._view.columns[column].id if known else None, order == Qt.SortOrder.DescendingOrder)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.theme = theme
        self._changed_everywhere()

    def _table_changed(self) -> None:
        """Tell Qt what has changed: rows that were added at the end leave the others, and the scroll bar, in place."""
        before, after = self._view, self.table.view
        count = len(before.order)
        same = [c.id for c in before.columns] == [c.id for c in after.columns]
        kept = len(after.order) >= count and before.frame.rows is after.frame.rows
        if not (same and kept and np.array_equal(before.order, after.order[:count])):
            self.beginResetModel()
            self._view = after
            self.endResetModel()
            return
        if len(after.order) > count:
            self.beginInsertRows(QModelIndex(), count, len(after.order) - 1)
            self._view = after
            self.endInsertRows()
        else:
            self._view = after
        self._changed_everywhere()

    def _changed_everywhere(self) -> None:
        if self.rowCount() and self.columnCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))


def _alignment(column: Column) -> Qt.AlignmentFlag:
    return _RIGHT if column.numeric else _CENTER if column.id in _CENTERED else _LEFT


class RunsPanel(QWidget):
    """Filter box, table and a line that counts; its selection is the shared one.

    `menu_wanted` tells where on the screen a menu for the selected runs is asked for.
    """

    menu_wanted = pyqtSignal(QPoint)

    def __init__(
        self,
        table: RunsTable,
        selection: Selection,
        theme: Theme,
        edit: EditNotes = lambda _keys, _change: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._table, self._selection = table, selection
        self._following = False
        self._gone_to = QTimer(self, singleShot=True, interval=0)
        self._sized: tuple[object, ...] = ()
        self._wanted: list[int] = []  # widths of the columns, and those that they can do with
        self._least: list[int] = []
        self._sized_by_user = False
        self.filter = FilterBox(table)
        self.help = QToolButton(text="?", autoRaise=True)
        self.help.setToolTip("The words of the filter")
        self.help.setAccessibleName("The words of the filter")
        self.help.clicked.connect(self.show_filter_help)
        self.view = RowsView()
        self.model = RunsModel(table, selection, theme, edit)
        self._rows = RowSelection(self.model, self.view)
        self.count = QLabel()
        self.empty = QLabel(wordWrap=True, alignment=_CENTER)
        self._set_up_view()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 4)
        layout.setSpacing(4)
        line = QHBoxLayout()
        line.addWidget(self.filter, 1)
        line.addWidget(self.help)
        layout.addLayout(line)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.count)
        self.filter.textChanged.connect(table.set_filter)
        table.changed.connect(self._table_changed)
        selection.changed.connect(self._follow)
        self._table_changed()

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.model.set_theme(theme)
        self._table_changed()

    def export(self) -> ViewExport | None:
        """Return the rows and columns that are shown."""
        view = self._table.view  # which never changes: the worker may read it
        shown = range(min(len(view.order), MOST_ROWS))
        rows = [[self._table.text(row, column) for column in view.columns] for row in shown]
        numeric = frozenset(i for i, column in enumerate(view.columns) if column.numeric)
        heads = [column.header for column in view.columns]
        table = TextTable("Runs", heads, rows, numeric, n_rows=len(view.order))
        return table_export(table, self.model.theme, self.view.font(), lambda: csv_of(view))

    def save_state(self) -> dict[str, list[str]]:
        """Return the columns that are shown, where they are others than at first, to be kept until the next start."""
        return {"columns": [column.id for column in self._table.columns]} if self._table.columns_chosen else {}

    def restore_state(self, state: dict[str, list[str]]) -> None:
        """Show the columns that `save_state` has kept."""
        if state.get("columns"):
            self._table.show_columns(state["columns"])

    def column_menu(self) -> QMenu:
        """Return a menu that shows and hides the usual columns; the caller deletes it."""
        menu = QMenu(self)
        usual = {column.id for column in COLUMNS}
        for column in self._table.all_columns:
            if column.id in usual or self._table.is_shown(column):
                action = QAction(column.heading, menu, checkable=True, checked=self._table.is_shown(column))
                action.toggled.connect(lambda shown, column_id=column.id: self._toggle(column_id, shown))
                menu.addAction(action)
        menu.addSeparator()
        for title, callback in (
            ("All columns…", lambda: self.column_dialog().open()),
            ("Standard columns", self._table.reset_columns),
        ):
            action = menu.addAction(title)
            assert action is not None
            action.triggered.connect(callback)
        return menu

    def column_dialog(self) -> ColumnDialog:
        """Return a dialog that shows and hides any column: every metric, and every key of the scenarios."""
        return ColumnDialog(self._table, self)

    def show_filter_help(self) -> None:
        """Show the words of the filter, and the names it knows of these runs."""
        FilterHelp(self._table, self).open()

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setAccessibleName("Runs")
        view.setSelectionModel(self._rows)
        view.setItemDelegate(RowDelegate(view))
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setAlternatingRowColors(True)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of designs differ at their ends
        view.setTabKeyNavigation(False)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        viewport = view.viewport()
        over = QVBoxLayout(viewport)
        over.addWidget(self.empty)
        self.empty.setForegroundRole(QPalette.ColorRole.WindowText)  # a viewport gives its own
        if viewport is not None:
            viewport.installEventFilter(self)
        rows, header = view.verticalHeader(), view.horizontalHeader()
        assert rows is not None and header is not None  # a QTableView has both
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(view.fontMetrics().height() + 8)
        header.setHighlightSections(False)
        # to draw a header Qt asks every cell whether it is selected, which takes seconds for a long table
        header.setSelectionModel(QItemSelectionModel(self.model, header))
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_column_menu)
        header.sectionResized.connect(self._resized)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        view.setSortingEnabled(True)
        self._rows.rows_changed.connect(self._chose)
        # a click goes to another row first and selects it then, which tells the new current run as well
        self._gone_to.timeout.connect(lambda: self._share(self._selection.keys))
        self._rows.currentRowChanged.connect(lambda *_: self._following or self._gone_to.start())
        view.clicked.connect(self.model.toggle_star)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._ask_for_menu)

    def _toggle(self, column_id: str, shown: bool) -> None:
        ids = {column.id for column in self._table.columns}
        self._table.show_columns(ids | {column_id} if shown else ids - {column_id})

    def _show_column_menu(self, at: QPoint) -> None:
        menu = self.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.mapToGlobal(at))

    def _ask_for_menu(self, at: QPoint) -> None:
        viewport = self.view.viewport()
        if viewport is not None and self.view.indexAt(at).isValid():
            self.menu_wanted.emit(viewport.mapToGlobal(at))

    def _table_changed(self) -> None:
        shown, total = len(self._table.order), self._table.total
        text, problem = counted(total, "run"), self._table.filter_problem
        text = text if shown == total else f"{shown:,} of {text}"
        self.count.setText(f"{text}. {problem[:1].upper()}{problem[1:]}" if problem else text)
        self.empty.setText(nothing_shown(total, f"{NO_MATCH} {self._table.view.hint}".strip()))
        self.empty.setVisible(not shown)
        theme = self.model.theme
        set_text_color(self.count, theme.bad if problem else theme.faint_text)
        set_text_color(self.empty, theme.faint_text)
        self.filter.setPalette(self._filter_palette())
        self._fit_columns()
        self._follow()

    def _filter_palette(self) -> QPalette:
        palette = self.palette()
        if self._table.filter_problem:
            palette.setColor(QPalette.ColorRole.Text, self.model.theme.bad)
        return palette

    def _fit_columns(self) -> None:
        """Size the columns when they change or runs are added, until the user has given one a width."""
        ids = [column.id for column in self._table.columns]
        shape = (*ids, min(self._table.total, SIZED_ROWS))
        if self._sized_by_user or shape == self._sized or not len(self._table.order):
            return
        self._sized = shape
        self._wanted, self._least = [], []
        bold = QFont(self.view.font())
        bold.setBold(True)
        metrics = QFontMetrics(bold)
        rows = range(min(SIZED_ROWS, len(self._table.order)))
        for column in self._table.columns:
            texts = sorted({self._table.text(row, column) for row in rows}, key=len)[-MEASURED_TEXTS:]
            head = max(map(metrics.horizontalAdvance, column.header.splitlines())) + PADDING_PX
            widest = max((metrics.horizontalAdvance(text) + PADDING_PX for text in texts), default=0)
            self._wanted.append(min(max(head, widest), MAX_COLUMN_PX))
            elastic = not column.numeric and column.id not in _CENTERED
            text_px = LEAST_NAME_PX if column.id == "design" else LEAST_TEXT_PX
            self._least.append(min(self._wanted[-1], max(head, text_px)) if elastic else self._wanted[-1])
        self._spread_columns()

    def _spread_columns(self) -> None:
        """Give the columns their widths; those of texts take what the others leave."""
        viewport = self.view.viewport()
        if self._sized_by_user or viewport is None or len(self._wanted) != self.model.columnCount():
            return
        self._following = True
        try:
            for column, width in enumerate(fitted(self._wanted, self._least, viewport.width())):
                self.view.setColumnWidth(column, width)
        finally:
            self._following = False

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let no column be cut at the edge of a table that is wider or narrower now."""
        if watched is self.view.viewport() and event is not None and event.type() == QEvent.Type.Resize:
            self._spread_columns()
        return super().eventFilter(watched, event)

    def _resized(self) -> None:
        self._sized_by_user = self._sized_by_user or not self._following

    def _chose(self) -> None:
        """Share the rows that are selected now."""
        self._share(self._table.keys_of(self._rows.mask))

    def _share(self, keys: Keys) -> None:
        if self._following:
            return
        current = self._rows.currentIndex()
        self._following = True  # the table shows already what it shares
        try:
            self._selection.set(keys, self._table.key(current.row()) if current.isValid() else None)
        finally:
            self._following = False

    def _follow(self) -> None:
        """Show the shared selection in the table."""
        viewport = self.view.viewport()
        if viewport is None:
            return
        viewport.update()  # the current run is written bold
        if self._following:
            return
        current = self._table.row_of(self._selection.current)
        self._following = True
        try:
            if current is not None and self._rows.currentIndex().row() != current:
                self._rows.setCurrentIndex(self.model.index(current, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
            self._rows.take(self._table.rows_of(self._selection.keys))
        finally:
            self._following = False
