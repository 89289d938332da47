# SPDX-License-Identifier: Apache-2.0
"""The form of the preferences, made from their model, and the table in which shortcuts are changed."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from PyQt6.QtCore import QSignalBlocker, QSize, Qt, QTimer
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.commands import CommandRegistry
from gui.state.preferences import Preferences
from gui.views.widgets.dialogs import ContentDialog
from gui.views.widgets.palette import Theme, set_text_color
from gui.views.widgets.screen import resize_within_screen
from optinet.validation import choices_of, problems_of

_OK = QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
_OWN_PAGE = ("shortcuts",)  # fields with a dialog of their own


class PreferencesDialog(ContentDialog):
    """Shows every field of the model; OK hands over those that differ, once they all fit."""

    def __init__(
        self, preferences: Preferences, on_change: Callable[..., object], theme: Theme, parent: QWidget
    ) -> None:
        content = QWidget()
        super().__init__("Preferences", content, parent, _OK)
        self._preferences, self._on_change = preferences, on_change
        self.editors: dict[str, QWidget] = {}
        form = QFormLayout(content)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(10)
        for name, info in Preferences.model_fields.items():
            if name in _OWN_PAGE:
                continue
            self.editors[name] = editor = _editor(choices_of(info.annotation), getattr(preferences, name))
            editor.setAccessibleName(info.title)
            help_ = QLabel(info.description or "", wordWrap=True)
            set_text_color(help_, theme.faint_text)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(editor)
            column.addWidget(help_)
            form.addRow(f"{info.title}:", column)
        self.problem = QLabel(wordWrap=True)
        set_text_color(self.problem, theme.bad)
        self.problem.hide()  # which takes no room until there is one
        form.addRow(self.problem)
        self.buttons.accepted.connect(self._agree)
        resize_within_screen(self, QSize(680, self.heightForWidth(680)))

    def _agree(self) -> None:
        values = {name: _value(editor, getattr(self._preferences, name)) for name, editor in self.editors.items()}
        try:
            self._preferences.changed(**values)
        except ValidationError as error:
            self.problem.setText("\n".join(map(str, problems_of(error, Preferences))))
            self.problem.show()
            return
        self._on_change(**values)
        self.accept()


class ShortcutsDialog(ContentDialog):
    """Lists every command with its shortcut, which can be changed there, and what it does."""

    def __init__(
        self, registry: CommandRegistry, on_change: Callable[[Mapping[str, str]], object], parent: QWidget
    ) -> None:
        content = QWidget()
        super().__init__("Commands and shortcuts", content, parent)
        self._registry, self._on_change = registry, on_change
        self._commands = [command for command in registry if command.title]
        self._changed = {c.id: c.shortcut for c in self._commands if c.shortcut != registry.usual_shortcut(c.id)}
        self.search = QLineEdit(placeholderText="Search commands", clearButtonEnabled=True)
        self.search.setAccessibleName("Search commands")
        self.table = QTableWidget(len(self._commands), 4)
        self.table.setAccessibleName("Commands")
        self.message = QLabel("Click into a shortcut and press other keys; Backspace takes it away.", wordWrap=True)
        self.keys: dict[str, QKeySequenceEdit] = {}
        self._fill()
        reset = self.buttons.addButton("Usual shortcuts", QDialogButtonBox.ButtonRole.ResetRole)
        assert reset is not None
        reset.clicked.connect(self.reset)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.search, self.table, self.message):
            layout.addWidget(widget)
        self.search.textChanged.connect(self._filter)
        resize_within_screen(self, QSize(980, 620))

    def reset(self) -> None:
        """Give every command its usual shortcut."""
        self._take({})

    def _fill(self) -> None:
        self.table.setHorizontalHeaderLabels(["Menu", "Command", "Shortcut", "What it does"])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        rows, header = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None and header is not None  # a QTableWidget has both
        rows.hide()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for row, command in enumerate(self._commands):
            texts = {0: command.menu.replace("/", " › "), 1: command.title, 3: command.help}
            for column, text in texts.items():
                self.table.setItem(row, column, QTableWidgetItem(text))
            edit = QKeySequenceEdit(QKeySequence(command.shortcut), clearButtonEnabled=True)
            edit.editingFinished.connect(lambda command_id=command.id: self._edited(command_id))
            edit.setAccessibleName(f"Keys of '{command.title}'")
            self.keys[command.id] = edit
            self.table.setCellWidget(row, 2, edit)
        for column, width in enumerate((170, 210, 150)):
            self.table.setColumnWidth(column, width)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        # a long text takes the lines it needs, which are others for another width
        self._widened = QTimer(self, singleShot=True, interval=0)
        self._widened.timeout.connect(self.table.resizeRowsToContents)
        header.sectionResized.connect(lambda: self._widened.start())

    def _filter(self, text: str) -> None:
        found = {command.id for command in self._registry.search(text)}
        for row, command in enumerate(self._commands):
            self.table.setRowHidden(row, command.id not in found)

    def _edited(self, command_id: str) -> None:
        keys = self.keys[command_id].keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        now = self._registry[command_id].shortcut
        if keys == now:
            return
        other = next((c for c in self._registry if keys and c.shortcut == keys and c.id != command_id), None)
        if other is not None:
            self.message.setText(f"{keys} belongs to '{other.title}': give that command other keys first.")
            self._show(command_id, now)
            return
        changed = dict(self._changed)
        if keys == self._registry.usual_shortcut(command_id):
            changed.pop(command_id, None)
        else:
            changed[command_id] = keys
        self.message.setText(f"'{self._registry[command_id].title}' is now on {keys or 'no keys'}.")
        self._take(changed)

    def _take(self, changed: dict[str, str]) -> None:
        self._changed = changed
        self._on_change(changed)
        for command in self._registry:
            if command.id in self.keys:
                self._show(command.id, command.shortcut)

    def _show(self, command_id: str, keys: str) -> None:
        with QSignalBlocker(self.keys[command_id]):
            self.keys[command_id].setKeySequence(QKeySequence(keys))


def _editor(choices: tuple[Any, ...], value: Any) -> QWidget:
    if isinstance(value, bool):
        return QCheckBox("on", checked=value)
    if choices:
        combo = QComboBox()
        combo.addItems([str(choice) for choice in choices])
        combo.setCurrentText(str(value))
        return combo
    return QLineEdit(f"{value:g}" if isinstance(value, float) else str(value))


def _value(editor: QWidget, before: Any) -> Any:
    """Return what an editor holds, as a number if it was one; what is none is left for the model to complain about."""
    if isinstance(editor, QCheckBox):
        return editor.isChecked()
    if isinstance(editor, QComboBox):
        return editor.currentText()
    text = typing.cast("QLineEdit", editor).text().strip()
    if isinstance(before, int | float):
        try:
            return type(before)(text)
        except ValueError:
            return text
    return text
