# SPDX-License-Identifier: Apache-2.0
"""A line that something is searched with, in a panel: Esc clears it, as it closes a search of its own elsewhere."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QWidget


class SearchLine(QLineEdit):
    """A line with a button that clears it; Esc does so too, before it is anybody else's shortcut."""

    def __init__(self, name: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setClearButtonEnabled(True)
        self.setPlaceholderText(hint)
        self.setAccessibleName(name)

    def event(self, event: QEvent | None) -> bool:
        """Claim Esc while there is something to clear, and nothing offered that is to be closed first."""
        is_esc = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        completer = self.completer()
        popup = completer.popup() if completer is not None else None
        is_offering = popup is not None and popup.isVisible()
        if event is not None and is_esc and self.text() and not is_offering:
            if event.type() == QEvent.Type.KeyPress:
                self.clear()
            event.accept()
            return True
        return super().event(event)
