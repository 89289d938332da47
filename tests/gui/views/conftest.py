# SPDX-License-Identifier: Apache-2.0
"""A real window whose settings live in the test's folder, and whose file dialogs answer by themselves."""

from __future__ import annotations

import gc

import pytest
from PyQt6.QtCore import QEvent, QSettings, QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from gui.check_client import CheckClient
from gui.child import Child
from gui.views.window.main_window import MainWindow
from tests.support import waiting
from tests.support.engine_here import checker_here, command_here


class Answers:
    """Stands in for the file dialogs."""

    def __init__(self):
        self.files, self.folder, self.save, self.toml, self.choice, self.agree = [], [], None, "", "", True
        self.asked, self.text = [], "tag"

    def open_files(self):
        return self.files

    def open_folder(self):
        return self.folder

    def open_toml(self, title):
        self.asked.append((title, ".toml"))
        return self.toml

    def choose(self, title, _question, choices):
        self.asked.append((title, dict(choices)))  # what each is called, by its name
        return self.choice

    def ask_text(self, title, _question, _text):
        self.asked.append((title, "text"))
        return self.text

    def confirm(self, title, question, _yes):
        self.asked.append((title, question))
        return self.agree

    def save_file(self, title, _name, kind):
        self.asked.append((title, kind))
        return self.save


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def engine_here(monkeypatch):
    """Have what processes beside the window compute computed in this one: none has to load the engine."""
    monkeypatch.setattr(CheckClient, "_running", checker_here)
    monkeypatch.setattr(Child, "start", command_here)


@pytest.fixture
def make_window(qtbot, settings, monkeypatch):
    """Return a function that opens a window on paths and waits until all is read and drawn."""
    palette = QGuiApplication.palette()
    windows = []
    monkeypatch.setattr("gui.check_client.PATIENCE_MS", int(1000 * waiting.PATIENCE_S))

    def make(*paths):
        window = MainWindow(settings)
        window.dialogs.__class__ = Answers
        window.dialogs.__init__()
        windows.append(window)
        window.resize(1200, 800)
        with qtbot.waitExposed(window):
            window.show()
        window.open_paths([str(path) for path in paths])
        settle(qtbot, window)
        gc.freeze()  # as the program does
        return window

    yield make
    for window in windows:
        window.close()
        come_to_rest(qtbot, window)
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QGuiApplication.setPalette(palette)
    assert not [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]


@pytest.fixture
def folder(make_run, tmp_path):
    """A folder of four runs: a Clos with two designs, and a torus with two workloads."""
    make_run("a", case="1b / LPO", metrics={"network_kw": 90.0}, power_w={"switch": 60e3, "laser": 30e3})
    make_run("b", case="1a / retimed", metrics={"network_kw": 700.0}, power_w={"switch": 700e3}, verdict="at risk")
    make_run("c", case="3 torus", topology="torus", parameters={"dims": (3, 3, 3)}, metrics={"network_kw": 400.0})
    make_run("d", case="3 torus", workload="permutation", topology="torus", parameters={"dims": (3, 3, 3)}, metrics={})
    return tmp_path


@pytest.fixture
def window(make_window, folder):
    return make_window(folder)


def settle(qtbot, window):
    def is_settled():
        is_busy = window.jobs.is_busy or window.finder.is_busy
        is_busy |= any(panel.is_in_front and not panel.is_made for panel in window.panels.values())
        return not is_busy and window.panels["fabric"].widget.is_complete

    qtbot.waitUntil(is_settled)


def come_to_rest(qtbot, window):
    """Wait until no timer runs: what paints or waits for a pause in typing ends by itself, anything else stays."""

    def is_at_rest():
        running = [timer for timer in window.findChildren(QTimer) if timer.isActive()]
        assert running == [], [f"{each.objectName() or each} in {type(each.parent()).__name__}" for each in running]

    qtbot.waitUntil(is_at_rest)


@pytest.fixture
def wait(qtbot):
    return lambda window: settle(qtbot, window)
