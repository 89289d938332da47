# SPDX-License-Identifier: Apache-2.0
"""Whatever the settings hold, the window lies on the screen."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QRect, QSize
from PyQt6.QtWidgets import QMainWindow, QWidget

from gui.views.widgets.screen import resize_within_screen
from gui.views.window.main_window import MainWindow


def kept_at(place):
    other = QMainWindow()
    other.setGeometry(place)
    return other.saveGeometry()


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"geometry": QRect(9000, 9000, 1200, 800)},  # on a screen that is gone
        {"geometry": QRect(0, 0, 7680, 4320)},
        {"geometry": QRect(10, 10, 100, 100)},
        {"geometry": "text", "layout": ["a", "list"], "map": 3, "recent": 3, "session": ["a"], "preferences": "[1]"},
    ],
    ids=["first start", "elsewhere", "very large", "tiny", "damaged"],
)
def test_the_window_lies_on_the_screen(qtbot, settings, kept):
    for key, value in kept.items():
        settings.setValue(key, kept_at(value) if isinstance(value, QRect) else value)
    window = MainWindow(settings)
    with qtbot.waitExposed(window):
        window.show()
    available = window.screen().availableGeometry()
    assert available.contains(window.geometry().center())
    assert window.width() <= available.width() and window.height() <= available.height()
    assert window.width() >= window.minimumSizeHint().width()
    window.keeper.keeps = False
    window.close()
    qtbot.waitUntil(lambda: not window.jobs.is_busy)
    window.deleteLater()


def test_a_dialog_gets_what_the_screen_has_room_for(qapp):
    dialog = QWidget()
    available = dialog.screen().availableSize()
    resize_within_screen(dialog, QSize(300, 10_000))
    assert dialog.width() == 300 and 0 < available.height() - dialog.height() < 100
