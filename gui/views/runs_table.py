# SPDX-License-Identifier: Apache-2.0
"""The table of runs: a Qt model over `gui.state.runs_table`, and the panel with the filter above it."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSizeF, Qt
from PyQt6.QtGui import QAction, QFont, QFontMetrics, QPalette
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QLineEdit, QMenu, QTableView, QVBoxLayout, QWidget

from gui.state.runs_table import RunsTable
from gui.state.selection import Selection
from gui.views.exporting import ViewExport
from gui.views.palette import Theme

_Role = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex
MAX_COLUMN_PX = 320
PADDING_PX = 16
SIZED_ROWS = 200  # rows looked at for the width of a column


class RunsModel(QAbstractTableModel):
    """Gives Qt the cells of a `RunsTable`, the current run in bold."""

    def __init__(self, table: RunsTable, selection: Selection, theme: Theme) -> None:
        super().__init__()
        self.table, self.theme = table, theme
        self._selection = selection
        self._bold = QFont()
        self._bold.setBold(True)
        table.changed.connect(self._reset)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of runs that pass the filter."""
        return 0 if parent is not None and parent.isValid() else len(self.table.order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of columns shown."""
        return 0 if parent is not None and parent.isValid() else len(self.table.columns)

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        """Return one aspect of a cell."""
        column = self.table.columns[index.column()]
        if role == _Role.TextAlignmentRole:
            return _RIGHT if column.numeric else _LEFT
        if role in (_Role.DisplayRole, _Role.ToolTipRole):
            return column.text(self.table.row(index.row())) or None
        if role == _Role.FontRole:
            is_current = self.table.row(index.row()).key == self._selection.current
            return self._bold if is_current else None
        if role == _Role.ForegroundRole and column.id in ("verdict", "caveat"):
            entry = self.table.row(index.row())
            return self.theme.verdict(entry.texts["verdict"]) if column.id == "verdict" else self.theme.faint_text
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        """Return one aspect of a header."""
        if orientation == Qt.Orientation.Vertical or section >= len(self.table.columns):
            return None
        column = self.table.columns[section]
        if role == _Role.DisplayRole:
            return column.header
        if role == _Role.TextAlignmentRole:
            return _RIGHT if column.numeric else _LEFT
        if role == _Role.ToolTipRole:
            return f"{column.heading}\nFilter by: {column.id}{'<number' if column.numeric else ':text'}"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 restores the order of opening."""
        known = 0 <= column < len(self.table.columns)
        self.table.sort(self.table.columns[column].id if known else None, order == Qt.SortOrder.DescendingOrder)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.theme = theme
        self._reset()

    def _reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()


class RunsPanel(QWidget):
    """Filter box, table and a line that counts; its selection is the shared one."""

    def __init__(self, table: RunsTable, selection: Selection, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table, self._selection = table, selection
        self._following = False
        self._sized: tuple[object, ...] = ()
        self._sized_by_user = False
        self.filter = QLineEdit(clearButtonEnabled=True)
        self.filter.setPlaceholderText("Filter: words, topology:torus, network_kw<500, -verdict:infeasible")
        self.filter.setAccessibleName("Filter runs")
        self.view = QTableView()
        self.model = RunsModel(table, selection, theme)
        self.count = QLabel()
        self._set_up_view()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 4)
        layout.setSpacing(4)
        for widget in (self.filter, self.view, self.count):
            layout.addWidget(widget)
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
        data = self._table.as_csv()
        return ViewExport("Runs", QSizeF(self.size()), self.model.theme.canvas, table=lambda: data)

    def column_menu(self) -> QMenu:
        """Return a menu that shows and hides columns; the caller deletes it."""
        menu = QMenu(self)
        for column in self._table.all_columns:
            action = QAction(column.heading, menu, checkable=True, checked=self._table.is_shown(column))
            action.toggled.connect(lambda shown, column_id=column.id: self._toggle(column_id, shown))
            menu.addAction(action)
        menu.addSeparator()
        reset = menu.addAction("Standard columns")
        assert reset is not None
        reset.triggered.connect(self._table.reset_columns)
        return menu

    def _set_up_view(self) -> None:
        view = self.view
        view.setModel(self.model)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setAlternatingRowColors(True)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, header = view.verticalHeader(), view.horizontalHeader()
        assert rows is not None and header is not None  # a QTableView has both
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(view.fontMetrics().height() + 8)
        header.setHighlightSections(False)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_column_menu)
        header.sectionResized.connect(self._resized)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        view.setSortingEnabled(True)
        model = view.selectionModel()
        assert model is not None  # the view has its model
        model.selectionChanged.connect(self._selected)
        model.currentRowChanged.connect(self._selected)

    def _toggle(self, column_id: str, shown: bool) -> None:
        ids = {column.id for column in self._table.columns}
        self._table.show_columns(ids | {column_id} if shown else ids - {column_id})

    def _show_column_menu(self, at: QPoint) -> None:
        menu = self.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.mapToGlobal(at))

    def _table_changed(self) -> None:
        shown, total = len(self._table.order), len(self._table.entries)
        text = f"{total:,} runs" if shown == total else f"{shown:,} of {total:,} runs"
        self.count.setText(self._table.filter_problem or text)
        palette = self.count.palette()
        theme = self.model.theme
        palette.setColor(QPalette.ColorRole.WindowText, theme.bad if self._table.filter_problem else theme.faint_text)
        self.count.setPalette(palette)
        self._fit_columns()
        self._follow()

    def _fit_columns(self) -> None:
        """Size the columns when they change or runs are added, until the user has given one a width."""
        ids = [column.id for column in self._table.columns]
        shape = (*ids, len(self._table.entries))
        if self._sized_by_user or shape == self._sized or not len(self._table.order):
            return
        self._sized = shape
        bold = QFont(self.view.font())
        bold.setBold(True)
        metrics = QFontMetrics(bold)
        rows = [self._table.row(row) for row in range(min(SIZED_ROWS, len(self._table.order)))]
        self._following = True
        try:
            for number, column in enumerate(self._table.columns):
                texts = [*column.header.splitlines(), *(column.text(entry) for entry in rows)]
                widest = max(metrics.horizontalAdvance(text) for text in texts)
                self.view.setColumnWidth(number, min(widest + PADDING_PX, MAX_COLUMN_PX))
        finally:
            self._following = False

    def _resized(self) -> None:
        self._sized_by_user = self._sized_by_user or not self._following

    def _selected(self) -> None:
        model = self.view.selectionModel()
        if self._following or model is None:
            return
        keys = self._table.row_keys
        current = model.currentIndex()
        chosen = [keys[row] for row in self._selected_rows()]
        self._selection.set(chosen, keys[current.row()] if current.isValid() else None)

    def _selected_rows(self) -> list[int]:
        model = self.view.selectionModel()
        ranges = model.selection() if model is not None else ()
        return sorted({row for part in ranges for row in range(part.top(), part.bottom() + 1)})

    def _follow(self) -> None:
        """Show the shared selection in the table."""
        model = self.view.selectionModel()
        viewport = self.view.viewport()
        if model is None or viewport is None:
            return
        row_of = self._table.row_of
        rows = sorted(row_of[key] for key in self._selection.keys if key in row_of)
        current = row_of.get(self._selection.current or "")
        self._following = True
        try:
            if current is not None and model.currentIndex().row() != current:
                model.setCurrentIndex(self.model.index(current, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
            if rows != self._selected_rows():
                model.select(self._ranges(rows), QItemSelectionModel.SelectionFlag.ClearAndSelect)
        finally:
            self._following = False
        viewport.update()  # the current run is written bold

    def _ranges(self, rows: list[int]) -> QItemSelection:
        """Return rows as ranges: one range per row would take Qt minutes for a long table."""
        selection = QItemSelection()
        last = max(self.model.columnCount() - 1, 0)
        breaks = [i for i in range(1, len(rows)) if rows[i] != rows[i - 1] + 1]
        for first, end in zip([0, *breaks], [*breaks, len(rows)], strict=True):
            if end > first:
                selection.select(self.model.index(rows[first], 0), self.model.index(rows[end - 1], last))
        return selection
