# SPDX-License-Identifier: Apache-2.0
"""The middle of the window: the fabric of the current run, or those of several runs side by side."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from itertools import islice
from typing import Any

from PyQt6.QtCore import QSizeF, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QPainter, QShowEvent
from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from gui.jobs import Jobs
from gui.state.fabric.layout import STRUCTURE, STYLES
from gui.state.fabric.linked_views import MOST_VIEWS, LinkedViews
from gui.state.fabric.paths import Trace, trace
from gui.state.fabric.scene import Scene
from gui.state.fabric.scene_reading import scene_of
from gui.state.fabric.table import arcs_csv
from gui.state.fabric.view import FabricViewState
from gui.state.hints import SELECT_ONE, nothing_shown
from gui.state.runs.entry import RunEntry, one_line
from gui.state.runs.selection import Selection
from gui.state.runs.session import Session
from gui.views.fabric.search import SearchBar
from gui.views.fabric.view import FabricView
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.message_bar import MessageBar
from gui.views.widgets.palette import Theme
from optinet.errors import OptinetError


@dataclass(frozen=True)
class Shared:
    """What the pane uses of the window."""

    session: Session
    selection: Selection
    jobs: Jobs
    messages: MessageBar


class FabricPane(QWidget):
    """Reads the fabrics of selected runs in the worker and shows them; traces paths between clicked endpoints.

    `main` is the view of the current run, `state` its state. `hovered_text` tells what is hovered in any view;
    `scene_shown` which run has just been drawn in the main one; `seen` whether it is in front now.
    """

    hovered_text = pyqtSignal(str)
    traced = pyqtSignal()
    scene_shown = pyqtSignal(str)
    seen = pyqtSignal(bool)

    def __init__(self, shared: Shared, state: FabricViewState, theme: Theme) -> None:
        super().__init__()
        self.shared, self.state, self.theme = shared, state, theme
        self.linked = LinkedViews(state)
        self.layout_style = STRUCTURE
        self.comparing = False
        self._brought: tuple[int, ...] = ()  # the pair whose paths the user was brought to
        self.main = FabricView(state, theme)
        self.views = [self.main]
        self.main.hovered_text.connect(self.hovered_text)
        self.search = SearchBar(state)
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._grid.addWidget(self.main, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.search)
        layout.addLayout(self._grid, 1)
        state.chosen_changed.connect(self._trace)
        shared.selection.changed.connect(self.show_selected)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.theme = theme
        for view in self.views:
            view.set_theme(theme)

    def save_state(self) -> dict[str, str | bool]:
        """Return how fabrics are laid out and whether side by side, to be kept until the next start."""
        return {"layout": self.layout_style, "comparing": self.comparing}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Lay fabrics out as `save_state` has kept."""
        if state.get("layout") in STYLES:
            self.set_style(state["layout"])
        if bool(state.get("comparing")) != self.comparing:
            self.set_comparing(not self.comparing)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Tell that the fabric is seen."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Tell that something else is in front."""
        super().hideEvent(event)
        self.seen.emit(False)

    @property
    def is_complete(self) -> bool:
        """Whether every view is drawn whole and smooth."""
        return all(view.is_complete for view in self.views)

    def export(self) -> ViewExport | None:
        """Return the views beside each other as they are, and the links of all as one table."""
        parts = [(view.geometry(), shown) for view in self.views if (shown := view.export()) is not None]
        if not parts:
            return None
        if len(self.views) == 1:
            return parts[0][1]
        top = min(place.top() for place, _ in parts)
        states = [state.frozen() for state in self.linked.states]

        def paint_all(painter: QPainter) -> None:
            for place, shown in parts:
                painter.save()
                painter.translate(place.left(), place.top() - top)
                painter.setClipRect(0, 0, place.width(), place.height())
                shown.paint(painter)
                painter.restore()

        size = QSizeF(self.width(), self.height() - top)
        title = "Fabrics: " + "; ".join(state.scene.title for state in states if state.scene is not None)
        return ViewExport(title, size, self.theme.canvas, paint_all, lambda: arcs_csv(states))

    # -- scenes

    def show_selected(self) -> None:
        """Show the current run, and beside it the others that are selected, where runs are compared."""
        keys = self._keys()
        if self.comparing and len(self.views) != len(keys):
            self._set_views(len(keys))
        for index in range(len(self.views)):
            self._show(index, keys[index] if index < len(keys) else None)

    def can_compare(self) -> bool:
        """Whether two runs or more are selected."""
        return len(self.shared.selection.keys) > 1

    def set_comparing(self, comparing: bool) -> None:
        """Show up to four selected runs side by side, or the current one alone."""
        self.comparing = comparing
        self._set_views(len(self._keys()) if comparing else 1)
        self.show_selected()

    def set_style(self, style: str) -> None:
        """Lay the fabrics out in another way."""
        if style != self.layout_style:
            self.layout_style = style
            self.show_selected()

    def _keys(self) -> list[str]:
        selection = self.shared.selection
        if selection.current is None:
            return []
        others = (key for key in selection.keys if key != selection.current)
        return [selection.current, *islice(others, MOST_VIEWS - 1 if self.comparing else 0)]

    def _set_views(self, count: int) -> None:
        self.linked.set_count(max(count, 1))
        while len(self.views) > len(self.linked.states):
            view = self.views.pop()
            self._grid.removeWidget(view)
            view.hide()
            view.deleteLater()
        for state in self.linked.states[len(self.views) :]:
            view = FabricView(state, self.theme)
            view.hovered_text.connect(self.hovered_text)
            self.views.append(view)
        columns = 1 if len(self.views) == 1 else 2
        for index, view in enumerate(self.views):
            alone = columns if index == len(self.views) - 1 and index % columns == 0 else 1  # of three the last is wide
            self._grid.addWidget(view, index // columns, index % columns, 1, alone)

    def _show(self, index: int, key: str | None) -> None:
        state = self.linked.states[index]
        entry = self.shared.session.get(key)
        shown = state.scene
        if entry is None:
            if shown is not None or not state.message:
                state.show(None, nothing_shown(len(self.shared.session), SELECT_ONE))
            return
        if shown is not None and (shown.key, shown.style) == (entry.key, self.layout_style):
            return
        if shown is None:
            state.show(None, "Reading the fabric …")
        style = self.layout_style
        self.shared.jobs.submit(
            f"Reading {entry.label} …",
            lambda: self._read(index, entry, style),
            lambda answer: self._shown(index, answer),
        )

    def _read(self, index: int, entry: RunEntry, style: str) -> tuple[str, Scene | str] | None:
        # runs in the worker: while it waited the user may have gone on to another run
        if not self._wanted(index, entry.key):
            return None
        for state in self.linked.states:  # beside each other the same run is read once
            if state.scene is not None and (state.scene.key, state.scene.style) == (entry.key, style):
                return entry.key, state.scene.intact or state.scene
        # menus ask which parts can fail, and what tells that loads the solver: a second here, where nobody waits
        importlib.import_module("optinet.reliability.parts")
        try:
            return entry.key, scene_of(entry, style)
        except (OptinetError, OSError) as error:
            return entry.key, one_line(error)

    def _wanted(self, index: int, key: str) -> bool:
        keys = self._keys()
        return index < len(keys) and keys[index] == key

    def _shown(self, index: int, answer: tuple[str, Scene | str] | None) -> None:
        if answer is None or not self._wanted(index, answer[0]) or index >= len(self.linked.states):
            return
        scene, state = answer[1], self.linked.states[index]
        if isinstance(scene, str):
            self.shared.messages.add(scene)
            state.show(None, scene)
            return
        if scene.style != self.layout_style:
            return  # which has been changed meanwhile, and is being read
        self.linked.show(index, scene)
        if index == 0:
            self.scene_shown.emit(scene.key)

    # -- paths

    def _trace(self) -> None:
        state, scene = self.state, self.state.scene
        if scene is None or len(state.chosen) != 2:
            self._brought = ()
            return
        source, target = state.chosen
        failed = tuple(state.failed.tolist())
        self.shared.jobs.submit("Tracing paths …", lambda: trace(scene, source, target, failed), self._set_trace)

    def _tell_traced(self) -> None:
        self.traced.emit()

    def _set_trace(self, found: Trace) -> None:
        if (found.source, found.target) == self.state.chosen:
            self.state.set_trace(found)
            if self._brought != self.state.chosen:  # traced anew around what has failed, it stays where it is
                self._brought = self.state.chosen
                QTimer.singleShot(0, self._tell_traced)  # what it shows is another turn's work
