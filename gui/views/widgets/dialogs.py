# SPDX-License-Identifier: Apache-2.0
"""The dialogs that ask the user for files, for one of several things, or whether to go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

RUN_FILES = "Run files (*.h5);;All files (*)"
TOML_FILES = "Scenarios and studies (*.toml);;All files (*)"


class Dialogs:
    """Asks the user; an answer is empty when the user cancels."""

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

    def open_toml(self, title: str) -> str:
        """Ask for a scenario or study file."""
        path, _ = QFileDialog.getOpenFileName(self._parent, title, self._folder, TOML_FILES)
        return next(iter(self._remember([path] if path else [])), "")

    def save_file(self, title: str, name: str, kind: str) -> Path | None:
        """Ask where to write a file whose name ends with `kind`, such as ``.png``."""
        start = str(Path(self._folder) / f"{name}{kind}")
        path, _ = QFileDialog.getSaveFileName(self._parent, title, start, f"{kind[1:].upper()} (*{kind})")
        if not path:
            return None
        self._remember([path])
        return Path(path) if Path(path).suffix.lower() == kind else Path(f"{path}{kind}")

    def choose(self, title: str, question: str, choices: Mapping[str, str]) -> str:
        """Ask for one of several things by name; the values are what each is called."""
        lines = [f"{name}   {called}".rstrip() for name, called in choices.items()]
        chosen, agreed = QInputDialog.getItem(self._parent, title, question, lines, 0, False)
        return tuple(choices)[lines.index(chosen)] if agreed else ""

    def ask_text(self, title: str, question: str, text: str) -> str | None:
        """Ask for a line of text; None when the user cancels."""
        answer, agreed = QInputDialog.getText(self._parent, title, question, text=text)
        return answer.strip() if agreed else None

    def confirm(self, title: str, question: str, yes: str) -> bool:
        """Ask whether to go on; `yes` is what the button says."""
        box = QMessageBox(QMessageBox.Icon.Question, title, question, parent=self._parent)
        go_on = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.exec()
        return box.clickedButton() is go_on

    def _remember(self, paths: list[str]) -> list[str]:
        if paths:
            self._folder = str(Path(paths[0]).parent)
        return paths


class ContentDialog(QDialog):
    """A dialog of one thing to look at and a button that closes it."""

    def __init__(
        self, title: str, content: QWidget, parent: QWidget, buttons: QDialogButtonBox.StandardButton | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        content.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.buttons = QDialogButtonBox(buttons or QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(content)
        layout.addWidget(self.buttons)
