# SPDX-License-Identifier: Apache-2.0
"""Tabs that find no room beside the arrows of their bar."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QTabBar, QWidget

from gui.views.widgets.whole_tabs import COVER, TallPages, WholeTabs, cut_tabs


def test_a_tab_that_the_arrows_cut_is_covered_until_it_is_whole(qtbot):
    around = QWidget()
    qtbot.addWidget(around)
    bar = QTabBar(around)
    for title in ("Power", "Cost", "Latency", "Link loads", "Link budget", "Availability"):
        bar.addTab(title)
    bar.resize(bar.tabRect(3).center().x(), bar.sizeHint().height())
    WholeTabs(around).watch(bar)
    around.show()
    covers = bar.findChildren(QWidget, COVER)
    qtbot.waitUntil(lambda: any(cover.isVisible() and cover.geometry() == cut_tabs(bar)[1] for cover in covers))
    cut = cut_tabs(bar)[1]
    first = next(index for index in range(bar.count()) if bar.tabRect(index).right() >= cut.right())
    assert cut.left() == bar.tabRect(first).left() and first > 1 and bar.childAt(cut.center()) in covers
    bar.resize(bar.sizeHint().width() + 10, bar.height())
    qtbot.waitUntil(lambda: not any(cover.isVisible() for cover in covers))


def test_pages_follow_their_bar_wherever_it_stands_and_the_keys_of_tabs(qtbot):
    pages = TallPages()
    qtbot.addWidget(pages)
    qtbot.addWidget(pages.bar)
    added = [QWidget() for _ in range(3)]
    for page, title in zip(added, "abc", strict=True):
        pages.addTab(page, title)
    pages.setCurrentIndex(2)
    assert pages.bar.currentIndex() == 2 and pages.currentWidget() is added[2]
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    for key, modifiers, index in ((Qt.Key.Key_Tab, control, 0), (Qt.Key.Key_Backtab, control | shift, 2)):
        qtbot.keyClick(pages, key, modifiers)
        assert pages.currentIndex() == pages.bar.currentIndex() == index
    pages.removeTab(0)
    assert pages.currentWidget() is added[2] and pages.bar.tabText(pages.bar.currentIndex()) == "c"
