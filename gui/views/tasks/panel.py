# SPDX-License-Identifier: Apache-2.0
"""A view in its window: what it is called, where it stands, what it can do, and what it may ask of the window.

Its widget is made when it is first looked at, so that what nobody opens costs no time at the start. Each panel brings
the commands that show it, export it and copy it, and its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from PyQt6.QtCore import QPoint, QRect, Qt, QTimer, pyqtBoundSignal
from PyQt6.QtGui import QGuiApplication, QShowEvent
from PyQt6.QtWidgets import QDockWidget, QMenu, QTabWidget, QVBoxLayout, QWidget

from gui.commands import Command, CommandRegistry
from gui.jobs import Jobs
from gui.state.fabric.view import FabricViewState
from gui.state.preferences import Preferences
from gui.state.runs.entry import one_line
from gui.state.runs.selection import Selection
from gui.state.runs.session import Session
from gui.state.runs.table import RunsTable
from gui.state.undo import UndoStack
from gui.views.tasks.failures import Failures
from gui.views.tasks.opening import Opener
from gui.views.widgets.dialogs import Dialogs
from gui.views.widgets.exporting import KINDS, ViewExport
from gui.views.widgets.message_bar import MessageBar
from gui.views.widgets.palette import Theme
from optinet.errors import OptinetError

Place = Literal["center", "right", "bottom"]
AREAS = {"right": Qt.DockWidgetArea.RightDockWidgetArea, "bottom": Qt.DockWidgetArea.BottomDockWidgetArea}


class Window(Protocol):
    """What views, their commands and the work behind them may ask of the window they are in."""

    session: Session
    selection: Selection
    table: RunsTable
    fabric_state: FabricViewState
    undo: UndoStack
    jobs: Jobs
    finder: Jobs
    opener: Opener
    failures: Failures
    dialogs: Dialogs
    messages: MessageBar
    commands: CommandRegistry
    preferences: Preferences
    theme: Theme

    @property
    def widget(self) -> QWidget:
        """What dialogs, menus, timers and processes belong to."""

    @property
    def closing(self) -> pyqtBoundSignal:
        """Told when the window is closed for good."""

    @property
    def panels(self) -> Mapping[str, Panel]:
        """The views by their ids."""

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open run files and folders."""

    def open_results(self, folder: Path) -> None:
        """Open the run files that have just been written into a folder."""

    def show_status(self, text: str) -> None:
        """Say something in the status bar."""

    def show_running(self, text: str) -> None:
        """Say in the status bar what is being computed."""

    def menu_of(self, ids: Iterable[str]) -> QMenu:
        """Return a menu of some commands, a line for each empty id; it is deleted when it is closed."""


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
        Returns the widget, a `gui.views.widgets.exporting.View`. Import heavy modules inside.
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
    make: Callable[[Window], QWidget]
    commands: Callable[[Window, Panel], Iterable[Command]] = lambda _window, _panel: ()
    needs_runs: bool = True
    shown: bool = True
    help: str = ""


class _Holder(QWidget):
    """Stands in the window for a view that is made when it is first shown, and tells when it is shown."""

    def __init__(self, look: Callable[[], object]) -> None:
        super().__init__()
        self._look = look
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look at it once the window has been laid out."""
        super().showEvent(event)
        self.look_soon()

    def look_soon(self) -> None:
        """See what there is to be seen once the window has been laid out."""
        QTimer.singleShot(0, self._look_now)

    def _look_now(self) -> None:
        self._look()

    @property
    def is_seen(self) -> bool:
        """Whether it is in front: Qt puts docks behind others beside the window and calls them visible."""
        window = self.window()
        assert window is not None  # at least itself
        return self.isVisible() and window.rect().intersects(QRect(self.mapTo(window, QPoint(0, 0)), self.size()))


class Panel:
    """One view in its window."""

    def __init__(self, spec: PanelSpec, window: Window, tabs: QTabWidget) -> None:
        self.spec = spec
        self._window, self._tabs = window, tabs
        self._widget: QWidget | None = None
        self._holder = _Holder(self._look)
        self.dock: QDockWidget | None = None
        if spec.place == "center":
            tabs.addTab(self._holder, spec.title)
            return
        self.dock = QDockWidget(spec.title, window.widget)
        self.dock.setObjectName(spec.id)
        self.dock.setWidget(self._holder)
        self.dock.visibilityChanged.connect(self._turn)

    def _turn(self, _in_front: bool) -> None:
        self._holder.look_soon()

    def _look(self) -> None:
        """Make the view when it is first seen, and hide it where keys would reach it and charts follow it unseen."""
        seen = self._holder.is_seen
        if seen or self._widget is not None:
            self.widget.setVisible(seen or self.dock is None)

    @property
    def widget(self) -> Any:
        """The view; made when first asked for."""
        if self._widget is None:
            self._widget = self.spec.make(self._window)
            room = self._widget.sizePolicy()
            room.setRetainSizeWhenHidden(True)  # docks keep their size whichever is in front
            self._widget.setSizePolicy(room)
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
        return self._holder.is_seen

    def show(self) -> None:
        """Bring the view to the front; if there was none yet, it is made once the window has been laid out."""
        if self.dock is None:
            self._tabs.setCurrentWidget(self._holder)
            return
        self.dock.show()
        self.dock.raise_()
        if self._widget is not None:
            self._widget.show()

    def toggle(self) -> None:
        """Close a dock that can be seen, else bring the view to the front, also from behind another."""
        if self.dock is not None and self.is_in_front:
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
            partial(self._write, kind),
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

    def _write(self, kind: str) -> None:
        """Ask for a file and write the view into it in the worker, as the view is now."""
        window = self._window
        title = f"Export {self.spec.title.lower()} as {kind[1:].upper()}"
        path = window.dialogs.save_file(title, self.spec.id, kind)
        if path is None:
            return
        shown = self.export()
        if shown is None:
            window.show_status(f"{self.spec.title}: there is nothing to export")
            return

        def work() -> str:
            try:
                shown.write(path)
            except (OptinetError, OSError) as error:
                return f"{title}: {one_line(error)}"
            return ""

        def written(problem: str) -> None:
            if problem:
                window.messages.add(problem)
            else:
                window.show_status(f"Written: {path}")

        window.jobs.submit(f"Writing {path.name} …", work, written)

    def _copy(self, what: str) -> None:
        shown, clipboard = self.export(), QGuiApplication.clipboard()
        if shown is None or clipboard is None:
            self._window.show_status(f"{self.spec.title}: there is nothing to copy")
        elif what == "image":
            self._window.jobs.submit("Copying …", shown.image, clipboard.setImage)
        else:
            self._window.jobs.submit("Copying …", shown.table, clipboard.setText)
