# SPDX-License-Identifier: Apache-2.0
"""The table of what differs between the selected runs, and of what one of them holds."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt6.QtGui import QFont, QFontMetrics, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from experiments.difference import Line
from gui.jobs import Submit
from gui.state.charts.comparison import (
    SELECT_ONE_OR_MORE,
    Comparison,
    cell_text,
    compared,
    part_title,
    range_text,
    source_text,
)
from gui.state.charts.kinds import Inputs
from gui.state.hints import nothing_shown
from gui.state.runs.columns import fitted
from gui.state.runs.entry import one_line
from gui.state.runs.selection import Selection
from gui.state.runs.table import RunsTable
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme, set_text_color
from gui.views.widgets.search_line import SearchLine
from gui.views.widgets.table_picture import MOST_ROWS, TextTable, table_export
from optinet.errors import OptinetError

_Role = Qt.ItemDataRole
_FIXED = 2  # columns before those of the runs
_MOST_PX = (170, 260)  # of the columns of parts and of what differs
ROOM_PX = 24  # beside the text of a cell or heading
_RUN_PX = 320  # at most, of each run
_ALONE_PX = 420  # of one that stands alone
_LEAST_PX = (84, 150)  # of the first two columns, where the runs find no room otherwise
_LEAST_RUN_PX = 132  # of the text of a run or of a source there
_LONG = 16  # characters of a name that is written in two lines


class ComparisonModel(QAbstractTableModel):
    """Gives Qt the lines of a `Comparison`; the first line of each part names it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.comparison, self._lines = Comparison(), ()
        self._bold = QFont()
        self._bold.setBold(True)

    def show(self, comparison: Comparison, text: str) -> None:
        """Take another table, or another filter of it."""
        self.beginResetModel()
        self.comparison, self._lines = comparison, comparison.only(text)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of lines."""
        return 0 if parent is not None and parent.isValid() else len(self._lines)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return the number of runs, and three."""
        return 0 if parent is not None and parent.isValid() else _FIXED + len(self.comparison.names) + 1

    def data(self, index: QModelIndex, role: int = _Role.DisplayRole) -> Any:
        """Return one aspect of a cell."""
        line, column = self._lines[index.row()], index.column()
        if role in (_Role.DisplayRole, _Role.ToolTipRole):
            if column == 0:
                before = self._lines[index.row() - 1].part if index.row() else ""
                return part_title(line.part) if line.part != before or role == _Role.ToolTipRole else None
            if column == 1:
                return f"{line.name}, {line.unit}" if line.unit else line.name
            if column == self.columnCount() - 1:
                return source_text(line) if role == _Role.DisplayRole else self.comparison.sources(line)
            note = range_text(line, column - _FIXED) if role == _Role.ToolTipRole else ""
            return "\n".join(filter(None, (cell_text(line, column - _FIXED), note)))
        if role == _Role.FontRole and column == 0:
            return self._bold
        of_run = _FIXED <= column < self.columnCount() - 1
        if role == _Role.TextAlignmentRole and of_run and _is_number(line):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == _Role.ForegroundRole and of_run:
            same = column > _FIXED and line.values[column - _FIXED] == line.values[0]
            return self.theme.faint_text if same else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> Any:
        """Return the names of the runs."""
        if orientation == Qt.Orientation.Vertical or role not in (_Role.DisplayRole, _Role.ToolTipRole):
            return None
        names = ("Part", self.comparison.heading, *map(_in_two_lines, self.comparison.names), "Source")
        return names[section] if section < len(names) else None


def _in_two_lines(name: str) -> str:
    """Break a long name at the blank nearest to its middle."""
    blanks = [at for at, character in enumerate(name) if character == " "]
    if len(name) <= _LONG or not blanks:
        return name
    at = min(blanks, key=lambda blank: abs(2 * blank - len(name)))
    return f"{name[:at]}\n{name[at + 1 :]}"


def _is_number(line: Line) -> bool:
    return any(isinstance(value, int | float) and not isinstance(value, bool) for value in line.values)


class ComparisonView(QWidget):
    """Follows the selection while it can be seen."""

    def __init__(self, table: RunsTable, selection: Selection, submit: Submit, theme: Theme) -> None:
        super().__init__()
        self._table, self._selection, self._submit = table, selection, submit
        self._shown_keys: tuple[str, ...] | None = None
        self._request = 0
        self._wanted: list[int] = []  # widths of the columns, those that they can do with, and those they have
        self._least: list[int] = []
        self._spread: list[int] = []
        self.filter = SearchLine("Search what differs or is held", "Search: metrics, latency, cost, tier 2, topology …")
        self.model = ComparisonModel(theme)
        self.view = QTableView()
        self.message = QLabel(nothing_shown(table.total, SELECT_ONE_OR_MORE), wordWrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._set_up_view()
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.filter)
        inside.addWidget(self.view, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(content)
        self.stack.addWidget(self.message)
        self.stack.setCurrentIndex(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.stack)
        self.filter.textChanged.connect(lambda text: self.model.show(self.model.comparison, text))
        table.changed.connect(self._show_message)
        selection.changed.connect(self.refresh)
        self.set_theme(theme)

    def _set_up_view(self) -> None:
        self.view.setModel(self.model)
        self.view.setAccessibleName("What differs")
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setAlternatingRowColors(True)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names and keys differ at their ends
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, header = self.view.verticalHeader(), self.view.horizontalHeader()
        assert rows is not None and header is not None  # a QTableView has both
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.view.fontMetrics().height() + 6)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setTextElideMode(Qt.TextElideMode.ElideNone)  # it would make one line of two
        header.setHighlightSections(False)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.model.theme = theme
        set_text_color(self.message, theme.faint_text)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Bring the table up to date, which it is not while nobody sees it."""
        super().showEvent(event)
        self.refresh()

    def export(self) -> ViewExport | None:
        """Return the table."""
        comparison = self.model.comparison
        if not comparison.lines:
            return None
        columns = range(self.model.columnCount())
        rows = [
            [str(self.model.data(self.model.index(row, column)) or "") for column in columns]
            for row in range(min(self.model.rowCount(), MOST_ROWS))
        ]
        heads = ["Part", comparison.heading, *comparison.names, "Source"]
        table = TextTable(comparison.heading, heads, rows, n_rows=self.model.rowCount())
        return table_export(table, self.model.theme, self.view.font(), comparison.as_csv)

    def refresh(self) -> None:
        """Compare what is selected now."""
        keys = self._selection.keys
        if not self.isVisible() or keys == self._shown_keys:
            return
        self._shown_keys = keys
        self._request += 1
        request, view = self._request, self._table.view
        inputs = Inputs(view.frame, view.order, keys, self._selection.current)

        def work() -> Comparison | None:
            if request != self._request:
                return None
            try:
                return compared(inputs)
            except (OptinetError, OSError) as error:
                return Comparison(message=one_line(error))

        self._submit("Comparing runs …", work, self._arrived)

    def _arrived(self, comparison: Comparison | None) -> None:
        if comparison is None:
            return
        self.model.show(comparison, self.filter.text())
        self._show_message()
        self.stack.setCurrentIndex(0 if comparison.lines else 1)
        self._fit_columns()

    def _show_message(self) -> None:
        self.message.setText(nothing_shown(self._table.total, self.model.comparison.message or SELECT_ONE_OR_MORE))

    def _fit_columns(self) -> None:
        """Find what every column needs for its texts, and what it can do with where the runs find no room otherwise."""
        metrics = QFontMetrics(self.view.font())
        self._wanted, self._least = [], []
        of_run = _RUN_PX if len(self.model.comparison.names) > 1 else _ALONE_PX
        for column in range(self.model.columnCount()):
            texts = (str(self.model.data(self.model.index(r, column)) or "") for r in range(self.model.rowCount()))
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            heads = str(self.model.headerData(column, Qt.Orientation.Horizontal)).split("\n")
            head = max(map(metrics.horizontalAdvance, heads)) + ROOM_PX
            most = _MOST_PX[column] if column < _FIXED else of_run
            least = _LEAST_PX[column] if column < _FIXED else max(_LEAST_RUN_PX, head)
            self._wanted.append(min(max(widest + ROOM_PX, head), most))
            self._least.append(min(self._wanted[-1], least))
        self._spread_columns()

    def _spread_columns(self) -> None:
        viewport = self.view.viewport()
        if viewport is None:
            return
        self._spread = fitted(self._wanted, self._least, viewport.width())
        for column, width in enumerate(self._spread):
            self.view.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the room there is now, unless the user has given a column another width."""
        super().resizeEvent(event)
        if [self.view.columnWidth(column) for column in range(self.model.columnCount())] == self._spread:
            self._spread_columns()
