# SPDX-License-Identifier: Apache-2.0
"""How the runs table joins the window."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QCursor

from gui.commands import Command
from gui.state.runs.keys import among
from gui.views.runs.table import RunsPanel
from gui.views.tasks.note_commands import note_commands
from gui.views.tasks.panel import Panel, Window

ROW_COMMANDS = (
    *("view.side_by_side", "panel.compare", "scenario.copy_run", ""),
    *("notes.star", "notes.tag", "notes.untag", "notes.text", ""),
    *("edit.select_all", "edit.invert_selection", "file.close_selected"),
)


def runs(window: Window) -> RunsPanel:
    """Return the table of runs."""
    panel = RunsPanel(window.table, window.selection, window.theme, window.opener.edit)
    panel.menu_wanted.connect(lambda at: _open_menu(window, at))
    return panel


def _open_menu(window: Window, at: QPoint) -> None:
    """Offer what can be done with the selected runs."""
    window.menu_of(ROW_COMMANDS).popup(at)


def runs_commands(window: Window, panel: Panel) -> list[Command]:
    """Return the commands of the runs table."""

    def has_runs() -> bool:
        return len(window.session) > 0

    def focus_filter() -> None:
        panel.show()
        panel.widget.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        panel.widget.filter.selectAll()

    def choose_columns() -> None:
        menu = panel.widget.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(QCursor.pos())

    def invert() -> None:
        shown = window.table.row_keys
        window.selection.set_rows(shown.rows[~among(shown, window.selection.keys)])

    def step(by: int) -> None:
        keys = window.table.row_keys
        current = window.table.row_of(window.selection.current)
        at = current + by if current is not None else 0
        if 0 <= at < len(keys):
            window.selection.set([keys[at]])

    return [
        Command(
            "edit.select_all",
            "Select all runs",
            lambda: window.selection.set(window.table.row_keys),
            "Ctrl+A",
            "Edit",
            has_runs,
            help="Select every run that passes the filter",
        ),
        Command(
            "edit.invert_selection",
            "Invert selection",
            invert,
            "Ctrl+Shift+I",
            "Edit",
            has_runs,
            help="Select every run that passes the filter and is not selected, and none that is",
        ),
        Command(
            "edit.next_run",
            "Next run",
            lambda: step(1),
            "Ctrl+Down",
            "Edit",
            has_runs,
            help="Select the run in the next row",
        ),
        Command(
            "edit.previous_run",
            "Previous run",
            lambda: step(-1),
            "Ctrl+Up",
            "Edit",
            has_runs,
            help="Select the run in the row before",
        ),
        Command(
            "edit.filter", "Filter runs", focus_filter, "Ctrl+Shift+F", "Edit", help="Go to the filter above the table"
        ),
        Command(
            "edit.clear_filter",
            "Clear filter",
            lambda: panel.widget.filter.clear(),
            "",
            "Edit",
            lambda: bool(window.table.filter_text),
            help="Show all runs again",
        ),
        Command("edit.columns", "Choose columns…", choose_columns, "", "Edit", help="Show and hide columns"),
        Command(
            "edit.filter_help",
            "Words of the filter",
            lambda: panel.widget.show_filter_help(),
            "",
            "Help",
            help="Show the filter language and every name that the open runs have",
        ),
        Command(
            "edit.all_columns",
            "All columns…",
            lambda: panel.widget.column_dialog().open(),
            "",
            "Edit",
            has_runs,
            help="Show and hide any metric and any key of the scenarios",
        ),
        *note_commands(window),
    ]
