# SPDX-License-Identifier: Apache-2.0
"""The main window: puts state, views, jobs and commands together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QByteArray, QChildEvent, QPoint, QSettings, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QPalette, QShowEvent
from PyQt6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QStatusBar,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from experiments.labels import counted
from gui.collector import Collector
from gui.commands import CommandRegistry
from gui.jobs import Jobs
from gui.samples import own_samples
from gui.state.fabric.view import MAPS, FabricViewState
from gui.state.preferences import Preferences
from gui.state.runs.selection import Selection
from gui.state.runs.session import Session
from gui.state.runs.table import RunsTable
from gui.state.undo import UndoStack
from gui.views.fabric.view import FabricView
from gui.views.runs.table import RunsPanel
from gui.views.tasks.failures import Failures
from gui.views.tasks.note_commands import remember_edits
from gui.views.tasks.opening import Opener
from gui.views.tasks.panel import AREAS, Panel
from gui.views.tasks.session_keeper import SessionKeeper
from gui.views.tasks.work import Work
from gui.views.widgets.dialogs import Dialogs
from gui.views.widgets.message_bar import MessageBar
from gui.views.widgets.palette import Appearance, apply_palette, theme_for, widget_palette
from gui.views.widgets.screen import resize_within_screen
from gui.views.widgets.shortened_label import ShortenedLabel
from gui.views.widgets.whole_tabs import TallTabs, WholeTabs
from gui.views.window.actions import Actions
from gui.views.window.panels import all_panels
from gui.views.window.window_commands import RECENT_MENU, add_window_commands

RUNNING = "{} still running. What is finished is kept; the rest is lost."


class MainWindow(QMainWindow):
    """The viewer.

    Parameters
    ----------
    settings
        Where window layout, appearance and recent files are kept.
    """

    closing = pyqtSignal()

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self.settings = settings
        self.session = Session()
        self.selection = Selection(self.session)
        self.fabric_state = FabricViewState()
        self._collector = Collector(self)  # before there is a worker
        self._collector.start()
        self.jobs = Jobs(self)
        self.finder = Jobs(self)  # filters and sorts, and does not wait for a file that is being read
        self.table = RunsTable(self.session, partial(self.finder.submit, ""))
        self.opener = Opener(self.session, self.selection, self.jobs, self)
        self.dialogs = Dialogs(self)
        self.undo = UndoStack()
        self.failures = Failures(self.fabric_state, self.undo, self.jobs, self)
        self.preferences = Preferences.from_text(str(settings.value("preferences", "")))
        self._system_palette = QPalette(QGuiApplication.palette())
        self._recent_actions: list[QAction] = []
        self._asks = True
        self._read_settings()
        self.theme = theme_for(self.appearance)
        self.commands = CommandRegistry()
        self.keeper = SessionKeeper(self, settings)
        self.work = Work(self)
        self._build()
        add_window_commands(self)
        self.commands.assign_shortcuts(self.preferences.shortcuts)
        self.actions_ = Actions(self, self.commands)
        self._apply_appearance()
        self._restore_layout()
        self._connect()

    # -- assembly

    def _build(self) -> None:
        self.setWindowTitle("optinet viewer")
        self.setAcceptDrops(True)
        resize_within_screen(self, QSize(1440, 900))
        self.messages = MessageBar(self.theme)
        self.tabs = TallTabs()
        self.tabs.setTabBarAutoHide(True)
        self.tabs.setAccessibleName("Views")
        self._whole_tabs = WholeTabs(self)
        self._whole_tabs.watch(self.tabs.tabBar())
        center = QWidget()
        layout = QVBoxLayout(center)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.messages)
        layout.addWidget(self.tabs, 1)
        self.setCentralWidget(center)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.panels = {spec.id: Panel(spec, self, self.tabs) for spec in all_panels(self.work, self.keeper)}
        self._arrange()
        self._told, self._busy, self._current, self._running = (ShortenedLabel() for _ in range(4))
        bar = QStatusBar()
        bar.setContentsMargins(4, 0, 4, 0)
        bar.addWidget(self._told, 1)
        bar.addPermanentWidget(self._running)
        bar.addPermanentWidget(self._busy)
        bar.addPermanentWidget(self._current)
        self.setStatusBar(bar)

    def _arrange(self) -> None:
        """Put the docks of one place behind each other, the first of them in front."""
        first: dict[str, QDockWidget] = {}
        for panel in self.panels.values():
            if panel.dock is None:
                continue
            front = first.setdefault(panel.spec.place, panel.dock)
            if front is panel.dock:
                self.addDockWidget(AREAS[panel.spec.place], front)
            else:  # added nowhere else before, or Qt would leave a tab bar behind
                self.tabifyDockWidget(front, panel.dock)
        for panel in self.panels.values():
            if panel.dock is not None and not panel.spec.shown:
                panel.dock.hide()
        for front in first.values():
            front.raise_()
        for place, px, direction in (
            ("bottom", 300, Qt.Orientation.Vertical),
            ("right", 470, Qt.Orientation.Horizontal),
        ):
            if place in first:
                self.resizeDocks([first[place]], [px], direction)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look after the tabs of the docks once these have their places."""
        super().showEvent(event)
        QTimer.singleShot(0, self._hide_stray_tabs)

    def _hide_stray_tabs(self) -> None:
        """Hide tab bars that Qt 6.11 leaves behind when docks are put on each other or get the places of last time.

        A bar that is in use lies at the lower edge of the dock in front.
        """
        docks = [panel.dock for panel in self.panels.values() if panel.dock is not None and panel.is_in_front]
        places = [dock.geometry().bottomLeft() for dock in docks]
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if bar.pos() - QPoint(0, 1) not in places:
                bar.hide()

    @property
    def widget(self) -> QWidget:
        """What dialogs, menus, timers and processes of this window belong to."""
        return self

    @property
    def fabric(self) -> FabricView:
        """The fabric view of the current run."""
        return self.panels["fabric"].widget.main

    @property
    def runs(self) -> RunsPanel:
        """The table of runs."""
        return self.panels["runs"].widget

    def _connect(self) -> None:
        self.opener.problems.connect(lambda problems: self.messages.add(*problems))
        self.opener.held.connect(self._remember)
        self.opener.edited.connect(partial(remember_edits, self))
        self.session.changed.connect(self.actions_.refresh_soon)
        self.selection.changed.connect(self._show_current)
        self.selection.changed.connect(self.actions_.refresh_soon)
        self.fabric_state.changed.connect(self.actions_.refresh_soon)
        self.undo.changed.connect(self.actions_.refresh_soon)
        self.failures.failed.connect(lambda: self.panels["failed"].show())
        for happened in (self.work.engine.started, self.work.engine.ended):
            happened.connect(lambda _job: self.actions_.refresh_soon())
        self.jobs.busy_changed.connect(self._busy.setText)
        self.actions_.menu(RECENT_MENU).aboutToShow.connect(self._fill_recent)
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._system_changed)

    def _fill_recent(self) -> None:
        """Put what was opened lately at the head of its menu."""
        menu = self.actions_.menu(RECENT_MENU)
        for action in self._recent_actions:
            menu.removeAction(action)
            action.deleteLater()
        self._recent_actions = []
        for path in self.session.recent:
            there = Path(path).exists()
            shown = path.replace("&", "&&")  # one alone would underline a letter
            action = QAction(shown if there else f"{shown} (missing)", self, enabled=there)
            action.triggered.connect(partial(self._open_recent, path))
            self._recent_actions.append(action)
        menu.insertActions(menu.actions()[0], self._recent_actions)

    def _open_recent(self, path: str, _checked: bool) -> None:
        self.open_paths([path])

    def show_status(self, text: str) -> None:
        """Say something in the status bar."""
        self._told.setText(text)

    def show_running(self, text: str) -> None:
        """Say in the status bar what is being computed."""
        self._running.setText(text)

    # -- runs

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open run files and folders, and scenario files in the form; what cannot be opened becomes a message."""
        scenarios = [path for path in paths if Path(path).suffix == ".toml" and Path(path).is_file()]
        for path in scenarios:
            self.work.open(path)
        paths = [path for path in paths if path not in scenarios]
        if not paths:
            return
        self.messages.forget_told()
        self.opener.open(paths)

    def open_samples(self) -> None:
        """Open the user's own copy of the runs that come with the viewer: it lies beside the settings."""
        self.open_paths([str(own_samples(Path(self.settings.fileName()).parent / "samples"))])

    def open_results(self, folder: Path) -> None:
        """Open the run files that have just been written into a folder."""
        if str(folder) not in self.opener.paths:
            self.opener.paths.append(str(folder))
            self._remember([str(folder)])
        self.opener.follow(folder)

    def reload(self) -> None:
        """Read again what was opened, for folders that have grown."""
        self.messages.clear()
        self.opener.reload()

    def close_runs(self, keys: Sequence[str]) -> None:
        """Close runs."""
        self.opener.close(keys)

    def _show_current(self) -> None:
        entry = self.session.get(self.selection.current)
        others = len(self.selection) - 1
        self._current.setText((entry.label if entry else "") + (f" and {others:,} more selected" if others > 0 else ""))

    # -- appearance and settings

    @property
    def appearance(self) -> Appearance:
        """Whether colors follow the system or are always light or dark."""
        return self.preferences.appearance

    def prefer(self, **values: object) -> None:
        """Change preferences; they hold from now on and are kept."""
        before, self.preferences = self.preferences, self.preferences.changed(**values)
        self.settings.setValue("preferences", self.preferences.to_text())
        if self.preferences.appearance != before.appearance:
            self._apply_appearance()
        if self.preferences.shortcuts != before.shortcuts:
            self.commands.assign_shortcuts(self.preferences.shortcuts)
            self.actions_.take_shortcuts()

    def set_appearance(self, appearance: Appearance) -> None:
        """Follow the system's colors or use the light or the dark ones."""
        self.prefer(appearance=appearance)

    def _apply_appearance(self) -> None:
        QGuiApplication.setPalette(self._system_palette)
        self.theme = theme_for(self.appearance)
        own = self._system_palette if self.appearance == "system" else widget_palette(self.theme)
        apply_palette(own)
        self.messages.set_theme(self.theme)
        for panel in self.panels.values():
            if panel.is_made:
                panel.widget.set_theme(self.theme)

    def _system_changed(self) -> None:
        if self.appearance == "system":
            self._system_palette = QPalette()
            self._apply_appearance()

    def _read_settings(self) -> None:
        self.session.recent = [line for line in str(self.settings.value("recent", "")).splitlines() if line]
        map_name = self.settings.value("map", MAPS[0])
        self.fabric_state.map_name = map_name if map_name in MAPS else MAPS[0]

    def _remember(self, paths: Sequence[str]) -> None:
        """Put what was opened at the head of the recent list: what holds no runs is not opened again by mistake."""
        self.session.remember(paths)
        self.save_recent()

    def save_recent(self) -> None:
        """Keep the recent list now, so that it survives whatever happens to this window."""
        self.settings.setValue("recent", "\n".join(self.session.recent))
        self.settings.sync()

    def _restore_layout(self) -> None:
        for key, restore in (("geometry", self.restoreGeometry), ("layout", self.restoreState)):
            stored = self.settings.value(key)
            if isinstance(stored, QByteArray):  # it may be anything in a file that was damaged or edited
                restore(stored)
        resize_within_screen(self, self.size())

    def _may_close(self) -> bool:
        active = self.work.engine.active
        question = RUNNING.format(counted(len(active), "job"))
        agreed = not active or not self._asks or self.dialogs.confirm("Quit", question, "Stop and quit")
        return agreed or not self._asks  # which may have come while the question was open

    def stop_asking(self) -> None:
        """Close without a question from now on, also while a dialog is open."""
        self._asks = False

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Keep the settings and stop all work; ask first if something is being computed."""
        if not self._may_close():
            if event is not None:
                event.ignore()
            return
        self.keeper.save()
        self.settings.setValue("map", self.fabric_state.map_name)
        self.settings.setValue("geometry", self.saveGeometry())
        self.settings.setValue("layout", self.saveState())
        self.settings.sync()
        self.closing.emit()
        self.work.shutdown()
        self.failures.shutdown()
        self.finder.shutdown()
        self.jobs.shutdown()
        self.opener.shutdown()
        self._collector.stop()
        super().closeEvent(event)

    def childEvent(self, event: QChildEvent | None) -> None:
        """Show the whole titles of docks on their tabs, which Qt would shorten where there are many."""
        super().childEvent(event)
        tabs = event.child() if event is not None and event.polished() else None
        if isinstance(tabs, QTabBar):
            self._whole_tabs.watch(tabs)
            tabs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            # not a function that holds the bar: Qt alone knows that both are there, and Python would collect them
            tabs.customContextMenuRequested.connect(self._open_panel_menu)

    def _open_panel_menu(self, at: QPoint) -> None:
        tabs = self.sender()
        if isinstance(tabs, QTabBar):
            self._panel_menu().popup(tabs.mapToGlobal(at))

    def createPopupMenu(self) -> QMenu:
        """Return what a right click on a dock or the toolbar offers: the panels, which tabs may have no room for."""
        return self._panel_menu()

    def menu_of(self, ids: Iterable[str]) -> QMenu:
        """Return a menu of some commands, a line for each empty id; it is deleted when it is closed."""
        menu = self.actions_.context_menu(ids)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _panel_menu(self) -> QMenu:
        return self.menu_of([f"panel.{name}" for name in self.panels])

    # -- drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Accept local files and folders."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None and any(url.isLocalFile() for url in mime.urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None:
            event.acceptProposedAction()
            self.open_paths([url.toLocalFile() for url in mime.urls() if url.isLocalFile()])
