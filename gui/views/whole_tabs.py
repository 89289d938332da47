# SPDX-License-Identifier: Apache-2.0
"""Tab bars with more tabs than there is room for: a tab that the arrows would cut is left out until it is whole."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PyQt6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget


class WholeTabs(QObject):
    """Covers what can be seen of tabs that a bar has no room for; it belongs to the bar."""

    def __init__(self, bar: QTabBar) -> None:
        super().__init__(bar)
        self._bar = bar
        self._covers = [QWidget(bar), QWidget(bar)]  # at the left of the bar, and beside the arrows
        for cover in self._covers:
            cover.setAutoFillBackground(True)
            cover.hide()
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setUsesScrollButtons(True)
        self._due = QTimer(self, singleShot=True, interval=0)
        self._due.timeout.connect(self.place)
        bar.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Look after the covers once the bar has been painted: nothing else tells that it has scrolled."""
        if event is not None and event.type() == QEvent.Type.Paint and watched is self._bar:
            self._due.start()
        return False

    def place(self) -> None:
        """Cover what is cut now."""
        for cover, place in zip(self._covers, self.cut(), strict=True):
            if place.isEmpty():
                cover.hide()
            elif cover.isHidden() or cover.geometry() != place:
                cover.setGeometry(place)
                cover.show()

    def cut(self) -> tuple[QRect, QRect]:
        """Return what can be seen of the tabs that are cut at the left, and before the arrows; empty for none."""
        bar = self._bar
        arrows = [button for button in bar.findChildren(QToolButton) if button.isVisible() and button.width()]
        if not arrows:
            return QRect(), QRect()
        end = min(arrow.x() for arrow in arrows)
        left, right = QRect(), QRect()
        for index in range(bar.count()):
            tab = bar.tabRect(index)
            if index == bar.currentIndex():
                continue  # the bar brings it into view as a whole, unless it is wider than the bar
            if tab.left() < 0 < tab.right():
                left = QRect(0, 0, tab.right() + 1, bar.height())
            elif tab.left() < end <= tab.right():
                right = QRect(tab.left(), 0, end - tab.left(), bar.height())
        return left, right


def show_whole_tabs(tabs: QTabWidget) -> None:
    """Let the bar of a tab widget show whole tabs alone."""
    bar = tabs.tabBar()
    assert bar is not None  # a tab widget has one
    WholeTabs(bar)
