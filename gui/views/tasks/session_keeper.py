# SPDX-License-Identifier: Apache-2.0
"""Keeps the session: what is open is written down as it changes, and opened again at the next start."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, Qt, QTimer

from gui.state.fabric.look import look_of, show_as
from gui.state.saved_session import SavedSession
from gui.views.tasks.panel import Window

SAVE_AFTER_MS = 1500
MOST_SELECTED = 1000  # runs whose selection is kept


class SessionKeeper(QObject):
    """Takes and restores the state of a window; it writes nothing down while `keeps` is off."""

    def __init__(self, window: Window, settings: QSettings) -> None:
        super().__init__(window.widget)
        self.keeps = True
        self._window, self._settings = window, settings
        self._pending: SavedSession | None = None
        self._due = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._due.timeout.connect(self.save)
        for event in (
            window.session.changed,
            window.selection.changed,
            window.table.changed,
            window.fabric_state.moved,
            window.fabric_state.changed,
        ):
            event.connect(self._due.start)

    def snapshot(self) -> SavedSession:
        """Return the window as it is now."""
        window = self._window
        if self._pending is not None and not len(window.session):
            return self._pending  # closed before anything could be read
        table, state = window.table, window.fabric_state
        awaited = self._awaited(window.selection.current)
        made = {name: panel.widget for name, panel in window.panels.items() if panel.is_made}
        return SavedSession(
            paths=tuple(str(Path(path).resolve()) for path in window.opener.paths),
            filter_text=table.filter_text,
            sort_id=table.sort_id,
            descending=table.descending,
            selected=window.selection.keys[:MOST_SELECTED],
            current=window.selection.current,
            fabric=awaited.fabric if awaited is not None else look_of(state),
            front=tuple(name for name, panel in window.panels.items() if panel.is_in_front),
            views={n: kept for n, view in made.items() if hasattr(view, "save_state") and (kept := view.save_state())},
        )

    def save(self) -> None:
        """Write the session down."""
        self._due.stop()
        if self.keeps:
            self._settings.setValue("session", self.snapshot().to_text())

    def restore(self, saved: SavedSession) -> None:
        """Open what was open; what is missing is told, and kept for the next time."""
        window = self._window
        self._pending = saved
        for path in saved.paths:
            if not Path(path).exists():
                window.messages.add(f"{path}: was open last time and is missing")
        window.opener.paths = list(saved.paths)
        window.open_paths([path for path in saved.paths if Path(path).exists()])
        window.jobs.submit("", lambda: None, lambda _: self._opened())

    def look_at(self, key: str) -> None:
        """Look at a run that has just been drawn as it was looked at last time."""
        if (saved := self._awaited(key)) is not None:
            self._pending = None
            show_as(self._window.fabric_state, saved.fabric)

    def _awaited(self, key: str | None) -> SavedSession | None:
        """Return the session in which a run that has still to be drawn was looked at; None for any other run."""
        saved = self._pending
        return saved if saved is not None and saved.current == key else None

    def _opened(self) -> None:
        """Go on once the runs have been read."""
        saved, window = self._pending, self._window
        if saved is None:
            return
        for name, state in saved.views.items():
            panel = window.panels.get(name)
            if panel is not None and hasattr(panel.widget, "restore_state"):
                panel.widget.restore_state(state)
        for name in saved.front:
            if name in window.panels:
                window.panels[name].show()
        window.panels["runs"].widget.filter.setText(saved.filter_text)
        window.finder.submit("", lambda: None, lambda _: self._sort(saved))  # when the columns are there
        if any(key in window.session for key in saved.selected):
            window.selection.set(saved.selected, saved.current)
        scene, style = window.fabric_state.scene, window.panels["fabric"].widget.layout_style
        if window.session.get(saved.current) is None:
            self._pending = None
        elif scene is not None and (scene.key, scene.style) == (saved.current, style):
            self.look_at(scene.key)

    def _sort(self, saved: SavedSession) -> None:
        ids = [column.id for column in self._window.table.columns]
        if saved.sort_id in ids:
            order = Qt.SortOrder.DescendingOrder if saved.descending else Qt.SortOrder.AscendingOrder
            self._window.panels["runs"].widget.view.sortByColumn(ids.index(saved.sort_id), order)
