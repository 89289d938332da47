# SPDX-License-Identifier: Apache-2.0
"""The panel of links: which of them are drawn, and a list of those that stand out most."""

from __future__ import annotations

from functools import partial

import numpy as np
from PyQt6.QtCore import QSize, QTimer
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.commands import Command
from gui.state.fabric.links_shown import LinkFilter, ranked
from gui.state.fabric.paths import COLUMNS, Hop, hops_csv
from gui.state.fabric.view import FabricViewState
from gui.views.tasks.panel import Panel, Window
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme
from gui.views.widgets.table_picture import TextTable, table_export
from gui.views.widgets.wide_tree import WideTree

BOUND_AT = 0.8  # of the color range, to begin with
NO_LINK = "No link is drawn."
HEADINGS = ("Link", *COLUMNS[1:])
_NUMBERS = frozenset(range(2, len(HEADINGS)))


class LinksPanel(QWidget):
    """Filters the links of a fabric view by class and value, and lists them by what colors show.

    The link selected in the list is pointed at in the fabric.
    """

    def __init__(self, state: FabricViewState, theme: Theme) -> None:
        super().__init__()
        self._state, self._theme = state, theme
        self._shown: tuple[object, ...] = ()
        self.links: tuple[Hop, ...] = ()
        self.classes: dict[str, QCheckBox] = {}
        self.bounded, self.bound = QCheckBox("from"), QDoubleSpinBox(keyboardTracking=False)
        self.bound.setAccessibleName("Bound of the values drawn")
        self.bounded.toggled.connect(self._set_bound)
        self.bound.valueChanged.connect(self._set_bound)
        self.title = QLabel(wordWrap=True)
        self.tree = WideTree(HEADINGS, _NUMBERS, "Links that stand out most")
        self.tree.setRootIsDecorated(False)
        self.tree.currentItemChanged.connect(self._look)
        self.tree.itemClicked.connect(self._look)
        self._lay_out()
        state.changed.connect(self.refresh)

    def _lay_out(self) -> None:
        self._class_boxes = QVBoxLayout()
        bound = QHBoxLayout()
        bound.addWidget(self.bounded)
        bound.addWidget(self.bound, 1)
        left, right, both = QVBoxLayout(), QVBoxLayout(), QHBoxLayout(self)
        left.addWidget(QLabel("Links drawn"))
        left.addLayout(self._class_boxes)
        left.addLayout(bound)
        left.addStretch(1)
        right.addWidget(self.title)
        right.addWidget(self.tree, 1)
        both.setContentsMargins(6, 4, 6, 4)
        both.addLayout(left)
        both.addLayout(right, 1)

    def sizeHint(self) -> QSize:
        """Return the size the panel would like to have."""
        return QSize(560, 260)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors; those on the screen are of the palette."""
        self._theme = theme

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with the fabric view, in a turn of its own."""
        super().showEvent(event)
        QTimer.singleShot(0, self.refresh)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Point at nothing any more."""
        super().hideEvent(event)
        self._state.set_pointed(())

    def export(self) -> ViewExport | None:
        """Return the links listed."""
        self._catch_up()
        scene = self._state.scene
        if scene is None:
            return None
        rows = [link.cells() for link in self.links]
        table = TextTable(f"{self.title.text()} Links of {scene.title}", HEADINGS, rows, _NUMBERS)
        return table_export(table, self._theme, self.tree.font(), partial(hops_csv, self.links))

    def refresh(self) -> None:
        """Show the filter and the list as they are now, unless nobody looks."""
        if self.isVisible():
            self._catch_up()

    def _catch_up(self) -> None:
        state, scene = self._state, self._state.scene
        shown = (scene, state.quantity, state.link_filter, state.message)
        if shown == self._shown:
            return
        self._shown = shown
        self._show_filter()
        self.links = ranked(scene, state.quantity, state.drawn_links) if scene is not None else ()
        self.title.setText(self._heading() if self.links else state.message if scene is None else NO_LINK)
        self.tree.blockSignals(True)
        self.tree.clear()
        self.tree.addTopLevelItems([self.tree.row(link.cells(), link.hints()) for link in self.links])
        self.tree.fit_columns()
        self.tree.blockSignals(False)

    def step(self, by: int) -> None:
        """Look at the next link of the list, the first one to begin with, or at one before."""
        self._catch_up()  # the panel may be about to be shown the first time
        at = self.tree.indexOfTopLevelItem(self.tree.currentItem())
        row = min(max(at + by, 0), len(self.links) - 1)
        if row == at:
            self._look(self.tree.currentItem())
        else:
            self.tree.setCurrentItem(self.tree.topLevelItem(row))

    def _heading(self) -> str:
        state, count = self._state, len(self.links)
        quantity = state.quantity
        by = "link utilization" if state.scene is None or state.scene.categories(quantity) else quantity.title.lower()
        end = "lowest" if quantity.low_stands_out else "highest"
        which = f"the {count:,} of {end} {by} listed" if count < state.n_links_shown else f"by {by}, {end} first"
        return f"{state.n_links_shown:,} links drawn, {which}."

    def _show_filter(self) -> None:
        state, scene = self._state, self._state.scene
        names = scene.class_names if scene is not None else ()
        if tuple(self.classes) != names:
            while (item := self._class_boxes.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.deleteLater()
            self.classes = {name: QCheckBox() for name in names}
            for name, box in self.classes.items():
                self._class_boxes.addWidget(box)
                box.toggled.connect(partial(self._show_class, name))
        count = np.bincount(scene.link_class, minlength=len(names)) if scene is not None else ()
        for box, (name, links) in zip(self.classes.values(), zip(names, count, strict=True), strict=True):
            box.setText(f"{name}, {links:,} links")
            _set(box, box.setChecked, name not in state.link_filter.hidden_classes)
        bound, quantity = state.link_filter.bound, state.quantity
        has_numbers = scene is not None and not scene.categories(quantity)
        self.bounded.setText("up to" if quantity.low_stands_out else "from")
        self.bound.setSuffix(f" {quantity.unit}" if quantity.unit else "")
        self.bounded.setEnabled(has_numbers)
        self.bound.setEnabled(has_numbers)
        _set(self.bounded, self.bounded.setChecked, bound is not None)
        if has_numbers:
            low, high = state.own_scale.low, state.own_scale.high
            _set(self.bound, partial(self.bound.setRange, low), high)
            self.bound.setSingleStep((high - low) / 20)
            share = 1 - BOUND_AT if quantity.low_stands_out else BOUND_AT
            _set(self.bound, self.bound.setValue, low + share * (high - low) if bound is None else bound)

    def _show_class(self, name: str, shown: bool) -> None:
        hidden = self._state.link_filter.hidden_classes
        self._state.set_link_filter(hidden_classes=hidden - {name} if shown else hidden | {name})

    def _set_bound(self) -> None:
        self._state.set_link_filter(bound=self.bound.value() if self.bounded.isChecked() else None)

    def _look(self, item: QTreeWidgetItem | None) -> None:
        row = self.tree.indexOfTopLevelItem(item) if item is not None else -1
        if 0 <= row < len(self.links):
            self._state.look_at_link(self.links[row].arc // 2)


def _set(widget: QWidget, setter: object, value: object) -> None:
    """Give a control a value without its telling so."""
    widget.blockSignals(True)
    setter(value)  # type: ignore[operator]
    widget.blockSignals(False)


def links(window: Window) -> LinksPanel:
    """Return the panel of links."""
    return LinksPanel(window.fabric_state, window.theme)


def links_commands(window: Window, panel: Panel) -> list[Command]:
    """Return the commands that choose which links are drawn."""
    state = window.fabric_state

    def step(by: int) -> None:
        panel.show()
        panel.widget.step(by)

    return [
        Command(
            "links.all",
            "Draw all links",
            lambda: state.set_link_filter(**vars(LinkFilter())),
            "",
            "View/Links",
            lambda: state.link_filter != LinkFilter(),
            help="Draw the links of every class, whatever their value",
        ),
        *(
            Command(
                f"links.{name}",
                title,
                partial(step, by),
                key,
                "View/Links",
                lambda: state.scene is not None,
                help=text,
            )
            for name, title, by, key, text in (
                ("next", "Next link of the list", 1, "Ctrl+Shift+Down", "Look at the link that stands out most next"),
                ("previous", "Previous link of the list", -1, "Ctrl+Shift+Up", "Look at the link before in the list"),
            )
        ),
    ]
