# SPDX-License-Identifier: Apache-2.0
"""The rows of a scenario's form: name, editor, unit, what it means, and the engine's message right below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QComboBox, QFrame, QGridLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gui.state.scenario.fields import Field, Section, value_text
from gui.state.scenario.form import ScenarioForm, parsed
from gui.views.widgets.palette import Theme, set_text_color
from optinet.errors import Problem

UNITS = {"Gbit s-1": "Gb/s", "Tbit s-1": "Tb/s"}
EDITOR_PX = 250
HELP_BELOW_PX = 620  # narrower pages have the meaning of a field below it


class FieldRow:
    """One field: its editor follows the form, and the form follows the editor."""

    def __init__(self, field: Field, form: ScenarioForm) -> None:
        self.field, self._form = field, form
        self.label = QLabel(field.label)
        self.unit = QLabel(UNITS.get(field.unit, field.unit))
        self.help = QLabel(_help(field), wordWrap=True)
        self.problem = problem_label()
        self.editor: QLineEdit | QComboBox = self._combo() if field.choices else self._line()
        self.editor.setFixedWidth(EDITOR_PX)
        self.editor.setAccessibleName(field.where)
        default = f" (default {field.default})" if field.default else ""
        self.editor.setToolTip(f"{field.where}{default}")
        self.label.setBuddy(self.editor)
        self.follow()

    def text(self) -> str:
        """Return what the editor holds."""
        if isinstance(self.editor, QComboBox):
            return str(self.editor.currentData() or "")
        return self.editor.text()

    def type(self, text: str) -> None:
        """Put a text into the editor as the user would."""
        if isinstance(self.editor, QComboBox):
            self.editor.setCurrentIndex(max(0, self.editor.findData(text)))
            self._chosen()
        else:
            self.editor.setText(text)
            self._typed(text)

    def follow(self) -> None:
        """Show the form's value, unless what is typed means just that."""
        value = self._form.value(self.field.path)
        if parsed(self.text(), self.field.text) == value:
            return
        text = value_text(value)
        if isinstance(self.editor, QLineEdit):
            self.editor.setText(text)
            return
        if self.editor.findData(text) < 0:  # a value of another version or a mistake: shown, and checked like any other
            self.editor.addItem(text, text)
        self.editor.setCurrentIndex(self.editor.findData(text))

    def tell(self, problems: Sequence[Problem], theme: Theme) -> None:
        """Show what is wrong with the field."""
        lines = [str(Problem("", p.found, self._more(p.allowed), p.nearest)) for p in problems]
        self.problem.setText("\n".join(lines))
        self.problem.setVisible(bool(lines))
        set_text_color(self.problem, theme.bad)
        set_text_color(self.help, theme.faint_text)
        set_text_color(self.label, theme.bad if lines else theme.text)

    def _more(self, allowed: str) -> str:
        """Return what is allowed as far as it does not stand beside the field already."""
        return "" if self.field.allowed and allowed.startswith(self.field.allowed) else _short(allowed)

    def _line(self) -> QLineEdit:
        line = QLineEdit()
        default = f"default {self.field.default}" if self.field.default not in ("", "[]", "{}") else ""
        line.setPlaceholderText("required" if self.field.required else default)
        line.textEdited.connect(self._typed)
        return line

    def _combo(self) -> QComboBox:
        combo = QComboBox()
        combo.addItem(f"default: {self.field.default}" if self.field.default else "—", "")
        for choice in self.field.choices:
            title = (self.field.titles or {}).get(choice, "")
            combo.addItem(choice, choice)
            combo.setItemData(combo.count() - 1, title, Qt.ItemDataRole.ToolTipRole)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.activated.connect(self._chosen)
        combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        combo.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign, assignment, union-attr]
        return combo

    def _typed(self, text: str) -> None:
        self._form.set_text(self.field.path, text, self.field.text)

    def _chosen(self) -> None:
        self._form.set_text(self.field.path, self.text(), self.field.text)


class SectionPage(QScrollArea):
    """The fields of one section, and above them which topology, workload or routing it is."""

    def __init__(self, section: Section, form: ScenarioForm) -> None:
        super().__init__()
        self.section, self._form = section, form
        self.rows = [FieldRow(field, form) for field in section.fields]
        self.kind: QComboBox | None = None
        self.setWidgetResizable(True)
        self.setAccessibleName(section.title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        column = QVBoxLayout(inside)
        self._notes, self.problem = QLabel(section.help, wordWrap=True), problem_label()
        if section.kinds:
            column.addWidget(self._kind_box())
        if section.help:
            column.addWidget(self._notes)
        column.addWidget(self.problem)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(3, 1)
        self._grid.setHorizontalSpacing(10)
        for number, row in enumerate(self.rows):
            for place, widget in enumerate((row.label, row.editor, row.unit)):
                self._grid.addWidget(widget, 3 * number, place)
            self._grid.addWidget(row.problem, 3 * number + 2, 1, 1, 3)
        self._help_is_below: bool | None = None
        self._place_help()
        column.addLayout(self._grid)
        column.addStretch(1)
        self.setWidget(inside)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put what fields mean where there is room for it."""
        super().resizeEvent(event)
        self._place_help()

    def _place_help(self) -> None:
        """Put what a field means beside it, or below it where that would be a narrow column."""
        below = self.width() < HELP_BELOW_PX
        if below == self._help_is_below:
            return
        self._help_is_below = below
        for number, row in enumerate(self.rows):
            place = (3 * number + 1, 1, 1, 3) if below else (3 * number, 3, 1, 1)
            self._grid.addWidget(row.help, *place)

    def tell(self, problems: Mapping[str, list[Problem]], of_all: Sequence[Problem], theme: Theme) -> bool:
        """Show what is wrong with each field, and with the section as a whole; return whether anything is."""
        set_text_color(self._notes, theme.faint_text)
        for row in self.rows:
            row.tell(problems.get(row.field.where, ()), theme)
        self.problem.setText("\n".join(map(str, of_all)))
        self.problem.setVisible(bool(of_all))
        set_text_color(self.problem, theme.bad)
        return bool(of_all) or any(row.field.where in problems for row in self.rows)

    def _kind_box(self) -> QComboBox:
        self.kind = QComboBox()
        self.kind.addItems(self.section.kinds)
        self.kind.setCurrentText(self.section.kind)
        self.kind.setFixedWidth(EDITOR_PX)
        self.kind.setAccessibleName(f"{self.section.key}.name")
        self.kind.textActivated.connect(self.choose)
        return self.kind

    def choose(self, name: str) -> None:
        """Take another topology, workload or routing."""
        self._form.choose(self.section.key, name)


def problem_label() -> QLabel:
    """Return a hidden label for what is wrong, whose text can be copied."""
    label = QLabel(wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.hide()
    return label


def _help(field: Field) -> str:
    """Return meaning and range in one sentence."""
    allowed = "" if field.choices else field.allowed
    return "; ".join(filter(None, [field.help, allowed])).replace("`", "'")


def _short(allowed: str, most: int = 160) -> str:
    return allowed if len(allowed) <= most else allowed[:most].rpartition(", ")[0] + ", …"
