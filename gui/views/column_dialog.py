# SPDX-License-Identifier: Apache-2.0
"""Dialogs of the runs table: every column there is, and the words of the filter."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from gui.state.runs_table import RunsTable
from gui.views.palette import show_boxes
from gui.views.screen import resize_within_screen

FILTER_HELP = """\
<style>td { vertical-align: middle }</style>
<p>Terms are separated by blanks, and all must hold. Case makes no difference.</p>
<table cellspacing="4">
<tr><td><code>word</code></td><td>anywhere in the texts of a run</td></tr>
<tr><td><code>topology:torus</code></td><td>in one text; <code>tag:</code> alone finds the runs that have one</td></tr>
<tr><td><code>workload=uniform</code></td><td>that text and nothing else</td></tr>
<tr><td><code>network_kw&lt;500</code></td><td>a metric; also &lt;= &gt; &gt;= =</td></tr>
<tr><td><code>topology.leaves&gt;=16</code></td><td>a key of the scenario</td></tr>
<tr><td><code>star:yes</code></td><td>the runs with a star</td></tr>
<tr><td><code>-verdict:infeasible</code></td><td>a minus in front turns a term around</td></tr>
<tr><td><code>"pod a"</code></td><td>a term with blanks</td></tr>
</table>"""


class ColumnDialog(QDialog):
    """Shows and hides columns, with a box to search them; each click acts at once."""

    def __init__(self, table: RunsTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Columns")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._table = table
        self.text = QLineEdit(clearButtonEnabled=True)
        self.text.setPlaceholderText("Search columns")
        self.text.setAccessibleName("Search columns")
        self.list = QListWidget()
        self.list.setAccessibleName("Columns")
        show_boxes(self.list)
        for column in table.all_columns:
            item = QListWidgetItem(column.heading)
            item.setData(Qt.ItemDataRole.UserRole, column.id)
            item.setToolTip(column.id)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Checked if table.is_shown(column) else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.text, self.list, buttons):
            layout.addWidget(widget)
        self.text.textChanged.connect(self._search)
        self.list.itemChanged.connect(self._choose)
        resize_within_screen(self, QSize(420, 560))

    def _items(self) -> list[QListWidgetItem]:
        found = (self.list.item(row) for row in range(self.list.count()))
        return [item for item in found if item is not None]

    def _search(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            name = f"{item.text()} {item.data(Qt.ItemDataRole.UserRole)}".lower()
            item.setHidden(not all(word in name for word in words))

    def _choose(self) -> None:
        checked = (item for item in self._items() if item.checkState() == Qt.CheckState.Checked)
        self._table.show_columns(item.data(Qt.ItemDataRole.UserRole) for item in checked)


class FilterHelp(QDialog):
    """The filter language with every name that the open runs have."""

    def __init__(self, table: RunsTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Filter")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        help_ = QLabel(FILTER_HELP, wordWrap=True)
        help_.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        numbers = sorted(c.id for c in table.all_columns if c.numeric)
        texts = sorted(c.id for c in table.all_columns if not c.numeric)
        names = QPlainTextEdit(f"Texts: {', '.join(texts)}\n\nNumbers: {', '.join(numbers)}", readOnly=True)
        names.setAccessibleName("Names in the open runs")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (help_, QLabel("Names in the open runs:"), names, buttons):
            layout.addWidget(widget)
        resize_within_screen(self, QSize(560, 520))
