# SPDX-License-Identifier: Apache-2.0
"""The window without a mouse, and read aloud."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtWidgets import QAbstractButton, QApplication, QDialog, QGraphicsView, QLabel, QTabBar, QWidget

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
        assert nameless(window) == [], panel.spec.title
    qtbot.waitUntil(lambda: len(panels["scenario"].widget.pages) > 0)
    panels["scenario"].show()
    assert nameless(window) == []
    for command in DIALOGS:
        window.commands.run(command)
        dialog = next(each for each in window.findChildren(QDialog) if each.isVisible())
        assert nameless(dialog) == [], command
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


def test_every_menu_opens_with_alt_and_a_letter_of_its_own(window):
    titles = [action.text() for action in window.menuBar().actions()]
    letters = [title.partition("&")[2][:1].lower() for title in titles]
    assert len(set(letters)) == len(titles) > 3 and all(letters)
