# SPDX-License-Identifier: Apache-2.0
"""Tabs that find no room beside the arrows of their bar."""

from __future__ import annotations

from PyQt6.QtWidgets import QTabBar, QWidget

from gui.views.whole_tabs import WholeTabs


def test_a_tab_that_the_arrows_cut_is_covered_until_it_is_whole(qtbot):
    bar = QTabBar()
    qtbot.addWidget(bar)
    for title in ("Power", "Cost", "Latency", "Link loads", "Link budget", "Availability"):
        bar.addTab(title)
    bar.resize(bar.tabRect(3).center().x(), bar.sizeHint().height())
    whole = WholeTabs(bar)
    bar.show()

    def cover():
        return next((each for each in bar.findChildren(QWidget) if each.geometry() == whole.cut()[1]), None)

    qtbot.waitUntil(lambda: cover() is not None and cover().isVisible())
    cut = whole.cut()[1]
    first = next(index for index in range(bar.count()) if bar.tabRect(index).right() >= cut.right())
    assert cut.left() == bar.tabRect(first).left() and first > 1 and bar.childAt(cut.center()) is cover()
    bar.resize(bar.sizeHint().width() + 10, bar.height())
    qtbot.waitUntil(lambda: not any(each.isVisible() for each in whole._covers))
