# SPDX-License-Identifier: Apache-2.0
"""A bar that says what could not be done, or what a user should know, until it is closed."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gui.views.widgets.palette import Theme

SHOWN = 4  # lines; the rest is counted


class MessageBar(QWidget):
    """Shows the newest messages; hidden while there are none. Problems have a color of their own."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages: list[str] = []
        self._told: list[str] = []
        self._theme, self._has_problem = theme, False
        self._label = QLabel(wordWrap=True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # a long path must not widen the window
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        close = QToolButton(text="✕", autoRaise=True)
        close.setToolTip("Dismiss")
        close.setAccessibleName("Dismiss")
        close.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.setAutoFillBackground(True)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self._theme = theme
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.box)
        palette.setColor(self.foregroundRole(), theme.bad if self._has_problem else theme.text)
        self.setPalette(palette)

    def tell(self, message: str) -> None:
        """Show something that is no problem."""
        self._told.append(message)
        self._show(message)

    def forget_told(self) -> None:
        """Take away what is no problem."""
        self.messages = [each for each in self.messages if each not in self._told]
        self._told.clear()
        self._show()

    def add(self, *messages: str) -> None:
        """Show problems below the messages that are there."""
        self._has_problem = self._has_problem or bool(messages)
        self._show(*messages)

    def _show(self, *messages: str) -> None:
        self.messages += messages
        self.set_theme(self._theme)
        lines = self.messages[-SHOWN:]
        if len(self.messages) > SHOWN:
            lines.insert(0, f"{len(self.messages)} messages, the last ones:")
        self._label.setText("\n".join(lines))
        self._label.setToolTip("\n".join(self.messages[-40:]))
        self.setVisible(bool(self.messages))

    def clear(self) -> None:
        """Forget all messages and hide."""
        self.messages.clear()
        self._told.clear()
        self._has_problem = False
        self.hide()
