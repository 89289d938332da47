# SPDX-License-Identifier: Apache-2.0
"""A line of text that is shortened where there is no room for it; pointing at it shows it whole."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel


class ShortenedLabel(QLabel):
    """Takes whatever width there is."""

    def minimumSizeHint(self) -> QSize:
        """Return the size of a few letters."""
        return QSize(40, super().minimumSizeHint().height())

    def setText(self, text: str | None) -> None:
        """Show another text."""
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Write what fits."""
        del event  # all of the line is written at once
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter = QPainter(self)
        try:
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        finally:
            painter.end()
