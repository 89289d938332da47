# SPDX-License-Identifier: Apache-2.0
"""The table of jobs: what runs, how far it is, and the log of the one that is selected."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QRectF, QSizeF, Qt
from PyQt6.QtGui import QFontDatabase, QPainter, QPen
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QSplitter,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.engine import Engine
from gui.state.scenario.job import JOB_COLUMNS, JOB_NUMBERS, Job, JobStatus
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme, set_text_color
from gui.views.widgets.table_picture import TextTable, table_export

HEADINGS = ("Job", "Progress", "Status", "Folder")
_SHARE = Qt.ItemDataRole.UserRole
LOG_SHOWN = 30  # lines of the log below the exported table
NOTHING = "Nothing has been run. 'Scenario > Run' runs what the form holds; its progress is shown here."


class BarDelegate(QStyledItemDelegate):
    """Paints the share of a job that is done as a bar, on the ground of its row."""

    theme: Theme

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw a cell."""
        super().paint(painter, option, index)
        share = index.data(_SHARE)
        if painter is None or share is None:
            return
        bar = QRectF(option.rect).adjusted(6.5, 6.5, -6.5, -6.5)
        done = QRectF(bar.topLeft(), QSizeF(bar.width() * share, bar.height()))
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(bar, self.theme.canvas)
        painter.fillRect(done, self.theme.categories[0])
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        # the ground of a selected row is as blue as the bar
        painter.setPen(QPen(self.theme.canvas, 2.0) if selected else QPen(self.theme.faint_text))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        painter.restore()


class JobsPanel(QWidget):
    """Follows the engine."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__()
        self._engine, self._theme = engine, theme
        self._shown: list[Job] = []
        self.table = QTableWidget(0, len(HEADINGS))
        self.table.setHorizontalHeaderLabels(HEADINGS)
        self.table.setAccessibleName("Jobs")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        rows, header = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None and header is not None  # a QTableWidget has both
        rows.hide()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((240, 120, 300)):
            self.table.setColumnWidth(column, width)
        self._bars = BarDelegate(self.table)
        self._bars.theme = theme
        self.table.setItemDelegateForColumn(1, self._bars)
        self.log = QPlainTextEdit(readOnly=True)
        self.log.setAccessibleName("Log of the job")
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.nothing = QLabel(NOTHING, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self.log)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        self._split = split
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 4)
        layout.addWidget(self.nothing)
        layout.addWidget(split)
        engine.changed.connect(self.refresh)
        self.table.itemSelectionChanged.connect(self._show_log)
        self.refresh()

    @property
    def selected(self) -> Job | None:
        """The job that is selected; the newest if none is."""
        row = self.table.currentRow()
        if 0 <= row < len(self._shown):
            return self._shown[row]
        return self._shown[-1] if self._shown else None

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self._theme = self._bars.theme = theme
        self.refresh()

    def export(self) -> ViewExport | None:
        """Return every job, and the last lines of the log of the one that is selected."""
        rows = [job.row() for job in self._shown]
        if not rows:
            return None
        log = self.selected.log[-LOG_SHOWN:] if self.selected is not None else []
        table = TextTable("Jobs", JOB_COLUMNS, rows, JOB_NUMBERS, log)
        return table_export(table, self._theme, self.table.font())

    def refresh(self) -> None:
        """Show every job as it is now."""
        jobs = self._engine.jobs
        if jobs != self._shown:
            self._shown = list(jobs)
            self._fill()
        self.nothing.setVisible(not jobs)
        self._split.setVisible(bool(jobs))
        for row, job in enumerate(self._shown):
            bar, status = self.table.item(row, 1), self.table.item(row, 2)
            assert bar is not None and status is not None  # every row has both
            bar.setData(_SHARE, job.share)
            bar.setData(Qt.ItemDataRole.AccessibleTextRole, f"{job.share:.0%}")
            bar.setToolTip(f"{job.share:.0%} {'of the points' if job.points > 1 else 'of the estimated time'}")
            status.setText(job.text())
            status.setForeground(self._theme.bad if job.status == JobStatus.FAILED else self._theme.text)
            status.setToolTip(job.message)
        self._show_log()

    def _fill(self) -> None:
        self.table.setRowCount(len(self._shown))
        for row, job in enumerate(self._shown):
            self.table.setItem(row, 0, QTableWidgetItem(job.title))
            self.table.setItem(row, 1, QTableWidgetItem())
            self.table.setItem(row, 2, QTableWidgetItem())
            folder = QTableWidgetItem(str(job.folder))
            folder.setToolTip(str(job.folder))
            self.table.setItem(row, 3, folder)
        if self._shown:
            self.table.setCurrentCell(len(self._shown) - 1, 0)

    def _show_log(self) -> None:
        job = self.selected
        text = "\n".join(job.log) if job is not None else ""
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            bar = self.log.verticalScrollBar()
            if bar is not None:
                bar.setValue(bar.maximum())
        set_text_color(self.nothing, self._theme.faint_text)
