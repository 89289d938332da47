# SPDX-License-Identifier: Apache-2.0
"""Every command of the main window."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCursor, QGuiApplication
from PyQt6.QtWidgets import QDockWidget

from gui.commands import Command, CommandRegistry
from gui.views.command_palette import CommandPalette
from gui.views.dialogs import about_dialog, shortcuts_dialog
from gui.views.fabric_commands import camera_commands, color_commands
from gui.views.palette import Appearance

if TYPE_CHECKING:
    from gui.views.main_window import MainWindow

RECENT_MENU = "File/Open recent"
_APPEARANCES: tuple[tuple[Appearance, str], ...] = (("system", "Like the system"), ("light", "Light"), ("dark", "Dark"))


def window_commands(window: MainWindow) -> CommandRegistry:
    """Return the registry of all commands of a window."""
    registry = CommandRegistry()
    registry.add(*_file(window))
    registry.add(*_edit(window))
    registry.add(*camera_commands(window.fabric_state))
    registry.add(*color_commands(window.fabric_state))
    registry.add(*_windows(window))
    registry.add(*_help(window, registry))
    return registry


def _file(window: MainWindow) -> list[Command]:
    dialogs, session, selection = window.dialogs, window.session, window.selection

    def has_runs() -> bool:
        return len(session) > 0

    def has_scene() -> bool:
        return window.fabric_state.scene is not None

    def export_fabric(kind: str) -> None:
        window.export(f"Export fabric as {kind[1:].upper()}", kind, lambda: window.fabric.export().write)

    def table_writer() -> partial[None]:
        return partial(_write_text, window.table.as_csv())

    return [
        Command(
            "file.open",
            "Open runs…",
            lambda: window.open_paths(dialogs.open_files()),
            "Ctrl+O",
            "File",
            help="Open run files",
            toolbar="Open",
        ),
        Command(
            "file.open_folder",
            "Open folder…",
            lambda: window.open_paths(dialogs.open_folder()),
            "Ctrl+Shift+O",
            "File",
            help="Open all runs of a folder",
            toolbar="Open folder",
        ),
        Command(
            "file.open_last",
            "Most recent",
            lambda: window.open_paths(session.recent[:1]),
            "",
            RECENT_MENU,
            enabled_when=lambda: bool(session.recent),
            help="Open what was opened last",
        ),
        Command(
            "file.forget_recent",
            "Clear list",
            lambda: _forget(window),
            "",
            RECENT_MENU,
            enabled_when=lambda: bool(session.recent),
            help="Forget what was opened lately",
        ),
        Command(
            "file.reload",
            "Read again",
            window.reload,
            "F5",
            "File",
            has_runs,
            help="Read the opened files and folders again and add new runs",
            toolbar="Read again",
        ),
        Command(
            "file.export_png",
            "Export fabric as PNG…",
            lambda: export_fabric(".png"),
            "Ctrl+E",
            "File",
            has_scene,
            help="Write the fabric view, with color bar, into an image",
        ),
        Command(
            "file.export_svg",
            "Export fabric as SVG…",
            lambda: export_fabric(".svg"),
            "",
            "File",
            has_scene,
            help="Write the fabric view, with color bar, as vectors",
        ),
        Command(
            "file.export_csv",
            "Export table as CSV…",
            lambda: window.export("Export table as CSV", ".csv", table_writer),
            "Ctrl+Shift+E",
            "File",
            has_runs,
            help="Write the rows and columns that are shown, numbers at full precision",
        ),
        Command(
            "file.close_selected",
            "Close selected runs",
            lambda: window.close_runs(selection.keys),
            "Ctrl+W",
            "File",
            lambda: bool(selection.keys),
            help="Take the selected runs out of the window",
        ),
        Command(
            "file.close_all",
            "Close all runs",
            lambda: window.close_runs([e.key for e in session.entries]),
            "",
            "File",
            has_runs,
            help="Take all runs out of the window",
        ),
        Command("file.quit", "Quit", lambda: window.close(), "Ctrl+Q", "File", help="Close the viewer"),
    ]


def _edit(window: MainWindow) -> list[Command]:
    def has_runs() -> bool:
        return len(window.session) > 0

    def focus_filter() -> None:
        window.runs_dock.show()
        window.runs.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        window.runs.filter.selectAll()

    def choose_columns() -> None:
        menu = window.runs.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(QCursor.pos())

    def step(by: int) -> None:
        keys = window.table.row_keys
        current = window.selection.current
        at = keys.index(current) + by if current in keys else 0
        if 0 <= at < len(keys):
            window.selection.set([keys[at]])

    return [
        Command(
            "edit.copy_image",
            "Copy fabric image",
            lambda: _copy_image(window),
            "Ctrl+Shift+C",
            "Edit",
            lambda: window.fabric_state.scene is not None,
            help="Put the fabric view on the clipboard",
        ),
        Command(
            "edit.copy_table",
            "Copy table",
            lambda: _copy_text(window.table.as_csv()),
            "",
            "Edit",
            has_runs,
            help="Put the rows and columns that are shown on the clipboard, as CSV",
        ),
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
            window.runs.filter.clear,
            "",
            "Edit",
            lambda: bool(window.table.filter_text),
            help="Show all runs again",
        ),
        Command("edit.columns", "Choose columns…", choose_columns, "", "Edit", help="Show and hide columns"),
    ]


def _windows(window: MainWindow) -> list[Command]:
    def toggle(dock: QDockWidget) -> None:
        dock.setVisible(not dock.isVisible())

    return [
        *(
            Command(
                f"panel.{name}",
                dock.windowTitle(),
                partial(toggle, dock),
                "",
                "View/Panels",
                checked_when=dock.isVisible,
                help=f"Show or hide the panel '{dock.windowTitle()}'",
            )
            for name, dock in (("runs", window.runs_dock), ("power", window.power_dock))
        ),
        *(
            Command(
                f"appearance.{name}",
                title,
                partial(window.set_appearance, name),
                "",
                "View/Appearance",
                checked_when=lambda n=name: window.appearance == n,
                help=f"Colors of the window: {title.lower()}",
            )
            for name, title in _APPEARANCES
        ),
    ]


def _help(window: MainWindow, registry: CommandRegistry) -> list[Command]:
    return [
        Command(
            "help.palette",
            "Command palette…",
            lambda: CommandPalette(registry, window).open(),
            "Ctrl+Shift+P",
            "Help",
            help="Search and run any command",
            toolbar="Commands",
        ),
        Command(
            "help.shortcuts",
            "Commands and shortcuts",
            lambda: shortcuts_dialog(registry, window).open(),
            "F1",
            "Help",
            help="List every command with its shortcut",
        ),
        Command(
            "help.about", "About optinet", lambda: about_dialog(window).open(), "", "Help", help="Versions and license"
        ),
    ]


def _forget(window: MainWindow) -> None:
    window.session.recent.clear()
    window.save_recent()
    window.session.changed.emit()


def _copy_image(window: MainWindow) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setImage(window.fabric.export().image())


def _copy_text(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
