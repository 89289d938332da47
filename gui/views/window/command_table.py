# SPDX-License-Identifier: Apache-2.0
"""The table of all commands for the user guide, from the registry of a window that is never shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication

from gui.commands import CommandRegistry
from gui.views.window.main_window import MainWindow

# the same for every view, and told once in the text
_OF_EVERY_VIEW = ("export.", "copy.")


def commands_markdown() -> str:
    """Return the commands as a Markdown table, in the order of the menus."""
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        table = table_of(window.commands)
        window.close()
        window.deleteLater()
    application.processEvents()
    return table


def table_of(commands: CommandRegistry) -> str:
    """Return the commands of a registry as a Markdown table."""
    shown = [command for command in commands if not command.id.startswith(_OF_EVERY_VIEW)]
    tops = list(dict.fromkeys(command.menu.partition("/")[0] for command in shown))
    menus = list(dict.fromkeys(command.menu for command in shown))
    shown.sort(key=lambda c: (tops.index(c.menu.partition("/")[0]), "/" in c.menu, menus.index(c.menu)))
    lines = ["| Menu | Command | Keys | What it does |", "|---|---|---|---|"]
    for command in shown:
        menu = command.menu.replace("/", " › ") or "palette"
        keys = f"`{command.shortcut}`" if command.shortcut else ""
        cells = (menu, command.title, keys, command.help)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"
