# SPDX-License-Identifier: Apache-2.0
"""Keeps the session: what is open is written down as it changes, and opened again at the next start."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, Qt, QTimer

from gui.state.quantities import QUANTITIES
from gui.state.saved_session import SavedSession, camera_fields, camera_from
from gui.views.panel import Window

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
        ):
            event.connect(self._due.start)

    def snapshot(self) -> SavedSession:
        """Return the window as it is now."""
        window = self._window
        if self._pending is not None and not len(window.session):
            return self._pending  # closed before anything could be read
        table, state = window.table, window.fabric_state
        made = {name: panel.widget for name, panel in window.panels.items() if panel.is_made}
        return SavedSession(
            paths=tuple(str(Path(path).resolve()) for path in window.opener.paths),
            filter_text=table.filter_text,
            sort_id=table.sort_id,
            descending=table.descending,
            selected=window.selection.keys[:MOST_SELECTED],
            current=window.selection.current,
            quantity=state.quantity.id,
            camera=camera_fields(state.camera) if state.scene is not None else {},
            views={name: view.save_state() for name, view in made.items() if hasattr(view, "save_state")},
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
        quantity = next((each for each in QUANTITIES if each.id == saved.quantity), None)
        if quantity is not None:
            window.fabric_state.set_quantity(quantity)
        for path in saved.paths:
            if not Path(path).exists():
                window.messages.add(f"{path}: was open last time and is missing")
        window.opener.paths = list(saved.paths)
        window.open_paths([path for path in saved.paths if Path(path).exists()])
        window.jobs.submit("", lambda: None, lambda _: self._opened())

    def camera_for(self, key: str) -> None:
        """Look at a run that has just been drawn from where it was looked at last time."""
        if self._pending is not None and self._pending.current == key:
            camera = camera_from(self._pending.camera)
            self._pending = None
            if camera is not None:
                self._window.fabric_state.move(camera)

    def _opened(self) -> None:
        """Go on once the runs have been read."""
        saved, window = self._pending, self._window
        if saved is None:
            return
        runs = window.panels["runs"].widget
        runs.filter.setText(saved.filter_text)
        ids = [column.id for column in window.table.columns]
        if saved.sort_id in ids:
            order = Qt.SortOrder.DescendingOrder if saved.descending else Qt.SortOrder.AscendingOrder
            runs.view.sortByColumn(ids.index(saved.sort_id), order)
        if any(key in window.session for key in saved.selected):
            window.selection.set(saved.selected, saved.current)
        for name, state in saved.views.items():
            panel = window.panels.get(name)
            if panel is not None and hasattr(panel.widget, "restore_state"):
                panel.widget.restore_state(state)
        scene = window.fabric_state.scene
        if window.session.get(saved.current) is None:
            self._pending = None
        elif scene is not None and scene.key == saved.current:
            self.camera_for(scene.key)
