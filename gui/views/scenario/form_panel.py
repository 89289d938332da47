# SPDX-License-Identifier: Apache-2.0
"""The form for a new scenario: sections of fields, what is wrong, how long it takes, and the button that runs it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import (
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from experiments.labels import counted
from gui.check_client import CheckClient
from gui.commands import CommandRegistry
from gui.state.scenario.check import Check, by_field, of_section
from gui.state.scenario.fields import Section
from gui.state.scenario.form import ScenarioForm
from gui.state.scenario.table import COLUMNS, scenario_rows
from gui.views.scenario.fields import FieldRow, SectionPage
from gui.views.widgets.exporting import ViewExport
from gui.views.widgets.palette import Theme, set_text_color
from gui.views.widgets.table_picture import TextTable, table_export
from gui.views.widgets.whole_tabs import TallPages, WholeTabs
from optinet.errors import ScenarioError

CHECK_AFTER_MS = 120
SECTIONS_PX, SIDE_PX = 370, 280
VARY_HELP = (
    "One line for each value to vary; every combination is run, and compared.\n\n"
    "topology.leaves = [8, 16, 32]\n"
    'design.optics = ["retimed_800g_dr8", "lpo_800g_dr8"]'
)
CATALOGUE_HELP = (
    "One line for each value that is to take the place of the catalogue's.\n\npalomar.power_w = 90\n"
    "retimed_800g_dr8.price_usd = 900"
)
FIRST_PAGE = 1  # the topology first of all
LINES = (("Values", "catalogue"), ("Vary", "grid"))  # pages of lines, and the tables that these stand for
BUTTONS = ("scenario.new", "scenario.copy_run", "scenario.shipped", "scenario.open", "scenario.save")


class ScenarioPanel(QWidget):
    """Shows `form`; asks `client` what its fields are and what is wrong with it.

    `check` is the engine's answer to what the form holds now, None until it has come.
    """

    def __init__(
        self, form: ScenarioForm, client: CheckClient, commands: CommandRegistry, folder: str, theme: Theme
    ) -> None:
        super().__init__()
        self.form, self.theme = form, theme
        self.check: Check | None = None
        self.pages: dict[str, SectionPage] = {}
        self._client, self._commands = client, commands
        self._due = QTimer(self, singleShot=True, interval=CHECK_AFTER_MS)
        self._due.timeout.connect(self._ask)
        self.sections = TallPages()
        self.sections.setAccessibleName("Sections of the scenario")
        self.sections.bar.setAccessibleName("Sections of the scenario")
        WholeTabs(self).watch(self.sections.bar)
        self.vary = QPlainTextEdit(placeholderText=VARY_HELP)
        self.vary.setAccessibleName("Values to vary")
        self.catalogue = QPlainTextEdit(placeholderText=CATALOGUE_HELP)
        self.catalogue.setAccessibleName("Values in place of the catalogue's")
        self.estimate, self.problems = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.folder = QLineEdit(folder)
        self.run = self._button("scenario.run")
        self._arrange()
        self.vary.textChanged.connect(lambda: form.set_vary(self.vary.toPlainText()))
        self.catalogue.textChanged.connect(lambda: form.set_catalogue(self.catalogue.toPlainText()))
        form.replaced.connect(self._ask_sections)
        form.changed.connect(self._follow)
        client.failed.connect(self._no_answer)
        self._show_state("Loading the fields …")
        self._ask_sections()

    @property
    def is_ready(self) -> bool:
        """Whether what the form holds can be run."""
        return self.check is not None and not self.check.problems and bool(self.folder.text().strip())

    @property
    def is_settled(self) -> bool:
        """Whether fields and answers belong to what the form holds now."""
        return self.check is not None and not self._client.is_waiting and not self._due.isActive()

    def row(self, where: str) -> FieldRow:
        """Return the row of a field by its key path, such as ``topology.leaves``."""
        return next(row for page in self.pages.values() for row in page.rows if row.field.where == where)

    def show_first_page(self) -> None:
        """Begin where a new scenario does."""
        self.sections.setCurrentIndex(FIRST_PAGE)

    def set_theme(self, theme: Theme) -> None:
        """Take other colors."""
        self.theme = theme
        self._show_check()

    def export(self) -> ViewExport | None:
        """Return every field with what it holds and means, what varies, and what the engine says of it."""
        if not self.pages:
            return None
        rows = scenario_rows([page.section for page in self.pages.values()], self.form)
        said = [self.check.estimate(), *map(str, self.check.problems)] if self.check is not None else []
        title = f"Scenario: {self.form.values.get('title') or 'without a title'}"
        return table_export(TextTable(title, COLUMNS, rows, notes=said), self.theme, self.font())

    def _arrange(self) -> None:
        side = QWidget()
        column = QVBoxLayout(side)
        for command_id in BUTTONS:
            column.addWidget(self._button(command_id))
        column.addSpacing(8)
        column.addWidget(QLabel("Run files go to"))
        column.addWidget(self.folder)
        column.addWidget(self.estimate)
        column.addWidget(self.run)
        column.addWidget(self.problems)
        column.addStretch(1)
        self.folder.setAccessibleName("Folder for run files")
        self.folder.setToolTip("Points that are in this folder already are not computed again")
        self.problems.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.folder.textChanged.connect(self._show_check)
        scrolled = QScrollArea(widgetResizable=True, frameShape=QScrollArea.Shape.NoFrame)  # where letters are large
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to the button that gets the focus
        scrolled.setWidget(side)
        scrolled.setAccessibleName("Check, estimate and folder of the scenario")
        scrolled.setMinimumWidth(SIDE_PX)
        split = QSplitter()
        split.addWidget(self.sections)
        split.addWidget(scrolled)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        self.sections.setMinimumWidth(SECTIONS_PX)
        scrolled.setMaximumWidth(SIDE_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.sections.bar)
        layout.addWidget(split, 1)

    def _button(self, command_id: str) -> QPushButton:
        command = self._commands[command_id]
        button = QPushButton(command.title)
        button.setToolTip(command.help)
        button.clicked.connect(lambda: self._commands.run(command_id))
        return button

    def _ask_sections(self) -> None:
        self._client.ask_sections(self.form.values, self._take_sections)
        self._follow()

    def _take_sections(self, sections: tuple[Section, ...]) -> None:
        chosen = self.sections.currentIndex()
        self.pages.clear()
        while self.sections.count():
            page = self.sections.widget(0)
            self.sections.removeTab(0)
            if isinstance(page, SectionPage):
                page.deleteLater()
        for section in sections:
            self.pages[section.key] = page = SectionPage(section, self.form)
            self.sections.addTab(page, section.title)
        for editor, (title, _) in zip((self.catalogue, self.vary), LINES, strict=True):
            self.sections.addTab(editor, title)
        self.sections.setCurrentIndex(chosen if chosen >= 0 else FIRST_PAGE)
        self._follow()

    def _follow(self) -> None:
        """Show what the form holds, and ask what is wrong with it when typing pauses."""
        for page in self.pages.values():
            for row in page.rows:
                row.follow()
        for editor, lines in ((self.vary, self.form.vary), (self.catalogue, self.form.catalogue)):
            if editor.toPlainText() != lines:
                editor.setPlainText(lines)
        self.check = None
        self.run.setEnabled(False)
        set_text_color(self.estimate, self.theme.faint_text)  # it is that of a moment ago
        self._due.start()

    def _ask(self) -> None:
        try:
            text = self.form.to_toml()
        except ScenarioError as error:
            self._take_check(Check(error.problems))
            return
        except (TypeError, ValueError) as error:  # a value that TOML has no words for
            self._no_answer(str(error))
            return
        self._client.ask_check(text, 0, self._take_check)

    def _take_check(self, check: Check) -> None:
        self.check = check
        self._show_check()

    def _show_check(self) -> None:
        if self.check is None:
            return
        fields = [row.field.where for page in self.pages.values() for row in page.rows]
        found, others = by_field(self.check.problems, fields)
        for index in range(self.sections.count()):
            page = self.sections.widget(index)
            if isinstance(page, SectionPage):
                title = page.section.title
                wrong = page.tell(found, [each for each in others if of_section(each, page.section.key)], self.theme)
            else:
                title, key = LINES[page is self.vary]
                wrong = any(of_section(each, key) for each in others)
            self.sections.bar.setTabText(index, f"{title} ✗" if wrong else title)
        count = len(self.check.problems)
        lines = [str(problem) for problem in others]
        if count > len(others):
            lines.insert(0, f"{counted(count, 'problem')}: see the fields")
        self.problems.setText("\n\n".join(lines))
        set_text_color(self.problems, self.theme.bad)
        self._show_state(self.check.estimate())

    def _show_state(self, text: str) -> None:
        self.estimate.setText(text[:1].upper() + text[1:])
        set_text_color(self.estimate, self.theme.text)
        self.run.setEnabled(self.is_ready)

    def _no_answer(self, why: str) -> None:
        self._take_check(Check(()))
        self.problems.setText(f"Not checked: {why}. It can be run all the same.")

    @property
    def target(self) -> Path:
        """The folder for the run files."""
        return Path(self.folder.text().strip()).expanduser()
