# SPDX-License-Identifier: Apache-2.0
"""A window that is brought into one state after another, for the pictures that `screenshots.py` takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication, QWidget

SIZE = (1440, 900)
CURRENT = "3 torus, MEMS"  # the design whose fabric is shown
COMPARED = ("1a electrical 51.2T, retimed", "1b electrical 102.4T, CPO 2.5D", "2 OCS mesh, MEMS, CPO", CURRENT)
PATIENCE_S = 120.0
FAMILIES = Path(__file__).parent / "data" / "pictures.toml"


class Stage:
    """A window on the flagship's runs, brought into one state after another."""

    def __init__(self, application: QApplication, runs: Path, more: list[Path], folder: Path) -> None:
        from PyQt6.QtCore import QSettings

        from gui.views.window.main_window import MainWindow

        self.application, self.runs, self.more, self.folder = application, runs, more, folder
        self.opened: list[Path] = []  # emptied by what opens other runs by itself
        self.window: Any = MainWindow(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        self.window.keeper.keeps = False
        self.window.resize(*SIZE)
        self.window.show()
        self.open([runs])

    @property
    def families(self) -> Path:
        """The runs of `FAMILIES`, made when they are first wanted."""
        made = self.folder / "families"
        if not made.exists():
            words = ("sweep", str(FAMILIES), "-o", str(made), "--workers", "1")
            subprocess.run([sys.executable, "-m", "optinet", *words], check=True, capture_output=True)
        return made

    def open(self, paths: list[Path]) -> None:
        """Show these runs and no others, and select those that are compared, or the first of other runs."""
        window, self.opened = self.window, list(paths)
        window.commands.run("file.close_all")
        window.open_paths(list(map(str, paths)))
        self.settle()
        key_of = self._keys()
        keys = [key_of[name] for name in COMPARED if name in key_of] or window.session.keys[:1]
        window.selection.set(keys, keys[-1] if keys else None)
        self.usual = tuple(keys)
        self.settle()

    def _keys(self) -> dict[str, str]:
        """Return the run of each design under uniform traffic."""
        session = self.window.session
        columns = (session.frame.texts(name) for name in ("design", "workload"))
        return {name: key for key, name, workload in zip(session.keys, *columns, strict=True) if workload == "uniform"}

    @property
    def uniform(self) -> list[str]:
        """The run of every design under uniform traffic."""
        return list(self._keys().values())

    def current(self, design: str) -> None:
        """Show the run of a design."""
        key = self._keys()[design]
        self.window.selection.set([key], key)
        self.settle()

    def reset(self) -> None:
        """Go back to the fabric, the table and power, as after opening."""
        window = self.window
        for dialog in self.dialogs():
            dialog.close()
        for menu in self.menus():
            menu.close()
        if self.opened != [self.runs] or not len(window.session):
            self.open([self.runs])
        window.messages.clear()
        window.runs.filter.clear()
        state = window.fabric_state
        if window.panels["fabric"].widget.comparing:
            window.commands.run("view.side_by_side")
        window.selection.set(self.usual, self.usual[-1] if self.usual else None)
        self.settle()
        window.failures.restore(state.parts)
        state.set_chosen(())
        state.set_limit_shown(False)
        state.set_link_filter(host_links=True, group="")
        window.panels["fabric"].widget.search.close_bar()
        for command in ("layout.structure", "view.unfold_all", "color.by_utilization", "view.reset"):
            if window.commands[command].enabled_when():
                window.commands.run(command)
        for panel in window.panels.values():
            if panel.dock is not None and not panel.spec.shown:
                panel.dock.hide()
        for name in ("fabric", "runs", "power"):
            window.panels[name].show()
        self.settle()

    def dialogs(self) -> list[QWidget]:
        """Return the dialogs that are open."""
        from PyQt6.QtWidgets import QDialog

        return [each for each in self.application.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()]

    def menus(self) -> list[QWidget]:
        """Return the menus that are open."""
        from PyQt6.QtWidgets import QMenu

        return [each for each in self.application.topLevelWidgets() if isinstance(each, QMenu) and each.isVisible()]

    def wait(self, is_done: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Let the window work until something holds."""
        until = time.monotonic() + patience_s
        while not is_done() and time.monotonic() < until:
            self.application.processEvents()
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until everything is read and painted."""
        window, quiet = self.window, 0

        def is_quiet() -> bool:
            nonlocal quiet
            busy = window.jobs.is_busy or window.finder.is_busy
            busy = busy or (window.panels["fabric"].is_in_front and not window.panels["fabric"].widget.is_complete)
            quiet = 0 if busy else quiet + 1
            return quiet > 25

        self.wait(is_quiet)
