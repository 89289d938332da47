# SPDX-License-Identifier: Apache-2.0
"""A table of texts as a view that can be written into files: painted whole, however little of it a window shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QFont, QFontInfo, QFontMetricsF, QPainter, QPen

from gui.state.csv_text import csv_text
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme

MOST_ROWS = 200  # painted; the data as CSV hold all
MOST_CELL_PX, GAP_PX, MARGIN_PX = 640.0, 18.0, 14.0
ROW_LEADING = 1.35


@dataclass(frozen=True)
class TextTable:
    """A table for people.

    Parameters
    ----------
    title
        What it shows.
    headings
        Of the columns; a heading may have several lines.
    rows
        Texts; of a long table only the first `MOST_ROWS` are needed.
    numeric
        Columns that are aligned right.
    notes
        Lines below the table.
    n_rows
        How many rows there are in all; those of `rows` where it is 0.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()
    notes: Sequence[str] = ()
    n_rows: int = 0


def table_export(table: TextTable, theme: Theme, font: QFont, data: Callable[[], str] | None = None) -> ViewExport:
    """Return a table as something that can be written into files.

    Parameters
    ----------
    table, theme, font
        What is painted, and how.
    data
        Returns it as comma-separated text; by default the texts of the table.
    """
    picture = _TablePicture(table, theme, font)
    own = data or (lambda: csv_text(table.headings, table.rows))
    return ViewExport(table.title, picture.size, theme.canvas, picture.paint, own)


class _TablePicture:
    """Where everything stands, worked out once; painting needs no widget."""

    def __init__(self, table: TextTable, theme: Theme, font: QFont) -> None:
        self._table, self._theme = table, theme
        self._plain, self._bold = QFont(font), QFont(font)
        for each in (self._plain, self._bold):
            each.setPixelSize(QFontInfo(font).pixelSize())  # points would be enlarged by the dots of paper once more
        self._bold.setBold(True)
        self._rows = [[cell.replace("\n", " ") for cell in row] for row in table.rows[:MOST_ROWS]]
        self._heads = [heading.split("\n") for heading in table.headings]
        left_out = (table.n_rows or len(table.rows)) - len(self._rows)
        self._notes = [*([f"and {left_out:,} more rows, which the data as CSV hold"] if left_out else []), *table.notes]
        plain, bold = QFontMetricsF(self._plain), QFontMetricsF(self._bold)
        self._line = bold.height()
        self._widths = [
            min(
                max(
                    *(bold.horizontalAdvance(line) for line in head),
                    *(plain.horizontalAdvance(row[column]) for row in self._rows),
                    0.0,
                )
                + 1.0,
                MOST_CELL_PX,
            )
            for column, head in enumerate(self._heads)
        ]
        below = max((plain.horizontalAdvance(note) for note in self._notes), default=0.0)
        width = max(sum(self._widths) + GAP_PX * (len(self._widths) - 1), below, bold.horizontalAdvance(table.title))
        n_head = max(map(len, self._heads), default=0)
        self._head_height = self._line * n_head
        n_lines = len(self._rows) + len(self._notes)
        height = self._line * (1.8 + n_head + 0.4 + 0.6 * bool(self._notes) + ROW_LEADING * n_lines)
        self.size = QSizeF(width + 2 * MARGIN_PX, height + 2 * MARGIN_PX)

    def paint(self, painter: QPainter) -> None:
        """Paint the table; on any thread."""
        theme, line = self._theme, self._line
        right = self.size.width() - MARGIN_PX
        painter.setFont(self._bold)
        painter.setPen(theme.text)
        top = MARGIN_PX
        self._write(painter, QRectF(MARGIN_PX, top, right - MARGIN_PX, line), self._table.title)
        top += 1.8 * line
        for column, box in self._cells(top, self._head_height):
            lines = self._heads[column]
            for number, text in enumerate(lines, -len(lines)):
                place = QRectF(box.left(), box.bottom() + number * line, box.width(), line)
                self._write(painter, place, text, column)
        top += self._head_height + 0.2 * line
        painter.setPen(QPen(theme.rule, 1))
        painter.drawLine(QPointF(MARGIN_PX, top), QPointF(right, top))
        top += 0.2 * line
        painter.setFont(self._plain)
        painter.setPen(theme.text)
        for row in self._rows:
            for column, box in self._cells(top, ROW_LEADING * line):
                self._write(painter, box, row[column], column)
            top += ROW_LEADING * line
        painter.setPen(theme.faint_text)
        top += 0.6 * line
        for note in self._notes:
            self._write(painter, QRectF(MARGIN_PX, top, right - MARGIN_PX, ROW_LEADING * line), note)
            top += ROW_LEADING * line

    def _cells(self, top: float, height: float) -> list[tuple[int, QRectF]]:
        left, found = MARGIN_PX, []
        for column, width in enumerate(self._widths):
            found.append((column, QRectF(left, top, width, height)))
            left += width + GAP_PX
        return found

    def _write(self, painter: QPainter, box: QRectF, text: str, column: int = -1) -> None:
        side = Qt.AlignmentFlag.AlignRight if column in self._table.numeric else Qt.AlignmentFlag.AlignLeft
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 0.5)
        painter.drawText(box, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)
