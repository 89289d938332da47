# SPDX-License-Identifier: Apache-2.0
"""Tabs that find no room beside the arrows of their bar."""

from __future__ import annotations

from PyQt6.QtWidgets import QTabBar, QWidget

from gui.views.widgets.whole_tabs import COVER, WholeTabs, cut_tabs


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
