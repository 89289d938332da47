# SPDX-License-Identifier: Apache-2.0
"""Dialogs of the runs table: every column there is, and the words of the filter."""

from __future__ import annotations

from PyQt6 import sip
from PyQt6.QtCore import QSignalBlocker, QSize, Qt
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

from gui.state.runs.table import RunsTable
from gui.views.widgets.screen import resize_within_screen

FILTER_HELP = """\
<style>td { vertical-align: middle; padding-right: 12px }</style>
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
        for column in table.all_columns:
            item = QListWidgetItem(column.heading)
            item.setData(Qt.ItemDataRole.UserRole, column.id)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Checked if table.is_shown(column) else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.about = QLabel(wordWrap=True)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.about.setMinimumHeight(4 * self.fontMetrics().height())
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.text, self.list, self.about, buttons):
            layout.addWidget(widget)
        self.text.textChanged.connect(self._search)
        self.list.currentItemChanged.connect(self._show_help)
        self.list.setCurrentRow(0)
        self._take_meanings()
        table.ask_meanings(self._take_meanings)
        self.list.itemChanged.connect(self._choose)
        resize_within_screen(self, QSize(460, 620))

    def _items(self) -> list[QListWidgetItem]:
        found = (self.list.item(row) for row in range(self.list.count()))
        return [item for item in found if item is not None]

    def _take_meanings(self) -> None:
        """Say of each column what it means, which may come when the dialog has been closed."""
        if sip.isdeleted(self):
            return
        helps = {column.id: self._table.help_of(column) for column in self._table.all_columns}
        with QSignalBlocker(self.list):
            for item in self._items():
                item.setToolTip(helps.get(item.data(Qt.ItemDataRole.UserRole), ""))
        self._show_help()

    def _show_help(self) -> None:
        item = self.list.currentItem()
        self.about.setText(f"{item.text()}\n{item.toolTip()}" if item is not None and not item.isHidden() else "")

    def _search(self, text: str) -> None:
        """Show the columns whose title, name or meaning has all words."""
        words = text.lower().split()
        for item in self._items():
            name = f"{item.text()} {item.toolTip()}".lower()
            item.setHidden(not all(word in name for word in words))
        self.list.setCurrentItem(next((item for item in self._items() if not item.isHidden()), None))
        self._show_help()

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
