# SPDX-License-Identifier: Apache-2.0
"""The command palette: type a few letters, run a command."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.commands import CommandRegistry
from gui.views.widgets.screen import resize_within_screen

_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QDialog):
    """Lists the commands that match what is typed; Enter runs the chosen one after the dialog has closed."""

    def __init__(self, registry: CommandRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._registry = registry
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        resize_within_screen(self, QSize(560, 380))
        self.text = QLineEdit(placeholderText="Type to search all commands")
        self.text.setAccessibleName("Search commands")
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setUniformItemSizes(True)
        self.list.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.list)
        self.text.textChanged.connect(self._fill)
        self.text.returnPressed.connect(self._run)
        self.list.itemActivated.connect(self._run)
        self.text.installEventFilter(self)
        self._fill("")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Let the arrow keys move through the list while the text keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _LIST_KEYS:
            self.list.event(event)
            return True
        return super().eventFilter(watched, event)

    def _fill(self, text: str) -> None:
        self.list.clear()
        for command in self._registry.search(text):
            place = command.menu.replace("/", " › ")
            keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            label = f"{place} › {command.title}" if place else command.title
            item = QListWidgetItem(f"{label}    {keys}" if keys else label, self.list)
            item.setData(Qt.ItemDataRole.UserRole, command.id)
            item.setToolTip(command.help)
            if not command.enabled_when():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
        enabled = (row for row in range(self.list.count()) if self._item(row).flags() & Qt.ItemFlag.ItemIsEnabled)
        self.list.setCurrentRow(next(enabled, -1))

    def _item(self, row: int) -> QListWidgetItem:
        item = self.list.item(row)
        assert item is not None  # rows below count() exist
        return item

    def _run(self) -> None:
        item = self.list.currentItem()
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        command_id = item.data(Qt.ItemDataRole.UserRole)
        self.accept()
        self._registry.run(command_id)
