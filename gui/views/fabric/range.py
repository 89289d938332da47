# SPDX-License-Identifier: Apache-2.0
"""The dialog in which the ends of the color range are typed."""

from __future__ import annotations

import math

from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QWidget

from experiments.plain_values import format_number
from gui.state.fabric.view import FabricViewState

WIDE_PX = 380  # so that what it says needs no third line


class RangeDialog(QDialog):
    """Asks for the lowest and the highest value that colors show, and says what is wrong with them."""

    def __init__(self, state: FabricViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setWindowTitle("Color range")
        unit = f", {state.quantity.unit}" if state.quantity.unit else ""
        self.low, self.high = QLineEdit(_typed(state.scale.low)), QLineEdit(_typed(state.scale.high))
        own = state.own_scale
        self.problem = QLabel(f"The values shown suggest {_typed(own.low)} to {_typed(own.high)}.")
        self.problem.setWordWrap(True)
        self.setMinimumWidth(WIDE_PX)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.addRow(QLabel(f"{state.quantity.title}{unit}"))
        form.addRow("Lowest", self.low)
        form.addRow("Highest", self.high)
        form.addRow(self.problem)
        form.addRow(buttons)

    def accept(self) -> None:
        """Use the range if it is one."""
        try:
            low, high = float(self.low.text()), float(self.high.text())
        except ValueError:
            self.problem.setText("Both ends must be numbers, such as 0 and 100.")
            return
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            self.problem.setText("The lowest value must be below the highest.")
            return
        if self._state.scale_log and low <= 0:
            self.problem.setText("A logarithmic range begins above 0.")
            return
        self._state.set_range(low, high)
        super().accept()


def _typed(value: float) -> str:
    """Return a number rounded as beside the color bar, in the form in which one types it."""
    text = format_number(value).replace(",", "").replace("−", "-")
    return text if text.isascii() else f"{value:g}"
