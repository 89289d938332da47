# SPDX-License-Identifier: Apache-2.0
"""The box that the filter of the runs is typed into: it offers what the last term may become."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QModelIndex, QObject, Qt
from PyQt6.QtGui import QKeyEvent, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import QCompleter, QLineEdit, QWidget

from gui.state.runs.completing import Completion, completions, last_term
from gui.state.runs.table import RunsTable
from gui.views.widgets.search_line import SearchLine

HINT = "Filter: words, topology:torus, network_kw<500, -verdict:infeasible"
_TERM = Qt.ItemDataRole.UserRole


class _TermCompleter(QCompleter):
    """Completes the last term of a text and leaves what stands before it; its model holds what fits and no more."""

    def splitPath(self, _path: str | None) -> list[str]:
        """Return nothing to compare with."""
        return [""]

    def pathFromIndex(self, index: QModelIndex) -> str:
        """Return the whole text with its last term completed."""
        box = self.widget()
        before = last_term(box.text())[0] if isinstance(box, QLineEdit) else ""
        return before + str(index.data(_TERM))


class FilterBox(SearchLine):
    """A line for the filter; Esc closes what it offers, then clears it."""

    def __init__(self, table: RunsTable, parent: QWidget | None = None) -> None:
        super().__init__("Filter runs", HINT, parent)
        self._table = table
        self._found = QStandardItemModel(self)
        completer = _TermCompleter(self._found, self)
        completer.setMaxVisibleItems(12)
        self.setCompleter(completer)
        if (popup := completer.popup()) is not None:
            popup.installEventFilter(self)
        self.textEdited.connect(self._offer)  # which is told before the completer looks

    @property
    def offered(self) -> list[str]:
        """The terms that are offered now."""
        return [str(self._found.item(row).data(_TERM)) for row in range(self._found.rowCount())]  # type: ignore[union-attr]

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let Esc close what is offered, whoever else has it as a shortcut."""
        is_esc = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event is not None and is_esc and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _offer(self, text: str) -> None:
        found: list[Completion] = []
        if self.cursorPosition() == len(text):
            term = last_term(text)[1]
            found = completions(term, self._table.all_columns, self._table.view.frame)
            found = [] if [each.term for each in found] == [term] else found
        self._found.clear()
        for each in found:
            item = QStandardItem(each.label)
            item.setData(each.term, _TERM)
            self._found.appendRow(item)
