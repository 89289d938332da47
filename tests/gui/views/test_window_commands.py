# SPDX-License-Identifier: Apache-2.0
"""Menus, toolbar and palette of the whole window."""

from __future__ import annotations

import gc

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QTabBar

from gui.views.window.command_palette import CommandPalette
from tests.support.reading_window import plain, selected_rows


def test_a_right_click_offers_what_can_be_done_with_the_selected_runs(window, qtbot):
    window.commands.run("edit.select_all")
    window.commands.run("edit.invert_selection")
    assert not selected_rows(window) and window.selection.current is None
    window.commands.run("edit.invert_selection")
    assert selected_rows(window) == [0, 1, 2, 3]
    view = window.runs.view
    view.customContextMenuRequested.emit(view.visualRect(window.runs.model.index(1, 0)).center())
    menu = QApplication.activePopupWidget()
    offered = {plain(action) for action in menu.actions() if action.isEnabled()}
    assert {"Side by side", "Star", "Add tags…", "Close selected runs"} <= offered
    menu.close()
    panels = window.createPopupMenu()
    assert [plain(action) for action in panels.actions()] == [panel.spec.title for panel in window.panels.values()]
    panels.deleteLater()


def test_the_tabs_of_docks_offer_the_panels_whatever_has_been_collected(window):
    gc.collect()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    bar = next(bar for bar in bars if bar.isVisible())
    bar.customContextMenuRequested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert [plain(action) for action in menu.actions()] == [panel.spec.title for panel in window.panels.values()]
    menu.close()


def test_commands_do_what_they_say(window, wait):
    state = window.fabric_state
    window.commands.run("view.top")
    assert state.camera.elevation_deg == 90 and not state.camera.perspective
    window.commands.run("view.reset")
    assert state.camera.elevation_deg == state.scene.layout.elevation_deg
    zoom = state.camera.zoom
    window.commands.run("view.zoom_in")
    assert state.camera.zoom == pytest.approx(1.25 * zoom)
    window.commands.run("view.fit")
    assert state.camera.zoom == pytest.approx(zoom, rel=1e-3)
    window.commands.run("view.raise")
    assert state.camera.elevation_deg == state.scene.layout.elevation_deg + 7.5
    window.commands.run("view.host_links")
    assert len(state.segments) == 8
    window.commands.run("edit.next_run")
    assert window.selection.current == window.table.row_keys[1]
    window.commands.run("edit.previous_run")
    assert window.selection.current == window.table.row_keys[0]
    window.commands.run("edit.select_all")
    assert selected_rows(window) == [0, 1, 2, 3]
    window.commands.run("copy.runs_data")
    wait(window)
    assert QGuiApplication.clipboard().text().startswith("Star,Design,Workload")
    window.commands.run("copy.fabric_image")
    wait(window)
    assert QGuiApplication.clipboard().image().width() == 2 * window.fabric.width()
    wait(window)


def test_every_action_of_menus_and_toolbar_is_a_command(window):
    titles = {command.title for command in window.commands}
    menus = [action.menu() for action in window.menuBar().actions()]
    seen = []
    while menus:
        for action in menus.pop().actions():
            if action.menu():
                menus.append(action.menu())
            elif not action.isSeparator():
                seen.append(plain(action))
    assert set(seen) <= titles
    assert {command.title for command in window.commands if command.menu} == set(seen)
    assert {plain(action) for action in window.actions_.toolbar.actions() if not action.isSeparator()} <= titles


def test_the_palette_finds_and_runs_a_command(window, qtbot):
    window.commands.run("help.palette")
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.text, "top view")
    assert palette.list.count() == 1
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert window.fabric_state.camera.elevation_deg == 90
    assert not palette.isVisible()


def test_the_palette_does_not_offer_what_cannot_be_done(make_window, qtbot):
    window = make_window()
    window.commands.run("help.palette")
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.text, "fit")
    assert not palette.list.item(0).flags() & Qt.ItemFlag.ItemIsEnabled
    qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.text.setText("")
    first = palette.list.currentRow()
    qtbot.keyClick(palette.text, Qt.Key.Key_Down)
    assert palette.list.currentRow() > first
    palette.reject()


def test_python_has_made_all_menus_itself(window):
    """It is not told of the end of what Qt makes, and would take what is at that place in memory later for that."""
    menus = [window.menuBar()]
    for menu in menus:
        menus += [action.menu() for action in menu.actions() if action.menu() is not None]
    assert len(menus) > 10
    assert [menu.title() for menu in menus[1:] if not sip.ispycreated(menu)] == []
    assert sip.ispycreated(menus[0])
