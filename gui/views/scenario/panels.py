# SPDX-License-Identifier: Apache-2.0
"""How the form of a scenario and the table of jobs join the window, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices, QGuiApplication

from experiments.scenario import shipped_titles
from gui.commands import Command
from gui.state import copying
from gui.state.runs.entry import RunEntry, one_line
from gui.views.scenario.form_panel import ScenarioPanel
from gui.views.scenario.jobs_panel import JobsPanel
from gui.views.tasks.panel import Panel, Window
from gui.views.tasks.session_keeper import SessionKeeper
from gui.views.tasks.work import Work
from optinet.errors import OptinetError

MENU = "Scenario"


def scenario(work: Work, window: Window) -> ScenarioPanel:
    """Return the form."""
    return ScenarioPanel(work.form, work.client, window.commands, str(work.folder), window.theme)


def jobs(work: Work, window: Window) -> JobsPanel:
    """Return the table of jobs."""
    return JobsPanel(work.engine, window.theme)


def scenario_commands(work: Work, keeper: SessionKeeper, window: Window, panel: Panel) -> list[Command]:
    """Return the commands that fill the form and run it."""
    dialogs = window.dialogs

    def current() -> RunEntry | None:
        return window.session.get(window.selection.current)

    def copy_run() -> None:
        entry = current()
        if entry is not None:
            work.copy_run(entry)

    def start_from(choose: Callable[[], str]) -> None:
        if chosen := choose():
            work.open(chosen)

    def shipped_scenario() -> str:
        return dialogs.choose("Start from a system", "Scenario that comes with optinet:", shipped_titles("systems"))

    def save() -> None:
        path = dialogs.save_file("Save scenario", "study" if work.form.is_study else "scenario", ".toml")
        if path is not None:
            work.save(path)

    def ready() -> bool:
        return panel.is_made and panel.widget.is_ready

    def text_ready() -> bool:
        return panel.is_made

    return [
        Command(
            "scenario.new",
            "New scenario",
            work.new,
            "Ctrl+N",
            MENU,
            help="Fill the form with a small scenario that runs",
            toolbar="New scenario",
        ),
        Command(
            "scenario.copy_run",
            "Edit a copy of this run",
            copy_run,
            "Ctrl+Shift+N",
            MENU,
            lambda: current() is not None,
            help="Take the scenario of the current run into the form",
        ),
        Command(
            "scenario.shipped",
            "Start from a system…",
            lambda: start_from(shipped_scenario),
            "",
            MENU,
            help="Take a scenario that comes with optinet into the form",
        ),
        Command(
            "scenario.open",
            "Open scenario file…",
            lambda: start_from(lambda: dialogs.open_toml("Open scenario")),
            "",
            MENU,
            help="Take a scenario file into the form",
        ),
        Command(
            "scenario.save",
            "Save scenario as…",
            save,
            "Ctrl+S",
            MENU,
            text_ready,
            help="Write what the form holds as a scenario file, or a study file if values vary",
        ),
        Command(
            "scenario.run",
            "Run",
            lambda: work.run_form(panel.widget.target),
            "Ctrl+R",
            MENU,
            ready,
            help="Compute what the form holds in a process of its own and open the result",
        ),
        *_copies(work, keeper, window, panel, current),
    ]


def _copies(
    work: Work, keeper: SessionKeeper, window: Window, panel: Panel, current: Callable[[], RunEntry | None]
) -> list[Command]:
    """Return the commands that copy a scenario, a run, a comparison or the view for a shell or for Python."""

    def selected() -> list[RunEntry]:
        return [entry for entry in map(window.session.get, window.selection.keys) if entry is not None]

    def form_text(language: str) -> str:
        form = work.form
        if language == "command":
            return copying.scenario_as_command(form.to_toml(), is_study=form.is_study)
        return copying.study_as_python(form.to_toml()) if form.is_study else copying.scenario_as_python(form.to_toml())

    def run_text(language: str) -> str:
        entry = current()
        if entry is None:
            return ""
        write = copying.run_as_command if language == "command" else copying.run_as_python
        return write(entry.run, window.failures.scenario(entry.key))

    def comparison_text(language: str) -> str:
        write = copying.comparison_as_command if language == "command" else copying.comparison_as_python
        return write(selected())

    def view_text(language: str) -> str:
        session = keeper.snapshot()
        write = copying.view_as_command if language == "command" else copying.view_as_python
        return write(session.model_copy(update={"paths": ()}).to_text(), session.paths)

    def copy(make: Callable[[str], str], language: str) -> None:
        try:
            text = make(language)
        except (OptinetError, TypeError, ValueError) as error:
            window.messages.add(f"Copy: {one_line(error)}")
            return
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
            window.show_status("Copied: paste it into a shell" if language == "command" else "Copied: Python")

    things = (
        ("scenario", "the scenario in the form", form_text, lambda: panel.is_made),
        ("run", "the current run", run_text, lambda: current() is not None),
        ("comparison", "the comparison of the selected runs", comparison_text, lambda: bool(window.selection.keys)),
        ("view", "this window", view_text, lambda: len(window.session) > 0),
    )
    return [
        Command(
            f"copy_as.{name}_{language}",
            f"{name.capitalize()} as {'command line' if language == 'command' else 'Python'}",
            partial(copy, make, language),
            "",
            "Edit/Copy as",
            enabled,
            help=f"Put {what} on the clipboard as {'commands for a shell' if language == 'command' else 'a program'}",
        )
        for name, what, make, enabled in things
        for language in ("command", "python")
    ]


def jobs_commands(work: Work, window: Window, panel: Panel) -> list[Command]:
    """Return the commands that start studies, and stop and clear jobs."""
    dialogs, engine = window.dialogs, work.engine

    def run_study(choose: Callable[[], str]) -> None:
        if chosen := choose():
            work.ask_about_study(chosen)

    def shipped_study() -> str:
        return dialogs.choose("Run a study", "Study that comes with optinet:", shipped_titles("studies"))

    def cancel() -> None:
        chosen = panel.widget.selected if panel.is_made else None
        engine.cancel(chosen if chosen in engine.active else engine.active[-1])

    def show_folder() -> None:
        job = (panel.widget.selected if panel.is_made else None) or engine.jobs[-1]
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(job.folder).resolve())))

    return [
        Command(
            "jobs.study",
            "Run a study file…",
            lambda: run_study(lambda: dialogs.open_toml("Run a study")),
            "",
            MENU,
            help="Run every point of a study file, after telling how many there are and how long they take",
        ),
        Command(
            "jobs.shipped_study",
            "Run a study that comes with optinet…",
            lambda: run_study(shipped_study),
            "",
            MENU,
            help="Run one of the studies that come with optinet",
        ),
        Command(
            "jobs.cancel",
            "Cancel job",
            cancel,
            "Ctrl+.",
            MENU,
            lambda: bool(engine.active),
            help="Stop the selected job, or the newest; what it has finished is kept",
            toolbar="Cancel job",
        ),
        Command(
            "jobs.cancel_all",
            "Cancel all jobs",
            work.cancel_all,
            "",
            MENU,
            lambda: bool(engine.active),
            help="Stop everything that runs",
        ),
        Command(
            "jobs.folder",
            "Show folder of job",
            show_folder,
            "",
            MENU,
            lambda: bool(engine.jobs),
            help="Open the folder with the run files of the selected job",
        ),
        Command(
            "jobs.clear",
            "Clear finished jobs",
            engine.clear,
            "",
            MENU,
            lambda: len(engine.active) < len(engine.jobs),
            help="Take the jobs that are over out of the table",
        ),
    ]
