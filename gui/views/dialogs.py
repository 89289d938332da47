# SPDX-License-Identifier: Apache-2.0
"""The dialogs that ask for files, and those that tell about the program."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.commands import CommandRegistry

RUN_FILES = "Run files (*.h5);;All files (*)"


class FileDialogs:
    """Asks the user for paths; an answer is empty when the user cancels."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self._folder = ""

    def open_files(self) -> list[str]:
        """Ask for run files."""
        paths, _ = QFileDialog.getOpenFileNames(self._parent, "Open runs", self._folder, RUN_FILES)
        return self._remember(paths)

    def open_folder(self) -> list[str]:
        """Ask for a folder of runs."""
        path = QFileDialog.getExistingDirectory(self._parent, "Open folder of runs", self._folder)
        return self._remember([path] if path else [])

    def save_file(self, title: str, name: str, kind: str) -> Path | None:
        """Ask where to write a file whose name ends with `kind`, such as ``.png``."""
        start = str(Path(self._folder) / f"{name}{kind}")
        path, _ = QFileDialog.getSaveFileName(self._parent, title, start, f"{kind[1:].upper()} (*{kind})")
        if not path:
            return None
        self._remember([path])
        return Path(path) if Path(path).suffix.lower() == kind else Path(f"{path}{kind}")

    def _remember(self, paths: list[str]) -> list[str]:
        if paths:
            self._folder = str(Path(paths[0]).parent)
        return paths


class _Dialog(QDialog):
    def __init__(self, title: str, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(content)
        layout.addWidget(buttons)


def shortcuts_dialog(registry: CommandRegistry, parent: QWidget) -> QDialog:
    """Return a dialog that lists every command with its shortcut and what it does."""
    commands = [command for command in registry if command.title]
    table = QTableWidget(len(commands), 3)
    table.setHorizontalHeaderLabels(["Command", "Shortcut", "What it does"])
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    for row, command in enumerate(commands):
        keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        for column, text in enumerate((command.title, keys, command.help)):
            table.setItem(row, column, QTableWidgetItem(text))
    rows, header = table.verticalHeader(), table.horizontalHeader()
    assert rows is not None and header is not None  # a QTableWidget has both
    rows.hide()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
    dialog = _Dialog("Commands and shortcuts", table, parent)
    dialog.resize(820, 560)
    return dialog


def about_dialog(parent: QWidget) -> QDialog:
    """Return a dialog with what the program is and its versions."""
    text = QLabel(
        f"<h3>optinet {version('optinet')}</h3>"
        "<p>Simulator of optical interconnects and network topologies for AI clusters.<br>"
        "Apache-2.0; this viewer uses PyQt6, whose license is the GPL.</p>"
        f"<p>Python {platform.python_version()}, Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}, "
        f"numpy {version('numpy')}, h5py {version('h5py')}, pyqtgraph {version('pyqtgraph')}</p>"
    )
    text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return _Dialog("About optinet", text, parent)
