# SPDX-License-Identifier: Apache-2.0
"""Every command of the registry, invoked once in a real window."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
from PyQt6.QtWidgets import QApplication, QDialog

from gui.state.fabric.failed_parts import node_part
from gui.state.fabric.quantities import LATENCY, MARGIN
from gui.state.fabric.reconfiguration import around_ocs
from optinet.fabric import NodeKind
from tests.support.waiting import LONGER_S

LAST = ("file.close_selected", "file.close_all", "file.quit")
SLEEP = ("-c", f"import time; time.sleep({LONGER_S})")


def settle(qtbot, window):
    qtbot.waitUntil(lambda: not window.jobs.is_busy and window.panels["fabric"].widget.is_complete)


class Stage:
    """Brings a window into a state in which a command can be run."""

    def __init__(self, window, qtbot, folder, make_run):
        self.window, self.qtbot, self.folder, self.make_run = window, qtbot, folder, make_run

    def before(self, command_id):
        window, group = self.window, command_id.partition(".")[0]
        prepare = getattr(self, f"before_{group}", None)
        if prepare is not None:
            prepare(command_id)
        window.dialogs.files, window.dialogs.folder = [str(self.folder / "a.h5")], [str(self.folder)]
        window.dialogs.save = self.folder / f"{command_id}.{command_id[-3:]}"
        window.actions_.refresh()

    def before_export(self, command_id):
        panel = self.window.panels[command_id.partition(".")[2].rpartition("_")[0]]
        panel.show()
        self.qtbot.waitUntil(lambda: panel.is_made)

    before_copy = before_export

    def before_file(self, command_id):
        if command_id in ("file.open_last", "file.forget_recent"):
            self.window.session.remember([str(self.folder)])

    def before_edit(self, command_id):
        if command_id == "edit.undo":
            self.window.work.form.set_text(("seed",), "5", False)
        if command_id == "edit.clear_filter":
            self.window.runs.filter.setText("torus")

    def before_view(self, command_id):
        state = self.window.fabric_state
        if command_id in ("view.fail_part", "view.fail_group", "view.clear_marks", "view.isolate"):
            state.set_chosen((0,))
        if command_id.startswith("view.isolate_"):
            self.window.dialogs.choice = state.scene.folds.names[0]
            state.isolate(self.window.dialogs.choice)
        if command_id == "view.fail_beside":
            alike = [str((self.folder / name).resolve()) for name in ("a.h5", "b.h5")]
            self.looked_at = self.window.selection.current
            self.window.selection.set(alike, alike[0])
            self.window.panels["fabric"].widget.set_comparing(True)
            settle(self.qtbot, self.window)
            state.set_parts(state.scene.key, (node_part(state.scene, 0),))
        if command_id == "view.fail_ocs":
            self.before_ocs(command_id)
        if command_id == "view.fail_named":
            pair = {"nodes": ["host0"], "ocs": [], "fit": 1e5, "repair_hours": 4.0}
            state.scene.run.scenario["failures"] = {"group": {"pair": pair}}
            self.window.dialogs.choice = "pair"
        if command_id in ("view.restore_selected", "view.mend_all"):
            state.set_parts(state.scene.key, (node_part(state.scene, 0),))
            self.window.panels["failed"].show()
            self.window.panels["failed"].widget.tree.selectAll()
        if command_id == "view.side_by_side":
            self.window.selection.set(self.window.table.row_keys[:2])
            settle(self.qtbot, self.window)

    def before_color(self, command_id):
        state = self.window.fabric_state
        if command_id in ("color.by_margin", "color.by_latency"):  # what a run with a design has
            values = {MARGIN.id: np.ones(state.scene.n_links), LATENCY.id: np.ones(state.scene.n_links)}
            state.show(dataclasses.replace(state.scene, link_values={**state.scene.link_values, **values}))
        if command_id == "color.range":
            self.window.commands.run("color.by_load")  # categories have no range

    def before_links(self, command_id):
        if command_id == "links.all":
            self.window.fabric_state.set_link_filter(host_links=False)

    def before_paths(self, _command_id):
        state = self.window.fabric_state
        hosts = np.flatnonzero(state.scene.node_kind != NodeKind.SWITCH)
        state.set_chosen((int(hosts[0]), int(hosts[-1])))
        self.qtbot.waitUntil(lambda: state.trace is not None)

    def before_ocs(self, _command_id):
        window = self.window
        if not window.fabric_state.scene.has_plant:
            mesh = {"blocks": 4, "hosts_per_block": 2, "uplinks_per_block": 6}
            path = str(self.make_run("mesh", topology="ocs_mesh", parameters=mesh))
            window.open_paths([path])
            settle(self.qtbot, window)
            window.selection.set([path])
            settle(self.qtbot, window)
        panel = window.panels["ocs"]
        panel.show()
        if panel.widget.playback is None:
            panel.widget.set_playback(around_ocs(window.fabric_state.scene, 0))

    def before_scenario(self, _command_id):
        self.window.panels["scenario"].show()
        panel = self.window.panels["scenario"].widget
        panel.folder.setText(str(self.folder / "new"))
        self.qtbot.waitUntil(lambda: panel.is_settled and len(panel.pages) > 0)
        self.window.dialogs.choice, self.window.dialogs.toml = "tpu_v4", str(self.folder / "scenario.save.ave")

    before_copy_as = before_scenario

    def before_jobs(self, command_id):
        engine = self.window.work.engine
        self.window.dialogs.choice, self.window.dialogs.agree = "scale", command_id != "jobs.shipped_study"
        self.window.dialogs.toml = str(self.folder / "no such study.toml")
        if command_id == "jobs.clear":
            engine.start_command("short", self.folder, ["-c", ""], [])
            self.qtbot.waitUntil(lambda: not engine.active)
        elif not engine.active:
            engine.start_command("long", self.folder, SLEEP, [])

    def after(self, command_id):
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        for dialog in self.window.findChildren(QDialog):
            dialog.reject()
        if command_id == "view.fail_beside":
            self.window.panels["fabric"].widget.set_comparing(False)
            self.window.selection.set([self.looked_at])
            settle(self.qtbot, self.window)
        if command_id.startswith(("scenario.", "jobs.")):
            self.qtbot.waitUntil(lambda: not self.window.work.client.is_waiting)
            QApplication.processEvents()  # a study is asked about in the turn after the answer
            self.window.work.cancel_all()
            self.qtbot.waitUntil(lambda: not self.window.work.engine.active)


@pytest.mark.skipif(sys.platform == "win32", reason="sleeps in a process that only POSIX interrupts")
def test_every_command_runs(engine_here, window, folder, qtbot, wait, monkeypatch, make_run):
    opened = []
    monkeypatch.setattr("gui.views.scenario.panels.QDesktopServices.openUrl", opened.append)
    stage = Stage(window, qtbot, folder, make_run)
    monkeypatch.setenv("HOME", str(folder))  # where new runs go
    # the last: a run made by hand has a scenario without the topology's parameters, which cannot be run anew
    expected = ("no such study", "scenario.save.ave", "mesh, without OCS 0")
    for command_id in [command.id for command in window.commands if command.id not in LAST]:
        stage.before(command_id)
        QApplication.processEvents()  # what can be done is worked out once in a turn of the event loop
        action = window.actions_[command_id]
        assert action.isEnabled(), command_id
        action.trigger()
        stage.after(command_id)
        # the resting frame is waited for at the end alone: a hundred of them would take a minute
        qtbot.waitUntil(lambda: not window.jobs.is_busy and not window.finder.is_busy)
        unexpected = [m for m in window.messages.messages if not any(part in m for part in expected)]
        assert unexpected == [], command_id
    wait(window)
    assert len(opened) == 1
    for command_id in LAST:
        if command_id == "file.close_all":
            window.open_paths([str(folder)])
            wait(window)
        window.actions_.refresh()
        assert window.commands.run(command_id), command_id
        if command_id != "file.quit":
            wait(window)
    assert not window.isVisible()
