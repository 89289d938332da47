# SPDX-License-Identifier: Apache-2.0
"""The panel of the optical circuit switches: the port matrix of one, and the playback of a reconfiguration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.jobs import Jobs
from gui.state.fabric.circuits import Playback, PortMatrix, port_matrix
from gui.state.fabric.failed_parts import ocs_part
from gui.state.fabric.failure import Part
from gui.state.fabric.reconfiguration import around_ocs, between_runs
from gui.state.fabric.scene import Scene
from gui.state.fabric.view import FabricViewState
from gui.state.runs.entry import RunEntry
from gui.state.runs.session import Session
from gui.views.fabric.overlays import paint_message
from gui.views.fabric.picture import value_colors
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme

NO_PLANT = "This fabric has no optical circuit switch."
NO_CHANGE = "Circuits as the run has them"
AROUND = "Reconfigure around OCS {}, failed"
STEPS_PER_S, MIN_SPEED, MAX_SPEED = 2.0, 0.25, 32.0
TICKS = 8


@dataclass(frozen=True)
class MatrixPicture:
    """Ports against ports; a square is a circuit, in the color of its link in the fabric view."""

    state: FabricViewState
    theme: Theme
    matrix: PortMatrix | None
    font: QFont

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        """Draw the matrix at a size; on any thread."""
        matrix, scene = self.matrix, self.state.scene
        painter.setFont(self.font)
        if matrix is None or scene is None:
            paint_message(painter, self.theme, self.state.message if scene is None else NO_PLANT, size)
            return
        area, cell = self.area(size)
        painter.fillRect(area, self.theme.box)
        painter.setPen(QPen(self.theme.rule, 1))
        painter.drawRect(area)
        painter.drawLine(area.topLeft(), area.bottomRight())
        self._paint_axes(painter, matrix, area, cell)
        side = max(cell, 3.0)
        for (a, b), color in zip(matrix.ports.tolist(), self._colors(matrix, scene), strict=True):
            for x, y in ((a, b), (b, a)):
                middle = QPointF(area.left() + (x + 0.5) * cell, area.top() + (y + 0.5) * cell)
                painter.fillRect(QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side), color)

    def area(self, size: QSizeF) -> tuple[QRectF, float]:
        """Return where the matrix stands in a view of a size, and the side of a port, pixels."""
        metrics = QFontMetricsF(self.font)
        left, top = metrics.horizontalAdvance("0000") + metrics.height() + 12, metrics.height() * 3.9
        side = max(min(size.width() - left - 12, size.height() - top - 10), 40.0)
        return QRectF(left, top, side, side), side / max(self.matrix.n_ports if self.matrix is not None else 1, 1)

    def _colors(self, matrix: PortMatrix, scene: Scene) -> list[QColor]:
        """Return the color of each circuit; new ones, which have no load yet, are marked."""
        colors = value_colors(self.state, self.theme)
        known = matrix.links >= 0
        bins = np.zeros(len(matrix.links), dtype=np.int64)
        values = scene.link_values[self.state.quantity.id]
        bins[known] = self.state.color_bins(values[matrix.links[known]])
        return [colors[b] if ok else self.theme.good for b, ok in zip(bins.tolist(), known.tolist(), strict=True)]

    def _paint_axes(self, painter: QPainter, matrix: PortMatrix, area: QRectF, cell: float) -> None:
        metrics = QFontMetricsF(self.font)
        step = 1
        while matrix.n_ports / step > TICKS:
            step *= 2
        painter.setPen(self.theme.text)
        title = f"Circuits, colored by {self.state.quantity.title.lower()}"
        line = QRectF(0, 4, area.right(), metrics.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, title)
        if (matrix.links < 0).any():
            painter.setPen(self.theme.good)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, "■ new")
        painter.setPen(self.theme.text)
        painter.drawText(line.translated(0, metrics.height() * 1.4), Qt.AlignmentFlag.AlignRight, "to port")
        painter.save()
        painter.translate(0, area.bottom())
        painter.rotate(-90)
        painter.drawText(QPointF(0, metrics.ascent()), "from port")
        painter.restore()
        painter.setPen(self.theme.faint_text)
        for port in range(0, matrix.n_ports, step):
            along = (port + 0.5) * cell
            width = metrics.horizontalAdvance(str(port))
            painter.drawText(QPointF(area.left() + along - width / 2, area.top() - 5), str(port))
            y = area.top() + along + metrics.ascent() / 2 - 1
            painter.drawText(QPointF(area.left() - width - 6, y), str(port))


class MatrixView(QWidget):
    """Shows a port matrix and tells which circuit the pointer is on."""

    circuit_hovered = pyqtSignal(object)

    def __init__(self, state: FabricViewState, theme: Theme) -> None:
        super().__init__()
        self._state, self.theme = state, theme
        self.matrix: PortMatrix | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Port matrix")

    def sizeHint(self) -> QSize:
        """Return the size the matrix would like to have."""
        return QSize(380, 380)

    def show_matrix(self, matrix: PortMatrix | None) -> None:
        """Show the circuits of a device."""
        self.matrix = matrix
        self.update()

    def picture(self) -> MatrixPicture:
        """Return what is drawn now."""
        return MatrixPicture(self._state, self.theme, self.matrix, self.font())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the matrix."""
        super().paintEvent(event)
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), self.theme.canvas)
            self.picture().paint(painter, QSizeF(self.size()))
        finally:
            painter.end()

    def circuit_at(self, place: QPointF) -> int | None:
        """Return the circuit nearest to a place, within a few pixels."""
        if self.matrix is None or not len(self.matrix.ports):
            return None
        area, cell = self.picture().area(QSizeF(self.size()))
        at = np.array([place.x() - area.left(), place.y() - area.top()]) / cell - 0.5
        ports = self.matrix.ports
        away = np.minimum(np.abs(ports - at).max(axis=1), np.abs(ports[:, ::-1] - at).max(axis=1))
        nearest = int(away.argmin())
        return nearest if away[nearest] * cell <= max(4.0, cell / 2) else None

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Tell which circuit is under the pointer."""
        if event is not None:
            self.circuit_hovered.emit(self.circuit_at(event.position()))

    def leaveEvent(self, event: QEvent | None) -> None:
        """Forget the circuit."""
        super().leaveEvent(event)
        self.circuit_hovered.emit(None)


class OcsPanel(QWidget):
    """One OCS of the fabric's plant at a time, and the steps of a reconfiguration to the circuits of another run."""

    def __init__(self, state: FabricViewState, session: Session, jobs: Jobs, theme: Theme) -> None:
        super().__init__()
        self._state, self._session, self._jobs = state, session, jobs
        self.playback: Playback | None = None
        self.at = 0
        self.speed = STEPS_PER_S
        self._around: int | None = None  # the device that has failed in what is played
        self._scene: Scene | None = None
        self._asked_for: Scene | None = None
        self._targets: list[RunEntry] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self.view = MatrixView(state, theme)
        self.view.circuit_hovered.connect(self._hovered)
        self._build()
        state.changed.connect(self._update)
        session.changed.connect(self._fill_targets)
        self._update()

    def _build(self) -> None:
        self.device = QSpinBox(prefix="OCS ")
        self.device.setAccessibleName("Optical circuit switch")
        self.device.valueChanged.connect(self._show_device)
        self.summary, self.detail = QLabel(), QLabel(" ")
        self.detail.setWordWrap(True)
        self.target = QComboBox()
        self.target.setAccessibleName("Reconfigure to")
        self.target.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.activated.connect(self._choose_target)
        self.play = QToolButton(text="▶")
        self.play.setToolTip("Play or stop")
        self.play.setAccessibleName("Play or stop")
        self.play.clicked.connect(self.toggle_playing)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Step of the reconfiguration")
        self.slider.valueChanged.connect(self._go)
        self.told = QLabel()
        self.told.setWordWrap(True)
        top, player = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.device)
        top.addWidget(self.summary, 1)
        player.addWidget(self.play)
        player.addWidget(self.slider, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.detail)
        layout.addWidget(self.target)
        layout.addLayout(player)
        layout.addWidget(self.told)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.view.theme = theme
        self.view.update()

    def export(self) -> ViewExport | None:
        """Return the port matrix, and its circuits as a table."""
        matrix, scene = self.view.matrix, self._state.scene
        if matrix is None or scene is None:
            return None
        lines = ["ocs,port_a,port_b,node_a,node_b,link"]
        for (a, b), (x, y), link in zip(matrix.ports, matrix.nodes, matrix.links, strict=True):
            lines.append(f'{matrix.ocs},{a},{b},"{scene.node_names[x]}","{scene.node_names[y]}",{link}')
        size, text = QSizeF(self.view.size()), "\n".join(lines) + "\n"
        picture = MatrixPicture(self._state.frozen(), self.view.theme, matrix, self.view.font())
        title = f"OCS {matrix.ocs}: {scene.title}"
        return ViewExport(title, size, picture.theme.canvas, lambda painter: picture.paint(painter, size), lambda: text)

    # -- devices

    @property
    def part(self) -> Part | None:
        """The device that is shown, as a part that may fail."""
        scene = self._state.scene
        return ocs_part(self.device.value()) if scene is not None and scene.has_plant else None

    def step_device(self, by: int) -> None:
        """Show the next device, or the one before."""
        self.device.setValue(self.device.value() + by)

    def _update(self) -> None:
        scene = self._state.scene
        fabric = scene.intact or scene if scene is not None else None  # with parts down it is the same fabric
        if fabric is not self._scene:
            self._scene = fabric
            self._stop()
            self.playback = self._around = None
            self.at = 0
            self.told.setText("")
            self.slider.blockSignals(True)
            self.slider.setValue(0)
            self.slider.blockSignals(False)
            plant = scene.plant if scene is not None else None
            self.device.setMaximum(plant.n_ocs - 1 if plant is not None else 0)
            self._fill_targets()
        self._show_device()

    def _show_device(self) -> None:
        scene = self._state.scene
        plant = scene.plant if scene is not None else None
        for widget in (self.device, self.target):
            widget.setEnabled(plant is not None)
        for control in (self.play, self.slider):
            control.setEnabled(self.playback is not None)
        if plant is None:
            self.view.show_matrix(None)
            self.summary.setText("")
            self.told.setText("")
            return
        circuits = plant.circuit_ends.reshape(-1, 2), plant.circuit_link
        if self.playback is not None:
            circuits = self.playback.circuits(self.at)
        matrix = port_matrix(plant, self.device.value(), *circuits)
        self.target.setItemText(1, AROUND.format(self.device.value() if self._around is None else self._around))
        self.summary.setText(f"of {plant.n_ocs:,}: {matrix.summary()}")
        self.view.show_matrix(matrix)

    def _hovered(self, circuit: int | None) -> None:
        matrix, scene = self.view.matrix, self._state.scene
        known = circuit is not None and matrix is not None and scene is not None
        self.detail.setText(matrix.describe(circuit, scene) if known else " ")  # type: ignore[union-attr,arg-type]

    # -- playback

    def toggle_playing(self) -> None:
        """Play the steps from here, from the start at the end; or stop."""
        if self.playback is None:
            return
        if self._timer.isActive():
            self._stop()
            return
        if self.at == self.playback.n_steps - 1:
            self.slider.setValue(0)
        self._timer.start(round(1000 / self.speed))
        self.play.setText("■")

    def step(self, by: int) -> None:
        """Go some steps on or back."""
        self._stop()
        self.slider.setValue(self.at + by)

    def change_speed(self, factor: float) -> None:
        """Play faster or slower."""
        self.speed = min(MAX_SPEED, max(MIN_SPEED, self.speed * factor))
        if self._timer.isActive():
            self._timer.setInterval(round(1000 / self.speed))

    def set_playback(self, playback: Playback | str) -> None:
        """Begin with a reconfiguration, or say why there is none and go back to the circuits of the run."""
        self._stop()
        if isinstance(playback, str):
            self.playback = self._around = None
            self._state.set_circuits(np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.int64))
            self.told.setText(playback)
            return
        self.playback, self.at = playback, 0
        self.slider.blockSignals(True)
        self.slider.setRange(0, playback.n_steps - 1)
        self.slider.setValue(0)
        self.slider.blockSignals(False)
        self._go(0)

    def hideEvent(self, event: object) -> None:
        """Stop playing when nobody looks."""
        self._stop()
        super().hideEvent(event)  # type: ignore[arg-type]

    def _go(self, step: int) -> None:
        if self.playback is None:
            return
        self.at = step
        device = self.playback.device(step)
        if device is not None:
            self.device.setValue(device)
        self._state.set_circuits(self.playback.dark_links(step), self.playback.new_links(step))
        self.told.setText(
            f"Step {step} of {self.playback.n_steps - 1} {self.playback.title}. {self.playback.describe(step)}"
        )
        self._show_device()

    def _tick(self) -> None:
        if self.playback is None or self.at >= self.playback.n_steps - 1:
            self._stop()
        else:
            self.slider.setValue(self.at + 1)

    def _stop(self) -> None:
        self._timer.stop()
        self.play.setText("▶")

    def _fill_targets(self) -> None:
        scene = self._state.scene
        self.target.clear()
        self._targets = []
        if scene is None or scene.plant is None:
            return
        self.target.addItems([NO_CHANGE, AROUND.format(self.device.value())])
        topology = scene.run.scenario.get("topology", {}).get("name", "")
        for entry in self._session.entries:
            if entry.key != scene.key and entry.texts["topology"] == topology:
                self._targets.append(entry)
                self.target.addItem(f"Reconfigure to the circuits of {entry.label}")

    def _choose_target(self, index: int) -> None:
        scene = self._state.scene
        if scene is None:
            return
        if index == 0:
            self._asked_for = None
            self.set_playback("")
            self._show_device()
            return
        ocs, self._asked_for = self.device.value(), scene
        self._around = ocs if index == 1 else None
        self.told.setText("Working out the moves …")
        if index == 1:
            self._jobs.submit("Working out the moves …", lambda: around_ocs(scene, ocs), self._found)
        else:
            entry = self._targets[index - 2]
            self._jobs.submit("Working out the moves …", lambda: between_runs(scene, entry), self._found)

    def _found(self, playback: Playback | str) -> None:
        if self._asked_for is self._state.scene:
            self.set_playback(playback)
