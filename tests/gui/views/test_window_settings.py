# SPDX-License-Identifier: Apache-2.0
"""What the window keeps: settings, docks, recent files, colors."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QTabBar

from tests.support.reading_window import designs, plain


def test_the_next_window_has_the_docks_of_the_last_and_each_tab_once(make_window, folder, qtbot, settings):
    first = make_window(folder)
    first.panels["failed"].show()
    first.panels["availability"].show()
    first.close()
    second = make_window(folder)
    assert second.panels["failed"].is_in_front and second.panels["availability"].is_in_front

    def tabs():
        bars = second.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return sorted(bar.tabText(i) for bar in bars if bar.isVisible() for i in range(bar.count()))

    docks = sorted(p.spec.title for p in second.panels.values() if p.dock is not None and p.is_open)
    qtbot.waitUntil(lambda: tabs() == docks)
    assert "Failed parts" in docks


def test_settings_come_back(make_window, folder, settings, wait):
    window = make_window(folder / "a.h5")
    window.commands.run("appearance.dark")
    window.commands.run("color.map_cividis")
    window.commands.run("panel.power")
    window.close()
    again = make_window()
    assert again.session.recent == [str(folder / "a.h5")]
    assert again.appearance == "dark" and again.fabric_state.map_name == "cividis"
    assert not again.panels["power"].is_open
    again.commands.run("file.open_last")
    wait(again)
    assert designs(again) == ["1b / LPO"]


def test_recent_files_are_in_a_menu(window, folder, wait):
    menu = window.actions_.menu("File/Open recent")
    window.commands.run("file.close_all")
    wait(window)
    menu.aboutToShow.emit()
    menu.aboutToShow.emit()
    first = menu.actions()[0]
    assert [plain(action) for action in menu.actions()] == [str(folder), "Most recent", "Clear list"]
    first.trigger()
    wait(window)
    assert len(designs(window)) == 4
    window.session.remember([str(folder / "gone")])
    menu.aboutToShow.emit()
    assert menu.actions()[0].text().endswith("gone (missing)") and not menu.actions()[0].isEnabled()
    window.commands.run("file.close_all")
    window.commands.run("file.open_last")  # of those that are there
    wait(window)
    assert len(designs(window)) == 4


def test_what_holds_no_runs_is_neither_in_the_recent_list_nor_opened_at_the_next_start(window, folder, wait):
    broken = folder / "broken.h5"
    broken.write_bytes(b"not a run file")
    window.open_paths([str(broken), str(folder / "a.h5")])
    wait(window)
    assert window.session.recent == [str(folder / "a.h5"), str(folder)]
    assert str(broken) not in window.opener.paths and "is not a run file" in window.messages.messages[-1]


def test_dark_and_light_change_every_view(window, wait):
    window.commands.run("appearance.light")
    wait(window)
    light = window.grab().toImage()
    window.commands.run("appearance.dark")
    wait(window)
    dark = window.grab().toImage()

    def brightness(image):
        points = [(x, y) for x in range(5, image.width(), 37) for y in range(5, image.height(), 29)]
        return np.mean([image.pixelColor(x, y).lightness() for x, y in points])

    assert brightness(dark) < 80 < 180 < brightness(light)
    window.commands.run("appearance.system")
    assert window.appearance == "system"
