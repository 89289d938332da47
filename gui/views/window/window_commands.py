# SPDX-License-Identifier: Apache-2.0
"""The commands of the main window itself; those of its views come with the panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from gui.commands import Command, CommandRegistry
from gui.state.runs.entry import one_line
from gui.views.tasks.panel import Window
from gui.views.widgets.palette import Appearance
from gui.views.window.command_palette import CommandPalette
from gui.views.window.help_dialogs import about_dialog, guide_dialog
from gui.views.window.preferences_dialog import PreferencesDialog, ShortcutsDialog
from optinet.errors import OptinetError

RECENT_MENU = "File/Open recent"
_APPEARANCES: tuple[tuple[Appearance, str], ...] = (("system", "Like the system"), ("light", "Light"), ("dark", "Dark"))


class CommandedWindow(Window, Protocol):
    """What its own commands do with a window, beyond what views may ask of it."""

    @property
    def appearance(self) -> Appearance:
        """Whether colors follow the system or are always light or dark."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Follow the system's colors or use the light or the dark ones."""

    def prefer(self, **values: object) -> None:
        """Change preferences."""

    def open_samples(self) -> None:
        """Open the runs that come with the viewer."""

    def save_recent(self) -> None:
        """Keep the list of what was opened lately."""

    def reload(self) -> None:
        """Read again what was opened."""

    def close_runs(self, keys: Sequence[str]) -> None:
        """Close runs."""

    def close(self) -> bool:
        """Close the window; return whether it is closed."""


def add_window_commands(window: CommandedWindow) -> None:
    """Register the commands of a window and of all its views."""
    registry = window.commands
    registry.add(*_file(window))
    registry.add(*_undo(window))
    for panel in window.panels.values():
        registry.add(*panel.all_commands())
    registry.add(*_windows(window))
    registry.add(*_help(window, registry))


def _file(window: CommandedWindow) -> list[Command]:
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
            lambda: _open_last(window),
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
            lambda: window.close_runs(session.keys),
            "",
            "File",
            has_runs,
            help="Take all runs out of the window",
        ),
        Command("file.quit", "Quit", lambda: window.close(), "Ctrl+Q", "File", help="Close the viewer"),
    ]


def _undo(window: CommandedWindow) -> list[Command]:
    def go(step: Callable[[], None], title: str, done: str) -> None:
        try:
            step()
        except (OptinetError, OSError) as error:  # notes of a run whose folder is not there any more
            window.messages.add(f"{title}: {one_line(error)}")
        else:
            window.show_status(f"{done}: {title}")

    undo = window.undo
    return [
        Command(
            "edit.undo",
            "Undo",
            lambda: go(undo.undo, undo.undo_title, "Undone"),
            "Ctrl+Z",
            "Edit",
            lambda: bool(undo.undo_title),
            help="Take back the last change of a scenario, of tags, notes or failed parts",
        ),
        Command(
            "edit.redo",
            "Redo",
            lambda: go(undo.redo, undo.redo_title, "Done again"),
            "Ctrl+Shift+Z",
            "Edit",
            lambda: bool(undo.redo_title),
            help="Do again what was taken back last",
        ),
    ]


def _windows(window: CommandedWindow) -> list[Command]:
    def preferences() -> None:
        PreferencesDialog(window.preferences, window.prefer, window.theme, window.widget).open()

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
        Command(
            "edit.preferences",
            "Preferences…",
            preferences,
            "Ctrl+,",
            "Edit",
            help="Set colors, folders, processes and what is opened at the start",
        ),
    ]


def _help(window: CommandedWindow, registry: CommandRegistry) -> list[Command]:
    def shortcuts() -> None:
        ShortcutsDialog(registry, lambda changed: window.prefer(shortcuts=dict(changed)), window.widget).open()

    return [
        Command(
            "help.guide",
            "User guide",
            lambda: guide_dialog(window.widget).open(),
            "F1",
            "Help",
            help="Read how optinet is used",
        ),
        Command(
            "help.samples",
            "Open the sample sweep",
            window.open_samples,
            "",
            "Help",
            help="Open the small runs that come with optinet",
        ),
        Command(
            "help.palette",
            "Command palette…",
            lambda: CommandPalette(registry, window.widget).open(),
            "Ctrl+Shift+P",
            "Help",
            help="Search and run any command",
            toolbar="Commands",
        ),
        Command(
            "help.shortcuts",
            "Commands and shortcuts…",
            shortcuts,
            "Shift+F1",
            "Help",
            help="List every command, and change its shortcut",
        ),
        Command(
            "help.about",
            "About optinet",
            lambda: about_dialog(window.widget).open(),
            "",
            "Help",
            help="Versions and license",
        ),
    ]


def _open_last(window: CommandedWindow) -> None:
    last = next((path for path in window.session.recent if Path(path).exists()), None)
    if last is None:
        window.show_status("Nothing of what was opened lately is there any more")
    else:
        window.open_paths([last])


def _forget(window: CommandedWindow) -> None:
    window.session.recent.clear()
    window.save_recent()
    window.session.changed.emit()
