# SPDX-License-Identifier: Apache-2.0
"""What an architect does, from the first window to a figure for the report."""

from __future__ import annotations

import csv

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QKeySequence
from PyQt6.QtWidgets import QTextBrowser, QWidget

from experiments.notes import Notes, read_notes, write_notes
from gui.app import begin, parser
from gui.samples import samples_folder
from gui.state.fabric.look import look_of
from gui.state.scenario.job import JobStatus
from gui.views.tasks.panel import PanelSpec
from gui.views.window.preferences_dialog import PreferencesDialog, ShortcutsDialog
from tests.support.waiting import LONGER_S


def scenario_panel(window, qtbot):
    panel = window.panels["scenario"].widget
    qtbot.waitUntil(lambda: panel.is_settled and len(panel.pages) > 0)
    return panel


def test_from_a_new_scenario_to_a_result_and_its_figure(make_window, qtbot, tmp_path, wait):
    window = make_window()
    window.commands.run("scenario.new")
    panel = scenario_panel(window, qtbot)
    assert panel.is_ready and "256 endpoints" in panel.estimate.text()

    leaves = panel.row("topology.leaves")
    leaves.editor.selectAll()
    qtbot.keyClicks(leaves.editor, "none")
    panel = scenario_panel(window, qtbot)
    assert "where a whole number belongs" in leaves.problem.text() and not panel.run.isEnabled()
    assert window.commands.run("scenario.run") is False
    window.commands.run("edit.undo")
    panel = scenario_panel(window, qtbot)
    assert leaves.editor.text() == "8" and leaves.problem.text() == "" and panel.run.isEnabled()

    panel.row("topology.hosts_per_leaf").type("4")
    panel.row("failures.samples").type("40")
    panel.folder.setText(str(tmp_path / "new" / "runs"))
    scenario_panel(window, qtbot)
    panel.run.click()
    (first,) = window.work.engine.jobs
    window.commands.run("jobs.cancel")
    qtbot.waitUntil(lambda: not first.is_active)
    assert first.status == JobStatus.CANCELLED and len(window.session) == 0
    assert scenario_panel(window, qtbot).row("title").text() == "My scenario, hosts_per_leaf 4, samples 40"

    window.commands.run("scenario.run")
    qtbot.waitUntil(lambda: not window.work.engine.active)
    wait(window)
    assert window.work.engine.jobs[1].status == JobStatus.FINISHED
    assert window.messages.messages == []
    (entry,) = window.session.entries
    assert entry.numbers["topology.hosts_per_leaf"] == 4 and window.selection.current == entry.key
    assert window.fabric_state.scene.n_nodes == 8 * 4 + 8 + 4

    availability = window.panels["availability"]
    availability.show()
    qtbot.waitUntil(availability.widget.isVisible)
    wait(window)
    chart = availability.widget.shown.chart
    assert chart.y_label == "Delivered, Gb/s per endpoint" and len(chart.curves) == 3  # and both ends of its interval
    assert "A dot marks 99.9 %." in availability.widget.shown.remark

    window.panels["fabric"].show()
    window.dialogs.save = tmp_path / "figure.pdf"
    window.commands.run("export.fabric_pdf")
    wait(window)
    assert window.dialogs.save.read_bytes().startswith(b"%PDF")

    window.commands.run("scenario.copy_run")
    assert scenario_panel(window, qtbot).row("topology.hosts_per_leaf").text() == "4"
    window.commands.run("copy_as.scenario_command")
    assert QGuiApplication.clipboard().text().endswith("optinet run scenario.toml -o again.h5\n")

    panel.row("topology.hosts_per_leaf").type("5")  # a variation is told from its original, and selected beside it
    scenario_panel(window, qtbot)
    window.commands.run("scenario.run")
    qtbot.waitUntil(lambda: not window.work.engine.active)
    wait(window)
    original, variation = (window.session.get(key) for key in window.selection.keys)
    assert original.key == entry.key and window.selection.current == variation.key
    assert variation.texts["title"].endswith(", hosts_per_leaf 4, samples 40, hosts_per_leaf 5")


def test_pages_with_problems_are_marked_and_a_new_scenario_begins_at_the_first(engine_here, make_window, qtbot):
    window = make_window()
    window.commands.run("scenario.new")
    panel = scenario_panel(window, qtbot)
    window.work.form.choose("topology", "tpu_pod")
    window.work.form.set_vary("seed")
    panel.sections.setCurrentIndex(4)
    panel = scenario_panel(window, qtbot)
    titles = [panel.sections.bar.tabText(i) for i in range(panel.sections.count())]
    assert [title for title in titles if "✗" in title] == ["Vary ✗"]  # lines that mean nothing come first
    window.work.form.set_vary("")
    panel = scenario_panel(window, qtbot)
    assert panel.sections.bar.tabText(1) == "Topology ✗" and panel.sections.bar.tabText(10) == "Vary"
    assert panel.pages["topology"].problem.text().startswith("topology: neither of cubes and slices")
    assert panel.sections.currentIndex() == 4
    window.commands.run("scenario.new")
    panel = scenario_panel(window, qtbot)
    assert panel.sections.currentIndex() == 1 and panel.pages["topology"].problem.text() == "" and panel.is_ready


def test_a_scenario_file_with_mistakes_opens_in_the_form_and_is_mended_there(engine_here, make_window, qtbot, tmp_path):
    window = make_window()
    file = tmp_path / "wrong.toml"
    file.write_text(
        '[topology]\nname = "leaf_spine"\nleafs = 4\nspines = 2\nhosts_per_leaf = 4\n[workload]\nname = "x"\n'
    )
    window.open_paths([str(file)])  # as when it is dropped on the window
    panel = scenario_panel(window, qtbot)
    assert "did you mean 'leaves'" in panel.row("topology.leafs").problem.text()
    assert "unknown workload 'x'" in panel.pages["workload"].problem.text()
    panel.row("topology.leafs").type("")
    panel.row("topology.leaves").type("4")
    panel.pages["workload"].choose("uniform")
    panel = scenario_panel(window, qtbot)
    left = [row.field.where for page in panel.pages.values() for row in page.rows if row.problem.text()]
    assert left and all(where.startswith("design.") for where in left)  # a fabric needs its parts
    file.write_text("[topology\n")
    window.work.open(str(file))
    (message,) = window.messages.messages
    assert "wrong.toml:1" in message and panel.row("topology.leaves").text() == "4"


def test_files_of_an_opened_scenario_are_found_wherever_it_is_run(make_window, tmp_path):
    window = make_window()
    file = tmp_path / "traffic.toml"
    file.write_text(
        'scale_out = "beside.toml"\n[topology]\nname = "torus"\n[workload]\nname = "flow_file"\npath = "f.csv"\n'
    )
    window.work.open(str(file))
    assert window.work.form.value(("workload", "path")) == str(tmp_path / "f.csv")
    assert window.work.form.value(("scale_out",)) == str(tmp_path / "beside.toml")
    window.work.open("q3450")
    assert "path" not in window.work.form.values["workload"]


def test_samples_are_starred_in_a_copy(make_window, wait, tmp_path):
    before = {path: path.read_bytes() for path in samples_folder().iterdir() if path.is_file()}
    window = make_window()
    window.commands.run("help.samples")
    wait(window)
    assert len(window.session) == 8 and all(key.startswith(str(tmp_path)) for key in window.session.keys)
    window.selection.set(window.session.keys)
    window.commands.run("notes.star")
    wait(window)
    assert all(entry.texts["star"] == "yes" for entry in window.session.entries)
    assert before == {path: path.read_bytes() for path in samples_folder().iterdir() if path.is_file()}


def test_open_filter_select_compare_and_export(make_window, folder, qtbot, tmp_path, wait):
    window = make_window()
    window.dialogs.folder = [str(folder)]
    window.commands.run("file.open_folder")
    wait(window)
    window.commands.run("edit.filter")
    qtbot.keyClicks(window.runs.filter, "-topology:torus")
    window.commands.run("edit.select_all")
    assert len(window.selection.keys) == 2
    window.commands.run("copy_as.comparison_command")
    command = QGuiApplication.clipboard().text()
    assert command.startswith("optinet compare ") and command.count(".h5") == 2
    window.panels["power"].show()
    wait(window)
    window.commands.run("copy.power_data")
    wait(window)
    rows = list(csv.DictReader(QGuiApplication.clipboard().text().splitlines()))
    assert [float(row["switch, kW"]) for row in rows] == [60.0, 700.0]


def test_a_note_is_taken_back_and_written_again(make_window, folder, wait):
    window = make_window(folder)
    path = folder / "a.h5"
    window.opener.edit([str(path)], lambda notes: notes.changed(add=["paper"], star=True))
    wait(window)
    assert read_notes(path) == Notes(tags=("paper",), star=True)
    other = Notes(tags=("mine",), note="written in another window meanwhile")
    write_notes(path, read_notes(path).changed(add=other.tags, note=other.note))
    window.commands.run("edit.undo")
    wait(window)
    assert read_notes(path) == other
    window.commands.run("edit.redo")
    wait(window)
    assert read_notes(path).tags == ("mine", "paper") and window.undo.undo_title == "Notes of a run"
    path.unlink()
    window.commands.run("edit.undo")
    wait(window)
    assert any("a.h5" in message for message in window.messages.messages)


def test_a_folder_that_cannot_be_written_to_is_one_line_and_the_window_goes_on(make_window, qtbot, tmp_path, wait):
    window = make_window()
    (tmp_path / "a file").write_text("")
    window.work.run_form(tmp_path / "a file" / "below")
    (message,) = window.messages.messages
    assert "a file" in message and window.work.engine.jobs == []


def test_a_study_is_asked_about_before_it_runs(make_window, qtbot, tmp_path):
    window = make_window()
    study = tmp_path / "s.toml"
    study.write_text('[base.topology]\nname = "torus"\n[grid]\n"topology.dims" = [[2, 2], [3, 0]]\n', encoding="utf-8")
    window.work.ask_about_study(str(study))
    qtbot.waitUntil(lambda: len(window.messages.messages) > 0)
    assert any("topology.dims" in message for message in window.messages.messages)
    window.messages.clear()
    window.dialogs.agree = False
    window.dialogs.choice = "scale"
    window.commands.run("jobs.shipped_study")
    qtbot.waitUntil(lambda: len(window.dialogs.asked) > 1)
    title, question = window.dialogs.asked[-1]
    assert title == "Run a study" and " points, " in question and "about" in question
    assert window.work.engine.jobs == []


def test_quitting_while_something_runs_asks_first(make_window, tmp_path, qtbot):
    window = make_window()
    job = window.work.engine.start_command("long", tmp_path, ["-c", f"import time; time.sleep({LONGER_S})"], [])
    window.dialogs.agree = False
    window.commands.run("file.quit")
    assert window.isVisible() and job.is_active
    window.dialogs.agree = True
    window.commands.run("file.quit")
    assert not window.isVisible() and not window.work.engine.active


def test_the_session_comes_back_and_what_is_missing_is_told_and_kept(make_window, folder, wait, settings):
    window = make_window(folder, folder / "a.h5")
    window.runs.filter.setText("torus")
    key = str(folder / "d.h5")
    window.selection.set([str(folder / "c.h5"), key], key)
    wait(window)
    window.fabric_state.orbit(33.0, 10.0)
    camera = window.fabric_state.camera
    window.close()

    (folder / "a.h5").unlink()
    again = make_window()
    begin(again, parser().parse_args([]))
    wait(again)
    assert again.runs.filter.text() == "torus" and len(again.session) == 3
    assert (again.selection.current, len(again.selection.keys)) == (key, 2)
    assert again.fabric_state.camera == camera
    (message,) = again.messages.messages
    assert "a.h5" in message and "missing" in message
    assert str(folder / "a.h5") in again.keeper.snapshot().paths


def test_the_first_start_shows_the_samples_and_says_so_until_something_is_opened(make_window, folder, wait):
    window = make_window()
    begin(window, parser().parse_args([]))
    wait(window)
    assert len(window.session) == 8 and window.fabric_state.scene is not None
    (message,) = window.messages.messages
    assert "sample runs" in message
    window.messages.add("a problem")
    window.open_paths([str(folder / "a.h5")])
    assert window.messages.messages == ["a problem"]
    window.messages.clear()
    wait(window)
    window.close_runs([str(folder / "a.h5")])
    window.opener.paths.pop()
    window.close()
    again = make_window()
    begin(again, parser().parse_args([]))
    wait(again)
    assert again.messages.messages == [] and len(again.session) == 8


def test_a_copied_view_opens_as_it_was(make_window, folder, wait, qtbot):
    window = make_window(folder)
    state, keys = window.fabric_state, [str(folder / name) for name in ("d.h5", "c.h5")]  # two tori
    window.selection.set(keys, keys[1])
    wait(window)
    for command in ("view.side_by_side", "layout.floor", "panel.pareto", "panel.links", "view.names", "view.limit"):
        window.commands.run(command)
    wait(window)
    for command in ("view.top", "view.zoom_in", "color.by_load", "color.log", "color.map_batlow"):
        window.commands.run(command)
    state.set_link_filter(host_links=False)  # chosen for a fabric before: these have no hosts
    window.table.show_columns(["title", "design", "network_kw"])
    wait(window)
    window.runs.view.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    state.set_range(2.0, 40.0)
    state.set_chosen((0, 13))
    qtbot.waitUntil(lambda: state.trace is not None)
    window.panels["links"].show()
    wait(window)
    look, told = look_of(state), state.trace.title
    window.commands.run("copy_as.view_python")
    text = QGuiApplication.clipboard().text()
    arguments = eval(text[text.index("main(") + 5 : text.rindex(")")])
    window.close()
    again = make_window()
    begin(again, parser().parse_args(arguments))
    wait(again)
    qtbot.waitUntil(lambda: again.fabric_state.trace is not None)
    wait(again)
    assert look_of(again.fabric_state) == look and again.fabric_state.trace.title == told
    assert look.color_range == (2.0, 40.0) and look.chosen == (0, 13) and not look.links.host_links
    assert list(again.selection.keys) == keys and again.selection.current == keys[1]
    assert len(again.panels["fabric"].widget.views) == 2 and again.fabric_state.scene.style == "floor"
    assert [again.panels[name].is_in_front for name in ("pareto", "power")] == [True, True]
    assert [column.id for column in again.table.columns] == ["title", "design", "network_kw"]
    assert (again.table.sort_id, again.table.descending) == ("design", True)


def test_preferences_are_checked_kept_and_at_work(make_window, qtbot, settings):
    window = make_window()
    window.commands.run("edit.preferences")
    dialog = window.findChild(PreferencesDialog)
    dialog.editors["workers"].setText("many")
    dialog.editors["appearance"].setCurrentText("dark")
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()
    assert "workers" in dialog.problem.text() and dialog.isVisible()
    dialog.editors["workers"].setText("2")
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()
    assert window.theme.dark and window.preferences.workers == 2
    window.close()
    assert make_window().preferences == window.preferences


def test_a_shortcut_is_changed_and_cannot_be_taken_from_another_command(make_window, folder, qtbot):
    window = make_window(folder)
    window.commands.run("help.shortcuts")
    dialog = window.findChild(ShortcutsDialog)
    dialog.keys["view.top"].setKeySequence(QKeySequence("F"))
    dialog.keys["view.top"].editingFinished.emit()
    assert "belongs to 'Fit'" in dialog.message.text()
    assert window.commands["view.top"].shortcut == "T"
    dialog.keys["view.top"].setKeySequence(QKeySequence("Ctrl+7"))
    dialog.keys["view.top"].editingFinished.emit()
    dialog.reject()
    assert window.actions_["view.top"].shortcut() == QKeySequence("Ctrl+7")
    window.close()
    again = make_window()
    assert again.commands["view.top"].shortcut == "Ctrl+7"
    again.prefer(shortcuts={})
    assert again.actions_["view.top"].shortcut() == QKeySequence("T")


def test_a_view_that_joins_by_one_line_is_made_late_and_has_its_commands(make_window, monkeypatch, qtbot):
    made = []

    class Late(QWidget):
        def __init__(self):
            super().__init__()
            made.append(self)

        def set_theme(self, _theme):
            pass

    from gui.views.window import main_window

    specs = main_window.all_panels
    late = PanelSpec("late", "Late", "right", lambda _window: Late(), shown=False)
    monkeypatch.setattr(main_window, "all_panels", lambda *given: (*specs(*given), late))
    window = make_window()
    assert made == [] and not window.panels["late"].is_open
    window.commands.run("panel.late")
    qtbot.waitUntil(lambda: len(made) == 1 and window.panels["late"].is_in_front)
    window.commands.run("panel.power")
    qtbot.waitUntil(lambda: window.panels["power"].is_in_front)
    window.commands.run("panel.late")  # which is behind
    qtbot.waitUntil(lambda: window.panels["late"].is_in_front)
    window.commands.run("panel.late")
    assert not window.panels["late"].is_open


@pytest.mark.parametrize("name", ["help.guide", "help.about"])
def test_help_has_something_to_read(make_window, name):
    window = make_window()
    window.commands.run(name)
    (dialog,) = [each for each in window.findChildren(QWidget) if each.isWindow() and each.isVisible()]
    texts = [w.toPlainText() for w in dialog.findChildren(QWidget) if hasattr(w, "toPlainText")]
    texts += [w.text() for w in dialog.findChildren(QWidget) if hasattr(w, "text")]
    assert any("optinet" in text and len(text) > 150 for text in texts)
    assert not any(text.horizontalScrollBar().maximum() for text in dialog.findChildren(QTextBrowser))
    dialog.reject()


def test_closing_all_while_more_is_being_read_closes_that_too(make_window, folder, wait):
    window = make_window(folder / "a.h5")
    window.open_paths([str(folder)])
    window.commands.run("file.close_all")
    wait(window)
    assert len(window.session) == 0
    window.open_paths([str(folder)])
    wait(window)
    assert len(window.session) == 4
