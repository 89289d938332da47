# SPDX-License-Identifier: Apache-2.0
"""Keeps windows and dialogs within the screen they open on."""

from __future__ import annotations

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QStyle, QWidget


def resize_within_screen(window: QWidget, wanted: QSize) -> None:
    """Give a window that is not shown yet the size it wants, or as much of it as its screen has room for."""
    screen, style = window.screen(), window.style()
    if screen is not None and style is not None:
        title = QSize(0, style.pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
        wanted = wanted.boundedTo(screen.availableSize() - title)
    window.resize(wanted)
