# SPDX-License-Identifier: Apache-2.0
"""Every command of the registry, invoked once in a real window."""

from __future__ import annotations

import sys

import pytest
from PyQt6.QtWidgets import QApplication, QDialog

LAST = ("file.close_selected", "file.close_all", "file.quit")
SLEEP = ("-c", "import time; time.sleep(60)")


class Stage:
    """Brings a window into a state in which a command can be run."""

    def __init__(self, window, qtbot, folder):
        self.window, self.qtbot, self.folder = window, qtbot, folder

    def before(self, command_id):
        window, group = self.window, command_id.partition(".")[0]
        prepare = getattr(self, f"before_{group}", None)
        if prepare is not None:
            prepare(command_id)
        window.dialogs.files, window.dialogs.folder = [str(self.folder / "a.h5")], [str(self.folder)]
        window.dialogs.save = self.folder / f"{command_id}.{command_id[-3:]}"
        window.actions_.refresh()

    def before_export(self, command_id):
        self.window.panels[command_id.partition(".")[2].rpartition("_")[0]].show()

    before_copy = before_export

    def before_file(self, command_id):
        if command_id in ("file.open_last", "file.forget_recent"):
            self.window.session.remember([str(self.folder)])

    def before_edit(self, command_id):
        if command_id == "edit.undo":
            self.window.work.form.set_text(("seed",), "5", False)
        if command_id == "edit.clear_filter":
            self.window.runs.filter.setText("torus")

    def before_scenario(self, _command_id):
        self.window.panels["scenario"].show()
        panel = self.window.panels["scenario"].widget
        panel.folder.setText(str(self.folder / "new"))
        self.qtbot.waitUntil(lambda: panel.is_settled and len(panel.pages) > 0, timeout=30_000)
        self.window.dialogs.choice, self.window.dialogs.toml = "tpu_v4", str(self.folder / "scenario.save.ave")

    before_copy_as = before_scenario

    def before_jobs(self, command_id):
        engine = self.window.work.engine
        self.window.dialogs.choice = "scale"
        self.window.dialogs.toml = str(self.folder / "no such study.toml")
        if command_id == "jobs.clear":
            engine.start_command("short", self.folder, ["-c", ""], [])
            self.qtbot.waitUntil(lambda: not engine.active, timeout=10_000)
        elif not engine.active:
            engine.start_command("long", self.folder, SLEEP, [])

    def after(self, command_id):
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        for dialog in self.window.findChildren(QDialog):
            dialog.reject()
        if command_id.startswith(("scenario.", "jobs.")):
            self.window.work.cancel_all()
            self.qtbot.waitUntil(lambda: not self.window.work.engine.active, timeout=10_000)


@pytest.mark.skipif(sys.platform == "win32", reason="sleeps in a process that only POSIX interrupts")
def test_every_command_runs(window, folder, qtbot, wait, monkeypatch):
    opened = []
    monkeypatch.setattr("gui.views.work_panels.QDesktopServices.openUrl", opened.append)
    stage = Stage(window, qtbot, folder)
    expected = ("no such study", "scenario.save.ave")
    for command_id in [command.id for command in window.commands if command.id not in LAST]:
        stage.before(command_id)
        action = window.actions_[command_id]
        assert action.isEnabled(), command_id
        action.trigger()
        stage.after(command_id)
        wait(window)
        unexpected = [m for m in window.messages.messages if not any(part in m for part in expected)]
        assert unexpected == [], command_id
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
