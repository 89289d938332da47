# SPDX-License-Identifier: Apache-2.0
"""A chart of stacked bars: network power by category of the selected runs."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QSizeF, Qt
from PyQt6.QtGui import QFontMetricsF, QResizeEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui.state.power import PowerBars, power_bars
from gui.state.selection import Selection
from gui.state.session import Session
from gui.views.exporting import ViewExport, recorded
from gui.views.palette import Theme

LABEL_SHARE = 0.45  # of the width that names of runs may take
BAR_PX, BAR_FILL = 30.0, 0.72


class PowerChart(QWidget):
    """Follows the shared selection; a click on a bar makes its run the current one."""

    def __init__(self, session: Session, selection: Selection, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._selection, self._theme = session, selection, theme
        self.bars: PowerBars = power_bars([])
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.plot.getViewBox().invertY(True)
        self.plot.getPlotItem().setContentsMargins(0, 4, 18, 0)  # the last number of the axis needs room
        self.legend = QLabel(wordWrap=True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.legend)
        layout.addWidget(self.plot, 1)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.plot.scene().sigMouseMoved.connect(self._hovered)
        selection.changed.connect(self.refresh)
        session.changed.connect(self.refresh)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self._theme = theme
        self.refresh()

    def refresh(self) -> None:
        """Draw the bars of the selected runs."""
        entries = [entry for entry in map(self._session.get, self._selection.keys) if entry is not None]
        self.bars = bars = power_bars(entries)
        self.plot.clear()
        self.plot.setBackground(self._theme.canvas)
        rows = np.arange(len(bars.labels))
        for index in range(len(bars.categories)):
            item = pg.BarGraphItem(
                x0=bars.starts_kw[:, index],
                width=bars.kw[:, index],
                y=rows,
                height=BAR_FILL,
                brush=self._color(index),
                pen=pg.mkPen(self._theme.canvas, width=0.5),
            )
            self.plot.addItem(item)
        self._draw_axes()
        self._draw_legend()

    def export(self) -> ViewExport | None:
        """Return the chart as it is, and its data."""
        if not self.bars.labels:
            return None
        size = QSizeF(self.size())
        return ViewExport("Power by category", size, self._theme.box, recorded(self), self.bars.as_csv)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the names of the runs into the new width."""
        super().resizeEvent(event)
        self._draw_axes()

    def _color(self, index: int) -> object:
        return self._theme.categories[index % len(self._theme.categories)]

    def _draw_axes(self) -> None:
        bars, theme = self.bars, self._theme
        left, bottom = self.plot.getAxis("left"), self.plot.getAxis("bottom")
        metrics = QFontMetricsF(self.font())
        room = LABEL_SHARE * self.width()
        names = [metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, room) for label in bars.labels]
        marks = ["▸ " if key == self._selection.current else "" for key in bars.keys]
        left.setTicks([[(row, mark + name) for row, (mark, name) in enumerate(zip(marks, names, strict=True))]])
        left.setWidth(min(room, max((metrics.horizontalAdvance(name) for name in names), default=0.0)) + 28)
        left.setStyle(tickLength=0, tickFont=self.font())
        bottom.setStyle(tickFont=self.font(), hideOverlappingLabels=False)
        bottom.enableAutoSIPrefix(False)
        workload = f" ({bars.workload})" if bars.workload else ""
        bottom.setLabel(f"Network power, kW{workload}", color=theme.text.name())
        for axis in (left, bottom):
            axis.setPen(theme.rule)
            axis.setTextPen(theme.text)
        total = bars.kw.sum(axis=1).max(initial=0.0)
        rows = max(len(names), self.plot.height() / BAR_PX - 2, 1.0)
        self.plot.setRange(xRange=(-0.01 * total, total * 1.03 or 1.0), yRange=(-0.6, rows - 0.4), padding=0)

    def _draw_legend(self) -> None:
        bars = self.bars
        if not bars.labels:
            self.legend.setText("Select runs in the table to compare their power.")
            return
        marks = [
            f'<span style="color:{self._theme.categories[i % len(self._theme.categories)].name()}">■</span>&nbsp;'
            + name.replace(" ", "&nbsp;")
            for i, name in enumerate(bars.categories)
        ]
        if bars.left_out:
            marks.append(f"(the first {len(bars.labels)} of {len(bars.labels) + bars.left_out} selected runs)")
        self.legend.setText("&nbsp;&nbsp; ".join(marks))

    def _place(self, at: QPointF) -> tuple[int, float]:
        point = self.plot.getViewBox().mapSceneToView(at)
        row = round(point.y())
        return (row if abs(point.y() - row) <= BAR_FILL / 2 else -1), point.x()

    def _hovered(self, at: QPointF) -> None:
        self.plot.setToolTip(self.bars.at(*self._place(at)) or "")

    def _clicked(self, event: object) -> None:
        row, _ = self._place(event.scenePos())  # type: ignore[attr-defined]
        if 0 <= row < len(self.bars.keys):
            self._selection.set(self._selection.keys, self.bars.keys[row])
