# SPDX-License-Identifier: Apache-2.0
"""Views as files and on the clipboard: one export serves PNG, SVG, PDF and the data as CSV.

A view takes an export of itself on the GUI thread, which is quick; writing it may then happen on any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import QBuffer, QIODevice, QMarginsF, QRect, QRectF, QSizeF, Qt
from PyQt6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPicture,
)
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QWidget

from gui.views.widgets.palette import Theme
from optinet.errors import OptinetError, Problem

PICTURE_KINDS = (".png", ".svg", ".pdf")
KINDS = (*PICTURE_KINDS, ".csv")
PNG_DOTS_PER_PX = 300 / 96  # 300 dots per inch of the 96 logical pixels that a view has on an inch
CLIPBOARD_DOTS_PER_PX = 2.0
DPI = 96  # logical pixels per inch


class View(Protocol):
    """What every view of the window can do."""

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""

    def export(self) -> ViewExport | None:
        """Return what is shown now; None if there is nothing."""


@dataclass(frozen=True)
class ViewExport:
    """A view as it was at one moment.

    Parameters
    ----------
    title
        What is shown, with its run; kept in the file.
    size
        Of the view in logical pixels.
    background
        Color of the ground.
    paint
        Paints it at that size; called on any thread, once per file.
    table
        Returns the data as comma-separated text with units in the header; called on any thread.
    """

    title: str
    size: QSizeF
    background: QColor
    paint: Callable[[QPainter], object]
    table: Callable[[], str]

    def image(self, dots_per_px: float = CLIPBOARD_DOTS_PER_PX) -> QImage:
        """Return it as an image."""
        image = QImage((self.size * dots_per_px).toSize(), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(dots_per_px)
        image.setText("Title", self.title)
        image.fill(self.background)
        painter = QPainter(image)
        self.paint(painter)
        painter.end()
        # only now: a painter would take it for the size of fonts, which the ratio above has enlarged already
        image.setDotsPerMeterX(round(DPI * dots_per_px / 0.0254))
        image.setDotsPerMeterY(round(DPI * dots_per_px / 0.0254))
        return image

    def write(self, path: Path) -> None:
        """Write a PNG, SVG, PDF or CSV file, by the ending of its name.

        Raises
        ------
        OptinetError
            If the name ends in anything else.
        OSError
            If the file cannot be written.
        """
        kind = path.suffix.lower()
        makers = {".png": self._png, ".svg": self._svg, ".pdf": self._pdf, ".csv": lambda: self.table().encode()}
        if kind not in makers:
            raise OptinetError(Problem(str(path), f"a view cannot be written as '{kind}'", ", ".join(KINDS)))
        data = makers[kind]()
        path.write_bytes(data)  # by Python, whose errors say why a file cannot be written

    def _png(self) -> bytes:
        buffer = _open_buffer()
        self.image(PNG_DOTS_PER_PX).save(buffer, "PNG")
        return bytes(buffer.data().data())

    def _svg(self) -> bytes:
        buffer = _open_buffer()
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(self.size.toSize())
        generator.setViewBox(self._ground)
        generator.setResolution(DPI)
        generator.setTitle(self.title)
        painter = QPainter(generator)
        painter.fillRect(self._ground, self.background)
        self.paint(painter)
        painter.end()
        return bytes(buffer.data().data())

    def _pdf(self) -> bytes:
        buffer = _open_buffer()
        writer = QPdfWriter(buffer)
        writer.setResolution(DPI)  # of its numbers, which have decimals; a recorded picture would be enlarged by more
        writer.setTitle(self.title)
        page = QPageSize(self.size * (72 / DPI), QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
        writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
        painter = QPainter(writer)
        painter.fillRect(self._ground, self.background)
        self.paint(painter)
        painter.end()
        return bytes(buffer.data().data())

    @property
    def _ground(self) -> QRect:
        return QRect(0, 0, int(self.size.width()), int(self.size.height()))


def recorded(widget: QWidget) -> Callable[[QPainter], object]:
    """Return a function that paints a widget as it is now, as vectors; the widget itself is not needed any more."""
    picture = QPicture()
    painter = QPainter(picture)
    widget.render(painter, flags=QWidget.RenderFlag.DrawChildren)
    painter.end()
    return lambda onto: onto.drawPicture(0, 0, picture)


def headed(export: ViewExport, font: QFont, color: QColor) -> ViewExport:
    """Return a view with its title above it: in a file no window says what it is."""
    bold = QFont(font)
    bold.setPixelSize(QFontInfo(font).pixelSize())  # points would be enlarged by the dots of paper once more
    bold.setBold(True)
    metrics = QFontMetricsF(bold)
    top, width = metrics.height() * 1.6, export.size.width()
    shown = metrics.elidedText(export.title, Qt.TextElideMode.ElideMiddle, width)

    def paint(painter: QPainter) -> None:
        painter.save()
        painter.setFont(bold)
        painter.setPen(color)
        painter.drawText(QRectF(0.0, 0.0, width, top), int(Qt.AlignmentFlag.AlignVCenter), shown)
        painter.translate(0.0, top)
        export.paint(painter)
        painter.restore()

    return replace(export, size=QSizeF(width, export.size.height() + top), paint=paint)


def _open_buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer
