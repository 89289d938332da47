# SPDX-License-Identifier: Apache-2.0
"""The views of the window: what they are called, where they stand, and what they can do.

A view joins the window by one line in `all_panels`. Its widget is made when it is first looked at, so that what nobody
opens costs no time at the start. Each panel brings the commands that show it, export it and copy it, and its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QGuiApplication, QShowEvent
from PyQt6.QtWidgets import QDockWidget, QTabWidget, QVBoxLayout, QWidget

from gui.commands import Command
from gui.views.exporting import KINDS, ViewExport

if TYPE_CHECKING:
    from gui.views.main_window import MainWindow

Place = Literal["center", "right", "bottom"]
AREAS = {"right": Qt.DockWidgetArea.RightDockWidgetArea, "bottom": Qt.DockWidgetArea.BottomDockWidgetArea}

FABRIC = "The fabric of the current run in 3-D"
SCENARIO = "A form in which a scenario is written and run"
RUNS = "The table of runs, with their tags and notes"
JOBS = "What is being computed, how far it is, and its log"


@dataclass(frozen=True)
class PanelSpec:
    """A view before there is a window.

    Parameters
    ----------
    id, title
        For commands and settings, and for people.
    place
        A tab in the middle, or a dock at the right or the bottom, where docks of one place are tabs of each other.
    make
        Returns the widget, a `gui.views.exporting.View`. Import heavy modules inside.
    commands
        Returns the view's own commands; use ``panel.widget`` in callbacks alone, so that the widget is made late.
    needs_runs
        Whether it is empty until runs are open.
    shown
        Whether a dock is there before the user has chosen.
    help
        What it shows, one sentence.
    """

    id: str
    title: str
    place: Place
    make: Callable[[MainWindow], QWidget]
    commands: Callable[[MainWindow, Panel], Iterable[Command]] = lambda _window, _panel: ()
    needs_runs: bool = True
    shown: bool = True
    help: str = ""


def all_panels() -> tuple[PanelSpec, ...]:
    """Return every view of the window; the first of each place is in front."""
    from gui.views import built_in_panels as own
    from gui.views import fabric_panels as fabrics
    from gui.views import work_panels as work
    from gui.views.charts.chart_panels import chart_panels

    return (
        PanelSpec("fabric", "Fabric", "center", fabrics.fabric, fabrics.fabric_commands, help=FABRIC),
        PanelSpec("scenario", "Scenario", "center", work.scenario, work.scenario_commands, False, help=SCENARIO),
        PanelSpec("runs", "Runs", "bottom", own.runs, own.runs_commands, help=RUNS),
        PanelSpec("jobs", "Jobs", "bottom", work.jobs, work.jobs_commands, False, help=JOBS),
        *chart_panels(),
        *fabrics.more_panels(),
    )


class _Holder(QWidget):
    """Stands in the window for a view that is made when it is first shown."""

    def __init__(self, fill: Callable[[], object]) -> None:
        super().__init__()
        self._fill = fill
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the view, unless another tab is in front when the window has been laid out."""
        super().showEvent(event)
        QTimer.singleShot(0, self._fill_if_seen)

    def _fill_if_seen(self) -> None:
        if self.isVisible():
            self._fill()


class Panel:
    """One view in its window."""

    def __init__(self, spec: PanelSpec, window: MainWindow, tabs: QTabWidget) -> None:
        self.spec = spec
        self._window, self._tabs = window, tabs
        self._widget: QWidget | None = None
        self._holder = _Holder(lambda: self.widget)
        self.dock: QDockWidget | None = None
        if spec.place == "center":
            tabs.addTab(self._holder, spec.title)
            return
        self.dock = QDockWidget(spec.title, window)
        self.dock.setObjectName(spec.id)
        self.dock.setWidget(self._holder)

    @property
    def widget(self) -> Any:
        """The view; made when first asked for."""
        if self._widget is None:
            self._widget = self.spec.make(self._window)
            layout = self._holder.layout()
            assert layout is not None  # a holder has one
            layout.addWidget(self._widget)
        return self._widget

    @property
    def is_made(self) -> bool:
        """Whether the view exists yet."""
        return self._widget is not None

    @property
    def is_open(self) -> bool:
        """Whether the view has a place in the window, in front or as a tab behind another."""
        return not self.dock.isHidden() if self.dock is not None else True

    @property
    def is_in_front(self) -> bool:
        """Whether the view can be seen."""
        return self._holder.isVisible()

    def show(self) -> None:
        """Bring the view to the front, made if it was not."""
        assert self.widget is not None
        if self.dock is None:
            self._tabs.setCurrentWidget(self._holder)
            return
        self.dock.show()
        self.dock.raise_()

    def toggle(self) -> None:
        """Close a dock that is open, else bring the view to the front."""
        if self.dock is not None and self.is_open:
            self.dock.hide()
        else:
            self.show()

    def export(self) -> ViewExport | None:
        """Return what the view shows now; None if nothing."""
        return self.widget.export()

    def all_commands(self) -> list[Command]:
        """Return the commands of the view: to show it, its own, to export and to copy it."""
        spec, title = self.spec, self.spec.title
        docked = self.dock is not None
        show = Command(
            f"panel.{spec.id}",
            title,
            self.toggle if docked else self.show,
            "",
            "View/Panels",
            checked_when=(lambda: self.is_open) if docked else (lambda: self.is_in_front),
            help=f"{'Show or hide' if docked else 'Bring to the front'}: {spec.help or title}",
        )
        exports = [self._export_command(kind) for kind in KINDS]
        copies = [
            self._copy_command("image", "Put the view on the clipboard as an image"),
            self._copy_command("data", "Put the data of the view on the clipboard as CSV"),
        ]
        return [show, *spec.commands(self._window, self), *exports, *copies]

    def _has_content(self) -> bool:
        return self.is_made and self.is_open and (len(self._window.session) > 0 or not self.spec.needs_runs)

    def _export_command(self, kind: str) -> Command:
        name = kind[1:]
        return Command(
            f"export.{self.spec.id}_{name}",
            f"{self.spec.title} as {name.upper()}…",
            partial(self._window.export, self, kind),
            "",
            f"File/Export/{self.spec.title}",
            self._has_content,
            help=f"Write the {'data' if name == 'csv' else 'picture'} of '{self.spec.title}' into a file",
        )

    def _copy_command(self, what: str, help_: str) -> Command:
        return Command(
            f"copy.{self.spec.id}_{what}",
            f"{self.spec.title}: {what}",
            partial(self._copy, what),
            "",
            "Edit/Copy",
            self._has_content,
            help=help_,
        )

    def _copy(self, what: str) -> None:
        shown, clipboard = self.export(), QGuiApplication.clipboard()
        if shown is None or clipboard is None:
            self._window.show_status(f"{self.spec.title}: there is nothing to copy")
        elif what == "image":
            self._window.jobs.submit("Copying …", shown.image, clipboard.setImage)
        else:
            self._window.jobs.submit("Copying …", shown.table, clipboard.setText)
