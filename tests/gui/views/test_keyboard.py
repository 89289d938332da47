# SPDX-License-Identifier: Apache-2.0
"""The window without a mouse, and read aloud."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPoint, QRect, Qt
from PyQt6.QtGui import QFocusEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QDockWidget,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QTabBar,
    QTableView,
    QWidget,
)

DIALOGS = ("help.palette", "help.shortcuts", "help.guide", "edit.preferences", "edit.all_columns", "edit.filter_help")


def reached(root):
    """Return what the Tab key goes to."""
    found = [each for each in root.findChildren(QWidget) if each.isVisible()]
    return [each for each in found if each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.isEnabled()]


def name(widget, labels):
    """Return what a screen reader calls a widget; a part of another is called as that is."""
    parent = widget.parent()
    if isinstance(parent, QGraphicsView) or widget.focusProxy() is parent or parent.focusProxy() is widget:
        return name(parent, labels)
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    tabs = "tabs" if isinstance(widget, QTabBar) else ""
    buddy = next((label.text() for label in labels if label.buddy() is widget), "")
    return widget.accessibleName() or text or tabs or buddy


def silent_buttons(root):
    """Return the buttons that say neither in words nor when they are pointed at what they do."""
    found = (each for each in root.findChildren(QAbstractButton) if each.isVisible() and not own_part(each))
    return [
        f"{type(each).__name__} in {type(each.parent()).__name__}"
        for each in found
        if not (each.text() or each.toolTip())
    ]


def own_part(button):
    """Whether Qt itself has put a button into a widget, such as one that clears a line or scrolls tabs."""
    owners = (QTabBar, QLineEdit, QTableView, QDockWidget)
    return button.objectName().startswith("qt_") or isinstance(button.parent(), owners)


def nameless(root):
    labels = root.findChildren(QLabel)
    return [
        f"{type(each).__name__} in {type(each.parent()).__name__}" for each in reached(root) if not name(each, labels)
    ]


def test_whatever_the_tab_key_reaches_has_a_name(window, qtbot):
    panels = window.panels
    for panel in panels.values():
        panel.show()
        QApplication.processEvents()
        assert nameless(window) == [] == silent_buttons(window), panel.spec.title
    qtbot.waitUntil(lambda: len(panels["scenario"].widget.pages) > 0)
    panels["scenario"].show()
    assert nameless(window) == []
    for command in DIALOGS:
        window.commands.run(command)
        dialog = next(each for each in window.findChildren(QDialog) if each.isVisible())
        assert nameless(dialog) == [] == silent_buttons(dialog), command
        dialog.reject()


def test_docks_behind_others_are_neither_reached_by_keys_nor_kept_up_to_date(window, qtbot):
    power, loads = window.panels["power"], window.panels["loads"]
    assert power.is_in_front and not loads.is_in_front and not loads.is_made
    loads.show()
    qtbot.waitUntil(lambda: not power.widget.isVisible() and loads.widget.shown.chart is not None)
    assert loads.is_in_front and not power.is_in_front
    places = [QRect(each.mapTo(window, QPoint(0, 0)), each.size()) for each in reached(window)]
    assert [place for place in places if not window.rect().intersects(place)] == []
    size = loads.dock.size()
    before, drawn = power.widget.shown, loads.widget.shown
    window.selection.set(window.table.row_keys[:1])
    qtbot.waitUntil(lambda: loads.widget.shown is not drawn and not window.jobs.is_busy)
    assert power.widget.shown is before
    power.show()
    qtbot.waitUntil(lambda: len(power.widget.shown.chart.labels) == 1)
    assert power.dock.size() == size


def test_every_entry_of_a_menu_is_chosen_by_a_letter_of_its_own_while_there_are_enough(window):
    menus = [window.menuBar()]
    while menus:
        actions = [action for action in menus.pop().actions() if not action.isSeparator()]
        menus += [action.menu() for action in actions if action.menu()]
        letters = [action.text().partition("&")[2][:1].lower() for action in actions]
        taken = set(letters) - {""}
        assert sum(map(bool, letters)) == len(taken)
        without = [action.text() for action, letter in zip(actions, letters, strict=True) if not letter]
        assert all(letter.lower() in taken for title in without for letter in title if letter.isalnum())
        assert len(actions) > 26 or not without


def focused_filter(window):
    """Return the filter with the cursor in it, which it may not get from a display without a window manager."""
    window.commands.run("edit.filter")
    QApplication.sendEvent(window.runs.filter, QFocusEvent(QEvent.Type.FocusIn))
    return window.runs.filter


def test_esc_clears_what_is_searched_for_before_it_does_anything_else(window, qtbot):
    window.fabric_state.set_chosen((0,))
    QApplication.processEvents()
    assert window.actions_["view.clear_marks"].isEnabled()
    box = focused_filter(window)
    qtbot.keyClicks(box, "topol")
    assert box.completer().popup().isVisible() and "topology:" in box.offered
    qtbot.keyClick(box.completer().popup(), Qt.Key.Key_Escape)
    assert not box.completer().popup().isVisible() and box.text() == "topol"
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == "" and window.fabric_state.chosen


def test_the_filter_is_completed_term_by_term(window, qtbot):
    box = focused_filter(window)
    qtbot.keyClicks(box, "uniform -topol")
    assert box.offered[0] == "topology:"
    popup = box.completer().popup()
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert box.text() == "uniform -topology:"
    qtbot.keyClicks(box, "l")
    assert box.offered == ["topology:leaf_spine"]
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert window.table.filter_text == "uniform -topology:leaf_spine" and not popup.isVisible()
