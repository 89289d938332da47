# SPDX-License-Identifier: Apache-2.0
"""The commands of the main window itself; those of its views come with the panels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gui.commands import Command, CommandRegistry
from gui.views.command_palette import CommandPalette
from gui.views.dialogs import about_dialog, shortcuts_dialog
from gui.views.palette import Appearance

if TYPE_CHECKING:
    from gui.views.main_window import MainWindow

RECENT_MENU = "File/Open recent"
_APPEARANCES: tuple[tuple[Appearance, str], ...] = (("system", "Like the system"), ("light", "Light"), ("dark", "Dark"))


def window_commands(window: MainWindow) -> CommandRegistry:
    """Return the registry of all commands of a window."""
    registry = CommandRegistry()
    registry.add(*_file(window))
    for panel in window.panels.values():
        registry.add(*panel.all_commands())
    registry.add(*_windows(window))
    registry.add(*_help(window, registry))
    return registry


def _file(window: MainWindow) -> list[Command]:
    dialogs, session, selection = window.dialogs, window.session, window.selection

    def has_runs() -> bool:
        return len(session) > 0

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


def _windows(window: MainWindow) -> list[Command]:
    return [
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
