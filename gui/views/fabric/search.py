# SPDX-License-Identifier: Apache-2.0
"""The line above the fabric in which nodes are searched by name."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from gui.state.fabric.search import find_nodes
from gui.state.fabric.view import FabricViewState

HINT = "Name of a node, how it begins, or a regular expression; Enter goes to the next, Esc closes"


class SearchBar(QWidget):
    """Marks the nodes that the text finds, and looks at them one after the other."""

    def __init__(self, state: FabricViewState) -> None:
        super().__init__()
        self._state = state
        self._at = 0
        self.text = QLineEdit()
        self.text.setPlaceholderText(HINT)
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName("Search nodes")
        self.text.textChanged.connect(self._search)
        self.text.returnPressed.connect(self._next)
        self.text.installEventFilter(self)
        self.count = QLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.count)
        self.hide()

    def open(self) -> None:
        """Show the line and put the cursor into it."""
        self.show()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()
        if self.text.text():
            self._search(self.text.text())

    def close_bar(self) -> None:
        """Hide the line and take the marks away."""
        self.hide()
        self._state.set_found((), center=False)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Close on Esc."""
        pressed = watched is self.text and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.key() == Qt.Key.Key_Escape:
            self.close_bar()
            return True
        return super().eventFilter(watched, event)

    def _search(self, text: str) -> None:
        scene = self._state.scene
        if scene is None:
            return
        found, problem = find_nodes(scene, text)
        self._at = 0
        self._state.set_found(found)
        self.count.setText(problem or (self._position() if found else ""))

    def _next(self) -> None:
        found = self._state.found
        if found:
            self._state.set_found((*found[1:], found[0]))
            self._at = (self._at + 1) % len(found)
            self.count.setText(self._position())

    def _position(self) -> str:
        found, scene = self._state.found, self._state.scene
        name = scene.node_names[found[0]] if scene is not None else ""
        return f"{self._at + 1:,} of {len(found):,}: {name}"
