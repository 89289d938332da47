# SPDX-License-Identifier: Apache-2.0
"""A chart in its panel: what can be chosen, the legend, the plot, and what to do when there is nothing to show."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QEvent, QObject, QPointF, QSizeF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCursor, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from experiments.charts import (
    Bars,
    Curves,
    HeatMap,
    Intervals,
    Parallel,
    Points,
    TornadoChart,
    Waterfall,
    chart_csv,
)
from experiments.charts.lines import SAME
from gui.jobs import Submit
from gui.state.charts.kinds import ChartKind, Choice, Inputs, Shown
from gui.state.hints import nothing_shown, with_commands
from gui.state.runs.entry import one_line
from gui.state.runs.selection import Selection
from gui.state.runs.session import Session
from gui.state.runs.table import RunsTable
from gui.views.charts.drawing import BOTTOM, LEAST_PX, LEFT, TOP, Drawing, Hit, NumberAxis, Spot, Style
from gui.views.charts.many import HeatMapDrawing, ParallelDrawing
from gui.views.charts.points import CurvesDrawing, PointsDrawing
from gui.views.charts.rows import BarsDrawing, IntervalsDrawing, TornadoDrawing, WaterfallDrawing
from gui.views.widgets.elided_combo import ElidedCombo
from gui.views.widgets.exporting import ViewExport, headed, recorded
from gui.views.widgets.palette import Theme, set_text_color
from optinet.errors import OptinetError

DRAWINGS: dict[type, type[Drawing]] = {
    Bars: BarsDrawing,
    Waterfall: WaterfallDrawing,
    TornadoChart: TornadoDrawing,
    Intervals: IntervalsDrawing,
    Points: PointsDrawing,
    Curves: CurvesDrawing,
    Parallel: ParallelDrawing,
    HeatMap: HeatMapDrawing,
}
_CHOICE_PX, _GAP_PX = 215, 4  # a label and a box whose texts can be read
_MESSAGE_PX = 600  # longer lines are hard to read
_UNBROKEN = 60  # characters of a legend entry that is kept on one line


class ChartView(QWidget):
    """Draws one kind of chart of the opened runs and follows table and selection.

    It is made in a worker, only while it can be seen; of requests that wait the newest alone is answered.
    """

    asked = pyqtSignal()
    updated = pyqtSignal()

    def __init__(
        self,
        kind: ChartKind,
        session: Session,
        table: RunsTable,
        selection: Selection,
        submit: Submit,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.kind, self.shown = kind, Shown()
        self.drawing: Drawing | None = None
        self.wanted: dict[str, str] = {}
        self._session, self._table, self._selection = session, table, selection
        self._submit, self._theme = submit, theme
        self._request = 0
        self._made_from: tuple[object, ...] = ()
        self._inputs: Inputs | None = None
        self._stressed: tuple[Sequence[str], str | None] = ((), None)
        self._stale = True
        self._combos: dict[str, QComboBox] = {}
        self._labels: list[QLabel] = []
        self._build()
        selection.changed.connect(self.refresh)
        table.changed.connect(self.refresh)
        session.changed.connect(self.refresh)
        self.set_theme(theme)

    # -- what is seen

    def _build(self) -> None:
        self.bar = QGridLayout()
        self.bar.setSpacing(_GAP_PX)
        self.legend = QLabel(wordWrap=True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.remark = QLabel(wordWrap=True)
        self.plot = pg.PlotWidget(axisItems={side: NumberAxis(side) for side in (LEFT, BOTTOM, TOP)})
        self.plot.setMenuEnabled(False)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # what is left, and its minimum
        self.plot.hideButtons()
        self.plot.setAccessibleName(self.kind.title)
        self.plot.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # keys do nothing there
        self.plot.getPlotItem().setContentsMargins(0, 6, 20, 0)  # the last number of the axis needs room
        self.plot.installEventFilter(self)
        self.plot.scene().sigMouseClicked.connect(self._clicked)
        self.plot.scene().sigMouseMoved.connect(self._hovered)
        self.canvas = QWidget()
        inside = QVBoxLayout(self.canvas)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2)
        inside.addWidget(self.legend)
        inside.addWidget(self.plot, 1)
        inside.addWidget(self.remark)
        self.message = QLabel(wordWrap=True)
        self.message.setMaximumWidth(_MESSAGE_PX)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton()
        self.button.clicked.connect(self.asked)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.message, 1000)  # all it may have
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.stack = QStackedWidget()
        whole = QScrollArea(widgetResizable=True)  # many bars need more height than a dock has
        whole.setFrameShape(QFrame.Shape.NoFrame)
        whole.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole.setWidget(self.canvas)
        self.canvas.setAutoFillBackground(False)  # a picture of it stands on the color of the plot
        whole.setAccessibleName(self.kind.title)
        self.stack.addWidget(whole)
        self.stack.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        layout.addLayout(self.bar)
        layout.addWidget(self.stack, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self._theme = theme
        self.plot.setBackground(theme.canvas)
        for label in (self.remark, self.message):
            set_text_color(label, theme.faint_text)
        self._draw()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Bring the chart up to date, which it is not while nobody sees it."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Fit names into the new size of the plot."""
        if (
            watched is self.plot
            and event is not None
            and event.type() == QEvent.Type.Resize
            and self.drawing is not None
        ):
            self.drawing.fit(self.plot)
            QTimer.singleShot(0, self._keep_room)  # not in the midst of laying out
        return super().eventFilter(watched, event)

    def export(self) -> ViewExport | None:
        """Return the chart as it is, and its data."""
        chart = self.shown.chart
        if chart is None:
            return None
        size, ground = QSizeF(self.canvas.size()), self._theme.canvas
        title = chart.title or self.kind.title
        picture = ViewExport(title, size, ground, recorded(self.canvas), lambda: chart_csv(chart))
        return headed(picture, self.font(), self._theme.text)

    def save_state(self) -> dict[str, str]:
        """Return what was chosen, for the next session."""
        return dict(self.wanted)

    def restore_state(self, state: dict[str, str]) -> None:
        """Choose again what `save_state` has kept."""
        self.wanted.update({str(name): str(value) for name, value in state.items()})
        self.refresh()

    # -- from runs to a chart

    def refresh(self) -> None:
        """Make the chart anew if what it is made from has changed, else draw what is stressed anew."""
        if not self.isVisible():
            self._stale = True
            return
        self._stale = False
        view, selection = self._table.view, self._selection
        inputs = Inputs(view.frame, view.order, selection.keys, selection.current)
        some = bool(len(self._session))
        made_from = (some, *self.kind.depends(inputs, self.wanted), *sorted(self.wanted.items()))
        if made_from == self._made_from:
            if (selection.keys, selection.current) != self._stressed:
                self._draw()
            return
        self._request += 1
        # the ids that `depends` may return stay taken while the inputs live
        self._made_from, self._inputs = made_from, inputs
        request, wanted = self._request, dict(self.wanted)

        def work() -> Shown | None:
            if request != self._request:
                return None
            try:
                return self.kind.make(inputs, wanted)
            except (OptinetError, OSError) as error:
                return Shown(message=one_line(error))

        self._submit("Reading charts …" if self.kind.reads_files else "", work, self._arrived)

    def make_again(self) -> None:
        """Make the chart anew although its inputs have not changed."""
        self._made_from = ()
        self.refresh()

    def _arrived(self, shown: Shown | None) -> None:
        if shown is None:
            return
        self.shown = shown
        self._offer(shown.choices if len(self._session) else ())  # of no runs there is nothing to choose
        self._draw()
        self.updated.emit()

    def _offer(self, choices: tuple[Choice, ...]) -> None:
        """Show what can be chosen; boxes that stay keep their place."""
        if list(self._combos) != [choice.name for choice in choices]:
            for widget in (*self._labels, *self._combos.values()):
                widget.deleteLater()
            self._combos, self._labels = {}, []
            for choice in choices:
                label = QLabel(choice.label)
                combo = ElidedCombo(sizeAdjustPolicy=QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                combo.setMinimumContentsLength(9)
                combo.setAccessibleName(choice.label)
                combo.setMaxVisibleItems(24)
                label.setBuddy(combo)
                combo.activated.connect(lambda _, name=choice.name: self._chose(name))
                self._labels.append(label)
                self._combos[choice.name] = combo
            self._place_choices()
        for choice in choices:
            combo = self._combos[choice.name]
            if [(combo.itemData(i), combo.itemText(i)) for i in range(combo.count())] != list(choice.options):
                combo.clear()
                for value, text in choice.options:
                    combo.addItem(text, value)
            combo.setCurrentIndex(max(combo.findData(choice.value), 0))
            combo.setToolTip(combo.currentText())

    def _place_choices(self) -> None:
        """Put what can be chosen into one line, or into as many as it takes for none to be cut off."""
        boxes = [*zip(self._labels, self._combos.values(), strict=True)]
        widths = [label.sizeHint().width() + combo.minimumSizeHint().width() + 2 * _GAP_PX for label, combo in boxes]
        widest = max(widths, default=0)
        self.setMinimumWidth(widest)  # else it could not become narrower than the line that is there
        across = max(1, min(len(boxes), self.width() // max(widest, _CHOICE_PX)))
        for i, (label, combo) in enumerate(boxes):
            self.bar.addWidget(label, i // across, 2 * (i % across))
            self.bar.addWidget(combo, i // across, 2 * (i % across) + 1)
        for column in range(2 * len(self._combos)):
            self.bar.setColumnStretch(column, int(column % 2 == 1 and column < 2 * across))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Place anew what can be chosen."""
        super().resizeEvent(event)
        self._place_choices()

    def _chose(self, name: str) -> None:
        self.choose(name, str(self._combos[name].currentData()))

    def choose(self, name: str, value: str) -> None:
        """Choose something, such as the metric of an axis."""
        self.wanted[name] = value
        self.refresh()

    def _draw(self) -> None:
        shown = self.shown
        self.plot.clear()
        self.plot.hideAxis(TOP)
        box = self.plot.getViewBox()
        box.invertY(False)
        self.plot.setMinimumHeight(LEAST_PX)
        self.drawing = None
        self.stack.setCurrentIndex(0 if shown.chart is not None else 1)
        self.message.setText(with_commands(nothing_shown(len(self._session), shown.message)))
        self.button.setText(shown.action)
        self.button.setVisible(bool(shown.action))
        self.remark.setText(shown.remark)
        self.remark.setVisible(bool(shown.remark))
        if shown.chart is None:
            return
        style = Style(
            self._theme,
            self.font(),
            self._selection.keys,
            self._selection.current_keys,
            pixel_ratio=self.devicePixelRatioF(),
        )
        drawing = DRAWINGS[type(shown.chart)](shown, style)
        drawing.draw(self.plot)
        self.drawing = drawing
        box.setMouseEnabled(x=drawing.zooms, y=drawing.zooms)
        self._stressed = (self._selection.keys, self._selection.current)
        self.legend.setText("&nbsp;&nbsp; ".join(filter(None, self._legend_entries(drawing))))
        self._keep_room()

    def _keep_room(self) -> None:
        """Let the view scroll before legend, plot and remark lie on each other; a scroll area forgets wrapped lines."""
        layout = self.canvas.layout()
        if layout is not None:
            self.canvas.setMinimumHeight(layout.minimumHeightForWidth(self.canvas.width()))
            layout.invalidate()
            layout.activate()

    def _legend_entries(self, drawing: Drawing) -> list[str]:
        entries, bar = [], ""
        for color, sign, name in drawing.legend():
            text = SAME.join(map(_unbroken, name.split(SAME)))
            mark = f'<span style="color:{color.name()}">{sign}</span>' if sign else ""
            if sign and not name:  # a piece of a color bar
                bar += mark
                continue
            if bar:
                entries[-1], bar = f"{entries[-1]}&nbsp;{bar}&nbsp;{mark}{text}", ""
                continue
            entries.append(f"{mark}&nbsp;{text}" if mark else text)
        return entries

    # -- the pointer

    def hit(self, at: QPointF) -> Hit | None:
        """Return what is at a place of the scene."""
        box = self.plot.getViewBox()
        if self.drawing is None or not box.sceneBoundingRect().contains(at):
            return None
        point, size = box.mapSceneToView(at), box.viewPixelSize()
        return self.drawing.hit(Spot(point.x(), point.y(), size[0] or 1.0, size[1] or 1.0))

    def _hovered(self, at: QPointF) -> None:
        found = self.hit(at)
        if found is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(QCursor.pos(), found.text, self.plot)

    def _clicked(self, event: Any) -> None:
        if event.double():
            self._draw()  # the whole range again
            return
        found = self.hit(event.scenePos())
        if event.button() != Qt.MouseButton.LeftButton or found is None or not found.key:
            return
        keys = self._selection.keys
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            others = tuple(key for key in keys if key != found.key)
            self._selection.set(others if len(others) < len(keys) else (*keys, found.key), found.key)
        else:
            self._selection.set(keys if found.key in self._selection else (found.key,), found.key)


def _unbroken(name: str) -> str:
    """Return a name as rich text, on one line if it is not too long for one."""
    text = html.escape(name)
    return text.replace(" ", "&nbsp;").replace("-", "&#8209;") if len(name) <= _UNBROKEN else text
