# SPDX-License-Identifier: Apache-2.0
"""The panel of failed parts: what has failed, what the run carries without it, and what limits that."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QEvent, QPoint, QSize, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QLabel, QMenu, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from gui.commands import Command
from gui.state.fabric.failed_parts import COLUMNS, named, part_rows, scenario_parts
from gui.state.fabric.failure import Part
from gui.state.fabric.picking import Picked
from gui.state.fabric.run_parts import scenario_with
from gui.state.runs.columns import MISSING
from gui.views.tasks.failures import Failures
from gui.views.tasks.panel import Panel, Window
from gui.views.tasks.work import Work
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme
from gui.views.widgets.table_picture import TextTable, table_export
from gui.views.widgets.wide_tree import WideTree

HINT = "Right-click a link, switch, host or chip in the fabric to fail it."
_NUMBERS = frozenset((2, 3))


class FailedPanel(QWidget):
    """Follows the failures of a fabric view."""

    def __init__(self, failures: Failures, theme: Theme) -> None:
        super().__init__()
        self._failures, self._theme = failures, theme
        self._shown: tuple[object, ...] = ()
        self.text = QLabel(HINT, wordWrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.tree = WideTree(COLUMNS, _NUMBERS, "Failed parts")
        self.tree.setRootIsDecorated(False)
        self.tree.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.tree.setMouseTracking(True)
        self.tree.itemEntered.connect(lambda item, _column: self._point(item))
        self.tree.itemSelectionChanged.connect(self._point)
        self.tree.viewportEntered.connect(self._point)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self.text)
        layout.addWidget(self.tree, 1)
        failures.changed.connect(self.refresh)
        failures.state.changed.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        """Return the size the panel would like to have."""
        return QSize(560, 260)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors; those on the screen are of the palette."""
        self._theme = theme

    @property
    def selected(self) -> tuple[Part, ...]:
        """The failed parts that are selected in the list."""
        parts = self._failures.state.parts
        rows = [self.tree.indexOfTopLevelItem(item) for item in self.tree.selectedItems()]
        return tuple(parts[row] for row in sorted(rows) if 0 <= row < len(parts))

    def leaveEvent(self, event: QEvent | None) -> None:
        """Point at what is selected alone once the pointer is gone."""
        super().leaveEvent(event)
        self._point()

    def _point(self, under: QTreeWidgetItem | None = None) -> None:
        """Mark the selected parts in the fabric, or the one under the pointer."""
        parts, row = self._failures.state.parts, self.tree.indexOfTopLevelItem(under) if under is not None else -1
        self._failures.state.set_pointed((parts[row],) if 0 <= row < len(parts) else self.selected)

    def export(self) -> ViewExport | None:
        """Return the failed parts, and below them what the run carries without them."""
        state = self._failures.state
        if state.scene is None:
            return None
        rows = part_rows(state.scene, state.parts)
        notes = self._failures.lines()
        table = TextTable(
            f"Failed parts of {state.scene.title}", COLUMNS, rows or [("none", MISSING, MISSING, "0")], _NUMBERS, notes
        )
        return table_export(table, self._theme, self.tree.font())

    def refresh(self) -> None:
        """Show what has failed now, and what came of it."""
        state = self._failures.state
        lines = self._failures.lines()
        hint = HINT if state.scene is not None else state.message
        self.text.setText("\n".join([*lines, *([] if state.parts else [hint])]))
        shown = (state.scene.key if state.scene else "", state.parts)
        if shown != self._shown:
            self._shown = shown
            self.tree.clear()
            rows = part_rows(state.scene, state.parts) if state.scene is not None else []
            self.tree.addTopLevelItems([self.tree.row(row) for row in rows])
            self.tree.fit_columns()
            self._point()


def failed(window: Window) -> FailedPanel:
    """Return the panel of failed parts."""
    return FailedPanel(window.failures, window.theme)


def failed_commands(work: Work, window: Window, panel: Panel) -> list[Command]:
    """Return the commands that fail and restore parts, and prove what limits."""
    failures, state = window.failures, window.fabric_state

    def selected() -> tuple[Part, ...]:
        return panel.widget.selected if panel.is_made else ()

    def shown_ocs() -> Part | None:
        return failures.ocs or (window.panels["ocs"].widget.part if window.panels["ocs"].is_made else None)

    def prove() -> None:
        failures.prove(not failures.proving)
        panel.show()

    def named_groups() -> dict[str, tuple[Part, ...]]:
        return scenario_parts(state.scene) if state.scene is not None else {}

    def fail_named() -> None:
        groups = named_groups()
        question = "Group that the scenario says fails together:"
        if name := window.dialogs.choose("Fail a group", question, dict.fromkeys(groups, "")):
            failures.fail_all(name, groups[name])

    def can_run() -> bool:
        return state.scene is not None and bool(state.parts) and "topology" in state.scene.run.scenario

    def run_failed() -> None:
        if state.scene is not None:
            work.run_scenario(scenario_with(state.scene, state.parts))

    def copy_failed() -> None:
        if state.scene is not None:
            work.load(scenario_with(state.scene, state.parts), f"Copy without {named(state.parts)}")

    return [
        Command(
            "view.fail_part",
            "Fail or restore the part",
            lambda: failures.toggle(failures.part),
            "Ctrl+Backspace",
            "View/Failures",
            lambda: failures.part is not None,
            help="Fail the link, switch, host, chip or folded group under the pointer, or the node clicked last",
        ),
        Command(
            "view.fail_group",
            "Fail or restore its group",
            lambda: failures.toggle(failures.group),
            "Ctrl+Shift+Backspace",
            "View/Failures",
            lambda: failures.group is not None,
            help="Fail the whole pod, cube, plane, block or rack of the node under the pointer or clicked last",
        ),
        Command(
            "view.fail_ocs",
            "Fail or restore the OCS",
            lambda: failures.toggle(shown_ocs()),
            "",
            "View/Failures",
            lambda: shown_ocs() is not None,
            help="Fail the optical circuit switch of the link under the pointer, or that of the panel 'Circuits'",
        ),
        Command(
            "view.fail_named",
            "Fail a group of the scenario…",
            fail_named,
            "",
            "View/Failures",
            lambda: bool(named_groups()),
            help="Fail everything of a group that the run's scenario names in [failures.group.NAME]",
        ),
        Command(
            "view.fail_beside",
            "Fail the same in the runs beside",
            failures.fail_beside,
            "",
            "View/Failures",
            lambda: bool(failures.beside()),
            help="Side by side: fail in the others what has failed in the current fabric, where they have it by name",
        ),
        Command(
            "view.run_failed",
            "Run with these parts down",
            run_failed,
            "",
            "View/Failures",
            can_run,
            help="Compute the scenario of this run with its failed parts down, as a run of its own, and open it",
        ),
        Command(
            "view.copy_failed",
            "New scenario with these parts down",
            copy_failed,
            "",
            "View/Failures",
            can_run,
            help="Take the scenario of this run with its failed parts down into the form",
        ),
        Command(
            "view.restore_selected",
            "Restore selected parts",
            lambda: failures.restore(selected()),
            "",
            "View/Failures",
            lambda: bool(selected()),
            help="Let the parts that are selected in the list of failed parts work again",
        ),
        Command(
            "view.mend_all",
            "Restore all failed parts",
            lambda: failures.restore(state.parts),
            "",
            "View/Failures",
            lambda: bool(state.parts),
            help="Let everything work again",
        ),
        Command(
            "view.prove_limit",
            "Prove what limits",
            prove,
            "",
            "View/Failures",
            lambda: state.scene is not None,
            lambda: failures.proving,
            help="Find what no routing surpasses, and the cut that proves it; mark it with 'Show what limits'",
        ),
    ]


def open_menu(window: Window, picked: Picked | None, at: QPoint) -> QMenu:
    """Open a menu of what can be done with a place in the fabric view."""
    general = ("view.mend_all", "view.limit", "view.prove_limit", "view.clear_marks", "view.fit")
    menu = window.menu_of(["", *(name for name in general if window.commands[name].enabled_when())])
    line, failures = menu.actions()[0], window.failures

    def run(command_id: str, _checked: bool) -> None:
        failures.pointed = picked  # the pointer has moved on to the menu
        window.commands.run(command_id)
        failures.pointed = None

    failures.pointed = picked
    for command_id, part in (
        ("view.fail_part", failures.part),
        ("view.fail_group", failures.group),
        ("view.fail_ocs", failures.ocs),
    ):
        if part is not None:
            word = "Restore" if part in window.fabric_state.parts else "Fail"
            action = QAction(f"{word} {part.title}", menu)
            action.triggered.connect(partial(run, command_id))
            menu.insertAction(line, action)
    if failures.group is not None:
        shown = failures.group.title == window.fabric_state.link_filter.group
        action = QAction("Show all groups" if shown else f"Show {failures.group.title} alone", menu)
        action.triggered.connect(partial(run, "view.isolate"))
        menu.insertAction(line, action)
    failures.pointed = None
    menu.popup(at)
    return menu
