# SPDX-License-Identifier: Apache-2.0
"""The command palette: type a few letters, run a command."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QKeySequence, QPainter, QPalette
from PyQt6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.commands import CommandRegistry
from gui.views.widgets.screen import resize_within_screen

_KEYS = Qt.ItemDataRole.UserRole + 1
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROWS = 20  # of the list that are seen, none of them cut
_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class _KeysDelegate(QStyledItemDelegate):
    """Writes the shortcut of a command at the right edge of its row."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint the row as any other, and the shortcut over it."""
        super().paint(painter, option, index)
        if painter is not None and (keys := index.data(_KEYS)):
            state, role = option.state, QPalette.ColorRole
            enabled = (
                QPalette.ColorGroup.Active if state & QStyle.StateFlag.State_Enabled else QPalette.ColorGroup.Disabled
            )
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.save()
            painter.setPen(option.palette.color(enabled, role.HighlightedText if chosen else role.PlaceholderText))
            painter.drawText(option.rect.adjusted(0, 0, -8, 0), int(_RIGHT), keys)
            painter.restore()


class CommandPalette(QDialog):
    """Lists the commands that match what is typed; Enter runs the chosen one after the dialog has closed."""

    def __init__(self, registry: CommandRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._registry = registry
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QLineEdit(placeholderText="Type to search all commands")
        self.text.setAccessibleName("Search commands")
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setUniformItemSizes(True)
        self.list.setSpacing(1)
        self.list.setItemDelegate(_KeysDelegate(self.list))
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.list)
        self.text.textChanged.connect(self._fill)
        self.text.returnPressed.connect(self._run)
        self.list.itemActivated.connect(self._run)
        self.text.installEventFilter(self)
        self._fill("")
        row_px = self.list.sizeHintForRow(0) + 2 * self.list.spacing()
        self.list.setMinimumHeight(_ROWS * row_px + 2 * self.list.frameWidth())
        resize_within_screen(self, QSize(560, self.sizeHint().height()))

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
            item = QListWidgetItem(label, self.list)
            item.setData(Qt.ItemDataRole.UserRole, command.id)
            item.setData(_KEYS, keys)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{label} {keys}".strip())
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
