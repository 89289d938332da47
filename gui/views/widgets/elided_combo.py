# SPDX-License-Identifier: Apache-2.0
"""A box to choose from that says by an ellipsis that there is more of its text than it has room for."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

_MARGIN_PX = 4  # what the style keeps free around the text


class ElidedCombo(QComboBox):
    """Qt's own would cut its text within a letter."""

    def shown_text(self) -> str:
        """Return what there is room for."""
        option, style = QStyleOptionComboBox(), self.style()
        self.initStyleOption(option)
        assert style is not None  # every widget has one
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = style.subControlRect(control, option, part, self).width() - _MARGIN_PX
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the box with what there is room for."""
        del event  # all of it is drawn at once
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.shown_text()
        painter = QStylePainter(self)
        try:
            painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        finally:
            painter.end()
