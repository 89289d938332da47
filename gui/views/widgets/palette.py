# SPDX-License-Identifier: Apache-2.0
"""Every color of the viewer, for light and dark.

On a dark ground the maps run from dim to bright, on a light one from middling to dark, so that the largest value always
stands out most; of each the part is taken that stands out from the ground by 3:1, the contrast that graphics need (WCAG
2.1, criterion 1.4.11). viridis, cividis and batlow are perceptually even and safe for color-blind readers (S. van der
Walt, N. Smith, 2015; J. Nunez et al., PLOS ONE 13(7), 2018; F. Crameri, "Scientific colour maps", Zenodo, 2018, MIT
license). Categories take colors of P. Tol, "Colour Schemes", SRON note, 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication, QWidget

from gui.state.fabric.colormap import N_COLORS
from optinet.fabric import NodeKind

Appearance = Literal["system", "light", "dark"]
LEAST_CONTRAST = 3.0  # of what carries data
_WITH_BOXES = ("QMenu", "QCheckBox", "QListWidget")

_LIGHT_CATEGORIES = """
#4477aa #ee6677 #228833 #ccbb44 #66ccee #aa3377 #999933 #332288 #44aa99 #882255 #e69f00 #888888 #663333
"""
_DARK_CATEGORIES = """
#5b8ec4 #ee6677 #3a9c4c #ccbb44 #66ccee #c9579a #a5a545 #8d83d8 #44aa99 #d98bb0 #e69f00 #9a9a9a #b58a6a
"""
GRAY = 11
"""Place of the one category that is no color."""
# every eighth color of batlow
_BATLOW = """
#011959 #08255b #0d315d #0f3c5f #114460 #144c62 #175362 #1d5b62 #246160 #2d675d #386c58 #447052 #52744a #5f7843 #6c7c3c
#798035 #8a842f #99882c #a98c2c #b98f32 #ca923c #d89448 #e49756 #ef9b67 #f7a179 #fca78e #fdada0 #fdb3b1 #fdb9c2 #fcbfd6
#fbc6e8 #faccfa
"""


@dataclass(frozen=True)
class Theme:
    """The colors that are not the palette of the widgets."""

    dark: bool
    canvas: QColor
    text: QColor
    faint_text: QColor
    rule: QColor
    box: QColor
    highlight: QColor
    good: QColor
    warning: QColor
    bad: QColor
    nodes: dict[int, QColor]
    categories: tuple[QColor, ...]

    def colors(self, map_name: str) -> tuple[QColor, ...]:
        """Return the `N_COLORS` colors of a map, lowest value first."""
        return _map_colors(map_name, self.dark)

    def verdict(self, verdict: str) -> QColor:
        """Return the color for what a link budget says."""
        return {"closes": self.good, "at risk": self.warning, "infeasible": self.bad}.get(verdict, self.text)


def _colors(*names: str) -> tuple[QColor, ...]:
    return tuple(QColor(name) for name in names)


LIGHT = Theme(
    False,
    *_colors("#ffffff", "#1c1f24", "#5c6470", "#c6cbd3", "#f6f7f9", "#d81b60", "#1b6e3c", "#8a5a00", "#b3261e"),
    {NodeKind.HOST: QColor("#8a93a0"), NodeKind.CHIP: QColor("#5f6b7a"), NodeKind.SWITCH: QColor("#1f2937")},
    _colors(*_LIGHT_CATEGORIES.split()),
)
DARK = Theme(
    True,
    *_colors("#16181c", "#e8eaed", "#a3abb6", "#454b54", "#23272e", "#ff6fae", "#6fcf97", "#f2b84b", "#ff8a80"),
    {NodeKind.HOST: QColor("#7d8794"), NodeKind.CHIP: QColor("#a9b4c2"), NodeKind.SWITCH: QColor("#f1f3f5")},
    _colors(*_DARK_CATEGORIES.split()),
)


@lru_cache
def _map_colors(map_name: str, dark: bool) -> tuple[QColor, ...]:
    import pyqtgraph  # which takes as long to load as the rest of the window, and can wait for the first fabric

    source = pyqtgraph.ColorMap(None, _BATLOW.split()) if map_name == "batlow" else pyqtgraph.colormap.get(map_name)
    colors = [QColor(*row[:3]) for row in source.getLookupTable(nPts=256, alpha=False).tolist()]
    ground = (DARK if dark else LIGHT).canvas
    seen = [index for index, color in enumerate(colors) if contrast(color, ground) >= LEAST_CONTRAST]
    first, last = (seen[0], seen[-1]) if dark else (seen[-1], seen[0])
    return tuple(colors[index] for index in np.linspace(first, last, N_COLORS).round().astype(int).tolist())


def luminance(color: QColor) -> float:
    """Return the relative luminance of a color, 0 to 1, after WCAG 2."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colors, 1 to 21, after WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def system_is_dark() -> bool:
    """Whether the system, or else the palette it gave the application, is dark."""
    hints = QGuiApplication.styleHints()
    scheme = hints.colorScheme() if hints is not None else Qt.ColorScheme.Unknown
    if scheme != Qt.ColorScheme.Unknown:
        return scheme == Qt.ColorScheme.Dark
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def theme_for(appearance: Appearance) -> Theme:
    """Return the theme a user's choice stands for."""
    dark = system_is_dark() if appearance == "system" else appearance == "dark"
    return DARK if dark else LIGHT


def widget_palette(theme: Theme) -> QPalette:
    """Return the palette of the widgets for a theme chosen against the system's."""
    palette = QPalette(theme.box)
    role = QPalette.ColorRole
    button = theme.rule if theme.dark else QColor("#e9ebef")
    for roles, color in (
        ((role.Window,), theme.box),
        ((role.Base,), theme.canvas),
        ((role.AlternateBase,), theme.box),
        ((role.Button,), button),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), theme.text),
        ((role.ToolTipBase,), theme.box),
        ((role.PlaceholderText,), theme.faint_text),
        ((role.Highlight,), QColor("#3d6fb4")),
        ((role.HighlightedText, role.BrightText), QColor("#ffffff")),
        ((role.Link,), theme.categories[4] if theme.dark else theme.categories[0]),
    ):
        for one in roles:
            palette.setColor(one, color)
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, theme.faint_text)
    return palette


def set_text_color(label: QWidget, color: QColor) -> None:
    """Write a label in a color of the theme."""
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, color)
    label.setPalette(palette)


def apply_palette(palette: QPalette) -> None:
    """Give all widgets their colors.

    Qt outlines check boxes in a shade darker than the window: on a dark ground an empty one would not be seen.
    """
    QGuiApplication.setPalette(palette)
    boxes = QPalette(palette)
    boxes.setColor(QPalette.ColorRole.Window, palette.color(QPalette.ColorRole.PlaceholderText))
    for name in _WITH_BOXES:
        QApplication.setPalette(boxes, name)
