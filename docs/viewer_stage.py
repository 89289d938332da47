# SPDX-License-Identifier: Apache-2.0
"""The views that `screenshots.py` takes pictures of, and how the viewer gets to each."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication, QWidget

SIZE = (1440, 900)
CURRENT = "3 torus, MEMS"  # the design whose fabric is shown
COMPARED = ("1a electrical 51.2T, retimed", "1b electrical 102.4T, CPO 2.5D", "2 OCS mesh, MEMS, CPO", CURRENT)
PATIENCE_S = 120.0
Show = Callable[["Stage"], "QWidget | None"]


class Stage:
    """A window on the flagship's runs, brought into one state after another."""

    def __init__(self, application: QApplication, runs: Path, more: list[Path], folder: Path) -> None:
        from PyQt6.QtCore import QSettings

        from gui.views.main_window import MainWindow

        self.application, self.more, self.folder = application, more, folder
        self.window: Any = MainWindow(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        self.window.keeper.keeps = False
        self.window.resize(*SIZE)
        self.window.show()
        self.open([runs])

    def open(self, paths: list[Path]) -> None:
        """Show these runs and no others, and select those that are compared, or the first of other runs."""
        window = self.window
        window.commands.run("file.close_all")
        window.open_paths(list(map(str, paths)))
        self.settle()
        key_of = self._keys()
        keys = [key_of[name] for name in COMPARED if name in key_of] or window.session.keys[:1]
        window.selection.set(keys, keys[-1] if keys else None)
        self.usual = tuple(keys)
        self.settle()

    def _keys(self) -> dict[str, str]:
        """Return the run of each design under uniform traffic."""
        session = self.window.session
        columns = (session.frame.texts(name) for name in ("design", "workload"))
        return {name: key for key, name, workload in zip(session.keys, *columns, strict=True) if workload == "uniform"}

    def current(self, design: str) -> None:
        """Show the run of a design."""
        key = self._keys()[design]
        self.window.selection.set([key], key)
        self.settle()

    def reset(self) -> None:
        """Go back to the fabric, the table and power, as after opening."""
        window = self.window
        for dialog in self.dialogs():
            dialog.close()
        window.messages.clear()
        window.runs.filter.clear()
        state = window.fabric_state
        if window.panels["fabric"].widget.comparing:
            window.commands.run("view.side_by_side")
        window.selection.set(self.usual, self.usual[-1] if self.usual else None)
        self.settle()
        state.set_chosen(())
        state.set_limit_shown(False)
        window.panels["fabric"].widget.search.close_bar()
        for command in ("view.unfold_all", "color.by_utilization", "view.reset"):
            if window.commands[command].enabled_when():
                window.commands.run(command)
        for panel in window.panels.values():
            if panel.dock is not None and not panel.spec.shown:
                panel.dock.hide()
        for name in ("fabric", "runs", "power"):
            window.panels[name].show()
        self.settle()

    def dialogs(self) -> list[QWidget]:
        """Return the dialogs that are open."""
        from PyQt6.QtWidgets import QDialog

        return [each for each in self.application.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()]

    def wait(self, is_done: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Let the window work until something holds."""
        until = time.monotonic() + patience_s
        while not is_done() and time.monotonic() < until:
            self.application.processEvents()
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until everything is read and painted."""
        window, quiet = self.window, 0

        def is_quiet() -> bool:
            nonlocal quiet
            busy = window.jobs.is_busy or window.finder.is_busy
            busy = busy or (window.panels["fabric"].is_in_front and not window.panels["fabric"].widget.is_complete)
            quiet = 0 if busy else quiet + 1
            return quiet > 25

        self.wait(is_quiet)


# -- what is shown; each returns what is to be taken, by default the window


def _hero(stage: Stage) -> None:
    stage.window.selection.set(stage.usual, stage.usual[0])


def _compared(stage: Stage) -> None:
    stage.window.commands.run("color.by_margin")
    stage.window.commands.run("view.side_by_side")


def _panel(name: str, stage: Stage) -> None:
    stage.window.panels[name].show()


def _dialog(command: str, stage: Stage) -> QWidget:
    stage.window.commands.run(command)
    stage.settle()
    return stage.dialogs()[-1]


def _command(name: str, stage: Stage) -> None:
    stage.window.commands.run(name)


def _first_start(stage: Stage) -> None:
    from gui.app import begin, parser

    stage.window.commands.run("file.close_all")
    stage.window.settings.remove("recent")
    begin(stage.window, parser().parse_args([]))


def _empty(name: str, stage: Stage) -> None:
    stage.window.commands.run("file.close_all")
    stage.window.panels[name].show()


def _paths(stage: Stage) -> None:
    from optinet.fabric import NodeKind

    ends = (stage.window.fabric_state.scene.node_kind != NodeKind.SWITCH).nonzero()[0]
    stage.window.fabric_state.set_chosen((int(ends[0]), int(ends[9])))
    stage.settle()


def _fabric_of(design: str, stage: Stage, *commands: str) -> None:
    stage.current(design)
    for each in commands:
        stage.window.commands.run(each)


def _side_by_side(stage: Stage) -> None:
    stage.window.commands.run("view.side_by_side")


def _hovered(stage: Stage) -> None:
    from PyQt6.QtCore import QPointF

    view = stage.window.fabric
    for x in range(view.width() // 2, view.width()):
        if (found := view.pick(float(x), view.height() / 2)) is not None:
            view._pointer = QPointF(x, view.height() / 2)
            view._announce(found)
            break
    view.update()


def _circuits(stage: Stage) -> None:
    stage.window.panels["ocs"].show()


def _playback(stage: Stage) -> None:
    stage.current("2 OCS mesh, MEMS, pluggable")
    stage.window.panels["ocs"].show()
    ocs = stage.window.panels["ocs"].widget
    ocs.target.setCurrentIndex(1)
    ocs.target.activated.emit(1)
    stage.wait(lambda: ocs.playback is not None, 20.0)
    if ocs.playback is not None:
        ocs.slider.setValue(ocs.playback.n_steps // 2)


def _scenario(stage: Stage) -> None:
    window = stage.window
    window.commands.run("scenario.new")
    form = window.panels["scenario"].widget
    stage.wait(lambda: form.is_settled and bool(form.pages))


def _scenario_error(stage: Stage) -> None:
    _scenario(stage)
    form = stage.window.panels["scenario"].widget
    form.row("topology.leaves").type("eight")
    form.row("topology.spines").type("0")
    stage.wait(lambda: form.is_settled and form.check.problems)


def _scenario_page(name: str, stage: Stage) -> None:
    _scenario(stage)
    form = stage.window.panels["scenario"].widget
    titles = [form.sections.tabText(i) for i in range(form.sections.count())]
    form.sections.setCurrentIndex(titles.index(name))


def _jobs(stage: Stage) -> None:
    work = stage.window.work
    if not any(job.title == "Broken scenario" for job in work.engine.jobs):
        _scenario(stage)
        work.run_form(stage.folder / "results")
        stage.wait(lambda: not work.engine.active)
        work.engine.start_command(
            "Broken scenario", stage.folder, ["-c", "import os; os.abort()"], ["run", "broken.toml"]
        )
        stage.wait(lambda: not work.engine.active)
    stage.window.panels["fabric"].show()
    stage.window.panels["jobs"].show()


def _jobs_running(stage: Stage) -> None:
    from experiments.scenario import shipped

    work = stage.window.work
    work.engine.start(
        "Break-even of reconfiguration", shipped("studies")["reconfiguration_break_even"], stage.folder / "study"
    )
    stage.wait(lambda: work.engine.active[-1].share > 0.02, 40.0)
    stage.window.panels["jobs"].show()


def _filtered(text: str, stage: Stage) -> None:
    stage.window.runs.filter.setText(text)


def _others(name: str, stage: Stage) -> None:
    stage.open(stage.more)
    with_failures = [
        entry.key for entry in stage.window.session.entries if "delivered_at_99_gbps_per_endpoint" in entry.numbers
    ]
    if name == "availability" and with_failures:
        stage.window.selection.set(with_failures)
    stage.window.panels[name].show()


def _sensitivity(stage: Stage) -> None:
    stage.window.panels["sensitivity"].show()
    stage.settle()
    view = stage.window.panels["sensitivity"].widget
    if view.shown.chart is None:
        view.asked.emit()
        stage.wait(lambda: view.shown.chart is not None, 60.0)


def _crash(stage: Stage) -> QWidget:
    from gui.views.crash_dialog import CrashDialog, report_text

    try:
        int("a mistake made for this picture")
    except ValueError as error:
        made = CrashDialog(report_text(type(error), error, error.__traceback__), stage.window)
    made.open()
    return made


def every_view(stage: Stage) -> dict[str, Show]:
    """Return each picture and how to get there."""
    torus, mesh, planes = CURRENT, "2 OCS mesh, MEMS, pluggable", "4 multi-plane, CPO 2.5D"
    special = ("fabric", "runs", "paths", "ocs", "scenario", "jobs", "sensitivity")
    views: dict[str, Show] = {
        "window": lambda _: None,
        "hovered": _hovered,
        "hero": _hero,
        "compared": _compared,
        "paths": _paths,
        "side_by_side": _side_by_side,
    }
    views |= {name: partial(_panel, name) for name in stage.window.panels if name not in special}
    views |= {
        "sensitivity": _sensitivity,
        "circuits": _circuits,
        "circuits_playback": _playback,
        "fabric_clos": partial(_fabric_of, COMPARED[0]),
        "fabric_clos_folded": lambda s: _fabric_of(COMPARED[0], s, "view.fold_all"),
        "fabric_cubes_folded": lambda s: _fabric_of(torus, s, "view.fold_all"),
        "fabric_mesh_classes": lambda s: _fabric_of(mesh, s, "color.by_link_class"),
        "fabric_planes": partial(_fabric_of, planes),
        "fabric_planes_margin": lambda s: _fabric_of(planes, s, "color.by_margin"),
        "fabric_limit": lambda s: _fabric_of(torus, s, "view.limit"),
        "search": partial(_command, "view.search"),
        "filtered": partial(_filtered, "topology:tpu_pod network_kw<100"),
        "filter_error": partial(_filtered, "netwrk_kw<100"),
        "filter_nothing": partial(_filtered, "dragonfly"),
        "scenario": _scenario,
        "scenario_error": _scenario_error,
        **{f"scenario_{name.lower()}": partial(_scenario_page, name) for name in ("Design", "Values", "Vary")},
        "jobs_none": partial(_panel, "jobs"),
        "jobs_running": _jobs_running,
        "jobs": _jobs,
        "dialog_palette": partial(_dialog, "help.palette"),
        "dialog_preferences": partial(_dialog, "edit.preferences"),
        "dialog_shortcuts": partial(_dialog, "help.shortcuts"),
        "dialog_about": partial(_dialog, "help.about"),
        "dialog_guide": partial(_dialog, "help.guide"),
        "dialog_columns": partial(_dialog, "edit.all_columns"),
        "dialog_filter": partial(_dialog, "edit.filter_help"),
        "dialog_range": partial(_dialog, "color.range"),
        "dialog_crash": _crash,
        "first_start": _first_start,
        "empty": partial(_empty, "fabric"),
        "empty_pareto": partial(_empty, "pareto"),
        "empty_compare": partial(_empty, "compare"),
    }
    if stage.more:
        views |= {
            f"more_{name}": partial(_others, name)
            for name in ("break_even", "heat_map", "availability", "parallel")
            if name in stage.window.panels
        }
    return views
