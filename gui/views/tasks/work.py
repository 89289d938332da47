# SPDX-License-Identifier: Apache-2.0
"""From the form to results: writes what is to be run, starts it, and opens the run files as they come."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from PyQt6.QtCore import QObject, QTimer

from experiments.scenario import find_source, is_study, shipped
from gui.check_client import CheckClient
from gui.engine import Engine
from gui.state.runs.entry import RunEntry, one_line
from gui.state.scenario.check import Check
from gui.state.scenario.form import FIRST_SCENARIO, ScenarioForm
from gui.state.scenario.job import Job, JobStatus
from gui.views.tasks.opening import FIRST_BARS
from gui.views.tasks.panel import Window
from optinet.errors import OptinetError


class Work(QObject):
    """The form, the process that checks it, and the jobs of a window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.widget)
        self._window = window
        self.form = ScenarioForm(window.undo)
        self.client, self.engine = CheckClient(self), Engine(self)
        self._results: dict[Job, list[str]] = {}
        self._variations: list[str] = []  # the run that is in the form, and those made of it since
        self._variations_of: dict[Job, list[str]] = {}
        self.engine.written.connect(self._open_results)
        self.engine.ended.connect(self._end)
        self.engine.changed.connect(self._tell)
        self.client.failed.connect(lambda why: window.messages.add(f"Scenario: {why}"))

    @property
    def folder(self) -> Path:
        """Where run files go unless another folder is named; it may begin with ``~``, the home folder."""
        return Path(self._window.preferences.runs_folder or "~/optinet-runs")

    # -- what is in the form

    def new(self) -> None:
        """Begin with a small scenario that runs."""
        self.load(FIRST_SCENARIO, "New scenario")
        self._window.panels["scenario"].widget.show_first_page()

    def copy_run(self, entry: RunEntry) -> None:
        """Take the scenario of a run into the form."""
        try:
            scenario = dict(entry.run.scenario)
        except OptinetError as error:
            self._window.messages.add(one_line(error))
            return
        as_run = {**scenario, "title": scenario.get("title") or entry.design}
        self.load(self._window.failures.scenario(entry.key) or as_run, f"Copy of {entry.label}")
        self._variations = [entry.key]

    def open(self, path_or_name: str) -> None:
        """Take a scenario file, or a shipped scenario, into the form."""
        try:
            source = find_source(path_or_name, "systems")
        except OptinetError as error:
            self._window.messages.add(one_line(error))
            return
        if is_study(source):
            self.ask_about_study(path_or_name)
            return
        self.load(_from_anywhere(source.values, Path(source.name).parent), f"Open {Path(source.name).name}")

    def save(self, path: Path) -> None:
        """Write what the form holds as a scenario or study file."""
        try:
            path.write_text(self.form.to_toml(), encoding="utf-8")
        except (OptinetError, OSError) as error:
            self._window.messages.add(f"{path}: {one_line(error)}")
        else:
            self._window.show_status(f"Written: {path}")

    def load(self, values: Mapping[str, Any], title: str) -> None:
        """Take a whole scenario into the form and show it."""
        self._variations = []
        self.form.load(values, title)
        self._window.panels["scenario"].show()

    # -- running

    def run_form(self, folder: Path) -> None:
        """Run what the form holds."""
        try:
            self.form.name_variation()
            title = str(self.form.values.get("title") or "scenario")
            job = self._run_text(title, self.form.study_toml(), folder)
            self._variations_of[job] = self._variations
        except (OptinetError, OSError) as error:
            self._window.messages.add(f"{folder}: cannot be run: {one_line(error)}")

    def run_scenario(self, values: Mapping[str, Any]) -> None:
        """Run a scenario beside the form, into the usual folder."""
        plain = {key: value for key, value in values.items() if value not in ({}, [], "", None)}
        try:
            self._run_text(
                str(values.get("title") or "scenario"), tomli_w.dumps({"base": plain}), self.folder.expanduser()
            )
        except (OptinetError, OSError, TypeError, ValueError) as error:
            self._window.messages.add(f"{self.folder}: cannot be run: {one_line(error)}")

    def ask_about_study(self, path: str) -> None:
        """Find out what a study holds and how long it takes, and run it if the user agrees."""
        try:
            text = find_source(path, "studies").text
        except OptinetError as error:
            self._window.messages.add(one_line(error))
            return
        file = str(shipped("studies").get(path, path))
        self._window.show_status(f"Checking {path} …")
        self.client.ask_check(text, self._window.preferences.workers, lambda c: self._later(file, c), file)

    def _later(self, file: str, check: Check) -> None:
        """Ask the user once the answer has been read: a dialog must not hold up the next one."""
        QTimer.singleShot(0, lambda: self._agree(file, check))

    def _agree(self, file: str, check: Check) -> None:
        name = Path(file).stem
        if check.problems:
            self._window.messages.add(*(f"{file}: {problem}" for problem in check.problems))
            return
        folder = self.folder.expanduser() / name
        question = f"{name}: {check.estimate()}.\n\nIts run files go to {folder}."
        if self._window.dialogs.confirm("Run a study", question, "Run"):
            self._start(name, Path(file), folder)

    def _run_text(self, title: str, text: str, folder: Path) -> Job:
        """Write a study beside its results, under a name of its own, and run it."""
        folder.mkdir(parents=True, exist_ok=True)
        words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "scenario"
        file = folder / f"{words}--{hashlib.sha256(text.encode()).hexdigest()[:8]}.study.toml"
        file.write_text(text, encoding="utf-8")
        return self._start(title, file, folder)

    def _start(self, title: str, file: Path, folder: Path) -> Job:
        chosen = self._window.preferences
        options = ["--workers", str(chosen.workers)] if chosen.workers else []
        options += ["--timeout-s", str(chosen.point_timeout_s)] if chosen.point_timeout_s else []
        job = self.engine.start(title, file, folder, options)
        self._window.panels["jobs"].show()
        return job

    def cancel_all(self) -> None:
        """Stop every job."""
        for job in self.engine.active:
            self.engine.cancel(job)

    def shutdown(self) -> None:
        """End every process."""
        self.engine.shutdown()
        self.client.shutdown()

    # -- results

    def _open_results(self, job: Job, files: Sequence[str]) -> None:
        self._results.setdefault(job, []).extend(files)
        self._window.open_results(job.folder)

    def _end(self, job: Job) -> None:
        files, variations = self._results.pop(job, []), self._variations_of.pop(job, [])
        if job.status == JobStatus.FAILED:
            self._window.messages.add(f"{job.title}: {job.message}")
        elif job.status == JobStatus.FINISHED and not files:
            self._window.show_status(f"{job.title}: was computed before; its run files are in {job.folder}")
            self._window.open_paths([str(job.folder)])
        if files:  # selected when they have been read, which happens in order
            keys = [str(Path(file).resolve()) for file in files]
            self._window.jobs.submit("", lambda: None, lambda _: self._select(keys, variations))

    def _select(self, keys: Sequence[str], variations: list[str]) -> None:
        """Select new runs together with those that they are variations of, so that charts compare them."""
        others = [key for key in variations if key in self._window.session and key not in keys]
        variations[:] = [*others, *keys]
        self._window.selection.set(variations[-FIRST_BARS:], keys[0])

    def _tell(self) -> None:
        active = self.engine.active
        more = f" (and {len(active) - 1} more)" if len(active) > 1 else ""
        self._window.show_running(f"{active[0].title}: {active[0].text()}{more}" if active else "")


def _from_anywhere(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a scenario whose files are found wherever it is run: relative paths start at its own folder."""
    found, workload, beside = dict(values), values.get("workload"), values.get("scale_out")
    if isinstance(workload, Mapping) and isinstance(workload.get("path"), str):
        found["workload"] = {**workload, "path": str(folder.resolve() / workload["path"])}
    if isinstance(beside, str) and beside.endswith(".toml"):
        found["scale_out"] = str(folder.resolve() / beside)
    return found
