# SPDX-License-Identifier: Apache-2.0
"""Tabs that are whole: none whose letters are cut below, and none that the arrows cut where there are too many.

Qt makes and deletes the bars of docks as it likes, so that none of them is kept here: they are looked for each time.
"""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QRect, QSize, Qt, QTimer
from PyQt6.QtGui import QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QStackedWidget, QTabBar, QTabWidget, QToolButton, QWidget

COVER = "cover"
BELOW = 2  # pixels by which the style moves the names of tabs that are not in front, and cuts them
TORN = 4  # pixels of the torn edge that the style draws where a tab is cut


class TallTabBar(QTabBar):
    """A bar whose tabs have room for what hangs below the line."""

    def tabSizeHint(self, index: int) -> QSize:
        """Return the size a tab would like to have."""
        return super().tabSizeHint(index) + QSize(0, BELOW)


class TallTabs(QTabWidget):
    """Pages below a bar of such tabs."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabBar(TallTabBar())
        self.setDocumentMode(True)


class TallPages(QStackedWidget):
    """Pages whose `bar` of such tabs is laid out on its own, so that it can be wider than they are."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = TallTabBar()
        self.bar.setDocumentMode(True)
        self.bar.setExpanding(False)
        self.bar.currentChanged.connect(super().setCurrentIndex)

    def setCurrentIndex(self, index: int) -> None:
        """Bring a page to the front."""
        self.bar.setCurrentIndex(index)

    def addTab(self, page: QWidget, title: str) -> None:
        """Add a page behind the others."""
        self.addWidget(page)
        self.bar.addTab(title)

    def removeTab(self, index: int) -> None:
        """Take a page away, which is not deleted."""
        self.removeWidget(self.widget(index))
        self.bar.removeTab(index)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go to the next page, or the one before, by the keys that do so in any tabs."""
        keys = QKeySequence.StandardKey
        step = 0 if event is None else int(event.matches(keys.NextChild)) - int(event.matches(keys.PreviousChild))
        if step and self.count():
            self.setCurrentIndex((self.currentIndex() + step) % self.count())
        else:
            super().keyPressEvent(event)


class WholeTabs(QObject):
    """Covers what can be seen of tabs that the bars in a widget have no room for; it belongs to the widget."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._due = QTimer(self, singleShot=True, interval=0)
        self._due.timeout.connect(self.place)

    def watch(self, bar: QTabBar | None) -> None:
        """Look after a bar in the widget."""
        assert bar is not None  # a tab widget has one
        bar.setElideMode(Qt.TextElideMode.ElideNone)
        bar.setUsesScrollButtons(True)
        for _ in range(2):  # at the left of the bar, and beside the arrows
            cover = QWidget(bar, objectName=COVER)
            cover.setAutoFillBackground(True)
            cover.hide()
        bar.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Look after the covers once a bar has been painted: nothing else tells that it has scrolled."""
        if event is not None and event.type() == QEvent.Type.Paint:
            self._due.start()
        return super().eventFilter(watched, event)

    def place(self) -> None:
        """Cover what is cut now."""
        for bar in self._widget.findChildren(QTabBar):
            covers = bar.findChildren(QWidget, COVER, Qt.FindChildOption.FindDirectChildrenOnly)
            for cover, place in zip(covers, cut_tabs(bar), strict=False):
                if place.isEmpty():
                    cover.hide()
                elif cover.isHidden() or cover.geometry() != place:
                    cover.setGeometry(place)
                    cover.show()


def cut_tabs(bar: QTabBar) -> tuple[QRect, QRect]:
    """Return what can be seen of the tabs that are cut at the left, and before the arrows; empty for none."""
    arrows = [button for button in bar.findChildren(QToolButton) if button.isVisible() and button.width()]
    left, right = QRect(), QRect()
    if not arrows:
        return left, right
    end = min(arrow.x() for arrow in arrows)
    for index in range(bar.count()):
        tab = bar.tabRect(index)
        if index == bar.currentIndex():
            continue  # the bar brings it into view as a whole, unless it is wider than the bar
        if tab.left() < 0 <= tab.right():
            left = QRect(0, 0, max(tab.right() + 1, TORN), bar.height())
        elif tab.left() < end <= tab.right():
            right = QRect(tab.left(), 0, end - tab.left(), bar.height())
    return left, right
