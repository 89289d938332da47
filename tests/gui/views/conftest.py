# SPDX-License-Identifier: Apache-2.0
"""A real window whose settings live in the test's folder, and whose file dialogs answer by themselves."""

from __future__ import annotations

import gc

import pytest
from PyQt6.QtCore import QEvent, QSettings
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from gui.views.main_window import MainWindow


class Answers:
    """Stands in for the file dialogs."""

    def __init__(self):
        self.files, self.folder, self.save, self.asked = [], [], None, []

    def open_files(self):
        return self.files

    def open_folder(self):
        return self.folder

    def save_file(self, title, _name, kind):
        self.asked.append((title, kind))
        return self.save


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def make_window(qtbot, settings):
    """Return a function that opens a window on paths and waits until all is read and drawn."""
    palette = QGuiApplication.palette()
    windows = []

    def make(*paths):
        window = MainWindow(settings)
        window.dialogs.__class__ = Answers
        window.dialogs.__init__()
        windows.append(window)
        window.resize(1200, 800)
        window.show()
        qtbot.waitExposed(window)
        window.open_paths([str(path) for path in paths])
        settle(qtbot, window)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    QGuiApplication.setPalette(palette)
    assert not [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not window.jobs.is_busy and window.fabric.is_complete, timeout=10_000)


@pytest.fixture
def wait(qtbot):
    return lambda window: settle(qtbot, window)
