# SPDX-License-Identifier: Apache-2.0
"""The panel of traced paths: every path with its hops, their latency, loss, margin and load."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QLabel, QTreeWidgetItem, QVBoxLayout, QWidget

from gui.state.fabric.paths import COLUMNS, Trace
from gui.state.fabric.view import FabricViewState
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme
from gui.views.widgets.table_picture import TextTable, table_export
from gui.views.widgets.wide_tree import WideTree

HINT = "Click two hosts or chips in the fabric to see the paths between them."
ONE_MORE = "From {}: click another host or chip to see the paths to it."
ROOM_PX = 6  # between lines
_NUMBERS = frozenset(range(2, len(COLUMNS)))
_PATH = Qt.ItemDataRole.UserRole


class PathsPanel(QWidget):
    """Shows the trace of a fabric view; the path that is selected here is shown alone there."""

    def __init__(self, state: FabricViewState, theme: Theme) -> None:
        super().__init__()
        self._state, self._theme = state, theme
        self._shown: Trace | None = None
        self.title = QLabel(HINT)
        self.title.setWordWrap(True)
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.tree = WideTree(COLUMNS, _NUMBERS, "Traced paths")
        self.tree.currentItemChanged.connect(self._selected)
        self.tree.itemExpanded.connect(self._expanded)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.tree, 1)
        state.changed.connect(self._update)
        self._update()

    def sizeHint(self) -> QSize:
        """Return the size the panel would like to have."""
        return QSize(560, 260)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors; those on the screen are of the palette."""
        self._theme = theme

    def export(self) -> ViewExport | None:
        """Return every traced path with its hops."""
        trace = self._state.trace
        if trace is None or not trace.paths:
            return None
        numbers = frozenset(column + 1 for column in _NUMBERS)
        table = TextTable(trace.title, ("Path", *COLUMNS), trace.rows(), numbers, [trace.note] if trace.note else [])
        return table_export(table, self._theme, self.tree.font(), trace.as_csv)

    def copy(self) -> None:
        """Put all paths on the clipboard, as a table."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self._state.trace is not None:
            clipboard.setText(self._state.trace.text())

    def _update(self) -> None:
        state, trace = self._state, self._state.trace
        if trace is None:
            names = [state.scene.node_names[node] for node in state.chosen] if state.scene is not None else []
            hint = HINT if state.scene is not None else state.message
            self.title.setText(ONE_MORE.format(names[0]) if len(names) == 1 else hint)
        if trace is self._shown:
            return
        self._shown = trace
        self.tree.blockSignals(True)
        self.tree.clear()
        if trace is not None:
            self.title.setText(". ".join(part for part in (trace.title, trace.note, trace.problem) if part))
            self._fill(trace)
        self.tree.blockSignals(False)

    def _fill(self, trace: Trace) -> None:
        """List the paths; the hops of one are written when it is expanded, for together they may be a thousand."""
        for index, path in enumerate(trace.paths):
            head = QTreeWidgetItem([f"Path {index + 1}: {path.heading()}"])
            head.setData(0, _PATH, index)
            head.setSizeHint(0, QSize(0, self.tree.fontMetrics().height() + ROOM_PX))
            head.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.tree.addTopLevelItem(head)
            head.setFirstColumnSpanned(True)
        if (first := self.tree.topLevelItem(0)) is not None:
            self._expanded(first)
            first.setExpanded(True)
            self.tree.fit_columns()  # hops that are not seen are not measured

    def _expanded(self, head: QTreeWidgetItem) -> None:
        if self._shown is None or head.childCount():
            return
        index = head.data(0, _PATH)
        for hop in self._shown.paths[index].hops:
            row = self.tree.row(hop.cells(), hop.hints())
            row.setData(0, _PATH, index)
            head.addChild(row)
        self.tree.fit_columns()

    def _selected(self, item: QTreeWidgetItem | None) -> None:
        if self._shown is not None and item is not None:
            self._state.set_trace(self._shown, item.data(0, _PATH))
