# SPDX-License-Identifier: Apache-2.0
"""A list whose columns are as wide as their texts and share what room is left; numbers and their heads stand right."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
PAD_PX, LEADING_PX = 12, 6  # between the texts of two columns, and between two lines


class WideTree(QTreeWidget):
    """A tree of texts.

    Parameters
    ----------
    headings, numbers
        Of the columns, and which of them hold numbers.
    name
        What it is called for those who hear the window.
    """

    def __init__(self, headings: Sequence[str], numbers: frozenset[int], name: str) -> None:
        super().__init__()
        self._numbers = numbers
        self._needed: list[int] = []  # width of each column
        # a heading at the right stands off the edge of its column
        head = QTreeWidgetItem([f"{h}\N{NO-BREAK SPACE}" if i in numbers else h for i, h in enumerate(headings)])
        for column in range(len(headings)):
            head.setTextAlignment(column, RIGHT if column in numbers else LEFT)
        self.setHeaderItem(head)
        self.setUniformRowHeights(True)
        self.setAccessibleName(name)
        header = self.header()
        if header is not None:
            header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
            header.setStretchLastSection(False)

    def row(self, cells: Sequence[str], hints: Sequence[str] = ()) -> QTreeWidgetItem:
        """Return a row of texts, numbers at the right; `hints` are shown when the pointer rests on a cell."""
        item = QTreeWidgetItem(list(cells))
        for column in self._numbers:
            item.setTextAlignment(column, RIGHT)
        for column, hint in enumerate(hints):
            if hint:
                item.setToolTip(column, hint)
        # Qt leaves no room between lines; a width has to be told with the height
        metrics, last = self.fontMetrics(), len(cells) - 1
        item.setSizeHint(last, QSize(metrics.horizontalAdvance(cells[last]) + PAD_PX, metrics.height() + LEADING_PX))
        return item

    def fit_columns(self) -> None:
        """Make every column as wide as its texts and give each a share of the room that is left."""
        if (header := self.header()) is not None:
            columns = range(self.columnCount())
            self._needed = [max(self.sizeHintForColumn(i), header.sectionSizeHint(i)) + PAD_PX for i in columns]
            self._share_room()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the room anew."""
        super().resizeEvent(event)
        if self._needed:
            self._share_room()
        else:
            self.fit_columns()

    def _share_room(self) -> None:
        header, port, count = self.header(), self.viewport(), len(self._needed)
        if header is None or port is None:
            return
        spare = max(port.width() - sum(self._needed), 0)
        for column, width in enumerate(self._needed):
            # the shares add up to all that is left, to the pixel
            header.resizeSection(column, width + spare * (column + 1) // count - spare * column // count)
